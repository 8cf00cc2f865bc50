"""The OpenAPI document: made from the table of routes, and true of them."""

from __future__ import annotations

import json
import re
from typing import Any

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from cancelkit.adapters.web.endpoint import Endpoint
from cancelkit.adapters.web.table import ROUTES
from tests.panel_crm import CHECKLIST, PanelWorld, data_of, panel_world

API = [route for route in ROUTES if route.path.startswith("api/")]


def document(w: PanelWorld | None = None) -> Any:
    return data_of((w or panel_world()).get("/api/openapi.json"))


def test_every_route_of_the_api_is_in_the_document_and_no_other() -> None:
    listed = {
        (method.upper(), path.removeprefix("/"))
        for path, item in document()["paths"].items()
        for method in item
    }
    assert {(route.method, route.path.removeprefix("api/")) for route in API} == listed
    assert all(isinstance(route.handler, Endpoint) for route in API)


def test_operations_have_ids_of_their_own_and_say_what_they_do() -> None:
    operations = [one for item in document()["paths"].values() for one in item.values()]
    ids = [one["operationId"] for one in operations]
    assert len(ids) == len(set(ids))
    assert all(one["summary"] for one in operations)
    links = {name for one in operations for name in one["responses"]["200"].get("links", {})}
    assert links
    assert links <= set(ids)


def test_document_is_a_good_openapi_document() -> None:
    assert [] == list(OpenAPIV31SpecValidator(document()).iter_errors())
    broken = document()
    del broken["paths"]["/session"]["get"]["responses"]["200"]["description"]
    assert [] != list(OpenAPIV31SpecValidator(broken).iter_errors()), "it can find something"


def test_every_schema_in_the_document_is_a_json_schema() -> None:
    said = document()
    for schema in said["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(said)))
    assert refs <= set(said["components"]["schemas"])
    assert "#/$defs/" not in json.dumps(said)


def test_server_is_relative_to_the_document() -> None:
    """So that it is right under any prefix and behind any proxy."""
    assert ["."] == [one["url"] for one in document()["servers"]]


def test_unsafe_operations_want_an_operation_id_a_token_and_json() -> None:
    for path, item in document()["paths"].items():
        for method, one in item.items():
            names = {parameter["name"] for parameter in one["parameters"]}
            assert (method == "post") is ("Idempotency-Key" in names), path
            assert (method == "post") is ([{"host": [], "csrf": []}] == one.get("security"))
            if method == "post":
                assert ["application/json"] == list(one["requestBody"]["content"])


def test_process_wants_the_token_of_a_plan() -> None:
    parameters = document()["paths"]["/customers/{customer}/process"]["post"]["parameters"]
    wanted = {one["name"]: one["required"] for one in parameters}
    assert wanted["If-Match"]


def test_document_is_of_the_host_s_own_checklist() -> None:
    body = document()["paths"]["/customers/{customer}/sections/{section}"]["post"]["requestBody"]
    titles = [form["title"] for form in body["content"]["application/json"]["schema"]["anyOf"]]
    assert "Everything" in titles
    small = panel_world(CHECKLIST.without("everything"))
    assert '"title": "Everything"' not in json.dumps(document(small))


def test_host_with_its_own_token_has_no_other_in_the_document() -> None:
    from cancelkit.adapters.web import HostToken

    token = HostToken(lambda _: "made by the host", lambda _: True, "csrf_token")
    w = panel_world(host_token=token)
    assert ["host"] == list(document(w)["components"]["securitySchemes"])
    assert "csrf" not in json.dumps(document(w)["paths"])
    session = data_of(w.get("/api/session"))
    assert ("made by the host", None) == (session["token"], session["header"])

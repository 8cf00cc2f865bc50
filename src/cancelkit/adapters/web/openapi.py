"""The OpenAPI 3.1 document of the JSON API, made from the table of its routes.

Pure. Nothing in it is written down twice: paths, inputs and answers are those that the endpoints
themselves read and give. It is for the kit of the host: its sections' forms and its profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cancelkit.adapters.web import security
from cancelkit.adapters.web.addresses import LONGEST, SEGMENT
from cancelkit.adapters.web.answers import JSON, PROBLEM, SCHEMA
from cancelkit.adapters.web.endpoint import ENTITY_TAG, OPERATION, OPERATION_ID, Endpoint
from cancelkit.adapters.web.form_schema import DIALECT, form_schema
from cancelkit.adapters.web.routes import Route
from cancelkit.adapters.web.schemas import DEFS
from cancelkit.kit import CancelKit

if TYPE_CHECKING:
    from cancelkit.adapters.web.panel import Panel

VERSION = "1"

_ABOUT = """\
The cancellation of a customer, as data and commands.

* Who asks is the host's affair: its own log-in, its own roles.
* A POST needs `X-CSRF-Token` (from `session`), comes from a page of the same site or from no page,
  and is JSON.
* Every command needs an `Idempotency-Key`: sent again, it gives the first answer again
  (`replayed`); other arguments under the same key are refused; a refusal uses nothing up.
* `ETag` of `customer` and `plan` is the token that `If-Match` takes.
* Errors are problem details (RFC 9457); what is absent and what may not be seen look the same.
* An identifier in a path: all but letters, digits, `-`, `_`, `.` of ASCII is `~` and two upper case
  hexadecimal digits for each byte of UTF-8; the dots of one that has nothing else as well.
"""

_REASONS = {
    "403": "Not allowed, or the request did not come from a page of this site with its token",
    "404": "There is nothing here, or nothing that this user may see",
    "405": "The address does not take the method; `Allow` has those that it takes",
    "409": "Refused, with every reason; it is in the history",
    "413": "The body is larger than `limits.body` of `session`",
    "415": "The body is not `application/json`",
    "422": "Malformed; nothing is recorded",
    "428": "The token of a plan is missing; `plan` is the one to confirm",
    "500": "A fault; everything was rolled back",
    "503": "Busy, or the outcome is unknown: send the same again after `Retry-After` seconds",
}

_LINKS: dict[str, dict[str, Any]] = {  # operation -> what its answer leads to
    "customer": {
        "plan": {"customer": "$request.path.customer"},
        "timeline": {"customer": "$request.path.customer"},
        "remove": {"customer": "$request.path.customer", "If-Match": "$response.header.ETag"},
    },
    "plan": {
        "process": {"customer": "$request.path.customer", "If-Match": "$response.header.ETag"}
    },
    "begin": {
        "customer": {"customer": "$request.path.customer"},
        "plan": {"customer": "$request.path.customer"},
    },
}


def openapi(routes: Iterable[Route], kit: CancelKit, panel: Panel) -> dict[str, Any]:
    """Return the OpenAPI document of these routes, as a JSON-ready object."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route.handler, Endpoint):
            said = _operation(route, route.handler, kit)
            if route.method == "POST" and panel.host_token is None:
                said["security"] = [{"host": [], "csrf": []}]
            paths.setdefault(f"/{route.path}", {})[route.method.lower()] = said
    schemes: dict[str, Any] = {
        "host": {
            "type": "apiKey",
            "in": "cookie",
            "name": "session",
            "description": "The host's own log-in; its cookie may have another name.",
        }
    }
    if panel.host_token is None:
        about = "From `session`; bound to the user, and good for a day."
        schemes["csrf"] = {
            "type": "apiKey",
            "in": "header",
            "name": security.HEADER,
            "description": about,
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "cancelkit", "version": VERSION, "description": _ABOUT},
        "jsonSchemaDialect": DIALECT,
        "servers": [{"url": ".", "description": "Where this document is"}],
        "security": [{"host": []}],
        "paths": paths,
        "components": {"schemas": _moved(DEFS), "securitySchemes": schemes},
    }


def _operation(route: Route, end: Endpoint, kit: CancelKit) -> dict[str, Any]:
    posting = route.method == "POST"
    said: dict[str, Any] = {"operationId": end.name, "summary": end.summary}
    if end.about:
        said["description"] = end.about
    said["parameters"] = [
        *(_segment(name, kit) for name in re.findall(r"{(\w+)}", route.path)),
        *(
            {
                "name": one.name,
                "in": "query",
                "required": one.wanted,
                "description": one.about,
                "schema": one.schema(kit),
            }
            for one in end.query
        ),
        *(_headers(end) if posting else ()),
    ]
    if posting:
        said["requestBody"] = {"required": True, "content": {JSON: _body(end, kit)}}
    said["responses"] = {"200": _good(end, posting), **_bad(route, end)}
    return said


def _segment(name: str, kit: CancelKit) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "pattern": SEGMENT, "maxLength": LONGEST}
    if name == "section":
        schema = {"enum": list(kit.known.by_key)}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _headers(end: Endpoint) -> list[dict[str, Any]]:
    found = [
        {
            "name": OPERATION,
            "in": "header",
            "required": True,
            "description": "The operation id: chosen anew for every command.",
            "schema": {"type": "string", "pattern": OPERATION_ID},
            "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
        }
    ]
    if end.bound != "refused":
        about = (
            "The token of the plan that was confirmed."
            if end.bound == "wanted"
            else ("The token of the view that it is based on.")
        )
        schema = {"type": "string", "pattern": ENTITY_TAG}
        required = end.bound == "wanted"
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": required,
                "description": about,
                "schema": schema,
                "example": f'"c-1.4.{"5e" * 32}"',
            }
        )
    return found


def _body(end: Endpoint, kit: CancelKit) -> dict[str, Any]:
    if end.body is None:
        forms = {s.key: form_schema(kit, s) for s in kit.known.active}
        listed = [form for form in forms.values() if form is not None]
        return {"schema": {"type": "object", "anyOf": listed} if listed else {"type": "object"}}
    properties = {one.name: {**one.schema(kit), "description": one.about} for one in end.body}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"schema": {**schema, **end.shape}}


def _good(end: Endpoint, posting: bool) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{end.answers}"}
    kind = SCHEMA if end.answers == "JsonSchema" else JSON
    said: dict[str, Any] = {"description": "Done" if posting else "As it is now"}
    headers: dict[str, Any] = {}
    if end.tagged:
        about = "The token, for If-Match; not there where no cancellation is open."
        headers["ETag"] = {
            "description": about,
            "schema": {"type": "string", "pattern": ENTITY_TAG},
        }
    if posting:
        about = "There where this is the first answer again."
        headers["Idempotent-Replayed"] = {"description": about, "schema": {"const": "true"}}
    if headers:
        said["headers"] = headers
    if links := _LINKS.get(end.name):
        said["links"] = {
            name: {"operationId": name, "parameters": parameters}
            for name, parameters in links.items()
        }
    return {**said, "content": {kind: {"schema": schema}}}


def _bad(route: Route, end: Endpoint) -> dict[str, Any]:
    codes = {"405", "422", "500", "503"}
    if "{" in route.path:
        codes |= {"403", "404"}
    if route.method == "POST":
        codes |= {"403", "409", "413", "415"}
    if end.name == "plan":
        codes.add("409")
    if end.bound == "wanted":
        codes.add("428")
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        code: {"description": _REASONS[code], "content": {PROBLEM: {"schema": schema}}}
        for code in sorted(codes)
    }


def _moved(schema: Any) -> Any:
    """Return a schema whose references point to where OpenAPI keeps the schemas."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref"
            else _moved(value)
            for key, value in schema.items()
        }
    return [_moved(one) for one in schema] if isinstance(schema, list) else schema

"""The view as data: one document, with a JSON Schema that every state fits and no mistake does."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cancelkit import Customer, Invalid, Status
from cancelkit.adapters.web.document import document
from cancelkit.adapters.web.form_schema import form_schema
from cancelkit.adapters.web.schemas import DEFS, document_schema, schema_named
from cancelkit.orders import form_from_data
from cancelkit.records import State
from tests.panel_crm import (
    CHECKLIST,
    DAY,
    ENTERED,
    STATES,
    PanelWorld,
    data_of,
    in_state,
    panel_world,
)
from tests.panel_plugin import Everything
from tests.world import NINE_O_CLOCK, TODAY

SCHEMA = Draft202012Validator(document_schema())


def shown(w: PanelWorld, user: str = "adam", **query: str) -> Any:
    """Return the document of C-1 as it is sent."""
    response = w.get("/api/customers/C-1", user, **query)
    assert 200 == response.status
    return data_of(response)


def faults(data: Any, schema: Draft202012Validator = SCHEMA) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(data)]


@pytest.mark.parametrize("name", DEFS)
def test_schema_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema_named(name))


@pytest.mark.parametrize("user", ["adam", "cora"])
@pytest.mark.parametrize("state", STATES)
def test_document_of_every_state_fits_its_schema(state: str, user: str) -> None:
    w = in_state(state)
    for query in ({}, {"records": "cases"}, {"on": "2026-09-01"}):
        assert [] == faults(shown(w, user, **query))
    assert [] == w.reports


def test_states_are_the_states_that_there_are() -> None:
    """So that the test before it has seen each of them, and what each has of its own."""
    seen = {state: shown(in_state(state)) for state in STATES}
    assert {state.value for state in State} == {one["state"] for one in seen.values()}
    assert seen["scheduled"]["schedule"]["on"] == "2026-04-01"
    assert seen["blocked"]["schedule"]["due"] > seen["blocked"]["schedule"]["on"]
    assert {"drift", "gone"} == {state for state, one in seen.items() if one["drift"]}
    assert {"stuck"} == {state for state, one in seen.items() if one["stuck"]}
    assert {"cancelled"} == {state for state, one in seen.items() if one["ended"]}
    overridden = {s["key"]: s["override"] for s in seen["overridden"]["sections"] if s["override"]}
    assert "The cup is not ours" == overridden["cases"]["reason"]
    assert ["unknown"] * 9 == [s["light"] for s in seen["gone"]["sections"][:9]]


def test_unknown_sections_fit_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    w = in_state("pending")

    def broken(*_: object) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr("cancelkit.adapters.memory.crm.MemoryCustomers.facts", broken)
    document = shown(w)
    assert [] == faults(document)
    assert "unknown" == next(s["word"] for s in document["sections"] if s["key"] == "cases")
    assert 4 < document["counts"]["unknown"]


Plant = Callable[[Any], None]


def planted(path: str, value: Any) -> Plant:
    """Return what puts a value at a path such as "sections.0.light"."""

    def plant(document: Any) -> None:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in way:
            document = document[part]
        document[last] = value

    return plant


def dropped(name: str) -> Plant:
    return lambda document: document.pop(name)


PLANTED = {
    "a key nobody knows": planted("more", 1),
    "a key nobody knows in a section": planted("sections.0.colour", "red"),
    "the language of a colleague": planted("owners.0.language", "de"),
    "a state of the old kind": planted("state", "Live (PC)"),
    "pending without a banner": planted("banner", ""),
    "pending without a token": planted("token", ""),
    "pending since nobody knows when": planted("begun", None),
    "a light that is no light": planted("sections.0.light", "orange"),
    "a light without a word": planted("sections.0.word", ""),
    "green that blocks": lambda d: d["sections"][0].update(light="green", blocks=True),
    "a count below none": planted("sections.0.count", -1),
    "at least nobody knows how many": lambda d: d["sections"][0].update(count=None, more=True),
    "a gate that is off": planted("sections.0.gate", "off"),
    "a verb of another program": planted("actions", ["abort"]),
    "a verb twice": planted("actions", ["enter", "enter"]),
    "a day that is an instant": planted("today", "2026-03-02T09:00:00Z"),
    "an instant without a zone": planted("read_at", "2026-03-02T09:00:00"),
    "a plan without its token": planted("plan.token", ""),
    "a timeline that is text": planted("timeline", "begun"),
    "a field of no kind": lambda d: d["sections"][0]["form"]["fields"][0].update(kind="colour"),
    "no sections": dropped("sections"),
    "no time of reading": dropped("read_at"),
    "no plan": dropped("plan"),
    "another format": planted("format", 2),
    "live, with the plan of a pending one": planted("state", "live"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_violation_does_not_fit(name: str) -> None:
    document = copy.deepcopy(shown(in_state("pending")))
    PLANTED[name](document)
    assert [] != faults(document)


def test_document_of_a_check_has_no_timeline() -> None:
    w = in_state("live")
    response = w.get("/api/customers/C-1/check", on="2026-05-01", profile="insolvency")
    document = data_of(response)
    assert [] == faults(document)
    assert (None, None, "insolvency", "2026-05-01") == (
        document["plan"],
        document["timeline"],
        document["profile"],
        document["as_of"],
    )
    assert "mood" not in [section["key"] for section in document["sections"]]


def test_document_says_what_a_front_end_needs() -> None:
    """The customer's own page, who began and how long ago, the verbs in words, the counts."""
    w = in_state("stuck")
    document = shown(w)
    assert "https://crm.example/c/C-1" == document["link"]
    assert ("Cora", 61, True) == (
        document["begun"]["by"]["name"],
        document["age"],
        document["stuck"],
    )
    assert "Remove Cancellation" == document["words"]["remove"]
    assert len(document["sections"]) == document["counts"]["total"]
    lights = [section["light"] for section in document["sections"]]
    assert {light: lights.count(light) for light in ("green", "red", "unknown")} == {
        light: document["counts"][light] for light in ("green", "red", "unknown")
    }
    assert set(document["actions"]) == set(document["words"])


@pytest.mark.parametrize("after", [61, 62])
def test_stuck_is_as_the_panel_says(after: int) -> None:
    w = in_state("stuck", stuck_after=after)
    assert (after == 61) is shown(w)["stuck"]
    w.desk().get("C-1").enter_data("mood", {"option": "angry"})
    assert not shown(w)["stuck"], "somebody has touched it"


def test_plan_for_a_day_to_come_says_who_is_told_then_by_name_alone() -> None:
    plan = data_of(in_state("entered").ask("GET", "/api/customers/C-1/plan", query="on=2026-04-01"))
    assert [] == faults(plan, Draft202012Validator(schema_named("Plan")))
    assert [{"id": "boss", "name": "The Boss"}] == plan["notify_then"]


def test_one_whose_day_has_passed_is_overdue() -> None:
    w = in_state("scheduled")
    for days, overdue in ((30, False), (31, True)):
        w.clock.set(NINE_O_CLOCK + days * DAY)
        document = shown(w)
        assert overdue is document["overdue"]
        assert [] == faults(document)


@pytest.mark.parametrize("state", STATES)
def test_document_has_no_personal_data_that_does_not_belong_there(state: str) -> None:
    """Colleagues' languages are theirs; what an override stands on is nobody's to read."""
    text = json.dumps(shown(in_state(state)))
    assert "xx-secret" not in text
    for section in json.loads(text)["sections"]:
        assert section["override"] is None or {"reason", "stamp"} == set(section["override"])


def test_document_is_made_by_a_pure_function() -> None:
    w = in_state("scheduled")
    look = w.desk().get("C-1").look()
    first = document(w.kit, look)
    assert document(w.kit, look) == first
    assert json.loads(json.dumps(first)) == first, "JSON-ready: nothing but JSON's own types"


def test_words_are_those_of_the_article() -> None:
    document = shown(in_state("pending"))
    assert ("pending", "Live (PC)") == (document["state"], document["status"])
    words = {(s["light"], s["word"]) for s in document["sections"]}
    assert {("green", "complete"), ("red", "to do")} == words
    assert document["banner"].startswith("Cancellation pending since")


def test_link_that_the_host_cannot_make_is_none_and_reported() -> None:
    w = in_state("pending")

    class Broken:
        def customer(self, customer: Customer) -> str:
            raise OSError("no address")

        def manage(self, customer: Customer, section: str) -> str | None:
            return None

    object.__setattr__(w.kit, "links", Broken())
    assert None is shown(w)["link"]
    assert ["Links.customer"] == [what for what, _ in w.reports]


# ---------------------------------------------------------------- forms

HERE = panel_world()
FORMS = {
    section.key: data_of(HERE.get(f"/api/sections/{section.key}/form"))
    for section in CHECKLIST.sections
    if form_schema(HERE.kit, section)
}


def test_every_form_has_a_schema_at_an_address() -> None:
    w = panel_world()
    assert ["reasons", "ownership", "mood", "everything"] == list(FORMS)
    for schema in FORMS.values():
        Draft202012Validator.check_schema(schema)
    assert "Reasons" == FORMS["reasons"]["properties"]["codes"]["title"]
    assert 404 == w.get("/api/sections/cases/form").status
    assert 404 == w.get("/api/sections/nothing/form").status


TRIED = [
    ("reasons", {"codes": [{"code": "price", "comment": "x"}], "text": "t"}, True),
    ("reasons", {"codes": [{"code": "unheard of"}]}, False),
    ("reasons", {"codes": ["price"]}, False),
    ("reasons", {"status": "cancelled"}, False),
    ("reasons", {}, True),
    ("ownership", {"user": "t-7"}, True),
    ("ownership", {"user": 7}, False),
    ("mood", {"option": "angry"}, True),
    ("mood", {"option": "blue"}, False),
    ("mood", {}, True),
    ("everything", ENTERED, True),
    ("everything", {**ENTERED, "size": "huge"}, False),
    ("everything", {**ENTERED, "yes": "on"}, False),
    ("everything", {**ENTERED, "whole": 1.5}, False),
    ("everything", {**ENTERED, "whole": 2**63}, False),
    ("everything", {**ENTERED, "parts": [{"name": "a", "tenant": "b"}]}, False),
    ("everything", {**ENTERED, "names": {"a": 1}}, False),
    ("everything", {**ENTERED, "way": "air"}, False),
    ("everything", {"size": "small"}, False),
    ("everything", {**ENTERED, "maybe": None, "number": 1.5, "anything": {"a": [1]}}, True),
]


@pytest.mark.parametrize(("key", "data", "fits"), TRIED)
def test_schema_of_a_form_says_what_the_form_takes(key: str, data: Any, fits: bool) -> None:
    """The schema and the form itself, each asked apart."""
    assert fits is (faults(data, Draft202012Validator(FORMS[key])) == [])
    w = panel_world()
    w.desk().begin("C-1")
    assert fits is (200 == w.post(f"/api/customers/C-1/sections/{key}", data).status)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


DESK = HERE.desk()


@given(st.data())
def test_whatever_the_schema_of_a_form_refuses_the_form_refuses(data: st.DataObject) -> None:
    """From a good form, one field is replaced: the schema is not stricter than the form."""
    names = [*ENTERED, "text", "yes", "whole", "number", "way", "lines", "names", "maybe"]
    name = data.draw(st.sampled_from(names))
    value = data.draw(JSON_VALUES | st.sampled_from(["small", "post", "2026-03-02", 1, True, ""]))
    sent = {**ENTERED, name: value}
    said = faults(sent, Draft202012Validator(FORMS["everything"]))
    try:
        form_from_data(DESK, "everything", sent)
    except Invalid:
        return
    assert [] == said, (sent, said)


def test_form_of_the_document_has_every_field_of_the_class() -> None:
    section = next(s for s in shown(in_state("entered"))["sections"] if s["key"] == "everything")
    names = [one["name"] for one in section["form"]["fields"]]
    assert [one.name for one in fields(Everything)] == names
    assert ENTERED["day"] == section["entered"]["day"]


def test_a_customer_without_status_or_owner_has_a_document() -> None:
    w = panel_world()
    w.crm.put_customer(Customer("C-1", "Nobody's", Status("live"), since=date(2020, 1, 1)))
    w.desk().begin("C-1")
    assert ([], TODAY.isoformat()) == (shown(w)["owners"], shown(w)["today"])
    assert [] == faults(shown(w))

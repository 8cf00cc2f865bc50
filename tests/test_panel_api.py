"""The JSON API: the whole story over HTTP, repeats, stale tokens, and whatever is malformed."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cancelkit import Status
from cancelkit.adapters.memory import Record
from cancelkit.adapters.web.endpoint import OPERATION_ID
from cancelkit.adapters.web.problems import CODES
from cancelkit.adapters.web.schemas import schema_named
from cancelkit.adapters.web.texts import TEXTS
from cancelkit.errors import REFUSED_BY_CODE
from cancelkit.records import State
from tests.panel_crm import JSON, data_of, in_state, panel_world

C1 = "/api/customers/C-1"
PROBLEM = Draft202012Validator(schema_named("Problem"))
OUTCOME = Draft202012Validator(schema_named("Outcome"))


def problem(response: Any, status: int, code: str) -> Any:
    """Return a problem after checking that it is one, and which."""
    said = data_of(response)
    assert (status, f"urn:cancelkit:problem:{code}") == (response.status, said["type"]), said
    assert "application/problem+json" == response.header("Content-Type")
    assert status == said["status"]
    PROBLEM.validate(said)
    return said


def accepted(response: Any) -> Any:
    said = data_of(response)
    assert 200 == response.status, said
    OUTCOME.validate(said)
    return said


def test_the_story_of_the_article() -> None:
    w = panel_world()
    assert State.PENDING.value == accepted(w.post(f"{C1}/begin", user="cora"))["now"]
    w.crm.put("cases", Record("K", "C-1", "open", "Broken cup"))
    (case,) = data_of(w.get(f"{C1}/sections/cases/records"))["records"]
    assert "K" == case["id"]
    accepted(w.post(f"{C1}/sections/reasons", {"codes": [{"code": "price"}]}, "cora"))
    (tom, *_) = data_of(w.get(f"{C1}/owners", search="to"))["owners"]
    accepted(w.post(f"{C1}/sections/ownership", {"user": tom["id"]}, "cora"))
    done = accepted(w.post(f"{C1}/sections/ownership/perform_now", user="cora"))
    assert ["Owner: Ann → Tom"] == done["done"]
    accepted(w.post(f"{C1}/sections/cases/override", {"reason": "It is not ours"}, "adam"))
    plan = w.get(f"{C1}/plan")
    done = accepted(w.post(f"{C1}/process", user="cora", etag=plan.header("ETag")))
    assert ("cancelled", ["boss"]) == (done["now"], [one["id"] for one in done["notified"]])
    assert "Cancelled" == data_of(w.get(C1))["status"]
    accepted(w.post(f"{C1}/reinstate", {"put_back": True}, "cora"))
    assert Status("live") == w.crm.customer("C-1").status
    lines = data_of(w.get(f"{C1}/timeline"))["timeline"]
    assert 7 == len(lines)


@pytest.mark.parametrize("quotes", ["", '"'])
def test_repeat_gives_the_first_answer_again_and_says_so(quotes: str) -> None:
    """In quotes, as the draft standard has it, or without, as most send it: it is the same id."""
    w = panel_world()
    first = w.post(f"{C1}/begin", op="op")
    again = w.post(f"{C1}/begin", op=f"{quotes}op{quotes}")
    assert (None, "true") == tuple(r.header("Idempotent-Replayed") for r in (first, again))
    assert {**accepted(first), "replayed": True} == accepted(again)
    assert 1 == len(w.desk().get("C-1").history())


def test_operation_id_with_other_arguments_is_refused() -> None:
    w = panel_world()
    w.post(f"{C1}/begin", op="op")
    problem(w.post(f"{C1}/begin", {"profile": "insolvency"}, op="op"), 409, "operation_reused")
    problem(w.post(f"{C1}/begin", op="op", user="cora"), 409, "operation_reused")
    assert 200 == w.post("/api/customers/C-2/begin", op="op").status, "an id is of one customer"


@pytest.mark.parametrize("op", ["", " ", "a b", "a\u00e9", "a" * 192, "a\tb", '"', '""', 'a"b'])
def test_operation_id_that_is_none_is_invalid(op: str) -> None:
    w = panel_world()
    before = w.stored()
    said = problem(w.post(f"{C1}/begin", op=op), 422, "invalid")
    assert said["detail"].startswith("Idempotency-Key must be an operation id")
    assert before == w.stored()
    assert not re.match(OPERATION_ID, op)


def test_process_without_the_token_of_a_plan_is_428_with_the_plan() -> None:
    w = in_state("entered")
    said = problem(w.post(f"{C1}/process"), 428, "confirmation_missing")
    assert data_of(w.get(f"{C1}/plan"))["token"] == said["plan"]["token"]
    done = accepted(w.post(f"{C1}/process", etag=f'"{said["plan"]["token"]}"'))
    assert "cancelled" == done["now"]


def test_process_on_another_plan_is_409_with_the_fresh_plan() -> None:
    w = panel_world()
    w.post(f"{C1}/begin")
    w.post(f"{C1}/sections/reasons", {"codes": [{"code": "price"}]})
    stale = w.get(f"{C1}/plan").header("ETag")
    w.post(f"{C1}/sections/ownership", {"user": "t-7"}, "cora")
    said = problem(w.post(f"{C1}/process", etag=stale), 409, "stale_token")
    assert f'"{said["plan"]["token"]}"' != stale
    assert "pending" == data_of(w.get(C1))["state"]


def test_answer_on_an_old_view_does_not_overwrite_a_newer_one() -> None:
    w = in_state("pending")
    seen = w.get(C1).header("ETag")
    w.post(f"{C1}/sections/reasons", {"codes": [{"code": "moved"}]}, "cora")
    sent = w.post(f"{C1}/sections/reasons", {"codes": [{"code": "price"}]}, etag=seen)
    assert "reasons" == problem(sent, 409, "newer_answer")["refusals"][0]["section"]
    assert 200 == w.post(f"{C1}/sections/mood", {"option": "angry"}, etag=seen).status


def test_blocked_process_names_every_section_in_words() -> None:
    w = in_state("pending")
    token = w.get(f"{C1}/plan").header("ETag")
    said = problem(w.post(f"{C1}/process", etag=token), 409, "blocked")
    assert ["reasons", "cases"] == [one["section"] for one in said["refusals"]]
    assert all(one["message"] in said["detail"] for one in said["refusals"])


def test_schedule_and_check_of_a_day_to_come() -> None:
    w = in_state("entered")
    plan = w.get(f"{C1}/plan", on="2026-04-01")
    assert data_of(plan)["later"]
    done = accepted(w.post(f"{C1}/process", {"on": "2026-04-01"}, etag=plan.header("ETag")))
    assert ("schedule", "2026-04-01", "pending") == (done["verb"], done["on"], done["now"])


ETAGS = [
    "*",
    'W/"x.1.2"',
    "x",
    '""',
    '"x"',
    '"a", "b"',
    '"a"b"',
    '"' + "a" * 5_000 + '"',
    '"\u00e9"',
]


@pytest.mark.parametrize("etag", ETAGS)
def test_if_match_that_is_no_token_is_invalid(etag: str) -> None:
    w = in_state("entered")
    before = w.stored()
    problem(w.post(f"{C1}/process", etag=etag), 422, "invalid")
    assert before == w.stored()


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "text": b'"begin"',
    "a key twice": b'{"profile": "", "profile": "insolvency"}',
    "not a number": b'{"profile": NaN}',
    "no end": b'{"profile": ' + b"[" * 100_000 + b"}",
    "a number without end": b'{"profile": ' + b"9" * 5_000 + b"}",
    "no UTF-8": b'{"profile": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"profile": ""}',
    "UTF-16": '{"profile": ""}'.encode("utf-16"),
    "an unknown property": b'{"status": "cancelled"}',
    "a number for a text": b'{"profile": 1}',
    "null for a text": b'{"profile": null}',
    "a lone surrogate": b'{"profile": "\\ud800"}',
    "NUL": b'{"profile": "\\u0000"}',
    "more after it": b"{} {}",
}


@pytest.mark.parametrize("name", BODIES)
def test_malformed_body_is_invalid_and_nothing_is_recorded(name: str) -> None:
    w = panel_world()
    before = w.stored()
    said = {"content-type": JSON, "x-csrf-token": w.token(), "idempotency-key": "op"}
    response = w.ask("POST", f"{C1}/begin", body=BODIES[name], headers=said)
    problem(response, 422, "invalid")
    assert before == w.stored()
    assert [] == w.reports


MASS = ["status", "owner_id", "tenant", "actor", "op", "token", "customer", "state", "_token"]


@pytest.mark.parametrize("name", MASS)
@pytest.mark.parametrize("verb", ["begin", "process", "remove", "reinstate", "adopt", "end"])
def test_property_that_a_command_does_not_have_is_named_and_refused(verb: str, name: str) -> None:
    w = in_state("entered")
    before = w.stored()
    said = problem(w.post(f"{C1}/{verb}", {name: "x"}), 422, "invalid")
    assert repr(name) in said["detail"]
    problem(w.post(f"{C1}/sections/reasons", {name: "x"}), 422, "invalid")
    problem(w.post(f"{C1}/sections/cases/override", {"reason": "y", name: "x"}), 422, "invalid")
    assert before == w.stored()


@pytest.mark.parametrize(
    "query",
    [
        "x=1",
        "on=tomorrow",
        "on=",
        "on=2026-03-02&on=2026-03-03",
        "on=20260302",
        "records=nothing",
        "on=2026-02-30",
        "on=%ff",
        "&".join("records=cases" for _ in range(501)),
        "on=%00",
    ],
)
def test_query_that_cannot_be_read_is_invalid(query: str) -> None:
    problem(in_state("live").ask("GET", C1, query=query), 422, "invalid")


def test_limits_are_told_and_kept() -> None:
    w = panel_world(body_limit=100)
    limits = data_of(w.get("/api/session"))["limits"]
    assert 100 == limits["body"]
    problem(w.post(f"{C1}/begin", {"profile": "x" * 100}), 413, "too_large")
    many = [("customer", f"C-{n}") for n in range(limits["customers"] + 1)]
    problem(w.ask("GET", "/api/banners", query=many), 422, "invalid")
    assert 200 == w.ask("GET", "/api/banners", query=many[1:]).status


def test_session_says_who_asks_and_what_is_offered() -> None:
    w = panel_world()
    session = data_of(w.get("/api/session", "cora"))
    Draft202012Validator(schema_named("Session")).validate(session)
    assert {"id": "cora", "name": "Cora"} == session["actor"]
    assert ["", "insolvency"] == session["profiles"]
    assert "Perform Now" == session["verbs"]["perform_now"]
    said = {"content-type": JSON, session["header"]: session["token"], "Idempotency-Key": "op"}
    assert 200 == w.ask("POST", f"{C1}/begin", "cora", body=b"{}", headers=said).status


def test_fault_shows_no_more_than_that_there_was_one(monkeypatch: pytest.MonkeyPatch) -> None:
    w = in_state("entered")
    token = w.get(f"{C1}/plan").header("ETag")

    def broken(*_: object) -> None:
        raise OSError("secret: password of the database")

    monkeypatch.setattr("cancelkit.adapters.memory.crm.MemoryCustomers.facts", broken)
    said = problem(w.post(f"{C1}/process", etag=token), 500, "failed")
    assert "password" not in json.dumps(said)
    assert ["the panel"] == [what for what, _ in w.reports]


def test_every_code_of_a_problem_has_a_title() -> None:
    """Those of refusals may share that of all refusals; the others have one of their own."""
    own = [code for code in CODES if code not in REFUSED_BY_CODE]
    assert [] == [code for code in own if f"problem.{code}" not in TEXTS]
    assert set(REFUSED_BY_CODE) <= set(CODES)


def test_ids_that_a_host_makes_may_have_anything_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token carries the id of the cancellation: in a header, it is escaped."""
    w = panel_world()
    numbers = itertools.count()
    monkeypatch.setattr(w.ids, "new", lambda: f'é"%20{next(numbers)}')
    assert 200 == w.post(f"{C1}/begin", op="op").status
    w.desk().get("C-1").enter_data("reasons", {"codes": [{"code": "price"}]}, op="op")
    etag = w.get(f"{C1}/plan").header("ETag")
    assert etag is not None
    assert etag.isascii()
    accepted(w.post(f"{C1}/process", etag=etag))


QUEUE = Draft202012Validator(schema_named("Queue"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["C-1", "C-2"]),
        ("search=mill", ["C-2"]),
        ("owner=", ["C-2"]),
        ("owner=u-1&page=1", ["C-1"]),
        ("stage=scheduled", ["C-1"]),
        ("min_age=1", []),
        ("profile=insolvency", []),
        ("overdue=true", []),
        ("page=2", []),
    ],
)
def test_queue_has_the_rows_that_the_filters_take(query: str, expected: list[str]) -> None:
    w = in_state("scheduled")
    w.desk().begin("C-2")
    found = data_of(w.ask("GET", "/api/queue", query=query))
    QUEUE.validate(found)
    assert expected == sorted(row["customer"] for row in found["rows"])
    assert "xx-secret" not in json.dumps(found)
    assert [] == data_of(w.get("/api/queue", "nora"))["rows"]


@pytest.mark.parametrize("query", ["stage=nothing", "page=0", "page=x", "overdue=on", "min_age=-1"])
def test_filter_that_is_none_is_invalid(query: str) -> None:
    problem(in_state("pending").ask("GET", "/api/queue", query=query), 422, "invalid")


@pytest.mark.parametrize(
    ("state", "command"), [("live", "begin"), ("drift", "adopt"), ("drift", "end")]
)
def test_a_token_is_refused_where_none_is_taken(state: str, command: str) -> None:
    """It would protect nobody: what it is based on is not compared."""
    w = in_state(state)
    etag, before = f'"c-1.4.{"5e" * 32}"', w.stored()
    said = problem(w.post(f"{C1}/{command}", etag=etag), 422, "invalid")
    assert "If-Match is not taken here" in said["detail"]
    assert before == w.stored()
    accepted(w.post(f"{C1}/{command}"))

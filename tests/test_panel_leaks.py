"""What people write is in no log line, no repr, no header and no exception that is shown."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from attrs import evolve

from cancelkit import Customer, Status
from cancelkit.adapters.web import PanelRequest, PanelResponse
from cancelkit.kit import log_fault
from tests.panel_crm import PanelWorld, in_state, panel_world
from tests.panel_routes import ASKED, Asked, protected

CANARY = "CANARY-7f3a"
HOSTILE = [
    "a\r\nSet-Cookie: evil=1",
    "a\nX-Evil: 1",
    "a\r\rX",
    "\u2028X-Evil: 1",
    "\x85X-Evil: 1",
    "\x1b[31mred",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "%0d%0aX-Evil: 1",
    "\ud800",
]


def logged(w: PanelWorld) -> PanelWorld:
    """Return the world with a kit that reports to the log, as it does by default."""
    w.kit = evolve(w.kit, report=log_fault)
    return w


def test_what_was_entered_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    """All commands, accepted and refused, with a canary in every free text."""
    caplog.set_level(logging.DEBUG)
    w = logged(in_state("pending"))
    base = "/api/customers/C-1"
    reasons = {"codes": [{"code": "other", "comment": CANARY}], "text": CANARY, "extra": CANARY}
    sent = [
        w.post(f"{base}/sections/reasons", reasons),
        w.post(f"{base}/sections/reasons", {**reasons, "codes": [{"code": CANARY}]}),
        w.post(f"{base}/sections/cases/override", {"reason": CANARY}),
        w.post(f"{base}/sections/cases/override", {"reason": CANARY}, "cora"),
        w.post(f"{base}/sections/everything", {"line": CANARY, "size": CANARY}),
        w.post("/customers/C-1/sections/reasons", {"text": CANARY, "codes": "price"}),
        w.post("/customers/C-1/sections/cases/override", {"reason": CANARY}),
        w.post(f"{base}/begin", {"profile": CANARY}),
        w.get(base),
        w.get("/customers/C-1", search=CANARY),
        w.get(f"{base}/owners", search=CANARY),
    ]
    assert {200, 303, 403, 409, 422} >= {one.status for one in sent}
    assert CANARY not in caplog.text
    for response in sent:
        assert CANARY not in repr(response)
        assert all(CANARY not in value for _, value in response.headers)
    look = w.desk().get("C-1").look()
    assert any(CANARY in str(line.entered) for line in look.view.sections), "it was stored"
    for shown in (look.history, look.view, look.plan, w.panel, w.desk()):
        text = repr(shown)
        assert CANARY not in text


def test_request_and_response_do_not_show_what_is_in_them() -> None:
    request = PanelRequest("POST", "/", "", {"cookie": CANARY}, CANARY.encode())
    assert CANARY not in repr(request)
    assert CANARY not in repr(PanelResponse(200, CANARY.encode()))


def test_fault_in_a_log_has_nothing_that_people_wrote(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = logged(in_state("entered"))
    w.post("/api/customers/C-1/sections/reasons", {"text": CANARY})
    token = w.get("/api/customers/C-1/plan").header("ETag")

    def broken(*_: object) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr("cancelkit.adapters.memory.crm.MemoryCustomers.facts", broken)
    caplog.set_level(logging.DEBUG)
    answer = w.post("/api/customers/C-1/process", etag=token)
    assert 500 == answer.status
    assert "the database is away" in caplog.text, "who runs the CRM is told"
    assert CANARY not in caplog.text
    assert b"away" not in answer.body


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("asked", [a for a in ASKED if not a.open], ids=str)
def test_hostile_text_in_a_name_is_in_no_header(asked: Asked, text: str) -> None:
    w = asked.world()
    w.kit = evolve(w.kit, report=lambda *_: None)
    w.crm.put_customer(Customer("C-1", text, Status("live", pending=True)))
    response = asked.send(w, "adam")
    assert response.status in (200, 303, 409, 500)  # a name that cannot be stored is a fault
    protected(response, asked.at("C-1"))
    assert b"<script>alert" not in response.body or asked.api
    assert b">49<" not in response.body


SENT: dict[str, Any] = {
    "idempotency-key": lambda w, text: w.post("/api/customers/C-1/begin", op=text),
    "if-match": lambda w, text: w.post("/api/customers/C-1/remove", etag=text),
    "token": lambda w, text: w.post("/api/customers/C-1/begin", x_csrf_token=text),
    "origin": lambda w, text: w.post("/api/customers/C-1/begin", origin=text, host="a"),
    "customer": lambda w, text: w.get(f"/api/customers/{text}"),
    "page": lambda w, text: w.get(f"/customers/{text}"),
    "section": lambda w, text: w.post(f"/customers/C-1/sections/{text}"),
    "language": lambda w, text: w.ask("GET", "/customers/C-1", headers={"accept-language": text}),
    "search": lambda w, text: w.get("/api/customers/C-1/owners", search=text.strip("\ud800")),
    "method": lambda w, text: w.ask(text, "/api/session"),
}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", SENT)
def test_hostile_text_that_is_sent_is_in_no_header_and_no_log(
    where: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    w = logged(panel_world())
    before = w.stored()
    caplog.set_level(logging.DEBUG)
    response = SENT[where](w, text)
    protected(response, "/" if where in ("page", "section", "language") else "/api/")
    assert "evil" not in repr(response.headers).lower()
    assert response.status < 500
    assert "" == caplog.text
    assert before == w.stored() or 200 == response.status, "what is accepted is well-formed"


def test_hostile_name_comes_out_of_the_json_as_it_went_in() -> None:
    """Whatever a name has in it, the document is parsed again as it was."""
    w = panel_world()
    for text in HOSTILE[6:9]:
        w.crm.put_customer(Customer("C-1", text, Status("live")))
        assert text == json.loads(w.get("/api/customers/C-1").body)["name"]

"""Documents to store, with everything in them that a store may lose."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from attrs import evolve

from cancelkit.messages import Message, Refusal
from cancelkit.people import Person, Status
from cancelkit.records import (
    CancellationRecord,
    Delivery,
    Entry,
    HistoryEntry,
    Notification,
    Operation,
    OutboxRow,
    Outcome,
    Override,
    Performed,
    Schedule,
    Stamp,
    State,
    Verb,
)
from cancelkit.serial import to_data

DAY = date(2026, 3, 2)
"""The as-of day of the contract: no real "today", which an adapter might ask its database for."""

AT = datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)
"""An instant with a single microsecond."""

TEXT = 'Zoë\'s "café" \\ {x} %s ; -- 😀\U0001d4b3 e\u0301 ﬀ \u202eevil\u202c\n\t\u2028'
"""Text that encodings, collations and hand-made SQL break."""

SOMEBODY = Person("u-😀", TEXT, "de-CH")

_DATA: dict[str, Any] = {
    "text": TEXT,
    "whole": 2**53 + 1,
    "part": 0.1,
    "none": None,
    "yes": True,
    "list": [{"deep": [[]]}, "", -1],
    "": {"empty key": {}},
}


def _message() -> Message:
    return Message.of("effect.create_expiry", on=DAY, text=TEXT, count=-1)


def fresh(prefix: str = "ck") -> str:
    """Return an identifier that was never used."""
    return f"{prefix}-{uuid4().hex[:12]}"


def same(expected: object, actual: object) -> bool:
    """Say whether a document came back equal: with names, and with the gates in their order."""
    if expected != actual or to_data(expected) != to_data(actual):
        return False
    if isinstance(expected, CancellationRecord) and isinstance(actual, CancellationRecord):
        return list(expected.gates) == list(actual.gates)
    return True


def cancellation(
    tenant: str, customer: str, state: State = State.PENDING, begun: datetime = AT
) -> CancellationRecord:
    """Return a cancellation; ended where its state is not PENDING."""
    stamp = Stamp(SOMEBODY, begun)
    message = _message()
    return CancellationRecord(
        id=fresh("cancellation"),
        tenant=tenant,
        customer=customer,
        name=TEXT,
        state=state,
        version=1,
        gates={"zeta": "blocks", "alpha": "advises", "mid_way": "blocks"},
        former=Status("live", pending=None, label=TEXT),
        begun=stamp,
        ended=None if state is State.PENDING else stamp,
        profile="key accounts",
        required=("reasons.text", "reasons.extra"),
        entries=(Entry("reasons", 3, _DATA, 1, stamp, {SOMEBODY.id: TEXT}),),
        overrides=(Override("assets", message, ("A-1", "A-2"), TEXT, stamp),),
        performed=(Performed("future_expiry", "create_expiry", _DATA, message, 0, stamp),),
        schedule=Schedule(DAY, DAY + timedelta(days=1), stamp),
        effective=DAY,
        reinstated=stamp,
    )


def scheduled(tenant: str, customer: str, days: int | None) -> CancellationRecord:
    """Return an open cancellation that is due so many days after `DAY`; unscheduled for None."""
    due = None if days is None else Schedule(DAY, DAY + timedelta(days), Stamp(SOMEBODY, AT))
    return evolve(cancellation(tenant, customer), schedule=due)


def entry(tenant: str, customer: str, at: datetime = AT, key: str = "") -> HistoryEntry:
    """Return a history entry of a refused command."""
    return HistoryEntry(
        id=key or fresh("entry"),
        tenant=tenant,
        customer=customer,
        name=TEXT,
        cancellation="",
        verb=Verb.PROCESS,
        accepted=False,
        actor=SOMEBODY,
        at=at,
        today=DAY,
        op=fresh("op"),
        section="reasons",
        behalf=SOMEBODY,
        on=DAY,
        note=TEXT,
        refusals=(Refusal("blocked", Message.of("reasons.none", text=TEXT), "reasons"),),
        lights={"zeta": "red", "alpha": "green"},
        done=(Message.of("effect.create_expiry", on=DAY),),
    )


def operation(tenant: str, customer: str, verb: Verb = Verb.BEGIN, op: str = "") -> Operation:
    """Return an operation with its outcome."""
    op = op or fresh("op")
    outcome = Outcome(op, verb, customer, fresh("cancellation"), State.PENDING, AT, DAY)
    return Operation(tenant, customer, verb, op, fresh("digest"), outcome)


def row(
    tenant: str, customer: str, due: datetime = AT, delivery: Delivery = Delivery.WAITING
) -> OutboxRow:
    """Return a row of the outbox."""
    key = fresh("row")
    about = Notification(
        key=f"{key}:processed",
        event="processed",
        tenant=tenant,
        customer=customer,
        name=TEXT,
        cancellation=fresh("cancellation"),
        recipient=SOMEBODY,
        actor=SOMEBODY,
        at=AT,
        message=_message(),
        lines=(_message(), Message.of("told.mood", option=TEXT)),
        blocked=(Refusal("blocked", _message(), "assets"),),
        on=DAY,
        profile="key accounts",
        reasons=_DATA,
        link="https://crm.example/customers/?id=%20&x=" + TEXT,
    )
    return OutboxRow(key, about, delivery, due, error=TEXT)


def later(seconds: float) -> datetime:
    """Return an instant so many seconds after `AT`; before it where they are negative."""
    return AT + timedelta(seconds=seconds)

"""The customer, the answers and the facts that the benchmarks share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from cancelkit.checklist import STANDARD, Checklist
from cancelkit.evaluate import read_answers
from cancelkit.facts import Facts
from cancelkit.needs import Need, NextDate, OpenRecords, UnceasedAssets
from cancelkit.people import Customer, Person, Status, User
from cancelkit.records import CancellationRecord, Stamp, State
from cancelkit.sections import Mood, NewOwner, Reasons

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
EXPIRY = date(2027, 1, 15)
ANN = Person("u-1", "Ann")
TOM = User("t-7", "Telesales Tom")
LIVE = Status("live")
PENDING = Status("live", pending=True)
CUSTOMER = Customer("C-1", "Harbour Café", PENDING, (ANN,))
KEYS = tuple(section.key for section in STANDARD.sections)
BLOCKING = STANDARD.with_gates(**dict.fromkeys(KEYS, "blocks"))
"""The nine sections, all of which block, so that every red one is a reason against Process."""

_GREEN: dict[type, Any] = {OpenRecords: 0, UnceasedAssets: (0, 0, 0), NextDate: EXPIRY}
_RED: dict[type, Any] = {OpenRecords: 2, UnceasedAssets: (2, 0, 0), NextDate: None}
_FORMS: dict[str, object] = {
    "reasons": Reasons("price", text="Moved to another supplier"),
    "ownership": NewOwner(TOM.id),
    "mood": Mood("neutral"),
}


def answers(red: Iterable[str] = ()) -> dict[Need[Any], object]:
    """What an adapter answers, with some sections red."""
    keys = frozenset(red)
    return {
        need: (_RED if section.key in keys else _GREEN)[type(need)]
        for section in STANDARD.sections
        for need in section.needs
    }


def facts(red: Iterable[str] = ()) -> Facts:
    """The facts of a customer, with some sections red."""
    keys = frozenset(red)
    forms = {type(form): form for key, form in _FORMS.items() if key not in keys}
    given = answers(keys)
    found = read_answers(tuple(given), given)
    return Facts(CUSTOMER, TODAY, TODAY, found, forms, {}, {TOM.id: TOM})


def record(checklist: Checklist = BLOCKING) -> CancellationRecord:
    """An open cancellation."""
    gates = {key: gate.value for key, gate in checklist.gates.items()}
    return CancellationRecord(
        "c-1", "", "C-1", "Harbour Café", State.PENDING, 4, gates, LIVE, Stamp(ANN, NOW)
    )

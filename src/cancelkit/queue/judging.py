"""Judging many open cancellations, with one question for all facts and one for all users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cancelkit import reading
from cancelkit.asking import mentioned, or_none, unless_blind
from cancelkit.checklist import Checklist
from cancelkit.decide import Seen
from cancelkit.evaluate import Judged, with_overrides
from cancelkit.needs import Need, Unknown
from cancelkit.people import User
from cancelkit.ports import Unit
from cancelkit.reading import Entered
from cancelkit.records import CancellationRecord

if TYPE_CHECKING:
    from cancelkit.desk import Desk


def judge_many(desk: Desk, unit: Unit, cases: Sequence[Seen]) -> list[Judged]:
    """Judge the checklists of open cancellations, as of today, as a view does.

    But other systems are not asked; and an override is in force while its section says the same,
    whichever records keep it red: to name them is a question for each customer.
    """
    if not cases:
        return []
    checklists = _Checklists(desk)
    entered = [reading.entered_in(checklists.of(one.record), one.record) for one in cases]
    needs = {id(one.checklist): one.checklist.needs for one in entered}
    asked = _in_order(desk, needs.values())
    ids = [one.customer.id for one in cases]
    found, why = unless_blind(
        desk, "CustomerRepo.facts", True, reading.facts_of, unit, ids, asked, cases[0].as_of
    )
    users = or_none(desk, "Users.find", _users, desk, cases, entered)
    judged: list[Judged] = []
    for seen, one in zip(cases, entered, strict=True):
        row = found[seen.customer.id] if found else dict.fromkeys(asked, Unknown(why))
        answers = {need: row[need] for need in needs[id(one.checklist)]}
        judged.append(_overridden(reading.judged_on(desk, seen, one, answers, users), seen.record))
    return judged


class _Checklists:
    """The checklists of cancellations, as copied at Begin; equal copies are made once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made: dict[object, Checklist] = {}

    def of(self, record: CancellationRecord | None) -> Checklist:
        """Return the checklist of a cancellation."""
        copied = record and (record.profile, tuple(record.gates.items()), record.required)
        if copied not in self._made:
            self._made[copied] = reading.checklist_of(self._desk, record)
        return self._made[copied]


def _in_order(desk: Desk, needs: Iterable[Sequence[Need[Any]]]) -> tuple[Need[Any], ...]:
    """Return the needs, each once, in one order, so that the host's question has one text."""
    wanted = dict.fromkeys(need for some in needs for need in some)
    known = (need for section in desk.kit.known.active for need in section.needs)
    return tuple(need for need in dict.fromkeys([*known, *wanted]) if need in wanted)


def _users(desk: Desk, cases: Sequence[Seen], entered: Sequence[Entered]) -> Mapping[str, User]:
    forms = [form for one in entered for form in one.forms.values()]
    return mentioned(desk, forms, [owner for one in cases for owner in one.customer.owners])


def _overridden(judged: Judged, record: CancellationRecord | None) -> Judged:
    if record is None or not record.overrides:
        return judged
    return with_overrides(judged, record, {one.section: one.records for one in record.overrides})

"""Reading the queue: a constant number of questions, however many cancellations are open.

One for what is open, one for the customers, one for all facts, and one for all users whom the forms
mention. Only the rows of the page are judged, unless the filter is about what only judging tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cancelkit import asking, reading
from cancelkit.decide import Seen
from cancelkit.errors import Invalid
from cancelkit.lifecycle import state_of
from cancelkit.people import Customer
from cancelkit.ports import Unit
from cancelkit.queue.judging import judge_many
from cancelkit.queue.making import damaged_row, judged_row, row_of
from cancelkit.queue.rows import Filters, Queue, Row, Stage
from cancelkit.text import checked_number

if TYPE_CHECKING:
    from cancelkit.desk import Desk

CAP = 10_000
"""How many open cancellations are read at most: as many as share one question of the host."""

T = TypeVar("T")
ALL = Filters()
_JUDGED = (Stage.TO_DO, Stage.UNKNOWN, Stage.READY)
"""The stages that only judging tells apart; until then, all are unknown."""


class _Case(NamedTuple):
    """One open cancellation: what to show, and what it is judged by, where it can be."""

    row: Row
    customer: Customer
    seen: Seen | None


def queue(desk: Desk, wanted: Filters = ALL, *, page: int = 1, limit: int | None = 100) -> Queue:
    """Return a page of the open cancellations of those customers whom the actor may view.

    Sections are judged as of today. A row says what Process would say, but for this: other systems
    are not asked, and performers are not asked whether they could do what is planned; and an
    override counts while its section says the same, also when other records keep it red by now.

    The role checker is asked about each customer: one that queries should keep what it has found
    for as long as the request takes.

    Args:
        desk: of the actor.
        wanted: which rows; all by default.
        page: from 1; a page behind the last one has no rows.
        limit: the rows of a page, or None for all on one page.

    Raises:
        Invalid: page or limit is no number of 1 or more, or wanted are no filters.
    """
    checked_number(page, "page")
    checked_number(1 if limit is None else limit, "limit")
    if not isinstance(wanted, Filters):
        raise Invalid(f"The queue takes Filters, not {wanted!r}.")
    with asking.faults("reading the queue"), desk.host.reading() as unit:
        now, today = asking.moment(desk)
        cases, more = _visible(desk, unit, now, today, wanted.stuck_after)
        size = limit or CAP
        rows, total = _page(desk, unit, cases, wanted, slice((page - 1) * size, page * size))
    opened = [case.row for case in cases]
    return Queue(
        rows=tuple(rows),
        total=total,
        page=page,
        pages=max(1, -(-total // size)),
        opened=len(opened),
        owners=tuple(sorted(_each(row.owners for row in opened), key=lambda one: one.name)),
        reasons=tuple(sorted(_each(row.reasons for row in opened), key=lambda one: one.label)),
        profiles=tuple(sorted({row.profile for row in opened})),
        more=more,
        read_at=now,
        today=today,
    )


def _visible(
    desk: Desk, unit: Unit, now: datetime, today: date, stuck_after: int
) -> tuple[list[_Case], bool]:
    """Return what is open, and whether there is more than was read; those that are damaged first.

    A customer who is not here any more is known from the cancellation.
    """
    records, damaged = unit.cancellations.opened(CAP + 1)
    more = len(records) + len(damaged) > CAP
    records = records[: CAP - len(damaged)]
    found = unit.customers.load([*damaged, *(one.customer for one in records)])
    cases: list[_Case] = []
    for key in damaged:
        there = asking.sound_customer(desk, found.get(key), key, deep=False)
        customer = there or Customer(key, key, tenant=desk.host.tenant)
        cases.append(_Case(damaged_row(desk, customer), customer, None))
    for record in records:
        key = record.customer
        there = asking.sound_customer(desk, found.get(key), key, deep=False)
        customer = there or reading.ghost(record)
        state = state_of(customer, record)
        seen = Seen(now, today, state, customer, record, allowed=True, gone=there is None)
        cases.append(_Case(row_of(desk, seen, record, stuck_after), customer, seen))
    return [case for case in cases if asking.allowed(desk, "view", case.customer)], more


def _page(
    desk: Desk, unit: Unit, cases: Iterable[_Case], wanted: Filters, page: slice
) -> tuple[list[Row], int]:
    """Return the rows of a page, and how many there are on all pages."""
    kept = [case for case in cases if wanted.take(case.row)]
    if wanted.stage in _JUDGED:
        kept = [case for case in kept if case.row.stage is Stage.UNKNOWN]
        rows = [row for row in _judged(desk, unit, kept) if row.stage is wanted.stage]
        return rows[page], len(rows)
    kept = [case for case in kept if wanted.stage in (None, case.row.stage)]
    return _judged(desk, unit, kept[page]), len(kept)


def _judged(desk: Desk, unit: Unit, cases: Sequence[_Case]) -> list[Row]:
    """Judge, and return the rows as they are then."""
    seen = [case.seen for case in cases if case.seen is not None and not case.seen.gone]
    judged = iter(judge_many(desk, unit, seen))
    return [
        case.row
        if case.seen is None or case.seen.gone
        else judged_row(desk.kit, case.row, case.seen, next(judged))
        for case in cases
    ]


def _each(groups: Iterable[Iterable[T]]) -> Iterable[T]:
    """Return what is in any group, each once."""
    return dict.fromkeys(one for group in groups for one in group)

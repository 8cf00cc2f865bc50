"""Everything visible that is stored, as one value: to compare, and to judge for broken promises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from attrs import evolve, fields, frozen, has

from cancelkit.people import Customer, Status
from cancelkit.records import CancellationRecord, HistoryEntry, Operation, OutboxRow, State, Verb
from cancelkit.serial import dump, load


@frozen
class Broken:
    """A promise that was not kept, and how.

    Attributes:
        promise: "I1" to "I9", or a word: "branch" (the wrong kind of error), "locks", "retry".
        how: what was seen.
    """

    promise: str
    how: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.how}"


@frozen(eq=False)
class Stored:
    """What a host's tables hold, read around the adapter, each in the order of its commits."""

    customers: Mapping[str, Customer]
    cancellations: tuple[CancellationRecord, ...]
    history: tuple[HistoryEntry, ...]
    operations: tuple[Operation, ...]
    outbox: tuple[OutboxRow, ...]

    def plain(self) -> dict[str, Any]:
        """Return comparable plain data; identifiers are replaced by their places."""
        names = {one.id: f"cancellation-{at}" for at, one in enumerate(self.cancellations, 1)}
        names |= {one.id: f"entry-{at}" for at, one in enumerate(self.history, 1)}
        names |= {one.id: f"row-{at}" for at, one in enumerate(self.outbox, 1)}
        return {one.name: _plain(getattr(self, one.name), names) for one in fields(type(self))}

    def without_refusals(self) -> Stored:
        """Return the same without the history of refused commands."""
        return evolve(self, history=tuple(entry for entry in self.history if entry.accepted))

    def before(self, entries: int) -> Stored:
        """Return the same with only so many entries of the history."""
        return evolve(self, history=self.history[:entries])


def _plain(value: object, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return "".join(names.get(part, part) for part in re.split(r"([:.])", value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_plain(key, names): _plain(one, names) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one, names) for one in value]
    if value is None or isinstance(value, int | float):
        return value
    cls: type[Any] = type(value)
    if has(cls):
        return {one.name: _plain(getattr(value, one.name), names) for one in fields(cls)}
    return f"a {type(value).__name__}"


def broken_by(
    stored: Stored, *, foreign: Set[str] = frozenset(), sound: bool = True
) -> list[Broken]:
    """Judge what is stored on its own, without knowing how it came about.

    Args:
        stored: everything.
        foreign: customers whose status the host itself has changed: it is not judged.
        sound: whether to look at the types of all that is stored, too.
    """
    found = [
        *(_sound(stored) if sound else ()),
        *_once(stored),
        *_ledgers(stored),
        *_outbox(stored),
    ]
    for customer in stored.customers.values():
        mine = [one for one in stored.cancellations if one.customer == customer.id]
        if customer.id not in foreign:
            found.extend(_status(customer, mine[-1] if mine else None))
    for record in stored.cancellations:
        found.extend(_story(record, [e for e in stored.history if e.cancellation == record.id]))
    return found


def _sound(stored: Stored) -> Iterator[Broken]:
    """What is stored must be of the declared types: the strict converter reads it back equal."""
    rows: list[Any] = [*stored.cancellations, *stored.history, *stored.operations, *stored.outbox]
    for one in rows:
        name = type(one).__name__
        try:
            same = load(type(one), dump(one), "document") == one
        except Exception as error:  # noqa: BLE001 - whatever it is: it cannot be stored
            yield Broken("I9", f"a stored {name} is not sound: {error}")
        else:
            if not same:
                yield Broken("I9", f"a stored {name} reads back as another one")


def _once(stored: Stored) -> Iterator[Broken]:
    opened = Counter(one.customer for one in stored.cancellations if one.state is State.PENDING)
    for customer, count in opened.items():
        if count > 1:
            yield Broken("I3", f"{customer} has {count} open cancellations")
    processed = Counter(
        e.cancellation for e in stored.history if e.accepted and e.verb is Verb.PROCESS
    )
    for cancellation, count in processed.items():
        if count > 1:
            yield Broken("I3", f"{cancellation} became Cancelled {count} times")


def _ledgers(stored: Stored) -> Iterator[Broken]:
    """Each accepted command has one entry in the history and one operation."""
    entries = Counter((e.customer, e.verb, e.op) for e in stored.history if e.accepted)
    operations = Counter((o.customer, o.verb, o.op) for o in stored.operations)
    if entries != operations:
        only = [f"{v.value} {op}" for _, v, op in (entries - operations) + (operations - entries)]
        yield Broken("I4", f"history and operations differ in: {', '.join(only)}")
    ids = Counter(entry.id for entry in stored.history)
    for twice in (key for key, count in ids.items() if count > 1):
        yield Broken("I8", f"two history entries have the id {twice}")
    for entry in stored.history:
        if entry.at.utcoffset() != timedelta(0) or entry.at.tzinfo is not UTC:
            yield Broken("I8", f"the time of entry {entry.id} is not in UTC")
        if entry.accepted == bool(entry.refusals):
            yield Broken("I8", f"entry {entry.id} is neither accepted nor refused with a reason")


def _outbox(stored: Stored) -> Iterator[Broken]:
    """Each recipient of an accepted Process has one row, and nobody else has any."""
    wanted = Counter(
        f"{o.outcome.cancellation}:processed:{person.id}"
        for o in stored.operations
        for person in o.outcome.notified
    )
    there = Counter(row.notification.key for row in stored.outbox)
    if wanted != there:
        yield Broken("I4", f"outbox rows {sorted(there)}, but notified were {sorted(wanted)}")


def _status(customer: Customer, record: CancellationRecord | None) -> Iterator[Broken]:
    """The status of a customer is what its last cancellation says."""
    status = customer.status
    if status is None:
        return
    if record is None:
        if status.pending or status.cancelled:
            yield Broken("I4", f"{customer.id} is {status.label} without a cancellation")
    elif record.state is State.PENDING:
        if record.former is None or status != evolve(record.former, pending=True):
            yield Broken("I4", f"{customer.id} is {_shown(status)} while a cancellation is open")
    elif record.state is State.CANCELLED:
        if not status.cancelled or status.pending:
            yield Broken("I4", f"{customer.id} is {_shown(status)} after Process")
    elif status != record.former:
        yield Broken("I6", f"{customer.id} is {_shown(status)} after Remove")


def _shown(status: Status) -> str:
    return status.label + (" (PC)" if status.pending else "")


def _story(record: CancellationRecord, entries: list[HistoryEntry]) -> Iterator[Broken]:
    """A cancellation is what its history tells: the history replays to the same state."""
    verbs = [entry.verb for entry in entries if entry.accepted]
    ends = {Verb.PROCESS: State.CANCELLED, Verb.REMOVE: State.LIVE}
    state = next((ends[verb] for verb in verbs if verb in ends), State.PENDING)
    if record.state is not state:
        yield Broken("I4", f"{record.id} is {record.state.value}; its history says {state.value}")
    version = 1 + sum(1 for verb in verbs if verb is not Verb.BEGIN)
    if record.version != version:
        yield Broken("I4", f"{record.id} has version {record.version}; its history {version}")
    if Verb.BEGIN not in verbs:
        yield Broken("I4", f"{record.id} was never begun")
    done = [message for entry in entries if entry.accepted for message in entry.done]
    if [one.message for one in record.performed] != done:
        yield Broken("I4", f"{record.id} performed something else than its history says")
    if (record.ended is None) != (record.state is State.PENDING):
        yield Broken("I4", f"{record.id} is {record.state.value} and ended {record.ended}")

"""Everything visible that is stored, as one value: to compare, and to judge for broken promises."""

from __future__ import annotations

import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from attrs import define, evolve, field, fields, frozen, has

from cancelkit.messages import Message
from cancelkit.people import Customer, Person, Status
from cancelkit.records import CancellationRecord, HistoryEntry, Operation, OutboxRow, State, Verb
from cancelkit.serial import dump, load

TOLD = (Person("boss", "Boss"), Person("carol", "Carol"))
"""Who is told of a Process."""
BOSS, CAROL = TOLD
TOLD_OF: Mapping[str, tuple[Person, ...]] = {
    "begun": (CAROL,),
    "removed": (CAROL,),
    "scheduled": (BOSS,),
    "blocked": TOLD,
    "processed": TOLD,
    "reinstated": (CAROL,),
}
"""Who is told of which event."""


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

    def plain(self) -> dict[str, str]:
        """Return comparable text for each table; made identifiers are replaced by their places."""
        names = {one.id: f"cancellation-{at}" for at, one in enumerate(self.cancellations, 1)}
        names |= {one.id: f"entry-{at}" for at, one in enumerate(self.history, 1)}
        names |= {one.id: f"row-{at}" for at, one in enumerate(self.outbox, 1)}
        made = (one.op for one in self.history if one.behalf is not None)
        names |= {op: f"due-{at}" for at, op in enumerate(made, 1)}
        tables = {one.name: getattr(self, one.name) for one in fields(type(self))}
        tables["customers"] = [one for _, one in sorted(self.customers.items())]
        return {
            table: _MADE.sub(lambda m: names.get(m[0], m[0]), "\n".join(map(_text, rows)))
            for table, rows in tables.items()
        }

    def same_as(self, other: Stored) -> bool:
        """Say whether nothing at all was written between the two."""
        mine = (*self.customers.values(), *self._rows())
        theirs = (*other.customers.values(), *other._rows())
        return len(mine) == len(theirs) and all(map(operator.is_, mine, theirs))

    def _rows(self) -> tuple[Any, ...]:
        return (*self.cancellations, *self.history, *self.operations, *self.outbox)

    def without_refusals(self) -> Stored:
        """Return the same without the history of refused commands; but for blocked days."""
        kept = tuple(entry for entry in self.history if entry.accepted or entry.behalf)
        return evolve(self, history=kept)

    def before(self, entries: int) -> Stored:
        """Return the same with only so many entries of the history."""
        return evolve(self, history=self.history[:entries])


_MADE = re.compile(r"\bid-[0-9]+\b")
"""An identifier of `CountingIds`."""
_TEXTS: dict[int, tuple[object, str]] = {}
_SOUND: dict[int, tuple[object, str]] = {}


def _kept(kept: dict[int, tuple[object, str]], row: Any, make: Callable[[Any], str]) -> str:
    """Return what is made of a row. The same row is seen very often, and never changes."""
    found = kept.get(id(row))
    if found is None or found[0] is not row:
        if len(kept) > 5_000:
            kept.clear()
        found = kept[id(row)] = (row, make(row))
    return found[1]


def _text(row: object) -> str:
    """Return a row as text, with all that its equality and its repr leave out."""
    return _kept(_TEXTS, row, lambda one: json.dumps(_plain(one), sort_keys=True))


def _plain(value: object) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    cls: type[Any] = type(value)
    if has(cls):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(cls)}
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
            last = mine[-1] if mine else None
            ended = _replayed(last, stored).ended if last else None
            found.extend(_status(customer, last, ended))
    for record in stored.cancellations:
        found.extend(_story(record, stored))
    return found


def _sound(stored: Stored) -> Iterator[Broken]:
    """What is stored must be of the declared types: the strict converter reads it back equal."""
    for how in filter(None, (_kept(_SOUND, one, _unsound) for one in stored._rows())):
        yield Broken("I9", how)


def _unsound(row: Any) -> str:
    name = type(row).__name__
    try:
        same = load(type(row), dump(row), "document") == row
    except Exception as error:  # noqa: BLE001 - whatever it is: it cannot be stored
        return f"a stored {name} is not sound: {error}"
    return "" if same else f"a stored {name} reads back as another one"


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
    """Each accepted command has one entry in the history and one operation.

    To schedule is to be asked for a Process, and to do something else.
    """
    asked = {Verb.SCHEDULE: Verb.PROCESS}
    entries = Counter(
        (e.customer, asked.get(e.verb, e.verb), e.op) for e in stored.history if e.accepted
    )
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
    """Everybody who is to be told of an event has one row for it, and nobody else has any.

    What happened is taken from the history alone.
    """
    wanted = Counter(key for one in stored.cancellations for key in _replayed(one, stored).keys)
    there = Counter(row.notification.key for row in stored.outbox)
    if wanted != there:
        more, fewer = sorted((there - wanted).elements()), sorted((wanted - there).elements())
        yield Broken("I4", f"outbox: missing {fewer}, and nobody asked for {more}")
    answered = sum(len(operation.outcome.notified) for operation in stored.operations)
    named = sum(1 for row in stored.outbox if row.notification.event != "blocked")
    if wanted == there and answered != named:
        yield Broken("I4", f"{answered} are said to be told, and {named} rows are there")


def _status(
    customer: Customer, record: CancellationRecord | None, ended: Verb | None
) -> Iterator[Broken]:
    """The status of a customer is what its last cancellation says.

    One that was ended as it was is not ours to judge.
    """
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
    elif ended is not Verb.END and status != record.former:
        yield Broken("I6", f"{customer.id} is {_shown(status)} after Remove or Reinstate")


def _shown(status: Status) -> str:
    return status.label + (" (PC)" if status.pending else "")


@define
class _Replay:
    """A cancellation as its history alone tells it."""

    state: State = State.PENDING
    version: int = 0
    begun: bool = False
    ended: Verb | None = None
    reinstated: bool = False
    schedule: tuple[date | None, date | None, str] | None = None  # on, due, whose authority
    effective: date | None = None
    entered: set[str] = field(factory=set)
    overrides: dict[str, str] = field(factory=dict)
    done: list[Message] = field(factory=list)
    keys: list[str] = field(factory=list)  # of the notifications that there must be
    broken: list[Broken] = field(factory=list)

    def tell(self, record: CancellationRecord, event: str) -> None:
        told = (person.id for person in TOLD_OF[event])
        self.keys += [f"{record.id}:{self.version}:{event}:{person}" for person in told]


def _replayed(record: CancellationRecord, stored: Stored) -> _Replay:
    replay = _Replay()
    for entry in stored.history:
        if entry.cancellation != record.id:
            continue
        if entry.accepted:
            _replay_accepted(replay, record, entry)
        elif entry.behalf is not None:
            _replay_blocked(replay, record, entry)
    return replay


_ENDS = {
    Verb.PROCESS: State.CANCELLED,
    Verb.REMOVE: State.LIVE,
    Verb.END: State.LIVE,
    Verb.REINSTATE: State.LIVE,
}
_EVENTS = {
    Verb.BEGIN: "begun",
    Verb.SCHEDULE: "scheduled",
    Verb.PROCESS: "processed",
    Verb.REMOVE: "removed",
    Verb.END: "removed",
    Verb.REINSTATE: "reinstated",
}


def _replay_accepted(replay: _Replay, record: CancellationRecord, entry: HistoryEntry) -> None:
    verb = entry.verb
    from_there = State.CANCELLED if verb is Verb.REINSTATE else State.PENDING
    if replay.state is not from_there:
        how = f"{record.id}: {verb.value} was accepted while {replay.state.value}"
        replay.broken.append(Broken("I3", how))
    if verb is Verb.BEGIN and replay.begun:
        return
    replay.begun |= verb is Verb.BEGIN
    replay.version += 1
    replay.done += [message for message in entry.done if message.key.startswith("effect.")]
    if verb in (Verb.SCHEDULE, Verb.PROCESS):
        _replay_dated(replay, record, entry)
    elif verb is Verb.ENTER:
        replay.entered.add(entry.section)
    elif verb is Verb.OVERRIDE and entry.note:
        replay.overrides[entry.section] = entry.note
    elif verb is Verb.OVERRIDE:
        replay.overrides.pop(entry.section, None)
    replay.reinstated |= verb is Verb.REINSTATE
    if verb in _ENDS:
        replay.state, replay.schedule = _ENDS[verb], None
        replay.ended = verb
    if verb in _EVENTS:
        replay.tell(record, _EVENTS[verb])


def _replay_dated(replay: _Replay, record: CancellationRecord, entry: HistoryEntry) -> None:
    if entry.verb is Verb.PROCESS:
        replay.broken += [*_on_its_day(replay, record, entry), *_judged(replay, record, entry)]
        replay.effective = entry.on
        return
    replay.schedule = (entry.on, entry.on, entry.actor.id)
    if entry.on is None or entry.on <= entry.today:
        replay.broken.append(Broken("I7", f"{record.id} was scheduled for {entry.on}"))


def _replay_blocked(replay: _Replay, record: CancellationRecord, entry: HistoryEntry) -> None:
    """A day on which a scheduled Process was refused: tried on the next one, and told."""
    replay.broken += _on_its_day(replay, record, entry)
    replay.version += 1
    if replay.schedule is not None:
        on, _, by = replay.schedule
        replay.schedule = (on, entry.today + timedelta(days=1), by)
    replay.tell(record, "blocked")


def _on_its_day(
    replay: _Replay, record: CancellationRecord, entry: HistoryEntry
) -> Iterator[Broken]:
    """A Process is of today or back-dated; a scheduled one is on or after its day, as confirmed."""
    if entry.on is None or entry.on > entry.today:
        yield Broken("I7", f"{record.id} was processed on {entry.today} for {entry.on}")
    if entry.behalf is None:
        return
    if replay.schedule is None:
        yield Broken("I7", f"{record.id} was tried on a schedule that is not there")
        return
    on, due, by = replay.schedule
    if entry.behalf.id != by or entry.on != on or due is None or due > entry.today:
        yield Broken("I7", f"{record.id} was tried for {entry.on} by {entry.behalf.id}")


def _judged(replay: _Replay, record: CancellationRecord, entry: HistoryEntry) -> Iterator[Broken]:
    """What blocks was green at Process, or overridden; and nothing was unknown."""
    used = {m["section"] for m in entry.done if m.key == "override.used"}
    if used - replay.overrides.keys():
        yield Broken("I7", f"{record.id} used overrides that nobody made: {sorted(map(str, used))}")
    for section, gate in record.gates.items():
        light = entry.lights.get(section, "missing")
        if light not in ("green", "red"):
            yield Broken("I9", f"{record.id} was processed with {section} {light}")
        elif gate == "blocks" and light == "red" and section not in used:
            yield Broken("I1", f"{record.id} was processed over {section}")


def _story(record: CancellationRecord, stored: Stored) -> Iterator[Broken]:
    """A cancellation is what its history tells: the history replays to the same."""
    replay = _replayed(record, stored)
    yield from replay.broken
    if not replay.begun:
        yield Broken("I4", f"{record.id} was never begun")
    schedule, undone = record.schedule, record.state is State.PENDING
    kept = (schedule.on, schedule.due, schedule.stamp.by.id) if schedule else None
    pairs: dict[str, tuple[object, object]] = {
        "state": (replay.state, record.state),
        "version": (replay.version, record.version),
        "schedule": (replay.schedule, kept),
        "effective date": (replay.effective, record.effective),
        "entries": (replay.entered, {entry.section for entry in record.entries}),
        "overrides": (replay.overrides, {one.section: one.reason for one in record.overrides}),
        "effects": (replay.done, [one.message for one in record.performed]),
        "end": (undone, record.ended is None),
        "reinstating": (replay.reinstated, record.reinstated is not None),
    }
    for what, (told, found) in pairs.items():
        if told != found:
            yield Broken("I4", f"{record.id}: the {what} is {found}; its history says {told}")

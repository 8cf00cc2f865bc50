"""advance: the cancellation as it is after an accepted command. Pure, like the decision."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from attrs import evolve

from cancelkit.checklist import Checklist
from cancelkit.decide import Seen
from cancelkit.lifecycle import TABLE
from cancelkit.people import Status
from cancelkit.records import CancellationRecord, Entry, Override, Performed, Schedule, State, Verb
from cancelkit.registration import version_of


def begun(key: str, checklist: Checklist, seen: Seen) -> CancellationRecord:
    """Return a new cancellation: the status as it was, and a copy of the checklist's rules."""
    customer = seen.customer
    return CancellationRecord(
        id=key,
        tenant=customer.tenant,
        customer=customer.id,
        name=customer.name,
        state=State.PENDING,
        version=1,
        gates=checklist.copied,
        former=customer.status,
        begun=seen.stamp,
        profile=seen.ask.profile,
        required=checklist.required,
    )


def advanced(
    record: CancellationRecord, seen: Seen, verb: Verb, done: tuple[Performed, ...]
) -> CancellationRecord:
    """Return the next version of a cancellation, after the move `verb`."""
    ask, key, stamp = seen.ask, seen.ask.section, seen.stamp
    to, performed = TABLE[seen.state, verb], (*record.performed, *done)
    record = evolve(record, version=record.version + 1, state=to, performed=performed)
    match verb:
        case Verb.ENTER:
            names = {user.id: user.name for user in seen.users.values()}
            version = version_of(type(ask.form))
            entry = Entry(key, version, ask.data or {}, record.version, stamp, names)
            return evolve(record, entries=(*_others(record.entries, key), entry))
        case Verb.OVERRIDE:
            over = () if ask.take_back else (_override(seen, key),)
            return evolve(record, overrides=(*_others(record.overrides, key), *over))
        case Verb.SCHEDULE:
            on = seen.on or seen.today
            return evolve(record, schedule=Schedule(on, on, stamp))
        case Verb.ADOPT:
            return evolve(record, former=_adopted(seen))
        case Verb.REMOVE | Verb.END:
            return evolve(record, ended=stamp, schedule=None)
        case Verb.PROCESS:
            return evolve(record, ended=stamp, schedule=None, effective=effective(seen, verb))
        case Verb.REINSTATE:
            return evolve(record, reinstated=stamp)
        case _:
            return record


S = TypeVar("S", Entry, Override)


def _others(those: tuple[S, ...], section: str) -> tuple[S, ...]:
    return tuple(one for one in those if one.section != section)


def _override(seen: Seen, key: str) -> Override:
    said = next(state.message for section, state in seen.judged.pairs if section.key == key)
    return Override(key, said, seen.open_ids, seen.ask.note, seen.stamp)


def _adopted(seen: Seen) -> Status | None:
    """Return the status to put back later: what the CRM says now, without a mark of pending."""
    status = seen.customer.status
    return evolve(status, pending=False) if status is not None and status.pending else status


def effective(seen: Seen, verb: Verb) -> date | None:
    """Return the effective date of a Process, today where none was given; else None."""
    return (seen.on or seen.today) if verb in (Verb.SCHEDULE, Verb.PROCESS) else None

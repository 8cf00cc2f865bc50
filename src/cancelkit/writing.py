"""write: an accepted decision becomes effects, status, cancellation, history, operation, outbox.

Dull on purpose: everything was decided before. A write that finds something else than was read
under the lock raises `Conflict`, and the whole command runs again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from cancelkit import reading
from cancelkit.decide import Ask, Decision, Seen
from cancelkit.errors import AdapterContractError, Conflict
from cancelkit.lifecycle import while_pending
from cancelkit.people import Status
from cancelkit.plan import Planned, revision_of
from cancelkit.ports import Unit
from cancelkit.records import (
    CancellationRecord,
    Delivery,
    Entry,
    HistoryEntry,
    Notification,
    Operation,
    OutboxRow,
    Outcome,
    Performed,
    Stamp,
    State,
    Verb,
)
from cancelkit.serial import to_data

if TYPE_CHECKING:
    from cancelkit.desk import Desk


def refusal(desk: Desk, unit: Unit, ask: Ask, seen: Seen, decision: Decision) -> HistoryEntry:
    """Record a refused command; nothing else is written."""
    entry = _history(desk, ask, seen, decision, seen.record)
    unit.history.append(entry)
    return entry


def write(desk: Desk, unit: Unit, ask: Ask, seen: Seen, decision: Decision) -> Outcome:
    """Carry out an accepted decision, or raise `Conflict`: then nothing of it may stay."""
    if unit.status is not None and seen.customer.status is None:
        raise AdapterContractError(
            f"CustomerRepo returned customer {ask.customer_id!r} without a status, but the host "
            "has a StatusMirror: give both, or neither."
        )
    if unit.status is None:  # nothing is mirrored: the CRM's status is not ours to remember
        seen = evolve(seen, customer=evolve(seen.customer, status=None))
    stamp = Stamp(desk.actor, seen.at)
    done = tuple(_perform(unit, seen, planned, stamp) for planned in decision.effects)
    record = _next_record(desk, ask, seen, decision.to or seen.state, done, stamp)
    if record is not seen.record:
        _mirror(unit, ask.verb, seen, record.former)
        _store(unit, seen.record, record)
    unit.history.append(_history(desk, ask, seen, decision, record))
    outcome = Outcome(
        op=ask.op,
        verb=ask.verb,
        customer=seen.customer.id,
        cancellation=record.id,
        now=record.state,
        at=seen.at,
        done=done,
        stays=seen.stays,
        notified=seen.told,
        state="staged" if desk.host.joined else "done",
    )
    used = Operation(record.tenant, record.customer, ask.verb, ask.op, ask.digest, outcome)
    unit.operations.add(used)
    if outcome.notified:
        unit.outbox.add(_outbox(desk, seen, record, outcome))
    return outcome


def _perform(unit: Unit, seen: Seen, planned: Planned, stamp: Stamp) -> Performed:
    """Carry out an effect; it must find what it expects."""
    section, effect = planned
    matched = unit.performers[type(effect)].perform(effect, seen.customer)
    if not _answer(matched, f"The performer of {type(effect).__name__}"):
        raise Conflict(f"{type(effect).__name__} did not find what it expects.")
    revision = revision_of(seen.record, section) if seen.record else 0
    return Performed(section, effect.kind, to_data(effect), effect.message(), revision, stamp)


def _next_record(
    desk: Desk, ask: Ask, seen: Seen, to: State, done: tuple[Performed, ...], stamp: Stamp
) -> CancellationRecord:
    """Return the cancellation as it is afterwards; the same object where nothing changes."""
    record = seen.record
    if record is None or seen.state is not State.PENDING:
        return _begun(desk, seen, stamp)
    if ask.verb is Verb.BEGIN:
        return record
    version = record.version + 1
    if ask.verb is Verb.ENTER:
        entry = Entry(
            ask.section, reading.version_of(type(ask.form)), ask.data or {}, version, stamp
        )
        others = tuple(e for e in record.entries if e.section != entry.section)
        return evolve(record, version=version, entries=(*others, entry))
    ended = None if to is State.PENDING else stamp
    performed = (*record.performed, *done)
    return evolve(record, version=version, state=to, ended=ended, performed=performed)


def _begun(desk: Desk, seen: Seen, stamp: Stamp) -> CancellationRecord:
    return CancellationRecord(
        id=reading.new_id(desk),
        tenant=desk.host.tenant,
        customer=seen.customer.id,
        name=seen.customer.name,
        state=State.PENDING,
        version=1,
        gates=desk.kit.checklist.copied,
        former=seen.customer.status,
        begun=stamp,
    )


def _store(unit: Unit, old: CancellationRecord | None, new: CancellationRecord) -> None:
    if old is None or old.id != new.id:
        unit.cancellations.add(new)
    elif not _answer(unit.cancellations.save(new, old.version), "Cancellations.save"):
        raise Conflict(f"The cancellation {new.id!r} was changed by somebody else.")


def _mirror(unit: Unit, verb: Verb, seen: Seen, former: Status | None) -> None:
    """Mirror the move into the customer's own status, where the host has one."""
    pending, mirror, customer = while_pending(former), unit.status, seen.customer.id
    if mirror is None or former is None or pending is None:
        return
    matched: object = True
    if verb is Verb.BEGIN:
        matched = mirror.mark_pending(customer, former)
    elif verb is Verb.REMOVE:
        matched = mirror.restore(customer, pending, former)
    elif verb is Verb.PROCESS:
        matched = mirror.mark_cancelled(customer, pending)
    if not _answer(matched, f"StatusMirror, for {verb.value},"):
        raise Conflict(f"The status of customer {customer!r} was changed by somebody else.")


def _answer(matched: object, who: str) -> bool:
    """Return whether a write found what it expected; only True and False are answers."""
    if not isinstance(matched, bool):
        found = type(matched).__name__
        raise AdapterContractError(f"{who} returned {found}; expected True or False.")
    return matched


def _history(
    desk: Desk, ask: Ask, seen: Seen, decision: Decision, record: CancellationRecord | None
) -> HistoryEntry:
    return HistoryEntry(
        id=reading.new_id(desk),
        tenant=desk.host.tenant,
        customer=seen.customer.id,
        name=seen.customer.name,
        cancellation=record.id if record else "",
        verb=ask.verb,
        accepted=decision.to is not None,
        actor=desk.actor,
        at=seen.at,
        today=seen.today,
        op=ask.op,
        token=str(ask.token or ""),
        section=ask.section,
        refusals=decision.refusals,
        lights=seen.judged.lights if seen.judged else {},
        done=tuple(planned.effect.message() for planned in decision.effects),
    )


def _outbox(
    desk: Desk, seen: Seen, record: CancellationRecord, outcome: Outcome
) -> list[OutboxRow]:
    """Make one row for each recipient; the key is the same however often it is sent."""
    rows, entry = [], record.entry("reasons")
    link = reading.link(desk.kit.links.customer(seen.customer)) if desk.kit.links else None
    for person in outcome.notified:
        told = Notification(
            key=f"{record.id}:processed:{person.id}",
            event="processed",
            tenant=record.tenant,
            customer=record.customer,
            name=seen.customer.name,
            cancellation=record.id,
            recipient=person,
            actor=desk.actor,
            at=seen.at,
            reasons=entry.data if entry else {},
            link=link,
        )
        rows.append(OutboxRow(reading.new_id(desk), told, Delivery.WAITING, seen.at))
    return rows

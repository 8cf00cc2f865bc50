"""write: an accepted decision becomes effects, status, cancellation, history, operation, outbox.

Dull on purpose: everything was decided before. A write that finds something else than was read
under the lock raises `Conflict`, and the whole command runs again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from cancelkit.decide import Decision, Seen
from cancelkit.errors import Conflict
from cancelkit.lifecycle import while_pending
from cancelkit.orders import Order
from cancelkit.plan import revision_of
from cancelkit.ports import StatusMirror, Unit
from cancelkit.reading import version_of
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


def refusal(desk: Desk, unit: Unit, given: Order, seen: Seen, decision: Decision) -> HistoryEntry:
    """Record a refused command; nothing else is written."""
    entry = _history(desk, given, seen, decision, seen.record.id if seen.record else "")
    unit.history.append(entry)
    return entry


def write(desk: Desk, unit: Unit, given: Order, seen: Seen, decision: Decision) -> Outcome:
    """Carry out an accepted decision.

    Raises:
        Conflict: something is not as it was read; nothing of this command may stay.
    """
    stamp = Stamp(desk.actor, seen.at)
    done = _perform(unit, given, seen, decision, stamp)
    record = _next_record(desk, given, seen, decision, done, stamp)
    if seen.record is None or record.id != seen.record.id:
        _mirror(unit, given.ask.verb, seen, record)
        unit.cancellations.add(record)
    elif record is not seen.record:
        _mirror(unit, given.ask.verb, seen, record)
        if not unit.cancellations.save(record, seen.record.version):
            raise Conflict(f"The cancellation {record.id!r} was changed by somebody else.")
    unit.history.append(_history(desk, given, seen, decision, record.id))
    outcome = Outcome(
        op=given.op,
        verb=given.ask.verb,
        customer=seen.customer.id,
        cancellation=record.id,
        now=record.state,
        at=seen.at,
        done=done,
        stays=seen.stays,
        notified=seen.told,
        state="staged" if desk.host.joined else "done",
    )
    unit.operations.add(
        Operation(
            desk.host.tenant, seen.customer.id, given.ask.verb, given.op, given.digest, outcome
        )
    )
    if outcome.notified:
        unit.outbox.add(_outbox(desk, seen, record, outcome))
    return outcome


def _perform(
    unit: Unit, given: Order, seen: Seen, decision: Decision, stamp: Stamp
) -> tuple[Performed, ...]:
    """Carry out the effects, in order; each must find what it expects."""
    done: list[Performed] = []
    for planned in decision.effects:
        effect = planned.effect
        if unit.performers[type(effect)].perform(effect, seen.customer) is not True:
            raise Conflict(f"{type(effect).__name__} did not find what it expects.")
        revision = revision_of(seen.record, planned.section) if seen.record else 0
        done.append(
            Performed(
                planned.section, effect.kind, to_data(effect), effect.message(), revision, stamp
            )
        )
    return tuple(done)


def _next_record(
    desk: Desk,
    given: Order,
    seen: Seen,
    decision: Decision,
    done: tuple[Performed, ...],
    stamp: Stamp,
) -> CancellationRecord:
    """Return the cancellation as it is afterwards; the same object where nothing changes."""
    record, verb = seen.record, given.ask.verb
    assert decision.to is not None  # noqa: S101 - only an accepted decision is written
    if verb is Verb.BEGIN:
        opened = record is not None and seen.state is State.PENDING
        return record if record is not None and opened else _begun(desk, seen, stamp)
    assert record is not None  # noqa: S101 - the lifecycle has no other move without one
    version = record.version + 1
    if verb is Verb.ENTER:
        entry = Entry(
            given.ask.section, version_of(type(given.form)), given.data or {}, version, stamp
        )
        others = tuple(e for e in record.entries if e.section != entry.section)
        return evolve(record, version=version, entries=(*others, entry))
    ended = None if decision.to is State.PENDING else stamp
    performed = (*record.performed, *done)
    return evolve(record, version=version, state=decision.to, ended=ended, performed=performed)


def _begun(desk: Desk, seen: Seen, stamp: Stamp) -> CancellationRecord:
    gates = desk.kit.checklist.gates
    return CancellationRecord(
        id=desk.host.ids.new(),
        tenant=desk.host.tenant,
        customer=seen.customer.id,
        name=seen.customer.name,
        state=State.PENDING,
        version=1,
        gates={key: gate.value for key, gate in gates.items()},
        former=seen.customer.status,
        begun=stamp,
    )


def _mirror(unit: Unit, verb: Verb, seen: Seen, record: CancellationRecord) -> None:
    """Mirror the move into the customer's own status, where the host has one."""
    status, mirror = seen.customer.status, unit.status
    if mirror is None or status is None or record.former is None:
        return
    if not _mirrored(mirror, verb, seen.customer.id, record):
        raise Conflict(f"The status of customer {record.customer!r} was changed by somebody else.")


def _mirrored(
    mirror: StatusMirror, verb: Verb, customer_id: str, record: CancellationRecord
) -> bool:
    former = record.former
    pending = while_pending(former)
    assert former is not None and pending is not None  # noqa: S101, PT018 - the caller has looked
    if verb is Verb.BEGIN:
        return mirror.mark_pending(customer_id, former) is True
    if verb is Verb.REMOVE:
        return mirror.restore(customer_id, pending, former) is True
    if verb is Verb.PROCESS:
        return mirror.mark_cancelled(customer_id, pending) is True
    return True


def _history(
    desk: Desk, given: Order, seen: Seen, decision: Decision, cancellation: str
) -> HistoryEntry:
    return HistoryEntry(
        id=desk.host.ids.new(),
        tenant=desk.host.tenant,
        customer=seen.customer.id,
        name=seen.customer.name,
        cancellation=cancellation,
        verb=given.ask.verb,
        accepted=decision.to is not None,
        actor=desk.actor,
        at=seen.at,
        today=seen.today,
        op=given.op,
        token=str(given.ask.token or ""),
        section=given.ask.section,
        refusals=decision.refusals,
        lights=seen.judged.lights if seen.judged else {},
        done=tuple(planned.effect.message() for planned in decision.effects),
    )


def _outbox(
    desk: Desk, seen: Seen, record: CancellationRecord, outcome: Outcome
) -> tuple[OutboxRow, ...]:
    """Make one row for each recipient; the key is the same however often it is sent."""
    reasons = record.entry("reasons")
    link = desk.kit.links.customer(seen.customer) if desk.kit.links else None
    return tuple(
        OutboxRow(
            desk.host.ids.new(),
            Notification(
                key=f"{record.id}:processed:{person.id}",
                event="processed",
                tenant=record.tenant,
                customer=record.customer,
                name=seen.customer.name,
                cancellation=record.id,
                recipient=person,
                actor=desk.actor,
                at=seen.at,
                reasons=reasons.data if reasons else {},
                link=link,
            ),
            Delivery.WAITING,
            seen.at,
        )
        for person in outcome.notified
    )

"""write: an accepted decision becomes effects, status, cancellation, history, operation, outbox.

Dull on purpose: everything was decided before. A write that finds something else than was read
under the lock raises `Conflict`, and the whole command runs again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve

from cancelkit.advance import advanced, begun, effective
from cancelkit.asking import new_id
from cancelkit.decide import Decision, Seen
from cancelkit.effects import Expecting
from cancelkit.errors import AdapterContractError, Conflict
from cancelkit.lifecycle import actual_status, state_of, while_pending
from cancelkit.messages import Message
from cancelkit.people import Person, Status
from cancelkit.plan import Planned, revision_of
from cancelkit.ports import Unit
from cancelkit.records import (
    CancellationRecord,
    HistoryEntry,
    Operation,
    Outcome,
    Performed,
    State,
    Verb,
)
from cancelkit.serial import to_data
from cancelkit.telling import EVENT, tell

if TYPE_CHECKING:
    from cancelkit.desk import Desk


def refusal(desk: Desk, unit: Unit, seen: Seen, decision: Decision) -> HistoryEntry:
    """Record a refused command. On the day of a scheduled Process, people are told as well."""
    entry = _history(desk, seen, decision, seen.record)
    unit.history.append(entry)
    if seen.record is not None and seen.scheduled is not None:
        tomorrow = evolve(seen.scheduled, due=seen.today + timedelta(days=1))
        record = evolve(seen.record, version=seen.record.version + 1, schedule=tomorrow)
        _store(unit, seen.record, record)
        tell(desk, unit, seen, record, "blocked", blocked=entry.refusals)
    return entry


def write(desk: Desk, unit: Unit, seen: Seen, decision: Decision) -> Outcome:
    """Carry out an accepted decision, or raise `Conflict`: then nothing of it may stay."""
    ours = seen
    if unit.status is None:  # nothing is mirrored: the CRM's status is not ours to remember
        ours = evolve(seen, customer=evolve(seen.customer, status=None))
    ask, verb = seen.ask, decision.verb
    done = _perform(unit, seen, decision.effects)
    record = _after(desk, ours, verb, done)
    told: tuple[Person, ...] = ()
    if record is not seen.record:
        _mirror(unit, verb, seen, record.former)
        _store(unit, seen.record, record)
        if verb in EVENT:
            key, lines = "ended" if verb is Verb.END else "", [one.message for one in done]
            told = tell(desk, unit, seen, record, EVENT[verb], key=key, lines=lines)
    unit.history.append(_history(desk, seen, decision, record))
    outcome = Outcome(
        op=ask.op,
        verb=verb,
        customer=seen.customer.id,
        cancellation=record.id,
        now=state_of(seen.customer, record) if verb is Verb.END else record.state,
        at=seen.at,
        on=effective(seen, verb),
        done=done,
        stays=seen.stays,
        notified=told,
        state="staged" if desk.host.joined else "done",
    )
    used = Operation(record.tenant, record.customer, ask.verb, ask.op, ask.digest, outcome)
    unit.operations.add(used)
    return outcome


def _perform(unit: Unit, seen: Seen, effects: tuple[Planned, ...]) -> tuple[Performed, ...]:
    """Carry out effects in order; each must find what it expects."""
    done, customer = [], seen.customer
    for section, effect in effects:
        matched = unit.performers[type(effect)].perform(effect, customer)
        if not _answer(matched, f"The performer of {type(effect).__name__}"):
            raise Conflict(f"{type(effect).__name__} did not find what it expects.")
        customer = effect.applied(customer) if isinstance(effect, Expecting) else customer
        revision = revision_of(seen.record, section) if seen.record else 0
        said = (to_data(effect), effect.message())
        done.append(Performed(section, effect.kind, *said, revision, seen.stamp))
    return tuple(done)


def _after(desk: Desk, seen: Seen, verb: Verb, done: tuple[Performed, ...]) -> CancellationRecord:
    """Return the cancellation as it is afterwards; the same object where nothing changes."""
    record = seen.record
    if record is None or seen.state is State.LIVE:
        return begun(new_id(desk), desk.kit.profile(seen.ask.profile), seen)
    return record if verb is Verb.BEGIN else advanced(record, seen, verb, done)


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
    now, matched = seen.customer.status, True
    match verb:
        case Verb.BEGIN:
            matched = mirror.mark_pending(customer, former)
        case Verb.ADOPT if now is not None and now.pending is False:
            matched = mirror.mark_pending(customer, now)
        case Verb.REMOVE:
            matched = mirror.restore(customer, pending, former)
        case Verb.REINSTATE if now is not None:
            matched = mirror.restore(customer, now, former)
        case Verb.PROCESS:
            matched = mirror.mark_cancelled(customer, pending)
        case _:
            return
    if not _answer(matched, f"StatusMirror, for {verb.value},"):
        raise Conflict(f"The status of customer {customer!r} was changed by somebody else.")


def _answer(matched: object, who: str) -> bool:
    """Return whether a write found what it expected; only True and False are answers."""
    if not isinstance(matched, bool):
        found = type(matched).__name__
        raise AdapterContractError(f"{who} returned {found}; expected True or False.")
    return matched


def _history(
    desk: Desk, seen: Seen, decision: Decision, record: CancellationRecord | None
) -> HistoryEntry:
    ask = seen.ask
    return HistoryEntry(
        id=new_id(desk),
        tenant=desk.host.tenant,
        customer=seen.customer.id,
        name=seen.customer.name,
        cancellation=record.id if record else "",
        verb=decision.verb,
        accepted=decision.to is not None,
        actor=desk.actor,
        at=seen.at,
        today=seen.today,
        op=ask.op,
        token=str(ask.token or ""),
        section=ask.section,
        behalf=seen.actor if seen.scheduled else None,
        on=effective(seen, decision.verb),
        note=ask.note,
        refusals=decision.refusals,
        lights=seen.judged.lights,
        done=_said(seen, decision),
    )


def _said(seen: Seen, decision: Decision) -> tuple[Message, ...]:
    """Return what was done beyond the move: the effects, and for Process the overrides used."""
    if decision.to is None:
        return ()
    verb, done = decision.verb, [planned.effect.message() for planned in decision.effects]
    if verb in (Verb.ADOPT, Verb.END):
        done.append(_drifted(seen, verb))
    if verb is Verb.BEGIN and seen.state is State.LIVE and seen.ask.profile:
        done.append(Message.of("begun.profile", profile=seen.ask.profile))
    if verb is Verb.PROCESS:
        for key, over in seen.judged.overridden.items():
            done.append(Message.of("override.used", section=key, by=over.stamp.by.name))
    return tuple(done)


def _drifted(seen: Seen, verb: Verb) -> Message:
    """Return what the history keeps of a drift: the status that was adopted, or left."""
    status = actual_status(seen.customer.status)
    if verb is Verb.END or seen.record is None:
        return Message.of("drift.left", status=status)
    return Message.of("drift.adopted", was=actual_status(seen.record.former), to=status)

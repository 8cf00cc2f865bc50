"""decide: may this command be done? A pure function over what was read; no I/O, no clock."""

from __future__ import annotations

from datetime import date, datetime

from attrs import frozen

from cancelkit.evaluate import Judged
from cancelkit.lifecycle import TABLE, drifted, moves, shown_status
from cancelkit.messages import Message, Refusal
from cancelkit.people import Customer, Person
from cancelkit.plan import Planned, Token, revision_of
from cancelkit.records import CancellationRecord, Performed, State, Verb
from cancelkit.section import Gate
from cancelkit.states import Light


@frozen
class Ask:
    """A command, as data.

    Attributes:
        verb: what is asked for.
        actor: by whom.
        token: what the command was based on, or None.
        section: the key of the section that it is about, or "".
        put_back: for Remove: undo what was performed.
    """

    verb: Verb
    actor: Person
    token: Token | None = None
    section: str = ""
    put_back: bool = False


@frozen(eq=False)
class Seen:
    """Everything that was read for a command, as values.

    Attributes:
        at: the instant of the command, in UTC.
        today: the day in the host's zone by which it is judged.
        state: where the customer stands.
        customer: as locked.
        record: the current cancellation, or None.
        allowed: whether the role checker answered the literal True.
        reused: the operation id, where it was used before with other arguments; else "".
        judged: the checklist, for commands that judge sections.
        effects: what the command would carry out.
        unable: why some of these effects cannot be carried out.
        stays: what was performed and stays so, for Remove.
        told: who would be notified, for Process.
        token: the token of the plan as it is now, for Process.
    """

    at: datetime
    today: date
    state: State
    customer: Customer
    record: CancellationRecord | None
    allowed: bool
    reused: str = ""
    judged: Judged | None = None
    effects: tuple[Planned, ...] = ()
    unable: tuple[Refusal, ...] = ()
    stays: tuple[Performed, ...] = ()
    told: tuple[Person, ...] = ()
    token: Token | None = None


@frozen
class Decision:
    """What is to happen.

    Attributes:
        to: the state afterwards; None where the command is refused.
        refusals: why it is refused; empty where it is accepted.
        effects: what is carried out.
    """

    to: State | None
    refusals: tuple[Refusal, ...] = ()
    effects: tuple[Planned, ...] = ()


def decide(ask: Ask, seen: Seen) -> Decision:
    """Decide a command: first authority, then the lifecycle, then what the verb itself demands."""
    if seen.reused:
        return _refused("operation_reused", op=seen.reused)
    if not seen.allowed:
        return _refused("not_allowed", actor=ask.actor.name, verb=ask.verb.value)
    to = TABLE.get((seen.state, ask.verb))
    if to is None:
        return Decision(None, (_wrong_state(ask.verb, seen),))
    if seen.record is not None and seen.state is State.PENDING:
        refusals = _in_the_way(ask, seen, seen.record)
        if refusals:
            return Decision(None, refusals)
    elif seen.customer.status is not None and seen.customer.status.pending:
        return _refused("already_pending", status=seen.customer.status.label)
    return Decision(to, (), seen.effects)


def _in_the_way(ask: Ask, seen: Seen, record: CancellationRecord) -> tuple[Refusal, ...]:
    """Return what stands in the way of a command on an open cancellation."""
    if ask.verb is Verb.BEGIN:
        return ()
    if ask.token is not None and ask.token.cancellation != record.id:
        return (_refusal("stale_token", verb=ask.verb.value),)
    if ask.verb is Verb.ENTER:
        return _newer_answer(ask, record)
    if drifted(seen.customer, record):
        return (_drift(seen),)
    if ask.verb is Verb.PERFORM_NOW and not seen.effects:
        return (_refusal("nothing_planned", section=ask.section),)
    if ask.verb is Verb.PROCESS:
        return _unconfirmed(ask, seen) or (*blocking(seen.judged), *seen.unable)
    return seen.unable


def blocking(judged: Judged | None) -> tuple[Refusal, ...]:
    """Return a refusal for each blocking section that is not green, in checklist order.

    Args:
        judged: the checklist; None is never green.
    """
    if judged is None:
        return (_refusal("blocked"),)
    gates = judged.checklist.gates
    return tuple(
        Refusal("blocked", state.message, section.key)
        for section, state in zip(judged.checklist.sections, judged.states, strict=True)
        if state.light is not Light.GREEN and gates[section.key] is Gate.BLOCKS
    )


def _unconfirmed(ask: Ask, seen: Seen) -> tuple[Refusal, ...]:
    if ask.token is None:
        return (_refusal("confirmation_missing"),)
    if seen.token is None or ask.token.digest != seen.token.digest:
        blocked = blocking(seen.judged)
        return (_refusal("stale_token", verb=ask.verb.value), *blocked)
    return ()


def _newer_answer(ask: Ask, record: CancellationRecord) -> tuple[Refusal, ...]:
    if ask.token is None or revision_of(record, ask.section) <= ask.token.version:
        return ()
    entry = record.entry(ask.section)
    by = entry.stamp.by.name if entry else ""
    return (Refusal("newer_answer", Message.of("refused.newer_answer", by=by), ask.section),)


def _wrong_state(verb: Verb, seen: Seen) -> Refusal:
    status = shown_status(seen.customer, seen.state)
    allowed = ", ".join(move.value for move in moves(seen.state)) or "none"
    record, values = seen.record, {"verb": verb.value, "status": status, "moves": allowed}
    if seen.state is not State.CANCELLED:
        return _refusal("not_pending", **values)
    if record is not None and record.state is State.CANCELLED and record.ended is not None:
        values |= {"by": record.ended.by.name, "at": f"{record.ended.at:%Y-%m-%d %H:%M} UTC"}
        return _refusal("already_cancelled", **values)
    return Refusal("already_cancelled", Message.of("refused.cancelled_elsewhere", **values))


def _drift(seen: Seen) -> Refusal:
    status = seen.customer.status
    return _refusal("drift", status=status.label if status else "-")


def _refusal(code: str, **values: str) -> Refusal:
    return Refusal(code, Message.of(f"refused.{code}", **values), values.get("section", ""))


def _refused(code: str, **values: str) -> Decision:
    return Decision(None, (_refusal(code, **values),))

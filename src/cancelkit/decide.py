"""decide: may this command be done? A pure function over what was read; no I/O, no clock."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from attrs import frozen

from cancelkit.evaluate import Judged
from cancelkit.lifecycle import TABLE, drifted, moves, shown_status
from cancelkit.messages import Message, Refusal
from cancelkit.people import Customer, Person
from cancelkit.plan import Planned, Token
from cancelkit.records import CancellationRecord, JsonObject, Performed, State, Verb
from cancelkit.section import Gate
from cancelkit.states import Light


class Ask(NamedTuple):
    """A command, as data: all that is known before anything is read."""

    verb: Verb
    actor: Person
    customer_id: str = ""
    op: str = ""  # the operation id
    digest: str = ""  # of the actor and the arguments: a repeat must have the same
    token: Token | None = None  # what it was based on
    section: str = ""  # the key of the section that it is about
    form: Any = None  # for Enter: what is entered
    data: JsonObject | None = None  # the same as JSON
    put_back: bool = False  # for Remove: undo what was performed


@frozen(eq=False)
class Seen:
    """Everything that was read for a command, as values."""

    at: datetime  # the instant of the command, in UTC
    today: date  # the day in the host's zone by which it is judged
    state: State
    customer: Customer
    record: CancellationRecord | None
    allowed: bool  # the role checker answered the literal True
    reused: str = ""  # the operation id, where it was used before with other arguments
    judged: Judged | None = None  # for commands that judge sections
    effects: tuple[Planned, ...] = ()  # what the command would carry out
    unable: tuple[Refusal, ...] = ()  # why some of these effects cannot be carried out
    stays: tuple[Performed, ...] = ()  # for Remove: what was performed and stays so
    told: tuple[Person, ...] = ()  # for Process: who would be notified
    token: Token | None = None  # of the plan as it is now, for Process


class Decision(NamedTuple):
    """What is to happen: the state afterwards, or None and the reasons of the refusal."""

    to: State | None
    refusals: tuple[Refusal, ...] = ()
    effects: tuple[Planned, ...] = ()


def decide(ask: Ask, seen: Seen) -> Decision:
    """Decide a command: first authority, then the lifecycle, then what the verb itself demands."""
    if seen.reused:
        return Decision(None, (_refusal("operation_reused", op=seen.reused),))
    if not seen.allowed:
        who = _refusal("not_allowed", actor=ask.actor.name, verb=ask.verb.value)
        return Decision(None, (who,))
    to = TABLE.get((seen.state, ask.verb))
    if to is None:
        return Decision(None, (_wrong_state(ask.verb, seen),))
    if seen.record is not None and seen.state is State.PENDING:
        refusals = _in_the_way(ask, seen, seen.record)
        return Decision(None, refusals) if refusals else Decision(to, (), seen.effects)
    status = seen.customer.status
    if status is not None and status.pending:
        return Decision(None, (_refusal("already_pending", status=status.label),))
    return Decision(to, (), seen.effects)


def blocking(judged: Judged) -> tuple[Refusal, ...]:
    """Return a refusal for each blocking section that is not green, in checklist order."""
    gates = judged.checklist.gates
    return tuple(
        [
            Refusal("blocked", state.message, section.key)
            for section, state in zip(judged.checklist.sections, judged.states, strict=True)
            if state.light is not Light.GREEN and gates[section.key] is Gate.BLOCKS
        ]
    )


def _in_the_way(ask: Ask, seen: Seen, record: CancellationRecord) -> tuple[Refusal, ...]:
    """Return what stands in the way of a command on an open cancellation."""
    if ask.verb is Verb.BEGIN:
        return ()
    if ask.token is not None and ask.token.cancellation != record.id:
        return (_refusal("stale_token"),)
    if ask.verb is Verb.ENTER:
        return _newer_answer(ask, record)
    if drifted(seen.customer, record):
        status = seen.customer.status
        return (_refusal("drift", status=status.label if status else "-"),)
    if ask.verb is Verb.PERFORM_NOW and not seen.effects:
        return (_refusal("nothing_planned", ask.section),)
    if ask.verb is Verb.PROCESS:
        return _not_processed(ask, seen)
    return seen.unable


def _not_processed(ask: Ask, seen: Seen) -> tuple[Refusal, ...]:
    if ask.token is None:
        return (_refusal("confirmation_missing"),)
    if seen.judged is None or seen.token is None:  # fail closed: nothing was judged
        return (_refusal("stale_token"),)
    blocked = blocking(seen.judged)
    if ask.token.digest != seen.token.digest:
        return (_refusal("stale_token"), *blocked)
    return (*blocked, *seen.unable)


def _newer_answer(ask: Ask, record: CancellationRecord) -> tuple[Refusal, ...]:
    entry = record.entry(ask.section)
    if ask.token is None or entry is None or entry.revision <= ask.token.version:
        return ()
    return (_refusal("newer_answer", ask.section, by=entry.stamp.by.name),)


def _wrong_state(verb: Verb, seen: Seen) -> Refusal:
    values = {
        "verb": verb.value,
        "status": shown_status(seen.customer, seen.state),
        "moves": ", ".join(move.value for move in moves(seen.state)) or "none",
    }
    if seen.state is not State.CANCELLED:
        return _refusal("not_pending", **values)
    record = seen.record
    if record is None or record.state is not State.CANCELLED or record.ended is None:
        return Refusal("already_cancelled", Message.of("refused.cancelled_elsewhere", **values))
    at = f"{record.ended.at:%Y-%m-%d %H:%M} UTC"
    return _refusal("already_cancelled", **values, by=record.ended.by.name, at=at)


def _refusal(code: str, section: str = "", /, **values: str) -> Refusal:
    return Refusal(code, Message.of(f"refused.{code}", **values), section)

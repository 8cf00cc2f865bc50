"""decide: may this command be done? A pure function over what was read; no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from attrs import field, frozen

from cancelkit.checklist import Checklist
from cancelkit.evaluate import Judged
from cancelkit.lifecycle import TABLE, actual_status, drifted, moves, shown_status
from cancelkit.messages import Message, Refusal
from cancelkit.needs import Need
from cancelkit.people import Customer, Person
from cancelkit.plan import Planned, Token
from cancelkit.records import CancellationRecord, JsonObject, Performed, State, Verb
from cancelkit.section import Gate
from cancelkit.states import GREEN, RED, UNKNOWN, SectionState

BLOCKS = Gate.BLOCKS


Samples = Mapping[Need[Any], object]


@frozen
class Ask:
    """A command, as data: all that is known before anything is read."""

    verb: Verb
    actor: Person
    customer_id: str = ""
    op: str = ""  # the operation id
    digest: str = ""  # of the actor and the arguments: a repeat must have the same
    token: Token | None = None  # what it was based on
    section: str = ""  # the key of the section that it is about
    form: Any = field(default=None, repr=False)  # for Enter: what is entered
    data: JsonObject | None = field(default=None, repr=False)  # the same as JSON
    samples: Samples = field(factory=dict)  # what other systems have answered
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
    samples: Samples = field(factory=dict)  # what other systems have answered
    told: tuple[Person, ...] = ()  # for Process: who would be notified
    token: Token | None = None  # of the plan as it is now, for Process


class Decision(NamedTuple):
    """What is to happen: the state afterwards, or None and the reasons of the refusal."""

    to: State | None
    refusals: tuple[Refusal, ...] = ()
    effects: tuple[Planned, ...] = ()


def decide(ask: Ask, seen: Seen) -> Decision:
    """Decide a command: first authority, then the lifecycle, then what the verb itself demands."""
    if refusals := _refusals(ask, seen):
        return Decision(None, refusals)
    return Decision(TABLE[seen.state, ask.verb], (), seen.effects)


def _refusals(ask: Ask, seen: Seen) -> tuple[Refusal, ...]:
    if seen.reused:
        return (refusal("operation_reused", op=seen.reused),)
    if not seen.allowed:
        return (refusal("not_allowed", actor=ask.actor.name, verb=ask.verb.value),)
    if (seen.state, ask.verb) not in TABLE:
        return (_wrong_state(ask.verb, seen),)
    if seen.record is not None and seen.state is State.PENDING:
        return _in_the_way(ask, seen, seen.record)
    status = seen.customer.status
    if status is not None and status.pending:
        return (refusal("already_pending", **where(seen)),)
    return ()


def blocking(judged: Judged) -> tuple[Refusal, ...]:
    """Return a refusal for each section that stands in the way of Process, in checklist order."""
    red = [(section.key, state) for section, state in judged.pairs if state.light is not GREEN]
    return tuple(
        Refusal("blocked", state.message, key)
        for key, state in red
        if blocks(judged.checklist, key, state)
    )


def drift_of(customer: Customer, record: CancellationRecord | None) -> tuple[Refusal, ...]:
    """Return a refusal where somebody else changed the status of a pending customer."""
    if record is None or not drifted(customer, record):
        return ()
    return (
        refusal("drift", status=actual_status(customer.status), was=actual_status(record.former)),
    )


def blocks(checklist: Checklist, key: str, state: SectionState) -> bool:
    """Say whether a section stands in the way of Process.

    A section that advises blocks too when its facts could not be read: unknown is no evidence.
    One that asks other systems never blocks.
    """
    if state.light is UNKNOWN:
        return key not in checklist.advising
    return state.light is RED and checklist.gates[key] is BLOCKS


def _in_the_way(ask: Ask, seen: Seen, record: CancellationRecord) -> tuple[Refusal, ...]:
    """Return what stands in the way of a command on an open cancellation."""
    if ask.verb is Verb.BEGIN:
        return ()
    if ask.token is not None and ask.token.cancellation != record.id:
        return (refusal("stale_token"),)
    if ask.verb is Verb.ENTER:
        return _newer_answer(ask, record)
    if drift := drift_of(seen.customer, record):
        return drift
    if ask.verb is Verb.PERFORM_NOW and not seen.effects:
        return (refusal("nothing_planned", ask.section, section=ask.section),)
    if ask.verb is Verb.PROCESS:
        return _not_processed(ask, seen)
    return seen.unable


def _not_processed(ask: Ask, seen: Seen) -> tuple[Refusal, ...]:
    if ask.token is None:
        return (refusal("confirmation_missing"),)
    if seen.judged is None or seen.token is None:  # fail closed: nothing was judged
        return (refusal("stale_token"),)
    blocked = blocking(seen.judged)
    if ask.token.digest != seen.token.digest:
        return (refusal("stale_token"), *blocked)
    return (*blocked, *seen.unable)


def _newer_answer(ask: Ask, record: CancellationRecord) -> tuple[Refusal, ...]:
    entry = record.entry(ask.section)
    if ask.token is None or entry is None or entry.stamp.by == ask.actor:
        return ()
    if entry.revision <= ask.token.version:
        return ()
    return (refusal("newer_answer", ask.section, by=entry.stamp.by.name),)


def _wrong_state(verb: Verb, seen: Seen) -> Refusal:
    values = {"verb": verb.value, **where(seen)}
    if seen.state is not State.CANCELLED:
        return refusal("not_pending", **values)
    record = seen.record
    if record is None or record.state is not State.CANCELLED or record.ended is None:
        return Refusal("already_cancelled", Message.of("refused.cancelled_elsewhere", **values))
    at = f"{record.ended.at:%Y-%m-%d %H:%M} UTC"
    return refusal("already_cancelled", **values, by=record.ended.by.name, at=at)


def where(seen: Seen) -> dict[str, str]:
    """Return what a refusal says of where the customer stands, and what is allowed from there."""
    allowed = ", ".join(move.value for move in moves(seen.state)) or "none"
    return {"status": shown_status(seen.customer, seen.state), "moves": allowed}


def refusal(code: str, section: str = "", /, **values: str) -> Refusal:
    """Make a refusal with the message of its code."""
    return Refusal(code, Message.of(f"refused.{code}", **values), section)

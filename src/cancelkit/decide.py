"""decide: may this command be done? A pure function over what was read; no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from attrs import field, frozen

from cancelkit.evaluate import NOT_JUDGED, Judged
from cancelkit.lifecycle import TABLE, actual_status, drifted, moves, shown_status
from cancelkit.messages import Message, Refusal, Value
from cancelkit.needs import Need
from cancelkit.people import Customer, Person, User
from cancelkit.plan import Planned, Token
from cancelkit.records import (
    CancellationRecord,
    JsonObject,
    Performed,
    Schedule,
    Stamp,
    State,
    Verb,
)
from cancelkit.section import Gate
from cancelkit.states import GREEN, RED, UNKNOWN, SectionState

BLOCKS = Gate.BLOCKS


Samples = Mapping[Need[Any], object]


@frozen
class Ask:
    """A command, or a look, as data: all that is known before anything is read."""

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
    put_back: bool = False  # for Remove and Reinstate: undo what was performed
    on: date | None = None  # for Process: the effective date
    note: str = field(default="", repr=False)  # for Override: the reason
    take_back: bool = False  # for Override: instead
    profile: str = ""  # for Begin
    due: bool = False  # the day of a scheduled Process has come; nobody is there to be asked


LOOK = Ask(Verb.PROCESS, Person(""))
"""Nothing is asked for: somebody looks at what Process would do today."""


@frozen(eq=False)
class Seen:
    """Everything that was read for a command or a look, as values."""

    at: datetime  # the instant of the command, in UTC
    today: date  # the day in the host's zone by which it is judged
    state: State
    customer: Customer
    record: CancellationRecord | None
    allowed: bool  # the role checker answered the literal True
    ask: Ask = LOOK
    blind: bool = False  # a look: what cannot be read is unknown, rather than a fault
    reused: bool = False  # the operation id was used before, with other arguments
    gone: bool = False  # the customer is not here any more; only its cancellation is
    unmarkable: bool = False  # the host mirrors the status, and gives this customer none
    users: Mapping[str, User] = field(factory=dict)  # for Enter: whom the form mentions
    open_ids: tuple[str, ...] = ()  # for Override: the records that keep the section red
    judged: Judged = NOT_JUDGED  # for commands that judge sections
    effects: tuple[Planned, ...] = ()  # what the command would carry out
    unable: tuple[Refusal, ...] = ()  # why some of these effects cannot be carried out
    stays: tuple[Performed, ...] = ()  # for Remove, Reinstate: what was performed and stays so
    told: tuple[Person, ...] = ()  # for Process: who would be notified
    told_then: tuple[Person, ...] = ()  # who would be on the day, where that is still to come
    token: Token | None = None  # of the plan as it is now, for Process

    @property
    def scheduled(self) -> Schedule | None:
        """The schedule whose day has come, where that is what was asked for."""
        return self.record.schedule if self.record is not None and self.ask.due else None

    @property
    def on(self) -> date | None:
        """The effective date, as scheduled or asked for; None for today."""
        on = self.scheduled.on if self.scheduled else self.ask.on
        return None if on == self.today else on

    @property
    def actor(self) -> Person:
        """Who is responsible; on a scheduled day that is who scheduled it, the authority."""
        return self.scheduled.stamp.by if self.scheduled else self.ask.actor

    @property
    def stamp(self) -> Stamp:
        """Who is responsible, and when."""
        return Stamp(self.actor, self.at)

    @property
    def later(self) -> bool:
        """Whether the effective date is still to come: then a Process schedules."""
        return self.on is not None and self.on > self.today

    @property
    def as_of(self) -> date:
        """The day as of which the sections are judged: back-dating hides nothing of today."""
        return max(self.on or self.today, self.today)


class Decision(NamedTuple):
    """What is to happen: the state afterwards, or None and the reasons of the refusal."""

    verb: Verb  # the move; SCHEDULE for a Process whose effective date is still to come
    to: State | None
    refusals: tuple[Refusal, ...] = ()
    effects: tuple[Planned, ...] = ()


def decide(seen: Seen) -> Decision:
    """Decide a command: first authority, then the lifecycle, then what the verb itself demands."""
    asked = seen.ask.verb
    verb = Verb.SCHEDULE if asked is Verb.PROCESS and seen.later else asked
    if refusals := _refusals(seen, verb):
        return Decision(verb, None, refusals)
    effects = () if verb is Verb.SCHEDULE else seen.effects
    return Decision(verb, TABLE[seen.state, verb], (), effects)


def _refusals(seen: Seen, verb: Verb) -> tuple[Refusal, ...]:
    if seen.reused:
        return (refusal("operation_reused", op=seen.ask.op),)
    if not seen.allowed:
        return (refusal("not_allowed", actor=seen.ask.actor.name, verb=verb.value),)
    if bar := _bar(verb, seen):
        return (_barred(bar, verb, seen),)
    if seen.record is not None and seen.state is not State.LIVE:
        return _in_the_way(seen, seen.record, verb)
    return ()


def possible(seen: Seen) -> tuple[Verb, ...]:
    """Return the moves that lead somewhere from what was seen, whoever asks."""
    return tuple(verb for verb in moves(seen.state) if not _bar(verb, seen))


def _bar(verb: Verb, seen: Seen) -> str:
    """Return why a move leads nowhere, whatever else is said; "" where nothing bars it."""
    status, record = seen.customer.status, seen.record
    if (seen.state, verb) not in TABLE:
        if verb is Verb.REINSTATE:
            return "not_cancelled"
        return "already_cancelled" if seen.state is State.CANCELLED else "not_pending"
    if seen.state is State.LIVE:
        if seen.unmarkable:
            return "no_status"
        return "already_pending" if status is not None and status.pending else ""
    if seen.state is State.CANCELLED:
        return "" if record and record.state is State.CANCELLED else "cancelled_elsewhere"
    if seen.gone:
        return "" if verb is Verb.END else "customer_gone"
    if record is None or not drifted(seen.customer, record):
        return "no_drift" if verb in (Verb.ADOPT, Verb.END) else ""
    adoptable = status is not None and not status.cancelled
    spared = verb in (Verb.BEGIN, Verb.ENTER, Verb.END) or (verb is Verb.ADOPT and adoptable)
    return "" if spared else "drift"


def _barred(bar: str, verb: Verb, seen: Seen) -> Refusal:
    """Put a bar into a refusal: where the customer stands, and what is allowed from there."""
    record, status = seen.record, seen.customer.status
    values: dict[str, Value] = {"verb": verb.value, **where(seen)}
    if bar in ("customer_gone", "no_status"):
        values = {"customer": seen.customer.name}
    elif bar == "drift":
        was = actual_status(record.former if record else None)
        values = {"status": actual_status(status), "was": was, "moves": values["moves"]}
    elif bar == "already_cancelled" and record and record.state is State.CANCELLED and record.ended:
        values |= {"by": record.ended.by.name, "at": record.ended.at}
    elif bar in ("already_cancelled", "cancelled_elsewhere"):
        code = "not_cancelled" if verb is Verb.REINSTATE else "already_cancelled"
        return Refusal(code, Message.of("refused.cancelled_elsewhere", **values))
    return refusal(bar, **values)


def drift_of(seen: Seen) -> Refusal | None:
    """Return what somebody else has changed while the cancellation was open, or None."""
    pending = seen.state is State.PENDING
    bar = _bar(Verb.PROCESS, seen) if pending else ""
    return _barred(bar, Verb.PROCESS, seen) if bar else None


def blocking(judged: Judged) -> tuple[Refusal, ...]:
    """Return a refusal for each section that stands in the way of Process, in checklist order."""
    red = [(section.key, state) for section, state in judged.pairs if state.light is not GREEN]
    return tuple(
        Refusal("blocked", state.message, key) for key, state in red if blocks(judged, key, state)
    )


def blocks(judged: Judged, key: str, state: SectionState) -> bool:
    """Say whether a section stands in the way of Process.

    A section that advises blocks too when its facts could not be read: unknown is no evidence.
    One that asks other systems never blocks, and neither does one that is overridden.
    """
    if state.light is UNKNOWN:
        return key not in judged.checklist.advising
    red = state.light is RED and key not in judged.overridden
    return red and judged.checklist.gates[key] is BLOCKS


def _in_the_way(seen: Seen, record: CancellationRecord, verb: Verb) -> tuple[Refusal, ...]:
    """Return what stands in the way of a command on the cancellation that is there."""
    ask = seen.ask
    if ask.token is not None and ask.token.cancellation != record.id:
        return (refusal("stale_token"),)
    match verb:
        case Verb.BEGIN if ask.profile and ask.profile != record.profile:
            return (refusal("other_profile", asked=ask.profile, profile=record.profile or "-"),)
        case Verb.ENTER:
            return _newer_answer(ask, record)
        case Verb.PERFORM_NOW if not seen.effects:
            return (refusal("nothing_planned", ask.section),)
        case Verb.OVERRIDE:
            return _not_overridden(seen, record)
        case Verb.PROCESS | Verb.SCHEDULE:
            return _not_processed(seen)
        case _:
            return seen.unable


def _not_overridden(seen: Seen, record: CancellationRecord) -> tuple[Refusal, ...]:
    key, judged = seen.ask.section, seen.judged
    red = judged.lights.get(key) == RED.value and judged.checklist.gates[key] is BLOCKS
    there = record.override(key) if seen.ask.take_back else red
    return () if there else (refusal("nothing_to_override", key),)


def _not_processed(seen: Seen) -> tuple[Refusal, ...]:
    ask = seen.ask
    if early := too_early(seen):
        return (early,)
    if ask.token is None and not ask.due:
        return (refusal("confirmation_missing"),)
    if seen.token is None:  # fail closed: nothing was judged
        return (refusal("stale_token"),)
    blocked = blocking(seen.judged)
    if seen.later:  # what is red now may be green by then; what is unknown is no evidence
        lights = seen.judged.lights
        blocked = tuple(r for r in blocked if lights[r.section] == UNKNOWN.value)
    if ask.token is not None and ask.token.digest != seen.token.digest:
        return (refusal("stale_token"), *blocked)
    return blocked if seen.later else (*blocked, *seen.unable)


def too_early(seen: Seen) -> Refusal | None:
    """Return a refusal of a Process that would take effect before the customer's first day."""
    on, since = seen.on or seen.today, seen.customer.since
    return refusal("too_early", on=on, since=since) if since is not None and on < since else None


def _newer_answer(ask: Ask, record: CancellationRecord) -> tuple[Refusal, ...]:
    entry = record.entry(ask.section)
    if ask.token is None or entry is None or entry.stamp.by == ask.actor:
        return ()
    if entry.revision <= ask.token.version:
        return ()
    return (refusal("newer_answer", ask.section, by=entry.stamp.by.name),)


def where(seen: Seen) -> dict[str, str]:
    """Return what a refusal says of where the customer stands, and what is allowed from there."""
    allowed = ", ".join(move.value for move in possible(seen)) or "none"
    return {"status": shown_status(seen.customer, seen.state), "moves": allowed}


def refusal(code: str, section: str = "", /, **values: Value) -> Refusal:
    """Make a refusal with the message of its code."""
    return Refusal(code, Message.of(f"refused.{code}", **values), section)

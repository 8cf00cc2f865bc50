"""What cancelkit itself stores: the cancellation, its history, operations, and the outbox.

All of it is plain frozen data; `cancelkit.serial` gives each of the four documents its JSON form.
Everywhere: `tenant` is the host's tenant, "" for none; instants are aware and in UTC; names are
kept beside ids, so that history stays readable when users and customers are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeAlias

from attrs import field, frozen

from cancelkit.messages import Message, Refusal
from cancelkit.people import Person, Status

JsonObject: TypeAlias = Mapping[str, Any]
"""A JSON object: str keys; None, bool, int, float, str, lists and objects of these as values."""


class State(Enum):
    """Where a customer stands in the lifecycle; `cancelkit.lifecycle` has the moves."""

    LIVE = "live"  # no cancellation is open: none was begun, or the last one was removed
    PENDING = "pending"  # a cancellation is open: the article's Live (PC)
    CANCELLED = "cancelled"


class Verb(Enum):
    """The commands: the article's verbs."""

    BEGIN = "begin"
    ENTER = "enter"
    PERFORM_NOW = "perform_now"
    OVERRIDE = "override"
    SCHEDULE = "schedule"  # a Process whose effective date is still to come
    PROCESS = "process"
    REMOVE = "remove"
    ADOPT = "adopt"  # after drift: go on from the status that the CRM has now
    END = "end"  # after drift: end the cancellation, and leave the CRM as it is
    REINSTATE = "reinstate"


@frozen
class Stamp:
    """Who, and when."""

    by: Person
    at: datetime


@frozen
class Entry:
    """What was entered for one section, as JSON: it stays readable when its plug-in is gone."""

    section: str
    version: int  # of the form: its attribute `version`, or 1
    data: JsonObject = field(repr=False)  # it may hold personal data
    revision: int  # the version of the cancellation that this entry made; newer is greater
    stamp: Stamp
    names: Mapping[str, str] = field(factory=dict)  # of the users it mentions, by id, at that time


@frozen
class Performed:
    """An effect that was carried out; `message` says what it did, also without the plug-in."""

    section: str
    kind: str  # the tag of the effect's class
    data: JsonObject = field(repr=False)
    message: Message
    revision: int  # of the section's entry on which it was based; 0 for none
    stamp: Stamp


@frozen
class Override:
    """A blocking section that may be red all the same: void when the section has changed."""

    section: str
    message: Message  # what the section said: the override is for exactly this
    records: tuple[str, ...]  # the ids of (the first 100 of) the records that kept it red
    reason: str = field(repr=False)
    stamp: Stamp


@frozen
class Schedule:
    """A Process that was confirmed for a day to come."""

    on: date  # the effective date
    due: date  # when it is tried (again): `on`, or the day after a day on which it was blocked
    stamp: Stamp  # the authority: who had the role, and when


@frozen
class CancellationRecord:
    """One attempt to cancel one customer, from Begin to its end."""

    id: str
    tenant: str
    customer: str
    name: str  # the customer's, at Begin
    state: State  # PENDING while open; then CANCELLED, or LIVE where it was removed
    version: int  # counts the writes; a write expects the version that it read
    gates: Mapping[str, str]  # section key -> gate, in checklist order, as copied at Begin
    former: Status | None  # before Begin; None for a CRM into which it is not mirrored
    begun: Stamp
    ended: Stamp | None = None
    profile: str = ""  # by which it was begun; "" for the kit's own checklist
    required: tuple[str, ...] = ()  # "section.field" that must be filled, as copied at Begin
    entries: tuple[Entry, ...] = ()  # at most one for each section
    overrides: tuple[Override, ...] = ()  # at most one for each section
    performed: tuple[Performed, ...] = ()  # in order
    schedule: Schedule | None = None  # while it is scheduled
    effective: date | None = None  # of a cancelled customer; perhaps before the day of Process
    reinstated: Stamp | None = None

    @property
    def touched(self) -> Stamp:
        """The latest stamp on it; Adopt, and taking an override back, leave none."""
        stamps = [self.begun, *(one.stamp for one in self.entries)]
        stamps += [one.stamp for one in self.overrides]
        stamps += [one.stamp for one in self.performed]
        stamps += [self.schedule.stamp] if self.schedule else []
        return max(stamps, key=lambda stamp: stamp.at)

    def entry(self, section: str) -> Entry | None:
        """Return what was entered for a section, or None."""
        return next((entry for entry in self.entries if entry.section == section), None)

    def override(self, section: str) -> Override | None:
        """Return the override of a section, in force or void, or None."""
        return next((one for one in self.overrides if one.section == section), None)


@frozen
class HistoryEntry:
    """One accepted or refused command: append-only (promise I8)."""

    id: str
    tenant: str
    customer: str
    name: str  # the customer's, at that time
    cancellation: str  # "" where there was none
    verb: Verb
    accepted: bool
    actor: Person
    at: datetime
    today: date  # the day in the host's zone by which it was judged
    op: str
    token: str = ""
    section: str = ""  # the section that it was about
    behalf: Person | None = None  # on a scheduled day: whose authority it was
    on: date | None = None  # the effective date, where one was given
    note: str = field(default="", repr=False)  # the reason of an override
    refusals: tuple[Refusal, ...] = ()
    lights: Mapping[str, str] = field(factory=dict)  # section key -> "green", "red", "unknown"
    done: tuple[Message, ...] = ()  # what was done beyond the move itself


@frozen
class Outcome:
    """The answer to an accepted command; a repeat with the same operation id gets it again.

    `state` is "done", or "staged" in the host's own transaction, until the host commits.
    """

    op: str
    verb: Verb  # SCHEDULE where a Process was scheduled
    customer: str
    cancellation: str
    now: State  # the lifecycle state after the command
    at: datetime
    on: date | None = None  # of Process: the effective date
    done: tuple[Performed, ...] = ()  # the effects that it carried out
    stays: tuple[Performed, ...] = ()  # for Remove, Reinstate: what was done and stays done
    notified: tuple[Person, ...] = ()  # who will be told
    state: str = "done"
    replayed: bool = False  # this is the first answer again; nothing was done now


@frozen
class Operation:
    """An operation id that an accepted command used up, unique by the first four attributes."""

    tenant: str
    customer: str
    verb: Verb
    op: str
    digest: str  # of the actor and the arguments
    outcome: Outcome  # the first answer


@frozen
class Notification:
    """What one recipient is told of one event, as structured data."""

    key: str  # the same for every delivery of this notification: receivers may deduplicate by it
    event: str  # one of `EVENTS`
    tenant: str
    customer: str
    name: str  # the customer's
    cancellation: str
    recipient: Person
    actor: Person  # on a scheduled day: who scheduled it
    at: datetime
    message: Message  # what happened, in one sentence
    lines: tuple[Message, ...] = field(default=(), repr=False)  # what was done
    blocked: tuple[Refusal, ...] = field(default=(), repr=False)  # of a scheduled one: by what
    on: date | None = None  # the effective date
    profile: str = ""
    reasons: JsonObject = field(factory=dict, repr=False)  # what was entered for "reasons"
    link: str | None = None  # the host's address of the customer


EVENTS = ("begun", "removed", "scheduled", "blocked", "processed", "reinstated")
"""What somebody can be told of."""


class Delivery(Enum):
    """How far a notification has come."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"  # given up after too many tries; visible, and it may be put back by hand


@frozen
class OutboxRow:
    """A notification on its way.

    `attempts` counts the claims. It is also the fence: who claimed the row at an earlier count
    cannot mark it any more.
    """

    id: str
    notification: Notification
    delivery: Delivery
    due: datetime  # not to be tried before
    attempts: int = 0
    spared: int = 0  # the attempts before it was put back by hand: they count as tries no more
    leased_until: datetime | None = None  # claimed by somebody until then
    error: str = field(default="", repr=False)  # what the last failed try said

"""What cancelkit itself stores: the cancellation, its history, operations, and the outbox.

All of it is plain frozen data; `cancelkit.serial` gives each of the four documents its JSON form.
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
    """Where a customer stands in the lifecycle. `cancelkit.lifecycle` has the moves."""

    LIVE = "live"
    """No cancellation is open: none was begun, or the last one was removed."""
    PENDING = "pending"
    """A cancellation is open: the article's Live (PC)."""
    CANCELLED = "cancelled"
    """The customer is cancelled."""


class Verb(Enum):
    """The commands: the article's verbs."""

    BEGIN = "begin"
    ENTER = "enter"
    PERFORM_NOW = "perform_now"
    REMOVE = "remove"
    PROCESS = "process"


@frozen
class Stamp:
    """Who, and when (UTC)."""

    by: Person
    at: datetime


@frozen
class Entry:
    """What was entered for one section, as JSON: it stays readable when its plug-in is gone.

    Attributes:
        section: the key of the section.
        version: the version of the form (its `version` attribute, or 1).
        data: the form as JSON; it may hold personal data, so no repr shows it.
        revision: the version of the cancellation that this entry made; newer is greater.
        stamp: who entered it, and when.
    """

    section: str
    version: int
    data: JsonObject = field(repr=False)
    revision: int
    stamp: Stamp


@frozen
class Performed:
    """An effect that was carried out.

    Attributes:
        section: the key of the section that planned it.
        kind: the tag of the effect's class.
        data: the effect as JSON.
        message: what it did, readable without the plug-in.
        revision: the revision of the section's entry on which it was based; 0 for none.
        stamp: who had it done, and when.
    """

    section: str
    kind: str
    data: JsonObject = field(repr=False)
    message: Message
    revision: int
    stamp: Stamp


@frozen
class CancellationRecord:
    """One attempt to cancel one customer, from Begin to its end.

    Attributes:
        id: the identifier.
        tenant: the host's tenant, "" for none.
        customer: the customer's id.
        name: the customer's name at Begin: history stays readable.
        state: PENDING while open; then CANCELLED, or LIVE where it was removed.
        version: counts the writes; a write expects the version that it read.
        gates: section key -> gate, in checklist order, as copied at Begin.
        former: the customer's status before Begin; None for a CRM without one.
        begun: by whom and when.
        ended: by whom and when; None while open.
        entries: what was entered, at most one for each section.
        performed: the effects that were carried out, in order.
    """

    id: str
    tenant: str
    customer: str
    name: str
    state: State
    version: int
    gates: Mapping[str, str]
    former: Status | None
    begun: Stamp
    ended: Stamp | None = None
    entries: tuple[Entry, ...] = ()
    performed: tuple[Performed, ...] = ()

    def entry(self, section: str) -> Entry | None:
        """Return what was entered for a section, or None."""
        return next((entry for entry in self.entries if entry.section == section), None)


@frozen
class HistoryEntry:
    """One accepted or refused command: append-only (promise I8).

    Attributes:
        id: the identifier.
        tenant: the host's tenant, "" for none.
        customer: the customer's id.
        name: the customer's name at that time.
        cancellation: the cancellation's id, or "" where there was none.
        verb: the command.
        accepted: whether it was done.
        actor: who asked for it.
        at: when, in UTC.
        today: the day in the host's zone by which it was judged.
        op: the operation id.
        token: the token that the command carried, or "".
        section: the section that it was about, or "".
        refusals: why not, for a refused command.
        lights: section key -> "green", "red" or "unknown", where sections were judged.
        done: what was done beyond the move itself, in order.
    """

    id: str
    tenant: str
    customer: str
    name: str
    cancellation: str
    verb: Verb
    accepted: bool
    actor: Person
    at: datetime
    today: date
    op: str
    token: str = ""
    section: str = ""
    refusals: tuple[Refusal, ...] = ()
    lights: Mapping[str, str] = field(factory=dict)
    done: tuple[Message, ...] = ()


@frozen
class Outcome:
    """The answer to an accepted command; a repeat with the same operation id gets it again.

    Attributes:
        op: the operation id.
        verb: the command.
        customer: the customer's id.
        cancellation: the cancellation's id.
        now: the lifecycle state after the command.
        at: when it was decided, in UTC.
        done: the effects that it carried out.
        stays: for Remove: what was done before and stays done.
        notified: who will be told.
        state: "done", or "staged" in the host's own transaction, until the host commits.
        replayed: this is the first answer again; nothing was done now.
    """

    op: str
    verb: Verb
    customer: str
    cancellation: str
    now: State
    at: datetime
    done: tuple[Performed, ...] = ()
    stays: tuple[Performed, ...] = ()
    notified: tuple[Person, ...] = ()
    state: str = "done"
    replayed: bool = False


@frozen
class Operation:
    """An operation id that an accepted command used up, with its first answer.

    Attributes:
        tenant: the host's tenant; with customer, verb and op, the unique key.
        customer: the customer's id.
        verb: the command.
        op: the operation id.
        digest: a digest of the actor and the arguments.
        outcome: the first answer.
    """

    tenant: str
    customer: str
    verb: Verb
    op: str
    digest: str
    outcome: Outcome


@frozen
class Notification:
    """What one recipient is told of one event, as structured data.

    Attributes:
        key: the same for every delivery of this notification; receivers may deduplicate by it.
        event: what happened: "processed".
        tenant: the host's tenant, "" for none.
        customer: the customer's id.
        name: the customer's name.
        cancellation: the cancellation's id.
        recipient: who is told.
        actor: who did it.
        at: when, in UTC.
        reasons: what was entered for the section "reasons", as JSON.
        link: the host's address of the customer, or None.
    """

    key: str
    event: str
    tenant: str
    customer: str
    name: str
    cancellation: str
    recipient: Person
    actor: Person
    at: datetime
    reasons: JsonObject = field(factory=dict, repr=False)
    link: str | None = None


class Delivery(Enum):
    """How far a notification has come."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    """Given up after too many tries; visible, and it may be put back by hand."""


@frozen
class OutboxRow:
    """A notification on its way.

    Attributes:
        id: the identifier.
        notification: what to send.
        delivery: waiting, sent or dead.
        due: not to be tried before this instant, in UTC.
        attempts: how often it was claimed. Also the fence: who claimed it at an earlier count
            cannot mark it any more.
        leased_until: claimed by somebody until this instant; None when it is not claimed.
        error: what the last failed try said.
    """

    id: str
    notification: Notification
    delivery: Delivery
    due: datetime
    attempts: int = 0
    leased_until: datetime | None = None
    error: str = field(default="", repr=False)

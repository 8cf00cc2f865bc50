"""The ports about people: who may, who may own, who is told, and where things are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cancelkit.messages import Message
from cancelkit.needs import Need
from cancelkit.people import Customer, Person, User
from cancelkit.records import CancellationRecord, Notification


class RoleChecker(Protocol):
    """Who may do what. Every command asks again; `cancelkit.roles.EitherRole` is the article's."""

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        """Say whether the actor may do this to the customer, as just loaded or locked.

        The actions: "begin", "view", "edit", "override", "process", "remove" and "reinstate".

        Must:
            R1: return True or False and nothing else: only the literal True grants, and anything
                else (1, "false", a coroutine) or an exception denies.

        Called: in every command, in its unit of work, after `lock`; in a view for each action.
        """


class Users(Protocol):
    """The users who may own customers."""

    def find(self, user_ids: Sequence[str]) -> Mapping[str, User]:
        """Return the users by id, inactive ones too.

        Must:
            P1: return exactly those of the ids that are known, under the very id asked for.
        """

    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        """Return active users who may take the customer over (telesales), for a person to choose.

        Must:
            P2: return active users only, at most `limit`, and with an empty search the usual ones.

        Order: the best first.
        """


class Recipients(Protocol):
    """The host's workflow set-up: who is told of an event."""

    def of(self, event: str, customer: Customer, record: CancellationRecord) -> Sequence[Person]:
        """Return who is told of an event, one of `cancelkit.records.EVENTS`; perhaps nobody.

        Must:
            N1: answer from what is committed, without writing or sending anything.

        Called: inside the unit of work, for a plan and for each event. Who is named twice is told
        once.
        """


class Notifier(Protocol):
    """A channel to people: e-mail, a chat, the CRM's own messages."""

    def send(self, notification: Notification) -> None:
        """Deliver one notification to its recipient.

        Must:
            M1: return only when it was handed over; raise when it was not, and then have sent
                nothing: whatever raises is tried again.
            M2: give up within the relay's lease (60 seconds by default).

        Called: by the relay, outside any unit of work; again with the same `key` when a process
        dies between the sending and the marking.
        """


class Links(Protocol):
    """Where the host shows things. Made for each request; we never join paths.

    Must:
        L1: return an address as text, or None, for every customer and section.
    """

    def customer(self, customer: Customer) -> str | None:
        """Return the address of the customer's page, or None."""

    def manage(self, customer: Customer, section: str) -> str | None:
        """Return the address of the host's own tab for a section, or None."""


class Fixers(Protocol):
    """A capability: a host that can tell whether somebody may fix a red section in the CRM."""

    def may_fix(self, actor: Person, section: str, customer: Customer) -> bool | None:
        """Say whether somebody may fix a section.

        Must:
            F1: return True, False, or None where the host cannot tell, for every section.
        """


class Sampler(Protocol):
    """Answers of other systems, which cannot be asked inside the unit of work."""

    def sample(self, customer_id: str, needs: Sequence[Need[Any]]) -> Mapping[Need[Any], object]:
        """Answer what can be answered within the sampler's own deadline.

        Must:
            Z1: return within the deadline, and leave out what is late or failed.

        Called: before the unit of work of a Process, a Perform Now or a view; never inside one.
        """


class Translator(Protocol):
    """Texts for message keys, in the reader's language."""

    def text(self, message: Message) -> str:
        """Return the text of a message.

        Must:
            T1: return a text for every message, also for keys that it does not know; never raise.
        """

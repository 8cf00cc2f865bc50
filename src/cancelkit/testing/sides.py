"""The two sides of the state machine: a host with a kit over it, its clock, and who acts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from cancelkit.adapters.memory import MemoryNotifier, MemoryRecipients, MemoryUsers
from cancelkit.cancellation import Cancellation
from cancelkit.checklist import Checklist
from cancelkit.kit import CancelKit
from cancelkit.people import Customer, Person, User
from cancelkit.ports import Clock
from cancelkit.records import EVENTS
from cancelkit.roles import CRM_ADMIN, CUSTOMER_CANCELLATION, EitherRole
from cancelkit.testing.faulty import FaultyHost
from cancelkit.testing.world import Arrange

ALICE, MALLORY, BOSS = Person("alice", "Alice"), Person("mallory", "Mallory"), Person("boss")
CLERK = Person("clerk", "Clerk")
ROLES = {BOSS.id: CRM_ADMIN, ALICE.id: CRM_ADMIN, CLERK.id: CUSTOMER_CANCELLATION}
"""At first; Alice may lose hers, and get it back."""
PROFILE = "short"
"""A profile without the section Customer Mood."""


class Ahead:
    """A clock that is some days ahead of the host's."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self.days: int = 0

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._inner.now() + timedelta(days=self.days)


class Side:
    """One of the two hosts, with a kit over it."""

    def __init__(self, host: Any, arrange: Arrange, checklist: Checklist, users: list[User]):
        """Put the kit together; at first Alice may do everything, a clerk what takes no admin."""
        self.host: FaultyHost = FaultyHost(host)
        self.clock: Ahead = Ahead(host.clock)
        self.host.clock = self.clock
        self.arrange = arrange
        self.notifier: MemoryNotifier = MemoryNotifier()
        self.records: list[Any] = []
        self.tokens: dict[str, str] = {}
        self.roles: dict[str, str] = dict(ROLES)
        self.kit: CancelKit = CancelKit(
            checklist,
            profiles={PROFILE: checklist.without("mood")},
            roles=EitherRole(lambda actor: [self.roles.get(actor, "")]),
            users=MemoryUsers(users),
            recipients=MemoryRecipients({event: [BOSS, ALICE, BOSS] for event in EVENTS}),
            report=lambda what, error: None,
        )

    def at(self, customer: str, actor: Person = ALICE) -> Cancellation:
        """Return the workflow object of a customer."""
        return self.kit.at(self.host, actor=actor).get(customer)

    def customer(self, customer: str) -> Customer | None:
        """Return a customer as the host loads it."""
        with self.host.reading() as unit:
            return unit.customers.load((customer,)).get(customer)

    def token(self, customer: str, kind: str, on: date | None = None) -> str:
        """Return the token that a command is given: a fresh one, one seen before, or none.

        The boss looks, who may always.
        """
        if kind == "fresh":
            return self.at(customer, BOSS).view(on=on).token
        return self.tokens.get(customer, "") if kind == "seen" else ""

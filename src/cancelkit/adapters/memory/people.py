"""Users, roles, recipients, links and a notifier, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from cancelkit.errors import BadSetup
from cancelkit.people import Customer, Person, User
from cancelkit.records import EVENTS, CancellationRecord, Notification


class MemoryUsers:
    """The users who may own customers; those named as telesales are offered first."""

    def __init__(self, users: Iterable[User] = (), *, telesales: Collection[str] = ()) -> None:
        self._users = {user.id: user for user in users}
        self._telesales = frozenset(telesales)

    def put(self, user: User) -> None:
        """Add or change a user, at once."""
        self._users[user.id] = user

    def find(self, user_ids: Sequence[str]) -> Mapping[str, User]:
        """See `Users.find`."""
        return {key: self._users[key] for key in user_ids if key in self._users}

    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        """See `Users.candidates`."""
        wanted = search.strip().casefold()
        active = (user for user in self._users.values() if user.active)
        found = (user for user in active if wanted in f"{user.name} {user.id}".casefold())
        ranked = sorted(found, key=lambda user: (user.id not in self._telesales, user.name))
        return ranked[:limit]


class MemoryRecipients:
    """The workflow set-up: who is told of which event."""

    def __init__(self, told: Mapping[str, Iterable[Person]]) -> None:
        for event in told:
            if event not in EVENTS:
                listed = ", ".join(EVENTS)
                raise BadSetup(f"There is no event {event!r}; the events are: {listed}.")
        self.told: dict[str, tuple[Person, ...]] = {
            event: tuple(people) for event, people in told.items()
        }

    def of(self, event: str, customer: Customer, record: CancellationRecord) -> Sequence[Person]:
        """See `Recipients.of`."""
        return self.told.get(event, ())


class MemoryLinks:
    """Links made from two patterns with `{customer}` and `{section}` places.

    Args:
        customer: the pattern of a customer's page.
        manage: the pattern of a section's tab.
        tabs: the keys of the sections that have a tab of their own; all where it is None.
    """

    def __init__(self, customer: str, manage: str, *, tabs: Collection[str] | None = None) -> None:
        self._customer = customer
        self._manage = manage
        self._tabs = tabs

    def customer(self, customer: Customer) -> str | None:
        """See `Links.customer`."""
        return self._customer.format(customer=customer.id)

    def manage(self, customer: Customer, section: str) -> str | None:
        """See `Links.manage`."""
        if self._tabs is not None and section not in self._tabs:
            return None
        return self._manage.format(customer=customer.id, section=section)


class MemoryNotifier:
    """A `Notifier` that keeps what it was given; it can be told to fail."""

    def __init__(self) -> None:
        self.sent: list[Notification] = []
        self.failing: Exception | None = None

    def send(self, notification: Notification) -> None:
        """See `Notifier.send`."""
        if self.failing is not None:
            raise self.failing
        self.sent.append(notification)

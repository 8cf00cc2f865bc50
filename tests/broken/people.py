"""Role checkers, users, recipients and notifiers: good ones, and ones that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any

from cancelkit.adapters.memory import MemoryRecipients, MemoryUsers
from cancelkit.people import Customer, Person, User
from cancelkit.records import CancellationRecord, Notification
from cancelkit.testing import NotifierWorld, RecipientsWorld, RoleWorld, UsersWorld

GOOD_ROLES: Mapping[str, object] = {"ann": True, "bob": False}


class Answers:
    """A role checker that answers what it was told to."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        answer = self._answers[actor.id]
        found: Any = answer() if callable(answer) else answer
        said: bool = found
        return said


async def _later() -> bool:
    return True


NOT_TRUE: Mapping[str, Mapping[str, object]] = {
    "one": {"ann": 1, "bob": False},
    "text": {"ann": True, "bob": "false"},
    "none": {"ann": True, "bob": None},
    "a row": {"ann": ["CRM Admin"], "bob": []},
    "a coroutine": {"ann": _later, "bob": _later},
    "everybody": {"ann": True, "bob": True},
    "nobody": {"ann": False, "bob": False},
}


def role_world(answers: Mapping[str, object] = GOOD_ROLES) -> RoleWorld:
    """Return a role checker in which Ann may and Bob may not."""
    return RoleWorld(Answers(answers), Person("ann"), Person("bob"))


# ---------------------------------------------------------------- users


class HidesTheInactive(MemoryUsers):
    def find(self, user_ids: Sequence[str]) -> Mapping[str, User]:
        return {key: user for key, user in super().find(user_ids).items() if user.active}


class FindsOtherSpellings(MemoryUsers):
    def find(self, user_ids: Sequence[str]) -> Mapping[str, User]:
        found = super().find([key.strip() for key in user_ids])
        return {key: found[key.strip()] for key in user_ids if key.strip() in found}


class OffersWhoHasLeft(MemoryUsers):
    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        found = list(super().candidates(customer, search, limit))
        return [*found, *self.find(["9"]).values()][:limit] if not search else found


class IgnoresTheLimit(MemoryUsers):
    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        return super().candidates(customer, search, 1_000)


class OffersNobodyUnsearched(MemoryUsers):
    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        return super().candidates(customer, search, limit) if search else []


def users_world(cls: type[MemoryUsers] = MemoryUsers) -> UsersWorld:
    """Return two active users and one who has left."""
    users = cls([User("7", "Ann"), User("8", "Tom"), User("9", "Gone", False)], telesales=["8"])
    return UsersWorld(users, ["7", "8"], ["9"])


# ---------------------------------------------------------------- recipients


class TellsAtOnce(MemoryRecipients):
    def of(self, event: str, customer: Customer, record: CancellationRecord) -> Sequence[Person]:
        self.told["sent"] = (*self.told.get("sent", ()), *super().of(event, customer, record))
        return super().of(event, customer, record)


class AnswersOnce(MemoryRecipients):
    def of(self, event: str, customer: Customer, record: CancellationRecord) -> Sequence[Person]:
        return iter(super().of(event, customer, record))  # type: ignore[return-value]  # that is the fault


class ForgetsAfterwards(MemoryRecipients):
    def of(self, event: str, customer: Customer, record: CancellationRecord) -> Sequence[Person]:
        return self.told.pop(event, ())


def recipients_world(cls: type[MemoryRecipients] = MemoryRecipients) -> RecipientsWorld:
    """Return a set-up in which the boss is told."""
    recipients = cls({"processed": [Person("boss")]})
    return RecipientsWorld(recipients, ["boss"], lambda: dict(recipients.told))


# ---------------------------------------------------------------- notifiers


class Channel:
    """A server that takes messages, refuses them, or does not answer."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.down = False
        self.answers = Event()
        self.answers.set()

    def take(self, key: str, timeout: float | None) -> None:
        if not self.answers.wait(timeout):
            raise TimeoutError
        if self.down:
            raise OSError("the server is down")
        self.arrived.append(key)

    @contextmanager
    def broken(self) -> Generator[None]:
        self.down = True
        yield
        self.down = False

    @contextmanager
    def hanging(self) -> Generator[None]:
        self.answers.clear()
        try:
            yield
        finally:
            self.down = True  # nothing of what still waits may arrive
            self.answers.set()


class Sender:
    """A notifier over a channel, with a timeout."""

    timeout: float | None = 0.01

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def send(self, notification: Notification) -> None:
        self.channel.take(notification.key, self.timeout)


class WaitsForEver(Sender):
    timeout = None


class RaisesAfterSending(Sender):
    """The log of what was sent cannot be written either, once the server is down."""

    def send(self, notification: Notification) -> None:
        if self.channel.down:
            self.channel.arrived.append(notification.key)
        super().send(notification)


class SwallowsFailures(Sender):
    def send(self, notification: Notification) -> None:
        try:
            super().send(notification)
        except Exception:  # noqa: BLE001 - that is the fault
            return


class SendsTwice(Sender):
    def send(self, notification: Notification) -> None:
        super().send(notification)
        super().send(notification)


def notifier_world(cls: Callable[[Channel], Sender] = Sender) -> NotifierWorld:
    """Return a notifier over a channel that can break and hang."""
    channel = Channel()
    return NotifierWorld(cls(channel), lambda: channel.arrived, channel.broken, channel.hanging)

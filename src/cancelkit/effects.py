"""Effects: what a section would do to the host's data, as data.

An effect is any frozen class with a `kind` (a stable tag, under which it is stored) and a
`message()` that says what it would do. The host registers a `Performer` for each effect class; it
runs inside the unit of work. An effect that can be undone has an `inverse()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from attrs import evolve, frozen

from cancelkit.messages import Message
from cancelkit.people import Customer, Person

E = TypeVar("E")


class Effect(Protocol):
    """Something to be done to the host's data when a cancellation is processed."""

    kind: ClassVar[str]
    """The stable tag under which the effect is stored, such as "assign_owner"."""

    def message(self) -> Message:
        """Say what it does, for the plan and the history."""


@runtime_checkable
class Invertible(Effect, Protocol):
    """An effect that can be put back."""

    def inverse(self) -> Effect:
        """Return the effect that undoes this one."""


@runtime_checkable
class Expecting(Protocol):
    """An effect that expects the customer to be in some way, such as with some owner.

    Asked before something is put back: what somebody else has changed since stays as it is.
    """

    def holds(self, customer: Customer) -> bool:
        """Say whether what the effect expects is so."""

    def applied(self, customer: Customer) -> Customer:
        """Return the customer as it would be afterwards."""


class Performer(NamedTuple, Generic[E]):
    """How a host carries out one class of effect.

    Attributes:
        effect: the class.
        perform: says whether it was done. Called inside the unit of work with the customer locked;
            it must write only through that unit, and return False without writing when what the
            effect expects (an owner who was) no longer holds.
        refuses: the reason why it cannot be done, or None. Asked in the same unit before anything
            is written, and when a plan is made; it must not write.
    """

    effect: type[E]
    perform: Callable[[E, Customer], bool]
    refuses: Callable[[E, Customer], Message | None] = lambda effect, customer: None


AnyPerformer = Performer[Any]


@frozen
class AssignOwner:
    """Give the customer to other owners; nobody else's change is overwritten."""

    kind: ClassVar[str] = "assign_owner"
    to: tuple[Person, ...]
    was: tuple[Person, ...] = ()  # the owners that are expected before

    def message(self) -> Message:
        """Name the owners before and after."""
        return Message.of("effect.assign_owner", to=names(self.to), was=names(self.was))

    @property
    def mentions(self) -> tuple[str, ...]:
        """The users to look up: who has left is given no customer."""
        return tuple(person.id for person in self.to)

    def holds(self, customer: Customer) -> bool:
        """Say whether the owners are still those expected."""
        return customer.owners == self.was

    def applied(self, customer: Customer) -> Customer:
        """Return the customer with the new owners."""
        return evolve(customer, owners=self.to)

    def inverse(self) -> AssignOwner:
        """Give the customer back."""
        return AssignOwner(self.was, self.to)


def names(people: tuple[Person, ...]) -> str:
    """Return the names of people in one text, or a dash for nobody."""
    return ", ".join(person.name for person in people) or "-"

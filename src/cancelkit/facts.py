"""Facts: everything that a section may look at. No I/O happens behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from attrs import field, frozen

from cancelkit.effects import Effect
from cancelkit.needs import Need, Unknown
from cancelkit.people import Customer, User

A = TypeVar("A")
F = TypeVar("F")
E = TypeVar("E", bound=Effect)


class NotAnswered(Exception):
    """The adapter could not see the answer; the section is unknown."""


class NotDeclared(Exception):
    """The section asked for a need that it did not declare."""


@frozen(eq=False)
class Facts:
    """What is known of one customer at one instant."""

    customer: Customer  # as loaded by the host
    today: date  # the day in the host's time zone, decided once per command
    as_of: date  # the day as of which the sections are judged
    _answers: Mapping[Need[Any], Any] = field(factory=dict, repr=False)
    _forms: Mapping[type, Any] = field(factory=dict, repr=False)
    _performed: Mapping[type, Any] = field(factory=dict, repr=False)
    _users: Mapping[str, User] | None = field(factory=dict, repr=False)
    _names: Mapping[str, str] = field(factory=dict, repr=False)

    def __getitem__(self, need: Need[A]) -> A:
        """Return the answer to a need that the section declares, with the need's type."""
        try:
            answer: Any = self._answers[need]
        except KeyError:
            raise NotDeclared(repr(need)) from None
        if type(answer) is Unknown:
            raise NotAnswered(answer.why)
        found: A = answer
        return found

    def entered(self, form: type[F]) -> F | None:
        """Return what was entered in this form, or None."""
        found: F | None = self._forms.get(form)
        return found

    def performed(self, effect: type[E]) -> E | None:
        """Return the effect of this class that was performed since the section was answered.

        None also where two sections plan effects of the same class: give each its own.
        """
        found: E | None = self._performed.get(effect)
        return found

    def user(self, user_id: str) -> User | None:
        """Return a user whom an entered form mentions, or None where the host knows none."""
        if self._users is None:
            raise NotAnswered("the users could not be looked up")
        return self._users.get(user_id)

    def name_of(self, user_id: str) -> str:
        """Return the name of a user as it was when the form was entered, or the id."""
        return self._names.get(user_id, user_id)

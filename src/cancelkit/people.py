"""People and customers, as the host describes them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from attrs import Factory, field, frozen


@frozen
class Person:
    """Somebody, by an identifier and the name to show. Two are equal when their ids are.

    Actors, owners and recipients may be three id spaces of the host; they are never mixed.
    """

    id: str
    name: str = field(eq=False, default=Factory(lambda self: self.id, takes_self=True))
    language: str = field(eq=False, default="")  # such as "de"; "" for the default one


@frozen
class User:
    """A user of the CRM who may own customers; only an active one can be given a customer."""

    id: str
    name: str
    active: bool = True

    @property
    def person(self) -> Person:
        """The user as a person."""
        return Person(self.id, self.name)


def _labelled(value: str) -> str:
    return value[:1].upper() + value[1:].replace("_", " ")


@frozen
class Status:
    """The status of a customer as the CRM has it.

    `pending` is its mark of a pending cancellation; None where the CRM has no such mark (then
    cancelkit's own record alone knows).
    """

    value: str  # the host's own, as stable text, with nothing of "pending" in it: "live"
    pending: bool | None = False
    cancelled: bool = False  # whether this value means Cancelled
    label: str = field(  # the text to show
        eq=False, default=Factory(lambda self: _labelled(self.value), takes_self=True)
    )


@frozen
class Customer:
    """A customer, as loaded (and locked) by the `CustomerRepo`."""

    id: str  # the host's identifier as text; cancelkit never looks into it
    name: str
    status: Status | None = None  # None for a CRM whose customers have none
    owners: tuple[Person, ...] = ()  # none, one or many
    since: date | None = None  # the customer's first day, where the host knows it
    tenant: str = ""


class NamedRecord(NamedTuple):
    """One of the records that keep a section red, for a person to find it."""

    id: str
    label: str  # what a person knows it by, such as an order number
    link: str | None = None  # the host's address of the record

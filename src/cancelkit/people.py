"""People and customers, as the host describes them."""

from __future__ import annotations

from datetime import date

from attrs import field, frozen


@frozen
class Person:
    """Somebody, by an identifier and the name to show. Two are equal when their ids are.

    Actors, owners and recipients may be three id spaces of the host; cancelkit never compares
    across them. The name is stored too: history stays readable when the user is gone.

    Attributes:
        id: 1 to 191 characters.
        name: the name to show; the id where none is given.
    """

    id: str
    name: str = field(eq=False)

    @name.default
    def _named_by_id(self) -> str:
        return self.id


@frozen
class User:
    """A user of the CRM who may own customers.

    Attributes:
        id: the identifier, of the host's owners.
        name: the name to show.
        active: whether the user still works here; only an active one can be given a customer.
    """

    id: str
    name: str
    active: bool = True

    @property
    def person(self) -> Person:
        """The user as a person."""
        return Person(self.id, self.name)


@frozen
class Status:
    """The status of a customer as the CRM has it.

    Attributes:
        value: the host's own status, as stable text, with nothing of "pending" in it: "live".
        pending: whether the CRM marks the customer as pending cancellation; None where the CRM
            has no such mark (then cancelkit's own record alone knows).
        cancelled: whether this value means Cancelled.
        label: the text to show; the value, in capitals at the start, where none is given.
    """

    value: str
    pending: bool | None = False
    cancelled: bool = False
    label: str = field(eq=False)

    @label.default
    def _labelled_by_value(self) -> str:
        return self.value.replace("_", " ").capitalize()


@frozen
class Customer:
    """A customer, as loaded (and locked) by the `CustomerRepo`.

    Attributes:
        id: the host's identifier as text; cancelkit never looks into it.
        name: the name to show.
        status: the CRM's status, or None for a CRM whose customers have none.
        owners: who looks after the customer: none, one or many.
        since: the first day of the customer, where the host knows it.
        tenant: the host's tenant, "" for none.
    """

    id: str
    name: str
    status: Status | None = None
    owners: tuple[Person, ...] = ()
    since: date | None = None
    tenant: str = ""


@frozen
class NamedRecord:
    """One of the records that keep a section red, for a person to find it.

    Attributes:
        id: the host's identifier as text.
        label: what a person knows it by, such as an order number.
        link: the host's address of the record, or None.
    """

    id: str
    label: str
    link: str | None = None

"""Orders: a command with everything that is known before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from cancelkit.decide import Ask
from cancelkit.errors import UnknownSection
from cancelkit.plan import digest_of
from cancelkit.registration import form_of
from cancelkit.serial import from_data, to_data
from cancelkit.text import checked_id

if TYPE_CHECKING:
    from cancelkit.desk import Desk


@frozen
class Order:
    """A command as it was given.

    Attributes:
        customer_id: the customer.
        ask: what is asked for, by whom.
        op: the operation id.
        digest: of the actor and the arguments: a repeat must have the same.
        form: what is entered, for Enter.
        data: the same as JSON.
    """

    customer_id: str
    ask: Ask
    op: str
    digest: str
    form: object = None
    data: Mapping[str, Any] | None = None


def order(desk: Desk, customer_id: str, ask: Ask, op: str, form: object) -> Order:
    """Put an order together; everything that can be checked without reading is checked here.

    Raises:
        Invalid: the operation id is malformed.
        UnknownSection: no section has the form of what is entered.
    """
    if form is not None:
        ask = evolve(ask, section=_section_of(desk, form))
    op = checked_id(op, "the operation id") if op else desk.host.ids.new()
    data = None if form is None else to_data(form)
    arguments = {
        "verb": ask.verb.value,
        "actor": ask.actor.id,
        "token": str(ask.token or ""),
        "section": ask.section,
        "put_back": ask.put_back,
        "form": data,
    }
    return Order(customer_id, ask, op, digest_of(arguments), form, data)


def _section_of(desk: Desk, form: object) -> str:
    section = desk.kit.checklist.by_form.get(type(form))
    if section is None:
        forms = ", ".join(sorted(known.__name__ for known in desk.kit.checklist.by_form))
        raise UnknownSection(
            f"No section takes what is entered as {type(form).__name__}; the forms are: {forms}."
        )
    return section.key


def form_from_data(desk: Desk, key: str, data: Mapping[str, Any]) -> object:
    """Make a section's form from JSON-ready data.

    Raises:
        UnknownSection: there is no such section, or nothing can be entered for it.
        Invalid: the data does not fit, with the path.
    """
    section = desk.kit.checklist.section(key)
    form = form_of(section)
    if form is None:
        raise UnknownSection(f"Nothing can be entered for the section {key!r}.")
    made: object = from_data(form, data)
    return made

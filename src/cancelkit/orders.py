"""Orders: a command with everything that is known before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cancelkit.decide import Ask
from cancelkit.errors import UnknownSection
from cancelkit.plan import digest_of, parse_token
from cancelkit.records import JsonObject, Verb
from cancelkit.registration import form_of
from cancelkit.serial import from_data, to_data
from cancelkit.text import checked_id

if TYPE_CHECKING:
    from cancelkit.desk import Desk


def order(
    desk: Desk,
    customer_id: str,
    verb: Verb,
    op: str,
    *,
    token: str = "",
    section: str = "",
    form: object = None,
    put_back: bool = False,
) -> Ask:
    """Put an order together; everything that can be checked without reading is checked here.

    Raises:
        Invalid: the token or the operation id is malformed.
        UnknownSection: there is no such section, or none has the form of what is entered.
    """
    if form is not None:
        section = _section_of(desk, form)
    elif section:
        desk.kit.checklist.section(section)
    data = None if form is None else to_data(form)
    return Ask(
        verb=verb,
        actor=desk.actor,
        customer_id=customer_id,
        op=checked_id(op, "the operation id") if op else desk.host.ids.new(),
        digest=digest_of([verb.value, desk.actor.id, token, section, put_back, data]),
        token=parse_token(token) if token else None,
        section=section,
        form=form,
        data=data,
        put_back=put_back,
    )


def form_from_data(desk: Desk, key: str, data: JsonObject) -> object:
    """Make a section's form from JSON-ready data.

    Raises:
        UnknownSection: there is no such section, or nothing can be entered for it.
        Invalid: the data does not fit, with the path.
    """
    form = form_of(desk.kit.checklist.section(key))
    if form is None:
        raise UnknownSection(f"Nothing can be entered for the section {key!r}.")
    made: object = from_data(form, data)
    return made


def _section_of(desk: Desk, form: object) -> str:
    section = desk.kit.checklist.by_form.get(type(form))
    if section is None:
        forms = ", ".join(sorted(known.__name__ for known in desk.kit.checklist.by_form))
        raise UnknownSection(
            f"No section takes what is entered as {type(form).__name__}; the forms are: {forms}."
        )
    return section.key

"""Orders: a command with everything that is known before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import asdict

from cancelkit.asking import faults, new_id
from cancelkit.decide import Ask
from cancelkit.errors import Invalid, UnknownSection
from cancelkit.plan import digest_of, parse_token
from cancelkit.records import JsonObject, Verb
from cancelkit.registration import form_of
from cancelkit.section import Section
from cancelkit.serial import from_data, to_data
from cancelkit.text import checked_id, checked_text
from cancelkit.times import checked_day

if TYPE_CHECKING:
    from cancelkit.desk import Desk


def order(
    desk: Desk,
    customer_id: str,
    verb: Verb,
    op: str | None,
    *,
    token: str = "",
    section: str = "",
    form: object = None,
    **said: Any,
) -> Ask:
    """Put an order together; raises `Invalid` for whatever can be found out without reading.

    What else is `said` are attributes of `Ask`: `put_back`, `on`, `note`, `profile`, `due`.
    """
    read, data = parse_token(token) if token else None, None
    if verb is Verb.ENTER:
        section = _section_of(desk, form)
        given: Any = form
        form = _made(type(given), asdict(given), "")  # as strictly as what comes as JSON
        data = to_data(form)
    elif verb in (Verb.PERFORM_NOW, Verb.OVERRIDE):
        _known(desk, section)
    for name, check in _CHECKS.items():
        if name in said:
            said[name] = check(said[name])
    if verb is Verb.OVERRIDE and said["take_back"] == bool(said["note"]):
        raise Invalid("An override needs a reason, or take_back=True; one of the two.")
    desk.kit.profile(said.get("profile", ""))
    arguments = [token, section, data, {name: str(value) for name, value in said.items()}]
    return Ask(
        verb=verb,
        actor=desk.actor,
        customer_id=customer_id,
        op=_new_op(desk) if op is None else checked_id(op, "the operation id"),
        digest=digest_of([verb.value, desk.actor.id, *arguments]),
        token=read,
        section=section,
        form=form,
        data=data,
        **said,
    )


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Invalid(f"put_back and take_back must be True or False, not {value!r}.")


def _reason(value: object) -> str:
    return checked_text(value, "the reason of the override").strip()


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "on": checked_day,
    "put_back": _yes_or_no,
    "take_back": _yes_or_no,
    "note": _reason,
}


def _new_op(desk: Desk) -> str:
    with faults("making an operation id"):
        return new_id(desk)


def form_from_data(desk: Desk, key: str, data: JsonObject) -> object:
    """Make a section's form from JSON-ready data; `Invalid` has the path of what does not fit."""
    form = form_of(_known(desk, key))
    if form is None:
        raise UnknownSection(f"Nothing can be entered for the section {key!r}.")
    return _made(form, data, f" for {key!r}")


def _made(form: type, data: JsonObject, where: str) -> object:
    try:
        return from_data(form, data)
    except Invalid as error:
        raise Invalid(f"What was entered{where} does not fit: {error}.") from error


def _known(desk: Desk, key: str) -> Section:
    found = desk.kit.known.by_key.get(key) if isinstance(key, str) else None
    if found is None:
        listed = ", ".join(desk.kit.known.by_key)
        raise UnknownSection(f"There is no section {key!r}; the sections are: {listed}.")
    return found


def _section_of(desk: Desk, form: object) -> str:
    known = desk.kit.known.by_form
    if type(form) not in known:
        forms = ", ".join(sorted(one.__name__ for one in known))
        raise UnknownSection(
            f"No section takes what is entered as {type(form).__name__}; the forms are: {forms}."
        )
    return known[type(form)]

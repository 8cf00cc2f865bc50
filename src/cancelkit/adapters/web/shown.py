"""The sections as a page shows them.

They are the document's, with filled forms, owners to choose from, and what another person has
entered meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.entering import Sent, Wrong
from cancelkit.adapters.web.filling import Line, filled, said
from cancelkit.adapters.web.forms import form_data
from cancelkit.asking import or_none
from cancelkit.errors import Failed, NewerAnswer
from cancelkit.looking import Look
from cancelkit.messages import Message
from cancelkit.people import User
from cancelkit.records import JsonObject, Verb

if TYPE_CHECKING:
    from cancelkit.adapters.web.pages import Again

_PATH = re.compile(r"@ \w+\.(\w+)")
"""Where the message of a form says which of its attributes does not fit."""


def sections_of(
    call: Call, look: Look, sections: Sequence[JsonObject], search: str, again: Again | None
) -> list[dict[str, Any]]:
    """Return the sections of the document with what a page needs besides.

    Args:
        call: at whose desk.
        look: what was read.
        sections: of the document.
        search: what was searched for among the users.
        again: what did not work, where the page is shown again.
    """
    return [
        _section(call, look, one, search, again if again and again.section == one["key"] else None)
        for one in sections
    ]


def _section(
    call: Call, look: Look, one: JsonObject, search: str, again: Again | None
) -> dict[str, Any]:
    made = {**one, "open": one["light"] != "green" or again is not None}
    if one["form"] is None:
        return made
    kit = call.desk.kit
    sent = _placed(again) if again else None
    made["form"] = filled(one["form"], sent, kit.zone, kit.text)
    if any(each["kind"] == "owner" for each in one["form"]["fields"]):
        made |= {"search": search, "candidates": _candidates(call, made["form"], search)}
        made["open"] = made["open"] or bool(search)
    theirs = again and isinstance(again.error, NewerAnswer) and _theirs(call, look, one)
    if theirs:
        made["theirs"] = theirs
    return made


def _placed(again: Again) -> Sent | None:
    """Put what the form itself says against it next to the field that it is about."""
    sent, found = again.sent, _PATH.search(str(again.error))
    if sent is None or found is None or found[1] not in sent.texts or sent.wrong:
        return sent
    why = Message.of("field.wrong.other", why=again.problem.detail or again.problem.sentence)
    return evolve(sent, wrong={found[1]: Wrong(why)})


def lost(call: Call, sections: Sequence[JsonObject], again: Again) -> list[dict[str, str]]:
    """Return what was sent, to read, where there is no form any more that could have it."""
    section = next((one for one in sections if one["key"] == again.section), None)
    if again.sent is not None and (section is None or section["form"] is None):
        kit = call.desk.kit
        form = form_data(kit, kit.known.by_key[again.section], None)
        return _to_read(call, said(form, kit.zone, again.sent.texts)) if form else []
    if again.reason and (section is None or not section["may_override"]):
        return [{"label": call.text("panel.override.reason"), "said": again.reason}]
    return []


def _theirs(call: Call, look: Look, one: JsonObject) -> JsonObject | None:
    """Return what somebody else has entered meanwhile: who, when, and the fields to read."""
    entered = (e for e in reversed(look.history) if (e.verb, e.section) == (Verb.ENTER, one["key"]))
    newest = next((entry for entry in entered if entry.accepted), None)
    if newest is None:
        return None
    lines = _to_read(call, said(one["form"], call.desk.kit.zone))
    return {"by": newest.actor.name, "at": newest.at.isoformat(), "fields": lines}


def _to_read(call: Call, lines: Iterable[Line]) -> list[dict[str, str]]:
    """Return the lines of a form in words."""
    return [{"label": one.label, "said": _in_words(call, one)} for one in lines]


def _in_words(call: Call, line: Line) -> str:
    if line.kind == "yes_no":
        return call.text("queue.yes") if line.said else call.text("queue.no")
    return _named(call, line.said) if line.kind == "owner" else line.said


def _named(call: Call, text: str) -> str:
    """Return the name of a user for "user:" and an id."""
    kind, _, key = text.partition(":")
    if kind == "keep":
        return call.text("field.ownership.keep")
    return _users(call, [key])[0].name if kind == "user" and key else text


def _candidates(call: Call, form: JsonObject, search: str) -> list[JsonObject]:
    """Return the users to choose from: who is chosen first, and by id where two share a name."""
    found = _found(call, search)
    chosen = [
        one["text"].removeprefix("user:")
        for one in form["fields"]
        if one["kind"] == "owner" and one["text"].startswith("user:")
    ]
    known = {user.id for user in found}
    found = [*_users(call, [key for key in chosen if key not in known]), *found]
    names = [user.name for user in found]
    return [
        {"id": user.id, "name": user.name, "note": user.id if names.count(user.name) > 1 else ""}
        for user in found
    ]


def _found(call: Call, search: str) -> list[User]:
    """Search users; a search that fails is reported, and the rest of the page is shown."""
    try:
        return list(call.cancellation.candidates(search))
    except Failed as error:
        call.desk.kit.report("Users.candidates", error)
        return []


def _users(call: Call, ids: Sequence[str]) -> list[User]:
    """Return users by their ids; one whom the host does not know is shown by the id."""
    users = call.desk.kit.users
    if users is None or not ids:
        return [User(key, key) for key in ids]
    found = or_none(call.desk, "Users.find", users.find, tuple(ids)) or {}
    return [found.get(key) or User(key, key) for key in ids]

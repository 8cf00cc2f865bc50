"""Forms as data: what can be entered for a section, from the annotations of its form class.

A plug-in needs nothing for it: text is a line, a bool a box, a date a day, an Enum or Literal a
choice. Its labels are the message keys "field.<section>.<field>", or else the name of the field;
`field(metadata={"multiline": True})` makes a line a text of several lines. What fits none of these
is entered as JSON. The article's own forms have kinds of their own: "reasons", "owner" and "keep".
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from attrs import NOTHING, Attribute
from attrs import fields as attributes

from cancelkit.kit import CancelKit
from cancelkit.messages import Message
from cancelkit.records import JsonObject
from cancelkit.registration import form_of
from cancelkit.section import Section
from cancelkit.sections import Mood, MoodSection, NewOwner, Reasons, ReasonsSection

_KINDS: Mapping[Any, str] = {
    str: "line",
    bool: "yes_no",
    int: "whole",
    float: "number",
    date: "day",
    datetime: "instant",
    tuple[str, ...]: "lines",
    list[str]: "lines",
}

KINDS = (*dict.fromkeys(_KINDS.values()), "text", "choice", "json", "reasons", "owner", "keep")
"""Every kind of field: what a front end has to be able to show."""


def form_data(kit: CancelKit, section: Section, entered: JsonObject | None) -> JsonObject | None:
    """Return a section's form as a JSON-ready object, with what was entered; None without one."""
    form = form_of(section)
    if form is None:
        return None
    hints = get_type_hints(form)
    given = entered or {}
    listed = [
        _field(kit, section, attribute, hints[attribute.name], given)
        for attribute in attributes(form)
        if attribute.init
    ]
    return {"fields": listed}


def _field(
    kit: CancelKit, section: Section, attribute: Attribute[Any], hint: Any, given: JsonObject
) -> dict[str, Any]:
    name, form = attribute.name, form_of(section)
    kind, options = _special(kit, section, form, name, given) or _kind(kit, attribute, hint)
    label = f"field.{section.key}.{name}"
    shown = kit.text(Message(label))
    made: dict[str, Any] = {
        "name": name,
        "label": shown if shown != label else _words(name),
        "kind": kind,
        "required": attribute.default is NOTHING,
        "value": given.get(name, _default(attribute)),
    }
    bare, optional = _without_none(hint)
    if optional or bare is str:
        made["blank"] = None if optional else ""
    return {**made, "options": options} if options is not None else made


def _words(name: str) -> str:
    return name[:1].upper() + name[1:].replace("_", " ")


def _default(attribute: Attribute[Any]) -> Any:
    plain = (str, int, float, bool)
    return attribute.default if isinstance(attribute.default, plain) else None


Kind = tuple[str, list[dict[str, Any]] | None]


def _special(
    kit: CancelKit, section: Section, form: type | None, name: str, given: JsonObject
) -> Kind | None:
    """Return the kind of a field of the article's own forms."""
    match form, name, section:
        case type() as cls, "codes", ReasonsSection() if cls is Reasons:
            chosen = [one["code"] for one in given.get("codes", ())]
            return "reasons", [
                {
                    "value": one.code,
                    "label": kit.label(one.label),
                    "group": kit.label(one.group) if one.group else "",
                    "comment": one.comment_required,
                }
                for one in section.choices(chosen)
            ]
        case type() as cls, ("text" | "extra"), _ if cls is Reasons:
            return "text", None
        case type() as cls, "user", _ if cls is NewOwner:
            return "owner", None
        case type() as cls, "keep", _ if cls is NewOwner:
            return "keep", None
        case type() as cls, "option", MoodSection() if cls is Mood:
            return _choice(kit, section.options.items())
        case _:
            return None


def _kind(kit: CancelKit, attribute: Attribute[Any], hint: Any) -> Kind:
    """Return the kind of a field from its annotation."""
    bare, optional = _without_none(hint)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return _choice(kit, [(one.value, _words(str(one.value))) for one in bare])
    if get_origin(bare) is Literal:
        return _choice(kit, [(value, _words(str(value))) for value in get_args(bare)])
    kind = _KINDS.get(bare, "json")
    if kind == "line" and attribute.metadata.get("multiline"):
        return "text", None
    if kind == "yes_no" and optional:
        return "json", None  # three answers are no box
    return kind, None


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        if len(rest) == 1 and len(get_args(hint)) == 2:
            return rest[0], True
    return hint, False


def _choice(kit: CancelKit, pairs: Iterable[tuple[Any, str]]) -> Kind:
    """Return a choice; `spelled` is what a browser sends: the value itself, or its JSON."""
    listed = list(pairs)
    if not all(isinstance(value, str | int | float | bool) for value, _ in listed):
        return "json", None
    plain = all(isinstance(value, str) for value, _ in listed)
    return "choice", [
        {
            "value": value,
            "spelled": value if plain else json.dumps(value),
            "label": kit.label(label),
        }
        for value, label in listed
    ]

"""What a browser sends for a section's form, as the JSON object that the section's form reads.

Pure, and the inverse of `filling`: what a page shows and sends back unchanged is the same data
again. It is strict: a field that the form does not have is refused. What fits the form as a whole
is decided by the form itself, as for every other way in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple

from attrs import field, frozen

from cancelkit.adapters.web.values import Fields, yes
from cancelkit.errors import Invalid
from cancelkit.messages import Message
from cancelkit.records import JsonObject
from cancelkit.serial import parse_json

COMMENT = "comment."
"""Before the code of a reason: the name of the field with the comment on it."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER = re.compile(r"[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]+)?")

TWO_MEANINGS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
"""A number whose separator may be that of the thousands; `filling` shows none like it."""


class Unfit(Invalid):
    """What was entered does not fit the fields; the page says which, and why."""


class Wrong(NamedTuple):
    """Why what was sent for a field does not fit."""

    message: Message
    option: str = ""  # of the option that it is about, where it is about one


@frozen
class Sent:
    """What was sent for a form.

    Attributes:
        data: what the section's form reads: whole only where nothing is wrong.
        texts: what the page shows again, by the name of the field.
        wrong: what does not fit, by the name of the field.
    """

    data: dict[str, Any] = field(factory=dict, repr=False)
    texts: dict[str, Any] = field(factory=dict, repr=False)
    wrong: dict[str, Wrong] = field(factory=dict, repr=False)


class _DoesNotFit(Exception):
    """What was sent does not fit the kind of its field."""


def entered(form: JsonObject, sent: Fields, zone: tzinfo) -> Sent:
    """Return what was entered into a form, as `form_data` describes it.

    Args:
        form: its fields.
        sent: what the browser sent; raises `Invalid` for a field that is there twice.
        zone: the host's, in which instants are entered.
    """
    found = Sent()
    for one in form["fields"]:
        name = one["name"]
        found.texts[name] = text = _TAKE.get(one["kind"], _text)(name, sent)
        try:
            found.data.update(_READ[one["kind"]](one, text, zone))
        except _DoesNotFit as error:
            found.wrong[name] = error.args[0]
    return found


# ---------------------------------------------------------------- what a browser sends


def _text(name: str, sent: Fields) -> str:
    return sent.take(name).replace("\r\n", "\n")


def _box(name: str, sent: Fields) -> str:
    return "on" if yes(sent.take(name)) else ""


def _ticked(name: str, sent: Fields) -> dict[str, Any]:
    """Take the ticked codes, and the comments beside all of them."""
    return {"codes": sent.take_all(name), "comments": sent.take_prefixed(COMMENT)}


def _nothing(name: str, sent: Fields) -> str:
    return ""


_TAKE: Mapping[str, Callable[[str, Fields], Any]] = {
    "yes_no": _box,
    "reasons": _ticked,
    "keep": _nothing,  # one of the options of "owner"
}


# ---------------------------------------------------------------- what it means


def _wrong(key: str, option: str = "", **values: str) -> _DoesNotFit:
    return _DoesNotFit(Wrong(Message.of(f"field.wrong.{key}", **values), option))


def _line(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    return {one["name"]: text or one.get("blank", "")}


def _yes_no(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    return {one["name"]: text == "on"}


def _blank(one: JsonObject) -> dict[str, Any]:
    """Return what an empty field means; where it means nothing, the form's own default counts."""
    return {one["name"]: one["blank"]} if "blank" in one else {}


def _choice(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    if not text:
        return _blank(one)
    known = {option["spelled"]: option["value"] for option in one["options"]}
    return {one["name"]: known.get(text, text)}


def _day(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    try:
        return {one["name"]: date.fromisoformat(text).isoformat()} if text else _blank(one)
    except ValueError:
        raise _wrong("day") from None


def _instant(one: JsonObject, text: str, zone: tzinfo) -> dict[str, Any]:
    """Read a time on the wall of the host's zone, or one that says its own offset."""
    if not text:
        return _blank(one)
    try:
        said = datetime.fromisoformat(text)
        if said.tzinfo is not None:
            return {one["name"]: said.astimezone(UTC).isoformat()}
        at = said.replace(tzinfo=zone).astimezone(UTC)
        there = at.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _wrong("instant") from None
    if there != said:
        raise _wrong("instant")  # when the clock goes forward, there is no such time
    return {one["name"]: at.isoformat()}


def _whole(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    if not text.strip():
        return _blank(one)
    if not _WHOLE.fullmatch(text.strip()):
        raise _wrong("whole")
    return {one["name"]: int(text)}


def _number(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    """Read a number with a point or a comma; "1,500" may be one and a half, or 1500."""
    if not text.strip():
        return _blank(one)
    if TWO_MEANINGS.fullmatch(text.strip()):
        raise _wrong("separator")
    if not _NUMBER.fullmatch(text.strip()) or not math.isfinite(
        number := float(text.replace(",", "."))
    ):
        raise _wrong("number")
    return {one["name"]: number}


def _lines(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    return {one["name"]: [line for line in text.split("\n") if line.strip()]}


def _json(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    try:
        return {one["name"]: parse_json(text)} if text.strip() else _blank(one)
    except Invalid:
        raise _wrong("json") from None


def _reasons(one: JsonObject, ticked: Mapping[str, Any], _: tzinfo) -> dict[str, Any]:
    """Read the reasons; a comment that would be lost, or one that is missing, is pointed out."""
    codes, comments = ticked["codes"], ticked["comments"]
    for code, comment in comments.items():
        if comment.strip() and code not in codes:
            raise _wrong("unticked", code)
    for option in one["options"]:
        code = option["value"]
        if option["comment"] and code in codes and not comments.get(code, "").strip():
            raise _wrong("comment", code, reason=option["label"])
    return {one["name"]: [{"code": code, "comment": comments.get(code, "")} for code in codes]}


def _owner(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    """Read who takes over: "user:" and an id, "keep", or nobody yet."""
    kind, _colon, user = text.partition(":")
    if kind not in ("user", "keep", ""):
        raise _wrong("choice")
    return {one["name"]: user if kind == "user" else "", "keep": text == "keep"}


def _kept(one: JsonObject, text: str, _: tzinfo) -> dict[str, Any]:
    return {}


_READ: Mapping[str, Callable[[JsonObject, Any, tzinfo], dict[str, Any]]] = {
    "line": _line,
    "text": _line,
    "yes_no": _yes_no,
    "day": _day,
    "instant": _instant,
    "choice": _choice,
    "whole": _whole,
    "number": _number,
    "lines": _lines,
    "json": _json,
    "reasons": _reasons,
    "owner": _owner,
    "keep": _kept,
}

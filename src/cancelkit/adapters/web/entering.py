"""What a browser sends for a section's form, as the JSON object that the section's form reads.

Pure, and strict: a field that the form does not have is refused. What fits the form is decided by
the form itself, as for every other way in.
"""

from __future__ import annotations

from typing import Any

from cancelkit.adapters.web.values import Fields, yes
from cancelkit.errors import Invalid
from cancelkit.records import JsonObject
from cancelkit.serial import parse_json


def entered(form: JsonObject, sent: Fields) -> dict[str, Any]:
    """Return what was entered into a form, as `form_data` describes it.

    Raises `Invalid` for what does not fit the kind of its field, and for unknown fields.
    """
    data: dict[str, Any] = {}
    for one in form["fields"]:
        data |= _READ[one["kind"]](one, sent)
    sent.done()
    return data


def _line(one: JsonObject, sent: Fields) -> dict[str, Any]:
    return {one["name"]: sent.take(one["name"])}


def _box(one: JsonObject, sent: Fields) -> dict[str, Any]:
    return {one["name"]: yes(sent.take(one["name"]))}


def _chosen(one: JsonObject, sent: Fields) -> dict[str, Any]:
    """Read a day, an instant or a choice."""
    value = sent.take(one["name"])
    return {one["name"]: value} if value else _blank(one)


def _blank(one: JsonObject) -> dict[str, Any]:
    """Return what an empty field means; where it means nothing, the form's own default counts."""
    return {one["name"]: one["blank"]} if "blank" in one else {}


def _number(one: JsonObject, sent: Fields) -> dict[str, Any]:
    value = sent.take(one["name"]).strip()
    if not value:
        return _blank(one)
    try:
        return {one["name"]: int(value) if one["kind"] == "whole" else float(value)}
    except ValueError:
        wanted = "a whole number" if one["kind"] == "whole" else "a number"
        raise Invalid(f"{one['label']} must be {wanted}, not {value!r:.40}.") from None


def _lines(one: JsonObject, sent: Fields) -> dict[str, Any]:
    text = sent.take(one["name"]).replace("\r\n", "\n")
    return {one["name"]: [line for line in text.split("\n") if line.strip()]}


def _json(one: JsonObject, sent: Fields) -> dict[str, Any]:
    text = sent.take(one["name"]).strip()
    try:
        return {one["name"]: parse_json(text)} if text else _blank(one)
    except Invalid as error:
        raise Invalid(f"{one['label']} must be JSON: {error}.") from error


def _reasons(one: JsonObject, sent: Fields) -> dict[str, Any]:
    """Read the ticked codes, and the comment beside each of them.

    A comment on a code that is not ticked is lost on purpose only where it is blank.
    """
    codes = sent.take_all(one["name"])
    comments = sent.take_prefixed("comment.")
    for code, comment in comments.items():
        if comment.strip() and code not in codes:
            raise Invalid(f"There is a comment on the reason {code!r}, which is not chosen.")
    return {one["name"]: [{"code": c, "comment": comments.get(c, "")} for c in codes]}


_READ = {
    "line": _line,
    "text": _line,
    "owner": _line,
    "yes_no": _box,
    "day": _chosen,
    "instant": _chosen,
    "choice": _chosen,
    "whole": _number,
    "number": _number,
    "lines": _lines,
    "json": _json,
    "reasons": _reasons,
}

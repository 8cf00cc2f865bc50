"""Forms as a page shows them: each field with the text that its input has.

Pure, and the inverse of `entering`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from cancelkit.adapters.web.entering import TWO_MEANINGS, Sent
from cancelkit.messages import Message
from cancelkit.records import JsonObject


def filled(
    form: JsonObject, sent: Sent | None, zone: tzinfo, say: Callable[[Message], str]
) -> dict[str, Any]:
    """Return a form with the texts of its inputs.

    Args:
        form: as `form_data` returns it.
        sent: what was sent and is shown again; None to show what is stored.
        zone: the host's, in which instants are shown.
        say: puts a message into the language of the reader.
    """
    return {"fields": [_filled(form, one, sent, zone, say) for one in form["fields"]]}


def _filled(
    form: JsonObject,
    one: JsonObject,
    sent: Sent | None,
    zone: tzinfo,
    say: Callable[[Message], str],
) -> dict[str, Any]:
    text = sent.texts.get(one["name"]) if sent else None
    text = shown(form, one, zone) if text is None else text
    wrong = sent.wrong.get(one["name"]) if sent else None
    made = {
        **one,
        "text": text,
        "wrong": say(wrong.message) if wrong else "",
        "wrong_option": wrong.option if wrong else "",
    }
    if one["kind"] == "instant":
        made["local"] = "+" not in text[10:] and "-" not in text[10:] and "Z" not in text
    elif one["kind"] == "reasons":
        made["groups"] = _groups(one["options"], text)
    elif one["kind"] == "choice" and text not in ("", *(o["spelled"] for o in one["options"])):
        gone = {"value": text, "spelled": text, "label": text}  # not offered any more
        made["options"] = [*one["options"], gone]
    elif one["kind"] == "line" and "\n" in text:
        made["kind"] = "text"  # an input of one line would lose the others
    return made


def shown(form: JsonObject, one: JsonObject, zone: tzinfo) -> Any:
    """Return the text of a field's input, from the value that is stored."""
    value, kind = one["value"], one["kind"]
    if kind == "owner":
        keeps = any(other["kind"] == "keep" and other["value"] for other in form["fields"])
        return "keep" if keeps else f"user:{value}" if value else ""
    if kind == "reasons":
        given = value or ()
        comments = {each["code"]: each.get("comment", "") for each in given}
        return {"codes": list(comments), "comments": comments}
    return "" if value is None else _TEXT[kind](value, one, zone)


def _box(value: Any, one: JsonObject, zone: tzinfo) -> str:
    return "on" if value else ""


def _plain(value: Any, one: JsonObject, zone: tzinfo) -> str:
    return str(value)


def _json(value: Any, one: JsonObject, zone: tzinfo) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: Any, one: JsonObject, zone: tzinfo) -> str:
    """Return a number; one of three decimals with a nought more, so that it has one meaning."""
    text = json.dumps(value)
    return f"{text}0" if TWO_MEANINGS.fullmatch(text) else text


def _lines(value: Any, one: JsonObject, zone: tzinfo) -> str:
    return "\n".join(value)


def _choice(value: Any, one: JsonObject, zone: tzinfo) -> str:
    same = (str(o["spelled"]) for o in one["options"] if o["value"] == value)
    return next(same, str(value))


def _instant(value: str, one: JsonObject, zone: tzinfo) -> str:
    """Return an instant as the time on the host's wall, where that loses nothing."""
    at = datetime.fromisoformat(value)
    try:
        wall = at.astimezone(zone).replace(tzinfo=None)
        exact = wall.replace(fold=0, tzinfo=zone).astimezone(UTC) == at and wall.microsecond == 0
    except OverflowError:  # there, it is beyond the years that there are
        return value
    return wall.isoformat() if exact else value


_TEXT: Mapping[str, Callable[[Any, JsonObject, tzinfo], str]] = {
    "line": _plain,
    "text": _plain,
    "yes_no": _box,
    "day": _plain,
    "instant": _instant,
    "choice": _choice,
    "whole": _json,
    "number": _number,
    "lines": _lines,
    "json": _json,
    "keep": _box,
}


def _groups(options: Any, text: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the reasons under the headings of the host's list, in its order."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for option in options:
        code = option["value"]
        said = {"chosen": code in text["codes"], "said": text["comments"].get(code, "")}
        groups.setdefault(option["group"], []).append({**option, **said})
    return [{"label": label, "options": listed} for label, listed in groups.items()]


class Line(NamedTuple):
    """What a field says, to read."""

    label: str
    kind: str
    said: str  # of a box: "on" or ""; of an owner: "user:" and the id, or "keep"


def said(form: JsonObject, zone: tzinfo, texts: Mapping[str, Any] | None = None) -> list[Line]:
    """Return what is stored as lines to read, without inputs; fields that say nothing are left out.

    Args:
        form: as `form_data` returns it.
        zone: the host's, in which instants are shown.
        texts: what was sent instead, by the name of the field.
    """
    each = ((one, _said(form, one, zone, texts)) for one in form["fields"] if one["kind"] != "keep")
    return [
        Line(one["label"], one["kind"], text)
        for one, text in each
        if text or one["kind"] == "yes_no"
    ]


def _said(form: JsonObject, one: JsonObject, zone: tzinfo, texts: Mapping[str, Any] | None) -> str:
    text, labels = shown(form, one, zone) if texts is None else texts[one["name"]], dict[str, str]()
    if one["kind"] == "reasons":
        labels = {option["value"]: option["label"] for option in one["options"]}
        comments = text["comments"]
        codes = dict.fromkeys((*text["codes"], *(code for code in comments if comments[code])))
        each = ((labels.get(code, code), comments.get(code, "")) for code in codes)
        return "; ".join(f"{label}: {comment}" if comment else label for label, comment in each)
    if one["kind"] == "choice":
        labels = {option["spelled"]: option["label"] for option in one["options"]}
    return str(labels.get(text, text))

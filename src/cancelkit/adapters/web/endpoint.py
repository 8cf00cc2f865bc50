"""An address of the JSON API that says what it takes and what it answers.

What is read from a request and what the OpenAPI document says of it come from the same table of
inputs: there is nothing to keep in step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote, unquote

from attrs import field, frozen

from cancelkit.adapters.web.values import DAY, Fields, PanelResponse, read_day
from cancelkit.errors import Invalid
from cancelkit.kit import CancelKit
from cancelkit.queue import Stage
from cancelkit.records import JsonObject
from cancelkit.serial import parse_json
from cancelkit.text import ID_LIMIT, TEXT_LIMIT

if TYPE_CHECKING:
    from cancelkit.adapters.web.call import Call

MOST_ASKED = 200
"""How many customers one question may be about."""

_TEXT = r"[^\x00-\x08\x0b-\x1f\x7f-\x9f]"
_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
_EDGE = r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029]"  # of an identifier: no white space


class Input(NamedTuple):
    """One thing that an address takes, in its query or in its body."""

    name: str
    kind: str  # a key of `_SCHEMAS`; or "profile" or "sections": those of the kit
    about: str
    wanted: bool = False  # it may not be left out

    def schema(self, kit: CancelKit) -> dict[str, Any]:
        """Return the JSON Schema of its values."""
        if self.kind == "profile":
            return {"enum": ["", *kit.profiles]}
        if self.kind == "sections":
            return {"type": "array", "items": {"enum": list(kit.known.by_key)}}
        return _SCHEMAS[self.kind]

    def of_query(self, sent: Fields) -> Any:
        """Take it from a query; None where it is not there. Raises `Invalid`."""
        values = sent.take_all(self.name)
        if self.wanted and not values:
            raise Invalid(f"{self.name!r} is missing in the address.")
        if self.kind in ("ids", "sections"):
            if len(values) > MOST_ASKED:
                raise Invalid(f"{self.name!r} is there {len(values)} times; at most {MOST_ASKED}.")
            return values or None
        if len(values) > 1:
            raise Invalid(f"{self.name!r} is there {len(values)} times; expected once.")
        return self._of_text(values[0]) if values else None

    def _of_text(self, text: str) -> Any:
        if self.kind in ("whole", "number"):
            if re.fullmatch("[0-9]{1,9}", text):
                return int(text)
            raise Invalid(f"{self.name!r} must be a whole number, not {text!r:.40}.")
        if self.kind == "yes_no":
            if text in ("true", "false"):
                return text == "true"
            raise Invalid(f"{self.name!r} must be true or false, not {text!r:.40}.")
        return self.of_body(text)

    def of_body(self, value: object) -> Any:
        """Take it from a JSON body; raises `Invalid`."""
        if self.kind == "yes_no":
            if type(value) is bool:
                return value
            raise Invalid(f"{self.name!r} must be true or false, not {type(value).__name__}.")
        if type(value) is not str:
            raise Invalid(f"{self.name!r} must be text, not {type(value).__name__}.")
        return _day(self.name, value) if self.kind == "day" else value


_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "line": {"type": "string", "maxLength": ID_LIMIT, "pattern": f"^{_LINE}*$"},
    "text": {"type": "string", "maxLength": TEXT_LIMIT, "pattern": f"^{_TEXT}*$"},
    "day": {"type": "string", "format": "date", "pattern": DAY},
    "yes_no": {"type": "boolean"},
    "whole": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "number": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "stage": {"enum": [stage.value for stage in Stage]},
    "ids": {
        "type": "array",
        "items": {
            "type": "string",
            "maxLength": ID_LIMIT,
            "pattern": f"^{_EDGE}({_LINE}*{_EDGE})?$",
        },
        "minItems": 1,
        "maxItems": MOST_ASKED,
    },
}


def _day(name: str, text: str) -> date:
    if (day := read_day(text, name)) is None:
        raise Invalid(f"{name!r} must be a day such as 2026-03-02, not empty.")
    return day


@frozen
class Endpoint:
    """The handler of one address of the API, with all that the OpenAPI document says of it.

    Attributes:
        act: is given the call, and each input by its name (left out where it was left out).
        name: the operation's id.
        answers: the name of the schema of a good answer; its `etag` is a token where `tagged`.
        body: of a POST: its properties; None where the whole body is handed over as `data`.
        shape: what else the JSON Schema of the body says.
        bound: whether the token in If-Match is "refused", "taken" or "wanted"; of a POST.
    """

    act: Callable[..., PanelResponse]
    name: str
    summary: str
    answers: str
    query: tuple[Input, ...] = ()
    body: tuple[Input, ...] | None = None
    shape: Mapping[str, Any] = field(factory=dict)
    bound: Literal["refused", "taken", "wanted"] = "refused"
    tagged: bool = False
    about: str = ""

    def __call__(self, call: Call) -> PanelResponse:
        """Read what the request says, and answer it."""
        asked = call.query()
        given = {
            one.name: value for one in self.query if (value := one.of_query(asked)) is not None
        }
        asked.done()
        if call.request.method == "POST":
            if self.bound == "refused" and "if-match" in call.request.headers:
                raise Invalid(
                    "If-Match is not taken here, since nothing compares it: leave it out."
                )
            given |= self._of_body(sent_object(call))
        return self.act(call, **given)

    def _of_body(self, sent: JsonObject) -> dict[str, Any]:
        if self.body is None:
            return {"data": sent}
        known = {one.name: one for one in self.body}
        if unknown := sorted(sent.keys() - known.keys()):
            listed = ", ".join(map(repr, unknown))
            expected = ", ".join(known) or "none"
            raise Invalid(f"The body has unknown properties: {listed} (known: {expected}).")
        return {name: known[name].of_body(value) for name, value in sent.items()}


def sent_object(call: Call) -> JsonObject:
    """Return the JSON object that was sent, parsed strictly; raises `Invalid`."""
    try:
        text = call.request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not UTF-8: byte {error.start} is wrong.") from None
    try:
        sent = parse_json(text)
    except Invalid as error:
        raise Invalid(f"The body cannot be read: {error}.") from error
    if not isinstance(sent, dict):
        raise Invalid(f"The body must be a JSON object, not {type(sent).__name__}.")
    return sent


IDEMPOTENCY_KEY = "Idempotency-Key"
OPERATION_ID = r"^[\x21\x23-\x7e]{1,191}$"
"""An operation id in a header: visible ASCII without quotes; in quotes, or without."""


def operation_of(call: Call) -> str:
    """Return the operation id of a command; raises `Invalid` where there is no good one."""
    said = call.request.headers.get(IDEMPOTENCY_KEY.lower(), "").strip(" \t")
    bare = said[1:-1] if len(said) > 1 and said[0] == said[-1] == '"' else said
    if not re.match(OPERATION_ID, bare):
        raise Invalid(
            f"{IDEMPOTENCY_KEY} must be an operation id of 1 to {ID_LIMIT} visible characters of "
            "ASCII, chosen anew for every command and sent again when it is repeated."
        )
    return bare


ENTITY_TAG = r'^"[\x21\x23-\x7e]{1,1000}\.[0-9]{1,18}\.[0-9a-f]{64}"$'
"""A token as a strong entity tag."""


def etag_of(token: str) -> str:
    """Return a token as an entity tag: whatever is in an id that the host has made."""
    return f'"{quote(token, safe="")}"'


def token_of(call: Call) -> str:
    """Return the token in If-Match, "" where there is none; raises `Invalid`."""
    said = call.request.headers.get("if-match")
    if said is None:
        return ""
    if not re.match(ENTITY_TAG, said.strip(" \t")):
        raise Invalid('If-Match must be the one token of a view or a plan, in quotes: "...".')
    return unquote(said.strip(" \t")[1:-1])

"""The strict JSON form of everything that is stored, and of what people enter.

As shipped, cattrs makes True of "false" and 1 of 1.9, and drops unknown keys; this converter
refuses all of that, with the path of what is wrong. It is built on first use.

A stored document is an object with a `format` version. An unknown version, or anything that
cancelkit would not have written itself, is refused; nothing is ever silently defaulted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_origin

from attrs import fields, has

from cancelkit.errors import CorruptState, Invalid, NewerFormat, PluginError
from cancelkit.messages import Message, Value
from cancelkit.people import Person
from cancelkit.records import CancellationRecord, HistoryEntry, JsonObject, Operation, OutboxRow

if TYPE_CHECKING:
    from cattrs import Converter

FORMAT = 1
"""The format version of stored documents that this version writes, and the newest it reads."""

T = TypeVar("T")
D = TypeVar("D", CancellationRecord, HistoryEntry, Operation, OutboxRow)


def dump(document: D) -> str:
    """Return the JSON text of a document to store."""
    body = converter(True, False).unstructure(document)
    return json.dumps({"format": FORMAT, **body}, ensure_ascii=False, allow_nan=False)


def load(cls: type[D], text: str, what: str) -> D:
    """Read a stored document; an error calls it `what`, such as "cancellation 'c-1'".

    Raises:
        NewerFormat: it was written by a newer version.
        CorruptState: it is not what cancelkit wrote; the message has the path.
    """
    try:
        body = parse_json(text)
        if not isinstance(body, dict) or type(body.get("format")) is not int:
            raise CorruptState(f"The stored {what} has no format version.")
        version = body.pop("format")
        if version != FORMAT:
            kind = NewerFormat if version > FORMAT else CorruptState
            raise kind(f"The stored {what} has format {version}; this version reads {FORMAT}.")
        return from_data(cls, body, complete=True)
    except Invalid as error:
        raise CorruptState(f"The stored {what} is damaged: {error}") from error


def to_data(value: object, *, names: bool = True) -> Any:
    """Return the JSON-ready form of an attrs instance: of a form, or an effect.

    Without `names`, those of people are left out: for digests, which labels never change.
    """
    return converter(names, False).unstructure(value)


def from_data(cls: type[T], data: object, *, complete: bool = False) -> T:
    """Make an instance of an attrs class from what `to_data` made, or what somebody sent.

    Raises `Invalid` with the path and the reason of each thing that is wrong, unknown keys
    included. If `complete`, every key must be there; else one with a default may be left out.
    """
    from cattrs import BaseValidationError, StructureHandlerNotFoundError, transform_error

    try:
        return converter(True, complete).structure(data, cls)
    except StructureHandlerNotFoundError as error:
        raise PluginError(f"{cls.__name__} has a field that cannot be stored: {error}.") from error
    except (BaseValidationError, TypeError, ValueError) as error:
        found = transform_error(error, path=cls.__name__, format_exception=_reason)
        raise Invalid("; ".join(found)) from error


def parse_json(text: str) -> Any:
    """Parse JSON strictly: NaN, infinities, duplicate keys and endless nesting are `Invalid`."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except RecursionError:
        raise Invalid("the JSON is nested too deeply") from None
    except ValueError as error:
        raise Invalid(f"not valid JSON: {error}") from error


@cache
def converter(names: bool, complete: bool) -> Converter:
    """Return a strict converter, made once for each of the choices of `to_data`, `from_data`."""
    from cattrs import Converter

    made = Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    made.register_structure_hook_factory(has, lambda cls: _object_of(cls, made, complete))
    made.register_structure_hook_factory(_is_tuple, lambda cls: _list_of(cls, made))
    for exact in (str, int, bool, float, type(None)):
        made.register_structure_hook(exact, _exactly(exact))
    made.register_structure_hook_func(lambda t: isinstance(t, type) and issubclass(t, Enum), _enum)
    made.register_structure_hook(datetime, _instant)
    made.register_structure_hook(date, _day)
    made.register_structure_hook_func(lambda t: t == JsonObject, lambda value, _: _json(value))
    made.register_structure_hook_func(lambda t: t == Mapping[str, str], _texts)
    made.register_structure_hook(Message, _message)
    made.register_unstructure_hook(datetime, lambda at: at.astimezone(UTC).isoformat())
    made.register_unstructure_hook(date, lambda day: day.isoformat())
    made.register_unstructure_hook_func(lambda t: t == JsonObject, dict)
    made.register_unstructure_hook(Message, _message_data)
    if not names:
        made.register_unstructure_hook(Person, lambda person: person.id)
    return made


# ---------------------------------------------------------------- strict pieces


class _Wrong(ValueError):
    """A value that is not what was expected."""


def _of_type(kinds: Any, value: Any, named: str) -> Any:
    if not isinstance(value, kinds):
        raise _Wrong(f"expected {named}, not {type(value).__name__}")
    return value


def _object_of(cls: Any, made: Converter, complete: bool) -> Callable[[object, Any], Any]:
    from cattrs.gen import make_dict_structure_fn

    build = make_dict_structure_fn(cls, made, _cattrs_forbid_extra_keys=True)
    names = frozenset(a.name for a in fields(cls) if a.init) if complete else frozenset()

    def structure(value: Any, _: Any) -> Any:
        if missing := names.difference(_of_type(dict, value, "an object")):
            raise _Wrong(f"missing: {', '.join(sorted(missing))}")
        return build(value, cls)

    return structure


def _is_tuple(cls: Any) -> bool:
    return get_origin(cls) is list or (get_origin(cls) is tuple and get_args(cls)[1:] == (...,))


def _list_of(cls: Any, made: Converter) -> Callable[[object, Any], Any]:
    from cattrs.cols import homogenous_tuple_structure_factory, list_structure_factory

    factory = (
        list_structure_factory if get_origin(cls) is list else homogenous_tuple_structure_factory
    )
    build = factory(cls, made)
    return lambda value, _: build(_of_type((list, tuple), value, "a list"), cls)


def _exactly(cls: type[T]) -> Callable[[object, Any], T]:
    named = "null" if cls is type(None) else cls.__name__

    def structure(value: object, _: Any) -> T:
        if cls is float and type(value) is int and abs(value) <= 2**53:
            return cast("T", float(value))  # JavaScript writes 1.0 as 1
        if type(value) is not cls:
            raise _Wrong(f"expected {named}, not {type(value).__name__}")
        if cls is int and not -(2**63) <= cast("int", value) < 2**63:
            raise _Wrong("expected a whole number of at most 64 bits")
        if cls is float and not math.isfinite(cast("float", value)):
            raise _Wrong("expected a finite float")
        return value

    return structure


def _enum(value: object, cls: Any) -> Any:
    if type(value) is cls:
        return value
    known = {member.value: member for member in cls}
    if type(value) is not str or value not in known:
        raise _Wrong(f"expected one of {', '.join(known)}")
    return known[value]


def _instant(value: object, _: Any) -> datetime:
    if type(value) is datetime and value.tzinfo is not None:
        return value.astimezone(UTC)
    parsed = _iso(value, datetime)
    if parsed.tzinfo is None:
        raise _Wrong("expected an instant with its offset from UTC")
    return parsed.astimezone(UTC)


def _day(value: object, _: Any) -> date:
    return value if type(value) is date else _iso(value, date)


def _iso(value: object, cls: type[T]) -> T:
    try:
        if type(value) is not str:
            raise ValueError
        return cls.fromisoformat(value)  # type: ignore[attr-defined, no-any-return]  # date or datetime
    except ValueError:
        raise _Wrong(f"expected an ISO 8601 {cls.__name__} as text") from None


def _texts(value: object, _: Any) -> dict[str, str]:
    texts: dict[str, str] = _json(value)
    if not all(type(text) is str for text in texts.values()):
        raise _Wrong("expected an object of texts")
    return texts


def _json(value: object) -> Any:
    """Check a JSON object through and through, and copy it."""
    given = _of_type(dict, value, "an object")
    if not all(type(key) is str for key in given):
        raise _Wrong("expected an object whose keys are texts")
    return {key: _json_value(item) for key, item in given.items()}


def _json_value(value: object) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return _exactly(float)(value, float)
    return [_json_value(item) for item in value] if isinstance(value, list) else _json(value)


def _message_data(message: Message) -> dict[str, Any]:
    kind = {date: "date", datetime: "instant"}
    days = {n: {kind[type(v)]: v.isoformat()} for n, v in message.values if isinstance(v, date)}
    return {"key": message.key, "values": {**dict(message.values), **days}}


def _message(data: object, _: Any) -> Message:
    if not isinstance(data, dict) or set(data) != {"key", "values"} or type(data["key"]) is not str:
        raise _Wrong("expected an object with a text as key, and values")
    values = _json(data["values"])
    return Message.of(data["key"], **{name: _message_value(v) for name, v in values.items()})


def _message_value(value: object) -> Value:
    if isinstance(value, dict) and set(value) == {"date"}:
        return _day(value["date"], date)
    if isinstance(value, dict) and set(value) == {"instant"}:
        return _instant(value["instant"], datetime)
    if type(value) is str or type(value) is int:
        return value
    raise _Wrong("expected text, a whole number, a date or an instant as value of a message")


def _reason(error: BaseException, cls: type | None) -> str:
    from cattrs import ForbiddenExtraKeysError

    if isinstance(error, ForbiddenExtraKeysError):
        known = ", ".join(attribute.name for attribute in fields(error.cl))
        return f"unknown: {', '.join(sorted(map(str, error.extra_fields)))} (known: {known})"
    if isinstance(error, KeyError):
        return f"missing: {error.args[0]}"
    if isinstance(error, _Wrong | Invalid):
        return str(error)
    expected = getattr(cls, "__name__", str(cls))
    return f"expected {expected} ({type(error).__name__})"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not allowed")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = sorted({key for key, _ in pairs if [k for k, _ in pairs].count(key) > 1})
        raise ValueError(f"the key {twice[0]!r} is there twice")
    return made

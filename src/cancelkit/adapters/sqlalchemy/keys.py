"""Identifiers and status values as text, both ways: what a column's type says they are."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement

from cancelkit.errors import BadSetup


class Text(NamedTuple):
    """How the values of a column become text, and text becomes values again."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]  # None for a text that no value has


def text_of(column: ColumnElement[Any], what: str) -> Text:
    """Return the text form of a column of int, UUID, text, bool or Enum.

    Raises `BadSetup` for any other type; it calls the column `what`.
    """
    try:
        kind = column.type.python_type
    except NotImplementedError:
        kind = object
    if issubclass(kind, Enum):
        return Text(lambda value: str(value.name), kind.__members__.get)
    found = _FORMS.get(kind)
    if found is None:
        raise BadSetup(
            f"{what} has the type {column.type!r}; expected one of int, UUID, text, bool or Enum."
        )
    return found


def _int(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if str(number) == text and -(2**63) <= number < 2**63 else None


def _uuid(text: str) -> UUID | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


_FORMS: dict[type, Text] = {
    int: Text(str, _int),
    str: Text(str, str),
    UUID: Text(str, _uuid),
    bool: Text(lambda value: str(value).lower(), {"true": True, "false": False}.get),
}

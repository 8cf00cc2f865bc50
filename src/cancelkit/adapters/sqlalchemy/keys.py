"""Identifiers and status values as text, both ways: what a column's type says they are."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Integer, Uuid
from sqlalchemy.types import TypeEngine

from cancelkit.errors import BadSetup


class Text(NamedTuple):
    """How the values of a column become text, and text becomes values again."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]  # None for a text that no value has
    type: TypeEngine[Any]  # to compare with, in SQL


def text_of(column: ColumnElement[Any], what: str) -> Text:
    """Return the text form of a column of int, UUID, text, bool or Enum.

    Raises `BadSetup` for any other type; it calls the column `what`.
    """
    kind = kind_of(column)
    if issubclass(kind, Enum):
        return Text(lambda value: str(value.name), kind.__members__.get, column.type)
    if isinstance(column.type, Uuid) and kind is str:
        return Text(str, lambda text: text if _uuid(text) else None, column.type)
    if isinstance(column.type, Integer):  # any number may be asked for, a large one as well
        return Text(str, _int, BigInteger())
    if kind not in _FORMS:
        raise BadSetup(
            f"{what} has the type {column.type!r}; expected one of int, UUID, text, bool or Enum."
        )
    return Text(*_FORMS[kind], column.type)


def kind_of(column: ColumnElement[Any]) -> type[Any]:
    """Return the Python type of a column; object where it has none."""
    try:
        found: type[Any] = column.type.python_type
    except NotImplementedError:
        return object
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


_FORMS: dict[type, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    int: (str, _int),
    str: (str, str),
    UUID: (str, _uuid),
    bool: (lambda value: str(value).lower(), {"true": True, "false": False}.get),
}

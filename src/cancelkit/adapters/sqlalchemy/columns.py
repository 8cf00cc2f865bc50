"""Columns and expressions of the host's tables: checked, and named in messages."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from attrs import fields
from sqlalchemy import Boolean, ColumnElement, FromClause, Table
from sqlalchemy import Column as TableColumn
from sqlalchemy.sql.util import _deep_deannotate  # pyright: ignore[reportPrivateUsage] - mapped attributes

from cancelkit.adapters.sqlalchemy.constants import with_constants
from cancelkit.errors import BadSetup

Column: TypeAlias = Any
"""A `ColumnElement` of SQLAlchemy, or an attribute of a mapped class."""


def name_of(column: Column) -> str:
    """Return a column as "table.column", for a message."""
    table = getattr(getattr(column, "table", None), "name", None)
    name = getattr(column, "key", None) or str(column)
    return f"{table}.{name}" if table else str(name)


def from_objects(column: Column) -> tuple[FromClause, ...]:
    """Return what an expression is over; what a scalar subquery selects from does not count."""
    return tuple(column._from_objects)  # noqa: SLF001 - nothing public tells it


def table_of(column: Column, what: str) -> FromClause:
    """Return the table, or subquery, that a column or expression is over."""
    tables = from_objects(column)
    if len(tables) != 1:
        found = ", ".join(map(str, tables)) or "none"
        raise BadSetup(f"{what} must be over one table; it is over: {found}.")
    return tables[0]


def check_within(column: Column, table: FromClause, what: str) -> None:
    """Raise `BadSetup` for an expression that is over another table as well."""
    others = sorted({str(one) for one in from_objects(column) if one is not table})
    if others:
        raise BadSetup(
            f"{what} must be over {table} alone, but is over {', '.join(others)}; use a scalar "
            "subquery, or describe the rows by one subquery."
        )


def written(column: Column, table: FromClause) -> bool:
    """Say whether an expression is a column of a table, so that it can be written."""
    return isinstance(column, TableColumn) and isinstance(table, Table) and table is column.table


def as_column(value: Any, what: str) -> ColumnElement[Any]:
    """Check a column; an attribute of a mapped class becomes its table's column."""
    if hasattr(value, "__clause_element__"):
        value = value.__clause_element__()
    if not isinstance(value, ColumnElement):
        raise BadSetup(f"{what} must be a column of SQLAlchemy, not {type(value).__name__}.")
    return _deep_deannotate(value)


def check_columns(described: object, *conditions: str) -> None:
    """Check all columns of a description, in place; `conditions` must be true or false."""
    for attribute in fields(cast("Any", type(described))):
        value = getattr(described, attribute.name, None)
        if attribute.type != "Column" or (value is None and attribute.default is None):
            continue
        found = as_column(value, f"{attribute.name}=")
        if attribute.name in conditions and not isinstance(found.type, Boolean):
            raise BadSetup(
                f"{attribute.name}= must be true or false, such as orders.c.status.in_(['done']); "
                f"{name_of(found)} has the type {found.type!r}."
            )
        found = with_constants(found) if attribute.name in conditions else found
        object.__setattr__(described, attribute.name, found)

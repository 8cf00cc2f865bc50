"""Whether cancelkit's own tables are those of this version, of an older or a newer one, or changed.

Each version adds to the tables of the one before it, and takes nothing away. So tables that only
lack something are of an older version; and if they only have more, of a newer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, Index, String, Table, UniqueConstraint
from sqlalchemy.schema import CreateColumn, CreateIndex

from cancelkit.adapters.sqlalchemy.ddl import quoted, script
from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog, FoundIndex
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level

LESS, MORE, OTHER = "less", "more", "other"
OLDER = (
    "An older version of cancelkit made the tables: run the statements that help, or those that "
    "your alembic makes, before this version is used."
)
NEWER = "A newer version of cancelkit made the tables: use that one."
CHANGED = (
    "Another version of cancelkit made the table, or somebody changed it: compare it with what "
    "`cancelkit db create --print` writes."
)


class Difference(NamedTuple):
    """What is other than it should be: less, more, or another thing; and the DDL that helps."""

    kind: str
    told: str
    ddl: tuple[str, ...] = ()
    level: Level = Level.FIX


def differences(own: Iterable[Table], catalog: Catalog) -> tuple[Finding, ...]:
    """Compare tables that are there with those of this version."""
    found = [one for table in own for one in _of(table, catalog)]
    kinds = {one.kind for one in found}
    verdict = OLDER if kinds == {LESS} else NEWER if kinds == {MORE} else CHANGED
    return tuple(Finding(d.level, "", f"{d.told} {verdict}", script(d.ddl)) for d in found)


def _of(table: Table, catalog: Catalog) -> Iterator[Difference]:
    ours = {column.name for column in table.columns}
    for name, there in catalog.columns(table).items():
        needed = not there["nullable"] and there.get("default") is None
        if name not in ours and needed:
            told = f"{table.fullname} has a column {name} that is never filled."
            yield Difference(MORE, told)
    for column in table.columns:
        there = catalog.column(table, column.name)
        yield from _column(column, there, catalog) if there else [_missing(column, catalog)]
    yield from _keys(table, catalog)
    yield from _indexes(table, catalog)


def _missing(column: Column[Any], catalog: Catalog) -> Difference:
    """A column that may be NULL can be added to rows that are there."""
    table = column.table
    told = f"{table} has no column {column.name}."
    if not column.nullable:
        told += (
            " Its value cannot be guessed for the rows that are there: rename the table, create it "
            "again (cancelkit db create), and copy the rows by hand."
        )
        return Difference(LESS, told)
    made = f"ALTER TABLE {quoted(table, catalog.dialect)} ADD COLUMN {_written(column, catalog)}"
    return Difference(LESS, told, (made,))


def _written(column: Column[Any], catalog: Catalog) -> str:
    return str(CreateColumn(column).compile(dialect=catalog.dialect)).strip()


def _column(column: Column[Any], there: Any, catalog: Catalog) -> Iterator[Difference]:
    name = f"{column.table}.{column.name}"
    if bool(there["nullable"]) is not bool(column.nullable) and not column.primary_key:
        yield Difference(OTHER, f"{name} {'may not' if column.nullable else 'may'} be NULL.")
    wanted = getattr(column.type, "length", None)
    length = getattr(there["type"], "length", None)
    widened = _changed(column, catalog)
    if isinstance(there["type"], String) and wanted and length and length < wanted:
        yield Difference(LESS, f"{name} takes {length} characters, not {wanted}.", widened)
    if catalog.family == "mariadb" and wanted:
        collation = catalog.collation_of(column.table, column.name)
        if not collation.endswith("_bin"):
            told = f"{name} has the collation {collation}, which merges letters."
            yield Difference(OTHER, told, widened)


def _changed(column: Column[Any], catalog: Catalog) -> tuple[str, ...]:
    """Return what gives a column its type; SQLite cannot, and does not count characters."""
    table, written = quoted(column.table, catalog.dialect), _written(column, catalog)
    if catalog.family == "mariadb":
        return (f"ALTER TABLE {table} MODIFY {written}",)
    if catalog.family == "postgresql":
        kind = column.type.compile(dialect=catalog.dialect)
        name = catalog.dialect.identifier_preparer.format_column(column)
        return (f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {kind}",)
    return ()


def _keys(table: Table, catalog: Catalog) -> Iterator[Difference]:
    for one in table.constraints:
        names = [column.name for column in one.columns] if isinstance(one, UniqueConstraint) else []
        if names and not catalog.unique(table, *names):
            quote = catalog.dialect.identifier_preparer.quote
            on = f"{quoted(table, catalog.dialect)} ({', '.join(map(quote, names))})"
            made = f"CREATE UNIQUE INDEX {quote(str(one.name))} ON {on}"
            told = f"{table.fullname} is not unique by {', '.join(names)}."
            yield Difference(LESS, told, (made,))


def _indexes(table: Table, catalog: Catalog) -> Iterator[Difference]:
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        names = tuple(column.name for column in index.columns)
        if not any(_serves(found, index, catalog) for found in catalog.indexes(table)):
            told = f"{table.fullname} has no index on {', '.join(names)}."
            made = str(CreateIndex(index).compile(dialect=catalog.dialect))
            yield Difference(LESS, told, (made,), Level.ADVICE)


def _serves(found: FoundIndex, index: Index, catalog: Catalog) -> bool:
    """Say whether an index that is there does what ours does; a partial one, if ours is partial."""
    names = tuple(column.name for column in index.columns)
    partial = index.dialect_options[catalog.dialect.name].get("where") is not None
    whole = not found.partial or (partial and found.name == index.name)
    return whole and found.columns[: len(names)] == names

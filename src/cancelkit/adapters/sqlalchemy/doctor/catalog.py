"""What the database says of itself: tables, columns, keys, indexes, triggers, privileges."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Dialect, FromClause, Table, inspect, text
from sqlalchemy.exc import SAWarning

from cancelkit.adapters.sqlalchemy.ddl import family_of, quoted, real_name, real_table


class Key(NamedTuple):
    """A foreign key that refers to a customer."""

    enforced: bool  # and not switched off


class FoundIndex(NamedTuple):
    """An index, or the index of a key."""

    name: str
    columns: tuple[str | None, ...]  # None for an expression
    unique: bool
    partial: bool


class Catalog:
    """The catalog of one database, over one connection. What it has found is kept."""

    def __init__(self, db: Connection) -> None:
        self.db: Connection = db
        self.dialect: Dialect = db.dialect
        self.family: str = family_of(db.dialect)
        self._inspector = inspect(db)
        self._fold = self.family == "mariadb"  # names of columns are of either case there
        self._columns: dict[str, dict[str, Any]] = {}
        self._indexes: dict[str, tuple[FoundIndex, ...]] = {}

    def has(self, table: Table) -> bool:
        """Say whether there is a table or view."""
        return self._inspector.has_table(table.name, schema=table.schema)

    def is_view(self, table: Table) -> bool:
        """Say whether it is a view."""
        return table.name in self._inspector.get_view_names(schema=table.schema)

    def columns(self, table: Table) -> dict[str, Any]:
        """Return the columns that there are, by name."""
        if table.fullname not in self._columns:
            with _quiet():
                found = self._inspector.get_columns(table.name, schema=table.schema)
            self._columns[table.fullname] = {self._name(one["name"]): one for one in found}
        return self._columns[table.fullname]

    def column(self, table: Table, name: str) -> Any:
        """Return what there is under the name of a column, or None."""
        return self.columns(table).get(self._name(name))

    def indexes(self, table: Table) -> tuple[FoundIndex, ...]:
        """Return the indexes of a table, those of its keys too."""
        if table.fullname not in self._indexes:
            with _quiet():
                self._indexes[table.fullname] = tuple(self._all_indexes(table))
        return self._indexes[table.fullname]

    def unique(self, table: Table, *columns: str) -> bool:
        """Say whether some columns are unique, or some of them are."""
        wanted = {self._name(one) for one in columns}
        return any(
            one.unique and not one.partial and {self._name(str(c)) for c in one.columns} <= wanted
            for one in self.indexes(table)
        )

    def finds(self, column: Column[Any], given: Sequence[Column[Any]]) -> bool:
        """Say whether an index finds the rows of a value: before it come only given columns."""
        names = {self._name(one.name) for one in given}
        for one in self.indexes(_table(column)):
            found = [self._name(str(name)) for name in one.columns]
            if not one.partial and self._name(column.name) in found:
                before = found[: found.index(self._name(column.name))]
                if set(before) <= names:
                    return True
        return False

    def covers(self, columns: Sequence[Column[Any]]) -> bool:
        """Say whether an index begins with the first column, and has all others."""
        wanted = [self._name(one.name) for one in columns]
        for one in self.indexes(_table(columns[0])):
            found = [self._name(str(name)) for name in one.columns]
            if found[:1] == wanted[:1] and set(wanted) <= set(found):
                return True
        return False

    def reference(self, column: Column[Any], to: Column[Any]) -> Key | None:
        """Return the foreign key by which a row of a child always refers to its customer.

        One of several columns counts if none of the others may be NULL: a NULL is not checked.
        """
        table, customers = _table(column), _table(to)
        for one in self._inspector.get_foreign_keys(table.name, schema=table.schema):
            pairs = dict(zip(one["constrained_columns"], one["referred_columns"], strict=True))
            if one["referred_table"] != customers.name or pairs.get(column.name) != to.name:
                continue
            others = (self.column(table, name) for name in pairs if name != column.name)
            if all(other and not other["nullable"] for other in others):
                return Key(self._enforced(table, str(one["name"])))
        return None

    def one(self, statement: str, **values: Any) -> Any:
        """Return the first column of the first row of a statement, or None."""
        return self.db.execute(text(statement), values).scalar()

    def may(self, table: FromClause, privilege: str) -> bool:
        """Say whether the user of this connection has a privilege on a column (PostgreSQL)."""
        name = quoted(table, self.dialect)
        return bool(
            self.one("SELECT has_any_column_privilege(to_regclass(:t), :p)", t=name, p=privilege)
        )

    def may_column(self, column: Column[Any], privilege: str) -> bool:
        """Say whether the user has a privilege on one column (PostgreSQL)."""
        asked = "SELECT has_column_privilege(to_regclass(:t), :c, :p)"
        table = quoted(column.table, self.dialect)
        return bool(self.one(asked, t=table, c=column.name, p=privilege))

    def rows_of(self, table: Table) -> float:
        """Return about how many rows there are (PostgreSQL and MariaDB)."""
        if self.family == "postgresql":
            asked = "SELECT reltuples FROM pg_class WHERE oid = to_regclass(:t)"
            return float(self.one(asked, t=quoted(table, self.dialect)) or 0)
        asked = (
            "SELECT table_rows FROM information_schema.tables WHERE table_name = :t "
            "AND table_schema = coalesce(:s, database())"
        )
        return float(self.one(asked, t=table.name, s=table.schema) or 0)

    def engine_of(self, table: Table) -> str:
        """Return the storage engine of a table (MariaDB)."""
        asked = (
            "SELECT engine FROM information_schema.tables WHERE table_name = :t "
            "AND table_schema = coalesce(:s, database())"
        )
        return str(self.one(asked, t=table.name, s=table.schema) or "")

    def collation_of(self, table: Table, name: str) -> str:
        """Return the collation of a column (MariaDB)."""
        asked = (
            "SELECT collation_name FROM information_schema.columns WHERE table_name = :t "
            "AND column_name = :c AND table_schema = coalesce(:s, database())"
        )
        return str(self.one(asked, t=table.name, c=name, s=table.schema) or "")

    def trigger(self, table: Table, name: str) -> str | None:
        """Return the body of the function of a trigger that fires, or None (PostgreSQL)."""
        asked = (
            "SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgrelid = to_regclass(:t) AND t.tgname = :n AND t.tgenabled IN ('O', 'A')"
        )
        found = self.one(asked, t=quoted(table, self.dialect), n=name)
        return None if found is None else str(found)

    def _name(self, name: str) -> str:
        return name.lower() if self._fold else name

    def _enforced(self, table: Table, name: str) -> bool:
        if self.family != "postgresql":
            return True
        asked = (
            "SELECT count(*) FROM pg_constraint c LEFT JOIN pg_trigger t "
            "ON t.tgconstraint = c.oid AND t.tgrelid = c.conrelid "
            "WHERE c.conrelid = to_regclass(:t) AND c.conname = :n "
            "AND (t.tgenabled IS NULL OR t.tgenabled NOT IN ('O', 'A'))"
        )  # one that is NOT ENFORCED has no triggers
        return not self.one(asked, t=quoted(table, self.dialect), n=name)

    def _all_indexes(self, table: Table) -> Iterator[FoundIndex]:
        key = self._inspector.get_pk_constraint(table.name, schema=table.schema)
        if key and key["constrained_columns"]:
            yield FoundIndex("", tuple(key["constrained_columns"]), unique=True, partial=False)
        yield from self._sqlite(table) if self.family == "sqlite" else self._others(table)

    def _others(self, table: Table) -> Iterator[FoundIndex]:
        for one in self._inspector.get_unique_constraints(table.name, schema=table.schema):
            columns = tuple(one["column_names"])
            yield FoundIndex(str(one["name"]), columns, unique=True, partial=False)
        for each in self._inspector.get_indexes(table.name, schema=table.schema):
            partial = "postgresql_where" in each.get("dialect_options", {})
            names = tuple(each["column_names"])
            yield FoundIndex(str(each["name"]), names, bool(each["unique"]), partial)

    def _sqlite(self, table: Table) -> Iterator[FoundIndex]:
        """SQLAlchemy leaves out what SQLite has on expressions."""
        schema = table.schema or "main"
        listed = 'SELECT name, "unique", partial FROM pragma_index_list(:t, :s)'
        columns = text("SELECT name FROM pragma_index_info(:i, :s)")
        for name, unique, partial in self.db.execute(text(listed), {"t": table.name, "s": schema}):
            names = tuple(self.db.scalars(columns, {"i": name, "s": schema}))
            yield FoundIndex(name, names, bool(unique), bool(partial))


def _table(column: Column[Any]) -> Table:
    found = real_table(column.table)
    if found is None:
        raise TypeError(f"{real_name(column.table)} is no table")
    return found


@contextmanager
def _quiet() -> Generator[None]:
    """Read catalogs with indexes and types that SQLAlchemy does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield

"""DDL that helps, as text for somebody to read and run: own tables, foreign keys, indexes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, cast

from sqlalchemy import Column, Dialect, FromClause, Select, Table, make_url, true
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import Alias, visitors
from sqlalchemy.sql.elements import ClauseElement

from cancelkit.adapters.sqlalchemy.description import Assets, Dates
from cancelkit.adapters.sqlalchemy.statements import RowSource
from cancelkit.adapters.sqlalchemy.tables import OwnTables

LONGEST = 63
"""Characters of a name: PostgreSQL cuts a longer one, MariaDB refuses one of more than 64."""


def dialect_of(address: str) -> Dialect:
    """Return the dialect of a database's address; no driver is needed, and no connection."""
    return make_url(address).get_dialect()()


def for_reading(dialect: Dialect) -> Dialect:
    """Return a dialect for texts that a person reads: a driver's one writes % twice."""
    kind: Any = type(dialect)
    return cast("Dialect", kind(paramstyle="named"))


def family_of(dialect: Dialect) -> str:
    """Return "sqlite", "postgresql" or "mariadb" (which MySQL is one of), or another name."""
    return "mariadb" if dialect.name in ("mysql", "mariadb") else dialect.name


def script(statements: Iterable[str]) -> str:
    """Return statements as a text that a database's own client can run."""
    return "".join(f"{one.strip()};\n" for one in statements)


def create_tables(own: OwnTables, dialect: Dialect) -> tuple[str, ...]:
    """Return the statements that create cancelkit's own tables and their indexes."""
    made: list[Any] = []
    for table in own:
        made += [CreateTable(table), *(CreateIndex(i) for i in sorted(table.indexes, key=str))]
    return tuple(str(one.compile(dialect=dialect)).strip() for one in made)


def real_table(found: FromClause) -> Table | None:
    """Return the table that something is over; None for a subquery."""
    inner = found.element if isinstance(found, Alias) else found
    return inner if isinstance(inner, Table) else None


def columns_in(*expressions: Any) -> tuple[Column[Any], ...]:
    """Return the columns of tables that expressions or statements read, each once."""
    every = chain.from_iterable(visitors.iterate(e) for e in expressions if e is not None)
    found = (e for e in every if isinstance(e, Column) and real_table(e.table) is not None)
    return tuple({(real_name(e.table), e.name): e for e in found}.values())


def real_name(table: FromClause) -> str:
    """Return the name of a table, with its schema where it has one."""
    inner = real_table(table)
    return str(inner.fullname if inner is not None else table)


def quoted(table: FromClause, dialect: Dialect) -> str:
    """Return the name of a table as it stands in a statement."""
    inner = real_table(table)
    prepare = dialect.identifier_preparer
    return prepare.format_table(inner) if inner is not None else str(table)


def short(*parts: str) -> str:
    """Return a name made of parts, short enough for every database."""
    return "_".join(parts)[:LONGEST]


def written(expression: ClauseElement, dialect: Dialect) -> str:
    """Return an expression over one table with its constants in it, and no table's name."""
    kwargs = {"literal_binds": True, "include_table": False, "render_postcompile": True}
    return str(expression.compile(dialect=for_reading(dialect), compile_kwargs=kwargs))


def foreign_key(column: Column[Any], to: Column[Any], dialect: Dialect) -> tuple[str, ...]:
    """Return what makes a column refer to another, without a long lock where that is possible."""
    quote = dialect.identifier_preparer.quote
    table, own = quoted(column.table, dialect), getattr(column.table, "name", "rows")
    name = quote(short(str(own), column.name, "fk"))
    refers = f"FOREIGN KEY ({quote(column.name)}) REFERENCES {quoted(to.table, dialect)}"
    added = f"ALTER TABLE {table} ADD CONSTRAINT {name} {refers} ({quote(to.name)})"
    if dialect.name != "postgresql":
        return (added,)
    return (f"{added} NOT VALID", f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def customer_index(source: RowSource, dialect: Dialect) -> str:
    """Return the index by which the rows of a customer are found, closed ones too.

    It is the one for what is open, where that has all rows.
    """
    for one in open_indexes(source, dialect):
        if " WHERE " not in one:
            return one
    customer = source.source.customer
    return _index(source, dialect, "", [customer], [])


def open_indexes(source: RowSource, dialect: Dialect) -> tuple[str, ...]:
    """Return the indexes with which counting what is open reads no closed rows.

    PostgreSQL and SQLite have partial ones, with the very condition that the statements have.
    MariaDB has none; there, the index has all columns that are read, so that rows are not.
    """
    there = [] if source.source.where is None else [source.source.where]
    if any(isinstance(e, Select) for one in there for e in visitors.iterate(one)):
        there = []  # an index cannot ask other tables
    if family_of(dialect) == "mariadb":
        return (_covering(source, dialect),)
    return tuple(_index(source, dialect, *one) for one in _partial(source, there))


def _partial(source: RowSource, there: list[Any]) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Return (name's end, columns, conditions) of each index."""
    rows = source.source
    if isinstance(rows, Dates):
        yield "next", [rows.customer, rows.on], there
    elif isinstance(rows, Assets):
        yield "ceased", [rows.customer, rows.ceased_on], there
        if rows.live is not None:
            yield "ticked", [rows.customer, rows.ceased_on], [*there, rows.live.is_(true())]
    else:  # with what the conditions read, so that no row is: planners then prefer it
        read = [c for c in _own(source, *rows.open, *there) if c is not rows.customer]
        yield "open", [rows.customer, *read], [*there, *rows.open]


def _covering(source: RowSource, dialect: Dialect) -> str:
    rows = source.source
    first = rows.ceased_on if isinstance(rows, Assets) else getattr(rows, "on", None)
    ours = _own(source, rows.customer, first, *rows.open, rows.where)
    return _index(source, dialect, "open", ours, [])


def _own(source: RowSource, *read: Any) -> list[Any]:
    """Return the columns of a source's own table that expressions read."""
    return [c for c in columns_in(*read) if real_name(c.table) == real_name(source.table)]


def index_name(source: RowSource, end: str) -> str:
    """Return the name of an index that is proposed."""
    customer = getattr(source.source.customer, "name", "customer")
    table = getattr(source.table, "name", "rows")
    return short(str(table), str(customer), *([end] if end else []))


def _index(
    source: RowSource, dialect: Dialect, end: str, columns: list[Any], conditions: list[Any]
) -> str:
    quote = dialect.identifier_preparer.quote
    name = quote(index_name(source, end))
    listed = ", ".join(_in_index(column, dialect) for column in columns)
    where = " AND ".join(_whole(one, dialect) for one in conditions)
    made = f"CREATE INDEX {name} ON {quoted(source.table, dialect)} ({listed})"
    return f"{made} WHERE {where}" if where else made


def _in_index(column: Any, dialect: Dialect) -> str:
    text = written(column, dialect)
    return text if isinstance(column, Column) else f"({text})"


def _whole(condition: Any, dialect: Dialect) -> str:
    """Return a condition that stays whole behind an AND."""
    text = written(condition, dialect)
    return f"({text})" if " OR " in text.upper() else text

"""Guard triggers for PostgreSQL, as DDL to read and run: no open record under a Cancelled customer.

Whoever adds a record, reopens one or moves one to another customer takes a write lock on the
customer, by updating it: a lock that is only for reading does not stop a Process whose snapshot is
old. It waits for a Process that has not committed, and is refused if that made the customer
Cancelled. The price: such writes of one customer wait for each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Dialect,
    Table,
    TableClause,
    and_,
    column,
    false,
    literal_column,
    or_,
    update,
)
from sqlalchemy import table as light
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter, ClauseElement, ColumnElement, Label

from cancelkit.adapters.sqlalchemy.ddl import (
    columns_in,
    dialect_of,
    for_reading,
    quoted,
    real_table,
    short,
)
from cancelkit.adapters.sqlalchemy.description import Assets, Dates
from cancelkit.adapters.sqlalchemy.guardable import guarded_customers, guarded_rows
from cancelkit.adapters.sqlalchemy.host import SqlHost
from cancelkit.adapters.sqlalchemy.statements import RowSource
from cancelkit.errors import BadSetup

PREFIX = "cancelkit_guard"
DIALECT: Dialect = for_reading(dialect_of("postgresql+psycopg://"))


class Guard(NamedTuple):
    """The trigger of one source.

    Attributes:
        name: of the trigger, and of its function.
        body: of the function.
        create: the statements that install it, or replace an older one.
        drop: the statements that remove it.
    """

    name: str
    body: str
    create: tuple[str, ...]
    drop: tuple[str, ...]


def guards(host: SqlHost) -> tuple[Guard, ...]:
    """Return a guard for each source of a host.

    Raises:
        BadSetup: the customers have no status, or a source is no table with a customer's column.
    """
    return tuple(guard_of(host, source) for source in host.statements.sources.values())


def guard_of(host: SqlHost, source: RowSource) -> Guard:
    """Return the guard of one source."""
    table, customer = guarded_rows(source)
    name = guard_name(source)
    body, on = _body(host, source, customer), quoted(table, DIALECT)
    function = DIALECT.identifier_preparer.quote(name)
    if table.schema:
        function = f"{DIALECT.identifier_preparer.quote(table.schema)}.{function}"
    trigger = DIALECT.identifier_preparer.quote(name)
    when = "INSERT OR UPDATE OR DELETE" if isinstance(source.source, Dates) else "INSERT OR UPDATE"
    returns = "RETURNS trigger LANGUAGE plpgsql"
    create = (
        f"CREATE OR REPLACE FUNCTION {function}() {returns} AS $ck${body}$ck$",
        f"DROP TRIGGER IF EXISTS {trigger} ON {on}",
        f"CREATE TRIGGER {trigger} AFTER {when} ON {on} FOR EACH ROW EXECUTE FUNCTION {function}()",
    )
    drop = (f"DROP TRIGGER IF EXISTS {trigger} ON {on}", f"DROP FUNCTION IF EXISTS {function}()")
    return Guard(name, body, create, drop)


def guard_name(source: RowSource) -> str:
    """Return the name of the trigger of a source, and of its function."""
    return short(PREFIX, re.sub(r"\W", "_", _kind(source)))


def _kind(source: RowSource) -> str:
    return str(getattr(source.need, "kind", type(source.need).__name__))


def _body(host: SqlHost, source: RowSource, customer: Column[Any]) -> str:
    """Return the function: does this write matter, then lock; is the customer Cancelled, refuse."""
    lines = [
        "DECLARE cancelkit_cancelled boolean;",
        "BEGIN",
        f"  IF TG_OP = 'UPDATE' AND {_same(source)} THEN RETURN NULL; END IF;",
        *_unless_open(source),
        f"  WITH held AS ({_lock(host, source)})",
        "  SELECT bool_or(held.cancelled) INTO cancelkit_cancelled FROM held;",
        *_refuse(source, customer),
        "  RETURN NULL;",
        "END;",
    ]
    return "\n" + "\n".join(lines) + "\n"


def _same(source: RowSource) -> str:
    """Return the condition of an update that changes nothing that is asked."""
    rows = source.source
    mine = (rows.customer, rows.tenant, rows.where)
    asked = columns_in(*mine, getattr(rows, "on", None), *rows.open)
    ours = [column for column in asked if real_table(column.table) is real_table(source.table)]
    return _unchanged(*ours)


def _unless_open(source: RowSource) -> Iterator[str]:
    """Closing a record locks nothing. What is open of assets and dates depends on the day."""
    if not isinstance(source.source, Assets | Dates):
        yield f"  IF ({_open(source, 'NEW')}) IS NOT TRUE THEN RETURN NULL; END IF;"


def _lock(host: SqlHost, source: RowSource) -> str:
    """Return the update of the customer that locks it, and says whether it is Cancelled."""
    customers = host.statements.customers
    table, key, status = guarded_customers(customers)
    name = _touched(table, status.value)
    plain = _plain(table, key, customers.tenant, name)
    whose = [(plain.c[key.name], source.source.customer)]
    if customers.tenant is not None and source.tenant is not None:
        whose.append((plain.c[customers.tenant.name], source.source.tenant))
    rows = ["NEW"]
    if isinstance(source.source, Dates):  # one that goes away from a customer matters too
        rows.append("OLD")
    mine = or_(*(_each_is(whose, row) for row in rows))
    means = _text(status.value.in_(status.cancelled))
    cancelled: Label[Any] = literal_column(means).label("cancelled")
    return _text(
        update(plain).values({plain.c[name]: plain.c[name]}).where(mine).returning(cancelled)
    )


def _each_is(pairs: Iterable[tuple[Any, Any]], row: str) -> ColumnElement[bool]:
    return and_(*(ours == literal_column(_at(row, theirs)) for ours, theirs in pairs))


def _plain(table: Table, *columns: Any) -> TableClause:
    """Return a table without what SQLAlchemy would set by itself."""
    names = {str(getattr(one, "name", one)) for one in columns if one is not None}
    return light(table.name, *(column(name) for name in names), schema=table.schema)


def _touched(table: Table, status: Any) -> str:
    """Return a column that may be set to what it is: the status, or any that is no key."""
    plain = [c for c in table.columns if not (c.primary_key or c.computed or c.identity)]
    if not plain:
        raise BadSetup(f"The table {table.name} has no column that a trigger could set.")
    return str(status.name if any(status is one for one in plain) else plain[-1].name)


def _refuse(source: RowSource, customer: Column[Any]) -> Iterator[str]:
    if isinstance(source.source, Dates):
        return
    tenant = source.source.tenant
    same = _unchanged(customer, *([] if tenant is None else [tenant]))
    was = f"TG_OP = 'UPDATE' AND {same} AND ({_open(source, 'OLD')})"
    kind = _kind(source).replace("'", "''")
    yield f"  IF cancelkit_cancelled AND ({_open(source, 'NEW')}) AND ({was}) IS NOT TRUE THEN"
    yield "    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME,"
    yield f"      CONSTRAINT = TG_NAME, MESSAGE = 'Customer ' || {_at('NEW', customer)}"
    yield f"      || ' is cancelled: nothing may become open in {kind}.';"
    yield "  END IF;"


def _unchanged(*columns: Any) -> str:
    return " AND ".join(f"{_at('OLD', c)} IS NOT DISTINCT FROM {_at('NEW', c)}" for c in columns)


def _open(source: RowSource, row: str) -> str:
    """Return the condition of a row that is there and open today."""
    left = or_(false(), *source.source.open)
    there = source.source.where
    condition = left if there is None else and_(there, left)
    return _text(_of_row(condition, source, row))


def _of_row(condition: ColumnElement[bool], source: RowSource, row: str) -> ColumnElement[bool]:
    """Return a condition over NEW or OLD in place of the table, as of the day it runs on."""
    table = real_table(source.table)

    def replaced(element: Any, **_: Any) -> Any:
        if isinstance(element, Column) and real_table(element.table) is table:
            return literal_column(_at(row, element), element.type)
        if isinstance(element, BindParameter) and element.value is None and element.required:
            return literal_column(_today(source, element), element.type)
        return None

    found: ColumnElement[bool] = visitors.replacement_traverse(condition, {}, replaced)
    return found


def _today(source: RowSource, parameter: BindParameter[Any]) -> str:
    """Return today, or the end of today in the zone of the source's times."""
    zone = getattr(getattr(source.source, "day", None), "zone", None)
    if parameter.key == "as_of" or zone is None:
        return "CURRENT_DATE"
    end = f"date_trunc('day', now() AT TIME ZONE '{zone}') + interval '1 day'"
    aware = getattr(parameter.type, "timezone", False)
    return f"(({end}) AT TIME ZONE '{zone}')" if aware else f"({end})"


def _at(row: str, column: Any) -> str:
    return f"{row}.{DIALECT.identifier_preparer.quote(column.name)}"


def _text(expression: ClauseElement) -> str:
    kwargs = {"literal_binds": True, "render_postcompile": True}
    return str(expression.compile(dialect=DIALECT, compile_kwargs=kwargs))

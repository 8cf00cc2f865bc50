"""Whether the host's tables are as they were described, and the customers as they are meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Column, FromClause, Table, func, select

from cancelkit.adapters.sqlalchemy.ddl import columns_in, quoted, real_name, real_table, script
from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level
from cancelkit.adapters.sqlalchemy.doctor.strict import Asked
from cancelkit.adapters.sqlalchemy.host import SqlHost

NAMED = 5
"""So many status values that nobody declared are named."""


def missing_of(host: SqlHost, asked: Asked, catalog: Catalog) -> tuple[Finding, ...]:
    """Return the tables and columns of a section's sources that the database does not have."""
    known = tuple(need for need in asked.needs if host.statements.known(need))
    if not known:
        return ()
    columns = columns_in(host.statements.single(known, locking=False))
    return tuple(_missing(asked.key, columns, catalog))


def missing_of_customers(host: SqlHost, catalog: Catalog) -> tuple[Finding, ...]:
    """Return the table and columns of the customers that the database does not have."""
    return tuple(_missing("", columns_in(host.statements.load(catalog.db.dialect.name)), catalog))


def _missing(key: str, columns: tuple[Column[Any], ...], catalog: Catalog) -> Iterator[Finding]:
    tables = {real_name(c.table): real_table(c.table) for c in columns}
    gone = {name for name, table in tables.items() if table is not None and not catalog.has(table)}
    for name in sorted(gone):
        yield Finding(
            Level.FIX, key, f"there is no table {name}: create it, or correct the description."
        )
    for column in columns:
        table = real_table(column.table)
        if table is None or table.fullname in gone:
            continue
        if catalog.column(table, column.name) is None:
            here = ", ".join(islice(catalog.columns(table), 12))
            told = f"{table.fullname} has no column {column.name}; its columns are: {here}."
            yield Finding(Level.FIX, key, told)


# ---------------------------------------------------------------- customers


def customers(host: SqlHost, catalog: Catalog, tenant: str) -> Iterator[Finding]:
    """Look at the table of the customers, which is there."""
    yield from _one_row_each(host, catalog)
    yield from _tenant(host, catalog, tenant)
    yield from _undeclared(host, catalog)


def _one_row_each(host: SqlHost, catalog: Catalog) -> Iterator[Finding]:
    described = host.statements.customers
    table, key = real_table(described.table), described.id
    if table is None or not isinstance(key, Column) or catalog.is_view(table):
        yield Finding(
            Level.FIX, "", "the customers are no table with an id: they cannot be locked."
        )
        return
    tenant = [described.tenant.name] if isinstance(described.tenant, Column) else []
    if not catalog.unique(table, key.name, *tenant):
        quote = catalog.dialect.identifier_preparer.quote
        columns = ", ".join(map(quote, [*tenant, key.name]))
        index = quote(f"{table.name}_{key.name}_once"[:63])
        made = f"CREATE UNIQUE INDEX {index} ON {quoted(table, catalog.dialect)} ({columns})"
        told = f"{table.fullname}.{key.name} is not unique: an id must be one customer's."
        yield Finding(Level.FIX, "", told, script([made]))
    if catalog.family == "mariadb" and catalog.engine_of(table).lower() != "innodb":
        told = f"the table {table.name} is not of the engine InnoDB: it has no transactions."
        made = f"ALTER TABLE {quoted(table, catalog.dialect)} ENGINE = InnoDB"
        yield Finding(Level.FIX, "", told, script([made]))


def _tenant(host: SqlHost, catalog: Catalog, tenant: str) -> Iterator[Finding]:
    described = host.statements.customers
    if described.tenant is None:
        if tenant:
            told = f"a tenant is given ({tenant!r}), but the description has no tenant=."
            yield Finding(Level.ADVICE, "", told)
        return
    if not tenant:
        told = "the customers have a tenant, and none is given: no customer would be found. Give "
        yield Finding(Level.FIX, "", told + "--tenant, or tenant= of owning() and joining().")
        return
    key = described.tenant_key.read(tenant) if described.tenant_key else tenant
    theirs: Any = described.tenant == key
    one = select(described.id).where(theirs).limit(1)
    if catalog.db.execute(one).first() is None:
        yield Finding(Level.ADVICE, "", f"the tenant {tenant!r} has no customers.")


def _undeclared(host: SqlHost, catalog: Catalog) -> Iterator[Finding]:
    """Say which statuses are in the table, and in none of the values that were described."""
    described = host.statements.customers
    status = described.status
    if status is None or not isinstance(status.pending, Mapping):
        return
    declared = {*status.pending, *status.pending.values(), *status.cancelled}
    rows = select(status.value, func.count()).group_by(status.value)
    there: list[Any] = [] if described.where is None else [described.where]
    odd: Any = status.value.not_in(declared) | status.value.is_(None)
    rows = rows.where(*there, odd)
    try:
        found = [tuple(row) for row in catalog.db.execute(rows.limit(NAMED + 1))]
    except LookupError as error:
        yield Finding(Level.FIX, "", f"the status has a value that its Enum does not: {error}.")
        return
    if found:
        named = [f"{value!r} ({n})" for value, n in found[:NAMED]]
        listed = ", ".join([*named, *(["and others"] if len(found) > NAMED else [])])
        yield Finding(
            Level.FIX,
            "",
            f"nobody declared what these statuses become while a cancellation is pending: {listed}."
            " Add them to pending= of the Status, or leave such customers out with where=.",
        )


# ---------------------------------------------------------------- privileges


def privileges(host: SqlHost, catalog: Catalog) -> Iterator[Finding]:
    """Say which privileges this user lacks: locking a row needs UPDATE (PostgreSQL)."""
    if catalog.family != "postgresql":
        return
    for table in _tables(host):
        if catalog.has(table) and not catalog.is_view(table):
            for privilege in ("SELECT", "UPDATE"):
                if not catalog.may(table, privilege):
                    yield _grant(catalog, table, privilege)
    for column in _written(host):
        if not catalog.may_column(column, "UPDATE"):
            yield _grant(catalog, column.table, f"UPDATE ({column.name})")


def _tables(host: SqlHost) -> list[Table]:
    made = host.statements
    every = [made.customers.table, *(source.table for source in made.sources.values())]
    found = [real_table(one) for one in every]
    return list({one.fullname: one for one in found if one is not None}.values())


def _written(host: SqlHost) -> list[Column[Any]]:
    """Return the columns of the customers that commands write."""
    described = host.statements.customers
    status = described.status if described.mirror is None else None
    owner = described.owner if host.assigns else None
    columns = (status and status.value, status and status.flag, owner, described.version)
    return [one for one in columns if isinstance(one, Column)]


def _grant(catalog: Catalog, table: FromClause, privilege: str) -> Finding:
    user = catalog.dialect.identifier_preparer.quote(str(catalog.one("SELECT current_user")))
    why = " (locking a row needs it)" if privilege == "UPDATE" else ""
    told = f"the user {user} has no {privilege} on {real_name(table)}{why}: commands fail."
    made = f"GRANT {privilege} ON {quoted(table, catalog.dialect)} TO {user}"
    return Finding(Level.FIX, "", told, script([made]))

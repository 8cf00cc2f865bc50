"""cancelkit's own tables: whether they are there, have the right shape, and are drained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import String, Table, UniqueConstraint, func, select

from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level
from cancelkit.adapters.sqlalchemy.tables import OwnTables
from cancelkit.records import Delivery


def own_tables_of(own: OwnTables, catalog: Catalog) -> tuple[Finding, ...]:
    """Compare cancelkit's own tables with those that are there."""
    gone = [table for table in own if not catalog.has(table)]
    if gone:
        names = ", ".join(table.fullname for table in gone)
        prefix = own.cancellations.name.removesuffix("cancellations")
        command = ["cancelkit db create"]
        command += [f"--prefix {prefix}"] if prefix != "cancelkit_" else []
        command += [f"--schema {own.cancellations.schema}"] if own.cancellations.schema else []
        told = f"cancelkit's own tables are not there: {names}. Create them: {' '.join(command)}"
        return (Finding(Level.FIX, "", told),)
    return tuple(one for table in own for one in _shape(table, catalog))


def _shape(table: Table, catalog: Catalog) -> Iterator[Finding]:
    """Say what is other than it should be in a table that is there."""
    for told in (*_columns(table, catalog), *_keys(table, catalog)):
        yield Finding(
            Level.FIX,
            "",
            f"{told} Another version of cancelkit made the table, or somebody changed it: compare "
            "it with what `cancelkit db create --print` writes.",
        )


def _columns(table: Table, catalog: Catalog) -> Iterator[str]:
    ours = {column.name for column in table.columns}
    for name, there in catalog.columns(table).items():
        needed = not there["nullable"] and there.get("default") is None
        if name not in ours and needed:
            yield f"{table.fullname} has a column {name} that is never filled."
    for column in table.columns:
        there = catalog.column(table, column.name)
        if there is None:
            yield f"{table.fullname} has no column {column.name}."
            continue
        if bool(there["nullable"]) is not bool(column.nullable) and not column.primary_key:
            word = "may not" if column.nullable else "may"
            yield f"{table.fullname}.{column.name} {word} be NULL."
        yield from _text(table, column, there, catalog)


def _text(table: Table, column: Any, there: Any, catalog: Catalog) -> Iterator[str]:
    wanted = getattr(column.type, "length", None)
    length = getattr(there["type"], "length", None)
    if isinstance(there["type"], String) and wanted and length and length < wanted:
        yield f"{table.fullname}.{column.name} takes {length} characters, not {wanted}."
    if catalog.family != "mariadb" or not wanted:
        return
    collation = catalog.collation_of(table, column.name)
    if not collation.endswith("_bin"):
        yield f"{table.fullname}.{column.name} has the collation {collation}, which merges letters."


def _keys(table: Table, catalog: Catalog) -> Iterator[str]:
    for one in table.constraints:
        names = [column.name for column in one.columns] if isinstance(one, UniqueConstraint) else []
        if names and not catalog.unique(table, *names):
            yield f"{table.fullname} is not unique by {', '.join(names)}."


# ---------------------------------------------------------------- outbox


def outbox(
    own: OwnTables, catalog: Catalog, now: datetime, hours: float, tenant: str
) -> Iterator[Finding]:
    """Say whether notifications wait for longer than they should, or are given up."""
    t = own.outbox.c
    mine = [t.tenant == tenant] if tenant else []
    late = (now - timedelta(hours=hours)).astimezone(UTC).isoformat(timespec="microseconds")
    waiting = select(func.count(), func.min(t.due)).where(
        *mine, t.delivery == Delivery.WAITING.value, t.due < late
    )
    count, oldest = catalog.db.execute(waiting).one()
    if count:
        told = (
            f"{_notifications(count)} for more than {_hours(hours)}, the oldest since "
            f"{oldest[:16].replace('T', ' ')} UTC: nobody runs the relay. Let a job call "
            "Relay(host, notifier).run()."
        )
        yield Finding(Level.FIX, "", told)
    given_up = select(func.count()).where(*mine, t.delivery == Delivery.DEAD.value)
    dead = catalog.db.execute(given_up.select_from(own.outbox)).scalar_one()
    if dead:
        told = f"{_notifications(dead, 'are', 'is')} given up: look why, and requeue them."
        yield Finding(Level.ADVICE, "", told)


def _notifications(count: int, many: str = "wait", one: str = "waits") -> str:
    return f"{count} notifications {many}" if count != 1 else f"1 notification {one}"


def _hours(hours: float) -> str:
    return "an hour" if hours == 1 else f"{hours:g} hours"

"""cancelkit's own tables: whether they are there, have the right shape, and are drained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Table, func, select

from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level
from cancelkit.adapters.sqlalchemy.doctor.shape import differences
from cancelkit.adapters.sqlalchemy.tables import OwnTables
from cancelkit.records import Delivery


def own_tables_of(own: OwnTables, catalog: Catalog) -> tuple[Finding, ...]:
    """Compare cancelkit's own tables with those that are there."""
    gone = [table for table in own if not catalog.has(table)]
    there = [table for table in own if table not in gone]
    lacking = (Finding(Level.FIX, "", _lacking(own, gone)),) if gone else ()
    return (*lacking, *differences(there, catalog))


def _lacking(own: OwnTables, gone: list[Table]) -> str:
    names = ", ".join(table.fullname for table in gone)
    prefix = own.cancellations.name.removesuffix("cancellations")
    command = ["cancelkit db create"]
    command += [f"--prefix {prefix}"] if prefix != "cancelkit_" else []
    command += [f"--schema {own.cancellations.schema}"] if own.cancellations.schema else []
    if len(gone) == len(own):
        lead = "cancelkit's own tables are not there"
    else:
        lead = "An older version of cancelkit made its own tables, and some are not there"
    return f"{lead}: {names}. Create them: {' '.join(command)}"


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
        told = f"{_notifications(dead, 'are', 'is')} given up: look why, and call Relay.put_back."
        yield Finding(Level.ADVICE, "", told)


def _notifications(count: int, many: str = "wait", one: str = "waits") -> str:
    return f"{count} notifications {many}" if count != 1 else f"1 notification {one}"


def _hours(hours: float) -> str:
    return "an hour" if hours == 1 else f"{hours:g} hours"

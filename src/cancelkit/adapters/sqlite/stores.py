"""cancelkit's own four stores, as tables beside the CRM's own in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from attrs import evolve

from cancelkit.adapters.stored import columns_of, readable
from cancelkit.errors import Conflict
from cancelkit.ports import Opened
from cancelkit.records import CancellationRecord, HistoryEntry, Operation, OutboxRow, Verb
from cancelkit.serial import dump, load

TABLES = """
CREATE TABLE IF NOT EXISTS cancelkit_cancellations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL, id TEXT NOT NULL, customer TEXT NOT NULL,
    slot INTEGER CHECK (slot = 1), -- 1 while open: at most one for each customer
    due TEXT, -- the day on which an open one is to be processed
    version INTEGER NOT NULL, document TEXT NOT NULL,
    UNIQUE (tenant, id), UNIQUE (tenant, customer, slot));
CREATE INDEX IF NOT EXISTS cancelkit_cancellations_due ON cancelkit_cancellations (tenant, due);
CREATE INDEX IF NOT EXISTS cancelkit_cancellations_opened
    ON cancelkit_cancellations (tenant, slot, seq) WHERE slot = 1;
CREATE TABLE IF NOT EXISTS cancelkit_history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL, id TEXT NOT NULL, customer TEXT NOT NULL,
    processed TEXT, -- the cancellation that this entry processed: at most one entry for each
    document TEXT NOT NULL,
    UNIQUE (tenant, id), UNIQUE (tenant, processed));
CREATE INDEX IF NOT EXISTS cancelkit_history_customer ON cancelkit_history (tenant, customer);
CREATE TABLE IF NOT EXISTS cancelkit_operations (
    tenant TEXT NOT NULL, customer TEXT NOT NULL, verb TEXT NOT NULL, op TEXT NOT NULL,
    used_at TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (tenant, customer, verb, op));
CREATE INDEX IF NOT EXISTS cancelkit_operations_used ON cancelkit_operations (tenant, used_at);
CREATE TABLE IF NOT EXISTS cancelkit_outbox (
    tenant TEXT NOT NULL, id TEXT NOT NULL, delivery TEXT NOT NULL, due TEXT NOT NULL,
    attempts INTEGER NOT NULL, leased_until TEXT, document TEXT NOT NULL,
    PRIMARY KEY (tenant, id));
CREATE INDEX IF NOT EXISTS cancelkit_outbox_due ON cancelkit_outbox (tenant, delivery, due);
"""

MANY = 500
"""How many ids go into one statement; SQLite allows 999 parameters in its oldest versions."""


class _Store:
    """A store over one connection and one tenant."""

    def __init__(self, db: sqlite3.Connection, tenant: str) -> None:
        self._db = db
        self._tenant = tenant

    def _one(self, sql: str, *values: object) -> Any:
        return self._db.execute(sql, values).fetchone()

    def _all(self, sql: str, *values: object) -> list[Any]:
        return self._db.execute(sql, values).fetchall()

    def _insert(self, table: str, **values: object) -> None:
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        try:
            self._db.execute(
                f"INSERT INTO cancelkit_{table} ({columns}) VALUES ({places})",  # noqa: S608 - names from this file
                tuple(values.values()),
            )
        except sqlite3.IntegrityError as error:
            raise Conflict(f"Somebody else was first: {error}.") from error

    def _update(self, table: str, values: Mapping[str, object], where: str, *keys: object) -> bool:
        columns = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE cancelkit_{table} SET {columns} WHERE {where}"  # noqa: S608 - names from this file
        return self._db.execute(sql, (*values.values(), *keys)).rowcount == 1


class SqliteCancellations(_Store):
    """See `cancelkit.ports.Cancellations`."""

    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        """See `Cancellations.current`."""
        found: dict[str, CancellationRecord] = {}
        for at in range(0, len(customer_ids), MANY):
            some = customer_ids[at : at + MANY]
            rows = self._all(
                "SELECT id, document FROM cancelkit_cancellations WHERE tenant = ? AND customer IN "  # noqa: S608 - places only
                f"({', '.join('?' * len(some))}) ORDER BY slot IS NOT NULL, seq",
                self._tenant,
                *some,
            )
            for key, text in rows:  # the open one, or else the newest, comes last
                record = load(CancellationRecord, text, f"cancellation {key!r}")
                found[record.customer] = record
        return found

    def add(self, record: CancellationRecord) -> None:
        """See `Cancellations.add`."""
        key = {"tenant": self._tenant, "id": record.id, "customer": record.customer}
        self._insert("cancellations", **key, **columns_of(record))

    def save(self, record: CancellationRecord, expected: int) -> bool:
        """See `Cancellations.save`."""
        where = "tenant = ? AND id = ? AND version = ?"
        return self._update(
            "cancellations", columns_of(record), where, self._tenant, record.id, expected
        )

    def due(self, day: date, limit: int) -> Sequence[str]:
        """See `Cancellations.due`."""
        rows = self._all(
            "SELECT customer FROM cancelkit_cancellations WHERE tenant = ? AND due <= ? "
            "ORDER BY due, seq LIMIT ?",
            self._tenant,
            day.isoformat(),
            limit,
        )
        return [customer for (customer,) in rows]

    def opened(self, limit: int) -> Opened:
        """See `Cancellations.opened`."""
        rows = self._all(
            "SELECT customer, CAST(document AS BLOB) FROM cancelkit_cancellations "
            "WHERE tenant = ? AND slot = 1 ORDER BY seq LIMIT ?",
            self._tenant,
            limit,
        )
        read = dict(readable(CancellationRecord, rows, "the cancellation of customer"))
        return Opened(list(read.values()), [key for key, _ in rows if key not in read])


class SqliteHistory(_Store):
    """See `cancelkit.ports.History`."""

    def append(self, entry: HistoryEntry) -> None:
        """See `History.append`."""
        processed = entry.cancellation if entry.accepted and entry.verb is Verb.PROCESS else None
        self._insert(
            "history",
            tenant=self._tenant,
            id=entry.id,
            customer=entry.customer,
            processed=processed,
            document=dump(entry),
        )

    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        """See `History.of`."""
        rows = self._all(
            "SELECT id, document FROM cancelkit_history WHERE tenant = ? AND customer = ? "
            "ORDER BY seq",
            self._tenant,
            customer_id,
        )
        return [load(HistoryEntry, text, f"history entry {key!r}") for key, text in rows]


class SqliteOperations(_Store):
    """See `cancelkit.ports.Operations`."""

    def find(self, customer_id: str, verb: Verb, op: str) -> Operation | None:
        """See `Operations.find`."""
        row = self._one(
            "SELECT document FROM cancelkit_operations "
            "WHERE tenant = ? AND customer = ? AND verb = ? AND op = ?",
            self._tenant,
            customer_id,
            verb.value,
            op,
        )
        return load(Operation, row[0], f"operation {op!r}") if row else None

    def add(self, operation: Operation) -> None:
        """See `Operations.add`."""
        self._insert(
            "operations",
            tenant=self._tenant,
            customer=operation.customer,
            verb=operation.verb.value,
            op=operation.op,
            used_at=_text(operation.outcome.at),
            document=dump(operation),
        )

    def purge(self, before: datetime) -> int:
        """See `Operations.purge`."""
        return self._db.execute(
            "DELETE FROM cancelkit_operations WHERE tenant = ? AND used_at < ? AND verb <> ?",
            (self._tenant, _text(before), Verb.PROCESS.value),
        ).rowcount


class SqliteOutbox(_Store):
    """See `cancelkit.ports.Outbox`."""

    def add(self, rows: Sequence[OutboxRow]) -> None:
        """See `Outbox.add`."""
        for row in rows:
            self._insert("outbox", tenant=self._tenant, id=row.id, **_columns(row))

    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        """See `Outbox.claim`."""
        found = self._readable(
            "delivery = 'waiting' AND due <= ? AND (leased_until IS NULL OR leased_until <= ?)",
            _text(now),
            _text(now),
        )
        rows = list(islice(found, limit))  # a limit in SQL would count what cannot be read
        claimed = [evolve(r, attempts=r.attempts + 1, leased_until=lease_until) for r in rows]
        return [row for row in claimed if self.settle(row, row.attempts - 1)]

    def settle(self, row: OutboxRow, attempts: int) -> bool:
        """See `Outbox.settle`."""
        where = "tenant = ? AND id = ? AND attempts = ? AND delivery <> 'sent'"
        return self._update("outbox", _columns(row), where, self._tenant, row.id, attempts)

    def unsent(self) -> Sequence[OutboxRow]:
        """See `Outbox.unsent`."""
        return list(self._readable("delivery <> 'sent'"))

    def _readable(self, where: str, *values: object) -> Iterator[OutboxRow]:
        """Return rows, the longest due first; one that cannot be read is logged and passed over."""
        sql = (
            "SELECT id, CAST(document AS BLOB) FROM cancelkit_outbox "  # noqa: S608 - from this file
            f"WHERE tenant = ? AND {where} ORDER BY due"
        )
        rows = self._db.execute(sql, (self._tenant, *values))
        return (row for _, row in readable(OutboxRow, rows, "notification"))


def _columns(row: OutboxRow) -> dict[str, object]:
    return {
        "delivery": row.delivery.value,
        "due": _text(row.due),
        "attempts": row.attempts,
        "leased_until": _text(row.leased_until) if row.leased_until else None,
        "document": dump(row),
    }


def _text(at: datetime) -> str:
    """Return an instant as text that sorts by time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")

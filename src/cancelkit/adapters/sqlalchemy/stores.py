"""cancelkit's own four stores, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from attrs import evolve
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    bindparam,
    cast,
    insert,
    select,
    update,
)

from cancelkit.adapters.sqlalchemy.faults import writing_own
from cancelkit.adapters.sqlalchemy.tables import OwnTables
from cancelkit.errors import CorruptState
from cancelkit.kit import log_fault
from cancelkit.records import (
    CancellationRecord,
    Delivery,
    HistoryEntry,
    Operation,
    OutboxRow,
    State,
    Verb,
)
from cancelkit.serial import dump, load


class _Store(NamedTuple):
    """A table over one connection and one tenant.

    Attributes:
        fresh: read with a share lock, which sees what is committed now: on MariaDB, a plain read
            sees what was there at the transaction's first one.
    """

    db: Connection
    table: Table
    tenant: str
    fresh: bool = False

    def rows(self, *columns: ColumnElement[Any], **values: object) -> Select[Any]:
        """Select from the rows of this tenant."""
        found = select(*columns).where(self.one(**values))
        return found.with_for_update(read=True) if self.fresh else found

    def one(self, **values: object) -> ColumnElement[bool]:
        """Return the condition of a row of this tenant."""
        condition: ColumnElement[bool] = self.table.c.tenant == self.tenant
        for name, value in values.items():
            condition = condition & (self.table.c[name] == value)
        return condition

    def insert(self, *rows: Mapping[str, object]) -> None:
        """Insert rows; one that is there already is a `Conflict`."""
        with writing_own(self.table.name):
            self.db.execute(insert(self.table), [{"tenant": self.tenant, **row} for row in rows])

    def update(self, where: ColumnElement[bool], values: Mapping[str, object]) -> bool:
        """Update at most one row, and say whether it was there."""
        with writing_own(self.table.name):
            return self.db.execute(update(self.table).where(where).values(values)).rowcount == 1


class SqlCancellations(_Store):
    """See `cancelkit.ports.Cancellations`."""

    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        """See `Cancellations.current`."""
        t = self.table.c
        asked = t.customer.in_(bindparam("customers", expanding=True))
        rows = self.rows(t.id, t.customer, t.document).where(asked)
        ordered = rows.order_by(t.slot.is_not(None), t.seq)  # the open one, else the newest: last
        found = self.db.execute(ordered, {"customers": list(customer_ids)})
        newest = {customer: (key, text) for key, customer, text in map(tuple, found)}
        return {
            customer: load(CancellationRecord, text, f"cancellation {key!r}")
            for customer, (key, text) in newest.items()
        }

    def due(self, day: date, limit: int) -> Sequence[str]:
        """See `Cancellations.due`."""
        t = self.table.c
        rows = self.rows(t.customer).where(t.due <= day.isoformat())
        return list(self.db.scalars(rows.order_by(t.due, t.seq).limit(limit)))

    def add(self, record: CancellationRecord) -> None:
        """See `Cancellations.add`."""
        self.insert({"id": record.id, "customer": record.customer, **_columns_of(record)})

    def save(self, record: CancellationRecord, expected: int) -> bool:
        """See `Cancellations.save`."""
        return self.update(self.one(id=record.id, version=expected), _columns_of(record))


def _columns_of(record: CancellationRecord) -> dict[str, object]:
    opened = record.state is State.PENDING
    due = record.schedule.due.isoformat() if opened and record.schedule else None
    slot = 1 if opened else None
    return {"slot": slot, "due": due, "version": record.version, "document": dump(record)}


class SqlHistory(_Store):
    """See `cancelkit.ports.History`."""

    def append(self, entry: HistoryEntry) -> None:
        """See `History.append`."""
        processed = entry.cancellation if entry.accepted and entry.verb is Verb.PROCESS else None
        row = {"id": entry.id, "customer": entry.customer, "processed": processed}
        self.insert({**row, "document": dump(entry)})

    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        """See `History.of`."""
        t = self.table.c
        rows = self.rows(t.id, t.document, customer=customer_id)
        found = map(tuple, self.db.execute(rows.order_by(t.seq)))
        return [load(HistoryEntry, text, f"history entry {key!r}") for key, text in found]


class SqlOperations(_Store):
    """See `cancelkit.ports.Operations`."""

    def find(self, customer_id: str, verb: Verb, op: str) -> Operation | None:
        """See `Operations.find`."""
        found = self.rows(self.table.c.document, customer=customer_id, verb=verb.value, op=op)
        text = self.db.scalar(found)
        return load(Operation, text, f"operation {op!r}") if text is not None else None

    def add(self, operation: Operation) -> None:
        """See `Operations.add`."""
        row = {"customer": operation.customer, "verb": operation.verb.value, "op": operation.op}
        self.insert({**row, "document": dump(operation)})


class SqlOutbox(_Store):
    """See `cancelkit.ports.Outbox`."""

    def add(self, rows: Sequence[OutboxRow]) -> None:
        """See `Outbox.add`."""
        if rows:
            self.insert(*({"id": row.id, **_columns(row)} for row in rows))

    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        """See `Outbox.claim`: rows that another relay is claiming are passed over."""
        t = self.table.c
        free = t.leased_until.is_(None) | (t.leased_until <= _text(now))
        waiting = (t.delivery == Delivery.WAITING.value) & (t.due <= _text(now)) & free
        rows = self._rows(waiting).limit(limit).with_for_update(skip_locked=True)
        found: list[OutboxRow] = []
        unread: list[str] = []
        while len(found) < limit:  # once, unless there are rows that cannot be read
            seen = list(self.db.execute(rows.where(t.id.not_in(unread)) if unread else rows))
            found += self._read(seen[: limit - len(found)])
            if len(seen) < limit:
                break
            unread = [*unread, *(row.id for row in seen)]
        if found:
            self._lease([row.id for row in found], lease_until)
        return [evolve(r, attempts=r.attempts + 1, leased_until=lease_until) for r in found]

    def settle(self, row: OutboxRow, attempts: int) -> bool:
        """See `Outbox.settle`."""
        unsent = self.table.c.delivery != Delivery.SENT.value
        return self.update(self.one(id=row.id, attempts=attempts) & unsent, _columns(row))

    def unsent(self) -> Sequence[OutboxRow]:
        """See `Outbox.unsent`."""
        rows = self._rows(self.table.c.delivery != Delivery.SENT.value)
        return list(self._read(self.db.execute(rows)))

    def _lease(self, ids: Sequence[str], until: datetime) -> None:
        """Lease rows, which are locked here or have no other writer, with one statement."""
        t = self.table
        leased = update(t).where(self.one(), t.c.id.in_(bindparam("ids", expanding=True)))
        values = {"attempts": t.c.attempts + 1, "leased_until": _text(until)}
        with writing_own(t.name):
            self.db.execute(leased.values(values), {"ids": list(ids)})

    def _rows(self, where: ColumnElement[bool]) -> Select[Any]:
        """Select rows, the longest due first.

        On SQLite text may be no text at all, which is an error of its own row, and of no other.
        """
        t = self.table.c
        plain = self.db.dialect.name != "sqlite"
        document = t.document if plain else cast(t.document, LargeBinary)
        rows = select(t.id, document, t.attempts, t.leased_until).where(self.one(), where)
        return rows.order_by(t.due, t.seq)

    def _read(self, rows: Iterable[Any]) -> Iterator[OutboxRow]:
        """Return rows; one that cannot be read is logged and passed over.

        The columns that a claim writes count, and not what the document says of them.
        """
        for key, document, attempts, until in rows:
            what = f"notification {key!r}"
            try:
                text = document.decode() if isinstance(document, bytes) else document
                row = load(OutboxRow, text, what)
            except (CorruptState, UnicodeDecodeError) as error:
                log_fault(f"reading {what}", error)
            else:
                leased = datetime.fromisoformat(until) if until else None
                yield evolve(row, attempts=attempts, leased_until=leased)


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


def stores(
    db: Connection, own: OwnTables, tenant: str, *, fresh: bool
) -> tuple[SqlCancellations, SqlHistory, SqlOperations, SqlOutbox]:
    """Return the four stores over a connection; see `_Store` for `fresh`."""
    fresh = fresh and db.dialect.name in ("mysql", "mariadb")
    return (
        SqlCancellations(db, own.cancellations, tenant, fresh),
        SqlHistory(db, own.history, tenant, fresh),
        SqlOperations(db, own.operations, tenant, fresh),
        SqlOutbox(db, own.outbox, tenant, fresh),
    )

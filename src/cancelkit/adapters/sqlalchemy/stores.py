"""cancelkit's own four stores, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from attrs import evolve
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    delete,
    literal_column,
    select,
    union_all,
    update,
)

from cancelkit.adapters.sqlalchemy.faults import writing_own
from cancelkit.adapters.sqlalchemy.shared import Late, Prepared, Shared
from cancelkit.adapters.sqlalchemy.store import TEXT, Store, param
from cancelkit.adapters.sqlalchemy.tables import OwnTables
from cancelkit.adapters.stored import columns_of, readable
from cancelkit.ports import Opened
from cancelkit.records import CancellationRecord, Delivery, HistoryEntry, Operation, OutboxRow, Verb
from cancelkit.serial import dump, load

_OF_VERSION = bindparam("of_version", type_=Integer())
_MOST = bindparam("most", type_=Integer())


class SqlCancellations(Store):
    """See `cancelkit.ports.Cancellations`."""

    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        """See `Cancellations.current`."""
        newest = self._read_ahead(customer_ids)
        if newest is None:
            found = self.ask(self.once("current", self._current), customers=list(customer_ids))
            newest = {customer: (key, text) for customer, key, text in map(tuple, found)}
        return {
            customer: load(CancellationRecord, text, f"cancellation {key!r}")
            for customer, (key, text) in newest.items()
        }

    def newest(self) -> Select[Any]:
        """Select the current cancellation of one customer."""
        t = self.table.c
        rows = self.rows(t.id, t.document, customer=param("customer"))
        return rows.order_by(t.slot.is_(None), t.seq.desc()).limit(1)

    def due(self, day: date, limit: int) -> Sequence[str]:
        """See `Cancellations.due`."""
        t = self.table.c
        rows = self.rows(t.customer).where(t.due <= day.isoformat())
        return list(self.ask(rows.order_by(t.due, t.seq).limit(limit)).scalars())

    def opened(self, limit: int) -> Opened:
        """See `Cancellations.opened`."""
        statement = self.once("opened", self._opened)
        rows = [(customer, text) for customer, text in map(tuple, self.ask(statement, most=limit))]
        read = dict(readable(CancellationRecord, rows, "the cancellation of customer"))
        return Opened(list(read.values()), [key for key, _ in rows if key not in read])

    def add(self, record: CancellationRecord) -> None:
        """See `Cancellations.add`."""
        self._forget()
        self.insert({"id": record.id, "customer": record.customer, **columns_of(record)})

    def save(self, record: CancellationRecord, expected: int) -> bool:
        """See `Cancellations.save`."""
        self._forget()
        which = self.once("which", lambda: self.one(id=param("of_id"), version=_OF_VERSION))
        return self.update(which, columns_of(record), of_id=record.id, of_version=expected)

    def _current(self) -> Select[Any]:
        t = self.table.c
        asked = t.customer.in_(bindparam("customers", expanding=True))
        rows = self.rows(t.customer, t.id, t.document).where(asked)
        return rows.order_by(t.slot.is_not(None), t.seq)  # the open one, else the newest: last

    def _opened(self) -> Select[Any]:
        t = self.table.c
        one = literal_column("1", Integer())  # no parameter: the index has only what is open
        rows = self.rows(t.customer, self.as_text(t.document), slot=one)
        return rows.order_by(t.seq).limit(_MOST)

    def _read_ahead(self, customer_ids: Sequence[str]) -> dict[str, tuple[str, str]] | None:
        """Return what was read together with an operation, and nothing was written since."""
        ahead = self.shared.ahead
        if ahead is None or len(customer_ids) != 1 or customer_ids[0] not in ahead:
            return None
        row = ahead.pop(customer_ids[0])
        return {} if row is None else {customer_ids[0]: row}

    def _forget(self) -> None:
        if self.shared.ahead is not None:
            self.shared.ahead.clear()


class SqlHistory(Store):
    """See `cancelkit.ports.History`."""

    def append(self, entry: HistoryEntry) -> None:
        """See `History.append`."""
        processed = entry.cancellation if entry.accepted and entry.verb is Verb.PROCESS else None
        row = {"id": entry.id, "customer": entry.customer, "processed": processed}
        self.insert({**row, "document": dump(entry)})
        if not entry.accepted and self.shared.late is not None:
            self.shared.late.finish()

    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        """See `History.of`."""
        t = self.table.c
        rows = self.rows(t.id, t.document, customer=customer_id)
        found = map(tuple, self.ask(rows.order_by(t.seq)))
        return [load(HistoryEntry, text, f"history entry {key!r}") for key, text in found]


class SqlOperations(Store):
    """See `cancelkit.ports.Operations`."""

    def find(self, customer_id: str, verb: Verb, op: str) -> Operation | None:
        """See `Operations.find`; every command then asks for the current cancellation."""
        ahead = self.shared.ahead
        statement = self.once("find" if ahead is None else "find, and read ahead", self._find)
        found = self.ask(statement, customer=customer_id, verb=verb.value, op=op)
        texts = {kind: (key, text) for kind, key, text in map(tuple, found)}
        if ahead is not None:
            ahead[customer_id] = texts.get("cancellation")
        _, text = texts.get("operation", ("", None))
        return load(Operation, text, f"operation {op!r}") if text is not None else None

    def add(self, operation: Operation) -> None:
        """See `Operations.add`."""
        row = {"customer": operation.customer, "verb": operation.verb.value, "op": operation.op}
        self.insert({**row, "used_at": _text(operation.outcome.at), "document": dump(operation)})
        if self.shared.late is not None:
            self.shared.late.finish()

    def purge(self, before: datetime) -> int:
        """See `Operations.purge`."""
        t = self.table.c
        old = (t.used_at < _text(before)) & (t.verb != Verb.PROCESS.value)
        return int(self.ask(delete(self.table).where(self.one(), old)).rowcount)

    def _find(self) -> Any:
        """Select the operation, and the current cancellation where that is read ahead."""
        t = self.table.c
        which = {name: param(name) for name in ("customer", "verb", "op")}
        mine = self.rows(t.op, t.document, **which).subquery("operation")
        operation = select(literal_column("'operation'", TEXT), *mine.c)
        if self.shared.ahead is None:
            return operation
        beside = self.shared.own.cancellations
        newest = SqlCancellations(*self._replace(table=beside)).newest().subquery("newest")
        return union_all(operation, select(literal_column("'cancellation'", TEXT), *newest.c))


class SqlOutbox(Store):
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
            seen = list(self.ask(rows.where(t.id.not_in(unread)) if unread else rows))
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
        which = self.one(id=row.id, attempts=attempts) & unsent
        return self.update(which, _columns(row))

    def unsent(self) -> Sequence[OutboxRow]:
        """See `Outbox.unsent`."""
        rows = self._rows(self.table.c.delivery != Delivery.SENT.value)
        return list(self._read(self.ask(rows)))

    def _lease(self, ids: Sequence[str], until: datetime) -> None:
        """Lease rows, which are locked here or have no other writer, with one statement."""
        t = self.table
        leased = update(t).where(self.one(), t.c.id.in_(bindparam("ids", expanding=True)))
        values = {"attempts": t.c.attempts + 1, "leased_until": _text(until)}
        with writing_own(t.name):
            self.ask(leased.values(values), ids=list(ids))

    def _rows(self, where: ColumnElement[bool]) -> Select[Any]:
        """Select rows, the longest due first."""
        t = self.table.c
        columns = (t.id, self.as_text(t.document), t.attempts, t.leased_until)
        rows = select(*columns).where(self.one(), where)
        return rows.order_by(t.due, t.seq)

    def _read(self, rows: Iterable[Any]) -> Iterator[OutboxRow]:
        """Return rows: the columns that a claim writes count, and not what the document says."""
        found = {key: (document, *leased) for key, document, *leased in rows}
        documents = ((key, document) for key, (document, *_) in found.items())
        for key, row in readable(OutboxRow, documents, "notification"):
            _, attempts, until = found[key]
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
    db: Connection,
    own: OwnTables,
    tenant: str,
    *,
    fresh: bool,
    commanding: bool = False,
    prepared: Prepared | None = None,
) -> tuple[SqlCancellations, SqlHistory, SqlOperations, SqlOutbox]:
    """Return the four stores over a connection.

    Args:
        db: the connection.
        own: the tables.
        tenant: whose rows they are.
        fresh: see `Store`.
        commanding: read ahead and write late, as `shared` says; then `write_late` must be called.
        prepared: the host's statements.
    """
    fresh = fresh and db.dialect.name in ("mysql", "mariadb")
    made = {} if prepared is None else prepared
    late = Late(db, own, made) if commanding and db.dialect.name == "postgresql" else None
    shared = Shared(own, made, {} if commanding else None, late)
    return (
        SqlCancellations(db, own.cancellations, tenant, fresh, shared),
        SqlHistory(db, own.history, tenant, fresh, shared),
        SqlOperations(db, own.operations, tenant, fresh, shared),
        SqlOutbox(db, own.outbox, tenant, fresh, shared),
    )

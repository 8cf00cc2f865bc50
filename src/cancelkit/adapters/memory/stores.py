"""cancelkit's own four stores, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from attrs import evolve

from cancelkit.adapters.memory.store import Writes
from cancelkit.errors import Conflict
from cancelkit.ports import Opened
from cancelkit.records import (
    CancellationRecord,
    Delivery,
    HistoryEntry,
    Operation,
    OutboxRow,
    State,
    Verb,
)


class MemoryCancellations:
    """See `cancelkit.ports.Cancellations`.

    A row of the table "slots" is the constraint of promise I3: one open cancellation for each
    (tenant, customer). Two units that both fill the slot conflict when they commit.
    """

    def __init__(self, writes: Writes, tenant: str) -> None:
        self._writes = writes
        self._tenant = tenant

    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        """See `Cancellations.current`."""
        found: dict[str, CancellationRecord] = {}
        for customer in customer_ids:
            newest = self._writes.get("newest", (self._tenant, customer))
            if newest is not None:
                found[customer] = self._writes.get("cancellations", (self._tenant, newest))
        return found

    def add(self, record: CancellationRecord) -> None:
        """See `Cancellations.add`."""
        customer = (self._tenant, record.customer)
        if self._writes.get("slots", customer) is not None:
            raise Conflict(f"Customer {record.customer!r} has an open cancellation already.")
        self._writes.put("slots", customer, record.id)
        self._writes.put("newest", customer, record.id)
        self._writes.put("cancellations", (self._tenant, record.id), record)

    def save(self, record: CancellationRecord, expected: int) -> bool:
        """See `Cancellations.save`."""
        key = (self._tenant, record.id)
        stored = self._writes.get("cancellations", key)
        if stored is None or stored.version != expected:
            return False
        self._writes.put("cancellations", key, record)
        if record.state is not State.PENDING:
            self._writes.put("slots", (self._tenant, record.customer), None)
        return True

    def due(self, day: date, limit: int) -> Sequence[str]:
        """See `Cancellations.due`."""
        found = [(one.schedule.due, one.customer) for one in self._open() if one.schedule]
        return [customer for due, customer in sorted(found) if due <= day][:limit]

    def opened(self, limit: int) -> Opened:
        """See `Cancellations.opened`; in memory, nothing is ever damaged."""
        return Opened(self._open()[:limit])

    def _open(self) -> list[CancellationRecord]:
        slots = [(tenant, one) for (tenant, _), one in self._writes.rows("slots")]
        return [self._writes.get("cancellations", key) for key in slots if key[0] == self._tenant]


class MemoryHistory:
    """See `cancelkit.ports.History`."""

    def __init__(self, writes: Writes, tenant: str) -> None:
        self._writes = writes
        self._tenant = tenant

    def append(self, entry: HistoryEntry) -> None:
        """See `History.append`."""
        key = (self._tenant, entry.customer, entry.id)
        if self._writes.get("history", key) is not None:
            raise Conflict(f"There is a history entry {entry.id!r} already.")
        self._writes.put("history", key, entry)

    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        """See `History.of`."""
        rows = self._writes.rows("history")
        return [entry for key, entry in rows if key[:2] == (self._tenant, customer_id)]


class MemoryOperations:
    """See `cancelkit.ports.Operations`."""

    def __init__(self, writes: Writes, tenant: str) -> None:
        self._writes = writes
        self._tenant = tenant

    def find(self, customer_id: str, verb: Verb, op: str) -> Operation | None:
        """See `Operations.find`."""
        key = (self._tenant, customer_id, verb.value, op)
        found: Operation | None = self._writes.get("operations", key)
        return found

    def add(self, operation: Operation) -> None:
        """See `Operations.add`."""
        key = (self._tenant, operation.customer, operation.verb.value, operation.op)
        if self._writes.get("operations", key) is not None:
            raise Conflict(f"The operation id {operation.op!r} is used up already.")
        self._writes.put("operations", key, operation)

    def purge(self, before: datetime) -> int:
        """See `Operations.purge`."""
        rows = self._writes.rows("operations")
        mine = [(key, one) for key, one in rows if key[0] == self._tenant]
        old = [k for k, o in mine if o.verb is not Verb.PROCESS and o.outcome.at < before]
        for key in old:
            self._writes.put("operations", key, None)
        return len(old)


class MemoryOutbox:
    """See `cancelkit.ports.Outbox`."""

    def __init__(self, writes: Writes, tenant: str) -> None:
        self._writes = writes
        self._tenant = tenant

    def add(self, rows: Sequence[OutboxRow]) -> None:
        """See `Outbox.add`."""
        for row in rows:
            self._writes.put("outbox", (self._tenant, row.id), row)

    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        """See `Outbox.claim`."""
        due = [row for row in self.unsent() if row.delivery is Delivery.WAITING and _free(row, now)]
        claimed = [
            evolve(row, attempts=row.attempts + 1, leased_until=lease_until) for row in due[:limit]
        ]
        self.add(claimed)
        return claimed

    def settle(self, row: OutboxRow, attempts: int) -> bool:
        """See `Outbox.settle`."""
        stored: OutboxRow | None = self._writes.get("outbox", (self._tenant, row.id))
        if stored is None or stored.attempts != attempts or stored.delivery is Delivery.SENT:
            return False
        self.add([row])
        return True

    def unsent(self) -> Sequence[OutboxRow]:
        """See `Outbox.unsent`."""
        rows = [row for key, row in self._writes.rows("outbox") if key[0] == self._tenant]
        waiting = [row for row in rows if row.delivery is not Delivery.SENT]
        return sorted(waiting, key=lambda row: row.due)


def _free(row: OutboxRow, now: datetime) -> bool:
    return row.due <= now and (row.leased_until is None or row.leased_until <= now)

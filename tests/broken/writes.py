"""Mirrors, performers and stores that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from attrs import evolve

from cancelkit.adapters.memory.crm import CANCELLED, MemoryCustomers
from cancelkit.adapters.memory.store import Writes
from cancelkit.adapters.memory.stores import (
    MemoryCancellations,
    MemoryHistory,
    MemoryOperations,
    MemoryOutbox,
)
from cancelkit.effects import AssignOwner
from cancelkit.people import Customer, Status
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
from tests.broken.memory import TENANTS

# ---------------------------------------------------------------- status and owner


class IgnoresTheExpected(MemoryCustomers):
    def _move(self, customer_id: str, expected: Status, status: Status) -> bool:
        now = self._get(customer_id)
        if now is not None:
            self._put(evolve(now, status=status))
        return now is not None


class ComparesValuesOnly(MemoryCustomers):
    def _move(self, customer_id: str, expected: Status, status: Status) -> bool:
        now = self._get(customer_id)
        if now is None or now.status is None or now.status.value != expected.value:
            return False
        self._put(evolve(now, status=status))
        return True


class SaysSoAndWritesNothing(MemoryCustomers):
    def _move(self, customer_id: str, expected: Status, status: Status) -> bool:
        now = self._get(customer_id)
        return now is not None and now.status == expected


class AnswersWithRowCounts(MemoryCustomers):
    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        return int(super().mark_cancelled(customer_id, expected))  # type: ignore[return-value]  # that is the fault


class RestoresLive(MemoryCustomers):
    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        return super().restore(customer_id, expected, Status("live"))


class RestoresThePending(MemoryCustomers):
    """Who is not pending, but Cancelled, is not restored."""

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        return bool(expected.pending) and super().restore(customer_id, expected, former)


class ReinstatesWhatever(MemoryCustomers):
    """It compares who is pending, and nobody else."""

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        now = self._get(customer_id)
        there = now.status if now is not None and now.status is not None else expected
        return super().restore(customer_id, there if expected.cancelled else expected, former)


class StaysCancelled(MemoryCustomers):
    """The value is put back, and the mark of a cancelled customer stays."""

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        marked = evolve(former, cancelled=expected.cancelled)
        return super().restore(customer_id, expected, marked)


class PendingIsAValue(MemoryCustomers):
    def mark_pending(self, customer_id: str, expected: Status) -> bool:
        return self._move(customer_id, expected, Status("pending", pending=True))


class KeepsTheMark(MemoryCustomers):
    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        return self._move(customer_id, expected, evolve(CANCELLED, pending=True))


class ForgetsWhatCancelledMeans(MemoryCustomers):
    def _get(self, customer_id: str) -> Customer | None:
        found = super()._get(customer_id)
        if found is None or found.status is None:
            return found
        return evolve(found, status=evolve(found.status, cancelled=False))


class SaysAssigned(MemoryCustomers):
    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        now = self._get(customer.id)
        return now is not None and now.owners == effect.was


class AddsAnOwner(MemoryCustomers):
    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        both = evolve(effect, to=(*effect.was, *effect.to))
        return super().assign_owner(both, customer)


class TakesAnybodysCustomer(MemoryCustomers):
    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        return super().assign_owner(evolve(effect, was=customer.owners), customer)


# ---------------------------------------------------------------- cancellations


class SavesAnyVersion(MemoryCancellations):
    def save(self, record: CancellationRecord, expected: int) -> bool:
        stored = self._writes.get("cancellations", (self._tenant, record.id))
        return stored is not None and super().save(record, stored.version)


class SaysSaved(MemoryCancellations):
    def save(self, record: CancellationRecord, expected: int) -> bool:
        super().save(record, expected)
        return True


class AllowsASecond(MemoryCancellations):
    def add(self, record: CancellationRecord) -> None:
        self._writes.put("slots", (self._tenant, record.customer), None)
        super().add(record)


class OnceEver(MemoryCancellations):
    """The constraint also counts the cancellations that have ended."""

    def save(self, record: CancellationRecord, expected: int) -> bool:
        done = super().save(record, expected)
        self._writes.put("slots", (self._tenant, record.customer), record.id)
        return done


class OpenOnesOnly(MemoryCancellations):
    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        found = super().current(customer_ids)
        return {key: one for key, one in found.items() if one.ended is None}


class NoneForNone(MemoryCancellations):
    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        found = super().current(customer_ids)
        return {key: found.get(key) for key in customer_ids}  # type: ignore[misc]  # that is the fault


class AnyTenantsCancellations(MemoryCancellations):
    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        found: dict[str, CancellationRecord] = {}
        for tenant in TENANTS:
            found.update(MemoryCancellations(self._writes, tenant).current(customer_ids))
        return found


def _to_seconds(record: CancellationRecord) -> CancellationRecord:
    return evolve(record, begun=evolve(record.begun, at=record.begun.at.replace(microsecond=0)))


def _utf8mb3(record: CancellationRecord) -> CancellationRecord:
    return evolve(record, name="".join(c if ord(c) < 0x10000 else "?" for c in record.name))


def _jsonb(record: CancellationRecord) -> CancellationRecord:
    return evolve(record, gates=dict(sorted(record.gates.items())))


def losing(lose: Callable[[CancellationRecord], CancellationRecord]) -> type[MemoryCancellations]:
    """Return cancellations that lose something on the way into the store."""

    class Losing(MemoryCancellations):
        def add(self, record: CancellationRecord) -> None:
            super().add(lose(record))

    return Losing


LOSES_MICROSECONDS = losing(_to_seconds)
LOSES_NON_BMP = losing(_utf8mb3)
SORTS_KEYS = losing(_jsonb)


class ReadsItsWritesLate(MemoryCancellations):
    """What the unit itself has written is not seen in it: nothing was flushed."""

    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        return MemoryCancellations(Writes(self._writes._memory), self._tenant).current(customer_ids)


def due_by(
    due: Callable[[CancellationRecord, date], object], turn: int = 1, more: int = 0
) -> type[MemoryCancellations]:
    """Return cancellations that are due by another condition, order or limit."""

    class Due(MemoryCancellations):
        def due(self, day: date, limit: int) -> Sequence[str]:
            rows = [row for _, row in self._writes.rows("cancellations") if due(row, day)]
            mine = [(row.schedule.due, row.customer) for row in rows if row.tenant == self._tenant]
            return [customer for _, customer in sorted(mine)[::turn]][: limit + more]

    return Due


def _is_due(row: CancellationRecord, day: date) -> bool:
    return row.state is State.PENDING and row.schedule is not None and row.schedule.due <= day


DUE_AFTER_ITS_END = due_by(lambda row, day: _is_due(evolve(row, state=State.PENDING), day))
DUE_TOO_EARLY = due_by(lambda row, day: _is_due(row, day + timedelta(days=1)))
DUE_A_DAY_LATE = due_by(lambda row, day: _is_due(row, day - timedelta(days=1)))
DUE_NEWEST = due_by(_is_due, turn=-1)
DUE_WITHOUT_LIMIT = due_by(_is_due, more=9)


class DueAsAdded(MemoryCancellations):
    """The column is not written again."""

    def add(self, record: CancellationRecord) -> None:
        super().add(record)
        self._writes.put("added", (self._tenant, record.customer), record)

    def due(self, day: date, limit: int) -> Sequence[str]:
        rows = [row for key, row in self._writes.rows("added") if key[0] == self._tenant]
        due = [(row.schedule.due, row.customer) for row in rows if _is_due(row, day)]
        return [customer for _, customer in sorted(due)][:limit]


class EverybodysDue(MemoryCancellations):
    def due(self, day: date, limit: int) -> Sequence[str]:
        stores = [MemoryCancellations(self._writes, tenant) for tenant in TENANTS]
        return [customer for one in stores for customer in one.due(day, limit)][:limit]


def opened_by(
    opened: Callable[[CancellationRecord], bool] = lambda row: row.state is State.PENDING,
    order: Callable[[CancellationRecord], Any] = lambda row: 0,
    turn: int = 1,
    more: int = 0,
) -> type[MemoryCancellations]:
    """Return cancellations that are open by another condition, order or limit."""

    class Queued(MemoryCancellations):
        def opened(self, limit: int) -> Opened:
            rows = [row for _, row in self._writes.rows("cancellations") if opened(row)]
            mine = [row for row in rows if row.tenant == self._tenant][::turn]
            return Opened(sorted(mine, key=order)[: limit + more])

    return Queued


OPEN_AFTER_ITS_END = opened_by(lambda row: True)
OPEN_NEWEST_FIRST = opened_by(turn=-1)
OPEN_BY_THE_CLOCK = opened_by(order=lambda row: row.begun.at)
OPEN_WITHOUT_LIMIT = opened_by(more=9)


class OpenAsAdded(MemoryCancellations):
    def add(self, record: CancellationRecord) -> None:
        super().add(record)
        self._writes.put("added", (self._tenant, record.customer), record)

    def opened(self, limit: int) -> Opened:
        rows = [row for key, row in self._writes.rows("added") if key[0] == self._tenant]
        there = {row.id for row in super().opened(limit).records}
        return Opened([row for row in rows if row.id in there])


class EverybodysOpen(MemoryCancellations):
    def opened(self, limit: int) -> Opened:
        stores = [MemoryCancellations(self._writes, tenant) for tenant in TENANTS]
        return Opened([row for one in stores for row in one.opened(limit).records][:limit])


# ---------------------------------------------------------------- history, operations


class Overwrites(MemoryHistory):
    def append(self, entry: HistoryEntry) -> None:
        self._writes.put("history", (self._tenant, entry.customer, entry.id), entry)


class DropsWithTheCustomer(MemoryHistory):
    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        there = self._writes.get("customers", (self._tenant, customer_id))
        return super().of(customer_id) if there is not None else []


class SortsByInstant(MemoryHistory):
    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        return sorted(super().of(customer_id), key=lambda entry: entry.at)


class EverybodysHistory(MemoryHistory):
    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        return [one for key, one in self._writes.rows("history") if key[1] == customer_id]


class IgnoresCase(MemoryOperations):
    def find(self, customer_id: str, verb: Verb, op: str) -> Operation | None:
        rows = self._writes.rows("operations")
        alike = (self._tenant, customer_id, verb.value, op.casefold())
        return next((one for key, one in rows if (*key[:3], key[3].casefold()) == alike), None)


class IgnoresTheVerb(MemoryOperations):
    def find(self, customer_id: str, verb: Verb, op: str) -> Operation | None:
        found = (super(IgnoresTheVerb, self).find(customer_id, one, op) for one in Verb)
        return next((one for one in found if one is not None), None)


class OverwritesAnswers(MemoryOperations):
    def add(self, operation: Operation) -> None:
        key = (self._tenant, operation.customer, operation.verb.value, operation.op)
        self._writes.put("operations", key, operation)


class Forgets(MemoryOperations):
    """Forgets what some condition says."""

    def old(self, key: Any, one: Operation, before: datetime) -> bool:
        raise NotImplementedError

    def purge(self, before: datetime) -> int:
        rows = self._writes.rows("operations")
        old = [key for key, one in rows if self.old(key, one, before)]
        for key in old:
            self._writes.put("operations", key, None)
        return len(old)


class ForgetsProcess(Forgets):
    def old(self, key: Any, one: Operation, before: datetime) -> bool:
        return key[0] == self._tenant and one.outcome.at < before


class ForgetsEverybodys(Forgets):
    def old(self, key: Any, one: Operation, before: datetime) -> bool:
        return one.verb is not Verb.PROCESS and one.outcome.at < before


class ForgetsTheLast(Forgets):
    def old(self, key: Any, one: Operation, before: datetime) -> bool:
        mine = key[0] == self._tenant and one.verb is not Verb.PROCESS
        return mine and one.outcome.at <= before


class ForgetsNothing(MemoryOperations):
    def purge(self, before: datetime) -> int:
        return 0


# ---------------------------------------------------------------- outbox


class SendsAtOnce(MemoryOutbox):
    """Survives a rollback."""

    def add(self, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            self._writes._memory.put("outbox", (self._tenant, row.id), row)


class ReturnsRowsAsTheyWere(MemoryOutbox):
    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        found = super().claim(limit, now, lease_until)
        return [evolve(row, attempts=row.attempts - 1, leased_until=None) for row in found]


class DoesNotStoreTheClaim(MemoryOutbox):
    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        return MemoryOutbox(Writes(self._writes._memory), self._tenant).claim(
            limit, now, lease_until
        )


class IgnoresTheFence(MemoryOutbox):
    def settle(self, row: OutboxRow, attempts: int) -> bool:
        stored: OutboxRow | None = self._writes.get("outbox", (self._tenant, row.id))
        return stored is not None and super().settle(row, stored.attempts)


class UnsendsTheSent(MemoryOutbox):
    def settle(self, row: OutboxRow, attempts: int) -> bool:
        stored: OutboxRow | None = self._writes.get("outbox", (self._tenant, row.id))
        if stored is None or stored.attempts != attempts:
            return False
        self.add([row])
        return True


def claiming(free: Callable[[OutboxRow, datetime], bool], turn: int = 1) -> type[MemoryOutbox]:
    """Return an outbox that claims by another condition or order."""

    class Claims(MemoryOutbox):
        def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
            rows = [row for _, row in self._writes.rows("outbox") if free(row, now)]
            mine = [one for one in rows if one.notification.tenant == self._tenant]
            due = sorted(mine, key=lambda row: row.due)[::turn][:limit]
            claimed = [evolve(r, attempts=r.attempts + 1, leased_until=lease_until) for r in due]
            self.add(claimed)
            return claimed

    return Claims


def _waits(row: OutboxRow, now: datetime) -> bool:
    leased = row.leased_until is not None and row.leased_until > now
    return row.delivery is Delivery.WAITING and row.due <= now and not leased


CLAIMS_DEAD_ROWS = claiming(
    lambda row, now: (
        _waits(evolve(row, delivery=Delivery.WAITING), now) and row.delivery is not Delivery.SENT
    )
)
CLAIMS_EARLY = claiming(lambda row, now: _waits(evolve(row, due=now), now))
CLAIMS_LEASED = claiming(lambda row, now: _waits(evolve(row, leased_until=None), now))
CLAIMS_NEWEST = claiming(_waits, -1)


class ClaimsEverybodys(MemoryOutbox):
    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        return [
            row
            for tenant in TENANTS
            for row in MemoryOutbox(self._writes, tenant).claim(limit, now, lease_until)
        ]


class HidesTheDead(MemoryOutbox):
    def unsent(self) -> Sequence[OutboxRow]:
        return [row for row in super().unsent() if row.delivery is Delivery.WAITING]


class Unsorted(MemoryOutbox):
    def unsent(self) -> Sequence[OutboxRow]:
        return super().unsent()[::-1]

"""Repositories that are wrong: what is loaded, counted and named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve

from cancelkit.adapters.memory import MemoryCrm, MemoryHost, Record
from cancelkit.adapters.memory.crm import MemoryCustomers
from cancelkit.needs import AssetsLeft, Count, Need, NextDate, OpenRecords, Unknown
from cancelkit.people import Customer, NamedRecord
from cancelkit.testing import RecordState
from cancelkit.testing.memory import MemoryBackDoor
from cancelkit.testing.samples import DAY
from tests.broken.memory import TENANTS, with_parts

Facts = Mapping[str, Mapping[Need[Any], object]]


class LoadsBeforeItLocks(MemoryCustomers):
    def lock(self, customer_id: str) -> Customer | None:
        found = self._get(customer_id)
        super().lock(customer_id)
        return found


class NeverLocks(MemoryCustomers):
    def lock(self, customer_id: str) -> Customer | None:
        return self._get(customer_id)


class UnlocksAtOnce(MemoryCustomers):
    def lock(self, customer_id: str) -> Customer | None:
        found = super().lock(customer_id)
        self._writes.release()
        return found


class FailsForWhatIsNotThere(MemoryCustomers):
    def lock(self, customer_id: str) -> Customer | None:
        found = super().lock(customer_id)
        if found is None:
            raise LookupError(customer_id)
        return found


class Remembers(MemoryCustomers):
    """An identity map that outlives its unit of work."""

    def _get(self, customer_id: str) -> Customer | None:
        kept: dict[str, Customer | None] = self._crm.__dict__.setdefault("kept", {})
        return kept.setdefault(customer_id, super()._get(customer_id))

    def _put(self, customer: Customer) -> None:
        super()._put(customer)
        self._crm.__dict__["kept"][customer.id] = customer


class SeesEveryTenant(MemoryCustomers):
    def _get(self, customer_id: str) -> Customer | None:
        rows = [self._writes.get("customers", (tenant, customer_id)) for tenant in TENANTS]
        return next((row for row in rows if row is not None), None)


class TakesOtherSpellings(MemoryCustomers):
    def _get(self, customer_id: str) -> Customer | None:
        found = super()._get(customer_id.strip().lower())
        return found and evolve(found, id=customer_id)


class AnswersUnderItsOwnKey(MemoryCustomers):
    """Of several customers; a single one is found as ever."""

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        found = super().load(customer_ids)
        return found if len(found) < 2 else {key.upper(): one for key, one in found.items()}


class KeepsTheDeleted(MemoryCrm):
    def delete_customer(self, customer_id: str) -> None:
        pass


class DoorOfDeletedRecords(MemoryBackDoor):
    """Soft-deleted records stay in the tables: the adapter would have to leave them out."""

    def record(self, customer_id: str, kind: str, state: RecordState, record: Any = None) -> Any:
        return super().record(customer_id, kind, "open" if state == "deleted" else state, record)


class TooManyParameters(MemoryCustomers):
    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        if len(customer_ids) > 999:
            raise RuntimeError("too many SQL variables")
        return super().load(customer_ids)


# ---------------------------------------------------------------- answers


def answering(change: Callable[[Need[Any], object], object]) -> type[MemoryHost]:
    """Return a host that answers something else."""

    class Answers(MemoryCustomers):
        def facts(
            self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
        ) -> Facts:
            found = super().facts(customer_ids, needs, as_of)
            return {
                key: {need: change(need, answer) for need, answer in answers.items()}
                for key, answers in found.items()
            }

    return with_parts(customers=Answers)


def counts(convert: Callable[[int], object]) -> type[MemoryHost]:
    """Return a host whose counts of records have another type or range."""

    def change(need: Need[Any], answer: object) -> object:
        return convert(answer.n) if isinstance(answer, Count) else answer

    return answering(change)


def _as_datetime(need: Need[Any], answer: object) -> object:
    return datetime(answer.year, answer.month, answer.day) if _day(answer) else answer  # type: ignore[attr-defined]  # noqa: DTZ001 - naive: that is the fault


def _day(answer: object) -> bool:
    return isinstance(answer, date)


def _once(need: Need[Any], answer: object) -> object:
    return iter(answer) if isinstance(answer, AssetsLeft) else answer


def _zero(need: Need[Any], answer: object) -> object:
    return 0 if isinstance(answer, Unknown) else answer


def _none(need: Need[Any], answer: object) -> object:
    return None if isinstance(answer, Unknown) else answer


AS_DATETIME = answering(_as_datetime)
READ_ONCE = answering(_once)
ZERO_WHERE_BLIND = answering(_zero)
NONE_WHERE_BLIND = answering(_none)
DECIMALS = counts(Decimal)
FLOATS = counts(float)
BOOLS = counts(bool)
MINUS_ONE_FOR_NONE = counts(lambda n: n or -1)
TWICE = counts(lambda n: 2 * n)


class LeavesTheUnseenOut(MemoryCustomers):
    def facts(self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Facts:
        found = super().facts(customer_ids, needs, as_of)
        return {
            key: {need: answer for need, answer in row.items() if type(answer) is not Unknown}
            for key, row in found.items()
        }


class InnerJoin(MemoryCustomers):
    """Of several customers, those without records are left out."""

    def facts(self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Facts:
        found = super().facts(customer_ids, needs, as_of)
        empty = (Count(0), AssetsLeft(Count(0), Count(0), Count(0)), None)
        return {
            key: row
            for key, row in found.items()
            if len(customer_ids) == 1 or any(answer not in empty for answer in row.values())
        }


class Snapshot(MemoryCustomers):
    """REPEATABLE READ: the first answer of a unit is its answer for good."""

    def facts(self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Facts:
        kept: dict[Any, Facts] = self.__dict__.setdefault("kept", {})
        key = (*customer_ids, *needs, as_of)
        if key not in kept:
            kept[key] = super().facts(customer_ids, needs, as_of)
        return kept[key]


class AsOfSomeDay(MemoryCustomers):
    """The database's own day in place of `as_of`."""

    def facts(self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Facts:
        return super().facts(customer_ids, needs, DAY)


class TodayIsFuture(MemoryCrm):
    def answer(self, customer: Customer, need: Need[Any], as_of: date) -> object:
        before = as_of - timedelta(days=1) if isinstance(need, NextDate) else as_of
        return super().answer(customer, need, before)


class TickedIsCeased(MemoryCrm):
    def answer(self, customer: Customer, need: Need[Any], as_of: date) -> object:
        found = super().answer(customer, need, as_of)
        return found._replace(ticked=Count(0)) if isinstance(found, AssetsLeft) else found


class _OpenIf(MemoryCrm):
    """A CRM in which another condition decides which records are open."""

    def is_open(self, record: Record) -> bool:
        raise NotImplementedError  # each broken CRM below says which are open

    def answer(self, customer: Customer, need: Need[Any], as_of: date) -> object:
        if isinstance(need, OpenRecords) and self.can_answer(need):
            return len(self.open_records(customer.id, need, as_of))
        return super().answer(customer, need, as_of)

    def open_records(self, customer_id: str, need: Need[Any], as_of: date) -> list[Any]:
        if not isinstance(need, OpenRecords):
            return super().open_records(customer_id, need, as_of)
        rows = self.records(need.kind, customer_id)
        return [row for row in rows if isinstance(row, Record) and self.is_open(row)]


class CountsKnownOpen(_OpenIf):
    """What is known to be open is open, whatever else there is."""

    def is_open(self, record: Record) -> bool:
        return record.status == "in progress"


class NotInLosesNull(_OpenIf):
    """`status NOT IN (...)` of a database: NULL is neither in nor not in."""

    def is_open(self, record: Record) -> bool:
        return record.status in ("in progress", "?!")


class ComparesLabels(_OpenIf):
    """Closed is what the label says in one language."""

    def is_open(self, record: Record) -> bool:
        return record.status != "Abgeschlossen"


class CountsAllAssets(MemoryCrm):
    def answer(self, customer: Customer, need: Need[Any], as_of: date) -> object:
        found = super().answer(customer, need, as_of)
        if not isinstance(found, AssetsLeft):
            return found
        n = len(self.records("assets", customer.id))
        return found._replace(live=Count(n - found.scheduled.n - found.ticked.n))


class CountsForEverybody(MemoryCrm):
    """The condition on the customer is lost in an OR."""

    def answer(self, customer: Customer, need: Need[Any], as_of: date) -> object:
        if not isinstance(need, OpenRecords) or not self.can_answer(need):
            return super().answer(customer, need, as_of)
        return sum(len(self.open_records(key, need, as_of)) for key in self.ids())


class SomebodysNextDate(MemoryCrm):
    def answer(self, customer: Customer, need: Need[Any], as_of: date) -> object:
        if not isinstance(need, NextDate):
            return super().answer(customer, need, as_of)
        everybody = [evolve(customer, id=key) for key in self.ids()]
        found = [super(SomebodysNextDate, self).answer(one, need, as_of) for one in everybody]
        return min((day for day in found if isinstance(day, date)), default=found[0])


# ---------------------------------------------------------------- naming records


class NamesClosed(MemoryCustomers):
    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        kind = getattr(need, "kind", "")
        rows = self._crm.records(kind, customer_id) if self._crm.can_answer(need) else []
        return [NamedRecord(row.id, row.id) for row in rows][:limit]


class NamesTooMany(MemoryCustomers):
    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        return super().open_records(customer_id, need, as_of, 1_000_000)


class NamesNone(MemoryCustomers):
    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        return []


class NamesOnce(MemoryCustomers):
    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        found = super().open_records(customer_id, need, as_of, limit)
        return (one for one in found)  # type: ignore[return-value]  # that is the fault

"""A small CRM in memory: customers, their records, and the `CustomerRepo` over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from attrs import evolve, field, frozen

from cancelkit.adapters.memory.store import Key, Memory, Writes
from cancelkit.effects import AssignOwner
from cancelkit.errors import Conflict, UnknownCustomer
from cancelkit.needs import AssetsLeft, Count, Need, NextDate, OpenRecords, UnceasedAssets, Unknown
from cancelkit.people import Customer, NamedRecord, Status

CLOSED: Mapping[str, frozenset[str]] = {
    "cases": frozenset(("completed", "duplicate", "incomplete", "won't fix", "closed")),
    "opportunities": frozenset(("won", "lost", "cancelled")),
    "quotations": frozenset(("won", "lost", "expired", "cancelled")),
    "sales_orders": frozenset(("completed", "cancelled")),
}
"""The closed states of each kind (the article's); any other status is open."""

CAP = 100
"""Counts stop here: "100+"."""


@frozen
class Record:
    """A record with a status: a case, an opportunity, a quotation, a sales order, an invoice.

    Attributes:
        id: unique within its kind.
        customer: the customer's id.
        status: as the CRM writes it; compared without regard to case and outer spaces.
        label: what a person knows it by.
    """

    id: str
    customer: str
    status: str = ""
    label: str = ""


@frozen
class Asset:
    """An asset: ceased when its cease date has come and it is not ticked live."""

    id: str
    customer: str
    ceased_on: date | None = None
    live: bool = True
    label: str = ""


@frozen
class Expiry:
    """A dated reminder of a future sales chance."""

    id: str
    customer: str
    on: date
    label: str = ""


AnyRecord = Record | Asset | Expiry
Answer = Callable[[Customer, Any, date], object]


@frozen
class _Kind:
    """One kind of records, by customer, so that nobody walks over other customers' records."""

    of: dict[str, dict[str, AnyRecord]] = field(factory=dict)
    open: dict[str, dict[str, Record]] = field(factory=dict)  # those of `of` that are not closed
    owner: dict[str, str] = field(factory=dict)


class MemoryCrm:
    """The CRM's own data and screens. What is written here goes around units of work and locks.

    Args:
        customers: the customers to start with.
        kinds: the kinds of records there are; a kind that is not there is answered `Unknown`.
        closed: kind -> the closed statuses; the article's where none are given.
        tenant: whose data this is.
        answers: need class -> (customer, need, as_of) -> answer, for plug-ins' own needs.
        memory: where it is kept.
    """

    def __init__(
        self,
        customers: Iterable[Customer] = (),
        *,
        kinds: Iterable[str] = ("assets", *CLOSED, "expiries"),
        closed: Mapping[str, Iterable[str]] | None = None,
        tenant: str = "",
        answers: Mapping[type, Answer] | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.memory: Memory = memory or Memory()
        self.tenant = tenant
        self._kinds = {kind: _Kind() for kind in kinds}
        given = {kind: frozenset(map(_norm, names)) for kind, names in (closed or {}).items()}
        self._closed = {**CLOSED, **given}
        self._answers = dict(answers or {})
        for customer in customers:
            self.put_customer(customer)

    # ------------------------------------------------------------ what people do in the CRM

    def put_customer(self, customer: Customer) -> None:
        """Add or change a customer, at once."""
        self.memory.put("customers", self.key(customer.id), evolve(customer, tenant=self.tenant))
        self.memory.touch(self.key(customer.id))

    def delete_customer(self, customer_id: str) -> None:
        """Delete a customer, at once."""
        self.memory.put("customers", self.key(customer_id), None)

    def customer(self, customer_id: str) -> Customer:
        """Return a customer as committed.

        Raises:
            UnknownCustomer: there is none with this id.
        """
        found: Customer | None = self.memory.get("customers", self.key(customer_id))
        if found is None:
            raise UnknownCustomer(f"There is no customer {customer_id!r}.")
        return found

    def ids(self) -> list[str]:
        """Return the ids of all customers, in the order in which they were added."""
        return [key[1] for key, _ in self.memory.rows("customers") if key[0] == self.tenant]

    def put(self, kind: str, record: AnyRecord) -> None:
        """Add, change or move a record, at once."""
        with self.memory.mutex:
            self.remove(kind, record.id)
            rows = self._kinds[kind]
            rows.of.setdefault(record.customer, {})[record.id] = record
            rows.owner[record.id] = record.customer
            if isinstance(record, Record) and _norm(record.status) not in self._closed_in(kind):
                rows.open.setdefault(record.customer, {})[record.id] = record
            self.memory.touch(self.key(record.customer))

    def remove(self, kind: str, record_id: str) -> None:
        """Delete a record, at once; nothing happens where there is none."""
        with self.memory.mutex:
            rows = self._kinds[kind]
            owner = rows.owner.pop(record_id, None)
            if owner is not None:
                del rows.of[owner][record_id]
                rows.open.get(owner, {}).pop(record_id, None)
                self.memory.touch(self.key(owner))

    def records(self, kind: str, customer_id: str) -> list[AnyRecord]:
        """Return the records of a kind that a customer has."""
        return list(self._kinds[kind].of.get(customer_id, {}).values())

    def record(self, kind: str, record_id: str) -> AnyRecord:
        """Return one record; KeyError where there is none."""
        rows = self._kinds[kind]
        return rows.of[rows.owner[record_id]][record_id]

    def set_status(self, kind: str, record_id: str, status: str) -> None:
        """Change the status of a record, at once: close or reopen it."""
        record = self.record(kind, record_id)
        if not isinstance(record, Record):
            raise TypeError(f"{kind} {record_id!r} is a {type(record).__name__}: it has no status.")
        self.put(kind, evolve(record, status=status))

    def kinds(self) -> frozenset[str]:
        """Return the kinds of records that there are."""
        return frozenset(self._kinds)

    def key(self, customer_id: str) -> Key:
        """Return the key of a customer in the memory."""
        return (self.tenant, customer_id)

    # ------------------------------------------------------------ what the repository asks

    def can_answer(self, need: Need[Any]) -> bool:
        """Say whether there is an answer to a need."""
        if type(need) in self._answers:
            return True
        if not isinstance(need, OpenRecords | UnceasedAssets | NextDate):
            return False
        return need.kind in self._kinds

    def answer(self, customer: Customer, need: Need[Any], as_of: date) -> object:
        """Answer one need for one customer."""
        if (own := self._answers.get(type(need))) is not None:
            return own(customer, need, as_of)
        if not self.can_answer(need):
            return Unknown(f"this CRM has no answer to {need!r}")
        if isinstance(need, UnceasedAssets):
            return self._assets(customer.id, need.kind, as_of)
        if isinstance(need, OpenRecords):
            return _count(len(self._kinds[need.kind].open.get(customer.id, ())))
        return self._next_date(customer.id, need, as_of)

    def open_records(self, customer_id: str, need: Need[Any], as_of: date) -> list[AnyRecord]:
        """Return the records that a need counts."""
        return list(self._open(customer_id, need, as_of)) if self.can_answer(need) else []

    def _open(self, customer_id: str, need: Need[Any], as_of: date) -> Iterable[AnyRecord]:
        if isinstance(need, UnceasedAssets):
            rows = self._kinds[need.kind].of.get(customer_id, {}).values()
            return (r for r in rows if isinstance(r, Asset) and not is_ceased(r, as_of))
        if isinstance(need, OpenRecords):
            return self._kinds[need.kind].open.get(customer_id, {}).values()
        return ()

    def _closed_in(self, kind: str) -> frozenset[str]:
        return self._closed.get(kind, frozenset())

    def _assets(self, customer_id: str, kind: str, as_of: date) -> AssetsLeft:
        live = scheduled = ticked = 0
        for asset in self._kinds[kind].of.get(customer_id, {}).values():
            if not isinstance(asset, Asset) or is_ceased(asset, as_of):
                continue
            if asset.ceased_on is None:
                live += 1
            elif asset.ceased_on > as_of:
                scheduled += 1
            else:
                ticked += 1
        return AssetsLeft(_count(live), _count(scheduled), _count(ticked))

    def _next_date(self, customer_id: str, need: Any, as_of: date) -> date | None:
        rows = self._kinds[need.kind].of.get(customer_id, {}).values()
        return min((r.on for r in rows if isinstance(r, Expiry) and r.on > as_of), default=None)


def is_ceased(asset: Asset, as_of: date) -> bool:
    """Say whether an asset is ceased as of a day."""
    return asset.ceased_on is not None and asset.ceased_on <= as_of and not asset.live


def _count(n: int) -> Count:
    return Count(CAP, more=True) if n > CAP else Count(n)


def _norm(status: str) -> str:
    return status.strip().casefold()


class MemoryCustomers:
    """The `CustomerRepo`, the `StatusMirror` and the owner's performer of one unit of work."""

    def __init__(self, crm: MemoryCrm, writes: Writes) -> None:
        self._crm = crm
        self._writes = writes

    def lock(self, customer_id: str) -> Customer | None:
        """See `CustomerRepo.lock`."""
        self._writes.lock(self._crm.key(customer_id))
        return self._get(customer_id)

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """See `CustomerRepo.load`."""
        found = ((key, self._get(key)) for key in customer_ids)
        return {key: customer for key, customer in found if customer is not None}

    def answers(self, need: Need[Any]) -> bool:
        """See `CustomerRepo.answers`."""
        return self._crm.can_answer(need)

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        """See `CustomerRepo.facts`."""
        found: dict[str, Mapping[Need[Any], object]] = {}
        there = self.load(customer_ids)
        for key in customer_ids:
            if key not in there and self._writes.was_there("customers", self._crm.key(key)):
                raise Conflict(f"Customer {key!r} was deleted meanwhile.")
        for key, customer in there.items():
            self._writes.judge(self._crm.key(key))
            found[key] = {need: self._crm.answer(customer, need, as_of) for need in needs}
        return found

    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        """See `CustomerRepo.open_records`."""
        rows = self._crm.open_records(customer_id, need, as_of)
        return [NamedRecord(row.id, row.label or row.id) for row in rows[:limit]]

    # ------------------------------------------------------------ StatusMirror

    def mark_pending(self, customer_id: str, expected: Status) -> bool:
        """See `StatusMirror.mark_pending`."""
        marked = expected if expected.pending is None else evolve(expected, pending=True)
        return self._move(customer_id, expected, marked)

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        """See `StatusMirror.restore`."""
        return self._move(customer_id, expected, former)

    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        """See `StatusMirror.mark_cancelled`."""
        return self._move(customer_id, expected, CANCELLED)

    # ------------------------------------------------------------ performer of AssignOwner

    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        """Give the customer to the new owners, if the owners are still those expected."""
        now = self._get(customer.id)
        if now is None or now.owners != effect.was:
            return False
        self._put(evolve(now, owners=effect.to))
        return True

    def later(self, write: Callable[[], None]) -> None:
        """Write something else when the unit of work commits, and only then: for performers."""
        self._writes.later(write)

    def _move(self, customer_id: str, expected: Status, status: Status) -> bool:
        now = self._get(customer_id)
        if now is None or now.status != expected:
            return False
        self._put(evolve(now, status=status))
        return True

    def _get(self, customer_id: str) -> Customer | None:
        found: Customer | None = self._writes.get("customers", self._crm.key(customer_id))
        return found

    def _put(self, customer: Customer) -> None:
        self._writes.put("customers", self._crm.key(customer.id), customer)


CANCELLED = Status("cancelled", cancelled=True)
"""The status that means Cancelled."""

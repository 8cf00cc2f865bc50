"""The back door of a `MemoryCrm`: the model of a back door, and what the machine drives."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from attrs import evolve

from cancelkit.adapters.memory import CLOSED, Asset, Expiry, MemoryCrm, Record
from cancelkit.people import Customer, Person, Status
from cancelkit.testing.world import RawStatus, RecordState


class MemoryBackDoor:
    """`Arrange` and `Inspect` over a `MemoryCrm`."""

    def __init__(self, crm: MemoryCrm) -> None:
        self.crm = crm
        self._keys = (f"{crm.tenant or 'key'}-{number}" for number in count(1))

    def customer(self) -> str:
        """See `Arrange.customer`."""
        key = next(self._keys)
        self.crm.put_customer(Customer(key, f"Customer {key}", Status("live"), (Person("ann"),)))
        return key

    def remove(self, customer_id: str) -> None:
        """See `Arrange.remove`."""
        self.crm.delete_customer(customer_id)

    def rename(self, customer_id: str, name: str) -> None:
        """See `Arrange.rename`."""
        self._change(customer_id, name=name)

    def other_status(self, customer_id: str) -> None:
        """See `Arrange.other_status`."""
        status = self.crm.customer(customer_id).status
        assert status is not None
        self._change(customer_id, status=evolve(status, value="prospect", label="Prospect"))

    def other_owner(self, customer_id: str) -> None:
        """See `Arrange.other_owner`."""
        self._change(customer_id, owners=(Person("bob", "Bob"),))

    def record(self, customer_id: str, kind: str, state: RecordState, record: Any = None) -> Any:
        """See `Arrange.record`."""
        key = record or next(self._keys)
        if state == "deleted":
            self.crm.remove(kind, key)
            return key
        closed = min(CLOSED.get(kind, frozenset(("closed",))))
        text = {"open": "in progress", "closed": closed.title(), "odd": "?!", "empty": ""}[state]
        self.crm.put(kind, Record(key, customer_id, text, key))
        return key

    def asset(
        self,
        customer_id: str,
        kind: str,
        ceased_on: date | None,
        live: bool,
        *,
        deleted: bool = False,
    ) -> None:
        """See `Arrange.asset`."""
        if not deleted:
            self.crm.put(kind, Asset(next(self._keys), customer_id, ceased_on, live))

    def date(self, customer_id: str, kind: str, on: date, *, deleted: bool = False) -> None:
        """See `Arrange.date`."""
        if not deleted:
            self.crm.put(kind, Expiry(next(self._keys), customer_id, on))

    def status(self, customer_id: str) -> RawStatus:
        """See `Inspect.status`."""
        status = self.crm.customer(customer_id).status
        assert status is not None
        return RawStatus(status.value, bool(status.pending), status.cancelled)

    def owners(self, customer_id: str) -> tuple[str, ...]:
        """See `Inspect.owners`."""
        return tuple(person.id for person in self.crm.customer(customer_id).owners)

    def _change(self, customer_id: str, **changes: Any) -> None:
        self.crm.put_customer(evolve(self.crm.customer(customer_id), **changes))

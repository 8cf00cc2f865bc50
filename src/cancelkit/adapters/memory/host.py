"""The in-memory host: makes units of work over a `MemoryCrm`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from cancelkit.adapters.memory.crm import MemoryCrm, MemoryCustomers
from cancelkit.adapters.memory.store import Writes
from cancelkit.adapters.memory.stores import (
    MemoryCancellations,
    MemoryHistory,
    MemoryOperations,
    MemoryOutbox,
)
from cancelkit.adapters.system import RandomIds, SystemClock
from cancelkit.effects import AnyPerformer, AssignOwner, Performer
from cancelkit.ports import Clock, Ids, Unit

MakePerformers = Callable[[MemoryCustomers], Iterable[AnyPerformer]]


class MemoryHost:
    """A `Host` in memory, for demos, tests, and as the model of what an adapter does.

    Args:
        crm: the CRM.
        clock: the system's where none is given.
        ids: random ones where none are given.
        performers: how a unit of work carries out effects beyond `AssignOwner`; or a function
            that makes them from the unit's `MemoryCustomers`, whose `later` belongs to the unit.
        mirrored: whether the CRM's customers have a status of their own.
    """

    joined = False

    def __init__(
        self,
        crm: MemoryCrm,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        performers: Iterable[AnyPerformer] | MakePerformers = (),
        mirrored: bool = True,
    ) -> None:
        self.crm = crm
        self.tenant: str = crm.tenant
        self.clock: Clock = clock or SystemClock()
        self.ids: Ids = ids or RandomIds()
        fixed = performers if callable(performers) else tuple(performers)
        self._performers = fixed if callable(fixed) else lambda _: fixed
        self._mirrored = mirrored

    @property
    def performs(self) -> frozenset[type[Any]]:
        """See `Host.performs`."""
        with self.reading() as unit:
            return frozenset(unit.performers)

    def reading(self) -> AbstractContextManager[Unit]:
        """See `Host.reading`."""
        return self._unit(lambda writes: None)

    def writing(self) -> AbstractContextManager[Unit]:
        """See `Host.writing`."""
        return self._unit(Writes.commit)

    @contextmanager
    def _unit(self, finish: Callable[[Writes], None]) -> Generator[Unit]:
        writes = Writes(self.crm.memory)
        customers = MemoryCustomers(self.crm, writes)
        owner = Performer(AssignOwner, customers.assign_owner)
        try:
            yield Unit(
                customers,
                MemoryCancellations(writes, self.tenant),
                MemoryHistory(writes, self.tenant),
                MemoryOperations(writes, self.tenant),
                MemoryOutbox(writes, self.tenant),
                {one.effect: one for one in (owner, *self._performers(customers))},
                customers if self._mirrored else None,
            )
            finish(writes)
        finally:
            writes.release()

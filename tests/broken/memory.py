"""Worlds in memory: what the contract is run against, whole or broken."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from attrs import evolve

from cancelkit.adapters.memory import Memory, MemoryCrm, MemoryHost
from cancelkit.adapters.memory.crm import MemoryCustomers
from cancelkit.adapters.memory.store import Writes
from cancelkit.effects import AssignOwner, Performer
from cancelkit.ports import Unit
from cancelkit.testing import World
from cancelkit.testing.memory import MemoryBackDoor

TENANTS = ("north", "south")


def world_of(
    host: type[MemoryHost] = MemoryHost,
    crm: type[MemoryCrm] = MemoryCrm,
    door: type[MemoryBackDoor] = MemoryBackDoor,
    memory: type[Memory] = Memory,
) -> World:
    """Return a new world in memory, with a second tenant in the same memory."""
    shared = memory(patience=5.0)
    crms = [crm(tenant=tenant, memory=shared) for tenant in TENANTS]
    blind = host(crm(kinds=(), tenant=TENANTS[0], memory=shared))
    worlds = [World(host(one), door(one), door(one), blind=blind) for one in crms]
    return evolve(worlds[0], other=worlds[1])


class Rebuilt(MemoryHost):
    """A host whose units have other ports in the places of some."""

    parts: dict[str, Any] = {}  # noqa: RUF012 - set by `with_parts`

    @contextmanager
    def _unit(self, finish: Callable[[Writes], None]) -> Generator[Unit]:
        with super()._unit(finish) as unit:
            assert isinstance(unit.customers, MemoryCustomers)
            yield unit._replace(**self.changes(unit.customers._writes))

    def changes(self, writes: Writes) -> dict[str, Any]:
        """Return the ports to put in, by the names of their attributes."""
        made: dict[str, Any] = {}
        for name, part in self.parts.items():
            if name != "customers":
                made[name] = part(writes, self.tenant)
                continue
            customers: MemoryCustomers = part(self.crm, writes)
            owner = Performer(AssignOwner, customers.assign_owner)
            made |= {"customers": customers, "status": customers}
            made["performers"] = {AssignOwner: owner}
        return made


def with_parts(**parts: Any) -> type[MemoryHost]:
    """Return a host class with subclasses of the in-memory ports: customers, history, ..."""
    return type("Broken", (Rebuilt,), {"parts": parts})


def committing(commit: Callable[[Writes], None]) -> type[MemoryHost]:
    """Return a host class whose units of work end in another way."""

    class Ending(MemoryHost):
        def writing(self) -> AbstractContextManager[Unit]:
            return self._unit(commit)

    return Ending

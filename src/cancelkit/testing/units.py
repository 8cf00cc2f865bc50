"""The contract of the unit of work: promises U1 to U4."""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import pytest

from cancelkit.effects import AssignOwner
from cancelkit.errors import Conflict, OutcomeUnknown
from cancelkit.people import Person
from cancelkit.ports import Host, Unit
from cancelkit.records import CancellationRecord, HistoryEntry, Operation, OutboxRow
from cancelkit.testing import samples
from cancelkit.testing.aside import LONG, Aside
from cancelkit.testing.hosts import HostTests
from cancelkit.testing.world import World

Joined = Callable[[], AbstractContextManager[Host]]


class _Fault(Exception):
    """What goes wrong in the middle of a unit of work."""


class _Interrupt(BaseException):
    """Like KeyboardInterrupt: no `except Exception` sees it."""


class _Writes(NamedTuple):
    """What one unit writes: one of each kind that the host has."""

    key: str
    owners: tuple[Person, ...] | None
    cancellation: CancellationRecord
    entry: HistoryEntry
    operation: Operation
    row: OutboxRow


class UnitTests(HostTests):
    """All or nothing."""

    def test_u1_all_or_nothing_stays(self, world: World) -> None:
        """Leaving a unit without an exception keeps all of its writes, with one keeps none.

        Most likely something commits on the way (a helper of the CRM, autocommit, DDL), an
        exception inside the block is committed all the same, or only `Exception` is caught, so
        that an interrupt leaves the transaction open. One transaction around everything; roll
        back for every exception.
        """
        for fault in (_Fault, _Interrupt):
            writes = self._writes(world)
            before = self._everything(world, writes)
            with pytest.raises(fault):
                self._broken_off(world.host, writes, fault)
            assert before == self._everything(world, writes), f"kept after {fault.__name__}"
            self._once(world.host, writes)
            after = self._everything(world, writes)
            lost = [name for name, value in after.items() if value == before[name]]
            assert [] == lost, "lost after leaving without an exception"

    def test_u2_nobody_else_sees_what_is_not_committed(self, world: World) -> None:
        """What a unit has written is seen by nobody else before it was left.

        Most likely a port writes over a connection of its own, or several threads share one
        connection. Bind every port of a unit to the unit's one connection.
        """
        writes = self._writes(world)
        before = self._everything(world, writes)
        with world.host.writing() as unit:
            self._write(unit, writes)
            look = Aside(lambda: self._everything(world, writes))
            seen = look.result() if look.ends_within(self.patience * 5) else before
        look.ends_within(LONG)
        assert before == seen, "seen before it was committed"
        assert before != self._everything(world, writes)

    def test_u3_an_error_of_the_commit_surfaces_on_leaving(self, world: World) -> None:
        """A refused COMMIT is a `Conflict` and keeps nothing; a lost reply is `OutcomeUnknown`.

        Most likely the error of the database comes out as it is, or is swallowed in `__exit__`,
        and the caller believes that the customer is cancelled. Never repeat a COMMIT: the same
        operation id tells the outcome later.
        """
        given = (world.refuse_commit, world.lose_commit)
        self.require("commit_faults", there=any(given))
        if world.refuse_commit is not None:
            kept = self._kept(world, world.refuse_commit, Conflict)
            assert not kept, "Conflict was raised, and something was kept"
        if world.lose_commit is not None:
            self._kept(world, world.lose_commit, OutcomeUnknown)

    def _kept(
        self,
        world: World,
        fault: Callable[[], AbstractContextManager[object]],
        expected: type[Exception],
    ) -> bool:
        writes = self._writes(world)
        before = self._everything(world, writes)
        with pytest.raises(expected), fault():
            self._once(world.host, writes)
        return before != self._everything(world, writes)

    def test_u4_the_hosts_own_transaction_stays_the_hosts(self, world: World) -> None:
        """In the host's own transaction there is no commit and no rollback.

        Most likely leaving the unit commits the session it was given, so that the host cannot
        undo any more; or an error rolls everything of the host back. Flush, and leave the rest to
        the host.
        """
        self.require("joined", there=world.joined is not None)
        assert world.joined is not None
        writes = self._writes(world)
        before = self._everything(world, writes)
        with pytest.raises(_Fault):
            self._rolled_back(world, world.joined, writes, before)
        assert before == self._everything(world, writes), "kept after the host has rolled back"
        with world.joined() as host:
            self._once(host, writes)
            with pytest.raises(_Fault), host.writing():
                raise _Fault
        assert before != self._everything(world, writes), "the host's commit was undone"

    def _rolled_back(
        self, world: World, joined: Joined, writes: _Writes, before: dict[str, Any]
    ) -> None:
        """Write in a transaction of the host, which is rolled back."""
        with joined() as host:
            assert host.joined is True
            self._once(host, writes)
            look = Aside(lambda: self._everything(world, writes))
            seen = look.result() if look.ends_within(self.patience * 5) else before
            assert before == seen, "committed inside the host's transaction"
            raise _Fault

    def _broken_off(self, host: Host, writes: _Writes, fault: type[BaseException]) -> None:
        with host.writing() as unit:
            self._write(unit, writes)
            raise fault

    def _once(self, host: Host, writes: _Writes) -> None:
        with host.writing() as unit:
            self._write(unit, writes)

    # ------------------------------------------------------------ helpers

    def _writes(self, world: World) -> _Writes:
        """Return one write of each kind that the host has, for one customer."""
        key, second = world.arrange.customer(), world.arrange.customer()
        if self.owners:
            world.arrange.other_owner(second)
        return _Writes(
            key,
            self.loaded(world, second).owners if self.owners else None,
            samples.cancellation(world.host.tenant, key),
            samples.entry(world.host.tenant, key),
            samples.operation(world.host.tenant, key),
            samples.row(world.host.tenant, key),
        )

    def _write(self, unit: Unit, writes: _Writes) -> None:
        customer = unit.customers.lock(writes.key)
        assert customer is not None
        if writes.owners is not None:
            effect = AssignOwner(writes.owners, customer.owners)
            unit.performers[AssignOwner].perform(effect, customer)
        if unit.status is not None and customer.status is not None:
            unit.status.mark_cancelled(writes.key, customer.status)
        unit.cancellations.add(writes.cancellation)
        unit.history.append(writes.entry)
        unit.operations.add(writes.operation)
        unit.outbox.add([writes.row])

    def _everything(self, world: World, writes: _Writes) -> dict[str, Any]:
        """Return what everybody sees of these writes."""
        key, op = writes.key, writes.operation
        found: dict[str, Any] = {}
        with world.host.reading() as unit:
            found["cancellation"] = dict(unit.cancellations.current((key,)))
            found["history"] = list(unit.history.of(key))
            found["operation"] = unit.operations.find(key, op.verb, op.op)
            found["outbox"] = [row for row in unit.outbox.unsent() if row.id == writes.row.id]
        if writes.owners is not None:
            found["owners"] = world.inspect.owners(key)
        if self.status_mirror:
            found["status"] = world.inspect.status(key)
        return found

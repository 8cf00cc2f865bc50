"""What the tests of a host have in common: its flags, and how they look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar, TypeVar

import pytest

from cancelkit.checklist import STANDARD
from cancelkit.effects import AssignOwner
from cancelkit.needs import AssetsLeft, Need, NextDate, OpenRecords, UnceasedAssets, Unknown
from cancelkit.people import Customer
from cancelkit.ports import Unit
from cancelkit.testing.contract import Contract
from cancelkit.testing.promises import check_host
from cancelkit.testing.samples import DAY
from cancelkit.testing.world import World

T = TypeVar("T")


class HostTests(Contract):
    """The flags of a host, and the helpers of its tests."""

    status_mirror: ClassVar[bool] = True
    """The cancellation is mirrored into the customer's own status."""
    owners: ClassVar[bool] = True
    """Owners can be assigned: there is a performer of `AssignOwner`."""
    row_locks: ClassVar[bool] = True
    """A customer can be locked, so that a second command waits or is `Busy`."""
    foreign_keys: ClassVar[bool] = True
    """Nobody can add, reopen or move a record unseen under a locked customer."""
    set_based: ClassVar[bool] = True
    """Many customers are answered with one question."""
    soft_deletes: ClassVar[bool] = True
    """Customers and records can be soft-deleted."""
    outside_writes: ClassVar[bool] = True
    """Others can write while a unit of work is open (not in SQLite)."""
    tenants: ClassVar[bool] = False
    """Several tenants share the store; needs `World(other=...)`."""
    joined: ClassVar[bool] = False
    """The adapter can work in the host's own transaction; needs `World(joined=...)`."""
    commit_faults: ClassVar[bool] = False
    """A COMMIT can be made to fail; needs `World(refuse_commit=...)` or `lose_commit=...`."""
    damaged_rows: ClassVar[bool] = False
    """What is stored can be made unreadable; needs `World(damaged=...)`."""

    extra_needs: ClassVar[tuple[Need[Any], ...]] = ()
    """Needs beyond those of the standard checklist that the host answers."""
    patience: ClassVar[float] = 0.2
    """How many seconds a test watches a second unit of work wait. More finds no more faults."""

    flags: ClassVar[Mapping[str, str]] = {
        "status_mirror": "the status is not mirrored: S1 to S6 are not checked",
        "owners": "owners cannot be assigned: E1 and E2 are not checked",
        "row_locks": "customers cannot be locked: C2 is not checked",
        "foreign_keys": "records come under a locked customer unseen, so that their sections can "
        "only advise: C12 is not checked",
        "set_based": "customers are answered one by one: C13 is not checked",
        "soft_deletes": "nothing is soft-deleted: part of C3, C4, C6 and H1 is not checked",
        "outside_writes": "nobody else writes while a unit is open: part of C1 and C9 is moot",
        "tenants": "one tenant only: part of C3, C4, C6, K1, K3, K6, K7, H2, O1, X5 and X6 is "
        "not checked",
        "joined": "own transactions only: U4 is not checked",
        "commit_faults": "COMMIT is not made to fail: U3 is not checked",
        "damaged_rows": "no stored row is made unreadable: X7, and part of K7, is not checked",
    }

    @pytest.fixture(autouse=True)
    def _complete(self, world: World) -> None:
        """Name the method that an adapter lacks, before any test stumbles over it."""
        check_host(world.host)

    # ------------------------------------------------------------ looking through the adapter

    def read(self, world: World, look: Callable[[Unit], T]) -> T:
        """Look at something in a reading unit of its own."""
        with world.host.reading() as unit:
            return look(unit)

    def write(self, world: World, customer_id: str, do: Callable[[Unit], T]) -> T:
        """Do something in a writing unit of its own, with the customer locked first."""
        with world.host.writing() as unit:
            unit.customers.lock(customer_id)
            return do(unit)

    def loaded(self, world: World, customer_id: str) -> Customer:
        """Return a customer as the adapter loads it."""
        found = self.read(world, lambda unit: unit.customers.load((customer_id,)))
        assert customer_id in found, f"load does not find the new customer {customer_id!r}"
        return found[customer_id]

    def needs(self, world: World) -> tuple[Need[Any], ...]:
        """Return the needs that the host answers; the test fails where there are none."""
        asked = (*STANDARD.needs, *self.extra_needs)
        answered = self.read(
            world, lambda unit: tuple(need for need in asked if unit.customers.answers(need))
        )
        if not answered:
            pytest.fail(f"The host answers none of {', '.join(map(repr, asked))}.")
        return answered

    def counted(self, world: World) -> tuple[OpenRecords | UnceasedAssets, ...]:
        """Return the needs that count records, as far as the host answers them."""
        found = tuple(
            need for need in self.needs(world) if isinstance(need, OpenRecords | UnceasedAssets)
        )
        return found or self.absent("no need that counts records")

    def of_records(self, world: World) -> tuple[OpenRecords, ...]:
        """Return the needs that count records with a status."""
        found = tuple(need for need in self.needs(world) if isinstance(need, OpenRecords))
        return found or self.absent("no need that counts records with a status")

    def answer(self, world: World, customer_id: str, need: Need[T], as_of: date = DAY) -> T:
        """Return the answer to one need, read."""
        return self.read(world, lambda unit: self.ask(unit, customer_id, need, as_of))

    def ask(self, unit: Unit, customer_id: str, need: Need[T], as_of: date = DAY) -> T:
        """Return the answer to one need in a unit that is open."""
        answer = unit.customers.facts((customer_id,), (need,), as_of)[customer_id][need]
        assert not isinstance(answer, Unknown), f"{need!r} is answered {answer!r}"
        return need.read(answer)

    def open_count(self, world: World, customer_id: str, need: Need[Any]) -> int:
        """Return how many records a need counts."""
        return total(self.answer(world, customer_id, need))

    # ------------------------------------------------------------ arranging

    def add(self, world: World, customer_id: str, need: Need[Any], state: str = "open") -> Any:
        """Add what a need counts, in one of the states "open", "closed" and "deleted"."""
        gone = state == "deleted"
        if isinstance(need, OpenRecords):
            return world.arrange.record(customer_id, need.kind, state)  # type: ignore[arg-type]  # one of RecordState
        if isinstance(need, UnceasedAssets):
            closed = state == "closed"
            day = DAY if closed else None
            return world.arrange.asset(customer_id, need.kind, day, not closed, deleted=gone)
        if isinstance(need, NextDate):
            return world.arrange.date(customer_id, need.kind, DAY.replace(year=2030), deleted=gone)
        return None

    def assigns(self, world: World) -> bool:
        """Say whether the host has a performer of `AssignOwner`."""
        return AssignOwner in world.host.performs

    def mirrors(self, world: World) -> bool:
        """Say whether the host has a mirror of the status."""
        return self.read(world, lambda unit: unit.status is not None)


def total(answer: object) -> int:
    """Return how many records an answer counts, or 0 for one that counts nothing."""
    if isinstance(answer, AssetsLeft):
        return sum(count.n for count in answer)
    return getattr(answer, "n", 0)

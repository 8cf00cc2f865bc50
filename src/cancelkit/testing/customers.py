"""The contract of `CustomerRepo.lock` and `load`: promises C1 to C4."""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

from threading import Event

from cancelkit.effects import AssignOwner
from cancelkit.errors import Busy
from cancelkit.people import Customer
from cancelkit.ports import Unit
from cancelkit.testing.aside import LONG, Aside
from cancelkit.testing.hosts import HostTests
from cancelkit.testing.world import World

_FULL_WIDTH = {ord(digit): 0xFEE0 + ord(digit) for digit in "0123456789"}


class CustomerTests(HostTests):
    """Locking and loading customers."""

    def test_c1_lock_returns_the_customer_as_it_is_now(self, world: World) -> None:
        """`lock` returns the customer as committed at the moment the lock was obtained.

        Most likely the adapter selects first and locks then, keeps an identity map or a cache
        over units of work, or runs under REPEATABLE READ after an earlier SELECT. Select and lock
        with one statement (FOR UPDATE), refresh what a session holds, begin with the lock.
        """
        key = world.arrange.customer()
        self.loaded(world, key)
        world.arrange.rename(key, "Second")
        with world.host.writing() as unit:
            locked = unit.customers.lock(key)
        assert locked is not None
        assert "Second" == locked.name
        if self.outside_writes:
            with world.host.writing() as unit:
                unit.customers.load((key,))
                Aside(lambda: world.arrange.rename(key, "Third")).result()
                locked = unit.customers.lock(key)
            assert locked is not None
            assert "Third" == locked.name
        if self.row_locks and (self.status_mirror or self.owners):
            before, after = self._locked_behind_a_change(world)
            assert before != after, "the second unit was given the customer as it was"

    def _locked_behind_a_change(self, world: World) -> tuple[Customer, Customer | None]:
        """Change a customer while another unit waits for its lock; return before and after."""
        key, second = world.arrange.customer(), world.arrange.customer()
        if self.owners:
            world.arrange.other_owner(second)
        left = Event()

        def lock() -> Customer | None:
            for _ in range(2):
                try:
                    with world.host.writing() as unit:
                        return unit.customers.lock(key)
                except Busy:
                    left.wait(LONG)
            raise Busy("still, after the lock was given back")

        with world.host.writing() as unit:
            before = unit.customers.lock(key)
            assert before is not None
            waiting = Aside(lock)
            waiting.ends_within(self.patience)
            self._change(unit, before, unit.customers.load((second,))[second])
        left.set()
        return before, waiting.result()

    def _change(self, unit: Unit, customer: Customer, like: Customer) -> None:
        status = customer.status
        if unit.status is not None and status is not None:
            if status.pending is None:
                unit.status.mark_cancelled(customer.id, status)
            else:
                unit.status.mark_pending(customer.id, status)
        else:
            effect = AssignOwner(like.owners, customer.owners)
            unit.performers[AssignOwner].perform(effect, customer)

    def test_c2_the_lock_is_held_until_the_unit_ends(self, world: World) -> None:
        """A second `lock` of the same customer waits until the first unit ends, or is `Busy`.

        Most likely nothing is locked at all, the lock is given back by a commit or a savepoint
        in between, or a lock that cannot be had makes `lock` return None. Lock the row with
        FOR UPDATE (or BEGIN IMMEDIATE), and raise `Busy` when waiting is given up.
        """
        self.require("row_locks")
        key = world.arrange.customer()

        def lock() -> str:
            try:
                with world.host.writing() as unit:
                    found = unit.customers.lock(key)
            except Busy:
                return "busy"
            return "locked" if found is not None else "not found"

        with world.host.writing() as unit:
            unit.customers.lock(key)
            unit.customers.load((key,))
            second = Aside(lock)
            early = second.ends_within(self.patience) and second.result()
        assert early in (False, "busy"), "the second unit did not wait for the first"
        assert second.result() in ("locked", "busy")
        assert Aside(lock).result() == "locked", "the lock is still held after its unit has ended"

    def test_c3_lock_returns_none_for_a_customer_that_is_not_there(self, world: World) -> None:
        """`lock` returns None for a customer that is absent, soft-deleted or another tenant's.

        Most likely it raises what its database raises (no such row, "abc" is not an int), finds
        "07" for "7", forgets `deleted_at IS NULL`, or the tenant. Lock with the same condition
        with which you load.
        """
        key = world.arrange.customer()
        gone = ["no-such-customer", *_other_spellings(key)]
        if self.soft_deletes:
            gone.append(world.arrange.customer())
            world.arrange.remove(gone[-1])
        if self.tenants and world.other:
            gone.append(world.other.arrange.customer())
        for one in gone:
            with world.host.writing() as unit:
                found = unit.customers.lock(one)
            assert found is None or one == key, f"lock({one!r}) found {found!r}"

    def test_c4_load_returns_the_visible_customers_under_the_very_ids(self, world: World) -> None:
        """`load` returns exactly the visible ones of the ids, under the very id asked for.

        Most likely an id in another spelling ("07", "7 ", "A-1" for "a-1") is found by a cast or
        a collation, so that one customer has two cancellations; or soft deletion or the tenant
        is forgotten. Compare the text of the key, and let the id be the one asked for.
        """
        self.require_tenants(world)
        keys = [world.arrange.customer() for _ in range(3)]
        hidden = ["no-such-customer"]
        for key in keys:
            hidden += _other_spellings(key)
        if self.soft_deletes:
            hidden.append(world.arrange.customer())
            world.arrange.remove(hidden[-1])
        if self.tenants and world.other:
            hidden.append(world.other.arrange.customer())
        hidden = [one for one in hidden if one not in keys]
        found = self.read(world, lambda unit: dict(unit.customers.load((*keys, *hidden))))
        assert set(keys) == set(found)
        assert {key: key for key in keys} == {key: one.id for key, one in found.items()}
        assert {world.host.tenant} == {customer.tenant for customer in found.values()}
        assert {} == dict(self.read(world, lambda unit: unit.customers.load(())))

    def require_tenants(self, world: World) -> None:
        """Fail where the flag `tenants` is on and `World(other=...)` is not given."""
        if self.tenants:
            self.require("tenants", there=world.other is not None)


def _other_spellings(key: str) -> list[str]:
    found = (
        f"0{key}",
        f" {key}",
        f"{key} ",
        f"+{key}",
        f"{key}.0",
        key.upper(),
        key.lower(),
        key.translate(_FULL_WIDTH),
    )
    return [one for one in dict.fromkeys(found) if one != key]

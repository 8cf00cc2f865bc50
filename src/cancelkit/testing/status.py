"""The contract of the writes to the host's customer: promises S1 to S6, E1 and E2."""

from __future__ import annotations

from attrs import evolve

from cancelkit.effects import AssignOwner
from cancelkit.lifecycle import while_pending
from cancelkit.people import Person, Status
from cancelkit.testing.hosts import HostTests
from cancelkit.testing.world import World


class StatusTests(HostTests):
    """The mirror of the status, and the owner."""

    def test_s1_mark_pending_expects_the_status(self, world: World) -> None:
        """`mark_pending` writes only when the status is the expected one, and says so.

        Most likely it updates by id alone, compares the value but not the pending mark, or
        returns True whatever the row count was. UPDATE ... WHERE id = ? AND status = ? AND
        pending = ?, and return `rowcount == 1` (on MySQL count matched rows, not changed ones).
        """
        key, was, other = self._customer(world)
        for expected in (other, *_otherwise_pending(was)):
            self._refused(world, key, "mark_pending", expected)
        self._accepted(world, key, "mark_pending", was)
        if was.pending is not None:
            assert world.inspect.status(key).pending, "it said True and did not write"
            self._refused(world, key, "mark_pending", was)

    def test_s2_mark_pending_keeps_the_value(self, world: World) -> None:
        """A pending customer keeps the host's own value and shows as "Live (PC)".

        Most likely the mark takes the place of the value, so that nobody knows any more what to
        restore; or `load` does not split the two again. `Status.value` has nothing of "pending"
        in it, also where one column holds both.
        """
        for other in (False, True):
            key, was, _ = self._customer(world, other=other)
            self._accepted(world, key, "mark_pending", was)
            assert while_pending(was) == self.loaded(world, key).status
            raw = world.inspect.status(key)
            assert (was.pending is not None, False) == (raw.pending, raw.cancelled)

    def test_s3_restore_expects_the_status(self, world: World) -> None:
        """`restore` writes only when the status is the expected one, and says so.

        Most likely it updates by id alone, so that a change that somebody made meanwhile is
        overwritten; or it compares with the pending mark, where a customer is Cancelled that is
        reinstated. Compare and set, as in S1.
        """
        key, was, other = self._customer(world)
        pending = self._mark(world, key, was)
        wrong = [evolve(other, pending=pending.pending), *_otherwise_pending(pending)]
        for expected in wrong:
            self._refused(world, key, "restore", expected, was)
        self._accepted(world, key, "restore", pending, was)
        if was.pending is not None:
            assert not world.inspect.status(key).pending, "it said True and did not write"
        cancelled = self._cancelled(world, key, was)
        for expected in (was, pending, *_otherwise_pending(cancelled)):
            self._refused(world, key, "restore", expected, was)
        before = world.inspect.status(key)
        self._accepted(world, key, "restore", cancelled, was)
        assert before != world.inspect.status(key), "it said True and did not write"
        self._refused(world, key, "restore", cancelled, was)

    def test_s4_restore_leaves_exactly_the_former_status(self, world: World) -> None:
        """After `restore`, the status is exactly the one of before `mark_pending`.

        Most likely a fixed "live" is written, though many statuses may mean live, or the mark of
        a pending or a cancelled customer stays. Write all of `former`, whatever was expected.
        """
        for other in (False, True):
            key, was, _ = self._customer(world, other=other)
            before = world.inspect.status(key)
            for leave in (self._mark, self._cancelled):
                self._accepted(world, key, "restore", leave(world, key, was), was)
                assert before == world.inspect.status(key)
                assert was == self.loaded(world, key).status

    def test_s5_mark_cancelled_expects_the_status(self, world: World) -> None:
        """`mark_cancelled` writes only when the status is the expected one, and says so.

        Most likely it updates by id alone, so that two commands both cancel, or a status that
        somebody has changed is overwritten. Compare and set, as in S1.
        """
        key, was, other = self._customer(world)
        pending = self._mark(world, key, was)
        wrong = [evolve(other, pending=pending.pending), *_otherwise_pending(pending)]
        for expected in wrong:
            self._refused(world, key, "mark_cancelled", expected)
        self._accepted(world, key, "mark_cancelled", pending)
        assert world.inspect.status(key).cancelled, "it said True and did not write"
        self._refused(world, key, "mark_cancelled", pending)

    def test_s6_a_cancelled_customer_reads_back_as_cancelled(self, world: World) -> None:
        """After `mark_cancelled`, the status reads back with `cancelled=True` and not pending.

        Most likely `load` does not know the value that `mark_cancelled` writes, or the pending
        mark stays on the cancelled customer. Write both columns at once.
        """
        key, was, _ = self._customer(world)
        pending = self._mark(world, key, was)
        self._accepted(world, key, "mark_cancelled", pending)
        raw = world.inspect.status(key)
        assert (raw.cancelled, raw.pending) == (True, False)
        status = self.loaded(world, key).status
        assert status is not None
        assert (status.cancelled, bool(status.pending)) == (True, False)

    def test_e1_the_owner_is_assigned(self, world: World) -> None:
        """The performer of `AssignOwner` gives the customer exactly the new owners: True.

        Most likely it says True and has written nothing (an unflushed session, another id
        space), or it adds an owner where it should replace them.
        """
        key, was, to = self._owned(world)
        assert self._assign(world, key, AssignOwner(to, was)) is True
        assert tuple(person.id for person in to) == world.inspect.owners(key)
        assert to == self.loaded(world, key).owners

    def test_e2_nobody_elses_change_of_the_owner_is_overwritten(self, world: World) -> None:
        """Where the owners are not those in `was`, it returns False and writes nothing.

        Most likely the owner is written by customer id alone. Compare and set: the expected
        owners travel in the effect.
        """
        key, was, to = self._owned(world)
        before = world.inspect.owners(key)
        assert self._assign(world, key, AssignOwner(was, to)) is False
        assert before == world.inspect.owners(key)

    # ------------------------------------------------------------ helpers

    def _customer(self, world: World, *, other: bool = False) -> tuple[str, Status, Status]:
        """Return a customer, its status, and another status that is not its own."""
        self.require("status_mirror", there=self.mirrors(world))
        keys = world.arrange.customer(), world.arrange.customer()
        world.arrange.other_status(keys[0 if other else 1])
        one, two = self.loaded(world, keys[0]).status, self.loaded(world, keys[1]).status
        assert one is not None, "a host that mirrors the status loads it"
        assert two is not None
        assert one != two, "arrange.other_status has not changed what `load` returns"
        return keys[0], one, two

    def _mark(self, world: World, key: str, was: Status) -> Status:
        self._accepted(world, key, "mark_pending", was)
        pending = while_pending(was)
        assert pending is not None
        return pending

    def _cancelled(self, world: World, key: str, was: Status) -> Status:
        self._accepted(world, key, "mark_cancelled", self._mark(world, key, was))
        status = self.loaded(world, key).status
        assert status is not None
        return status

    def _accepted(self, world: World, key: str, method: str, *statuses: Status) -> None:
        assert self._moved(world, key, method, statuses) is True

    def _refused(self, world: World, key: str, method: str, *statuses: Status) -> None:
        before = world.inspect.status(key)
        assert self._moved(world, key, method, statuses) is False
        assert before == world.inspect.status(key), "it said False and wrote"

    def _moved(self, world: World, key: str, method: str, statuses: tuple[Status, ...]) -> object:
        with world.host.writing() as unit:
            unit.customers.lock(key)
            moved: object = getattr(unit.status, method)(key, *statuses)
            return moved

    def _owned(self, world: World) -> tuple[str, tuple[Person, ...], tuple[Person, ...]]:
        """Return a customer, its owners, and other owners."""
        self.require("owners", there=self.assigns(world))
        keys = world.arrange.customer(), world.arrange.customer()
        world.arrange.other_owner(keys[1])
        was, to = self.loaded(world, keys[0]).owners, self.loaded(world, keys[1]).owners
        assert was != to, "arrange.other_owner has not changed what `load` returns"
        return keys[0], was, to

    def _assign(self, world: World, key: str, effect: AssignOwner) -> object:
        with world.host.writing() as unit:
            customer = unit.customers.lock(key)
            assert customer is not None
            return unit.performers[AssignOwner].perform(effect, customer)


def _otherwise_pending(status: Status) -> list[Status]:
    return [] if status.pending is None else [evolve(status, pending=not status.pending)]

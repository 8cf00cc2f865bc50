"""The contract of the outbox: promises X1 to X7."""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Event

import pytest
from attrs import evolve

from cancelkit.errors import Busy, Conflict
from cancelkit.records import Delivery, OutboxRow
from cancelkit.testing import samples
from cancelkit.testing.aside import Aside
from cancelkit.testing.hosts import HostTests
from cancelkit.testing.samples import AT, later, same
from cancelkit.testing.world import World

LEASE = later(60)


class _Undo(Exception):
    """Ends a unit of work."""


class OutboxTests(HostTests):
    """Notifications on their way."""

    def test_x1_the_outbox_is_rolled_back_with_its_unit(self, world: World) -> None:
        """Rows of a unit that is left with an exception are not there.

        Most likely they are written over another connection, put into a queue at once, or kept in
        an object that outlives the unit: somebody is told of a cancellation that was never
        committed. Write them into a table of the same database, in the same transaction.
        """
        row = self._row(world)
        with pytest.raises(_Undo):
            self._undone(world, row)
        assert [] == self._unsent(world, row)
        assert [] == self._claim(world, row)

    def test_x2_claiming_counts_and_leases(self, world: World) -> None:
        """`claim` raises `attempts` by one, sets `leased_until`, and returns the rows as they are.

        Most likely the rows come back as they were before, so that `settle` fails for ever; or
        the claim is not stored, so that everybody has it. Update first, then return what was
        written.
        """
        row = self._stored(world)
        expected = evolve(row, attempts=1, leased_until=LEASE)
        assert [expected] == self._claim(world, row)
        assert [expected] == self._unsent(world, row), "the claim is not stored"
        again = evolve(row, attempts=2, leased_until=later(120))
        assert [again] == self._claim(world, row, now=LEASE, until=later(120))

    def test_x3_a_row_is_given_to_one_claimer_only(self, world: World) -> None:
        """A claimed row is nobody else's until its lease has run out, also when two claim at once.

        Most likely two relays select the same rows and both update them. Claim with one statement
        (FOR UPDATE SKIP LOCKED, or UPDATE ... WHERE attempts = ?), and leave out what was lost.
        """
        rows = [self._stored(world) for _ in range(3)]
        first = self._claim(world, *rows)
        assert len(first) == 3
        assert [] == self._claim(world, *rows, now=later(59)), "claimed again within the lease"
        assert len(self._claim(world, *rows, now=later(60), until=later(120))) == 3
        met = (Event(), Event())
        claims = [
            Aside(self._claimer(world, rows, mine, theirs))
            for mine, theirs in (met, tuple(reversed(met)))
        ]
        given = [key for claim in claims for key in claim.result()]
        assert len(given) == len(set(given)), "two units were given the same row"

    def _claimer(
        self, world: World, rows: Sequence[OutboxRow], mine: Event, theirs: Event
    ) -> Callable[[], list[str]]:
        """Return a call that claims, and lets the other one claim before it leaves the unit."""
        ours = {row.id for row in rows}

        def claim() -> list[str]:
            try:
                with world.host.writing() as unit:
                    found = list(unit.outbox.claim(9, later(200), later(300)))
                    mine.set()
                    theirs.wait(self.patience)
            except (Conflict, Busy):
                return []
            return [row.id for row in found if row.id in ours]

        return claim

    def test_x4_who_lost_the_lease_cannot_settle(self, world: World) -> None:
        """`settle` writes only when the row still has that number of attempts and was not sent.

        Most likely it updates by id alone: a relay that woke up late marks what another one is
        just sending, or a sent row becomes due again. UPDATE ... WHERE id = ? AND attempts = ?
        AND delivery <> 'sent', and return `rowcount == 1`.
        """
        row = self._stored(world)
        (first,) = self._claim(world, row)
        (second,) = self._claim(world, row, now=LEASE, until=later(120))
        sent = evolve(first, delivery=Delivery.SENT, leased_until=None)
        assert self._settle(world, sent, first.attempts) is False
        assert [second] == self._unsent(world, row), "it said False and wrote"
        failed = evolve(second, due=later(500), leased_until=None, error="refused 😀")
        assert self._settle(world, failed, second.attempts) is True
        assert [failed] == self._unsent(world, row)
        sent = evolve(failed, delivery=Delivery.SENT)
        assert self._settle(world, sent, failed.attempts) is True
        assert [] == self._unsent(world, row), "it said True and did not write"
        assert self._settle(world, failed, failed.attempts) is False
        assert self._settle(world, self._row(world), 0) is False

    def test_x5_only_what_is_due_and_free_is_claimed(self, world: World) -> None:
        """`claim` gives waiting rows that are due and free, the longest due first, up to `limit`.

        Most likely dead or sent rows come back, a row is claimed before it is due, or text is
        compared where instants are meant ("+00:00" sorts before ".000001"). Store instants in
        UTC and in one format; ORDER BY due LIMIT ?.
        """
        new, old = self._stored(world, later(-1)), self._stored(world, later(-9))
        other = [
            self._stored(world, later(0.000001)),
            self._stored(world, delivery=Delivery.DEAD),
            self._stored(world, delivery=Delivery.SENT),
        ]
        due = self._stored(world, AT)
        theirs = world.other if self.tenants else None
        if theirs is not None:
            other.append(self._stored(theirs))
        rows = (new, old, due, *other)
        assert [old.id] == [row.id for row in self._claim(world, *rows, limit=1)]
        assert [new.id, due.id] == [row.id for row in self._claim(world, *rows)]

    def test_x6_unsent_rows_come_back_equal(self, world: World) -> None:
        """`unsent` returns the waiting and the dead rows, equal, the longest due first.

        Most likely dead rows are left out, so that nobody ever sees them, or microseconds and
        characters beyond the BMP are lost. Store the text of `cancelkit.serial.dump` as text.
        """
        new, old = self._stored(world, later(5)), self._stored(world, later(-1))
        dead = self._stored(world, later(1), Delivery.DEAD)
        others = [self._stored(world, delivery=Delivery.SENT)]
        if self.tenants and world.other:
            others.append(self._stored(world.other))
        expected = [old, dead, new]
        found = self._unsent(world, *expected, *others)
        assert [row.id for row in expected] == [row.id for row in found]
        assert all(map(same, expected, found)), "a row did not come back equal"

    def test_x7_a_row_that_cannot_be_read_hurts_no_other(self, world: World) -> None:
        """`claim` and `unsent` pass over a row that cannot be read; it stays as it is, unclaimed.

        Most likely one error ends the whole question, so that nobody is told of anything any
        more; or the limit counts what cannot be read; or the damaged row is leased or deleted.
        Read row by row, report the error, and go on to the next row.
        """
        self.require("damaged_rows", there=world.damaged is not None)
        assert world.damaged is not None
        old, new = self._stored(world, later(-9)), self._stored(world)
        with world.damaged(old.id):
            claimed = self._claim(world, old, new, limit=1)
            assert [new.id] == [row.id for row in claimed]
            assert claimed == self._unsent(world, old, new)
        assert [old, *claimed] == self._unsent(world, old, new), "it did not stay as it was"
        assert [old.id] == [row.id for row in self._claim(world, old, new)]

    # ------------------------------------------------------------ helpers

    def _undone(self, world: World, row: OutboxRow) -> None:
        with world.host.writing() as unit:
            unit.outbox.add([row])
            raise _Undo

    def _row(
        self, world: World, due: datetime = AT, delivery: Delivery = Delivery.WAITING
    ) -> OutboxRow:
        return samples.row(world.host.tenant, world.arrange.customer(), due, delivery)

    def _stored(
        self, world: World, due: datetime = AT, delivery: Delivery = Delivery.WAITING
    ) -> OutboxRow:
        row = self._row(world, due, delivery)
        with world.host.writing() as unit:
            unit.outbox.add([row])
        return row

    def _claim(
        self,
        world: World,
        *rows: OutboxRow,
        now: datetime = AT,
        until: datetime = LEASE,
        limit: int = 9,
    ) -> list[OutboxRow]:
        with world.host.writing() as unit:
            found = unit.outbox.claim(limit, now, until)
            assert isinstance(found, Sequence), f"{type(found).__name__} is no Sequence"
            return _ours(found, rows)

    def _settle(self, world: World, row: OutboxRow, attempts: int) -> object:
        with world.host.writing() as unit:
            return unit.outbox.settle(row, attempts)

    def _unsent(self, world: World, *rows: OutboxRow) -> list[OutboxRow]:
        found = self.read(world, lambda unit: unit.outbox.unsent())
        assert isinstance(found, Sequence), f"{type(found).__name__} is no Sequence"
        return _ours(found, rows)


def _ours(found: Sequence[OutboxRow], rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    ours = {row.id for row in rows}
    return [row for row in found if row.id in ours]

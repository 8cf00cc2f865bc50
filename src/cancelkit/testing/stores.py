"""The contract of the cancellations, the history and the operations: promises K, H and O."""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
from attrs import evolve

from cancelkit.errors import Conflict
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, HistoryEntry, Operation, State, Verb
from cancelkit.testing import samples
from cancelkit.testing.hosts import HostTests
from cancelkit.testing.samples import AT, DAY, fresh, same
from cancelkit.testing.world import World


class StoresTests(HostTests):
    """What cancelkit stores for itself, without the outbox."""

    def test_k1_a_customer_without_a_cancellation_has_none(self, world: World) -> None:
        """`current` leaves out customers that never had one, and never returns another tenant's.

        Most likely None stands in the mapping where nothing should, or the tenant is missing
        from the condition. NULLs do not collide and do not compare: the tenant is "", never NULL.
        """
        key, without = world.arrange.customer(), world.arrange.customer()
        record = self._add(world, key)
        found = self.read(world, lambda unit: dict(unit.cancellations.current((key, without))))
        assert {key: record.id} == {customer: one.id for customer, one in found.items()}
        assert {} == dict(self.read(world, lambda unit: unit.cancellations.current(())))
        if self.tenants and world.other:
            with world.other.host.reading() as unit:
                assert {} == dict(unit.cancellations.current((key,)))

    def test_k2_what_was_stored_comes_back_equal(self, world: World) -> None:
        """A cancellation comes back equal to what was stored, in the same unit and in later ones.

        Most likely microseconds, characters beyond the BMP, the order of the gates (JSONB sorts
        keys) or floats are lost; or a unit does not see its own writes. Store the text of
        `cancelkit.serial.dump` as text, and flush.
        """
        key = world.arrange.customer()
        record = samples.cancellation(world.host.tenant, key)
        newer = evolve(record, version=2, name="", entries=(), performed=())

        def add(unit: Unit) -> None:
            unit.cancellations.add(record)
            self._is(record, unit, "in the same unit")

        def save(unit: Unit) -> None:
            assert unit.cancellations.save(newer, 1) is True
            self._is(newer, unit, "in the same unit")

        self.write(world, key, add)
        self.read(world, lambda unit: self._is(record, unit, "in a later unit"))
        self.write(world, key, save)
        self.read(world, lambda unit: self._is(newer, unit, "in a later unit"))

    def _is(self, record: CancellationRecord, unit: Unit, where: str) -> None:
        found = unit.cancellations.current((record.customer,)).get(record.customer)
        assert same(record, found), f"{where} came back {found!r}"

    def test_k3_a_second_open_cancellation_is_a_conflict(self, world: World) -> None:
        """One open cancellation for each (tenant, customer): a second one is a `Conflict`.

        Most likely nothing but a look before the insert forbids it, which two commands at once
        pass; or the constraint also forbids a new one after the first has ended. UNIQUE (tenant,
        customer, slot), where slot is 1 while open and NULL after; turn the violation into
        `Conflict`.
        """
        key = world.arrange.customer()
        first = self._add(world, key)
        second = samples.cancellation(world.host.tenant, key)
        with pytest.raises(Conflict):
            self.write(world, key, lambda unit: unit.cancellations.add(second))
        self._is_current(world, first, "after the conflict")
        for state in (State.LIVE, State.CANCELLED):
            ended = evolve(first, version=2, state=state, ended=first.begun)
            assert self._save(world, ended, 1) is True
            first = self._add(world, key)
        if self.tenants and world.other:
            theirs = samples.cancellation(world.other.host.tenant, key)
            with world.other.host.writing() as unit:
                unit.cancellations.add(theirs)

    def test_k4_save_expects_the_version(self, world: World) -> None:
        """`save` writes only when the stored version is the expected one, and says so.

        Most likely it updates by id alone, or returns True without looking at the row count: then
        the last one of two writers wins and an entry is lost. UPDATE ... WHERE id = ? AND
        version = ?, and return `rowcount == 1`.
        """
        key = world.arrange.customer()
        first = self._add(world, key)
        second, late = evolve(first, version=2), evolve(first, version=3)
        assert self._save(world, second, 1) is True
        for record, expected in ((late, 1), (evolve(late, version=4), 3)):
            assert self._save(world, record, expected) is False
            self._is_current(world, second, "after a refused save")
        assert self._save(world, samples.cancellation(world.host.tenant, key), 1) is False
        self._is_current(world, second, "after saving what is not there")

    def test_k5_the_open_cancellation_is_current_or_else_the_newest(self, world: World) -> None:
        """`current` returns the open cancellation, or else the one that was begun last.

        Most likely it returns any one of the customer's cancellations, or the open one only, so
        that nobody learns by whom a customer was cancelled. Order by when they were added.
        """
        key = world.arrange.customer()
        for state in (State.LIVE, State.CANCELLED, State.LIVE):
            record = self._add(world, key)
            self._is_current(world, record, "while open")
            ended = evolve(record, version=2, state=state, ended=record.begun)
            assert self._save(world, ended, 1) is True
            self._is_current(world, ended, "after its end")

    def test_k6_the_longest_due_are_found_first(self, world: World) -> None:
        """`due` returns the customers whose open cancellation is due on a day, longest due first.

        Most likely the day is kept when a cancellation is added, and not when it is saved, or an
        ended one still counts; or more come than were asked for, in the order of their ids. A
        column that is NULL unless open and scheduled, written with each document; ORDER BY it.
        """
        recent = [self._scheduled(world, days) for days in (-2, -1, 0)]
        for days, state in ((1, State.PENDING), (None, State.PENDING), (0, State.CANCELLED)):
            self._rescheduled(world, self._scheduled(world, -3), days, state)  # due no more
        self._rescheduled(world, oldest := self._scheduled(world, 9), -4)
        expected = [one.customer for one in (oldest, *recent)]
        if self.tenants and world.other:
            self._scheduled(world.other, -9)
        for limit in (9, 4, 3, 1):
            with world.host.reading() as unit:
                found = unit.cancellations.due(DAY, limit)
            assert expected[:limit] == list(found), f"at most {limit}"

    def test_k7_the_open_ones_are_found_the_first_added_first(self, world: World) -> None:
        """`opened` returns the open cancellations as stored last, in the order of their adding.

        Most likely ended ones are among them, or those of other tenants; or they are in the order
        of clocks or ids, or more than were asked for; or one that cannot be read ends the whole
        question, or is left out, so that nobody finds it any more. Select by the column that is
        NULL unless open, ORDER BY a sequence, read row by row, and name whom you cannot read.
        """
        clocks = (samples.later(9), samples.later(-9), samples.later(0))
        opened = [self._add(world, world.arrange.customer(), begun=at) for at in clocks]
        ended = self._add(world, world.arrange.customer())
        self._save(world, evolve(ended, version=2, state=State.LIVE, ended=ended.begun), 1)
        opened[0] = evolve(opened[0], version=2, name="saved", entries=())
        assert self._save(world, opened[0], 1) is True
        if self.tenants and world.other:
            self._scheduled(world.other, None)
        for limit in (9, 3, 2, 1):
            self._are_open(world, opened[:limit], limit)
        if self.damaged_rows and world.damaged is not None:
            with world.damaged(opened[1].id):
                self._are_open(world, [opened[0], opened[2]], 3, opened[1].customer)
                self._are_open(world, opened[:1], 2, opened[1].customer)

    def _are_open(
        self, world: World, expected: Sequence[CancellationRecord], limit: int, *damaged: str
    ) -> None:
        found, lost = self.read(world, lambda unit: unit.cancellations.opened(limit))
        where = f"at most {limit}"
        assert [one.id for one in expected] == [one.id for one in found], where
        assert all(map(same, expected, found)), f"{where}: one did not come back equal"
        assert list(damaged) == list(lost), f"{where}: who cannot be read"

    def test_h1_earlier_entries_are_never_changed_or_dropped(self, world: World) -> None:
        """An entry that was appended stays as it is, whatever is appended later.

        Most likely an INSERT OR REPLACE overwrites an entry with the same id, or a foreign key
        with ON DELETE CASCADE takes the history along with its customer. Only ever insert, and
        refer to nothing.
        """
        key = world.arrange.customer()
        first = samples.entry(world.host.tenant, key)
        self._append(world, first)
        with suppress(Exception):  # to refuse the second one is one way to keep the first
            self._append(world, evolve(first, name="overwritten"))
        later = samples.entry(world.host.tenant, key)
        self._append(world, later)
        if self.soft_deletes:
            world.arrange.remove(key)
        found = self._history(world, key)
        first_now = [(one.id, one.name == "overwritten") for one in found[:1]]
        assert [(first.id, False)] == first_now, "the first entry is lost"
        assert later.id == found[-1].id

    def test_h2_the_history_is_in_the_order_of_its_commits(self, world: World) -> None:
        """`of` returns all entries of a customer, equal, in commit order, of this tenant only.

        Most likely it orders by the instant or the id: clocks go backwards, and ids are random.
        Order by a sequence of the store; leave the instant to people.
        """
        key, other = world.arrange.customer(), world.arrange.customer()
        entries = [samples.entry(world.host.tenant, key, samples.later(-at)) for at in range(4)]
        self._append(world, *entries[:2])
        theirs = samples.entry(world.host.tenant, other)
        self._append(world, theirs)
        for entry in entries[2:]:
            self._append(world, entry)
        if self.tenants and world.other:
            foreign = samples.entry(world.other.host.tenant, key)
            with world.other.host.writing() as unit:
                unit.history.append(foreign)
        found = self._history(world, key)
        assert [one.id for one in entries] == [one.id for one in found]
        assert all(map(same, entries, found)), "an entry did not come back equal"

    def test_o1_ids_are_compared_character_by_character(self, world: World) -> None:
        """`find` compares operation ids character by character: "a", "A" and "a " are three.

        Most likely the collation of the column ignores case, accents or trailing blanks (the
        default of MySQL and SQL Server), so that somebody is given another command's answer.
        Declare the columns binary; scope an id by tenant, customer and verb.
        """
        key, other = world.arrange.customer(), world.arrange.customer()
        op = "a-" + fresh("é")
        operation = samples.operation(world.host.tenant, key, Verb.BEGIN, op)

        def find(unit: Unit) -> Sequence[object]:
            others = (op.upper(), f"{op} ", op.replace("é", "e"), op.replace("é", "e\u0301"))
            found = [unit.operations.find(key, Verb.BEGIN, one) for one in others]
            found.append(unit.operations.find(key, Verb.ENTER, op))
            found.append(unit.operations.find(other, Verb.BEGIN, op))
            return found

        self._use(world, operation)
        assert [None] * 6 == self.read(world, find)
        found = self.read(world, lambda unit: unit.operations.find(key, Verb.BEGIN, op))
        assert same(operation, found), f"it came back {found!r}"
        if self.tenants and world.other:
            with world.other.host.reading() as unit:
                assert unit.operations.find(key, Verb.BEGIN, op) is None

    def test_o2_a_used_operation_id_is_a_conflict(self, world: World) -> None:
        """A second operation of the same (tenant, customer, verb, op) is a `Conflict`.

        Most likely the first answer is overwritten, or the error of the database comes out as it
        is: then a double click is done twice, or fails. PRIMARY KEY (tenant, customer, verb, op);
        turn the violation into `Conflict`.
        """
        key, other = world.arrange.customer(), world.arrange.customer()
        first = samples.operation(world.host.tenant, key)
        again = samples.operation(world.host.tenant, key, first.verb, first.op)
        self._use(world, first)
        with pytest.raises(Conflict):
            self._use(world, again)
        found = self.read(world, lambda unit: unit.operations.find(key, first.verb, first.op))
        assert found is not None
        assert first.digest == found.digest, "the first answer was overwritten"
        for customer, verb in ((other, first.verb), (key, Verb.REMOVE)):
            allowed = samples.operation(world.host.tenant, customer, verb, first.op)
            self._use(world, allowed)

    def test_o3_old_operations_are_forgotten_but_those_of_process(self, world: World) -> None:
        """`purge` forgets this tenant's operations from before an instant, and none of Process.

        Most likely the verb or the tenant is missing in the condition of the DELETE, or instants
        are compared as texts of different zones. A Process that is repeated must get its first
        answer for ever: the customer may have been reinstated since.
        """
        key, at = world.arrange.customer(), datetime(1990, 1, 1, tzinfo=UTC)  # older than all else
        used = [
            self._used_at(world, key, verb, at + timedelta(microseconds=later))
            for verb in (Verb.BEGIN, Verb.ENTER, Verb.PROCESS)
            for later in (0, 1, 2)
        ]
        if self.tenants and world.other:
            with world.other.host.writing() as unit:
                assert 0 == unit.operations.purge(at + timedelta(microseconds=2))
        before = (at + timedelta(microseconds=2)).astimezone(timezone(timedelta(hours=-5)))
        forgotten = self.write(world, key, lambda unit: unit.operations.purge(before))
        left = [
            one
            for one in used
            if self.read(world, partial(_found, key=key, verb=one.verb, op=one.op)) is not None
        ]
        kept = [one for one in used if one.verb is Verb.PROCESS or one.outcome.at >= before]
        assert kept == left, "the wrong ones are left"
        assert len(used) - len(kept) == forgotten
        assert 0 == self.write(world, key, lambda unit: unit.operations.purge(before))

    # ------------------------------------------------------------ helpers

    def _used_at(self, world: World, key: str, verb: Verb, at: datetime) -> Operation:
        one = samples.operation(world.host.tenant, key, verb)
        one = evolve(one, outcome=evolve(one.outcome, at=at))
        self._use(world, one)
        return one

    def _add(self, world: World, key: str, begun: datetime = AT) -> CancellationRecord:
        record = samples.cancellation(world.host.tenant, key, begun=begun)
        self.write(world, key, lambda unit: unit.cancellations.add(record))
        return record

    def _save(self, world: World, record: CancellationRecord, expected: int) -> object:
        return self.write(
            world, record.customer, lambda unit: unit.cancellations.save(record, expected)
        )

    def _scheduled(self, world: World, days: int | None) -> CancellationRecord:
        """Add the open cancellation of a new customer, due so many days after `DAY`."""
        record = samples.scheduled(world.host.tenant, world.arrange.customer(), days)
        self.write(world, record.customer, lambda unit: unit.cancellations.add(record))
        return record

    def _rescheduled(
        self,
        world: World,
        record: CancellationRecord,
        days: int | None,
        state: State = State.PENDING,
    ) -> None:
        due = samples.scheduled(record.tenant, record.customer, days).schedule
        assert self._save(world, evolve(record, version=2, state=state, schedule=due), 1) is True

    def _is_current(self, world: World, record: CancellationRecord, where: str) -> None:
        found = self.read(world, lambda unit: unit.cancellations.current((record.customer,)))
        one = found.get(record.customer)
        assert one is not None, f"{where} there is none"
        expected = (record.id, record.version, record.state)
        assert expected == (one.id, one.version, one.state), where

    def _append(self, world: World, *entries: HistoryEntry) -> None:
        with world.host.writing() as unit:
            unit.customers.lock(entries[0].customer)
            for entry in entries:
                unit.history.append(entry)

    def _use(self, world: World, operation: Operation) -> None:
        self.write(world, operation.customer, lambda unit: unit.operations.add(operation))

    def _history(self, world: World, key: str) -> Sequence[HistoryEntry]:
        found = self.read(world, lambda unit: unit.history.of(key))
        assert isinstance(found, Sequence), f"{type(found).__name__} is no Sequence"
        return found


def _found(unit: Unit, *, key: str, verb: Verb, op: str) -> Operation | None:
    return unit.operations.find(key, verb, op)

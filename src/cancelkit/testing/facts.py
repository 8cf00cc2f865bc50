"""The contract of `CustomerRepo.facts` and `open_records`: promises C5 to C13."""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from attrs import frozen

from cancelkit.errors import Conflict
from cancelkit.needs import AssetsLeft, Count, Need, NextDate, OpenRecords, UnceasedAssets, Unknown
from cancelkit.people import NamedRecord
from cancelkit.ports import Host
from cancelkit.testing.aside import Aside
from cancelkit.testing.hosts import HostTests, total
from cancelkit.testing.samples import DAY, entry
from cancelkit.testing.world import World

MANY = 10_000


@frozen(cache_hash=True)
class Unheard:
    """A need that no host answers."""

    kind: str = "never_heard_of"

    def read(self, answer: object, /) -> object:
        """Take anything."""
        return answer


class FactsTests(HostTests):
    """Answering needs, and naming the records that they count."""

    def test_c5_every_need_is_answered_for_every_customer(self, world: World) -> None:
        """`facts` answers every need for every customer with what the need's `read` takes.

        Most likely a customer without records is missing (a GROUP BY leaves it out), a count
        comes as Decimal, float, bool or None, a date as datetime, or three counts as something
        that can be read once. Start from the ids asked for, and convert.
        """
        keys = (world.arrange.customer(), world.arrange.customer())
        needs = self.needs(world)
        for need in needs:
            self.add(world, keys[0], need)
        with world.host.reading() as unit:
            found = unit.customers.facts(keys, needs, DAY)
            assert isinstance(found, Mapping)
            assert set(keys) <= set(found)
            for key in keys:
                assert isinstance(found[key], Mapping)
                for need in needs:
                    assert need in found[key], f"{need!r} is not answered for {key!r}"
                    self._reads(need, found[key][need])

    def _reads(self, need: Need[Any], answer: object) -> None:
        assert not isinstance(answer, Unknown), f"{need!r} is answered {answer!r}"
        first = need.read(answer)
        assert first == need.read(answer), f"the answer to {need!r} can be read only once"

    def test_c6_only_the_customers_own_records_are_counted(self, world: World) -> None:
        """`facts` counts that customer's own records, without soft-deleted ones, each once.

        Most likely `deleted_at IS NULL` is forgotten for one of the tables, the condition on the
        customer or the tenant is lost in an OR, or a join counts a record several times.
        """
        key, other = world.arrange.customer(), world.arrange.customer()
        needs = [need for need in self.needs(world) if _countable(need)]
        for need in needs:
            self.add(world, other, need)
            if self.tenants and world.other:
                self.add(world.other, world.other.arrange.customer(), need)
            if self.soft_deletes:
                self.add(world, key, need, "deleted")
        empty = {need: self.answer(world, key, need) for need in needs}
        assert {need: _nothing(need) for need in needs} == empty
        for need in self.counted(world):
            self.add(world, key, need)
            self.add(world, key, need)
            assert self.open_count(world, key, need) == 2, need
            assert 1 == self.open_count(world, other, need), need

    def test_c7_only_declared_statuses_are_closed(self, world: World) -> None:
        """A record is closed exactly when its status was declared closed; any other is open.

        Most likely the adapter counts what is known to be open, so that a new or empty status
        reads as closed; `status NOT IN (...)` and `NOT done` leave NULL out, too. Count what is
        not closed: `status IS NULL OR status NOT IN (...)`. Compare keys, never labels.
        """
        for need in self.of_records(world):
            key = world.arrange.customer()
            world.arrange.record(key, need.kind, "closed")
            assert 0 == self.open_count(world, key, need), f"{need!r} counts a closed record"
            world.arrange.record(key, need.kind, "odd")
            assert 1 == self.open_count(world, key, need), f"{need!r} takes an odd one for closed"
            world.arrange.record(key, need.kind, "empty")
            assert 2 == self.open_count(world, key, need), f"{need!r} takes none for closed"

    def test_c8_what_cannot_be_seen_is_unknown(self, world: World) -> None:
        """`facts` answers `Unknown(why)` where it cannot see: never 0, None, or nothing.

        Most likely a need of a kind that the host does not have is answered 0, left out, or
        makes the whole question fail; or row-level security returns no rows and no error. *Not
        visible* must never read as *complete*: answer `Unknown` for that need alone.
        """
        key = world.arrange.customer()
        seen = self.needs(world)[0]
        for need in (OpenRecords("ck_no_such_kind"), NextDate("ck_no_such_kind"), Unheard()):
            with world.host.reading() as unit:
                assert unit.customers.answers(need) is False
                found = unit.customers.facts((key,), (seen, need), DAY)[key]
            assert isinstance(found.get(need), Unknown), f"{need!r} is answered {found.get(need)!r}"
            assert not isinstance(found[seen], Unknown), "one unknown makes all of them unknown"
        if world.blind is not None:
            self._is_blind(world.blind, key, self.needs(world))

    def _is_blind(self, blind: Host, key: str, needs: Sequence[Need[Any]]) -> None:
        with blind.reading() as unit:
            if key in unit.customers.load((key,)):
                found = unit.customers.facts((key,), needs, DAY)[key]
                assert [] == [need for need in needs if not isinstance(found.get(need), Unknown)]

    def test_c9_facts_are_as_of_now(self, world: World) -> None:
        """In a unit that writes, `facts` sees what was committed before the customer was locked.

        Most likely an answer is cached over units of work, or an earlier SELECT has frozen the
        snapshot of a REPEATABLE READ transaction: then a customer is cancelled over an open
        record. Lock first, read committed, keep nothing.
        """
        key, need = world.arrange.customer(), self.counted(world)[0]
        assert 0 == self.open_count(world, key, need)
        self.add(world, key, need)
        with world.host.writing() as unit:
            unit.customers.lock(key)
            assert 1 == total(self.ask(unit, key, need))
        if not self.outside_writes:
            return
        with world.host.writing() as unit:
            unit.customers.load((key,))
            self.ask(unit, key, need)
            Aside(lambda: self.add(world, key, need)).result()
            unit.customers.lock(key)
            assert 2 == total(self.ask(unit, key, need))

    def test_c10_dates_are_judged_as_of_the_given_day(self, world: World) -> None:
        """Dates are judged against `as_of`; a date equal to it has come.

        Most likely the adapter asks its database for today (another day in another zone), takes
        `as_of` itself for the future (`>=` where `>` is meant), or counts a ticked asset as
        ceased. Hand `as_of` into the query.
        """
        needs = self.needs(world)
        dated = [need for need in needs if isinstance(need, UnceasedAssets | NextDate)]
        if not dated:
            self.absent("no need with dates")
        for need in dated:
            for as_of in (DAY, date(1999, 12, 31), date(2199, 1, 1)):
                if isinstance(need, UnceasedAssets):
                    self._assets(world, need, as_of)
                else:
                    self._dates(world, need, as_of)

    def _assets(self, world: World, need: UnceasedAssets, as_of: date) -> None:
        key, day = world.arrange.customer(), timedelta(days=1)
        cases = [
            (as_of, False, (0, 0, 0)),
            (as_of - day, False, (0, 0, 0)),
            (as_of, True, (0, 0, 1)),
            (as_of + day, False, (0, 1, 1)),
            (as_of + day, True, (0, 2, 1)),
            (None, True, (1, 2, 1)),
            (None, False, (2, 2, 1)),
        ]
        for ceased_on, live, expected in cases:
            world.arrange.asset(key, need.kind, ceased_on, live)
            found = self.answer(world, key, need, as_of)
            assert AssetsLeft(*map(Count, expected)) == found, (as_of, ceased_on, live)

    def _dates(self, world: World, need: NextDate, as_of: date) -> None:
        key, day = world.arrange.customer(), timedelta(days=1)
        for on, expected in (
            (as_of - day, None),
            (as_of, None),
            (as_of + 9 * day, as_of + 9 * day),
            (as_of + day, as_of + day),
            (as_of + 5 * day, as_of + day),
        ):
            world.arrange.date(key, need.kind, on)
            assert expected == self.answer(world, key, need, as_of), (as_of, on)

    def test_c11_open_records_names_the_records_that_facts_counts(self, world: World) -> None:
        """`open_records` names the records that `facts` counts for the need, at most `limit`.

        Most likely it has a condition of its own, so that it names closed or deleted ones, or
        another customer's; it ignores `limit`; or it returns a generator. Use the same row
        source for both, and return a list.
        """
        for need in self.counted(world):
            key, other = world.arrange.customer(), world.arrange.customer()
            states = ("closed", "deleted", "open") if self.soft_deletes else ("closed", "open")
            for state in (*states, "open", "open"):
                self.add(world, key, need, state)
            self.add(world, other, need)
            mine, theirs = self._named(world, key, need, 10), self._named(world, other, need, 10)
            assert self.open_count(world, key, need) == len(mine) == 3, need
            assert set() == mine & theirs, f"{need!r}: the same record under two customers"
            assert 2 == len(self._named(world, key, need, 2)), f"{need!r}: limit 2"
            if isinstance(need, OpenRecords):
                record = world.arrange.record(key, need.kind, "odd")
                assert len(self._named(world, key, need, 10)) == 4, f"{need!r}: an odd record"
                world.arrange.record(key, need.kind, "closed", record)
                assert mine == self._named(world, key, need, 10), f"{need!r}: a closed record"

    def _named(self, world: World, key: str, need: Need[Any], limit: int) -> set[str]:
        with world.host.reading() as unit:
            found = unit.customers.open_records(key, need, DAY, limit)
            assert isinstance(found, Sequence), f"{type(found).__name__} is no Sequence"
            assert list(found) == list(unit.customers.open_records(key, need, DAY, limit)), "order"
        assert all(isinstance(one, NamedRecord) and type(one.label) is str for one in found)
        assert len(found) == len({one.id for one in found}), "a record is named twice"
        return {one.id for one in found}

    def test_c12_no_record_comes_unseen_under_a_locked_customer(self, world: World) -> None:
        """What `facts` answered in a unit that writes is still so when the unit ends.

        Most likely only the customer is locked: somebody reopens, adds or moves a record between
        the check and the commit, and the customer is cancelled over it. Lock the children (all
        of them, not only the open ones) beside a foreign key, or install the guard trigger, or
        let the unit end with `Conflict`.
        """
        self.require("foreign_keys")
        for need in self.counted(world):
            kinds = ("add", "reopen", "move") if isinstance(need, OpenRecords) else ("add",)
            for kind in kinds:
                unseen = self._comes_between(world, need, kind)
                assert not unseen, f"{need!r}: {kind} was not seen by a unit that was committed"

    def _comes_between(self, world: World, need: Need[Any], kind: str) -> bool:
        key, other = world.arrange.customer(), world.arrange.customer()
        record: Any = None
        if kind != "add":
            state, where = ("closed", key) if kind == "reopen" else ("open", other)
            record = self.add(world, where, need, state)

        def intrude() -> None:
            if isinstance(need, OpenRecords):
                world.arrange.record(key, need.kind, "open", record)
            else:
                self.add(world, key, need)

        try:
            with world.host.writing() as unit:
                unit.customers.lock(key)
                assert 0 == total(self.ask(unit, key, need))
                unit.history.append(entry(world.host.tenant, key))
                intruder = Aside(intrude)
                before = intruder.ends_within(self.patience)
        except Conflict:
            return False
        intruder.result()
        return before

    def test_c13_many_customers_are_answered_as_each_alone(self, world: World) -> None:
        """`load` and `facts` take up to 10,000 ids, and answer for each what they answer alone.

        Most likely the form for many has a condition of its own, loses customers without records
        (INNER JOIN), or has more parameters than the database takes. Make both forms from one
        row source, and ask in chunks.
        """
        self.require("set_based")
        needs = self.needs(world)
        keys = [world.arrange.customer() for _ in range(12)]
        for at, key in enumerate(keys):
            for need in needs:
                for state in ("open", "closed", "open")[: at % 4]:
                    self.add(world, key, need, state)
        absent = [f"absent-{number}" for number in range(MANY - len(keys))]
        with world.host.reading() as unit:
            assert set(keys) == set(unit.customers.load((*keys, *absent)))
            together = unit.customers.facts(keys, needs, DAY)
            for key in keys:
                alone = unit.customers.facts((key,), needs, DAY)[key]
                for need in needs:
                    assert need.read(alone[need]) == need.read(together[key][need]), (key, need)


def _countable(need: Need[Any]) -> bool:
    return isinstance(need, OpenRecords | UnceasedAssets | NextDate)


def _nothing(need: Need[Any]) -> object:
    if isinstance(need, NextDate):
        return None
    return Count(0) if isinstance(need, OpenRecords) else AssetsLeft(Count(0), Count(0), Count(0))

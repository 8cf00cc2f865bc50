"""Goals 10, 11, 12 and 19: many checklists, and the outbox, in a handful of statements.

Goal 12 is about a bulk Process, which there is not yet: what it would ask is measured.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from cancelkit.bulk import check_many
from cancelkit.testing import samples
from tests.benchmarks.by_hand import Sql, states
from tests.benchmarks.harness import Case, Goal, Group, Results, time_of
from tests.benchmarks.material import NOW, TODAY
from tests.benchmarks.shop import KIT, OWN, Shop
from tests.benchmarks.sql_counts import Counts

NEEDS = KIT.checklist.needs
CHUNK = 5_000
"""How many customers share one statement by hand."""
SINGLY = 50
"""How many customers are asked for alone; the time of one of them is what counts."""
BATCH = 500
HAND = "by hand, chunks of 5,000, all states made"
MANY = "check_many"
EACH = f"desk.check, {SINGLY} customers one by one"
BATCHED = f"facts of a batch of {BATCH}"
ALONE = f"facts of {SINGLY} customers, a transaction for each"


def groups(place: Shop) -> Iterator[Group]:
    """Many checklists, a batch, and the outbox."""
    yield from _checklists(place)
    yield from _batch(place)
    yield from _outbox(place)


def _checklists(place: Shop) -> Iterator[Group]:
    n, here = place.sizes.customers, place.named
    counts, desk = Counts(place), place.desk()
    keys = [str(key) for key in range(1, n + 1)]

    def many() -> int:
        return sum(1 for _ in check_many(desk, keys))

    def each() -> int:
        return sum(desk.check(key).customer == key for key in keys[:SINGLY])

    with place.by_hand() as driver:
        cases = {
            HAND: Case(_by_hand(place, driver), lambda found: found == n),
            MANY: Case(many, lambda found: found == n),
            EACH: Case(each, lambda found: found == SINGLY),
        }
        goals = [
            Goal(10, f"{here}: statements of 100,000 checklists", (), counts.bulk, 20, ""),
            Goal(10, f"{here}: over chunks by hand", (), _per(MANY, 1, HAND, 1), 2.0),
            Goal(10, f"{here}: peak memory of a stream", (), lambda _: _peak(many), 8, "MiB"),
            Goal(
                11,
                f"{here}: one by one over check_many, for each",
                (),
                _per(EACH, SINGLY, MANY, n),
                20 if place.kind == "postgresql" else 1.5,
                at_least=True,
            ),
        ]
        yield Group(
            f"checklists of {n:,} customers, {here}", cases, goals, rounds=3, clock=place.clock
        )


def _by_hand(place: Shop, driver: Any) -> Callable[[], int]:
    cursor, text, n = driver.cursor(), Sql(place.kind).chunk(), place.sizes.customers

    def run() -> int:
        found = 0
        for low in range(1, n + 1, CHUNK):
            values = {"low": low, "high": min(low + CHUNK - 1, n), "d": str(TODAY)}
            cursor.execute(text, values)
            for row in cursor.fetchall():
                due, *numbers = row[4:]
                found += len(states((due, *(number or 0 for number in numbers)))) == 9
        return found

    return run


def _peak(run: Callable[[], object]) -> float:
    """Return how much memory is taken at most, in MiB."""
    run()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def _per(name: str, many: int, base: str, base_many: int) -> Callable[[Results], float]:
    """Return the time for one of many over that for one of the base's many."""
    return lambda results: time_of(name)(results) / many / (time_of(base)(results) / base_many)


def _batch(place: Shop) -> Iterator[Group]:
    here, counts = place.named, Counts(place)
    keys = [str(key) for key in range(1, min(BATCH, place.sizes.customers) + 1)]
    host = place.host.owning(place.engine)

    def batch() -> int:
        with host.reading() as unit:
            return len(unit.customers.facts(keys, NEEDS, TODAY))

    def alone() -> int:
        found = 0
        for key in keys[:SINGLY]:
            with host.reading() as unit:
                found += len(unit.customers.facts([key], NEEDS, TODAY))
        return found

    cases = {
        BATCHED: Case(batch, lambda found: found == len(keys)),
        ALONE: Case(alone, lambda found: found == SINGLY),
    }
    goals = [
        Goal(12, f"{here}: statements that ask about a batch of {BATCH}", (), counts.batch, 1, ""),
        Goal(
            12,
            f"{here}: asking in transactions of one over a batch, each",
            (),
            _per(ALONE, SINGLY, BATCHED, len(keys)),
            15 if place.kind == "postgresql" else 4,
            at_least=True,
        ),
    ]
    yield Group(f"questions of a bulk Process, {here}", cases, goals, rounds=5, clock=place.clock)


# ---------------------------------------------------------------- the outbox


def _outbox(place: Shop) -> Iterator[Group]:
    """Claim what waits: all at once, or one by one."""
    many, one = f"claim {BATCH} messages", f"claim {SINGLY} messages one by one"

    def claim(limit: int, times: int) -> Callable[[], int]:
        host = place.host.owning(place.engine)

        def run() -> int:
            found = 0
            for _ in range(times):
                with host.writing() as unit:
                    until = NOW + timedelta(minutes=1)
                    found += len(unit.outbox.claim(limit, NOW, until))
            return found

        return run

    def filled() -> None:
        with place.engine.begin() as db:
            db.execute(OWN.outbox.delete())
        with place.host.owning(place.engine).writing() as unit:
            unit.outbox.add([samples.row("", "1", NOW) for _ in range(BATCH)])

    cases = {
        many: Case(lambda _: claim(BATCH, 1)(), lambda found: found == BATCH, filled),
        one: Case(lambda _: claim(1, SINGLY)(), lambda found: found == SINGLY, filled),
    }
    text = f"{place.named}: claims one by one over {BATCH} at once, for each"
    pg = place.kind == "postgresql"  # the goal is about a server
    value = _per(one, SINGLY, many, BATCH)
    goal = Goal(19, text, (), value, 30, at_least=True, judged=pg)
    yield Group(f"outbox, {place.named}", cases, [goal], rounds=1, clock=place.clock)

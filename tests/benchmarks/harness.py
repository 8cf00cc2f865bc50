"""Interleaved rounds, medians, ratios to a base in the same run, and goals.

Every case of a group runs once in each round, in a new random order, so that a noisy neighbour hits
all alike. A group is measured three times; a goal is judged by the median of the three, and p99 is
only shown. Absolute times say little on another machine.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from statistics import median
from typing import Any

from attrs import field, frozen

RUNS = 3
CALLS = 25
"""How many calls make one sample of a case that is prepared before each call."""


@frozen
class Case:
    """Something to time.

    Attributes:
        run: what is timed; it gets what `prepare` returned, if there is one.
        right: whether an answer of `run` is right; checked before anything is timed.
        prepare: called before each call, outside the time.
        own_clock: `run` returns the seconds itself, measured in another process.
    """

    run: Callable[..., Any]
    right: Callable[[Any], bool]
    prepare: Callable[[], Any] | None = None
    own_clock: bool = False


@frozen
class Timing:
    """What one run measured for one case, in seconds; `ratio` is to the base of the group."""

    median: float
    p99: float
    ratio: float


Results = Mapping[str, Timing]


@frozen
class Goal:
    """One line of the design's table.

    Attributes:
        number: in the table.
        text: what is demanded, as it says.
        of: the cases that it is about; it is skipped where one of them is.
        value: from one run's results to the number that is judged.
        limit: at most so much, or at least with `at_least`.
        unit: "us", "ms" or "x"; the first two convert the seconds of `value`. "" for a number of
            things, which `value` may count there and then.
        at_least: the value must not be below the limit.
        judged: False for a number that is shown for comparison, and is no goal of the table.
    """

    number: int
    text: str
    of: tuple[str, ...]
    value: Callable[[Results], float]
    limit: float
    unit: str = "x"
    at_least: bool = False
    judged: bool = True

    def shown(self, value: float) -> str:
        scaled = value * _UNITS[self.unit]
        met = scaled >= self.limit if self.at_least else scaled <= self.limit
        verdict = "met" if met else "not met"
        sign = ">=" if self.at_least else "<="
        limit = f"(goal {sign} {self.limit:g} {self.unit})"
        return (
            f"goal {self.number:2d}  {self.text:66s} {scaled:8.2f} {self.unit:2s} {limit:18s} "
            f"{verdict if self.judged else f'(for comparison: {verdict})'}"
        )


_UNITS = {"us": 1e6, "ms": 1e3, "x": 1.0, "": 1.0, "MiB": 1.0}


@frozen
class Group:
    """Cases that are compared with each other. The first one is the base.

    Where all work is done in this process, `clock` may be the CPU's time: a busy machine stretches
    long cases more than short ones, and this not at all.
    """

    title: str
    cases: Mapping[str, Case]
    goals: Sequence[Goal]
    skipped: Mapping[str, str] = field(factory=dict)
    rounds: int = 15
    clock: Callable[[], float] = time.perf_counter


def time_of(name: str) -> Callable[[Results], float]:
    """The median time of a case."""
    return lambda results: results[name].median


def ratio_of(name: str, base: str) -> Callable[[Results], float]:
    """The time of a case over the time of another one."""
    return lambda results: results[name].median / results[base].median


def check(case: Case) -> None:
    """Runs a case once. What is wrong is not worth timing."""
    answer = _once(case)
    if not case.right(answer):
        raise AssertionError(f"wrong answer: {answer!r}")


def measure(group: Group, rng: random.Random) -> Results:
    """Measures a group once."""
    samples: dict[str, list[float]] = {name: [] for name in group.cases}
    loops = {name: _calibrated(case, group.clock) for name, case in group.cases.items()}
    order = list(group.cases)
    gc.collect()
    gc.freeze()
    for _ in range(group.rounds):
        rng.shuffle(order)
        for name in order:
            samples[name].append(_sample(group.cases[name], loops[name], group.clock))
    gc.unfreeze()
    base = median(samples[next(iter(group.cases))])
    return {
        name: Timing(median(each), sorted(each)[int(0.99 * len(each))], median(each) / base)
        for name, each in samples.items()
    }


def report(group: Group, rng: random.Random) -> None:
    """Checks and measures a group, and prints its table and its goals."""
    for case in group.cases.values():
        check(case)
    runs = [measure(group, rng) for _ in range(RUNS)]
    print(f"\n## {group.title}   ({RUNS} runs of {group.rounds} rounds)")
    for name in group.cases:
        one = _middle(run[name] for run in runs)
        print(f"  {name:58s} {_time(one.median)}   p99 {_time(one.p99)}   x{one.ratio:9.2f}")
    for name, reason in group.skipped.items():
        print(f"  {name:58s} skipped: {reason}")
    for goal in group.goals:
        missing = [name for name in goal.of if name in group.skipped]
        if missing:
            print(f"goal {goal.number:2d}  {goal.text:66s} skipped: no {', '.join(missing)}")
        else:
            print(goal.shown(median(goal.value(run) for run in runs)))


def _middle(timings: Iterable[Timing]) -> Timing:
    each = list(timings)
    return Timing(
        median(one.median for one in each),
        median(one.p99 for one in each),
        median(one.ratio for one in each),
    )


def _once(case: Case) -> Any:
    return case.run() if case.prepare is None else case.run(case.prepare())


def _sample(case: Case, loops: int, clock: Callable[[], float]) -> float:
    run, prepare = case.run, case.prepare
    if case.own_clock:
        own: float = run()
        return own
    if prepare is not None:
        return median(_timed(run, prepare(), clock) for _ in range(loops))
    start = clock()
    for _ in repeat(None, loops):
        run()
    return (clock() - start) / loops


def _timed(run: Callable[..., Any], prepared: Any, clock: Callable[[], float]) -> float:
    start = clock()
    run(prepared)
    return clock() - start


def _calibrated(case: Case, clock: Callable[[], float], target: float = 0.005) -> int:
    if case.own_clock:
        return 1
    if case.prepare is not None:
        return CALLS
    loops = 1
    while (taken := _sample(case, loops, clock) * loops) < target:
        loops = max(loops + 1, int(loops * min(10.0, 1.2 * target / max(taken, 1e-9))))
    return loops


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:8.2f} us"
    return f"{seconds * 1e3:8.2f} ms"

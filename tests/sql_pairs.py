"""Pairs of commands on two connections: the second comes when the first has run so far.

What is answered and stored must be what one of the two orders gives, one after the other. So there
is exactly one winner, and the loser is refused as it is refused when it simply comes second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from cancelkit.schedule import Tried
from tests.harness.stored import broken_by
from tests.harness.world import ALICE, BOB, World
from tests.sql_harness import on_engine, sql_world
from tests.sql_sides import Monitor, Side, engine_like
from tests.test_pairs import ACTIONS, Action, drifted, said

Act = Callable[[], object]


@frozen
class Two:
    """Two commands, and where they start."""

    one: Action
    other: Action
    start: Callable[[World], str]

    def __str__(self) -> str:
        return f"{self.one.name} / {self.other.name} ({self.start.__name__})"


PAIRS = tuple(
    Two(one, other, start)
    for one, other in combinations_with_replacement(ACTIONS, 2)
    for start in dict.fromkeys((one.home, other.home))
)
COMMON = (
    "begin / begin (fresh)",
    "begin / reinstate (cancelled)",
    "enter / process (due)",
    "override / process (due)",
    "schedule / process due (due)",
    "process / process (due)",
    "process / process due (due)",
    "process / remove (due)",
    "process due / process due (due)",
    "adopt / end (drifted)",
)
"""Those that every test run tries."""


@frozen
class Stage:
    """What `Action.make` is given: here nobody watches the ports."""

    world: World
    token: str

    def watch(self, actor: str) -> None:
        return None


@frozen
class Ending:
    """What came of a pair: what is wrong with it, and how the two ended.

    Attributes:
        names: of who came first, and of who came second.
        wrong: promises that were not kept.
        first, second: how each ended.
    """

    names: tuple[str, str]
    wrong: tuple[str, ...]
    first: str
    second: str


class Arena:
    """A database with the standard world, and two connections to it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.sides = (Side(engine_like(engine)), Side(engine_like(engine)))
        self.look = Monitor(engine)

    def close(self) -> None:
        self.look.close()
        for side in self.sides:
            side.engine.dispose()

    def endings(self, two: Two, points: Callable[[int], Sequence[int]]) -> Iterator[Ending]:
        """Run a pair: each of the two comes first, and is interrupted after so many statements."""
        world = sql_world(self.engine)
        token = two.start(world)
        back = world.saved()
        orders = [self._serial(two, world, token, back, swapped=one) for one in (False, True)]
        for swapped in (False, True) if two.one is not two.other else (False,):
            for at in points(orders[swapped][1]):
                back()
                acts = self._acts(two, world, token, swapped=swapped)
                yield self._race(two, world, acts, at, [order[0] for order in orders], swapped)

    def _acts(self, two: Two, world: World, token: str, *, swapped: bool) -> tuple[Act, Act]:
        stages: list[Any] = [Stage(on_engine(world, side.engine), token) for side in self.sides]
        actions = (two.other, two.one) if swapped else (two.one, two.other)
        names = ("second", "first") if swapped else ("first", "second")
        who = {"first": ALICE, "second": BOB}
        made = [a.make(s, n, who[n]) for a, s, n in zip(actions, stages, names, strict=True)]
        return made[0], made[1]

    def _serial(
        self, two: Two, world: World, token: str, back: Act, *, swapped: bool
    ) -> tuple[object, int]:
        back()
        counts = []
        acts = self._acts(two, world, token, swapped=swapped)
        for side, act in zip(self.sides, acts, strict=True):
            side.start(act)
            side.result()
            counts.append(side.count)
        return self._seen(world, swapped=swapped), counts[0]

    def _seen(self, world: World, *, swapped: bool) -> object:
        answers = [_said(side.answer) for side in self.sides]
        return (answers[::-1] if swapped else answers, world.back.stored().plain())

    def _race(
        self, two: Two, world: World, acts: tuple[Act, Act], at: int, orders: list[Any], flip: bool
    ) -> Ending:
        first, second = self.sides
        first.start(acts[0], at)
        first.settle(second, self.look)
        second.start(acts[1])
        second.settle(first, self.look)
        first.result()
        second.result()
        wrong = [str(b) for b in broken_by(world.back.stored(), foreign=_foreign(two))]
        if self._seen(world, swapped=flip) not in orders:
            told = f"{_said(first.answer)}; {_said(second.answer)}"
            wrong.append(f"after statement {at} of the first: no order gives this: {told}")
        one, other = two.one.name, two.other.name
        return Ending(
            (other, one) if flip else (one, other),
            tuple(wrong),
            _class(first.answer),
            _class(second.answer),
        )


def _foreign(two: Two) -> set[str]:
    return {"C-1"} if two.start is drifted else set()


def _said(answer: object) -> object:
    return said(answer)


def _class(answer: object) -> str:
    if isinstance(answer, list):
        return ", ".join(_class(one) for one in answer) or "nothing due"
    if isinstance(answer, Tried):
        return _class(answer.outcome or answer.error)
    return type(answer).__name__


def few(statements: int) -> Sequence[int]:
    """After the customer's lock, and before COMMIT."""
    return (1, statements)


def every(statements: int) -> Sequence[int]:
    """After each statement."""
    return range(1, statements + 1)

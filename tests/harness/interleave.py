"""Every interleaving of two actors, at port-call grain.

Before each port call, before COMMIT, and before each step of the host an actor stops, and the
scheduler chooses who goes on. All choices are enumerated depth first, by running again from where
the actors start with a longer and longer prefix of choices (stateless model checking). Where these
are too many, some are drawn.

The customers' locks are the scheduler's own (`Memory(make_lock=scheduler.make_lock)`): an actor
that waits for one cannot be chosen. When nobody can be chosen, that is a deadlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from random import Random
from typing import Any

from attrs import define, field, frozen

from cancelkit.errors import UnknownCustomer
from cancelkit.people import Customer
from cancelkit.records import HistoryEntry
from tests.harness.scheduler import Deadlock, Scheduler
from tests.harness.stored import Broken
from tests.harness.watch import COMMIT, ENTER, Call
from tests.harness.world import CUSTOMER, World


@frozen
class Event:
    """Something that happened, in the order in which it did.

    Attributes:
        actor: who did it.
        what: "asked" (the role checker), "commit", or "host".
        entry: the history entry that was committed, or None.
        open: the kinds of which the customer had an open record at that instant.
        granted: for "asked": whether the role was there at that instant.
        was: the customer right before it, None for one that is gone.
        now: the customer right after it.
    """

    actor: str
    what: str
    entry: HistoryEntry | None = None
    open: frozenset[str] = frozenset()
    granted: bool = False
    was: Customer | None = None
    now: Customer | None = None


@define
class Recorder:
    """A watch for one actor: stops at each call, and logs what matters."""

    scheduler: Scheduler
    world: World
    actor: str
    log: list[Event]
    entry: HistoryEntry | None = None

    def __call__(self, call: Call, do: Callable[[], Any], /) -> Any:
        self.scheduler.step(call.port)
        if call.port == ENTER:
            self.entry = None
        if call.port == "roles.allows":
            granted = bool(self.world.roles.get(call.args[0].id))
            self.log.append(Event(self.actor, "asked", granted=granted))
        if call.port == "history.append":
            self.entry = call.args[0]
        was = self.customer() if call.port == COMMIT else None
        answer = do()
        if call.port == COMMIT:
            self.log.append(self.event("commit", was))
        return answer

    def event(self, what: str, was: Customer | None = None) -> Event:
        """Return an event with what is true at this instant: nobody else runs meanwhile."""
        is_open = self.world.back.open_kinds(CUSTOMER)
        return Event(self.actor, what, self.entry, is_open, was=was, now=self.customer())

    def customer(self) -> Customer | None:
        """Return the customer as committed, or None for one that is gone."""
        try:
            return self.world.back.customer(CUSTOMER)
        except UnknownCustomer:
            return None


@frozen
class Run:
    """One schedule, run to its end.

    Attributes:
        world: as it is afterwards.
        answers: what each actor returned or raised.
        log: what happened, in order.
        steps: each step, in order.
    """

    world: World
    answers: Mapping[str, object]
    log: tuple[Event, ...]
    steps: tuple[str, ...]


@frozen
class Pair:
    """Two actors, and what must be true of every interleaving of them.

    Attributes:
        name: in the report.
        prepare: brings a world to where they start, and returns the plan's token.
        actors: name -> what it does, from the world, the token and what makes a recorder and a
            step of the host.
        judge: what is broken after a run.
    """

    name: str
    prepare: Callable[[World], str]
    actors: Callable[[Stage], Mapping[str, Callable[[], object]]]
    judge: Callable[[Run], Iterator[Broken]]


@define
class Stage:
    """What the actors of a pair are made from."""

    world: World
    token: str
    scheduler: Scheduler
    log: list[Event] = field(factory=list)

    def watch(self, actor: str) -> Recorder:
        """Return the watch for the desk of an actor."""
        return Recorder(self.scheduler, self.world, actor, self.log)

    def host(self, *steps: Callable[[World], object]) -> Callable[[], object]:
        """Return an actor that does things in the CRM, around cancelkit and its locks."""

        def act() -> None:
            recorder = self.watch("host")
            for step in steps:
                self.scheduler.step(getattr(step, "__name__", "host"))
                step(self.world)
                self.log.append(recorder.event("host"))

        return act


@frozen
class Explored:
    """All schedules of a pair, or those up to the first that broke something.

    Attributes:
        schedules: how many were run.
        broken: what the first bad one broke.
        steps: its steps.
        complete: whether there are no others.
        endings: how often the actors ended how.
    """

    schedules: int
    broken: tuple[Broken, ...]
    steps: tuple[str, ...]
    complete: bool
    endings: Mapping[str, int]


def explore(make: Callable[[Scheduler], World], pair: Pair, *, limit: int = 100_000) -> Explored:
    """Run every interleaving of a pair, until one breaks something.

    Args:
        make: makes a world whose locks are the scheduler's.
        pair: the actors.
        limit: at most so many schedules.
    """
    runs = _Runs.of(make, pair)
    choices: list[int] = []
    while runs.count < limit:
        taken = runs.run(choices)
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if runs.broken or not taken:
            return runs.explored(complete=not taken)
        choices = [choice for choice, _ in taken]
        choices[-1] += 1
    return runs.explored(complete=False)


def draw(
    make: Callable[[Scheduler], World], pair: Pair, seed: int, *, once: int, often: int
) -> Explored:
    """Run some interleavings of two actors, until one breaks something.

    Args:
        make: makes a world whose locks are the scheduler's.
        pair: the actors.
        seed: of the random choice.
        once: how many to draw of those in which one actor goes on until the other interrupts it
            once; to wait for a lock is no interruption. The two without any are always run.
        often: how many random ones to run, in which they interrupt each other any number of times.
    """
    runs, drawn = _Runs.of(make, pair), Random(seed)
    places = [(first, at) for first in (0, 1) for at in range(1, len(runs.run([first])))]
    schedules = [[first, *[0] * (at - 1), 1] for first, at in places]
    chosen = drawn.sample(schedules, min(once, len(schedules)))
    chosen += [[int(drawn.random() < 0.3) for _ in range(200)] for _ in range(often)]
    for choices in chosen:
        if not runs.broken:
            runs.run(choices)
    return runs.explored(complete=False)


@define
class _Runs:
    """Runs of one pair, each from where its actors start."""

    pair: Pair
    stage: Stage
    put_back: Callable[[], None]
    endings: Counter[str] = field(factory=Counter)
    broken: tuple[Broken, ...] = ()
    steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, make: Callable[[Scheduler], World], pair: Pair) -> _Runs:
        return cls(pair, *_stage(make, pair))

    @property
    def count(self) -> int:
        return self.endings.total()

    def run(self, choices: Sequence[int]) -> list[tuple[int, int]]:
        """Run one schedule; return the choices that were taken, each of how many."""
        self.put_back()
        self.stage.scheduler.begin_again(choices)
        broken, steps, ending = _once(self.stage, self.pair)
        self.endings[ending] += 1
        if broken and not self.broken:
            self.broken, self.steps = broken, steps
        return self.stage.scheduler.taken

    def explored(self, *, complete: bool) -> Explored:
        return Explored(self.count, self.broken, self.steps, complete, self.endings)


def serially(
    make: Callable[[Scheduler], World], pair: Pair
) -> Iterator[tuple[tuple[str, ...], Run]]:
    """Run the actors of a pair one after the other, in each order."""
    stage, put_back = _stage(make, pair)
    for names in permutations(pair.actors(stage)):
        put_back()
        stage.log.clear()
        acts = pair.actors(stage)
        answers = {name: _answer(acts[name]) for name in names}
        yield names, Run(stage.world, answers, tuple(stage.log), names)


def _answer(act: Callable[[], object]) -> object:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return error


def _stage(make: Callable[[Scheduler], World], pair: Pair) -> tuple[Stage, Callable[[], None]]:
    scheduler = Scheduler()
    world = make(scheduler)
    token = pair.prepare(world)
    return Stage(world, token, scheduler), world.saved()


def _once(stage: Stage, pair: Pair) -> tuple[tuple[Broken, ...], tuple[str, ...], str]:
    stage.log.clear()
    try:
        answers = stage.scheduler.run(pair.actors(stage))
    except Deadlock as deadlock:
        return (Broken("deadlock", str(deadlock)),), deadlock.steps, "deadlock"
    run = Run(stage.world, answers, tuple(stage.log), tuple(stage.scheduler.steps))
    ending = ", ".join(f"{name} {type(answer).__name__}" for name, answer in answers.items())
    return tuple(pair.judge(run)), run.steps, ending

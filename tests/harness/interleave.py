"""Every interleaving of two actors, at port-call grain.

Before each port call, before COMMIT, and before each step of the host an actor stops, and the
scheduler chooses who goes on. All choices are enumerated depth first, by running again from a fresh
world with a longer and longer prefix of choices (stateless model checking).

The customers' locks are the scheduler's own (`Memory(make_lock=scheduler.make_lock)`): an actor
that waits for one cannot be chosen. When nobody can be chosen, that is a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import define, field, frozen

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
        open: whether the customer had an open record at that instant.
        granted: for "asked": whether the role was there at that instant.
        status: the status of the customer right after it.
    """

    actor: str
    what: str
    entry: HistoryEntry | None = None
    open: bool = False
    granted: bool = False
    status: str = ""


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
        answer = do()
        if call.port == COMMIT:
            self.log.append(self.event("commit"))
        return answer

    def event(self, what: str) -> Event:
        """Return an event with what is true at this instant: nobody else runs meanwhile."""
        status = self.world.back.customer(CUSTOMER).status
        return Event(
            self.actor,
            what,
            self.entry,
            open=self.world.back.has_open(CUSTOMER),
            status=f"{status.value}{' (PC)' if status.pending else ''}" if status else "",
        )


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
        make: makes a fresh world whose locks are the scheduler's.
        pair: the actors.
        limit: at most so many schedules.
    """
    choices: list[int] = []
    endings: dict[str, int] = {}
    for count in range(1, limit + 1):
        scheduler = Scheduler(choices)
        broken, steps, ending = _once(make(scheduler), pair, scheduler)
        endings[ending] = endings.get(ending, 0) + 1
        taken = scheduler.taken
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if broken or not taken:
            return Explored(count, broken, steps, not taken, endings)
        choices = [choice for choice, _ in taken]
        choices[-1] += 1
    return Explored(limit, (), (), complete=False, endings=endings)


def _once(
    world: World, pair: Pair, scheduler: Scheduler
) -> tuple[tuple[Broken, ...], tuple[str, ...], str]:
    token = pair.prepare(world)
    stage = Stage(world, token, scheduler)
    try:
        answers = scheduler.run(pair.actors(stage))
    except Deadlock as deadlock:
        return (Broken("deadlock", str(deadlock)),), deadlock.steps, "deadlock"
    run = Run(world, answers, tuple(stage.log), tuple(scheduler.steps))
    ending = ", ".join(f"{name} {type(answer).__name__}" for name, answer in answers.items())
    return tuple(pair.judge(run)), run.steps, ending

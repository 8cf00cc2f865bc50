"""A deterministic scheduler over threads: exactly one actor runs at a time, as a list says.

Each actor is a thread that stops before each of its steps; the scheduler chooses who goes on. No
sleeps and no clock: a schedule is a list of small numbers, and the same list is the same run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from attrs import define, field


def _closed() -> threading.Lock:
    """Return a gate that lets one through each time it is released."""
    gate = threading.Lock()
    gate.acquire()
    return gate


class Stopped(BaseException):
    """Ends an actor after a deadlock."""


@define(eq=False)
class _Actor:
    name: str
    thread: threading.Thread
    turn: threading.Lock = field(factory=_closed)
    waits_for: SchedulerLock | None = None
    fresh: bool = True
    done: bool = False
    answer: object = None


class Scheduler:
    """Runs actors one step at a time, as a list of choices says.

    Args:
        choices: for each point at which more than one actor could go on, which one; after the
            end of the list the one that is running goes on.
    """

    def __init__(self, choices: Sequence[int] = ()) -> None:
        self.begin_again(choices)

    def begin_again(self, choices: Sequence[int]) -> None:
        """Forget the last run: the locks that were made stay those of this scheduler."""
        self._choices: Sequence[int] = choices
        self._actors: list[_Actor] = []
        self._back: threading.Lock = _closed()
        self._stopping: bool = False
        self._running: _Actor | None = None
        self.taken: list[tuple[int, int]] = []
        self.steps: list[str] = []

    def make_lock(self) -> SchedulerLock:
        """Return a lock for which actors wait without running."""
        return SchedulerLock(self)

    def step(self, what: str) -> None:
        """Stop the actor that calls this until it is chosen again; nobody else is stopped."""
        actor = self.actor()
        if actor is None:
            return
        if not actor.fresh:  # to be chosen first is to be chosen for the first step
            self._pause(actor)
        actor.fresh = False
        self.steps.append(f"{actor.name}: {what}")

    def wait(self, lock: SchedulerLock) -> None:
        """Stop the actor until the lock is free and it is chosen."""
        actor = self.actor()
        assert actor is not None, "somebody who is not scheduled waits for a lock"
        actor.waits_for = lock
        self._pause(actor)
        actor.waits_for = None

    def actor(self) -> _Actor | None:
        """Return the actor whose thread this is, or None."""
        mine = threading.current_thread()
        return next((actor for actor in self._actors if actor.thread is mine), None)

    def run(self, actors: Mapping[str, Callable[[], object]]) -> dict[str, object]:
        """Run all actors to their ends and return what each returned or raised.

        Raises:
            Deadlock: nobody could go on.
        """
        for name, body in actors.items():
            thread = threading.Thread(target=self._body, args=(len(self._actors), body))
            self._actors.append(_Actor(name, thread))
        for actor in self._actors:
            actor.thread.start()
        try:
            while not all(actor.done for actor in self._actors):
                self._go_on(self._choose())
        finally:
            self._stop()
        return {actor.name: actor.answer for actor in self._actors}

    def _choose(self) -> _Actor:
        able = [
            actor
            for actor in self._actors
            if not actor.done and not (actor.waits_for and actor.waits_for.held)
        ]
        if not able:
            raise Deadlock([a.name for a in self._actors if not a.done], tuple(self.steps))
        able.sort(key=lambda actor: actor is not self._running)  # who runs goes on by default
        if len(able) == 1:
            return able[0]
        place = len(self.taken)
        choice = self._choices[place] if place < len(self._choices) else 0
        self.taken.append((choice, len(able)))
        return able[choice]

    def _go_on(self, actor: _Actor) -> None:
        self._running = actor
        actor.turn.release()
        self._back.acquire()

    def _pause(self, actor: _Actor) -> None:
        self._back.release()
        actor.turn.acquire()
        if self._stopping:
            raise Stopped

    def _body(self, place: int, body: Callable[[], object]) -> None:
        actor = self._actors[place]
        actor.turn.acquire()
        try:
            if not self._stopping:
                actor.answer = body()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
            actor.answer = error
        finally:
            actor.done = True
            self._back.release()

    def _stop(self) -> None:
        self._stopping = True
        for actor in self._actors:
            if not actor.done:
                self._go_on(actor)
            actor.thread.join()


class Deadlock(Exception):
    """Nobody can go on: each of the actors waits for a lock that another holds."""

    def __init__(self, names: list[str], steps: tuple[str, ...]) -> None:
        super().__init__(f"{', '.join(names)} wait for each other")
        self.steps = steps


class SchedulerLock:
    """A lock with the methods of `threading.Lock`, known to a scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self.held and self._scheduler.actor() is None:
            return False
        while self.held:
            self._scheduler.wait(self)
        self.held = True
        return True

    def release(self) -> None:
        self.held = False


class NoLock:
    """A lock that everybody gets."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return True

    def release(self) -> None:
        pass

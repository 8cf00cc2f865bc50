"""A call in a thread of its own, for the tests in which two units of work meet."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

LONG = 60.0
"""Seconds after which a call that should have ended is taken to hang."""


class Aside(Generic[T]):
    """Runs a function in another thread, at once."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._done = Event()
        self._results: list[T] = []
        self._error: BaseException | None = None
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # noqa: BLE001 - it is raised again by `result`
            self._error = error
        finally:
            self._done.set()

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end, at most so long, and say whether it came."""
        return self._done.wait(seconds)

    def result(self) -> T:
        """Wait for the end; return what the function returned, or raise what it raised."""
        assert self._done.wait(LONG), f"still waiting after {LONG:g} seconds"
        if self._error is not None:
            raise self._error
        return self._results[0]

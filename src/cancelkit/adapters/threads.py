"""A `Sampler` that asks other systems in threads, and waits for none longer than its deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

from cancelkit.errors import BadSetup
from cancelkit.kit import log_fault
from cancelkit.needs import Need

Ask = Callable[[str, Any], object]


class ThreadSampler:
    """Asks each need in a thread of its own.

    A thread cannot be killed: one that hangs goes on hanging, and keeps one of the workers busy.
    Give whatever is called here a time-out of its own as well.

    Args:
        answers: need class -> (customer id, need) -> the answer, with what the need's `read` takes.
        deadline: what is later than this is left out, and its section is unknown.
        workers: how many threads at most.
        report: called with a description and the exception of each need that failed.
    """

    def __init__(
        self,
        answers: Mapping[type, Ask],
        *,
        deadline: timedelta = timedelta(seconds=2),
        workers: int = 4,
        report: Callable[[str, BaseException], None] = log_fault,
    ) -> None:
        if deadline <= timedelta(0):
            raise BadSetup("The deadline of a sampler must be longer than nothing.")
        self._answers = dict(answers)
        self._deadline = deadline
        self._report = report
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="cancelkit-sampler")

    def sample(self, customer_id: str, needs: Sequence[Need[Any]]) -> Mapping[Need[Any], object]:
        """See `Sampler.sample`."""
        known = [need for need in needs if type(need) in self._answers]
        asked = {
            need: self._pool.submit(self._answers[type(need)], customer_id, need) for need in known
        }
        wait(asked.values(), self._deadline.total_seconds())
        found: dict[Need[Any], object] = {}
        for need, future in asked.items():
            if not future.done():
                future.cancel()
            elif (error := future.exception()) is not None:
                self._report(f"sampling {need!r}", error)
            else:
                found[need] = future.result()
        return found

    def close(self) -> None:
        """Let the threads end. One that hangs is not waited for here, but the interpreter waits."""
        self._pool.shutdown(wait=False, cancel_futures=True)

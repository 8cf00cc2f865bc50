"""Broken samplers: what hangs, and what is late, in their own ways."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any

from cancelkit.needs import Need, OpenRecords
from cancelkit.testing import SamplerWorld


class System:
    """Another system, which can be made to hang; a sampler gives up sooner than `timeout`."""

    timeout: float | None = 0.01

    def __init__(self) -> None:
        self.free = Event()
        self.free.set()

    def sample(self, customer_id: str, needs: Sequence[Need[Any]]) -> Mapping[Need[Any], object]:
        return dict.fromkeys(needs, 0) if self.free.wait(self.timeout) else self.late(needs)

    def late(self, needs: Sequence[Need[Any]]) -> Mapping[Need[Any], object]:
        return {}

    @contextmanager
    def hanging(self) -> Generator[None]:
        self.free.clear()
        try:
            yield
        finally:
            self.free.set()


class WaitsForTheSlowest(System):
    timeout = None


class SaysZeroWhenLate(System):
    def late(self, needs: Sequence[Need[Any]]) -> Mapping[Need[Any], object]:
        return dict.fromkeys(needs, 0)


class SaysNoneWhenLate(System):
    def late(self, needs: Sequence[Need[Any]]) -> Mapping[Need[Any], object]:
        return dict.fromkeys(needs)


def sampler_world(cls: type[System] = System) -> SamplerWorld:
    """Return a sampler of a system that can hang."""
    system = cls()
    return SamplerWorld(system, OpenRecords("loans"), system.hanging)

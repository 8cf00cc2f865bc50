"""A clock that tests and demos can set, and identifiers that can be foretold."""

from __future__ import annotations

from datetime import datetime, timedelta

from cancelkit.times import checked_instant


class SetClock:
    """A `Clock` that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = checked_instant(now, "the clock's time")

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._now

    def set(self, now: datetime) -> None:
        """Move to an instant, forwards or backwards."""
        self._now = checked_instant(now, "the clock's time")

    def forward(self, by: timedelta) -> None:
        """Move by a span of time."""
        self._now += by


class CountingIds:
    """`Ids` that count: "id-1", "id-2"."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._last = 0

    def new(self) -> str:
        """See `Ids.new`."""
        self._last += 1
        return f"{self._prefix}-{self._last}"

"""The real clock and random identifiers: the only places that ask the machine for either."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)


class RandomIds:
    """Random identifiers of 32 hexadecimal digits."""

    def new(self) -> str:
        """See `Ids.new`."""
        return uuid4().hex

"""Numbers that a run prints at its end: the type of the fixture `report` in tests/conftest.py."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Takes a line to print after the run, under a heading."""

    def __call__(self, heading: str, line: str, /) -> None:
        """Add a line."""
        ...

"""From the row of a checklist to the answers: what is known of a list of needs is made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Select

from cancelkit.adapters.sqlalchemy.days import Day
from cancelkit.adapters.sqlalchemy.description import Assets, Dates, Source
from cancelkit.needs import Count, Need, Unknown

Reader = Callable[[Sequence[Any]], object]
"""From the row of all needs to the answer to one."""


class Asked(NamedTuple):
    """A list of needs, and all that is asked with one.

    Attributes:
        known: those that there are sources for.
        unknown: the answers to all others.
        single: one SELECT of one row with the answers to all needs of one customer.
        locking: the same, with a share lock in each subquery.
        days: the columns whose parameters depend on the as-of day.
        readers: the answer to each need.
        width: how many columns the row has.
    """

    known: tuple[Need[Any], ...]
    unknown: Mapping[Need[Any], Unknown]
    single: Select[Any]
    locking: Select[Any]
    days: Sequence[Day]
    readers: Sequence[tuple[Need[Any], Reader]]
    width: int

    def values(self, as_of: date) -> dict[str, Any]:
        """Return the parameters for an as-of day."""
        found: dict[str, Any] = {"as_of": as_of}
        for day in self.days:
            found |= day.values(as_of)
        return found

    def read(self, row: Sequence[Any]) -> dict[Need[Any], object]:
        """Turn the row of `single` into answers."""
        return {need: read(row) for need, read in self.readers}


def reader(source: Source | None, at: int, width: int, cap: int) -> Reader:
    """Return what turns the columns of a need, from place `at` on, into its answer.

    Args:
        source: what answers the need; None for a function of the host's.
        at: the place of the first one in the row.
        width: how many there are.
        cap: a count of more than this is "more".
    """
    if source is None:
        return itemgetter(at) if width == 1 else lambda row: tuple(row[at : at + width])
    if isinstance(source, Dates):
        day = source.day
        return lambda row: day.read(row[at])
    counted = _counting(cap)
    if isinstance(source, Assets):
        return lambda row: (counted(row[at]), counted(row[at + 1]), counted(row[at + 2]))
    return lambda row: counted(row[at])


def _counting(cap: int) -> Callable[[int | None], Count]:
    """Return what makes a count of a number; all of them are made before."""
    counts, more = [*map(Count, range(cap + 1))], Count(cap, more=True)

    def counted(number: int | None) -> Count:
        n = number or 0  # NULL: a customer who is not there
        return counts[n] if n <= cap else more

    return counted

"""Needs: what sections want to know, and the answers that adapters give.

A section declares needs; an adapter answers all needs of all sections with one question. A need
is any frozen, hashable class with a `read` that checks an adapter's answer and gives it its type.
Every answer may also be `Unknown(why)`: the adapter could not see. *Not visible* is never *none*.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar

from attrs import frozen

A_co = TypeVar("A_co", covariant=True)


class Need(Protocol[A_co]):
    """A question about one customer, whose answer has the type `A_co`."""

    def read(self, answer: object, /) -> A_co:
        """Return an adapter's answer as this need's type; `NotAnAnswer` says what is expected."""


class NotAnAnswer(Exception):
    """An adapter's answer has the wrong type or range; the text says what a right one is."""


class Unknown(NamedTuple):
    """The answer of an adapter that could not see; `why` is shown: "no tenant is set"."""

    why: str


@frozen
class Count:
    """How many. Counts may be capped: nobody loads a thousand rows to decide a section."""

    n: int  # 0 or more
    more: bool = False  # there are at least `n`, and the adapter stopped counting ("100+")

    def __str__(self) -> str:
        return f"{self.n}+" if self.more else str(self.n)


def read_count(answer: object) -> Count:
    """Check a count: a `Count`, or an int of 0 or more (bool, float and Decimal are none)."""
    if type(answer) is int and answer >= 0:
        return Count(answer)
    if type(answer) is Count and type(answer.n) is int and type(answer.more) is bool:
        return read_count(answer.n) if not answer.more else _at_least(answer)
    raise NotAnAnswer("a Count, or an int of 0 or more")


def _at_least(count: Count) -> Count:
    if count.n < 1:
        raise NotAnAnswer("a capped Count of 1 or more: at least 0 says nothing")
    return count


@frozen(cache_hash=True)
class OpenRecords:
    """How many records of a kind ("cases", "sales_orders") are not closed; see `read_count`.

    The host says what closed means for the kind; a status that nobody declared closed is open.
    """

    kind: str

    def read(self, answer: object, /) -> Count:
        """Return the count."""
        return read_count(answer)


class AssetsLeft(NamedTuple):
    """The assets that are not ceased as of a day, each counted once."""

    live: Count  # without a cease date, whatever the Live box says
    scheduled: Count  # with a cease date after the as-of day
    ticked: Count  # with a cease date that has come, but still ticked live


@frozen(cache_hash=True)
class UnceasedAssets:
    """Which assets are not ceased: `AssetsLeft`, or its three counts as a tuple.

    Ceased: the cease date is there and not after the as-of day, and the asset is not ticked live.
    """

    kind: str = "assets"

    def read(self, answer: object, /) -> AssetsLeft:
        """Return the three counts."""
        if not isinstance(answer, tuple) or len(answer) != 3:
            raise NotAnAnswer("AssetsLeft, or a tuple of three counts: live, scheduled, ticked")
        return AssetsLeft(*(read_count(count) for count in answer))


@frozen(cache_hash=True)
class NextDate:
    """The first date of a kind ("expiries") after the as-of day (not on it), or None."""

    kind: str

    def read(self, answer: object, /) -> date | None:
        """Return the date, or None where there is none."""
        if answer is None or (isinstance(answer, date) and not isinstance(answer, datetime)):
            return answer
        raise NotAnAnswer("a date without a time, or None")

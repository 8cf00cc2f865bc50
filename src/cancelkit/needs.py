"""Needs: what sections want to know, and the answers that adapters give.

A section declares needs; an adapter answers all needs of all sections with one question. A need
is any frozen, hashable class with a `read` that checks an adapter's answer and gives it its type:

    @frozen(cache_hash=True)
    class RentDue:
        currency: str

        def read(self, answer: object, /) -> int:
            if type(answer) is not int:
                raise NotAnAnswer("an int, in pence")
            return answer

Every answer may also be `Unknown(why)`: the adapter could not see. *Not visible* is never *none*.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol, TypeVar

from attrs import frozen

A_co = TypeVar("A_co", covariant=True)


class Need(Protocol[A_co]):
    """A question about one customer, whose answer has the type `A_co`."""

    def read(self, answer: object, /) -> A_co:
        """Check what an adapter answered and return it as this need's type.

        Raises:
            NotAnAnswer: it is no answer to this need; the text says what is expected.
        """
        ...


class NotAnAnswer(Exception):
    """An adapter's answer has the wrong type or range; the text says what a right one is."""


@frozen
class Unknown:
    """The answer of an adapter that could not see: not allowed to, or not reachable.

    Attributes:
        why: a short reason for the developer, such as "no tenant is set"; shown to the user.
    """

    why: str


@frozen
class Count:
    """How many. Counts may be capped: nobody loads a thousand rows to decide a section.

    Attributes:
        n: the number counted, 0 or more.
        more: there are at least `n`, and the adapter stopped counting ("100+").
    """

    n: int
    more: bool = False

    def __str__(self) -> str:
        """Return "2", or "100+" for a capped count."""
        return f"{self.n}+" if self.more else str(self.n)


_SMALL = tuple(Count(n) for n in range(128))


def read_count(answer: object) -> Count:
    """Check a count: a `Count`, or an int of 0 or more (bool, float and Decimal are none).

    Raises:
        NotAnAnswer: anything else.
    """
    if type(answer) is int:
        if 0 <= answer < len(_SMALL):
            return _SMALL[answer]
        if answer > 0:
            return Count(answer)
    elif type(answer) is Count and _sound(answer):
        return answer
    raise NotAnAnswer("a Count, or an int of 0 or more")


def _sound(count: Count) -> bool:
    return type(count.n) is int and count.n >= 0 and type(count.more) is bool


@frozen(cache_hash=True)
class OpenRecords:
    """How many records of a kind are not closed.

    The host says what closed means for the kind; a status that nobody declared closed is open.

    Attributes:
        kind: such as "cases" or "sales_orders"; the host's answer, an int or a `Count`.
    """

    kind: str

    def read(self, answer: object, /) -> Count:
        """Return the count."""
        return read_count(answer)


@frozen
class AssetsLeft:
    """The assets that are not ceased as of a day, each counted once.

    Attributes:
        live: without a cease date, whatever the Live box says.
        scheduled: with a cease date after the as-of day.
        ticked: with a cease date that has come, but still ticked live.
    """

    live: Count
    scheduled: Count
    ticked: Count


@frozen(cache_hash=True)
class UnceasedAssets:
    """Which assets are not ceased.

    An asset is ceased when its cease date is there and not after the as-of day, and it is not
    ticked live.

    The host's answer: `AssetsLeft`, or three counts (live, scheduled, ticked) as a tuple.
    """

    kind: str = "assets"

    def read(self, answer: object, /) -> AssetsLeft:
        """Return the three counts."""
        if type(answer) is AssetsLeft:
            answer = (answer.live, answer.scheduled, answer.ticked)
        if type(answer) is not tuple or len(answer) != 3:
            raise NotAnAnswer("AssetsLeft, or a tuple of three counts: live, scheduled, ticked")
        live, scheduled, ticked = answer
        return AssetsLeft(read_count(live), read_count(scheduled), read_count(ticked))


@frozen(cache_hash=True)
class NextDate:
    """The first date of a kind after the as-of day (that day itself is not after it), or None.

    Attributes:
        kind: such as "expiries"; the host's answer is a `datetime.date` or None.
    """

    kind: str

    def read(self, answer: object, /) -> date | None:
        """Return the date, or None where there is none."""
        if answer is None:
            return None
        if isinstance(answer, datetime) or not isinstance(answer, date):
            raise NotAnAnswer("a date without a time, or None")
        return answer

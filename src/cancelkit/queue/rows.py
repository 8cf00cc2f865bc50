"""What the queue consists of, as values; and what may be asked of it."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from enum import Enum
from typing import Any

from attrs import field, frozen

from cancelkit.errors import Invalid
from cancelkit.people import Person
from cancelkit.records import Stamp
from cancelkit.serial import to_data
from cancelkit.text import checked_line


class Stage(Enum):
    """How far an open cancellation has come; the first of these that is true of it."""

    DAMAGED = "damaged"  # what is stored of it cannot be read
    GONE = "gone"  # the customer is not here any more
    DRIFT = "drift"  # somebody else has changed the status
    BLOCKED = "blocked"  # it was scheduled, and was blocked on its day; it is tried again
    SCHEDULED = "scheduled"  # it waits for its day
    TO_DO = "to do"  # something blocks, or the customer's first day is still to come
    UNKNOWN = "unknown"  # nothing is known to block, but something could not be checked
    READY = "ready"  # nothing blocks: Process would be accepted


@frozen
class Given:
    """A reason that was given: its code, and its label; the code again where it has none."""

    code: str
    label: str


@frozen
class Row:
    """One open cancellation. Days are counted in the host's zone.

    Of one that is damaged, nothing is known but the customer: `begun`, `age` and `touched` are
    None. Begin, Enter, Perform Now, scheduling and an override that is there count as touching;
    Adopt, and taking an override back, leave no stamp in the cancellation, and do not.
    """

    customer: str  # the id
    name: str  # now; of a customer who is gone, at Begin
    cancellation: str  # its id, "" where it is damaged
    owners: tuple[Person, ...]
    status: str  # to show, such as "Live (PC)"
    profile: str  # by which checklist; "" for the kit's own
    begun: Stamp | None
    age: int | None  # the days since Begin
    touched: Stamp | None  # who did something last, and when
    stage: Stage
    says: str = field(repr=False)  # the stage in words: what blocks, or the day
    blocked_by: tuple[str, ...] = ()  # the keys of the sections that block today
    on: date | None = None  # the effective date, where it is scheduled
    due: date | None = None  # and the day on which it is tried (again)
    reasons: tuple[Given, ...] = ()
    overdue: bool = False  # its day has passed
    stuck: bool = False  # nobody has touched it for long, and it waits for no day to come

    def data(self) -> dict[str, Any]:
        """Return the row as a JSON-ready object."""
        data: dict[str, Any] = to_data(self)
        return data


@frozen
class Queue:
    """A page of the queue, the longest open first, and what there is to choose from.

    The numbers and choices are of what the actor may see.
    """

    rows: tuple[Row, ...]
    total: int  # how many there are on all pages
    page: int  # from 1
    pages: int  # at least 1
    opened: int  # how many there are without the filters
    owners: tuple[Person, ...]  # of all of those, by name
    reasons: tuple[Given, ...]  # that were given, by label
    profiles: tuple[str, ...]  # by which they were begun, by name
    more: bool  # there are more than were read: those begun last are missing
    read_at: datetime  # in UTC
    today: date  # the day in the host's zone

    def data(self) -> dict[str, Any]:
        """Return the queue as a JSON-ready object."""
        data: dict[str, Any] = to_data(self)
        return data


def _stage(value: Stage | str | None) -> Stage | None:
    try:
        return None if value is None else Stage(value)
    except ValueError:
        listed = ", ".join(repr(stage.value) for stage in Stage)
        raise Invalid(f"There is no stage {value!r}; the stages are: {listed}.") from None


def _folded(text: str) -> str:
    """Return a text as it is searched: without regard to case and to how accents are written."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@frozen
class Filters:
    """Which rows are wanted: those for which all of this is true.

    Attributes:
        min_age: open for so many days at least.
        stage: in this stage: a `Stage`, or its word.
        owner: with the owner of this id; "" for those whom nobody owns.
        reason: with this reason code; "" for those without any.
        profile: begun by this profile; "" for the kit's own checklist.
        search: with this in the customer's name or id, whatever the case.
        overdue, stuck: only those.
        stuck_after: how many days without a change make one stuck.
    """

    min_age: int = 0
    stage: Stage | None = field(default=None, converter=_stage)
    owner: str | None = None
    reason: str | None = None
    profile: str | None = None
    search: str = ""
    overdue: bool = False
    stuck: bool = False
    stuck_after: int = 14

    def __attrs_post_init__(self) -> None:
        for name in ("min_age", "stuck_after"):
            if type(days := getattr(self, name)) is not int or days < 0:
                raise Invalid(f"{name} must be a number of days, 0 or more, not {days!r}.")
        for name in ("owner", "reason", "profile", "search"):
            if (text := getattr(self, name)) is not None or name == "search":
                checked_line(text, f"the filter {name}")
        for name in ("overdue", "stuck"):
            if type(flag := getattr(self, name)) is not bool:
                raise Invalid(f"{name} must be True or False, not {flag!r}.")

    def take(self, row: Row) -> bool:
        """Say whether a row is wanted, whatever its stage."""
        owners, reasons = [one.id for one in row.owners], [one.code for one in row.reasons]
        searched = _folded(self.search.strip())
        return (
            (row.age or 0) >= self.min_age
            and (self.owner is None or self.owner in (owners or [""]))
            and (self.reason is None or self.reason in (reasons or [""]))
            and (self.profile is None or self.profile == row.profile)
            and (searched in _folded(row.name) or searched in _folded(row.customer))
            and row.overdue >= self.overdue
            and row.stuck >= self.stuck
        )

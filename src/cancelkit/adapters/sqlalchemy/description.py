"""What the host's tables mean, as plain values. Checked when they are made; no database is asked.

Everywhere: a column may be any SQL expression over one table, or over a subquery (which is how a
relation through another table is described); `where` says which rows are there at all, so that
deleted, merged and sample rows are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen
from sqlalchemy import ColumnElement, Date, DateTime, FromClause, false, true

from cancelkit.adapters.sqlalchemy.columns import (
    Column,
    as_column,
    check_columns,
    check_within,
    name_of,
    table_of,
    written,
)
from cancelkit.adapters.sqlalchemy.days import Day
from cancelkit.adapters.sqlalchemy.keys import Text, text_of
from cancelkit.errors import BadSetup


@frozen(eq=False, kw_only=True)
class _Rows:
    """What the sources of records have in common."""

    label: Column = None  # what a person knows a record by
    where: Column = None  # which rows are there at all
    id: Column = None  # else the table's primary key
    tenant: Column = None  # whose the record is; needed where two tenants' customers share ids
    link: Callable[[str], str | None] | None = None  # id -> the host's address of the record


@frozen(eq=False)
class Records(_Rows):
    """Records that are open or closed: cases, orders, or a plug-in's own.

    `closed` is a condition, such as `case.c.status.in_(["done"])`. What it does not say is closed,
    NULL included, is open. Text is compared as the database compares it: imported words that differ
    in case or spaces are another status.
    """

    customer: Column
    closed: Column

    def __attrs_post_init__(self) -> None:
        check_columns(self, "closed", "where")

    @property
    def open(self) -> tuple[ColumnElement[bool], ...]:
        """The condition of what keeps a section red."""
        closed: ColumnElement[bool] = self.closed
        return (closed.is_not(true()),)


@frozen(eq=False)
class Assets(_Rows):
    """Assets with a cease date, and perhaps a tick that says whether they are live."""

    customer: Column
    ceased_on: Column
    live: Column = None
    zone: Any = field(default=None, kw_only=True)
    day: Day = field(init=False)

    def __attrs_post_init__(self) -> None:
        check_columns(self, "live", "where")
        object.__setattr__(self, "day", Day.of(self.ceased_on, self.zone, "ceased_on="))

    @property
    def open(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions of live, scheduled and ticked assets."""
        unset = self.ceased_on.is_(None)
        ticked = self.day.come & self.live.is_(true()) if self.live is not None else false()
        return (unset, self.day.after, ticked)


@frozen(eq=False)
class Dates(_Rows):
    """Dated records, such as expiries; datetimes need the zone that says on which day they are.

    They are never named, so that label= and link= are refused.
    """

    customer: Column
    on: Column
    zone: Any = field(default=None, kw_only=True)
    day: Day = field(init=False)

    def __attrs_post_init__(self) -> None:
        check_columns(self, "where")
        for name in ("label", "link"):
            if getattr(self, name) is not None:
                raise BadSetup(f"Dates are never named: leave out {name}= of {name_of(self.on)}.")
        object.__setattr__(self, "day", Day.of(self.on, self.zone, "on="))

    @property
    def open(self) -> tuple[ColumnElement[bool], ...]:
        """Nothing of it is left to do; what is asked is the next date."""
        return ()


Source = Records | Assets | Dates


def _several(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, list | tuple | set | frozenset) else (given,)


@frozen(eq=False)
class Status:
    """The customer's status: a column, or any expression where a `mirror` function writes it.

    Attributes:
        value: text, int, bool or Enum. NULL is the text "".
        cancelled: the value to write that means Cancelled; of several, the first is written.
        pending: how "pending cancellation" is marked: a second column (a flag); or for each value
            of the same column what it becomes, {"live": "live_pc"}; None where it is not.
        labels: value -> the text to show.
    """

    value: Column
    cancelled: tuple[Any, ...] = field(converter=_several)
    pending: Mapping[Any, Any] | Column | None = None
    labels: Mapping[Any, str] = field(factory=dict)
    text: Text = field(init=False)

    def __attrs_post_init__(self) -> None:
        check_columns(self)
        object.__setattr__(self, "text", text_of(self.value, f"The status {name_of(self.value)}"))
        if not self.cancelled:
            raise BadSetup(f"cancelled= of {name_of(self.value)} has no value to write.")
        if isinstance(self.pending, Mapping):
            clash = set(self.pending.values()) & ({*self.pending} | {*self.cancelled})
            if clash or len({*self.pending.values()}) != len(self.pending):
                raise BadSetup(
                    f"pending= of {name_of(self.value)} must give each value one of its own."
                )
        elif self.pending is not None:
            object.__setattr__(self, "pending", as_column(self.pending, "pending="))

    @property
    def flag(self) -> Column | None:
        """The column of the mark, where there is one."""
        return None if isinstance(self.pending, Mapping) else self.pending


@frozen(eq=False)
class Customers:
    """The host's customers.

    Attributes:
        id: int, UUID or text.
        name: what a person knows a customer by.
        status: or none, for a CRM whose customers have none.
        owner: the owner's id; NULL for nobody. An expression can be seen, but not assigned.
        owner_name: the owner's name, such as a scalar subquery; the id where there is none.
        since: the customer's first day.
        tenant: whose customer it is.
        where: which rows are there at all.
        version: an int that goes up with each write, for a host that watches it.
        assign_owner, mirror: functions in place of the columns: called with the connection (or
            session) of the unit of work, they return what `AssignOwner`'s performer and the
            `StatusMirror` are.
    """

    id: Column
    name: Column
    status: Status | None = None
    owner: Column = None
    owner_name: Column = None
    since: Column = None
    tenant: Column = None
    where: Column = None
    version: Column = None
    assign_owner: Callable[[Any], Callable[..., bool]] | None = None
    mirror: Callable[[Any], Any] | None = None
    table: FromClause = field(init=False)
    key: Text = field(init=False)
    owner_key: Text | None = field(init=False)
    tenant_key: Text | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        check_columns(self, "where")
        self._set("table", table_of(self.id, f"The id {name_of(self.id)}"))
        self._set("key", text_of(self.id, f"The id {name_of(self.id)}"))
        for name in ("owner", "tenant"):
            column = getattr(self, name)
            what = f"{name}= ({name_of(column)})"
            self._set(f"{name}_key", None if column is None else text_of(column, what))
        self._check_table()
        self._check_written()
        if self.since is not None and not _is_day(self.since):
            raise BadSetup(
                f"since= ({name_of(self.since)}) has the type {self.since.type!r}, no date; "
                "sqlalchemy.cast(..., Date) makes one of it."
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_table(self) -> None:
        """Raise for a column of another table: the customers would be multiplied by its rows."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        if self.status is not None:
            columns |= {"status": self.status.value, "pending": self.status.flag}
        for name, column in columns.items():
            if column is not None:
                check_within(column, self.table, f"{name}= of Customers ({name_of(column)})")

    def _check_written(self) -> None:
        """Raise for an expression where a column is needed, to be written."""
        needed = {"version": self.version}
        if self.status is not None and self.mirror is None:
            needed |= {"status": self.status.value, "pending": self.status.flag}
        for name, column in needed.items():
            if column is not None and not written(column, self.table):
                raise BadSetup(
                    f"{name}= of Customers ({name_of(column)}) is no column of {self.table}, so "
                    "that it cannot be written; give mirror= a function that does."
                )

    @property
    def assigns(self) -> bool:
        """Whether the owner is a column that can be written."""
        return self.owner is not None and written(self.owner, self.table)


_COLUMNS = ("name", "owner", "owner_name", "since", "tenant", "where", "version")


def _is_day(column: Column) -> bool:
    return isinstance(column.type, Date) and not isinstance(column.type, DateTime)

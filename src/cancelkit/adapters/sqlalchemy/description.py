"""What the host's tables mean, as plain values. Checked when they are made; no database is asked.

Everywhere: a column may be any SQL expression over one table, or over a subquery (which is how a
relation through another table is described); `where` says which rows are there at all, so that
deleted, merged and sample rows are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, TypeAlias, cast

from attrs import field, fields, frozen
from sqlalchemy import Boolean, ColumnElement, Date, DateTime, FromClause, bindparam, false, true
from sqlalchemy.sql.elements import BindParameter

from cancelkit.adapters.sqlalchemy.keys import Text, text_of
from cancelkit.errors import BadSetup
from cancelkit.times import checked_zone

Column: TypeAlias = Any
"""A `ColumnElement` of SQLAlchemy, or an attribute of a mapped class."""
AS_OF: BindParameter[date] = bindparam("as_of", type_=Date())


def name_of(column: Column) -> str:
    """Return a column as "table.column", for a message."""
    table = getattr(getattr(column, "table", None), "name", None)
    name = getattr(column, "key", None) or str(column)
    return f"{table}.{name}" if table else str(name)


def from_objects(column: Column) -> tuple[FromClause, ...]:
    """Return what an expression is over."""
    return tuple(column._from_objects)  # noqa: SLF001 - nothing public tells it, subqueries apart


def table_of(column: Column, what: str) -> FromClause:
    """Return the table, or subquery, that a column or expression is over."""
    tables = from_objects(column)
    if len(tables) != 1:
        found = ", ".join(str(table) for table in tables) or "none"
        raise BadSetup(f"{what} must be over one table; it is over: {found}.")
    return tables[0]


def _column(value: Any, what: str) -> ColumnElement[Any]:
    if hasattr(value, "__clause_element__"):  # an attribute of a mapped class
        value = value.__clause_element__()
    if not isinstance(value, ColumnElement):
        raise BadSetup(f"{what} must be a column of SQLAlchemy, not {type(value).__name__}.")
    return value


def check_columns(described: object, *conditions: str) -> None:
    """Check all columns of a description, in place; `conditions` must be true or false."""
    for attribute in fields(cast("Any", type(described))):
        value = getattr(described, attribute.name, None)
        if attribute.type != "Column" or (value is None and attribute.default is None):
            continue
        found = _column(value, f"{attribute.name}=")
        if attribute.name in conditions and not isinstance(found.type, Boolean):
            raise BadSetup(
                f"{attribute.name}= must be true or false, such as orders.c.status.in_(['done']); "
                f"{name_of(found)} has the type {found.type!r}."
            )
        object.__setattr__(described, attribute.name, found)


@frozen(eq=False)
class Day:
    """A column of dates, or of datetimes with the zone that says which day they are on."""

    column: ColumnElement[Any]
    zone: tzinfo | None

    @classmethod
    def of(cls, value: Column, zone: Any, what: str) -> Day:
        """Check a column; one of datetimes needs a zone."""
        if isinstance(value.type, DateTime):
            if zone is None:
                raise BadSetup(
                    f"{what} ({name_of(value)}) has times: say zone='Europe/London' or the like, "
                    "to tell which day they are on."
                )
            return cls(value, checked_zone(zone))
        if not isinstance(value.type, Date):
            raise BadSetup(f"{what} ({name_of(value)}) has the type {value.type!r}, no date.")
        return cls(value, None)

    @property
    def after(self) -> ColumnElement[bool]:
        """The rows after the as-of day."""
        return self.column > AS_OF if self.zone is None else self.column >= self._midnight

    @property
    def come(self) -> ColumnElement[bool]:
        """The rows on the as-of day or before."""
        return self.column <= AS_OF if self.zone is None else self.column < self._midnight

    @property
    def name(self) -> str:
        """The name of the parameter that has the end of the as-of day."""
        return f"after_{self.zone}_{self._aware}".replace("/", "_").replace("+", "p").lower()

    @property
    def _aware(self) -> bool:
        return bool(getattr(self.column.type, "timezone", False))

    @property
    def _midnight(self) -> BindParameter[Any]:
        return bindparam(self.name, type_=self.column.type)

    def values(self, as_of: date) -> dict[str, Any]:
        """Return the parameters for an as-of day, beside the day itself."""
        if self.zone is None:
            return {}
        midnight = datetime.combine(as_of + timedelta(days=1), time(), self.zone)
        return {
            self.name: midnight.astimezone(UTC) if self._aware else midnight.replace(tzinfo=None)
        }

    def read(self, value: Any) -> date | None:
        """Return a value of the column as a day in the zone."""
        if self.zone is not None and isinstance(value, datetime):
            aware = (
                value.replace(tzinfo=UTC if self._aware else self.zone)
                if value.tzinfo is None
                else value
            )
            return aware.astimezone(self.zone).date()
        found: date | None = value
        return found


@frozen(eq=False, kw_only=True)
class _Rows:
    """What the sources of records have in common."""

    label: Column = None  # what a person knows a record by
    where: Column = None  # which rows are there at all
    id: Column = None  # else the table's primary key
    link: Callable[[str], str | None] | None = None  # id -> the host's address of the record


@frozen(eq=False)
class Records(_Rows):
    """Records that are open or closed: cases, orders, or a plug-in's own.

    `closed` is a condition, such as `case.c.status.in_(["done"])`. What it does not say is closed,
    NULL included, is open.
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
    """Dated records, such as expiries; datetimes need the zone that says on which day they are."""

    customer: Column
    on: Column
    zone: Any = field(default=None, kw_only=True)
    day: Day = field(init=False)

    def __attrs_post_init__(self) -> None:
        check_columns(self, "where")
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
    """The customer's status: a column, or any expression.

    Attributes:
        value: text, int, bool or Enum.
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
        if isinstance(self.pending, Mapping):
            clash = set(self.pending.values()) & ({*self.pending} | {*self.cancelled})
            if clash or len({*self.pending.values()}) != len(self.pending):
                raise BadSetup(
                    f"pending= of {name_of(self.value)} must give each value one of its own."
                )
        elif self.pending is not None:
            object.__setattr__(self, "pending", _column(self.pending, "pending="))

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
        owner: the owner's id; NULL for nobody.
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
    key: Text = field(init=False)
    owner_key: Text | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        check_columns(self, "where")
        object.__setattr__(self, "key", text_of(self.id, f"The id {name_of(self.id)}"))
        owner = self.owner
        found = None if owner is None else text_of(owner, f"The owner {name_of(owner)}")
        object.__setattr__(self, "owner_key", found)
        table_of(self.id, f"The id {name_of(self.id)}")

    @property
    def table(self) -> FromClause:
        """The table of the customers."""
        return table_of(self.id, "id")

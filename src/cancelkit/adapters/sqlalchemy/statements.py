"""The statements of a description: each is built once, and has one constant text.

A need is one *row source*: the customer's column, the condition of what is open, a label. From it
come the single form (all needs of a customer in one SELECT of one row), the locking form, the
chunked form (such a row for each of many customers) and the sampled form (names of open records).
Counts are capped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.sql.elements import BindParameter

from cancelkit.adapters.sqlalchemy.answers import Asked, Reader, reader
from cancelkit.adapters.sqlalchemy.chunks import among
from cancelkit.adapters.sqlalchemy.columns import check_within, table_of
from cancelkit.adapters.sqlalchemy.days import AS_OF, Day
from cancelkit.adapters.sqlalchemy.description import Assets, Customers, Dates, Source
from cancelkit.errors import BadSetup
from cancelkit.needs import Need, NextDate, OpenRecords, UnceasedAssets, Unknown

CAP = 100
"""Counts stop here: "100+" says enough."""

S = TypeVar("S")

Answer = Callable[[Any, ColumnElement[Any], ColumnElement[Any]], Any]
"""A custom need in SQL: (need, customer id expression, as-of day) -> scalar select(s)."""


class RowSource(NamedTuple):
    """A need with the source that answers it."""

    need: Need[Any]
    source: Source
    table: FromClause
    id: ColumnElement[Any]
    tenant: BindParameter[Any] | None

    def rows(self, *columns: Any, where: ColumnElement[bool]) -> Select[Any]:
        """Select from the rows that are there, and for which a condition is true."""
        there = [] if self.source.where is None else [self.source.where]
        return self._mine(*columns).where(*there, where)

    def of(self, customer: Any, *columns: Any, where: ColumnElement[bool]) -> Select[Any]:
        """Select from the rows of one customer."""
        return self.rows(*columns, where=where).where(self.source.customer == customer)

    def every(self, customer: Any, *columns: Any) -> Select[Any]:
        """Select from all rows of one customer, closed and deleted ones too."""
        return self._mine(*columns).where(self.source.customer == customer)

    def _mine(self, *columns: Any) -> Select[Any]:
        chosen = select(*columns).select_from(self.table)
        return chosen if self.tenant is None else chosen.where(self.source.tenant == self.tenant)


def row_source(need: Need[Any], source: Source, tenant: BindParameter[Any] | None) -> RowSource:
    """Check a source, and give it the key by which its rows are told apart."""
    what = f"The source of {need!r}"
    table = table_of(source.customer, f"{what}: customer=")
    columns = (source.where, source.label, source.id, source.tenant, *source.open)
    for column in (*columns, getattr(source, "on", None)):
        if column is not None:
            check_within(column, table, f"{what}: {column}")
    if source.tenant is not None and tenant is None:
        raise BadSetup(f"{what} has tenant=, but Customers has none.")
    keys = list(getattr(table, "primary_key", ()))
    key = source.id if source.id is not None else (keys[0] if len(keys) == 1 else None)
    if key is None:
        raise BadSetup(f"{what} has no single primary key: say id= which column tells rows apart.")
    return RowSource(need, source, table, key, tenant if source.tenant is not None else None)


def need_of(kind: str, source: Source) -> Need[Any]:
    """Return the need that a source answers."""
    if isinstance(source, Assets):
        return UnceasedAssets(kind)
    return NextDate(kind) if isinstance(source, Dates) else OpenRecords(kind)


class Statements:
    """The statements of one description, made on first use."""

    def __init__(
        self,
        customers: Customers,
        records: Mapping[str, Source],
        answers: Mapping[type, Answer],
        cap: int,
    ) -> None:
        tenant = customers.tenant_key
        self.customers: Customers = customers
        self.tenant: BindParameter[Any] | None = (
            bindparam("tenant", type_=tenant.type) if tenant else None
        )
        self.customer: BindParameter[Any] = bindparam("customer", type_=customers.key.type)
        self.sources: dict[Need[Any], RowSource] = {}
        for kind, source in records.items():
            need = need_of(kind, source)
            self.sources[need] = row_source(need, source, self.tenant)
        self.answers: Mapping[type, Answer] = answers
        self.cap: int = cap
        self._made: dict[Any, Any] = {}

    def once(self, key: Any, make: Callable[[], S]) -> S:
        """Return a statement, which is made the first time."""
        try:
            made: S = self._made[key]
        except KeyError:
            made = self._made[key] = make()
        return made

    # ------------------------------------------------------------ customers

    def lock(self) -> Select[Any]:
        """Select one customer, and lock it."""
        return self.once("lock", self._lock)

    def load(self, dialect: str) -> Select[Any]:
        """Select many customers."""
        return self.once(("load", dialect), lambda: self._there().where(self._among(dialect)))

    def visible(self, tenant: Any) -> list[ColumnElement[bool]]:
        """Return the conditions of the customers that are there: a tenant's, and `where`."""
        customers = self.customers
        mine = [] if self.tenant is None else [customers.tenant == tenant]
        return [*mine, *([] if customers.where is None else [customers.where])]

    def _lock(self) -> Select[Any]:
        found = self._there().where(self.customers.id == self.customer)
        return found.with_for_update(of=self.customers.table)

    def _there(self) -> Select[Any]:
        customers, status = self.customers, self.customers.status
        columns = (
            customers.id,
            customers.name,
            status.value if status else None,
            status.flag if status else None,
            customers.owner,
            customers.owner_name,
            customers.since,
        )
        labelled = [
            (null() if column is None else column).label(f"c{at}")
            for at, column in enumerate(columns)
        ]
        return select(*labelled).select_from(customers.table).where(*self.visible(self.tenant))

    # ------------------------------------------------------------ needs

    def known(self, need: Need[Any]) -> bool:
        """Say whether there is a source for a need."""
        return need in self.sources or type(need) in self.answers

    def asked(self, needs: tuple[Need[Any], ...]) -> Asked:
        """Return all that is asked with a list of needs."""
        return self.once(("asked", needs), lambda: self._asked(needs))

    def _asked(self, needs: tuple[Need[Any], ...]) -> Asked:
        others = (need for need in needs if not self.known(need))
        unknown = {need: Unknown(f"no source for {need!r} is described") for need in others}
        known = tuple(filter(self.known, needs))
        columns = [self.scalars(need, self.customer) for need in known]
        locking = [self.scalars(need, self.customer, locking=True) for need in known]
        return Asked(
            known,
            unknown,
            _row(columns),
            _row(locking),
            self._days(known),
            list(self._readers(known, [*map(len, columns)])),
            sum(map(len, columns)),
        )

    def single(self, needs: tuple[Need[Any], ...], *, locking: bool) -> Select[Any]:
        """One SELECT of one row with the answers to all needs of one customer.

        `locking` puts a share lock into each subquery: for stores that read an old snapshot
        otherwise (MariaDB).
        """
        asked = self.asked(needs)
        return asked.locking if locking else asked.single

    def many(self, needs: tuple[Need[Any], ...], dialect: str) -> Select[Any]:
        """One SELECT with a row for each of many customers: the id, and the row of `single`."""
        return self.once(("many", needs, dialect), lambda: self._many(needs, dialect))

    def children(self) -> Select[Any] | None:
        """Lock all rows of all sources of one customer, closed ones too, by their keys."""
        return self.once("children", self._children)

    def named(self, need: Need[Any], *, locking: bool = False) -> Select[Any]:
        """The open records of one customer: (id, label), by id, at most :most.

        `locking` reads what is there now, with a share lock, as `single` does.
        """
        return self.once(("named", need, locking), lambda: self._named(need, locking=locking))

    def _readers(
        self, needs: Sequence[Need[Any]], widths: Sequence[int]
    ) -> Iterator[tuple[Need[Any], Reader]]:
        at = 0
        for need, width in zip(needs, widths, strict=True):
            found = self.sources.get(need)
            yield need, reader(found.source if found else None, at, width, self.cap)
            at += width

    def _days(self, needs: Iterable[Need[Any]]) -> list[Day]:
        sources = (self.sources[need].source for need in needs if need in self.sources)
        return [source.day for source in sources if isinstance(source, Assets | Dates)]

    def scalars(
        self, need: Need[Any], customer: Any, *, locking: bool = False, capped: bool = True
    ) -> list[Any]:
        """Return the answer to a need as scalar subqueries, for a customer's id or a column."""
        source = self.sources.get(need)
        if source is None:
            made = self.answers[type(need)](need, customer, AS_OF)
            each = made if isinstance(made, tuple) else (made,)
            return [_scalar(need, one, locking) for one in each]
        if isinstance(source.source, Dates):
            day = source.source.day
            first = source.of(customer, func.min(day.column), where=day.after)
            return [_scalar(need, first, locking)]
        if not capped:
            whole = (source.of(customer, func.count(), where=left) for left in source.source.open)
            return [one.scalar_subquery() for one in whole]
        return [self._capped(source, customer, left, locking) for left in source.source.open]

    def _many(self, needs: tuple[Need[Any], ...], dialect: str) -> Select[Any]:
        customers = self.customers
        chosen = select(customers.id.label("id")).select_from(customers.table)
        each = chosen.where(self._among(dialect), *self.visible(self.tenant)).cte("chosen")
        capped = dialect not in ("mysql", "mariadb")  # MariaDB has no LIMIT in such a place
        columns = [c for n in needs for c in self.scalars(n, each.c.id, capped=capped)]
        return select(each.c.id, *(c.label(f"a{i}") for i, c in enumerate(columns)))

    def _among(self, dialect: str) -> ColumnElement[bool]:
        return among(self.customers.id, self.customers.key.type, dialect)

    def _capped(self, source: RowSource, customer: Any, left: Any, locking: bool) -> Any:
        enough = literal_column(str(self.cap + 1), Integer())  # no parameter: plans look at it
        rows = source.of(customer, literal_column("1").label("one"), where=left).limit(enough)
        if not isinstance(customer, BindParameter):
            rows = rows.correlate(customer.table)
        counted = (rows.with_for_update(read=True) if locking else rows).subquery()
        return select(func.count()).select_from(counted).scalar_subquery()

    def _children(self) -> Select[Any] | None:
        one: Any = literal_column("1").label("one")
        distinct = {(str(s.table), str(s.source.customer)): s for s in self.sources.values()}
        locks = [
            source.every(self.customer, one)
            .order_by(source.id)
            .with_for_update(read=True, of=source.table)
            .cte(f"locked{i}")
            for i, source in enumerate(distinct.values())
        ]
        if not locks:
            return None
        return select(*(select(func.count()).select_from(c).scalar_subquery() for c in locks))

    def _named(self, need: Need[Any], *, locking: bool) -> Select[Any]:
        source = self.sources[need]
        label = source.source.label if source.source.label is not None else source.id
        left = or_(literal(False), *source.source.open)
        rows = source.of(self.customer, source.id, label, where=left)
        named = rows.order_by(source.id).limit(bindparam("most", type_=Integer()))
        return named.with_for_update(read=True) if locking else named


def _row(columns: Iterable[Sequence[Any]]) -> Select[Any]:
    """Select the columns of all needs as one row."""
    each = (column for ours in columns for column in ours)
    return select(*(column.label(f"a{at}") for at, column in enumerate(each)))


def _scalar(need: Need[Any], made: Any, locking: bool) -> Any:
    if isinstance(made, ScalarSelect):
        return made
    if not isinstance(made, Select):  # a column, say: one row for each row of its table
        raise BadSetup(
            f"The function in answers= for {type(need).__name__} returned {type(made).__name__}; "
            "expected a select(...) of one value, its scalar_subquery(), or a tuple of these."
        )
    return (made.with_for_update(read=True) if locking else made).scalar_subquery()

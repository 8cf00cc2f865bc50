"""The statements of a description: each is built once, and has one constant text.

A need is one *row source*: the customer's column, the condition of what is open, a label. From it
come the single form (all needs of a customer in one SELECT of one row), the locking form, the
chunked form (many customers) and the sampled form (names of open records). Counts are capped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from cancelkit.adapters.sqlalchemy.description import (
    AS_OF,
    Assets,
    Customers,
    Dates,
    Source,
    from_objects,
    table_of,
)
from cancelkit.errors import BadSetup
from cancelkit.needs import Count, Need, NextDate, OpenRecords, UnceasedAssets

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

    def rows(self, *columns: Any, where: ColumnElement[bool] | None = None) -> Select[Any]:
        """Select from the rows that are there at all, or from those that are open in one way."""
        chosen = select(*columns).select_from(self.table)
        there = [] if self.source.where is None else [self.source.where]
        return chosen.where(*there, *([] if where is None else [where]))

    def of(self, customer: Any, *columns: Any, where: ColumnElement[bool] | None) -> Select[Any]:
        """Select from the rows of one customer."""
        return self.rows(*columns, where=where).where(self.source.customer == customer)


def row_source(need: Need[Any], source: Source) -> RowSource:
    """Check a source, and give it the key by which its rows are told apart."""
    what = f"The source of {need!r}"
    table = table_of(source.customer, f"{what}: customer=")
    for condition in (*source.open, *([] if source.where is None else [source.where])):
        others = {str(t) for t in from_objects(condition) if t is not table}
        if others:
            raise BadSetup(f"{what}: a condition is over {', '.join(sorted(others))} as well.")
    keys = list(getattr(table, "primary_key", ()))
    key = source.id if source.id is not None else (keys[0] if len(keys) == 1 else None)
    if key is None:
        raise BadSetup(f"{what} has no single primary key: say id= which column tells rows apart.")
    return RowSource(need, source, table, key)


def need_of(kind: str, source: Source) -> Need[Any]:
    """Return the need that a source answers."""
    if isinstance(source, Assets):
        return UnceasedAssets(kind)
    return NextDate(kind) if isinstance(source, Dates) else OpenRecords(kind)


class Statements:
    """The statements of one description and one dialect family, made on first use."""

    def __init__(
        self,
        customers: Customers,
        sources: Mapping[Need[Any], RowSource],
        answers: Mapping[type, Answer],
        cap: int,
    ) -> None:
        self.customers = customers
        self.sources = sources
        self.answers = answers
        self.cap = cap
        self.customer = bindparam("customer", type_=customers.id.type)
        self._made: dict[Any, Any] = {}

    def known(self, need: Need[Any]) -> bool:
        """Say whether there is a source for a need."""
        return need in self.sources or type(need) in self.answers

    def single(self, needs: tuple[Need[Any], ...], *, locking: bool) -> Select[Any]:
        """One SELECT of one row with the answers to all needs of one customer.

        `locking` puts a share lock into each subquery: for stores that read an old snapshot
        otherwise (MariaDB).
        """
        return self._once(("single", needs, locking), lambda: self._single(needs, locking))

    def children(self) -> Select[Any] | None:
        """Lock all rows of all sources of one customer, closed ones too, by their keys."""
        return self._once("children", self._children)

    def named(self, need: Need[Any]) -> Select[Any]:
        """The open records of one customer: (id, label), by id, at most :most."""
        return self._once(("named", need), lambda: self._named(need))

    def read(self, needs: Sequence[Need[Any]], row: Sequence[Any]) -> dict[Need[Any], object]:
        """Turn the row of `single` into answers."""
        found, at = {}, 0
        for need in needs:
            wide = self.width(need)
            found[need] = self._answer(need, row[at : at + wide])
            at += wide
        return found

    def width(self, need: Need[Any]) -> int:
        """Return how many columns the answer to a need has."""
        if need not in self.sources:
            return len(_several(self.answers[type(need)](need, self.customer, AS_OF)))
        return max(1, len(self.sources[need].source.open))

    def _answer(self, need: Need[Any], values: Sequence[Any]) -> object:
        source = self.sources.get(need)
        if source is None:
            return values[0] if len(values) == 1 else tuple(values)
        if isinstance(source.source, Dates):
            return source.source.day.read(values[0])
        counts = tuple(self._count(int(value or 0)) for value in values)
        return counts if isinstance(source.source, Assets) else counts[0]

    def _count(self, n: int) -> Count:
        return Count(self.cap, more=True) if n > self.cap else Count(n)

    def values(self, needs: Iterable[Need[Any]], as_of: date) -> dict[str, Any]:
        """Return the parameters of all sources for an as-of day."""
        found: dict[str, Any] = {"as_of": as_of}
        for need in needs:
            source = self.sources.get(need)
            day = getattr(source.source, "day", None) if source else None
            found |= day.values(as_of) if day else {}
        return found

    def _once(self, key: Any, make: Callable[[], S]) -> S:
        if key not in self._made:
            self._made[key] = make()
        made: S = self._made[key]
        return made

    def _single(self, needs: tuple[Need[Any], ...], locking: bool) -> Select[Any]:
        columns = [c for need in needs for c in self._scalars(need, self.customer, locking)]
        return select(*(c.label(f"a{i}") for i, c in enumerate(columns)))

    def _scalars(self, need: Need[Any], customer: Any, locking: bool) -> list[Any]:
        source = self.sources.get(need)
        if source is None:
            return [_scalar(s) for s in _several(self.answers[type(need)](need, customer, AS_OF))]
        if isinstance(source.source, Dates):
            day = source.source.day
            rows = source.of(customer, func.min(day.column), where=day.after)
            return [(rows.with_for_update(read=True) if locking else rows).scalar_subquery()]
        return [self._capped(source, customer, left, locking) for left in source.source.open]

    def _capped(self, source: RowSource, customer: Any, left: Any, locking: bool) -> Any:
        rows = source.of(customer, literal_column("1").label("one"), where=left).limit(self.cap + 1)
        counted = (rows.with_for_update(read=True) if locking else rows).subquery()
        return select(func.count()).select_from(counted).scalar_subquery()

    def blank(self, needs: Sequence[Need[Any]]) -> list[Any]:
        """Return the row of a customer of whom nothing was counted."""
        return [None] * sum(map(self.width, needs))

    def cells(
        self, db: Connection, needs: tuple[Need[Any], ...], values: Mapping[str, Any]
    ) -> Iterator[tuple[Any, int, Any]]:
        """Ask for many customers: each cell is (customer, column of the row of `single`, value)."""
        at = 0
        counted: list[tuple[Need[Any], range]] = []
        other: list[tuple[Need[Any], range]] = []
        for need in needs:
            columns = range(at, at := at + self.width(need))
            source = self.sources.get(need)
            (counted if source and source.source.open else other).append((need, columns))
        if counted:
            yield from db.execute(
                self._once(("chunk", needs), lambda: self._chunk(counted)), values
            )
        if other:
            statement = self._once(("scalars", needs), lambda: self._scalar_rows(other))
            places = [column for _, columns in other for column in columns]
            for key, *found in db.execute(statement, values):
                yield from ((key, place, value) for place, value in zip(places, found, strict=True))

    def _chosen(self) -> Any:
        customers = self.customers
        ids = customers.id.in_(bindparam("customers", expanding=True))
        return (
            select(customers.id.label("id")).select_from(customers.table).where(ids).cte("chosen")
        )

    def _chunk(self, counted: Sequence[tuple[Need[Any], range]]) -> Any:
        """Count for many customers: (customer, column, n), with a row where there are any."""
        chosen, parts = self._chosen(), []
        for need, columns in counted:
            source = self.sources[need]
            customer = source.source.customer
            for at, left in zip(columns, source.source.open, strict=True):
                cell: tuple[Any, ...] = (customer, literal_column(str(at)), func.count())
                rows = source.rows(*cell, where=left).join(chosen, chosen.c.id == customer)
                parts.append(rows.group_by(customer))
        return union_all(*parts)

    def _scalar_rows(self, needs: Sequence[tuple[Need[Any], range]]) -> Any:
        """Ask what is no count for many customers: (customer, value, ...), a row for each."""
        customers = self.customers
        cells = [c for need, _ in needs for c in self._scalars(need, customers.id, locking=False)]
        ids = customers.id.in_(bindparam("customers", expanding=True))
        return select(customers.id, *cells).select_from(customers.table).where(ids)

    def _children(self) -> Select[Any] | None:
        locks = [
            s.of(self.customer, literal_column("1").label("one"), where=None)
            .order_by(s.id)
            .with_for_update(read=True, of=s.table)
            .cte(f"locked{i}")
            for i, s in enumerate({str(s.table): s for s in self.sources.values()}.values())
        ]
        if not locks:
            return None
        return select(*(select(func.count()).select_from(c).scalar_subquery() for c in locks))

    def _named(self, need: Need[Any]) -> Select[Any]:
        source = self.sources[need]
        first, *others = source.source.open or (literal(False),)
        for other in others:
            first = first | other
        label = source.source.label if source.source.label is not None else source.id
        rows = source.of(self.customer, source.id, label, where=first)
        return rows.order_by(source.id).limit(bindparam("most", type_=Integer()))


def _several(made: Any) -> tuple[Any, ...]:
    return made if isinstance(made, tuple) else (made,)


def _scalar(made: Any) -> Any:
    return made.scalar_subquery() if isinstance(made, Select) else made

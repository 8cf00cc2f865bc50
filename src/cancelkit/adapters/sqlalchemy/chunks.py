"""Many customers at once: counts in one statement, and whatever is no count in another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, Connection, func, literal_column, select, union_all

from cancelkit.adapters.sqlalchemy.statements import Statements
from cancelkit.needs import Need

Placed = Sequence[tuple[Need[Any], range]]
"""Needs, each with the columns of its answer in the row of `Statements.single`."""


def cells(
    made: Statements, db: Connection, needs: tuple[Need[Any], ...], values: Mapping[str, Any]
) -> Iterator[tuple[Any, int, Any]]:
    """Ask for many customers: each cell is (customer, column of the row of `single`, value)."""
    counted, other = made.once(("placed", needs), lambda: _placed(made, needs))
    if counted:
        yield from db.execute(made.once(("counts", needs), lambda: _counts(made, counted)), values)
    if other:
        places = [column for _, columns in other for column in columns]
        statement = made.once(("scalars", needs), lambda: _scalars(made, other))
        for key, *found in db.execute(statement, values):
            yield from ((key, place, value) for place, value in zip(places, found, strict=True))


def _placed(made: Statements, needs: Sequence[Need[Any]]) -> tuple[Placed, Placed]:
    at = 0
    counted: list[tuple[Need[Any], range]] = []
    other: list[tuple[Need[Any], range]] = []
    for need in needs:
        columns = range(at, at := at + made.width(need))
        source = made.sources.get(need)
        (counted if source and source.source.open else other).append((need, columns))
    return counted, other


def _chosen(made: Statements) -> CTE:
    customers = made.customers
    chosen = select(customers.id.label("id")).select_from(customers.table)
    return chosen.where(customers.id.in_(made.chosen), *made.visible(made.tenant)).cte("chosen")


def _counts(made: Statements, needs: Placed) -> Any:
    """Count for many customers: (customer, column, n), with a row where there are any."""
    chosen, parts = _chosen(made), []
    for need, columns in needs:
        source = made.sources[need]
        mine = chosen.c.id == source.source.customer
        for at, left in zip(columns, source.source.open, strict=True):
            cell: tuple[Any, ...] = (chosen.c.id, literal_column(str(at)), func.count())
            parts.append(source.rows(*cell, where=left).join(chosen, mine).group_by(chosen.c.id))
    return union_all(*parts)


def _scalars(made: Statements, needs: Placed) -> Any:
    """Ask what is no count for many customers: (customer, value, ...), a row for each."""
    chosen = _chosen(made)
    found = [one for need, _ in needs for one in made.scalars(need, chosen.c.id)]
    return select(chosen.c.id, *found)

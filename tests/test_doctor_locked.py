"""What the doctor takes for locked on MariaDB: a SELECT each of whose parts has the clause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects import mysql

from cancelkit.adapters.sqlalchemy import Customers, SqlHost
from cancelkit.adapters.sqlalchemy.doctor.locked import all_locked

META = sa.MetaData()
CLIENT = sa.Table(
    "client", META, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text)
)
ORDER = sa.Table("orders", META, sa.Column("id", sa.Integer), sa.Column("client_id", sa.Integer))
COUNT: sa.Select[Any] = sa.select(sa.func.count())
Rows = Callable[[Any], Any]


@frozen(cache_hash=True)
class Orders:
    """How many orders there are."""

    def read(self, answer: object, /) -> object:
        return answer


def mine(customer: Any) -> Any:
    return sa.select(ORDER.c.id).where(ORDER.c.client_id == customer)


def within(customer: Any) -> Any:
    return ORDER.c.id.in_(mine(customer))


def joined(customer: Any) -> Any:
    inner = mine(customer).with_for_update(read=True).subquery()
    return COUNT.select_from(inner.join(ORDER, ORDER.c.id == inner.c.id))


LOCKED: dict[str, Rows] = {
    "one SELECT": lambda c: COUNT.select_from(ORDER).where(ORDER.c.client_id == c),
    "a subquery that locks": lambda c: COUNT.select_from(
        mine(c).with_for_update(read=True).subquery()
    ),
    "a join": lambda c: COUNT.select_from(ORDER.join(CLIENT, CLIENT.c.id == ORDER.c.client_id)),
    "no table": lambda c: sa.select(sa.literal(1)),
}
LOOSE: dict[str, Rows] = {
    "a subquery": lambda c: COUNT.select_from(mine(c).subquery()),
    "a CTE": lambda c: COUNT.select_from(mine(c).cte("mine")),
    "a condition": lambda c: COUNT.select_from(ORDER).where(within(c)),
    "EXISTS": lambda c: sa.select(sa.exists().where(ORDER.c.client_id == c)),
    "a union": lambda c: COUNT.select_from(sa.union_all(mine(c), mine(c)).subquery()),
    "one of two": lambda c: (COUNT.select_from(ORDER), mine(c).scalar_subquery()),
    "text": lambda c: sa.select(sa.text("(SELECT count(*) FROM orders)")),
    "a column of text": lambda c: sa.select(sa.literal_column("(SELECT count(*) FROM orders)")),
}


def _locked(rows: Rows) -> bool:
    host = SqlHost(
        Customers(CLIENT.c.id, name=CLIENT.c.name),
        {},
        answers={Orders: lambda need, customer, day: rows(customer)},
    )
    return all_locked(host.statements.single((Orders(),), locking=True), mysql.dialect())


@pytest.mark.parametrize("rows", LOCKED.values(), ids=LOCKED)
def test_each_select_locks(rows: Rows) -> None:
    assert _locked(rows)


@pytest.mark.parametrize("rows", LOOSE.values(), ids=LOOSE)
def test_some_select_does_not_lock(rows: Rows) -> None:
    assert not _locked(rows)


def test_a_join_with_a_subquery_is_locked_by_both() -> None:
    assert _locked(joined)
    assert not all_locked(joined(1), mysql.dialect())

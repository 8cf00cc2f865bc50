"""The floors: what somebody would write by hand for these tables, on the driver, and sound.

Sound is: the customer is locked first, all its records are locked, and they are checked in a new
statement; on SQLite, the one writer is the lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from cancelkit.evaluate import read_answers
from cancelkit.needs import Count, Need, NextDate, OpenRecords, UnceasedAssets
from tests.benchmarks import shop
from tests.benchmarks.material import NOW, TODAY
from tests.benchmarks.shop import KIT, Shop
from tests.sql_crm import CLOSED

NEXT, ASSETS = NextDate("expiries"), UnceasedAssets("assets")
CASES = {kind: OpenRecords(kind) for kind in CLOSED}
CAP = 100
COUNTS = [*map(Count, range(CAP + 1)), Count(CAP, more=True)]
Answers = Mapping[Need[Any], object]


class Sql:
    """The statements for one of the databases, as its driver takes them."""

    def __init__(self, kind: str) -> None:
        self.pg = kind == "postgresql"
        self.true = "true" if self.pg else "1"

    def p(self, name: str) -> str:
        """Return a parameter."""
        return f"%({name})s" if self.pg else f":{name}"

    def open(self) -> dict[str, tuple[str, ...]]:
        """Return table -> the conditions of what is open, as the partial indexes have them."""
        day = self.p("d")
        found: dict[str, tuple[str, ...]] = {
            kind: (f"(status IN ({', '.join(map(repr, closed))})) IS NOT {self.true}",)
            for kind, closed in CLOSED.items()
        }
        ticked = f"cease_date <= {day} AND live IS {self.true}"
        return {"assets": ("cease_date IS NULL", f"cease_date > {day}", ticked), **found}

    def subqueries(self, customer: str, *, capped: bool = True) -> list[str]:
        """Return the answers to all needs as scalar subqueries."""
        future = f"customer_id = {customer} AND due > {self.p('d')}"
        made = [f"(SELECT min(due) FROM expiries WHERE {future})"]
        for table, conditions in self.open().items():
            for condition in conditions:
                rows = f"FROM {table} WHERE customer_id = {customer} AND {condition}"
                some = f"FROM (SELECT 1 {rows} LIMIT {CAP + 1}) AS q"
                made.append(f"(SELECT count(*) {some if capped else rows})")
        return made

    def checklist(self, *, capped: bool = True) -> str:
        """One SELECT of one row."""
        return f"SELECT {', '.join(self.subqueries(self.p('c'), capped=capped))}"

    def naive(self) -> list[str]:
        """A SELECT for each section, whose counts have no end."""
        return [f"SELECT {one}" for one in self.subqueries(self.p("c"), capped=False)]

    def chunk(self) -> str:
        """One SELECT for a range of customers: heads, and one pivot of what is open."""
        each = f"customer_id BETWEEN {self.p('low')} AND {self.p('high')}"
        parts, columns = [], ["min(due)"]
        conditions = [(table, one) for table, many in self.open().items() for one in many]
        for at, (table, condition) in enumerate(conditions):
            none = "CAST(NULL AS date)" if self.pg else "NULL"
            parts.append(
                f"SELECT customer_id, {at} AS s, {none} AS due FROM {table} "
                f"WHERE {each} AND {condition}"
            )
            columns.append(f"sum(CASE WHEN s = {at} THEN 1 ELSE 0 END)")
        parts.append(
            f"SELECT customer_id, -1, due FROM expiries WHERE {each} AND due > {self.p('d')}"
        )
        named = ", ".join(f"{one} AS a{at}" for at, one in enumerate(columns))
        grouped = (
            f"SELECT customer_id, {named} FROM ({' UNION ALL '.join(parts)}) AS u "
            "GROUP BY customer_id"
        )
        chosen = ", ".join(f"a{at}" for at in range(len(columns)))
        return (
            f"SELECT c.id, c.name, c.status, c.owner, {chosen} FROM customers AS c "
            f"LEFT JOIN ({grouped}) AS v ON v.customer_id = c.id "
            f"WHERE c.id BETWEEN {self.p('low')} AND {self.p('high')}"
        )

    def children(self) -> str:
        """One SELECT that locks all records of a customer, closed ones too."""
        tables = ("expiries", *self.open())
        locks = [
            f"l{at} AS (SELECT 1 FROM {table} WHERE customer_id = {self.p('c')} "
            "ORDER BY id FOR SHARE)"
            for at, table in enumerate(tables)
        ]
        counts = ", ".join(f"(SELECT count(*) FROM l{at})" for at in range(len(tables)))
        return f"WITH {', '.join(locks)} SELECT {counts}"


def answers(row: Sequence[Any]) -> Answers:
    """Return a row of the checklist as the answers that the adapter gives."""
    due, live, scheduled, ticked, *others = row
    first = date.fromisoformat(due) if isinstance(due, str) else due
    found: dict[Need[Any], object] = {
        NEXT: first,
        ASSETS: (COUNTS[live], COUNTS[scheduled], COUNTS[ticked]),
    }
    for need, number in zip(CASES.values(), others, strict=True):
        found[need] = COUNTS[number]
    return found


def states(row: Sequence[Any]) -> tuple[tuple[str, bool, int], ...]:
    """Return a row as the states of all sections."""
    due, live, scheduled, ticked, *others = row
    left = live + scheduled + ticked
    return (
        ("reasons", False, 0),
        ("ownership", False, 0),
        ("future_expiry", due is not None, 0),
        ("assets", not left, left),
        *((kind, not n, n) for kind, n in zip(CLOSED, others, strict=True)),
        ("mood", False, 0),
    )


# ---------------------------------------------------------------- Process


class Process:
    """Process by hand: the same writes as cancelkit's, in the same order, on one connection.

    Documents are of the size that cancelkit's have, and made with json.dumps.
    """

    _ids = count(1)

    def __init__(self, place: Shop, db: Any) -> None:
        sql = Sql(place.kind)
        self._db = db.cursor()
        p = sql.p
        lock = " FOR UPDATE" if sql.pg else ""
        self._begin = "BEGIN" if sql.pg else "BEGIN IMMEDIATE"
        self._lock = f"SELECT id, name, status, owner FROM customers WHERE id = {p('c')}{lock}"
        self._ahead = (
            "SELECT document FROM cancelkit_operations WHERE tenant = '' AND "
            f"customer = {p('t')} AND verb = 'process' AND op = {p('op')} UNION ALL SELECT * FROM "
            "(SELECT document FROM cancelkit_cancellations WHERE tenant = '' AND "
            f"customer = {p('t')} ORDER BY seq DESC LIMIT 1) AS newest"
        )
        self._children = sql.children() if sql.pg else ""
        self._check, self._counts = sql.checklist(), sql.naive()
        self._write = f"UPDATE customers SET status = 'cancelled', owner = 7 WHERE id = {p('c')}"
        self._close = (
            f"UPDATE cancelkit_cancellations SET slot = NULL, version = 5, document = {p('doc')} "
            f"WHERE tenant = '' AND id = {p('id')}"
        )
        columns = {
            "history": {"id": p("id"), "customer": p("t"), "processed": p("id")},
            "operations": {
                "customer": p("t"),
                "verb": "'process'",
                "op": p("op"),
                "used_at": "'2026'",
            },
            "outbox": {"id": p("id"), "delivery": "'waiting'", "due": "'2026'", "attempts": "0"},
        }
        self._added = [
            f"INSERT INTO cancelkit_{table} (tenant, document, {', '.join(which)}) "
            f"VALUES ('', {p('doc')}, {', '.join(which.values())})"
            for table, which in columns.items()
        ]

    def run(self, key: int) -> str:
        """Cancel a customer: sound, with one question about the records."""
        return self._run(key, [self._children] if self._children else [], [self._check])

    def naive(self, key: int) -> str:
        """Cancel a customer with a question for each section, as many would write it."""
        return self._run(key, [], self._counts)

    def _run(self, key: int, before: Sequence[str], questions: Sequence[str]) -> str:
        execute = self._db.execute
        made = f"hand-{next(self._ids)}"
        values = {"c": key, "t": str(key), "op": made, "id": made, "d": str(TODAY)}
        execute(self._begin)
        execute(self._lock, values)
        owner = self._db.fetchone()[3]
        execute(self._ahead, values)
        self._db.fetchall()
        for one in before:
            execute(one, values)
        for one in questions:
            execute(one, values)
            self._db.fetchone()
        values["doc"] = json.dumps(_document(key, owner))
        for one in (self._write, self._close, *self._added):
            execute(one, values)
        execute("COMMIT")
        return "done"


def _document(key: int, owner: int) -> dict[str, object]:
    line = {"gate": "blocks", "state": "green", "code": "section.complete", "arguments": {}}
    return {
        "customer": {"id": str(key), "name": f"Customer {key}", "owners": [{"id": str(owner)}]},
        "at": NOW.isoformat(),
        "sections": dict.fromkeys(KIT.checklist.by_key, line),
    }


# ---------------------------------------------------------------- ORM


class Customer:
    """A mapped class with all its records."""

    id: int
    assets: list[Any]
    expiries: list[Any]


_mapped = orm.registry(metadata=shop.META)
_children = {**shop.RECORDS, "assets": shop.ASSETS, "expiries": shop.EXPIRIES}
_classes = {name: type(name.title(), (), {}) for name in _children}
for _name, _table in _children.items():
    _mapped.map_imperatively(_classes[_name], _table)
_mapped.map_imperatively(
    Customer,
    shop.CUSTOMERS,
    properties={n: orm.relationship(c, viewonly=True) for n, c in _classes.items()},
)


def by_orm(db: sa.Connection, key: int) -> Answers:
    """Load a customer and all records, and count in Python."""
    with orm.Session(db) as session:
        one = session.get_one(Customer, key)
        kinds = {
            kind: sum(record.status not in closed for record in getattr(one, kind))
            for kind, closed in CLOSED.items()
        }
        days = [asset.cease_date for asset in one.assets]
        left = (
            days.count(None),
            sum(day is not None and day > TODAY for day in days),
            sum(asset.live and asset.cease_date is not None for asset in one.assets),
        )
        due = min((e.due for e in one.expiries if e.due > TODAY), default=None)
        most = CAP + 1
        return answers((due, *(min(n, most) for n in (*left, *kinds.values()))))


def read(found: Answers) -> Answers:
    """Return answers as sections see them, to compare."""
    return read_answers(KIT.checklist.needs, found)


def ids_of(place: Shop) -> Callable[[], int]:
    """Return what gives the id of a typical customer."""
    ids: Iterator[int] = place.typical()
    return lambda: next(ids)

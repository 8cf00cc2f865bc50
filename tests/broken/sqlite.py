"""A CRM on plain sqlite3 with tables of its own, its adapter, and its back door."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.effects import AssignOwner
from cancelkit.needs import AssetsLeft, Count, Need, NextDate, OpenRecords, UnceasedAssets, Unknown
from cancelkit.people import Customer, NamedRecord, Person, Status
from cancelkit.ports import CustomerRepo, Host
from cancelkit.testing import RawStatus, RecordState, World

SCHEMA = """
CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT, state TEXT, leaving INTEGER DEFAULT 0,
                     keeper TEXT, tenant TEXT, gone INTEGER DEFAULT 0);
CREATE TABLE ticket (id INTEGER PRIMARY KEY, client INTEGER, done TEXT, gone INTEGER DEFAULT 0);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, client INTEGER, state TEXT,
                       gone INTEGER DEFAULT 0);
CREATE TABLE device (id INTEGER PRIMARY KEY, client INTEGER, ceased TEXT, live INTEGER,
                     gone INTEGER DEFAULT 0);
CREATE TABLE reminder (id INTEGER PRIMARY KEY, client INTEGER, due TEXT, gone INTEGER DEFAULT 0);
"""

OPEN: Mapping[Need[Any], str] = {  # NULL is not closed
    OpenRecords("cases"): "ticket WHERE gone = 0 AND done IS NOT 'yes'",
    OpenRecords("sales_orders"): "purchase WHERE gone = 0 "
    "AND (state IS NULL OR state NOT IN ('shipped', 'void'))",
    UnceasedAssets(): "device WHERE gone = 0 AND (ceased IS NULL OR ceased > :as_of OR live <> 0)",
}
MANY = 500
ASSETS = (
    "SELECT client, count(*) FILTER (WHERE ceased IS NULL), "
    "count(*) FILTER (WHERE ceased > :as_of), count(*) FILTER (WHERE ceased <= :as_of) "
    f"FROM {OPEN[UnceasedAssets()]}"
)
EXPIRIES = "SELECT client, min(due) FROM reminder WHERE gone = 0 AND due > :as_of"


class Crm:
    """The CRM's customers, for one unit of work."""

    def __init__(self, db: sqlite3.Connection, tenant: str) -> None:
        self.db = db
        self.tenant = tenant

    def lock(self, customer_id: str) -> Customer | None:
        return self.load([customer_id]).get(customer_id)  # BEGIN IMMEDIATE holds the whole file

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        sql = (
            "SELECT CAST(id AS TEXT), name, state, leaving, keeper FROM client "
            "WHERE gone = 0 AND tenant = :tenant AND CAST(id AS TEXT)"
        )
        rows = self._each(sql, customer_ids)
        return {row[0]: self.customer(*row) for row in rows}

    def customer(self, key: str, name: str, state: str, leaving: int, keeper: str) -> Customer:
        status = Status(state, pending=bool(leaving), cancelled=state == "left")
        return Customer(key, name, status, (Person(keeper, keeper.title()),), tenant=self.tenant)

    def answers(self, need: Need[Any]) -> bool:
        return need in OPEN or need == NextDate("expiries")

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        found: dict[str, dict[Need[Any], object]] = {key: {} for key in customer_ids}
        for need in needs:
            rows = self.rows(customer_ids, need, as_of)
            for key, answers in found.items():
                answers[need] = self.answer(need, rows.get(key, ()))
        return found

    def rows(
        self, customer_ids: Sequence[str], need: Need[Any], as_of: date
    ) -> Mapping[str, Sequence[Any]]:
        if need == UnceasedAssets():
            sql = ASSETS
        elif need == NextDate("expiries"):
            sql = EXPIRIES
        elif need in OPEN:
            sql = f"SELECT client, count(*) FROM {OPEN[need]}"
        else:
            return {}
        rows = self._each(f"{sql} AND client", customer_ids, as_of, " GROUP BY client")
        return {str(row[0]): row[1:] for row in rows}

    def answer(self, need: Need[Any], row: Sequence[Any]) -> object:
        if not self.answers(need):
            return Unknown(f"this CRM knows nothing of {need!r}")
        if isinstance(need, UnceasedAssets):
            return AssetsLeft(*(Count(n) for n in row or (0, 0, 0)))
        if isinstance(need, NextDate):
            return date.fromisoformat(row[0]) if row else None
        return row[0] if row else 0

    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        if need not in OPEN:
            return []
        sql = f"SELECT id FROM {OPEN[need]} AND client = :client ORDER BY id LIMIT :limit"
        values = {"as_of": as_of.isoformat(), "client": customer_id, "limit": limit}
        return [NamedRecord(str(row[0]), f"No. {row[0]}") for row in self.db.execute(sql, values)]

    def mark_pending(self, customer_id: str, expected: Status) -> bool:
        return self.move(customer_id, expected, expected.value, leaving=True)

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        return self.move(customer_id, expected, former.value, leaving=bool(former.pending))

    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        return self.move(customer_id, expected, "left", leaving=False)

    def move(self, customer_id: str, expected: Status, state: str, *, leaving: bool) -> bool:
        done = self.db.execute(
            "UPDATE client SET state = ?, leaving = ? WHERE id = ? AND state = ? AND leaving = ?",
            (state, leaving, customer_id, expected.value, bool(expected.pending)),
        )
        return done.rowcount == 1

    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        done = self.db.execute(
            "UPDATE client SET keeper = ? WHERE id = ? AND keeper = ?",
            (effect.to[0].id, customer.id, effect.was[0].id),
        )
        return done.rowcount == 1

    def _each(
        self, sql: str, ids: Sequence[str], as_of: date = date.max, end: str = ""
    ) -> Iterator[Any]:
        for at in range(0, len(ids), MANY):
            values = {f"k{n}": key for n, key in enumerate(ids[at : at + MANY])}
            places = ", ".join(f":{name}" for name in values)
            yield from self.db.execute(
                f"{sql} IN ({places}){end}",
                {**values, "as_of": as_of.isoformat(), "tenant": self.tenant},
            )


class BackDoor:
    """`Arrange` and `Inspect` over the tables: each call has a connection of its own."""

    def __init__(self, file: str, tenant: str) -> None:
        self.file = file
        self.tenant = tenant
        self._names = (f"Customer {number}" for number in count(1))

    def customer(self) -> str:
        sql = "INSERT INTO client (name, state, keeper, tenant) VALUES (?, 'active', 'ann', ?)"
        return str(self._do(sql, next(self._names), self.tenant))

    def remove(self, customer_id: str) -> None:
        self._do("UPDATE client SET gone = 1 WHERE id = ?", customer_id)

    def rename(self, customer_id: str, name: str) -> None:
        self._do("UPDATE client SET name = ? WHERE id = ?", name, customer_id)

    def other_status(self, customer_id: str) -> None:
        self._do("UPDATE client SET state = 'prospect' WHERE id = ?", customer_id)

    def other_owner(self, customer_id: str) -> None:
        self._do("UPDATE client SET keeper = 'bob' WHERE id = ?", customer_id)

    def record(self, customer_id: str, kind: str, state: RecordState, record: Any = None) -> Any:
        cases = kind == "cases"
        table, column = ("ticket", "done") if cases else ("purchase", "state")
        closed = "yes" if cases else "shipped"
        text = {"open": "no", "closed": closed, "odd": "?!", "empty": None, "deleted": "no"}[state]
        sql = f"INSERT OR REPLACE INTO {table} (id, client, {column}, gone) VALUES (?, ?, ?, ?)"
        return self._do(sql, record, customer_id, text, state == "deleted")

    def asset(
        self,
        customer_id: str,
        kind: str,
        ceased_on: date | None,
        live: bool,
        *,
        deleted: bool = False,
    ) -> None:
        day = ceased_on.isoformat() if ceased_on else None
        sql = "INSERT INTO device (client, ceased, live, gone) VALUES (?, ?, ?, ?)"
        self._do(sql, customer_id, day, live, deleted)

    def date(self, customer_id: str, kind: str, on: date, *, deleted: bool = False) -> None:
        sql = "INSERT INTO reminder (client, due, gone) VALUES (?, ?, ?)"
        self._do(sql, customer_id, on.isoformat(), deleted)

    def status(self, customer_id: str) -> RawStatus:
        state, leaving = self._row("SELECT state, leaving FROM client WHERE id = ?", customer_id)
        return RawStatus(state, bool(leaving), state == "left")

    def owners(self, customer_id: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self._row("SELECT keeper FROM client WHERE id = ?", customer_id)
        return found

    def _do(self, sql: str, *values: object) -> int:
        with closing(connect(self.file)) as db, db:
            return db.execute(sql, values).lastrowid or 0

    def _row(self, sql: str, *values: object) -> Any:
        with closing(connect(self.file)) as db:
            return db.execute(sql, values).fetchone()


def connect(
    file: str, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Open a connection that does not wait for the disk."""
    db = sqlite3.connect(file, timeout=10.0, factory=factory)
    db.execute("PRAGMA synchronous = OFF")
    return db


class Refusable(sqlite3.Connection):
    """A connection whose COMMIT is refused while a file beside its own is there."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        file = super().execute("PRAGMA database_list").fetchone()[2]
        if sql != "COMMIT" or not Path(f"{file}-refused").exists():
            return super().execute(sql, *values)
        super().execute("PRAGMA busy_timeout = 0")
        with closing(connect(file)) as reader:  # a reader holds the file
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM client").fetchone()
            return super().execute(sql, *values)


class JoinedHost:
    """The adapter in a transaction of the host's own, over one connection."""

    joined = True

    def __init__(self, host: SqliteHost[Any], db: sqlite3.Connection) -> None:
        self.tenant, self.clock, self.ids = host.tenant, host.clock, host.ids
        self.performs = host.performs
        self._host, self._db = host, db

    @contextmanager
    def writing(self) -> Generator[Any]:
        yield self._host._made(self._db)

    reading = writing


def world_of(
    folder: Path,
    crm: Callable[[sqlite3.Connection, str], CustomerRepo] = Crm,
    host_class: type[SqliteHost[Any]] = SqliteHost,
) -> World:
    """Return a new world in a new SQLite file, with a second tenant in the same file."""
    file = str(folder / "crm.db")
    with closing(connect(file)) as db:
        db.executescript(SCHEMA)

    def opened() -> sqlite3.Connection:
        return connect(file, Refusable)

    def host_of(tenant: str) -> SqliteHost[Any]:
        return host_class(opened, lambda db: crm(db, tenant), tenant=tenant)

    @contextmanager
    def joined() -> Generator[Host]:
        with closing(opened()) as db:
            db.isolation_level = None
            db.execute("BEGIN IMMEDIATE")
            yield JoinedHost(host, db)
            db.execute("COMMIT")

    @contextmanager
    def refused() -> Generator[None]:
        mark = Path(f"{file}-refused")
        mark.touch()
        yield
        mark.unlink()

    @contextmanager
    def damaged(row_id: str) -> Generator[None]:
        read = "SELECT document FROM cancelkit_{} WHERE id = ?"
        found = {one: back._row(read.format(one), row_id) for one in ("outbox", "cancellations")}
        ((table, (document,)),) = [(one, row) for one, row in found.items() if row]
        change = f"UPDATE cancelkit_{table} SET document = ? WHERE id = ?"
        back._do(change, document[:-1], row_id)
        yield
        back._do(change, document, row_id)

    host, back, theirs = host_of(""), BackDoor(file, ""), BackDoor(file, "south")
    other = World(host_of("south"), theirs, theirs)
    return World(host, back, back, other, joined=joined, refuse_commit=refused, damaged=damaged)

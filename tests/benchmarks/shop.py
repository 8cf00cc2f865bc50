"""The CRM of the SQL benchmarks: its tables, its data, its description, on one database.

Typical customers have two records of each kind, one in ten of them open. Three are special: one
with nothing open, one with very many open records, one with as many closed ones.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import count, cycle
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy import event

from cancelkit import CancelKit, EitherRole, Person
from cancelkit.adapters.memory import MemoryRecipients, MemoryUsers, SetClock
from cancelkit.adapters.sqlalchemy import (
    Assets,
    Customers,
    Dates,
    Records,
    SqlHost,
    Status,
    own_tables,
)
from cancelkit.adapters.sqlalchemy.ddl import open_indexes
from cancelkit.checklist import STANDARD
from cancelkit.desk import Desk
from cancelkit.people import User
from tests.benchmarks.material import ANN, EXPIRY, NOW, TODAY
from tests.servers import server_url
from tests.sql_crm import CLOSED

KINDS = ("assets", *CLOSED)
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
TELESALES = "7"
META = sa.MetaData()
OWN = own_tables(META)
KIT = CancelKit(
    STANDARD,
    roles=EitherRole(lambda user: ["CRM Admin"]),
    users=MemoryUsers([User(TELESALES, "Telesales Tom")]),
    recipients=MemoryRecipients({"processed": [Person("boss", "The boss")]}),
)


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    key: sa.Column[Any] = sa.Column("id", sa.Integer, primary_key=True)
    customer: sa.Column[Any] = sa.Column("customer_id", sa.ForeignKey("customers.id"), index=True)
    return sa.Table(name, META, key, customer, *columns)


CUSTOMERS = sa.Table(
    "customers",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("owner", sa.Integer, nullable=False),
)
RECORDS = {
    kind: _table(kind, sa.Column("subject", sa.String(60)), sa.Column("status", sa.String(20)))
    for kind in CLOSED
}
ASSETS = _table("assets", sa.Column("cease_date", sa.Date), sa.Column("live", sa.Boolean))
EXPIRIES = _table("expiries", sa.Column("due", sa.Date))


def described(**options: Any) -> SqlHost:
    """What the tables mean."""
    c = CUSTOMERS.c
    status = Status(c.status, cancelled="cancelled", pending={"live": "live_pc"})
    records: dict[str, Any] = {
        kind: Records(table.c.customer_id, closed=table.c.status.in_(CLOSED[kind]))
        for kind, table in RECORDS.items()
    }
    records["assets"] = Assets(ASSETS.c.customer_id, ASSETS.c.cease_date, ASSETS.c.live)
    records["expiries"] = Dates(EXPIRIES.c.customer_id, EXPIRIES.c.due)
    customers = Customers(c.id, name=c.name, status=status, owner=c.owner)
    return SqlHost(customers, records, own=OWN, clock=SetClock(NOW), **options)


@frozen
class Sizes:
    """How many customers there are, and how many records the special ones have."""

    customers: int
    many: int


SMALL = Sizes(customers=200, many=500)
USUAL = Sizes(customers=10_000, many=20_000)
FULL = Sizes(customers=100_000, many=100_000)


@frozen(eq=False)
class Shop:
    """The CRM on one database.

    Attributes:
        engine: of the database.
        sizes: of what is in it.
        host: the description.
        direct: the same, whose checklists go to the driver.
    """

    engine: sa.Engine
    sizes: Sizes
    host: SqlHost = field(factory=described)
    direct: SqlHost = field(factory=lambda: described(on_driver=True))
    _new: count[int] = field(factory=count)

    @property
    def kind(self) -> str:
        """The name of the dialect."""
        return self.engine.dialect.name

    @property
    def named(self) -> str:
        """The name of the database."""
        return NAMES[self.kind]

    @property
    def clock(self) -> Callable[[], float]:
        """By what its cases are timed: SQLite does all its work in this process."""
        return time.process_time if self.kind == "sqlite" else time.perf_counter

    @property
    def nothing_open(self) -> int:
        """The customer with two closed records of each kind."""
        return self.sizes.customers + 1

    @property
    def all_open(self) -> int:
        """The customer with very many open records."""
        return self.sizes.customers + 2

    @property
    def history(self) -> int:
        """The customer with very many closed records."""
        return self.sizes.customers + 3

    def typical(self) -> Iterator[int]:
        """Return the ids of typical customers, in a random order, without an end."""
        rng = Random(self.sizes.customers)
        return cycle([rng.randint(1, self.sizes.customers) for _ in range(1_000)])

    def desk(self, engine: sa.Engine | None = None) -> Desk:
        """Return a desk with own transactions."""
        return KIT.at(self.host.owning(engine or self.engine), actor=ANN)

    def newcomer(self, status: str = "live") -> int:
        """Add a customer who could be cancelled."""
        key = self.sizes.customers + 10 + next(self._new)  # after the special ones
        with self.engine.begin() as db:
            row = {"id": key, "name": f"Customer {key}", "status": status, "owner": 3}
            db.execute(CUSTOMERS.insert(), row)
            db.execute(EXPIRIES.insert(), {"customer_id": key, "due": EXPIRY})
            for kind, table in RECORDS.items():
                db.execute(table.insert(), {"customer_id": key, "status": CLOSED[kind][0]})
            db.execute(ASSETS.insert(), {"customer_id": key, "cease_date": TODAY, "live": False})
        return key

    @contextmanager
    def by_hand(self, port: int | None = None) -> Generator[Any]:
        """Yield a connection of the driver's own, on which transactions are begun by hand.

        Args:
            port: of a proxy before the server.
        """
        url = self.engine.url
        if self.kind == "sqlite":
            assert url.database is not None
            db: Any = sqlite3.connect(url.database, isolation_level=None)
            _lite(db, None)
        else:
            db = psycopg.connect(
                host=url.host, port=port or url.port, user=url.username, dbname=url.database,
                autocommit=True,
            )  # fmt: skip
        try:
            yield db
        finally:
            db.close()


@contextmanager
def shops(sizes: Sizes) -> Generator[Iterator[Shop]]:
    """Yield the CRM on SQLite, and then on a throwaway PostgreSQL; each is made when it is due."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield _each(Path(folder), sizes, stack)


def _each(folder: Path, sizes: Sizes, stack: ExitStack) -> Iterator[Shop]:
    for url in (lambda: folder / "shop.db", lambda: server_url("postgres", stack)):
        place = opened(url(), sizes)
        yield place
        place.engine.dispose()


def opened(url: sa.URL | Path, sizes: Sizes) -> Shop:
    """Return the CRM with its data on an empty database, or in a new file."""
    engine = sa.create_engine(f"sqlite:///{url}" if isinstance(url, Path) else url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _lite)
    META.create_all(engine)
    shop = Shop(engine, sizes)
    with engine.begin() as db:
        for statement, values in _data(sizes):
            db.execute(sa.text(statement), values)
        for source in shop.host.statements.sources.values():
            for index in open_indexes(source, engine.dialect):
                db.exec_driver_sql(index)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM ANALYZE" if shop.kind == "postgresql" else "ANALYZE")
    return shop


def _lite(driver: Any, _: object) -> None:
    """WAL without a flush at each COMMIT, as the test server does without one too."""
    for setting in ("journal_mode = wal", "synchronous = normal", "cache_size = -400000"):
        driver.execute(f"PRAGMA {setting}")


_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "


def _data(sizes: Sizes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield statements that are the same on both databases, and their parameters."""
    n = sizes.customers
    heads = f"INSERT INTO customers (id, name, status, owner) {_NUMBERS}"
    yield f"{heads}SELECT i, 'Customer ' || i, 'live', 3 FROM n", {"many": n + 3}
    for at, kind in enumerate((*KINDS, "expiries")):
        each = sizes.many // len(KINDS)
        # Which tenth of the rows is open differs from table to table.
        yield _rows(kind, f"i % {n} + 1", f"(i + {2 * at}) % 10 = 0", 2 * n)
        yield _rows(kind, str(n + 1), "1 = 0", 2)
        if kind != "expiries":
            yield _rows(kind, str(n + 2), "1 = 1", each)
            yield _rows(kind, str(n + 3), "1 = 0", each)


def _rows(kind: str, customer: str, is_open: str, many: int) -> tuple[str, dict[str, Any]]:
    """Insert rows of a table; of expiries, those are called open that have passed."""
    if kind == "expiries":
        columns = f"due) {_NUMBERS}SELECT {customer}, {_day(is_open, '2025-06-01', EXPIRY)}"
    elif kind == "assets":
        values = f"{_day(is_open, None, TODAY)}, CASE WHEN {is_open} THEN true ELSE false END"
        columns = f"cease_date, live) {_NUMBERS}SELECT {customer}, {values}"
    else:
        status = f"CASE WHEN {is_open} THEN 'new' ELSE '{CLOSED[kind][0]}' END"
        columns = f"subject, status) {_NUMBERS}SELECT {customer}, '{kind} ' || i, {status}"
    return f"INSERT INTO {kind} (customer_id, {columns} FROM n", {"many": many}


def _day(condition: str, yes: str | None, no: date) -> str:
    """Return a date of SQL; SQLite's are texts."""
    given = "NULL" if yes is None else f"date('{yes}')"
    return f"CASE WHEN {condition} THEN {given} ELSE date('{no}') END"

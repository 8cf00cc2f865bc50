"""The CRM of `tests.sql_crm` in a database: its back door, and its world for the contract kit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import date
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from cancelkit.adapters.sqlalchemy import SqlHost
from cancelkit.ports import Host
from cancelkit.testing import RawStatus, RecordState, World
from tests.sql_crm import CLOSED, Crm, Standing

REFUSING = """
CREATE TABLE refusing (why text);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM refusing) THEN
        RAISE serialization_failure;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON cancelkit_outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
"""


def create(engine: sa.Engine, crm: Crm) -> None:
    """Create the CRM's tables, and cancelkit's, where they are not there."""
    if sa.inspect(engine).has_table("customers"):
        return
    crm.meta.create_all(engine)
    if engine.dialect.name == "postgresql":
        with engine.begin() as db:
            db.exec_driver_sql(REFUSING)


def clear(engine: sa.Engine, crm: Crm) -> None:
    """Delete all rows, and add two people who may own customers."""
    with engine.begin() as db:
        for table in reversed(crm.meta.sorted_tables):
            db.execute(table.delete())
        rows = [{"login": "ann", "full_name": "Ann Ash"}, {"login": "bob", "full_name": "Bob"}]
        db.execute(crm.people.insert(), rows)


class BackDoor:
    """`Arrange` and `Inspect` over the tables: each call has a connection of its own."""

    def __init__(self, engine: sa.Engine, crm: Crm, tenant: str) -> None:
        self.engine = engine
        self.crm = crm
        self.tenant = tenant
        self._names = (f"Customer {number}" for number in count(1))

    def customer(self) -> str:
        status: Any = Standing.ACTIVE if self.crm.flagged else "live"
        values = {"name": next(self._names), "status": status, "owner": "ann"}
        made = {**values, "division": self.tenant, **self.crm.deletion(False)}
        return str(self._insert(self.crm.customers, made))

    def remove(self, customer_id: str) -> None:
        self._customer(customer_id, **self.crm.deletion())

    def rename(self, customer_id: str, name: str) -> None:
        self._customer(customer_id, name=name)

    def other_status(self, customer_id: str) -> None:
        self._customer(customer_id, status=Standing.PROSPECT if self.crm.flagged else "prospect")

    def other_owner(self, customer_id: str) -> None:
        self._customer(customer_id, owner="bob")

    def record(self, customer_id: str, kind: str, state: RecordState, record: Any = None) -> Any:
        closed = CLOSED[kind][0]
        texts = {"open": "new", "closed": closed, "odd": "?!", "empty": None, "deleted": "new"}
        values = {"status": texts[state], "subject": f"{kind} in short"}
        values |= {"customer_id": self.key(customer_id), **self.crm.deletion(state == "deleted")}
        table = self.crm.records[kind]
        if record is None:
            return self._insert(table, values)
        self._do(table.update().where(table.c.id == record).values(values))
        return record

    def asset(
        self,
        customer_id: str,
        kind: str,
        ceased_on: date | None,
        live: bool,
        *,
        deleted: bool = False,
    ) -> None:
        values = {"cease_date": self.crm.moment(ceased_on), "live": live, "tag": "0044 20"}
        self._child(self.crm.assets, customer_id, values, deleted)

    def date(self, customer_id: str, kind: str, on: date, *, deleted: bool = False) -> None:
        self._child(self.crm.expiries, customer_id, {"due": self.crm.instant(on)}, deleted)

    def status(self, customer_id: str) -> RawStatus:
        status, leaving = self._row(customer_id, "status", "leaving")
        if self.crm.flagged:
            return RawStatus(status.name, leaving, status is Standing.LEFT)
        return RawStatus(status, status.endswith("_pc"), status == "cancelled")

    def owners(self, customer_id: str) -> tuple[str, ...]:
        (owner,) = self._row(customer_id, "owner")
        return () if owner is None else (owner,)

    def version(self, customer_id: str) -> int:
        """Return the version of a customer's row."""
        (version,) = self._row(customer_id, "row_version")
        return int(version)

    def key(self, customer_id: str) -> Any:
        """Return the id of a customer as the column has it."""
        return self.crm.customers.c.id.type.python_type(customer_id)

    def _child(self, table: sa.Table, customer_id: str, values: Any, deleted: bool) -> None:
        key = {"customer_id": self.key(customer_id)}
        self._insert(table, {**values, **key, **self.crm.deletion(deleted)})

    def _customer(self, customer_id: str, **values: Any) -> None:
        table = self.crm.customers
        self._do(table.update().where(table.c.id == self.key(customer_id)).values(values))

    def _insert(self, table: sa.Table, values: dict[str, Any]) -> Any:
        key = self.crm.new_key()
        done = self._do(table.insert().values(values if key is None else {**values, "id": key}))
        (made,) = done.inserted_primary_key
        return made

    def _do(self, statement: Any) -> Any:
        with self.engine.begin() as db:
            return db.execute(statement)

    def _row(self, customer_id: str, *names: str) -> Any:
        table = self.crm.customers
        columns = [table.c[name] for name in names]
        with self.engine.connect() as db:
            return db.execute(sa.select(*columns).where(table.c.id == self.key(customer_id))).one()


@contextmanager
def joined_session(engine: sa.Engine, host: SqlHost, tenant: str) -> Generator[Host]:
    """The adapter in a session of the host."""
    with Session(engine) as session, session.begin():
        yield host.joining(session, tenant=tenant)


@contextmanager
def joined_connection(engine: sa.Engine, host: SqlHost, tenant: str) -> Generator[Host]:
    """The adapter in a connection of the host."""
    with engine.begin() as db:
        yield host.joining(db, tenant=tenant)


@contextmanager
def refused(engine: sa.Engine) -> Generator[None]:
    """Let the database refuse the COMMIT of a unit of work that writes."""
    if engine.dialect.name == "sqlite":
        with _reader_holds(engine):
            yield
        return
    with engine.begin() as db:
        db.exec_driver_sql("INSERT INTO refusing VALUES ('a test')")
    try:
        yield
    finally:
        with engine.begin() as db:
            db.exec_driver_sql("DELETE FROM refusing")


@contextmanager
def _reader_holds(engine: sa.Engine) -> Generator[None]:
    """Let a reader hold the file from just before each COMMIT."""
    assert engine.url.database is not None
    with closing(sqlite3.connect(engine.url.database, check_same_thread=False)) as reader:

        def hold(db: sa.Connection) -> None:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM customers").fetchone()
            db.exec_driver_sql("PRAGMA busy_timeout = 0")

        try:
            with _before_commit(engine, hold):
                yield
        finally:
            engine.dispose()  # what has lost its patience


@contextmanager
def lost(engine: sa.Engine) -> Generator[None]:
    """Let the database commit, and lose the connection before the reply comes."""

    def lose(db: sa.Connection) -> None:
        driver: Any = db.connection.dbapi_connection
        driver.commit()
        driver.close()

    with _before_commit(engine, lose):
        yield


@contextmanager
def _before_commit(engine: sa.Engine, do: Callable[[sa.Connection], None]) -> Generator[None]:
    event.listen(engine, "commit", do)
    try:
        yield
    finally:
        event.remove(engine, "commit", do)


@contextmanager
def damaged(engine: sa.Engine, crm: Crm, row_id: str) -> Generator[None]:
    """Cut a stored notification, or a cancellation, short."""
    for table in (crm.own.outbox, crm.own.cancellations):
        mine = table.c.id == row_id
        with engine.begin() as db:
            document = db.scalar(sa.select(table.c.document).where(mine))
            if document is not None:
                db.execute(table.update().where(mine).values(document=document[:-1]))
                break
    else:
        raise AssertionError(f"nothing is stored under {row_id!r}")
    yield
    with engine.begin() as db:
        db.execute(table.update().where(mine).values(document=document))


def world_of(engine: sa.Engine, crm: Crm, **options: Any) -> World:
    """Return a new world with two tenants."""
    create(engine, crm)
    clear(engine, crm)
    host = crm.host(**options)
    join = joined_connection if crm.flagged else joined_session
    back, theirs = BackDoor(engine, crm, "north"), BackDoor(engine, crm, "south")
    other = World(host.owning(engine, tenant="south"), theirs, theirs)
    kind = engine.dialect.name
    return World(
        host.owning(engine, tenant="north"),
        back,
        back,
        other,
        joined=lambda: join(engine, host, "north"),
        damaged=lambda row_id: damaged(engine, crm, row_id),
        refuse_commit=None if kind == "mysql" else lambda: refused(engine),
        lose_commit=None if kind == "sqlite" else lambda: lost(engine),
    )

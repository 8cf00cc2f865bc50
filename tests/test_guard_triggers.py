"""Guard triggers on PostgreSQL: nothing becomes open under a Cancelled customer, whoever writes.

The other writer runs in a thread. That it waits is asked of the server, not guessed from the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from cancelkit import STANDARD, CancelKit, EitherRole, Person, Reasons
from cancelkit.adapters.sqlalchemy import Assets, Customers, Dates, Records, SqlHost, Status
from cancelkit.adapters.sqlalchemy.guard_triggers import guards
from cancelkit.errors import BadSetup, Blocked, Conflict, IsolationError

PATIENCE = 20.0
"""Seconds within which somebody must be seen to wait."""

META = sa.MetaData()
CUSTOMER = sa.Table(
    "customer",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("status", sa.Text),
)


def child(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """A table without a foreign key: only the trigger can stop anybody."""
    key = sa.Column("id", sa.Integer, primary_key=True)
    return sa.Table(name, META, key, sa.Column("customer_id", sa.Integer, index=True), *columns)


ORDER = child("order", sa.Column("State", sa.Text), sa.Column("gone", sa.Boolean))  # both quoted
ASSET = child("asset", sa.Column("ceased", sa.Date), sa.Column("live", sa.Boolean))
EXPIRY = child("expiry", sa.Column("due", sa.DateTime(timezone=True)))


def described(**options: Any) -> SqlHost:
    c, o, a, e = CUSTOMER.c, ORDER.c, ASSET.c, EXPIRY.c
    status = Status(c.status, cancelled=["cancelled", "merged"], pending={"live": "live_pc"})
    return SqlHost(
        Customers(c.id, name=c.name, status=status),
        {
            "sales_orders": Records(
                o.customer_id,
                closed=o.State.in_(["done", "it's 50% :off"]),
                where=o.gone.is_(False),
            ),
            "assets": Assets(a.customer_id, a.ceased, a.live),
            "expiries": Dates(e.customer_id, e.due, zone="Europe/London"),
        },
        **options,
    )


HOST = described()
KIT = CancelKit(STANDARD.without("cases", "opportunities", "quotations", "ownership", "mood"),
                roles=EitherRole(lambda user: ["CRM Admin"]))  # fmt: skip
LIVE, GONE = 1, 2


def execute(engine: sa.Engine, statements: tuple[str, ...]) -> None:
    """As psql would, without parameters: a text with % or : in it is not changed."""
    with engine.begin() as db:
        driver: Any = db.connection.dbapi_connection
        for one in statements:
            driver.cursor().execute(one)


@contextmanager
def database(postgres_url: sa.URL, name: str) -> Generator[sa.Engine]:
    server = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as db:
        db.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        db.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.create_engine(postgres_url.set(database=name), poolclass=NullPool)
    with server.connect() as db:
        db.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def engine(postgres_url: sa.URL) -> Iterator[sa.Engine]:
    with database(postgres_url, "guarded") as made:
        META.create_all(made)
        HOST.own.create(made)
        yield made


@pytest.fixture
def guarded(engine: sa.Engine) -> sa.Engine:
    """Guards installed, a live and a cancelled customer, a closed order of each."""
    for one in guards(HOST):
        execute(engine, one.drop)
    with engine.begin() as db:
        for table in [*HOST.own, *META.sorted_tables]:
            db.execute(table.delete())
        db.execute(sa.text("SELECT setval('order_id_seq', 100)"))
        rows = [(LIVE, "live"), (GONE, "cancelled")]
        db.execute(CUSTOMER.insert(), [{"id": i, "name": "x", "status": s} for i, s in rows])
        closed = {"State": "done", "gone": False}
        db.execute(ORDER.insert(), [{"id": i, "customer_id": i, **closed} for i, _ in rows])
    for one in guards(HOST):
        execute(engine, one.create)
        execute(engine, one.create)  # again: nothing is there twice
    return engine


def insert(customer: int, **values: Any) -> sa.Insert:
    return ORDER.insert().values(customer_id=customer, **{"State": "open", "gone": False, **values})


def change(key: int, **values: Any) -> sa.Update:
    return ORDER.update().where(ORDER.c.id == key).values(**values)


OPENING: dict[str, Callable[[int], Any]] = {
    "insert": insert,
    "reopen": lambda customer: change(customer, State="open"),
    "move": lambda customer: change(3, customer_id=customer),
}
"""What makes a record open for a customer. Order 3 is an open one of nobody."""


@pytest.fixture
def stray(guarded: sa.Engine) -> sa.Engine:
    with guarded.begin() as db:
        db.execute(ORDER.insert().values(id=3, State="open", gone=False))
    return guarded


@pytest.mark.parametrize("how", OPENING)
def test_nothing_becomes_open_under_a_cancelled_customer(stray: sa.Engine, how: str) -> None:
    with pytest.raises(IntegrityError, match=f"Customer {GONE} is cancelled"), stray.begin() as db:
        db.execute(OPENING[how](GONE))
    with stray.begin() as db:
        db.execute(OPENING[how](LIVE))


def test_what_is_closed_or_was_open_before_may_be_written(guarded: sa.Engine) -> None:
    execute(guarded, tuple(one for guard in guards(HOST) for one in guard.drop))
    with guarded.begin() as db:
        db.execute(insert(GONE, id=9))  # drift, from before the guards
    execute(guarded, tuple(one for guard in guards(HOST) for one in guard.create))
    with guarded.begin() as db:
        db.execute(insert(GONE, State="it's 50% :off"))
        db.execute(insert(GONE, gone=True))
        db.execute(change(9, State="waiting"))  # open before, open now
        db.execute(change(9, State="done"))


def test_assets_and_dates_are_guarded_as_of_today(guarded: sa.Engine) -> None:
    day = sa.literal_column("CURRENT_DATE", sa.Date)
    with guarded.begin() as db:
        past = {"customer_id": GONE, "ceased": day - sa.literal_column("3"), "live": False}
        db.execute(ASSET.insert().values(id=1, **past))
        db.execute(EXPIRY.insert().values(customer_id=GONE, due=sa.func.now()))
        db.execute(EXPIRY.delete())
    for values in ({"ceased": None}, {"live": True}, {"ceased": day + sa.literal_column("3")}):
        with pytest.raises(IntegrityError, match="is cancelled"), guarded.begin() as db:
            db.execute(ASSET.update().values(**values))


def test_dropped_guards_are_gone(guarded: sa.Engine) -> None:
    for one in guards(HOST):
        execute(guarded, one.drop)
    with guarded.begin() as db:
        db.execute(insert(GONE))
        left = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'cancelkit_guard%'"
        assert 0 == db.scalar(sa.text(left))


# ---------------------------------------------------------------- two at a time


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def backend(db: sa.Connection) -> int:
    return int(db.scalar(sa.text("SELECT pg_backend_pid()")) or 0)


def wait_until_blocked(engine: sa.Engine, by: int, waiting: Future[Any]) -> None:
    """Return once somebody waits for a backend; fail when nobody does."""
    end = time.monotonic() + PATIENCE
    asked = "SELECT count(*) FROM pg_stat_activity WHERE :by = ANY (pg_blocking_pids(pid))"
    with engine.connect() as db:
        while not db.scalar(sa.text(asked), {"by": by}):
            db.rollback()
            assert not waiting.done(), f"it did not wait: {waiting.exception() or 'done'}"
            assert time.monotonic() < end, "nobody waits"


def process(bind: sa.Connection | sa.Engine, crm: SqlHost = HOST) -> str:
    host = crm.owning(bind) if isinstance(bind, sa.Engine) else crm.joining(bind)
    desk = KIT.at(host, actor=Person("ann"))
    cancellation = desk.begin(str(LIVE))
    cancellation.enter(Reasons("price"))
    return cancellation.process(cancellation.plan().token).state


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize("how", OPENING)
def test_a_writer_waits_for_a_process_and_is_refused(
    stray: sa.Engine, pool: ThreadPoolExecutor, how: str, level: str
) -> None:
    other = stray.execution_options(isolation_level=level)

    def write() -> None:
        with other.begin() as db:
            db.execute(OPENING[how](LIVE))

    with stray.connect() as db:
        assert "staged" == process(db)
        writing = pool.submit(write)
        wait_until_blocked(stray, backend(db), writing)
        db.commit()
    with pytest.raises(DBAPIError, match=r"is cancelled|could not serialize"):
        writing.result(PATIENCE)
    assert [] == open_orders(stray)


@pytest.mark.parametrize("how", OPENING)
def test_a_process_waits_for_a_writer_and_refuses(
    stray: sa.Engine, pool: ThreadPoolExecutor, how: str
) -> None:
    with stray.connect() as db:
        db.execute(OPENING[how](LIVE))
        processing = pool.submit(process, stray)
        wait_until_blocked(stray, backend(db), processing)
        db.commit()
    with pytest.raises(Blocked):
        processing.result(PATIENCE)


def open_orders(engine: sa.Engine) -> list[int]:
    with engine.connect() as db:
        rows = sa.select(ORDER.c.id).where(ORDER.c.State == "open", ORDER.c.customer_id == LIVE)
        return list(db.scalars(rows))


def test_with_guards_declared_no_record_is_locked(guarded: sa.Engine) -> None:
    asked: list[str] = []
    event.listen(guarded, "before_cursor_execute", lambda c, cursor, text, *_: asked.append(text))
    for host in (HOST, described(guarded=True)):
        with guarded.connect() as db:
            assert "staged" == process(db, host)
        locked = any("FOR SHARE" in text for text in asked)
        assert host.guarded is not locked
        asked.clear()


def test_with_guards_declared_an_old_snapshot_is_no_danger(stray: sa.Engine) -> None:
    """Whoever opens a record writes the customer, and a lock at an old snapshot fails for that."""
    host = described(guarded=True)
    joined = stray.execution_options(isolation_level="REPEATABLE READ")
    with joined.connect() as db:
        with pytest.raises(IsolationError, match="or guard triggers with"):
            process(db)
        assert "staged" == process(db, host)
    with joined.connect() as db:
        db.scalar(sa.select(sa.func.count()).select_from(ORDER))  # the snapshot
        with stray.begin() as other:
            other.execute(OPENING["reopen"](LIVE))
        with pytest.raises(Conflict):
            process(db, host)


def test_without_guards_every_row_waits_for_the_commit(
    guarded: sa.Engine, pool: ThreadPoolExecutor
) -> None:
    """Closed ones too: a function of `answers=` may read whatever is in them, see `reads=`."""
    for one in guards(HOST):
        execute(guarded, one.drop)

    def write() -> None:
        with guarded.begin() as db:
            db.execute(change(LIVE, gone=True))

    with guarded.connect() as db:
        assert "staged" == process(db)
        writing = pool.submit(write)
        wait_until_blocked(guarded, backend(db), writing)
        db.commit()
    writing.result(PATIENCE)


# ---------------------------------------------------------------- tenants


SHARED = sa.MetaData()
CLIENT = sa.Table(
    "client",
    SHARED,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("status", sa.Text),
)
WORK, TERM = (
    sa.Table(
        name,
        SHARED,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.Text),
        sa.Column("client_id", sa.Integer),
        sa.Column(name, kind),
    )
    for name, kind in (("work", sa.Text()), ("term", sa.Date()))
)


def of_tenants() -> SqlHost:
    c, w, t = CLIENT.c, WORK.c, TERM.c
    status = Status(c.status, cancelled="gone", pending={"live": "live_pc"})
    return SqlHost(
        Customers(c.id, name=c.status, tenant=c.tenant, status=status),
        {
            "sales_orders": Records(w.client_id, tenant=w.tenant, closed=w.work == "done"),
            "expiries": Dates(t.client_id, tenant=t.tenant, on=t.term),
        },
        guarded=True,
    )


@pytest.fixture
def shared(postgres_url: sa.URL) -> Iterator[sa.Engine]:
    """North's client 1 is cancelled, and south's has an open order and a date."""
    with database(postgres_url, "guarded_tenants") as made:
        _share(made)
        yield made


def _share(engine: sa.Engine) -> None:
    SHARED.create_all(engine)
    for guard in guards(of_tenants()):
        execute(engine, guard.create)
    with engine.begin() as db:
        clients = [("north", "gone"), ("south", "live")]
        db.execute(CLIENT.insert(), [{"tenant": t, "id": 1, "status": s} for t, s in clients])
        db.execute(WORK.insert().values(tenant="south", client_id=1, work="new"))
        db.execute(TERM.insert().values(tenant="south", client_id=1, term=sa.func.current_date()))


def test_a_record_is_not_moved_under_a_cancelled_customer_of_another_tenant(
    shared: sa.Engine,
) -> None:
    with pytest.raises(IntegrityError, match="Customer 1 is cancelled"), shared.begin() as db:
        db.execute(WORK.update().values(tenant="north"))


def test_a_date_that_is_moved_between_tenants_locks_both_customers(shared: sa.Engine) -> None:
    free = sa.select(CLIENT.c.tenant).with_for_update(skip_locked=True)
    with shared.connect() as db, shared.connect() as other:
        assert {"north", "south"} == set(other.scalars(free))
        other.rollback()
        db.execute(TERM.update().values(tenant="north"))
        assert [] == list(other.scalars(free))


# ---------------------------------------------------------------- what has no guard


def test_without_a_status_or_a_table_there_is_no_guard() -> None:
    c, o = CUSTOMER.c, ORDER.c
    source = Records(o.customer_id, closed=o.State == "done")
    with pytest.raises(BadSetup, match="customers that have a status"):
        guards(SqlHost(Customers(c.id, name=c.name), {"sales_orders": source}))
    with pytest.raises(BadSetup, match=r"^guarded=True .* have a status"):
        SqlHost(Customers(c.id, name=c.name), {"sales_orders": source}, guarded=True)
    rows = sa.select(ORDER).subquery()
    through: Callable[..., Records] = Records
    source = through(rows.c.customer_id, closed=rows.c.State == "done", id=rows.c.id)
    status = Status(c.status, cancelled="cancelled", pending={"live": "live_pc"})
    with pytest.raises(BadSetup, match=r"^guarded=True .* reached through a subquery"):
        SqlHost(Customers(c.id, c.name, status=status), {"sales_orders": source}, guarded=True)
    with pytest.raises(BadSetup, match="reached through a subquery"):
        guards(SqlHost(Customers(c.id, name=c.name), {"sales_orders": source}))

"""In the CRM's own transaction: nothing is committed, and a rollback leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event, exc, orm
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from cancelkit import errors
from cancelkit.effects import AssignOwner
from cancelkit.people import Person
from cancelkit.records import State, Verb
from cancelkit.sections import Reasons
from cancelkit.testing.aside import Aside
from cancelkit.testing.faulty import FaultyHost
from tests.servers import Databases, sqlite_engine
from tests.sql_desk import CRM, Customer, Order, Place, bound, cancel, place, placed
from tests.sql_world import create

KINDS = ("sqlite", "postgres", "mariadb")
BINDS = ("session", "connection")
SERVERS = ("postgres", "mariadb")


@pytest.fixture(params=KINDS)
def crm(request: pytest.FixtureRequest, databases: Databases) -> Place:
    """A CRM on each database, new for each test."""
    return place(databases, request.param)


@pytest.fixture
def postgres(databases: Databases) -> Place:
    """A CRM on PostgreSQL."""
    return place(databases, "postgres")


def rename(bind: Session | sa.Connection, crm: Place, name: str) -> None:
    """What the host itself writes in its transaction."""
    table = CRM.customers
    bind.execute(sa.update(table).where(table.c.id == crm.number()).values(name=name))


@pytest.mark.parametrize("how", BINDS)
def test_nothing_is_committed_before_the_host_commits(crm: Place, how: str) -> None:
    before = crm.everything()
    with bound(crm.engine, how) as bind:
        outcome = cancel(crm.joining(bind), crm.key)
        assert State.CANCELLED is outcome.now
        assert "staged" == outcome.state
        seen = before if crm.engine.dialect.name == "sqlite" else crm.everything()
        assert before == seen
        bind.commit()
    assert crm.back.status(crm.key).cancelled
    assert ("bob",) == crm.back.owners(crm.key)
    with crm.engine.connect() as db:
        assert 1 == db.scalar(sa.select(sa.func.count()).select_from(CRM.own.outbox))


@pytest.mark.parametrize("how", BINDS)
def test_after_the_hosts_rollback_every_table_is_as_before(crm: Place, how: str) -> None:
    """On SQLite in Python's default mode too, where nothing begins before the first write."""
    before = crm.everything()
    with bound(crm.engine, how) as bind:
        cancel(crm.joining(bind), crm.key)
        bind.rollback()
    assert before == crm.everything()


@pytest.mark.parametrize("how", BINDS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_after_a_rollback_to_a_savepoint_the_rest_stays(crm: Place, how: str, depth: int) -> None:
    with bound(crm.engine, how) as bind, ExitStack() as stack:
        rename(bind, crm, "Renamed")
        for _ in range(depth - 1):
            stack.enter_context(bind.begin_nested())
        savepoint = bind.begin_nested()
        cancel(crm.joining(bind), crm.key)
        savepoint.rollback()
        stack.close()
        bind.commit()
    assert not crm.back.status(crm.key).cancelled
    everything = crm.everything()
    assert [] == [row for kind in CRM.own for row in everything[kind.name]]
    assert "Renamed" in everything["customers"][0]


@pytest.mark.parametrize("autoflush", [True, False])
def test_what_the_session_has_not_written_yet_is_seen(crm: Place, autoflush: bool) -> None:
    """A reopened order that is only in the session's memory keeps the section red."""
    with Session(crm.engine, autoflush=autoflush) as session:
        order = session.scalars(sa.select(Order)).one()
        order.status = "new"
        desk = crm.joining(session)
        assert {"sales_orders"} <= {line.key for line in desk.check(crm.key).blocked_by}
        order.status = "shipped"
        assert "sales_orders" not in {line.key for line in desk.check(crm.key).blocked_by}
        order.status = "new"
        with pytest.raises(errors.Blocked) as refused:
            cancel(desk, crm.key)
        assert ("sales_orders",) == refused.value.sections


def test_the_session_reads_again_what_was_written(crm: Place) -> None:
    """The object is not stale, and its version counts, for whoever else has the customer open."""
    with Session(crm.engine) as session, Session(crm.engine) as late:
        customer = session.get_one(Customer, crm.number())
        stale = late.get_one(Customer, crm.number())
        late.rollback()
        version = customer.row_version
        cancel(crm.joining(session), crm.key)
        assert ("cancelled", "bob") == (customer.status, customer.owner)
        assert customer.row_version > version
        customer.name = "Renamed"
        session.commit()
        assert "Renamed" == customer.name
        with late.no_autoflush:
            late.connection().exec_driver_sql("SELECT 1")
        with pytest.raises(orm.exc.StaleDataError):
            _write_as_read_before(late, stale, version)


def _write_as_read_before(session: Session, customer: Customer, version: int) -> None:
    orm.attributes.set_committed_value(customer, "row_version", version)
    customer.name = "Overwritten"
    session.flush()


def test_a_refusal_is_the_hosts_to_keep(crm: Place) -> None:
    stranger = Person("tom", "Tom")
    with Session(crm.engine) as session:
        desk = crm.desk(crm.host.joining(session, tenant="north"), stranger)
        with pytest.raises(errors.NotAllowed):
            desk.begin(crm.key)
        session.commit()
    with crm.host.owning(crm.engine, tenant="north").reading() as unit:
        (entry,) = unit.history.of(crm.key)
    assert (False, Verb.BEGIN) == (entry.accepted, entry.verb)


@pytest.mark.parametrize("how", BINDS)
def test_a_fault_undoes_its_command_and_nothing_of_the_hosts(crm: Place, how: str) -> None:
    before = crm.everything()
    with bound(crm.engine, how) as bind:
        rename(bind, crm, "Renamed")
        host = FaultyHost(crm.host.joining(bind, tenant="north"))
        with pytest.raises(errors.CommandFailed):
            host.failing("history.append", crm.desk(host).begin, crm.key)
        bind.commit()
    after = crm.everything()
    assert {"customers"} == {name for name, rows in after.items() if rows != before[name]}
    assert "live_pc" not in after["customers"][0]


# ---------------------------------------------------------------- transactions that do not suit


@pytest.mark.parametrize("how", BINDS)
def test_autocommit_is_refused(crm: Place, how: str) -> None:
    before = crm.everything()
    engine = crm.engine.execution_options(isolation_level="AUTOCOMMIT")
    with bound(engine, how) as bind:
        with pytest.raises(errors.TransactionRequired, match="autocommit"):
            crm.joining(bind).begin(crm.key)
        bind.rollback()
    assert before == crm.everything()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize("by_hand", [True, False])
def test_postgres_at_a_snapshot_is_refused(postgres: Place, level: str, by_hand: bool) -> None:
    before = postgres.everything()
    options = {} if by_hand else {"isolation_level": level}
    with postgres.engine.execution_options(**options).connect() as db:
        if by_hand:
            db.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
        assert "Live" == postgres.joining(db).check(postgres.key).status
        with pytest.raises(errors.IsolationError, match=level):
            postgres.joining(db).begin(postgres.key)
        db.commit()
    assert before == postgres.everything()


@pytest.mark.parametrize("level", ["READ COMMITTED", "READ UNCOMMITTED"])
def test_mariadb_without_gap_locks_is_refused(databases: Databases, level: str) -> None:
    """A record that somebody adds after the check would not wait for the transaction."""
    mariadb = place(databases, "mariadb")
    before = mariadb.everything()
    with mariadb.engine.execution_options(isolation_level=level).connect() as db:
        assert "Live" == mariadb.joining(db).check(mariadb.key).status
        with pytest.raises(errors.IsolationError, match=level):
            mariadb.joining(db).begin(mariadb.key)
        db.rollback()
    assert before == mariadb.everything()


def test_a_transaction_that_has_failed_is_refused(postgres: Place) -> None:
    with postgres.engine.connect() as db:
        with pytest.raises(exc.ProgrammingError):
            db.exec_driver_sql("SELECT no_such_column")
        with pytest.raises(errors.TransactionRequired, match="Roll it back first"):
            postgres.joining(db).begin(postgres.key)
        db.rollback()
        postgres.joining(db).begin(postgres.key)


def test_a_session_that_has_failed_is_refused(crm: Place) -> None:
    with Session(crm.engine) as session:
        session.add(_twice(crm))
        with pytest.raises(exc.IntegrityError):
            session.flush()
        session.rollback()
        crm.joining(session).begin(crm.key)


def _twice(crm: Place) -> Customer:
    customer = Customer()
    customer.id, customer.name = crm.number(), "Twice"
    return customer


def test_mariadb_sees_what_was_committed_after_the_hosts_first_read(databases: Databases) -> None:
    """At REPEATABLE READ, one plain SELECT before freezes what plain SELECTs see."""
    crm = place(databases, "mariadb")
    started = crm.owning().begin(crm.key)
    with crm.engine.execution_options(isolation_level="REPEATABLE READ").connect() as db:
        assert 1 == db.scalar(sa.select(sa.func.count()).select_from(CRM.customers))
        started.enter(Reasons("price"))
        crm.back.record(crm.key, "sales_orders", "open")
        crm.back.date(crm.key, "expiries", crm.host.clock.now().date())
        with pytest.raises(errors.Refused) as refused:  # what was shown is not so any more
            cancel(crm.joining(db), crm.key)
        assert "sales_orders" in refused.value.sections
        db.commit()
    assert ["begin", "enter", "begin", "enter", "enter", "process"] == _verbs(crm)


def _verbs(crm: Place) -> list[str]:
    with crm.host.owning(crm.engine, tenant="north").reading() as unit:
        return [entry.verb.value for entry in unit.history.of(crm.key)]


def test_mariadb_has_rolled_everything_back_after_a_deadlock(databases: Databases) -> None:
    """The database itself undoes the host's transaction: the host learns that it was a conflict."""
    crm = place(databases, "mariadb")
    other, table = crm.back.customer(), CRM.customers
    with crm.engine.connect() as mine, crm.engine.connect() as theirs:
        theirs.execute(CRM.people.insert(), [{"login": f"p{n}"} for n in range(200)])
        theirs.execute(sa.update(table).where(table.c.id == crm.number()).values(name="Theirs"))
        mine.execute(sa.update(table).where(table.c.id == int(other)).values(name="Mine"))
        command = Aside(lambda: crm.joining(mine).begin(crm.key))
        theirs.execute(sa.update(table).where(table.c.id == int(other)).values(name="Theirs"))
        with pytest.raises(errors.Conflict):
            command.result()
        mine.rollback()
        theirs.commit()
        assert "Live (PC)" == crm.joining(mine).begin(crm.key).view().status
        mine.rollback()


# ---------------------------------------------------------------- the host's functions


def with_orm(session: Session) -> Callable[[AssignOwner, Any], bool]:
    """An owner that is assigned through the host's own objects."""

    def assign(effect: AssignOwner, customer: Any) -> bool:
        found = session.get_one(Customer, int(customer.id))
        if found.owner != effect.was[0].id:
            return False
        found.owner = effect.to[0].id
        return True

    return assign


def test_a_function_assigns_the_owner_through_the_session(crm: Place) -> None:
    described = CRM.described(assign_owner=with_orm)
    host = type(crm.host)(described, CRM.sources(), own=CRM.own)
    there = Place(crm.engine, crm.back, host, crm.key)
    with Session(crm.engine) as session:
        cancel(there.joining(session), crm.key)
        session.commit()
    assert ("bob",) == crm.back.owners(crm.key)


def test_who_ends_the_transaction_inside_is_told(crm: Place) -> None:
    def ending(bind: Any) -> Callable[[AssignOwner, Any], bool]:
        def assign(effect: AssignOwner, customer: Any) -> bool:
            bind.commit()
            return True

        return assign

    host = type(crm.host)(CRM.described(assign_owner=ending), CRM.sources(), own=CRM.own)
    there = Place(crm.engine, crm.back, host, crm.key)
    with Session(crm.engine) as session, pytest.raises(errors.AdapterContractError, match="U1"):
        cancel(there.joining(session), crm.key)
    with pytest.raises(errors.AdapterContractError, match="U1"):
        cancel(there.owning(), crm.key)


def test_an_error_that_was_passed_over_is_no_commit(postgres: Place) -> None:
    """PostgreSQL answers COMMIT with a rollback, and no error, after a failed statement."""

    def careless(db: Any) -> Callable[[AssignOwner, Any], bool]:
        def assign(effect: AssignOwner, customer: Any) -> bool:
            with pytest.raises(exc.ProgrammingError):
                db.exec_driver_sql("SELECT no_such_column")
            return True

        return assign

    host = type(postgres.host)(CRM.described(assign_owner=careless), CRM.sources(), own=CRM.own)
    with host.owning(postgres.engine, tenant="north").writing() as unit:
        customer = unit.customers.lock(postgres.key)
    assert customer is not None
    effect = AssignOwner((Person("bob"),), customer.owners)
    before = postgres.everything()
    with (
        pytest.raises(errors.AdapterContractError, match="U1"),
        host.owning(postgres.engine, tenant="north").writing() as unit,
    ):
        unit.performers[AssignOwner].perform(effect, customer)
    assert before == postgres.everything()


# ---------------------------------------------------------------- async


@pytest.fixture(params=["aiosqlite", "psycopg"])
def asynchronous(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> tuple[Place, Callable[[], AsyncEngine]]:
    """A CRM, and what makes an asynchronous engine for it."""
    kind = "sqlite" if request.param == "aiosqlite" else "postgres"
    crm = place(databases, kind)
    name = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+psycopg"}[kind]
    return crm, lambda: create_async_engine(crm.engine.url.set(drivername=name))


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_an_async_session_runs_a_whole_cancellation(
    asynchronous: tuple[Place, Callable[[], AsyncEngine]], ending: str
) -> None:
    crm, engine_of = asynchronous
    before = crm.everything()

    async def run() -> str:
        engine = engine_of()
        async with AsyncSession(engine) as session:
            outcome = await session.run_sync(lambda s: cancel(crm.joining(s), crm.key))
            await getattr(session, ending)()
        await engine.dispose()
        return outcome.state

    assert "staged" == asyncio.run(run())
    if ending == "rollback":
        assert before == crm.everything()
    assert (ending == "commit") is crm.back.status(crm.key).cancelled


# ---------------------------------------------------------------- modes of sqlite3


def begun_by_a_hook(engine: sa.Engine, begin: str) -> None:
    """Let SQLAlchemy begin, and not the driver, as its documentation advises."""

    @event.listens_for(engine, "connect")
    def _(driver: Any, _: object) -> None:
        driver.isolation_level = None

    @event.listens_for(engine, "begin")
    def _(db: sa.Connection) -> None:
        db.exec_driver_sql(begin)


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE"])
def test_sqlite_with_a_hook_that_begins(tmp_path: Path, begin: str) -> None:
    engine = sqlite_engine(tmp_path / "crm.db")
    begun_by_a_hook(engine, begin)
    create(engine, CRM)
    crm = placed(engine)
    before = crm.everything()
    with Session(engine) as session:
        assert "staged" == cancel(crm.joining(session), crm.key).state
        session.rollback()
    assert before == crm.everything()
    assert "done" == cancel(crm.owning(), crm.key).state
    engine.dispose()


@pytest.mark.parametrize("begin", ["", "BEGIN"])
def test_sqlite_locks_before_it_reads(tmp_path: Path, begin: str) -> None:
    """A unit that reads first and writes later would cancel over what came in between."""
    engine = sqlite_engine(tmp_path / "crm.db")
    if begin:
        begun_by_a_hook(engine, begin)
    create(engine, CRM)
    crm = placed(engine)
    with crm.host.owning(engine, tenant="north").writing() as unit:
        unit.customers.lock(crm.key)
        writer = Aside(lambda: crm.back.record(crm.key, "cases", "open"))
        assert not writer.ends_within(0.1)
    writer.result()
    engine.dispose()


def test_sqlite_own_units_work_on_an_autocommit_engine(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "crm.db", isolation_level=None)
    create(engine, CRM)
    crm = placed(engine)
    host = FaultyHost(crm.host.owning(engine, tenant="north"))
    before = crm.everything()
    with pytest.raises(errors.CommandFailed):
        host.failing("history.append", crm.desk(host).begin, crm.key)
    assert before == crm.everything()
    assert "done" == cancel(crm.owning(), crm.key).state
    with closing(engine.raw_connection()) as driver:
        assert driver.driver_connection is not None
    engine.dispose()

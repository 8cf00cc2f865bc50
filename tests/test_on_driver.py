"""The checklist's SELECT on the driver's own connection gives what SQLAlchemy gives."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from cancelkit import errors
from cancelkit.adapters.sqlalchemy import on_driver
from cancelkit.adapters.sqlalchemy.on_driver import OnDriver, through_sqlalchemy, watched
from cancelkit.needs import Count, OpenRecords
from cancelkit.testing import RecordState
from tests.servers import Databases
from tests.sql_crm import CLOSED, Crm
from tests.sql_desk import CRM, Place, cancel, place
from tests.sql_plugins import plugged, with_plugins
from tests.sql_world import BackDoor, clear, create

KINDS = ("sqlite", "postgres", "mariadb")
CASES = OpenRecords("cases")
DAY = date(2026, 3, 2)


@pytest.fixture(params=KINDS)
def crm(request: pytest.FixtureRequest, databases: Databases) -> Place:
    """A CRM on each database, whose checklist goes to the driver."""
    here = place(databases, request.param)
    return Place(here.engine, here.back, CRM.host(on_driver=True), here.key)


@pytest.fixture
def only_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a checklist that takes the ordinary way be an error."""

    def never(*_: Any) -> Sequence[Any]:
        raise AssertionError("the statement went through SQLAlchemy")

    monkeypatch.setattr(on_driver, "through_sqlalchemy", never)


# ---------------------------------------------------------------- equal answers, over types


class Colour(enum.Enum):
    """What the database knows by name."""

    RED = "r"
    GREEN = "g"


class Shouted(sa.types.TypeDecorator[str]):
    """A type of the host's own: what Python has in small letters is stored in capitals."""

    impl = sa.String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value.upper()

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return value and value.lower()


KEY = UUID("6f1e0d3a-8a4c-4b5e-9c7d-2a1b3c4d5e6f")
VALUES: Mapping[str, tuple[Any, Any]] = {
    "number": (sa.BigInteger(), 2**40),
    "text": (sa.String(40), "Café 100% 'x' :y"),
    "uuid": (sa.Uuid(), KEY),
    "uuid_text": (sa.Uuid(as_uuid=False), str(KEY)),
    "colour": (sa.Enum(Colour), Colour.GREEN),
    "word": (sa.Enum("on", "off", name="word"), "off"),
    "money": (sa.Numeric(10, 2), Decimal("12.50")),
    "share": (sa.Float(), 0.25),
    "yes": (sa.Boolean(), True),
    "day": (sa.Date(), date(2026, 3, 2)),
    "moment": (sa.DateTime(), datetime(2026, 3, 2, 9, 30)),  # noqa: DTZ001 - a column of local times
    "instant": (sa.DateTime(timezone=True), datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
    "hour": (sa.Time(), time(9, 30)),
    "lasts": (sa.Interval(), timedelta(hours=5, minutes=3)),
    "bytes": (sa.LargeBinary(), b"\x00\xff"),
    "own": (Shouted(), "loud"),
}
META = sa.MetaData()
THINGS = sa.Table(
    "things",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(name, kind) for name, (kind, _) in VALUES.items()),
    sa.Column("document", sa.JSON),  # cannot be compared
)
DOCUMENT = {"a": [1, None, "é"]}


def _statement() -> sa.Select[Any]:
    """Each value where it equals a parameter that varies, a constant, and one of a list."""
    columns: list[Any] = []
    for name, (kind, value) in VALUES.items():
        column = THINGS.c[name]
        mine = THINGS.c.id == sa.bindparam("id", type_=sa.Integer())
        varying = column == sa.bindparam(f"of_{name}", type_=kind)
        for condition in (varying, column == value, column.in_([value])):
            found = sa.select(column).where(mine, condition).scalar_subquery()
            columns.append(found.label(f"a{len(columns)}"))
    document = sa.select(THINGS.c.document).where(THINGS.c.id == sa.bindparam("id"))
    return sa.select(*columns, document.scalar_subquery().label("document"))


STATEMENT = _statement()


def _values(key: int) -> dict[str, Any]:
    return {"id": key, **{f"of_{name}": value for name, (_, value) in VALUES.items()}}


def _things(engine: sa.Engine) -> None:
    META.drop_all(engine)
    META.create_all(engine)
    row = {name: value for name, (_, value) in VALUES.items()}
    with engine.begin() as db:
        db.execute(THINGS.insert(), {"id": 1, **row, "document": DOCUMENT})
        db.execute(THINGS.insert(), {"id": 2})


def _both_ways(bind: Session | sa.Connection) -> None:
    """Compare what both ways give, for a row with values and one without any."""
    db = bind.connection() if isinstance(bind, Session) else bind
    db.execute(sa.select(1))  # begins
    assert not watched(db)
    ask = OnDriver().one
    for key in (1, 2, 1):
        plain = through_sqlalchemy(db, STATEMENT, _values(key))
        given = tuple(ask(db, STATEMENT, _values(key)))
        assert plain == given
        assert [*map(type, plain)] == [*map(type, given)]
        expected = [each for _, value in VALUES.values() for each in (value,) * 3]
        there = [*map(_instant, expected), DOCUMENT] if key == 1 else [None] * len(given)
        assert there == [*map(_instant, given)]


def _instant(value: Any) -> Any:
    """SQLite and MariaDB keep no zone: what was sent in UTC comes back without one."""
    return value.replace(tzinfo=value.tzinfo or UTC) if isinstance(value, datetime) else value


@pytest.mark.usefixtures("only_driver")
@pytest.mark.parametrize("how", ["session", "connection"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_type_goes_both_ways(databases: Databases, kind: str, how: str) -> None:
    engine = databases.engine(kind, "things")
    _things(engine)
    with Session(engine) if how == "session" else engine.connect() as bind:
        _both_ways(bind)


@pytest.mark.usefixtures("only_driver")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_every_type_goes_both_ways_in_an_async_session(databases: Databases, kind: str) -> None:
    engine = databases.engine(kind, "things")
    _things(engine)

    async def run() -> None:
        made = create_async_engine(engine.url.set(drivername=ASYNC[kind]))
        async with AsyncSession(made) as session:
            await session.run_sync(_both_ways)
        await made.dispose()

    asyncio.run(run())


ASYNC = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+psycopg"}


# ---------------------------------------------------------------- equal checklists


@pytest.mark.usefixtures("only_driver")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", ["numbers", "uuids", "texts"])
def test_checklists_are_equal(databases: Databases, kind: str, variant: str) -> None:
    """With ids, dates and instants of each kind, before and after the lock, plug-ins included."""
    crm, engine = Crm(variant), databases.engine(kind, variant)
    create(engine, crm)
    clear(engine, crm)
    back = BackDoor(engine, crm, "north")
    keys = [back.customer(), _with_everything(back)]
    needs = with_plugins().checklist.needs
    plain, fast = (plugged(crm, on_driver=way) for way in (False, True))
    for writing in (False, True):
        for key in keys:
            answers: list[Any] = []
            for host in (plain, fast):
                owned = host.owning(engine, tenant="north")
                with owned.writing() if writing else owned.reading() as unit:
                    assert not writing or unit.customers.lock(key)
                    answers.append(unit.customers.facts([key], needs, DAY)[key])
            assert answers[0] == answers[1]
            assert [*map(repr, answers[0].values())] == [*map(repr, answers[1].values())]
            assert Count(0 if key == keys[0] else 2) == answers[0][CASES]


def _with_everything(back: BackDoor) -> str:
    key = back.customer()
    states: tuple[RecordState, ...] = ("open", "closed", "odd", "deleted")
    for kind in CLOSED:
        for state in states:
            back.record(key, kind, state)
    for ceased_on in (None, DAY, DAY + timedelta(days=1)):
        for live in (False, True):
            back.asset(key, "assets", ceased_on, live)
    for on in (DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)):
        back.date(key, "expiries", on)
    return key


@pytest.mark.usefixtures("only_driver")
def test_a_session_is_joined_and_what_it_has_not_written_is_seen(crm: Place) -> None:
    with Session(crm.engine) as session:
        order = CRM.records["sales_orders"]
        session.execute(order.insert().values(customer_id=crm.number(), status="new"))
        desk = crm.joining(session)
        view = desk.get(crm.key).view()
        assert "to do" == {line.key: line.word for line in view.sections}["sales_orders"]
        session.execute(order.update().values(status="shipped"))
        assert "staged" == cancel(desk, crm.key).state
        session.rollback()
    assert not crm.back.status(crm.key).cancelled
    assert "done" == cancel(crm.owning(), crm.key).state


@pytest.mark.usefixtures("only_driver")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_async_session_runs_a_whole_cancellation(databases: Databases, kind: str) -> None:
    here = place(databases, kind)
    crm = Place(here.engine, here.back, CRM.host(on_driver=True), here.key)

    async def run() -> str:
        engine = create_async_engine(crm.engine.url.set(drivername=ASYNC[kind]))
        async with AsyncSession(engine) as session:
            outcome = await session.run_sync(lambda s: cancel(crm.joining(s), crm.key))
            await session.commit()
        await engine.dispose()
        return outcome.state

    assert "staged" == asyncio.run(run())
    assert crm.back.status(crm.key).cancelled


# ---------------------------------------------------------------- where it is not done


def _asked(db: sa.Connection, crm: Place) -> int:
    """Ask for the open cases."""
    statement = crm.host.statements.single((CASES,), locking=False)
    (found,) = OnDriver().one(db, statement, {"customer": crm.number()})
    return int(found)


EVENTS = ("before_cursor_execute", "after_cursor_execute", "before_execute", "after_execute")


@pytest.mark.parametrize("name", [*EVENTS, "do_execute", "handle_error"])
def test_whoever_listens_to_statements_hears_the_checklist(crm: Place, name: str) -> None:
    heard: list[str] = []

    def listen(*args: Any, **_: Any) -> None:
        heard.append(" ".join(map(str, args)))

    event.listen(crm.engine, name, listen)
    try:
        with crm.engine.begin() as db:
            db.execute(sa.select(sa.literal(1)))
            assert watched(db)
            assert 0 == _asked(db, crm)
    finally:
        event.remove(crm.engine, name, listen)
    assert name == "handle_error" or "cases" in heard[-1]


def test_whoever_listens_to_every_engine_hears_it_too(crm: Place) -> None:
    """As tracing does."""
    heard: list[str] = []

    def listen(*args: Any) -> None:
        heard.append(args[2])

    event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        crm.owning().get(crm.key).view()
    finally:
        event.remove(sa.Engine, "before_cursor_execute", listen)
    assert any("FROM cases" in text for text in heard)


def test_a_value_that_cannot_be_read_is_the_same_error(databases: Databases) -> None:
    """A word that the Enum of the host's table does not know."""
    engine = databases.engine("sqlite", "things")
    _things(engine)
    statement: sa.Select[Any] = sa.select(THINGS.c.word).where(THINGS.c.id == sa.bindparam("id"))
    with engine.begin() as db:
        db.execute(sa.text("UPDATE things SET word = 'odd' WHERE id = 1"))
        for ask in (through_sqlalchemy, OnDriver().one):
            with pytest.raises(LookupError, match="odd"):
                ask(db, statement, {"id": 1})


def test_what_is_logged_is_logged(crm: Place, caplog: pytest.LogCaptureFixture) -> None:
    engine = sa.create_engine(crm.engine.url, echo=False)
    with caplog.at_level(logging.INFO, "sqlalchemy.engine"), engine.begin() as db:
        _asked(db, crm)
    engine.dispose()
    assert any("FROM cases" in line.getMessage() for line in caplog.records)


def test_names_of_schemas_that_are_translated_are_translated(databases: Databases) -> None:
    crm = place(databases, "postgres")
    crm.back.record(crm.key, "cases", "open")
    statement = crm.host.statements.single((CASES,), locking=False)
    there = crm.engine.execution_options(schema_translate_map={None: "elsewhere"})
    found: list[Any] = []
    ask = OnDriver().one
    with crm.engine.begin() as db:
        db.exec_driver_sql("CREATE SCHEMA elsewhere")
        db.exec_driver_sql("CREATE TABLE elsewhere.cases (LIKE public.cases)")
    try:
        for engine in (crm.engine, there, crm.engine):
            with engine.begin() as db:
                db.exec_driver_sql("SELECT 1")
                found += ask(db, statement, {"customer": crm.number()})
    finally:
        with crm.engine.begin() as db:
            db.exec_driver_sql("DROP SCHEMA elsewhere CASCADE")
    assert [1, 0, 1] == found


def test_a_transaction_that_has_not_begun_is_begun_by_sqlalchemy(crm: Place) -> None:
    with crm.engine.connect() as db:
        assert watched(db)
        assert 0 == _asked(db, crm)
        assert db.in_transaction()


def test_a_parameter_that_is_called_is_called_each_time(crm: Place) -> None:
    answers = iter([1, 2, 3])
    given = sa.bindparam("it", callable_=lambda: next(answers), type_=sa.Integer())
    statement: sa.Select[Any] = sa.select(sa.cast(given, sa.Integer))
    ask = OnDriver().one
    with crm.engine.begin() as db:
        assert [(1,), (2,), (3,)] == [tuple(ask(db, statement, {})) for _ in range(3)]


# ---------------------------------------------------------------- errors


def test_an_error_is_the_one_that_sqlalchemy_raises(crm: Place) -> None:
    statement: sa.Select[Any] = sa.select(sa.literal_column("no_such_column"))
    seen = []
    for ask in (through_sqlalchemy, OnDriver().one):
        with crm.engine.connect() as db, db.begin():
            with pytest.raises(exc.DBAPIError) as raised:
                ask(db, statement, {})
            seen.append((type(raised.value), str(raised.value.orig), raised.value.statement))
            assert not db.invalidated
    assert seen[0] == seen[1]


@pytest.mark.parametrize("rows", [0, 2, 3])
def test_as_many_rows_as_sqlalchemy_refuses_are_refused(crm: Place, rows: int) -> None:
    each: list[sa.Select[Any]] = [sa.select(sa.literal_column(str(n)).label("n")) for n in range(4)]
    table = sa.union_all(*each).subquery()
    statement: sa.Select[Any] = sa.select(table.c.n).where(
        table.c.n < sa.bindparam("rows", type_=sa.Integer())
    )
    seen = []
    for ask in (through_sqlalchemy, OnDriver().one):
        with crm.engine.connect() as db, db.begin():
            with pytest.raises(exc.InvalidRequestError) as raised:
                ask(db, statement, {"rows": rows})
            seen.append((type(raised.value), str(raised.value)))
            assert (0,) == tuple(ask(db, statement, {"rows": 1}))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_lost_connection_leaves_the_pool(databases: Databases, kind: str) -> None:
    here = place(databases, kind)
    crm = Place(here.engine, here.back, CRM.host(on_driver=True), here.key)
    engine = sa.create_engine(crm.engine.url, pool_size=1, max_overflow=0)
    desk = crm.host.owning(engine, tenant="north")

    def ask(*, lost: bool) -> Any:
        with desk.reading() as unit:
            unit.customers.load([crm.key])
            if lost:
                _kill(crm.engine, kind)
            return unit.customers.facts([crm.key], [CASES], DAY)[crm.key]

    with pytest.raises(errors.Failed, match="cannot be reached"):
        ask(lost=True)
    assert {CASES: Count(0)} == ask(lost=False)
    engine.dispose()


def _kill(engine: sa.Engine, kind: str) -> None:
    """Let the server end all other connections to this database; no pool keeps a dead one."""
    engine.dispose()
    with engine.connect() as db:
        if kind == "postgres":
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            db.exec_driver_sql(
                f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
            )
            return
        others = "db = DATABASE() AND id <> CONNECTION_ID()"
        ids = db.exec_driver_sql(f"SELECT id FROM information_schema.processlist WHERE {others}")
        for one in ids.scalars().all():
            db.exec_driver_sql(f"KILL {one}")


def test_whoever_is_stopped_in_the_middle_does_not_keep_the_connection(
    crm: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is cancelled while its statement runs: nobody knows what the connection says."""

    def stopped(*_: Any) -> None:
        raise asyncio.CancelledError

    with crm.engine.connect() as db:
        db.execute(sa.select(1))
        monkeypatch.setattr(db.dialect, "do_execute", stopped)
        with pytest.raises(asyncio.CancelledError):
            _asked(db, crm)
        monkeypatch.undo()
        assert db.invalidated


def test_the_text_is_made_once(crm: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    fixed: Callable[..., Any] = on_driver.fixed

    def counted(statement: Any, *args: Any) -> Any:
        made.append(statement)
        return fixed(statement, *args)

    monkeypatch.setattr(on_driver, "fixed", counted)
    for _ in range(3):
        crm.owning().get(crm.key).view()
    assert 1 == len(made)

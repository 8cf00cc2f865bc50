"""What a description of tables may say, and what is told to whoever gets it wrong."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from cancelkit import errors
from cancelkit.adapters.sqlalchemy import (
    Assets,
    Customers,
    Dates,
    Records,
    SqlHost,
    Status,
    own_tables,
)
from cancelkit.checklist import STANDARD
from cancelkit.errors import BadSetup
from cancelkit.needs import Count, Need, NextDate, OpenRecords, Unknown
from cancelkit.people import Status as Shown
from cancelkit.ports import Unit
from tests.servers import Databases, sqlite_engine
from tests.sql_crm import Crm
from tests.sql_desk import ANN, CRM, KIT, Place, place, placed
from tests.sql_world import create

KINDS = ("sqlite", "postgres", "mariadb")
DAY = date(2026, 3, 2)
META = sa.MetaData()
CUSTOMER = sa.Table(
    "customer",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("status", sa.String(20)),
    sa.Column("owner", sa.Integer),
    sa.Column("created", sa.DateTime),
    sa.Column("active", sa.Boolean),
    sa.Column("tenant", sa.Integer),
    sa.Column("score", sa.Float),
)
CASE = sa.Table(
    "case_",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customer.id")),
    sa.Column("customer_code", sa.String(20)),
    sa.Column("status", sa.String(20)),
    sa.Column("closed_at", sa.DateTime),
    sa.Column("tenant", sa.Integer),
)
LINK = sa.Table(
    "link", META, sa.Column("case_id", sa.Integer), sa.Column("customer_id", sa.Integer)
)
C, K = CUSTOMER.c, CASE.c
LIVE = Status(C.status, cancelled="gone", pending={"live": "live_pc"})
DONE = K.status == "done"
LOWER = sa.func.lower(C.status, type_=sa.String)


def host_of(records: dict[str, Any] | None = None, **changes: Any) -> SqlHost:
    """Return a host with as little as possible, and what a test changes."""
    return SqlHost(Customers(C.id, C.name, **changes), records or {})


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "no column": (lambda: Customers("id", name=C.name), "id= must be a column .* not str"),
    "no column, in a status": (lambda: Status("x", "gone"), "value= must be a column"),
    "no id that text can tell": (lambda: Customers(C.score, C.name), "customer.score has the type"),
    "a condition that is a text": (
        lambda: Records(K.customer_id, closed=K.status),
        r"closed= must be true or false.*case_\.status",
    ),
    "a filter that is a number": (
        lambda: Customers(C.id, C.name, where=C.owner),
        r"where= must be true or false.*customer\.owner",
    ),
    "datetimes without a zone": (
        lambda: Dates(K.customer_id, on=K.closed_at),
        r"case_\.closed_at\) has times: say zone=",
    ),
    "dates that are named": (
        lambda: Dates(K.customer_id, on=K.closed_at, zone="UTC", label=K.status),
        r"Dates are never named: leave out label= of case_\.closed_at",
    ),
    "no date": (lambda: Assets(K.customer_id, K.status), r"case_\.status\) has the type"),
    "a first day with times": (lambda: Customers(C.id, C.name, since=C.created), "cast"),
    "a column of another table": (
        lambda: Customers(C.id, K.status),
        r"name= of Customers \(case_\.status\) must be over customer alone, but is over case_",
    ),
    "a status that cannot be written": (
        lambda: Customers(C.id, C.name, status=Status(LOWER, "gone")),
        "cannot be written; give mirror=",
    ),
    "nothing that means cancelled": (lambda: Status(C.status, ()), "no value to write"),
    "a pending value that means two": (
        lambda: Status(C.status, "gone", {"live": "pc", "new": "pc"}),
        r"pending= of customer\.status must give each value one of its own",
    ),
    "a key of another type": (
        lambda: host_of({"cases": Records(K.customer_code, closed=DONE)}),
        r"'cases': customer= \(case_\.customer_code\) is str, but customer\.id is int",
    ),
    "a condition over two tables": (
        lambda: host_of({"cases": Records(K.customer_id, closed=DONE & (C.name == "x"))}),
        r"OpenRecords\(kind='cases'\).*must be over case_ alone, but is over customer",
    ),
    "no primary key": (
        lambda: host_of({"links": Records(LINK.c.customer_id, closed=LINK.c.case_id.is_not(None))}),
        r"OpenRecords\(kind='links'\) has no single primary key: say id=",
    ),
    "no source": (lambda: host_of({"cases": K.customer_id}), r"records\['cases'\] is Column"),
    "a tenant of the records alone": (
        lambda: host_of({"cases": Records(K.customer_id, closed=DONE, tenant=K.tenant)}),
        "has tenant=, but Customers has none",
    ),
    "a tenant, and nothing to tell it by": (
        lambda: host_of().owning(sa.create_engine("sqlite://"), tenant="x"),
        "tenant='x' is given, but Customers has no tenant=",
    ),
    "a tenant of another type": (
        lambda: host_of(tenant=C.tenant).owning(sa.create_engine("sqlite://")),
        r"tenant='' is no value of customer\.tenant",
    ),
    "an engine to join": (
        lambda: host_of().joining(sa.create_engine("sqlite://")),  # type: ignore[arg-type]
        "needs a Session or Connection",
    ),
    "a URL to own": (
        lambda: host_of().owning("sqlite://"),  # type: ignore[arg-type]
        "needs an Engine",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_when_it_is_made(mistake: str) -> None:
    make, sentence = MISTAKES[mistake]
    with pytest.raises(errors.BadSetup, match=sentence):
        make()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sa.Engine]:
    """The small tables above, in SQLite."""
    engine = sqlite_engine(tmp_path / "small.db")
    META.create_all(engine)
    own_tables().create(engine)
    yield engine
    engine.dispose()


@contextmanager
def writing(host: SqlHost, engine: sa.Engine, tenant: str = "") -> Generator[Unit]:
    """Begin a unit of work."""
    with host.owning(engine, tenant=tenant).writing() as unit:
        yield unit


def add(engine: sa.Engine, table: sa.Table, *rows: dict[str, Any]) -> None:
    """Insert rows."""
    with engine.begin() as connection:
        for row in rows:
            connection.execute(table.insert().values(row))


def ask(unit: Unit, need: Need[Any], *keys: str) -> list[Any]:
    """Return what a need is answered for customers, together and alone."""
    together = unit.customers.facts(keys, (need,), DAY)
    alone = [unit.customers.facts((key,), (need,), DAY)[key][need] for key in keys]
    assert alone == [together[key][need] for key in keys]
    return alone


def test_a_need_without_a_source_is_named(db: sa.Engine) -> None:
    with pytest.raises(errors.BadSetup, match=r"OpenRecords\(kind='cases'\) of section 'cases'"):
        KIT.verify(host_of().owning(db))
    add(db, CUSTOMER, {"id": 1, "name": "One"})
    with host_of().owning(db).reading() as unit:
        (found,) = ask(unit, OpenRecords("cases"), "1")
    assert isinstance(found, Unknown)


def test_a_status_that_nobody_declared_is_named(db: sa.Engine) -> None:
    host = host_of(status=LIVE)
    add(db, CUSTOMER, {"id": 1, "status": "trial"})
    with writing(host, db) as unit:
        mirror = unit.status
        assert mirror is not None
        with pytest.raises(errors.BadSetup, match=r"'trial' of customer\.status becomes.*: live"):
            mirror.mark_pending("1", Shown("trial", pending=False))


@pytest.mark.parametrize("stored", [None, "", "live"])
def test_a_status_of_nothing_is_put_back_as_it_was(db: sa.Engine, stored: str | None) -> None:
    host = host_of(status=Status(C.status, "gone", C.active))
    add(db, CUSTOMER, {"id": 1, "status": stored, "active": None})
    with writing(host, db) as unit:
        found = unit.customers.lock("1")
        assert found is not None
        assert found.status is not None
        assert unit.status is not None
        assert unit.status.mark_pending("1", found.status)
        pending = unit.customers.load(("1",))["1"].status
        assert pending is not None
        assert (found.status.value, True) == (pending.value, pending.pending)
        assert unit.status.mark_cancelled("1", pending)
        gone = unit.customers.load(("1",))["1"].status
        assert gone is not None
        assert not unit.status.restore("1", pending, found.status)
        assert unit.status.restore("1", gone, found.status)
        assert found.status == unit.customers.load(("1",))["1"].status


def test_the_status_may_be_a_flag(db: sa.Engine) -> None:
    status = Status(C.active, cancelled=False, labels={True: "Active", False: "Left"})
    add(db, CUSTOMER, {"id": 1, "active": True})
    with writing(host_of(status=status), db) as unit:
        found = unit.customers.lock("1")
        assert found is not None
        active = Shown("true", None, cancelled=False, label="Active")
        assert active == found.status
        assert unit.status is not None
        assert unit.status.mark_cancelled("1", active)
        left = Shown("false", None, cancelled=True, label="Left")
        assert left == unit.customers.load(("1",))["1"].status


class Mirror:
    """A host's own way to write the status."""

    def __init__(self, db: Any) -> None:
        self.db = db

    def mark_pending(self, customer_id: str, expected: Shown) -> bool:
        return self._set(customer_id, "LIVE PC")

    def restore(self, customer_id: str, expected: Shown, former: Shown) -> bool:
        return self._set(customer_id, former.value)

    def mark_cancelled(self, customer_id: str, expected: Shown) -> bool:
        return self._set(customer_id, "GONE")

    def _set(self, customer_id: str, status: str) -> bool:
        changed = CUSTOMER.update().where(C.id == int(customer_id)).values(status=status)
        return bool(self.db.execute(changed).rowcount == 1)


def test_the_status_may_be_an_expression_with_a_function_that_writes_it(db: sa.Engine) -> None:
    status = Status(LOWER, "gone", {"live": "live pc"})
    host = host_of(status=status, mirror=Mirror)
    add(db, CUSTOMER, {"id": 1, "status": "Live"})
    with writing(host, db) as unit:
        assert unit.status is not None
        assert unit.status.mark_pending("1", Shown("live", pending=False))
        assert Shown("live", pending=True) == unit.customers.load(("1",))["1"].status


class Stage(enum.IntEnum):
    """A status of a host."""

    ON = 1
    OFF = 2


def test_ids_and_values_of_other_types_are_text(db: sa.Engine) -> None:
    meta = sa.MetaData()
    table = sa.Table(
        "thing",
        meta,
        sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("name", sa.String(20)),
        sa.Column("stage", sa.Enum(Stage)),
        sa.Column("owner", sa.Integer),
    )
    meta.create_all(db)
    key = "0f8fad5b-d9cb-469f-a165-70867728950e"
    add(db, table, {"id": key, "name": None, "stage": Stage.ON, "owner": 7})
    status = Status(table.c.stage, Stage.OFF)
    host = SqlHost(Customers(table.c.id, table.c.name, status, owner=table.c.owner), {})
    with writing(host, db) as unit:
        for other in (key.upper(), "no uuid", "", "7"):
            assert unit.customers.lock(other) is None
        found = unit.customers.lock(key)
        assert found is not None
        assert (key, ("7",)) == (found.name, tuple(person.id for person in found.owners))
        assert "ON" == found.status.value if found.status else None
        assert unit.status is not None
        assert not unit.status.mark_cancelled(key, Shown("no stage"))
        assert unit.status.mark_cancelled(key, Shown("ON"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_that_no_column_holds_is_nobody(databases: Databases, kind: str) -> None:
    crm = place(databases, kind)
    with crm.host.owning(crm.engine, tenant="north").writing() as unit:
        for key in (str(2**31), str(2**63 - 1), str(2**63), str(-(2**40)), "9" * 100):
            assert unit.customers.lock(key) is None
            assert {} == unit.customers.load((key,))


@pytest.mark.parametrize("kind", KINDS)
def test_records_may_be_related_through_other_tables(databases: Databases, kind: str) -> None:
    """A relation in place of a foreign key: the rows are those of a subquery."""
    engine = databases.engine(kind, "small")
    META.drop_all(engine)
    META.create_all(engine)
    rows = (
        sa.select(CASE.c.id, CASE.c.status, LINK.c.customer_id)
        .join(LINK, LINK.c.case_id == CASE.c.id)
        .subquery("linked")
    )
    source = Records(rows.c.customer_id, closed=rows.c.status == "done", id=rows.c.id)
    host = host_of({"cases": source})
    add(engine, CUSTOMER, {"id": 1, "name": "One"}, {"id": 2, "name": "Two"})
    add(engine, CASE, {"id": 1, "status": "done"}, {"id": 2}, {"id": 3, "status": "new"})
    links = [{"case_id": case, "customer_id": who} for case, who in ((1, 1), (2, 1), (3, 2))]
    add(engine, LINK, *links)
    own_tables().create(engine)
    for unit_of in (host.owning(engine).reading, host.owning(engine).writing):
        with unit_of() as unit:
            unit.customers.lock("1")
            assert [Count(1), Count(1)] == ask(unit, OpenRecords("cases"), "1", "2")
            (named,) = unit.customers.open_records("1", OpenRecords("cases"), DAY, 9)
            assert ("2", "2") == (named.id, named.label)


def test_tenants_whose_customers_share_ids_are_kept_apart(db: sa.Engine) -> None:
    meta = sa.MetaData()
    shop, ticket = (
        sa.Table(
            name,
            meta,
            sa.Column("seq", sa.Integer, primary_key=True),
            sa.Column("number", sa.Integer),
            sa.Column("region", sa.Integer),
            sa.Column("text", sa.String(20)),
        )
        for name in ("shop", "ticket")
    )
    meta.create_all(db)
    for region in (1, 2):
        add(db, shop, {"number": 7, "region": region, "text": f"Shop {region}"})
    add(db, ticket, {"number": 7, "region": 2, "text": "new"})
    source = Records(ticket.c.number, ticket.c.text == "done", tenant=ticket.c.region)
    host = SqlHost(Customers(shop.c.number, shop.c.text, tenant=shop.c.region), {"cases": source})
    for tenant, expected in (("1", 0), ("2", 1)):
        with writing(host, db, tenant) as unit:
            found = unit.customers.lock("7")
            assert found is not None
            assert f"Shop {tenant}" == found.name
            assert [Count(expected)] * 2 == ask(unit, OpenRecords("cases"), "7", "7")
            assert expected == len(unit.customers.open_records("7", OpenRecords("cases"), DAY, 9))


class Base(DeclarativeBase):
    """A host's mapped classes."""


class Client(Base):
    """A mapped customer."""

    __tablename__ = "client"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)


class Ticket(Base):
    """A mapped case."""

    __tablename__ = "client_ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"))
    state: Mapped[str | None]
    due: Mapped[date]


def test_mapped_classes_are_described_by_their_attributes(db: sa.Engine) -> None:
    Base.metadata.create_all(db)
    add(db, Client.__table__, {"id": 1, "title": "One", "state": "live", "revision": 1})  # type: ignore[arg-type]
    add(db, Ticket.__table__, {"client_id": 1, "state": None, "due": DAY + timedelta(1)})  # type: ignore[arg-type]
    status = Status(Client.state, "gone", {"live": "live_pc"})
    customers = Customers(Client.id, name=Client.title, status=status, version=Client.revision)
    records: dict[str, Any] = {
        "cases": Records(
            Ticket.client_id,
            closed=Ticket.state.in_(["done"]) | (Ticket.state == "void"),
            label=sa.func.coalesce(Ticket.state, "new"),
            where=Ticket.state.is_distinct_from("sample"),
        ),
        "expiries": Dates(Ticket.client_id, on=Ticket.due),
    }
    host = SqlHost(customers, records)
    with writing(host, db) as unit:
        found = unit.customers.lock("1")
        assert found is not None
        assert unit.status is not None
        assert found.status is not None
        assert unit.status.mark_pending("1", found.status)
        assert [Count(1)] == ask(unit, OpenRecords("cases"), "1")
        assert [DAY + timedelta(1)] == ask(unit, NextDate("expiries"), "1")
        (named,) = unit.customers.open_records("1", OpenRecords("cases"), DAY, 9)
        assert "new" == named.label
    with db.connect() as connection:
        found_row = connection.execute(sa.select(Client.state, Client.revision)).one()
    assert ("live_pc", 2) == tuple(found_row)


@frozen(cache_hash=True)
class CasesWith:
    """A plug-in's need: how many cases have a status."""

    status: str

    def read(self, answer: object, /) -> int:
        """Return the number."""
        assert type(answer) is int
        return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_plug_ins_need_is_one_function(databases: Databases, kind: str) -> None:
    def answer(need: CasesWith, customer: Any, as_of: Any) -> Any:
        found = sa.select(sa.func.count()).select_from(CASE)
        return found.where(
            K.customer_id == customer, K.status == need.status, as_of > date(2000, 1, 1)
        )

    engine = databases.engine(kind, "small")
    META.drop_all(engine)
    META.create_all(engine)
    own_tables().create(engine)
    add(engine, CUSTOMER, {"id": 1, "name": "One"}, {"id": 2, "name": "Two"})
    add(engine, CASE, {"customer_id": 1, "status": "a"}, {"customer_id": 2, "status": "b"})
    host = SqlHost(Customers(C.id, C.name), {}, answers={CasesWith: answer})
    for unit_of in (host.owning(engine).reading, host.owning(engine).writing):
        with unit_of() as unit:
            unit.customers.lock("1")
            assert [1, 0] == ask(unit, CasesWith("a"), "1", "2")
            assert [0, 1] == ask(unit, CasesWith("b"), "1", "2")


@frozen(cache_hash=True)
class Settings:
    """A plug-in's need: what a column of JSON has."""

    def read(self, answer: object, /) -> object:
        return answer


@pytest.mark.parametrize("on_driver", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_has_no_hash_is_read_for_many_as_for_one(
    databases: Databases, kind: str, on_driver: bool
) -> None:
    meta = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    client = sa.Table("client", meta, key, sa.Column("settings", sa.JSON))

    def answer(need: Settings, customer: Any, as_of: Any) -> Any:
        return sa.select(client.c.settings).where(client.c.id == customer)

    engine = databases.engine(kind, "small")
    meta.drop_all(engine)
    meta.create_all(engine)
    rows = {1: {"tags": ["x"]}, 2: []}
    add(engine, client, *({"id": n, "settings": one} for n, one in rows.items()))
    customers = Customers(client.c.id, client.c.id)
    host = SqlHost(customers, {}, answers={Settings: answer}, on_driver=on_driver)
    with host.owning(engine).reading() as unit:
        for keys in (["1"], ["2"], ["3"], ["1", "2", "3"]):
            assert [rows.get(int(n)) for n in keys] == ask(unit, Settings(), *keys)
    meta.drop_all(engine)


@pytest.mark.parametrize("on_driver", [False, True])
def test_a_function_that_answers_with_no_select_is_refused(db: sa.Engine, on_driver: bool) -> None:
    """A column of a table would give one row for each of its rows: the answer of anybody."""
    add(db, CUSTOMER, {"id": 1, "name": "One"}, {"id": 2, "name": "Two"})
    made: Any
    for made, name in ((K.id, "Column"), ((sa.select(K.id), 5), "int")):
        answers: dict[type, Any] = {CasesWith: lambda need, customer, as_of, it=made: it}
        host = SqlHost(Customers(C.id, C.name), {}, answers=answers, on_driver=on_driver)
        told = f"in answers= for CasesWith returned .*{name}; expected a select"
        with host.owning(db).reading() as unit, pytest.raises(BadSetup, match=told):
            ask(unit, CasesWith("a"), "2")


@pytest.mark.parametrize("hours", [-11, 0, 2, 14])
def test_a_zone_may_be_an_offset(db: sa.Engine, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    host = host_of({"expiries": Dates(K.customer_id, on=K.closed_at, zone=zone)})
    add(db, CUSTOMER, {"id": 1, "name": "One"})
    local = sa.func.datetime("2026-03-03 00:00:00")
    with db.begin() as connection:
        made = sa.insert(CASE).from_select(
            ["customer_id", "closed_at"], sa.select(sa.literal(1), local.op("||")(".000000"))
        )
        connection.execute(made)
    with host.owning(db).reading() as unit:
        assert [date(2026, 3, 3)] == ask(unit, NextDate("expiries"), "1")


# ---------------------------------------------------------------- databases that do not do


@pytest.fixture(params=KINDS)
def crm(request: pytest.FixtureRequest, databases: Databases) -> Place:
    """A CRM on each database."""
    return place(databases, request.param)


def at(crm: Place, engine: sa.Engine, host: SqlHost | None = None) -> Place:
    """Return the same CRM through another engine."""
    return Place(engine, crm.back, host or crm.host, crm.key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_is_not_there_is_named(databases: Databases, kind: str) -> None:
    engine = databases.engine(kind, "empty")
    desk = KIT.at(CRM.host().owning(engine, tenant="north"), actor=ANN)
    for call in (desk.begin, desk.check):
        with pytest.raises(errors.BadSetup, match=r"customers.*Compare the description"):
            call("1")


def test_a_column_that_is_not_there_is_named(crm: Place) -> None:
    meta = sa.MetaData()
    older = sa.Table("sales_orders", meta, sa.Column("id", sa.Integer, primary_key=True))
    for name in ("customer_id", "dispatched"):
        older.append_column(sa.Column(name, sa.Integer))
    source = Records(older.c.customer_id, closed=older.c.dispatched.is_not(None))
    host = SqlHost(CRM.described(), {**CRM.sources(), "sales_orders": source}, own=CRM.own)
    there = host.owning(crm.engine, tenant="north")
    with (
        there.reading() as unit,
        pytest.raises(errors.BadSetup, match=r"dispatched.*Compare the description"),
    ):
        unit.customers.facts((crm.key,), STANDARD.needs, DAY)
    view = KIT.at(there, actor=ANN).check(crm.key)
    assert {"unknown"} == {one.word for one in view.sections if one.key == "sales_orders"}


def test_own_tables_that_are_not_there_are_named(crm: Place) -> None:
    host = SqlHost(CRM.described(), CRM.sources(), own=own_tables(prefix="elsewhere_"))
    with pytest.raises(errors.BadSetup, match=r"elsewhere_.*made by `cancelkit db create`"):
        at(crm, crm.engine, host).owning().begin(crm.key)


def read_only(crm: Place) -> sa.Engine:
    """Return an engine that may only read."""
    url, kind = crm.engine.url, crm.engine.dialect.name
    if kind == "sqlite":
        return sa.create_engine(f"sqlite:///file:{url.database}?mode=ro&uri=true")
    said = {
        "postgresql": {"options": "-c default_transaction_read_only=on"},
        "mysql": {"init_command": "SET SESSION TRANSACTION READ ONLY"},
    }
    return sa.create_engine(url, connect_args=said[kind])


def test_a_database_that_is_read_only_is_told_of(crm: Place) -> None:
    engine = read_only(crm)
    assert "Live" == at(crm, engine).owning().check(crm.key).status
    with pytest.raises(errors.BadSetup, match=r"read-only.*Use the primary"):
        at(crm, engine).owning().begin(crm.key)
    engine.dispose()


def test_a_database_that_is_gone_is_told_of(crm: Place) -> None:
    url, sqlite = crm.engine.url, crm.engine.dialect.name == "sqlite"
    gone = url.set(database="/nowhere/crm.db") if sqlite else url.set(port=9)
    engine = sa.create_engine(gone)
    for call in (at(crm, engine).owning().begin, at(crm, engine).owning().check):
        with pytest.raises(errors.Failed, match=r"cannot be reached.*try again"):
            call(crm.key)
    engine.dispose()


def impatient(crm: Place) -> sa.Engine:
    """Return an engine that waits for no lock."""
    said: dict[str, dict[str, Any]] = {
        "sqlite": {"timeout": 0.0},
        "postgresql": {"options": "-c lock_timeout=1"},
        "mysql": {"init_command": "SET innodb_lock_wait_timeout = 0"},
    }
    return sa.create_engine(crm.engine.url, connect_args=said[crm.engine.dialect.name])


def test_a_customer_that_is_locked_is_busy(crm: Place) -> None:
    engine = impatient(crm)
    with crm.host.owning(crm.engine, tenant="north").writing() as unit:
        unit.customers.lock(crm.key)
        with pytest.raises(errors.Busy, match="locked by somebody else"):
            at(crm, engine).owning().begin(crm.key)
    assert at(crm, engine).owning().begin(crm.key).customer_id == crm.key
    engine.dispose()


def test_no_free_connection_is_busy(crm: Place) -> None:
    engine = sa.create_engine(crm.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(errors.Busy, match="No connection"):
        at(crm, engine).owning().check(crm.key)
    engine.dispose()


def test_a_right_that_is_missing_is_named(databases: Databases) -> None:
    crm = place(databases, "postgres")
    with crm.engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS cancelkit_test_poor")
        connection.exec_driver_sql("CREATE ROLE cancelkit_test_poor")
    poor = {"options": "-c role=cancelkit_test_poor"}
    engine = sa.create_engine(crm.engine.url, connect_args=poor)
    with pytest.raises(errors.BadSetup, match=r"permission denied.*Grant it"):
        at(crm, engine).owning().begin(crm.key)
    engine.dispose()
    with crm.engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE cancelkit_test_poor")


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "crm.db")
    create(engine, CRM)
    crm = placed(engine)
    full = sqlite_engine(tmp_path / "crm.db")

    @event.listens_for(full, "connect")
    def _(driver: Any, _: object) -> None:
        driver.execute("PRAGMA max_page_count = 1")

    before = [crm.everything()]
    with pytest.raises(errors.Failed, match="full"):
        _until_full(at(crm, full), before)
    assert before[-1] == crm.everything()
    full.dispose()
    engine.dispose()


def _until_full(crm: Place, seen: list[Any]) -> None:
    for _ in itertools.count():
        cancellation = crm.owning().begin(crm.key)
        seen.append(crm.everything())
        cancellation.remove()
        seen.append(crm.everything())


def test_the_standard_checklist_is_answered() -> None:
    for variant in ("numbers", "uuids", "texts"):
        host = Crm(variant).host()
        assert all(host.statements.known(need) for need in STANDARD.needs)


def test_constants_of_conditions_are_in_the_text() -> None:
    """What has no text of its own stays a parameter: it still says what it said."""
    pickled = sa.column("kept", sa.PickleType)
    host = host_of(
        {
            "cases": Records(
                K.customer_id,
                closed=K.status.in_(["done", "50% off", "it's"]) | (K.id == 7),
                where=sa.or_(K.closed_at > datetime(2020, 1, 1), pickled == ["x"]),  # noqa: DTZ001
            )
        }
    )
    made = host.statements.single((OpenRecords("cases"),), locking=False)
    engine = sqlite_engine(Path(":memory:"))
    with engine.connect() as db:
        META.create_all(db)
        db.exec_driver_sql("ALTER TABLE case_ ADD COLUMN kept BLOB")
        seen: list[tuple[str, Any]] = []
        event.listen(db, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
        db.execute(made, {"customer": 1})
    engine.dispose()
    ((text, values),) = seen
    assert "IN ('done', '50% off', 'it''s') OR case_.id = 7" in text
    assert "case_.closed_at > '2020-01-01 00:00:00.000000' OR kept = ?" in text
    assert 1 in values

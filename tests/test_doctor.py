"""The doctor: each finding is provoked, and is not there when nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import event
from sqlalchemy.pool import NullPool, StaticPool
from sqlalchemy.schema import CreateTable

from cancelkit import STANDARD, CancelKit, EitherRole
from cancelkit.adapters.memory import SetClock
from cancelkit.adapters.sqlalchemy import (
    Assets,
    Customers,
    Dates,
    Records,
    SqlHost,
    Status,
    own_tables,
)
from cancelkit.adapters.sqlalchemy.doctor import Finding, Level, diagnose
from cancelkit.adapters.sqlalchemy.guard_triggers import guards
from cancelkit.errors import BadSetup, Failed
from cancelkit.needs import OpenRecords
from tests.sql_plugins import Plugin

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLOSED = ("done", "50% off")  # a driver's text would have %% for it


class Shop:
    """A CRM that is as it should be, unless it is told otherwise."""

    def __init__(self, *, key: bool = True, index: bool = True, **changes: Any) -> None:
        self.meta = sa.MetaData()
        self.customer = sa.Table(
            "customer",
            self.meta,
            sa.Column("id", sa.Integer, primary_key=not changes.get("loose_id")),
            sa.Column("name", sa.String(50)),
            sa.Column("status", sa.String(20)),
            sa.Column("region", sa.String(20)),
        )
        self.orders = self._table("orders", sa.Column("state", sa.String(20)), key, index)
        self.asset = self._table("asset", sa.Column("ceased", sa.Date), key, index)
        self.asset.append_column(sa.Column("live", sa.Boolean))
        self.expiry = self._table("expiry", sa.Column("due", sa.DateTime), key, index)
        self.changes = changes

    def _table(self, name: str, column: sa.Column[Any], key: bool, index: bool) -> sa.Table:
        keys = [sa.ForeignKey("customer.id")] if key else []
        customer = sa.Column("customer_id", sa.Integer, *keys, index=index or None)
        return sa.Table(
            name, self.meta, sa.Column("id", sa.Integer, primary_key=True), customer, column
        )

    def host(self, **options: Any) -> SqlHost:
        c, o, a, e = self.customer.c, self.orders.c, self.asset.c, self.expiry.c
        status = Status(c.status, cancelled="cancelled", pending={"live": "live_pc"})
        tenant = c.region if self.changes.get("tenant") else None
        sources: dict[str, Any] = {
            "sales_orders": Records(
                o.customer_id, closed=self.changes.get("closed", o.state.in_(CLOSED))
            ),
            "assets": Assets(a.customer_id, a.ceased, a.live),
            "expiries": Dates(e.customer_id, e.due, zone="Europe/London"),
        }
        customers = Customers(c.id, name=c.name, status=status, tenant=tenant)
        return SqlHost(customers, sources, clock=SetClock(NOW), **options)

    def create(self, engine: sa.Engine, *, own: bool = True) -> None:
        self.meta.drop_all(engine)
        self.meta.create_all(engine)
        own_tables().cancellations.metadata.drop_all(engine)
        if own:
            own_tables().create(engine)


LIST = STANDARD.without("cases", "opportunities", "quotations", "ownership")


@pytest.fixture
def lite() -> Iterator[sa.Engine]:
    """SQLite as it should be: hooks for foreign keys and BEGIN IMMEDIATE."""
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)

    def connected(driver: Any, record: Any) -> None:
        driver.isolation_level = None
        driver.execute("PRAGMA foreign_keys = ON")

    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)

    yield engine
    engine.dispose()


def of(found: tuple[Finding, ...], level: Level, section: str = "") -> str:
    """All sentences of a level and a section."""
    return "\n".join(f.sentence for f in found if (f.level, f.section) == (level, section))


def run(engine: sa.Engine, found: tuple[Finding, ...]) -> None:
    """Execute the DDL that was found to help."""
    with engine.begin() as db:
        for line in dict.fromkeys(line for one in found for line in one.ddl.splitlines()):
            db.connection.dbapi_connection.cursor().execute(line.rstrip(";"))  # type: ignore[union-attr]


# ---------------------------------------------------------------- SQLite


def test_all_is_well_once_the_ddl_that_helps_was_run(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    run(lite, diagnose(shop.host(), lite, LIST))

    found = diagnose(shop.host(), lite, LIST)

    assert {Level.STRICT} == {one.level for one in found}, found
    assert ["future_expiry", "assets", "sales_orders"] == [one.section for one in found]


def test_without_a_checklist_each_source_is_a_section(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    strict = [one.section for one in diagnose(shop.host(), lite) if one.level is Level.STRICT]
    assert ["sales_orders", "assets", "expiries"] == strict


def test_a_plan_that_reads_closed_rows_is_found_with_its_index(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    found = [f for f in diagnose(shop.host(), lite, LIST) if f.level is Level.ADVICE]
    assert {"future_expiry", "assets", "sales_orders"} == {f.section for f in found}
    orders = next(f for f in found if f.section == "sales_orders")
    assert "the customer's closed rows of orders" in orders.sentence
    assert (
        "CREATE INDEX orders_customer_id_open ON orders (customer_id, state) "
        "WHERE (state IN ('done', '50% off')) IS NOT 1;\n"
    ) == orders.ddl


def test_no_index_at_all_reads_the_whole_table(lite: sa.Engine) -> None:
    shop = Shop(index=False)
    shop.create(lite)
    found = diagnose(shop.host(), lite, LIST)
    assert "reads all of orders" in of(found, Level.ADVICE, "sales_orders")


def test_an_index_that_is_there_and_not_used_is_not_proposed_again(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    with lite.begin() as db:
        other = "CREATE INDEX orders_customer_id_open ON orders (customer_id) WHERE state = 'x'"
        db.exec_driver_sql(other)
    found = diagnose(shop.host(), lite, LIST)
    assert "is there, and not used" in of(found, Level.ADVICE, "sales_orders")


def test_a_missing_table_or_column_is_named(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    with lite.begin() as db:
        db.exec_driver_sql("DROP TABLE orders")
        db.exec_driver_sql("ALTER TABLE asset DROP COLUMN live")
    found = diagnose(shop.host(), lite, LIST)
    assert "There is no table orders" in of(found, Level.FIX, "sales_orders").capitalize()
    expected = "asset has no column live; its columns are: id, customer_id, ceased."
    assert expected == of(found, Level.FIX, "assets")


def test_missing_customers_stop_the_rest_and_nothing_fails(lite: sa.Engine) -> None:
    found = diagnose(Shop().host(), lite, LIST)
    assert "there is no table customer:" in of(found, Level.FIX)
    assert "own tables are not there" in of(found, Level.FIX)


def test_own_tables_that_are_missing_or_of_another_shape(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite, own=False)
    assert "Create them: cancelkit db create" in of(diagnose(shop.host(), lite), Level.FIX)
    other = shop.host(own=own_tables(prefix="ck_"))
    assert "cancelkit db create --prefix ck_" in of(diagnose(other, lite), Level.FIX)

    own_tables().create(lite)
    with lite.begin() as db:
        db.exec_driver_sql("DROP TABLE cancelkit_operations")
        db.exec_driver_sql(
            "CREATE TABLE cancelkit_operations (seq INTEGER PRIMARY KEY, tenant VARCHAR(191), "
            "customer VARCHAR(20) NOT NULL, verb VARCHAR(32) NOT NULL, op VARCHAR(191) NOT NULL, "
            "who TEXT NOT NULL)"
        )
    said = of(diagnose(shop.host(), lite), Level.FIX)
    for expected in (
        "cancelkit_operations has no column document.",
        "cancelkit_operations.tenant may be NULL.",
        "cancelkit_operations.customer takes 20 characters, not 191.",
        "has a column who that is never filled.",
        "cancelkit_operations is not unique by tenant, customer, verb, op.",
    ):
        assert expected in said


OLDER = "An older version of cancelkit made the tables: run the statements that help"


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_tables_of_an_older_version_are_brought_up_to_date_by_the_ddl(
    kind: str, request: pytest.FixtureRequest
) -> None:
    engine, shop = an_engine(kind, request), Shop()
    shop.create(engine)
    with engine.begin() as db:
        drop = "DROP INDEX cancelkit_due" + " ON cancelkit_cancellations" * (kind == "mariadb")
        for older in (drop, "ALTER TABLE cancelkit_cancellations DROP COLUMN due"):
            db.exec_driver_sql(older)
        if kind == "postgres":
            db.exec_driver_sql("ALTER TABLE cancelkit_history DROP CONSTRAINT cancelkit_entry")
    found = [f for f in diagnose(shop.host(), engine) if f.section == ""]
    told = of(tuple(found), Level.FIX)
    assert f"cancelkit_cancellations has no column due. {OLDER}" in told
    assert "cancelkit_cancellations has no index on tenant, due." in of(tuple(found), Level.ADVICE)
    assert (kind == "postgres") is ("cancelkit_history is not unique by tenant, id." in told)
    run(engine, tuple(f for f in found if "cancelkit_" in f.ddl))
    assert "" == of(diagnose(shop.host(), engine), Level.FIX)
    assert "no index on" not in of(diagnose(shop.host(), engine), Level.ADVICE)


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_an_own_index_that_is_partial_must_be_there(
    kind: str, request: pytest.FixtureRequest
) -> None:
    engine, shop = an_engine(kind, request), Shop()
    shop.create(engine)
    assert "no index on tenant, slot" not in of(diagnose(shop.host(), engine), Level.ADVICE)
    on = " ON cancelkit_cancellations"
    with engine.begin() as db:
        db.exec_driver_sql("DROP INDEX cancelkit_opened" + on * (kind == "mariadb"))
        if kind != "mariadb":  # there, but no help: it is partial, and none of ours
            db.exec_driver_sql(f"CREATE INDEX other{on} (tenant, slot, seq) WHERE slot = 2")
    found = diagnose(shop.host(), engine)
    assert "cancelkit_cancellations has no index on tenant, slot, seq." in of(found, Level.ADVICE)
    run(engine, tuple(f for f in found if "cancelkit_opened" in f.ddl))
    assert "no index on tenant, slot" not in of(diagnose(shop.host(), engine), Level.ADVICE)


def an_engine(kind: str, request: pytest.FixtureRequest) -> sa.Engine:
    made: sa.Engine = (
        request.getfixturevalue("lite")
        if kind == "sqlite"
        else (request.getfixturevalue("own_database")(kind))
    )
    return made


def test_short_columns_of_an_older_version_are_widened_by_the_ddl(
    own_database: Callable[[str], sa.Engine],
) -> None:
    for kind, change in (("postgres", "ALTER op TYPE VARCHAR(64)"), ("mariadb", _SHORT)):
        engine, shop = own_database(kind), Shop()
        shop.create(engine)
        with engine.begin() as db:
            db.exec_driver_sql(f"ALTER TABLE cancelkit_operations {change}")
        found = tuple(f for f in diagnose(shop.host(), engine) if f.level is Level.FIX)
        assert f"cancelkit_operations.op takes 64 characters, not 191. {OLDER}" in found[0].sentence
        run(engine, found)
        assert "" == of(diagnose(shop.host(), engine), Level.FIX)


_SHORT = "MODIFY op VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL"


def test_what_no_ddl_can_fill_and_what_a_newer_version_has(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    with lite.begin() as db:
        db.exec_driver_sql("ALTER TABLE cancelkit_outbox DROP COLUMN attempts")
    said = of(diagnose(shop.host(), lite), Level.FIX)
    assert "cancelkit_outbox has no column attempts. Its value cannot be guessed" in said
    assert OLDER in said

    shop.create(lite)
    with lite.begin() as db:
        db.exec_driver_sql("DROP TABLE cancelkit_outbox")
    said = of(diagnose(shop.host(), lite), Level.FIX)
    assert said.startswith("An older version of cancelkit made its own tables, and some are not")

    shop.create(lite)
    with lite.begin() as db:
        db.exec_driver_sql("DROP TABLE cancelkit_outbox")
        created = str(CreateTable(own_tables().outbox).compile(lite))
        db.exec_driver_sql(created.replace("due VARCHAR", "colour TEXT NOT NULL, due VARCHAR"))
        db.exec_driver_sql("CREATE INDEX o ON cancelkit_outbox (tenant, delivery, due)")
    said = of(diagnose(shop.host(), lite), Level.FIX)
    assert "cancelkit_outbox has a column colour that is never filled. A newer version" in said


def test_the_sections_of_profiles_are_judged_as_the_strictest_has_them(
    own_database: Callable[[str], sa.Engine],
) -> None:
    shop, engine = Shop(key=False), own_database("postgres")
    shop.create(engine)
    mild = LIST.without("sales_orders").with_gates(assets="advises")
    roles = EitherRole(lambda user: [])
    kit = CancelKit(mild, profiles={"trade": LIST, "private": mild}, roles=roles)
    found = diagnose(shop.host(), engine, kit)
    assert "only advises" in of(diagnose(shop.host(), engine, mild), Level.ADVICE, "assets")
    assert of(found, Level.NOT_STRICT, "assets").startswith("in 'trade' it blocks, and asset.")
    assert of(found, Level.NOT_STRICT, "sales_orders").startswith("in 'trade' it blocks, and ")
    assert "it only advises" in of(found, Level.ADVICE, "future_expiry")
    every = CancelKit(LIST, profiles={"private": mild}, roles=roles)
    assert of(diagnose(shop.host(), engine, every), Level.NOT_STRICT, "assets").startswith("asset.")


def test_an_outbox_that_nobody_drains(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    row = {"tenant": "", "due": "2026-03-02T07:30:00", "attempts": 0, "document": "{}"}
    rows = [
        {**row, "id": "a", "delivery": "waiting"},
        {**row, "id": "b", "delivery": "dead"},
        {**row, "id": "c", "delivery": "sent"},
    ]
    with lite.begin() as db:
        db.execute(own_tables().outbox.insert(), rows)
    found = diagnose(shop.host(), lite)
    assert (
        "1 notification waits for more than an hour, the oldest since 2026-03-02 07:30 UTC"
        in of(found, Level.FIX)
    )
    assert "1 notification is given up" in of(found, Level.ADVICE)
    assert "" == of(diagnose(shop.host(), lite, hours=2), Level.FIX)


def test_a_status_that_nobody_declared(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    with lite.begin() as db:
        known = [{"status": status} for status in ("live", "live_pc", "cancelled")]
        other = [{"status": f"odd {number}"} for number in range(7)]
        db.execute(shop.customer.insert(), [*known, *other])
    said = of(diagnose(shop.host(), lite), Level.FIX)
    assert "'odd 0' (1), 'odd 1' (1)" in said
    assert "and others" in said
    assert "live" not in said


def test_a_tenant_that_is_not_given_or_has_nobody(lite: sa.Engine) -> None:
    shop = Shop(tenant=True)
    shop.create(lite)
    assert "Give --tenant" in of(diagnose(shop.host(), lite), Level.FIX)
    assert "'north' has no customers" in of(
        diagnose(shop.host(), lite, tenant="north"), Level.ADVICE
    )
    plain = Shop().host()
    assert "has no tenant=" in of(diagnose(plain, lite, tenant="north"), Level.ADVICE)


def test_an_id_that_is_not_unique(lite: sa.Engine) -> None:
    shop = Shop(loose_id=True, key=False)
    shop.create(lite)
    found = diagnose(shop.host(), lite)
    assert "customer.id is not unique" in of(found, Level.FIX)
    run(lite, found)
    assert "" == of(diagnose(shop.host(), lite), Level.FIX)


def test_sqlite_without_hooks_or_wal(tmp_path: Path) -> None:
    shop, engine = Shop(), sa.create_engine(f"sqlite:///{tmp_path}/crm.db", poolclass=NullPool)
    shop.create(engine)
    before = (tmp_path / "crm.db").read_bytes()
    said = of(diagnose(shop.host(), engine), Level.ADVICE)
    assert "the journal is delete" in said
    assert "PRAGMA foreign_keys = ON" in said
    assert "BEGIN IMMEDIATE" in said
    assert before == (tmp_path / "crm.db").read_bytes()


def test_an_engine_in_autocommit(tmp_path: Path) -> None:
    shop = Shop()
    engine = sa.create_engine(
        f"sqlite:///{tmp_path}/crm.db", isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    shop.create(engine)
    assert "the engine is in autocommit" in of(diagnose(shop.host(), engine), Level.FIX)


def test_a_need_that_nothing_answers_leaves_its_section_unknown(lite: sa.Engine) -> None:
    shop = Shop()
    shop.create(lite)
    found = diagnose(shop.host(), lite, STANDARD.without("ownership"))
    assert "nothing answers OpenRecords(kind='cases')" in of(found, Level.NOT_STRICT, "cases")
    advising = STANDARD.without("ownership").with_gates(cases="advises")
    assert "only advises" in of(diagnose(shop.host(), lite, advising), Level.ADVICE, "cases")


def test_a_database_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/no/crm.db")
    with pytest.raises(Failed, match="cannot be reached, or does not answer: unable to open"):
        diagnose(Shop().host(), engine)


# ---------------------------------------------------------------- PostgreSQL and MariaDB


@pytest.fixture
def own_database(request: pytest.FixtureRequest) -> Iterator[Callable[[str], sa.Engine]]:
    """Makes an empty database on a server, and drops it afterwards."""
    made: list[tuple[sa.Engine, sa.Engine]] = []

    def make(kind: str) -> sa.Engine:
        url: sa.URL = request.getfixturevalue(f"{kind}_url")
        server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with server.connect() as db:
            db.exec_driver_sql("DROP DATABASE IF EXISTS doctor")
            db.exec_driver_sql("CREATE DATABASE doctor")
        engine = sa.create_engine(url.set(database="doctor"), poolclass=NullPool)
        made.append((server, engine))
        return engine

    yield make
    for server, engine in made:
        engine.dispose()
        with server.connect() as db:
            db.exec_driver_sql("DROP DATABASE doctor")


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_all_is_well_on_a_server_once_the_ddl_was_run(
    kind: str, own_database: Callable[[str], sa.Engine]
) -> None:
    engine, shop = own_database(kind), Shop(key=False, index=False)
    shop.create(engine)
    run(engine, diagnose(shop.host(), engine, LIST))
    found = diagnose(shop.host(), engine, LIST)
    assert {Level.STRICT} == {one.level for one in found}, found


def test_postgresql_without_a_foreign_key_is_not_strict(
    own_database: Callable[[str], sa.Engine],
) -> None:
    engine, shop = own_database("postgres"), Shop(key=False)
    shop.create(engine)
    found = diagnose(shop.host(), engine, LIST)
    said = of(found, Level.NOT_STRICT, "sales_orders")
    assert said.startswith("orders.customer_id has no foreign key to customer.id")
    ddl = next(f.ddl for f in found if f.level is Level.NOT_STRICT and f.section == "sales_orders")
    assert "FOREIGN KEY (customer_id) REFERENCES customer (id) NOT VALID;" in ddl
    assert "only advises" in of(found, Level.ADVICE, "future_expiry")  # its gate


def test_postgresql_with_a_foreign_key_that_is_switched_off_is_not_strict(
    own_database: Callable[[str], sa.Engine],
) -> None:
    engine, shop = own_database("postgres"), Shop()
    shop.create(engine)
    assert "" == of(diagnose(shop.host(), engine, LIST), Level.NOT_STRICT, "sales_orders")
    with engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE orders DISABLE TRIGGER ALL")
    said = of(diagnose(shop.host(), engine, LIST), Level.NOT_STRICT, "sales_orders")
    assert "the foreign key of orders.customer_id is switched off" in said


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_server_without_an_index_is_not_strict(
    kind: str, own_database: Callable[[str], sa.Engine]
) -> None:
    engine, shop = own_database(kind), Shop(key=kind == "postgres", index=False)
    shop.create(engine)
    said = of(diagnose(shop.host(), engine, LIST), Level.NOT_STRICT, "sales_orders")
    assert said.startswith("there is no index that begins with orders.customer_id")


def test_guard_triggers_are_strict_without_a_foreign_key(
    own_database: Callable[[str], sa.Engine],
) -> None:
    engine, shop = own_database("postgres"), Shop(key=False)
    shop.create(engine)
    install(engine, [one for guard in guards(shop.host()) for one in guard.create])
    host, declared = shop.host(), shop.host(guarded=True)
    said = of(diagnose(host, engine, LIST), Level.STRICT, "sales_orders")
    assert "guard triggers" in said
    assert "With guarded=True in the SqlHost" in said
    assert "guarded=True" not in of(diagnose(declared, engine, LIST), Level.STRICT, "sales_orders")
    with engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE orders DISABLE TRIGGER cancelkit_guard_sales_orders")
    said = of(diagnose(host, engine, LIST), Level.NOT_STRICT, "sales_orders")
    assert "no foreign key" in said
    said = of(diagnose(declared, engine, LIST), Level.NOT_STRICT, "sales_orders")
    assert said.startswith("guarded=True says that guard triggers are there")
    assert "orders has none of this description" in said
    assert "strict" == next(
        f.level.value for f in diagnose(declared, engine, LIST) if f.section == "assets"
    )


def install(engine: sa.Engine, statements: list[str]) -> None:
    with engine.begin() as db:
        for one in statements:
            db.execute(sa.text(one))


@frozen
class Complaints:
    """A need of a plug-in."""

    def read(self, answer: object, /) -> object:
        return OpenRecords("complaints").read(answer)


def complaints(need: Any, customer: Any, as_of: Any) -> Any:
    table = sa.table("orders", sa.column("customer_id"))
    return sa.select(sa.func.count()).select_from(table).where(table.c.customer_id == customer)


def test_what_a_function_answers_is_strict_only_where_there_is_one_writer(
    lite: sa.Engine, own_database: Callable[[str], sa.Engine]
) -> None:
    shop, engine = Shop(), own_database("postgres")
    host = shop.host(answers={Complaints: complaints})
    for each in (lite, engine):
        shop.create(each)
    assert "one writer" in of(diagnose(host, lite), Level.STRICT, "Complaints")
    said = of(diagnose(host, engine), Level.NOT_STRICT, "Complaints")
    assert "nothing locks the rows" in said
    reads = {Complaints: ["sales_orders"]}
    declared = shop.host(answers={Complaints: complaints}, reads=reads)
    assert "its records are locked" in of(diagnose(declared, engine), Level.STRICT, "Complaints")
    with pytest.raises(BadSetup, match=r"do not know what .* answers= read \(Complaints\)"):
        shop.host(answers={Complaints: complaints}, reads=reads, guarded=True)
    loose = Shop(key=False)
    loose.create(engine)
    declared = loose.host(answers={Complaints: complaints}, reads=reads)
    said = of(diagnose(declared, engine), Level.NOT_STRICT, "Complaints")
    assert said.startswith("orders.customer_id has no foreign key to customer.id")


def test_on_mariadb_each_select_of_a_function_must_lock(
    own_database: Callable[[str], sa.Engine],
) -> None:
    def through(need: Any, customer: Any, as_of: Any) -> Any:
        rows = sa.select(sa.table("orders", sa.column("customer_id"))).subquery()
        return sa.select(sa.func.count()).where(rows.c.customer_id == customer)

    shop, engine = Shop(), own_database("mariadb")
    shop.create(engine)
    checklist = LIST.with_section(Plugin("own", "Own", (Complaints(),)))
    for answer, level, told in (
        (complaints, Level.STRICT, "locked while they are counted"),
        (through, Level.NOT_STRICT, "nothing locks the rows that it reads"),
    ):
        found = diagnose(shop.host(answers={Complaints: answer}), engine, checklist)
        assert told in of(found, level, "own")


def test_what_a_function_reads_is_a_kind_of_records() -> None:
    shop = Shop()
    for reads in ({Complaints: ["order"]}, {Complaints: "sales_orders"}):
        with pytest.raises(BadSetup, match="which are: assets, expiries, sales_orders; it has '"):
            shop.host(answers={Complaints: complaints}, reads=reads)
    with pytest.raises(BadSetup, match="Complaints, which answers= has no function for"):
        shop.host(reads={Complaints: ["sales_orders"]})


def test_rows_behind_a_subquery_are_not_strict_on_postgresql(
    own_database: Callable[[str], sa.Engine],
) -> None:
    shop, engine = Shop(), own_database("postgres")
    shop.create(engine)
    o, c = shop.orders.c, shop.customer.c
    through = sa.select(o.id, o.state, c.id.label("who")).join_from(shop.orders, shop.customer)
    rows = through.subquery()
    source = Records(rows.c.who, closed=rows.c.state == "done", id=rows.c.id)
    host = SqlHost(Customers(c.id, name=c.name), {"sales_orders": source}, clock=SetClock(NOW))
    said = of(diagnose(host, engine), Level.NOT_STRICT, "sales_orders")
    assert "reached through a subquery over customer, orders" in said


def test_missing_privileges_are_granted_by_the_ddl(
    own_database: Callable[[str], sa.Engine],
) -> None:
    shop, engine = Shop(), own_database("postgres")
    shop.create(engine)
    with engine.begin() as db:
        db.exec_driver_sql("DROP ROLE IF EXISTS doctor_clerk")
        db.exec_driver_sql("CREATE ROLE doctor_clerk LOGIN")
        db.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO doctor_clerk")
        db.exec_driver_sql("GRANT UPDATE (name) ON customer TO doctor_clerk")
    clerk = sa.create_engine(engine.url.set(username="doctor_clerk"), poolclass=NullPool)
    said = of(diagnose(shop.host(), clerk), Level.FIX)
    assert "no UPDATE on orders (locking a row needs it)" in said
    assert "no UPDATE (status) on customer" in said
    assert "no UPDATE on customer" not in said
    run(engine, tuple(f for f in diagnose(shop.host(), clerk) if f.ddl.startswith("GRANT")))
    assert "" == of(diagnose(shop.host(), clerk), Level.FIX)
    with engine.begin() as db:
        db.exec_driver_sql("DROP OWNED BY doctor_clerk")
        db.exec_driver_sql("DROP ROLE doctor_clerk")


def test_isolation_and_autocommit_of_a_server(own_database: Callable[[str], sa.Engine]) -> None:
    shop, engine = Shop(), own_database("postgres")
    shop.create(engine)
    strict = engine.execution_options(isolation_level="SERIALIZABLE")
    assert "transactions are SERIALIZABLE" in of(diagnose(shop.host(), strict), Level.ADVICE)
    auto = engine.execution_options(isolation_level="AUTOCOMMIT")
    assert "in autocommit" in of(diagnose(shop.host(), auto), Level.FIX)
    with engine.begin() as db:
        db.exec_driver_sql("ALTER DATABASE doctor SET default_transaction_read_only = on")
    assert "transactions only read here" in of(diagnose(shop.host(), engine), Level.FIX)


def test_what_is_special_to_mariadb(own_database: Callable[[str], sa.Engine]) -> None:
    shop, engine = Shop(key=False), own_database("mariadb")
    shop.create(engine)
    with engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE orders ENGINE = MyISAM")
        db.exec_driver_sql(
            "ALTER TABLE cancelkit_outbox "
            "MODIFY id VARCHAR(191) NOT NULL COLLATE utf8mb4_general_ci"
        )
    auto = engine.execution_options(isolation_level="AUTOCOMMIT")
    assert "in autocommit" in of(diagnose(shop.host(), auto), Level.FIX)
    committed = engine.execution_options(isolation_level="READ COMMITTED")
    found = diagnose(shop.host(), committed)
    assert "engine MyISAM" in of(found, Level.NOT_STRICT, "sales_orders")
    assert "transactions are READ COMMITTED" in of(found, Level.ADVICE)
    assert "collation utf8mb4_general_ci, which merges letters" in of(found, Level.FIX)


def test_the_plans_of_mariadb_are_read(own_database: Callable[[str], sa.Engine]) -> None:
    """With so many rows that a plan says something: what is read, not what indexes there are."""
    shop, engine = Shop(key=False), own_database("mariadb")
    shop.create(engine)
    with engine.begin() as db:
        db.execute(shop.customer.insert(), [{"id": n, "status": "live"} for n in range(1, 41)])
        rows = [{"customer_id": n % 40 + 1, "state": "done"} for n in range(4000)]
        db.execute(shop.orders.insert(), rows)
        db.exec_driver_sql("ANALYZE TABLE orders").all()
    found = [f for f in diagnose(shop.host(), engine, LIST) if f.level is Level.ADVICE]
    orders = next(f for f in found if f.section == "sales_orders")
    assert (
        "reads the customer's closed rows of orders, not only an index. An index" in orders.sentence
    )
    run(engine, (orders,))
    assert "" == of(diagnose(shop.host(), engine, LIST), Level.ADVICE, "sales_orders")
    with engine.begin() as db:  # every index is still there, and none can be used
        db.exec_driver_sql("ALTER TABLE orders MODIFY customer_id VARCHAR(20)")
        db.exec_driver_sql("ANALYZE TABLE orders").all()
    said = of(diagnose(shop.host(), engine, LIST), Level.ADVICE, "sales_orders")
    assert "reads all of orders. The index for it is there, and not used." in said


def test_a_statement_that_the_database_refuses(own_database: Callable[[str], sa.Engine]) -> None:
    shop, engine = Shop(key=False), own_database("postgres")
    shop.create(engine)
    with engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE orders ALTER customer_id TYPE text")
    said = of(diagnose(shop.host(), engine), Level.FIX, "sales_orders")
    assert "the database refuses the statement" in said
    assert "operator does not exist" in said
    assert "assets" in {f.section for f in diagnose(shop.host(), engine)}  # the others are judged

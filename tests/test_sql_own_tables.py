"""cancelkit's own tables: on the host's MetaData or alone, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from attrs import evolve

from cancelkit.adapters.sqlalchemy import OwnTables, include_object, own_tables
from cancelkit.adapters.sqlalchemy.stores import stores
from cancelkit.errors import Conflict
from cancelkit.records import HistoryEntry, State, Verb
from cancelkit.testing import samples
from tests.servers import Databases
from tests.sql_crm import Crm
from tests.sql_desk import cancel, placed

KINDS = ("sqlite", "postgres", "mariadb")


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, databases: Databases) -> sa.Engine:
    """An empty database."""
    found = databases.engine(request.param, "own")
    everything = sa.MetaData()
    everything.reflect(found)
    everything.drop_all(found)
    return found


@pytest.fixture
def own(engine: sa.Engine) -> OwnTables:
    """The tables, in the database."""
    made = own_tables()
    made.create(engine)
    return made


def write(engine: sa.Engine, own: OwnTables, do: Callable[..., object], tenant: str = "") -> None:
    """Do something with the four stores, and commit."""
    with engine.begin() as db:
        do(*stores(db, own, tenant, fresh=False))


def test_they_stand_on_the_hosts_metadata_once() -> None:
    meta = sa.MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s"})
    own = own_tables(meta)
    assert {table.name for table in own} == set(meta.tables)
    assert own_tables(meta) == own
    assert {"ck_cancellations", "ck_history"} < {t.name for t in own_tables(meta, prefix="ck_")}


def test_two_prefixes_live_side_by_side(engine: sa.Engine) -> None:
    for prefix in ("one_", "two_"):
        own_tables(prefix=prefix).create(engine)
        own_tables(prefix=prefix).create(engine)
    assert {"one_outbox", "two_outbox"} <= set(sa.inspect(engine).get_table_names())


def test_they_may_stand_in_a_schema_of_their_own(databases: Databases) -> None:
    engine = databases.engine("postgres", "schema")
    crm = Crm("numbers")
    crm.own = own_tables(schema="cancelling", prefix="")
    with engine.begin() as db:
        db.exec_driver_sql("DROP SCHEMA IF EXISTS cancelling CASCADE")
        db.exec_driver_sql("CREATE SCHEMA cancelling")
    crm.meta.create_all(engine)
    crm.own.create(engine)
    assert "cancellations" in sa.inspect(engine).get_table_names("cancelling")
    there = placed(engine, crm.host())
    assert "done" == cancel(there.owning(), there.key).state
    assert own_tables(sa.MetaData(schema="cancelling")).outbox.schema == "cancelling"


def test_the_printed_statements_make_the_tables(engine: sa.Engine) -> None:
    own = own_tables()
    with engine.begin() as db:
        for statement in own.ddl(engine).split(";\n"):
            if statement:
                db.exec_driver_sql(statement)
    made = {name: sa.inspect(engine).get_columns(name) for name in (t.name for t in own)}
    assert {t.name: [c.name for c in t.columns] for t in own} == {
        name: [column["name"] for column in columns] for name, columns in made.items()
    }
    write(engine, own, lambda cancellations, *_: cancellations.add(samples.cancellation("", "c")))


def test_a_customer_has_one_open_cancellation(engine: sa.Engine, own: OwnTables) -> None:
    """In each tenant; as many ended ones as it likes, and ids that only look alike are others."""
    for tenant in ("", "north"):
        for customer in ("c", "C", "ç", "c "):
            opened = samples.cancellation(tenant, customer)
            ended = [samples.cancellation(tenant, customer, State.LIVE) for _ in range(2)]

            def add(cancellations: object, *_: object) -> None:
                for one in (opened, *ended):  # noqa: B023 - called at once
                    cancellations.add(one)  # type: ignore[attr-defined]  # a store

            write(engine, own, add, tenant)
    again = samples.cancellation("", "c")
    with pytest.raises(Conflict):
        write(engine, own, lambda cancellations, *_: cancellations.add(again))
    with engine.connect() as db:
        cancellations = stores(db, own, "north", fresh=False)[0]
        assert {"c ", "C"} == set(cancellations.current(("c ", "C", "x")))


def test_a_cancellation_is_processed_once(engine: sa.Engine, own: OwnTables) -> None:
    def processed(tenant: str, cancellation: str) -> HistoryEntry:
        entry = evolve(samples.entry(tenant, "c"), verb=Verb.PROCESS, accepted=True, refusals=())
        return evolve(entry, cancellation=cancellation)

    write(engine, own, lambda _, history, *__: history.append(processed("", "one")))
    write(engine, own, lambda _, history, *__: history.append(processed("", "ONE")))
    write(engine, own, lambda _, history, *__: history.append(processed("north", "one")), "north")
    refused = evolve(processed("", "one"), accepted=False)
    write(engine, own, lambda _, history, *__: history.append(refused))
    with pytest.raises(Conflict):
        write(engine, own, lambda _, history, *__: history.append(processed("", "one")))


def test_operations_are_told_apart_by_every_character(engine: sa.Engine, own: OwnTables) -> None:
    for op in ("op", "OP", "öp", "op "):
        made = samples.operation("", "c", op=op)
        write(engine, own, lambda _, __, operations, ___, made=made: operations.add(made))
    again = samples.operation("", "c", op="op")
    with pytest.raises(Conflict):
        write(engine, own, lambda _, __, operations, ___: operations.add(again))


def test_a_damaged_head_of_the_queue_stops_no_other(engine: sa.Engine, own: OwnTables) -> None:
    """However many rows cannot be read, the ones behind them are sent."""
    damaged = [samples.row("", "c", samples.later(-9)) for _ in range(7)]
    sound = [samples.row("", "c", samples.later(-1)) for _ in range(3)]
    write(engine, own, lambda *all_: all_[3].add([*damaged, *sound]))
    with engine.begin() as db:
        mine = own.outbox.c.id.in_([row.id for row in damaged])
        db.execute(own.outbox.update().where(mine).values(document="{"))
    claimed: list[str] = []

    def claim(*all_: object) -> None:
        rows = all_[3].claim(2, samples.AT, samples.later(60))  # type: ignore[attr-defined]
        claimed.extend(row.id for row in rows)

    write(engine, own, claim)
    assert [row.id for row in sound[:2]] == claimed


def test_alembic_leaves_the_tables_alone_where_the_host_does_not_know_them() -> None:
    """Autogenerate would drop what is in the database and not in the MetaData."""
    included = include_object()
    own = own_tables()
    (index,) = own.outbox.indexes
    assert not included(own.outbox, "cancelkit_outbox", "table", True, None)
    assert not included(index, index.name, "index", True, None)
    assert not included(own.outbox.c.due, "due", "column", True, None)
    host = sa.Table("cancelkit_notes", sa.MetaData(), sa.Column("id", sa.Integer))
    assert included(host, "cancelkit_notes", "table", True, None)
    assert included(host.c.id, "id", "column", True, None)
    assert not include_object("ck_")(host, "ck_history", "table", True, None)


@pytest.mark.parametrize("address", ["mysql+pymysql://", "mariadb+pymysql://"])
def test_mariadb_is_given_its_engine_under_either_name(address: str) -> None:
    dialect = sa.make_url(address).get_dialect()()
    made = str(sa.schema.CreateTable(own_tables().outbox).compile(dialect=dialect))
    assert {"ENGINE=InnoDB", "CHARSET=utf8mb4"} <= set(re.split(r"[\s)]+", made))

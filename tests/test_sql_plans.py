"""The partial indexes that the doctor prints are used by the statements, as they are executed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from cancelkit.adapters.sqlalchemy.ddl import open_indexes
from cancelkit.adapters.sqlalchemy.doctor import Level, diagnose
from cancelkit.adapters.sqlalchemy.doctor.plans import Explain
from cancelkit.adapters.sqlalchemy.statements import RowSource
from cancelkit.adapters.sqlalchemy.stores import stores
from cancelkit.checklist import STANDARD
from cancelkit.needs import OpenRecords
from cancelkit.records import State
from cancelkit.testing import samples
from tests.servers import Databases
from tests.sql_crm import CLOSED
from tests.sql_desk import CRM, KIT, Place, place, placed
from tests.sql_world import create

CASES = OpenRecords("cases")


@pytest.fixture(params=["sqlite", "postgres"])
def here(request: pytest.FixtureRequest, databases: Databases) -> Place:
    """A customer with many closed cases, and the index that helps."""
    here = place(databases, request.param)
    table = CRM.records["cases"]
    closed = {"customer_id": here.number(), "status": "done", "subject": "x"}
    with here.engine.begin() as db:
        db.execute(table.insert(), [closed] * 3_000)
        for ddl in ("DROP INDEX IF EXISTS cases_customer_id_open", *_indexes(here)):
            db.exec_driver_sql(ddl)
    with here.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("ANALYZE")
    return here


def _source(here: Place) -> RowSource:
    return here.host.statements.sources[CASES]


def _indexes(here: Place) -> tuple[str, ...]:
    return open_indexes(_source(here), here.engine.dialect)


def _plan(here: Place, statement: Any, **values: Any) -> str:
    """Return the plan of a statement for any values: on PostgreSQL, none of them is known."""
    with here.engine.connect() as db:
        if db.dialect.name == "sqlite":
            explain: Any = Explain(statement, "EXPLAIN QUERY PLAN")
            return "\n".join(str(row[-1]) for row in db.execute(explain, values))
        numbered = make_url("postgresql+asyncpg://").get_dialect()()  # $1, as PREPARE has it
        made = statement.params(**values).compile(
            dialect=numbered, compile_kwargs={"render_postcompile": True}
        )
        text = str(made)
        given = ", ".join(repr(values[name]) for name in made.positiontup)
        db.exec_driver_sql(f"PREPARE counting AS {text}")
        db.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = db.exec_driver_sql(f"EXPLAIN EXECUTE counting ({given})").scalars()
        text = "\n".join(found)
        db.exec_driver_sql("DEALLOCATE counting")
        return text


def test_the_index_for_what_is_open_is_used(here: Place) -> None:
    statement = here.host.statements.single((CASES,), locking=False)
    tenant = {"tenant": "north"} if here.engine.dialect.name == "sqlite" else {}
    plan = _plan(here, statement, customer=here.number(), **tenant)
    assert "cases_customer_id_open" in plan, plan


def test_what_is_open_is_found_by_its_own_index_in_its_order(here: Place) -> None:
    """However many have ended: no row of theirs is read, and nothing is sorted."""
    ended = [samples.cancellation("north", f"c-{at}", State.CANCELLED) for at in range(300)]
    with here.owning().host.writing() as unit:
        for one in (*ended, samples.cancellation("north", here.key)):
            unit.cancellations.add(one)
    with here.engine.connect() as db:
        made, *_ = stores(db, here.host.own, "north", fresh=False)
        plan = _plan(here, made._opened(), of_tenant="north", most=10)
    assert "cancelkit_opened" in plan, plan
    assert "sort" not in plan.lower(), plan
    assert "TEMP B-TREE" not in plan, plan


# ---------------------------------------------------------------- goal 4: a large history

MANY = 5_000
NEEDED = ("future_expiry", "assets", "cases", "opportunities", "quotations", "sales_orders")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_each_section_that_reads_closed_rows_is_named_and_the_ddl_helps(
    databases: Databases, kind: str
) -> None:
    engine = databases.engine(kind, "plans")
    CRM.meta.drop_all(engine)
    create(engine, CRM)
    here = placed(engine)
    other = here.back.customer()  # with nothing
    _with_history(here)
    _analyze(engine)

    found = diagnose(here.host, engine, STANDARD, "north")
    advice = [f for f in found if f.level is Level.ADVICE and f.section in NEEDED]
    assert [*NEEDED] == [f.section for f in advice if "what is open reads" in f.sentence]
    before = _work(here, here.key)

    with engine.begin() as db:
        for one in advice:
            for ddl in filter(str.strip, one.ddl.split(";")):
                db.exec_driver_sql(ddl)
    _analyze(engine)
    found = diagnose(here.host, engine, STANDARD, "north")
    left = [f for f in found if f.level is Level.ADVICE and f.section in NEEDED]
    assert [] == [f"{f.section}: {f.sentence} {f.ddl}" for f in left]
    assert _work(here, here.key) < before / 10
    assert _work(here, here.key) <= 3 * _work(here, other)


def _with_history(here: Place) -> None:
    """Give the customer very many rows of each kind that leave nothing to do, and others some."""
    others = [int(here.back.customer()) for _ in range(40)]
    keys = [*[here.number()] * MANY, *others * (MANY // 40)]
    past: dict[str, Any] = {"cease_date": datetime(2020, 1, 1), "live": False}  # noqa: DTZ001 - local
    rows: list[tuple[Any, dict[str, Any]]] = [
        (CRM.assets, past),
        (CRM.expiries, {"due": datetime(2020, 1, 1, tzinfo=UTC)}),
        *((table, {"status": CLOSED[kind][0]}) for kind, table in CRM.records.items()),
    ]
    with here.engine.begin() as db:
        for table, values in rows:
            db.execute(table.insert(), [{"customer_id": key, **values} for key in keys])


def _analyze(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM ANALYZE" if db.dialect.name == "postgresql" else "ANALYZE")


def _work(here: Place, key: str) -> int:
    """Return how much the checklist makes the database do: pages that are read, or instructions."""
    needs = KIT.checklist.needs
    asked = here.host.statements.asked(needs)
    values = {**asked.values(date(2026, 3, 2)), "customer": int(key), "tenant": "north"}
    with here.engine.connect() as db:
        if db.dialect.name == "sqlite":
            return _instructions(db, asked.single, values)
        explain: Any = Explain(asked.single, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)")
        (plan,) = db.execute(explain, values).scalar_one()
        return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


def _instructions(db: sa.Connection, statement: Any, values: Any) -> int:
    steps: list[int] = []
    driver: Any = db.connection.dbapi_connection
    driver.set_progress_handler(lambda: steps.append(1), 10)
    db.execute(statement, values).one()
    driver.set_progress_handler(None, 10)
    return 10 * len(steps)

"""The partial indexes that the doctor prints are used by the statements, as they are executed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import make_url

from cancelkit.adapters.sqlalchemy.ddl import open_indexes
from cancelkit.adapters.sqlalchemy.doctor.plans import Explain
from cancelkit.adapters.sqlalchemy.statements import RowSource
from cancelkit.adapters.sqlalchemy.stores import stores
from cancelkit.needs import OpenRecords
from cancelkit.records import State
from cancelkit.testing import samples
from tests.servers import Databases
from tests.sql_desk import CRM, Place, place

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

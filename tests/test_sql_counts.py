"""What reaches the database, counted at the driver, with two plug-ins that have needs of their own.

Goals 1, 5, 7, 8, 10 and 19 of the design, as far as they are counts. BEGIN and COMMIT are not
counted. Nothing here is about time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve, frozen

from cancelkit import CancelKit
from cancelkit.adapters.sqlalchemy import SqlHost
from cancelkit.bulk import check_many
from cancelkit.desk import Desk
from cancelkit.needs import Count, OpenRecords
from cancelkit.queue import Filters, Stage, queue
from cancelkit.sections import NewOwner, Reasons
from tests.servers import Databases
from tests.sql_desk import ANN, CRM
from tests.sql_driver import Counted, counting
from tests.sql_plugins import plugged, with_plugins
from tests.sql_world import BackDoor, clear, create

KINDS = ("sqlite", "postgres", "mariadb")
KIT = with_plugins()
DAY = date(2026, 3, 2)
MANY = 100_000


@frozen(eq=False)
class Here:
    """A database whose driver counts."""

    kind: str
    engine: sa.Engine
    back: BackDoor
    host: SqlHost
    counted: Counted

    def desk(self, kit: CancelKit = KIT) -> Desk:
        return kit.at(self.host.owning(self.engine, tenant="north"), actor=ANN)

    def ready(self) -> str:
        """Return a customer who could be cancelled."""
        key = self.back.customer()
        self.back.date(key, "expiries", date(2099, 1, 1))
        return key

    def planned(self, kit: CancelKit = KIT) -> Any:
        """Return the cancellation of a customer who is ready for Process, and its token."""
        one = self.desk(kit).begin(self.ready())
        one.enter(Reasons("price"))
        one.enter(NewOwner("bob"))
        return one, one.plan().token


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Here]:
    """A database without customers."""
    engine = databases.engine(request.param, "numbers")
    create(engine, CRM)
    clear(engine, CRM)
    with counting(engine) as (counted_engine, counted):
        yield Here(
            request.param, counted_engine, BackDoor(engine, CRM, "north"), plugged(CRM), counted
        )


def with_open_records(here: Here, number: int) -> str:
    """Return a customer with so many open cases."""
    key = here.ready()
    cases = CRM.records["cases"]
    columns = [cases.c.customer_id, cases.c.status, cases.c.subject]
    if number:
        here.back.record(key, "cases", "open")
    with here.back.engine.begin() as db:
        there = 1
        while there < number:  # twice as many each time
            again = sa.select(*columns).limit(min(there, number - there))
            db.execute(cases.insert().from_select(columns, again))
            there = min(2 * there, number)
    return key


def facts(here: Here, keys: Sequence[str]) -> Any:
    """Ask for all needs of all sections, as a view does."""
    with here.desk().host.reading() as unit:
        return unit.customers.facts(keys, KIT.checklist.needs, DAY)


# ---------------------------------------------------------------- goal 1: a checklist


@pytest.mark.parametrize("number", [0, MANY])
def test_a_checklist_is_one_statement_and_one_row(here: Here, number: int) -> None:
    """Through SQLAlchemy and on the driver itself, with one text."""
    key = with_open_records(here, number)
    here.counted.clear()
    direct = evolve(here, host=plugged(CRM, on_driver=True))
    for at, way in enumerate((here, direct), 1):
        answers = facts(way, [key])[key]
        assert (at, at, 1) == (
            here.counted.statements,
            here.counted.rows,
            len(here.counted.distinct),
        )
        expected = Count(100, more=True) if number else Count(0)
        assert expected == answers[OpenRecords("cases")]
        assert len(KIT.checklist.needs) == len(answers)


@pytest.mark.parametrize("number", [0, MANY])
def test_a_chunk_of_checklists_is_one_statement_with_a_row_for_each(
    here: Here, number: int
) -> None:
    keys = [with_open_records(here, number), *(here.ready() for _ in range(3))]
    here.counted.clear()
    answers = facts(here, keys)
    assert (1, len(keys)) == (here.counted.statements, here.counted.rows)
    assert [number > 0, False, False, False] == [
        answers[key][OpenRecords("cases")].n > 0 for key in keys
    ]


def test_a_view_is_three_statements_and_three_rows(here: Here) -> None:
    """The customer, its cancellation, the checklist; the names of open records are on request."""
    key = with_open_records(here, 5)
    one = here.desk().begin(key)
    here.counted.clear()
    view = one.view()
    assert view.banner
    assert (3, 3) == (here.counted.statements, here.counted.rows)
    here.counted.clear()
    (cases,) = [line for line in one.view(name=3).sections if line.key == "cases"]
    assert (3, 4) == (len(cases.records), here.counted.statements)


# ---------------------------------------------------------------- goal 5: constant texts


def test_a_thousand_checklists_have_one_text(here: Here) -> None:
    """And nothing is compiled after the first."""
    keys = [here.ready() for _ in range(20)]
    facts(here, keys[:1])
    here.counted.clear()
    compiled = _compiled(here.engine)
    with here.desk().host.reading() as unit:
        for turn in range(1_000):
            unit.customers.facts([keys[turn % len(keys)]], KIT.checklist.needs, DAY)
    assert (1_000, 1) == (here.counted.statements, len(here.counted.distinct))
    assert compiled == _compiled(here.engine)


def test_a_hundred_processes_have_as_many_texts_as_one(here: Here) -> None:
    """And no statement is compiled after the first."""
    planned = [here.planned() for _ in range(101)]
    first, token = planned.pop()
    first.process(token)
    here.counted.clear()
    compiled = _compiled(here.engine)
    for one, token in planned:
        one.process(token)
    assert compiled == _compiled(here.engine)
    most = {"postgres": 8, "sqlite": 10, "mariadb": 10}
    assert len(here.counted.distinct) <= most[here.kind], here.counted.distinct
    assert 100 * len(here.counted.distinct) == here.counted.statements


def _compiled(engine: sa.Engine) -> int:
    """Return how many statements were compiled: each is kept, and none is dropped so early."""
    cache: Any = engine._compiled_cache
    assert len(cache) < cache.capacity
    return len(cache)


# ---------------------------------------------------------------- goals 7 and 8: Process


@pytest.mark.parametrize("sections", ["all", "two"])
def test_statements_of_process_do_not_depend_on_the_sections(here: Here, sections: str) -> None:
    few = KIT.checklist.without("cases", "opportunities", "quotations", "assets", "tags")
    kit = KIT if sections == "all" else _with(KIT, few)
    one, token = here.planned(kit)
    here.counted.clear()
    one.process(token)
    expected = {"postgres": 8, "sqlite": 9, "mariadb": 9}
    assert expected[here.kind] == here.counted.statements, here.counted.texts


def _with(kit: CancelKit, checklist: Any) -> CancelKit:
    return CancelKit(
        checklist, zone=kit.zone, roles=kit.roles, users=kit.users, recipients=kit.recipients
    )


# ---------------------------------------------------------------- goal 10: many checklists


def test_a_chunk_of_the_bulk_check_is_two_statements(here: Here) -> None:
    keys = [here.ready() for _ in range(30)]
    here.counted.clear()
    assert keys == [one.customer.id for one in check_many(here.desk(), keys, chunk=10)]
    assert 6 == here.counted.statements


# ---------------------------------------------------------------- the queue


def with_open_cancellations(here: Here, number: int) -> None:
    """Begin one cancellation in full, with an owner to come and an override; then copy it."""
    key = here.ready()
    here.back.record(key, "cases", "open")
    one = here.desk().begin(key)
    one.enter(Reasons("price"))
    one.enter(NewOwner("bob"))
    one.override("cases", "Known")
    copies = [here.back.customer() for _ in range(number - 1)]
    with here.desk().host.writing() as unit:
        record = unit.cancellations.current((key,))[key]
        for copy, customer in unit.customers.load(copies).items():
            assert unit.status is not None
            assert customer.status is not None
            assert unit.status.mark_pending(copy, customer.status) is True
            unit.cancellations.add(evolve(record, id=f"copy-{copy}", customer=copy))


@pytest.mark.parametrize("number", [1, 500])
@pytest.mark.parametrize("stage", [None, "ready"])
def test_the_queue_is_three_statements_and_three_rows_for_each(
    here: Here, number: int, stage: str | None
) -> None:
    """What is open, the customers, and the checklists; the users are another port's."""
    with_open_cancellations(here, number)
    here.counted.clear()
    found = queue(here.desk(), Filters(stage=stage), limit=None)
    assert (number, 3) == (found.opened, here.counted.statements), here.counted.texts
    assert 3 * number == here.counted.rows
    assert [Stage.READY] * number == [row.stage for row in found.rows]


def test_a_page_of_the_queue_reads_the_facts_of_its_rows_alone(here: Here) -> None:
    with_open_cancellations(here, 30)
    here.counted.clear()
    assert 10 == len(queue(here.desk(), page=2, limit=10).rows)
    assert (3, 30 + 30 + 10) == (here.counted.statements, here.counted.rows)


# ---------------------------------------------------------------- goal 19: the outbox


def test_a_claim_is_two_statements_for_any_number(here: Here) -> None:
    """One that locks and reads, one that leases."""
    for _ in range(12):
        one, token = here.planned()
        one.process(token)
    now = datetime.now(UTC)
    each = []
    for limit in (1, 10):
        here.counted.clear()
        with here.desk().host.writing() as unit:
            rows = unit.outbox.claim(limit, now, now + timedelta(seconds=60))
        each.append((len(rows), here.counted.statements))
    assert [(1, 2), (10, 2)] == each

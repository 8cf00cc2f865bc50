"""The benchmarks on databases run, at a small size, and measure right answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.benchmarks import sql, sql_bulk, sql_process
from tests.benchmarks.by_hand import Process
from tests.benchmarks.harness import Timing, check
from tests.benchmarks.shop import CUSTOMERS, OWN, SMALL, Shop, opened
from tests.benchmarks.sql_counts import planned
from tests.servers import Databases

TOPICS = {"sql": sql, "process": sql_process, "bulk": sql_bulk}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: Any, databases: Databases
) -> Iterator[Shop]:
    """The CRM on a database, small."""
    if request.param == "sqlite":
        made = opened(tmp_path_factory.mktemp("shop") / "shop.db", SMALL)
    else:
        made = opened(databases.engine("postgres", "shop").url, SMALL)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("topic", TOPICS)
def test_every_case_gives_the_right_answer_and_every_goal_a_number(shop: Shop, topic: str) -> None:
    for group in TOPICS[topic].groups(shop):
        for case in group.cases.values():
            check(case)
        timings = dict.fromkeys(group.cases, Timing(1.0, 1.0, 1.0))
        for goal in group.goals:
            assert isinstance(goal.value(timings), float | int), goal.text
            assert set(goal.of) <= set(group.cases)


def test_the_floor_writes_what_process_writes(shop: Shop) -> None:
    """The same rows in the same tables."""
    with shop.by_hand() as driver:
        hand = Process(shop, driver)
        one, token = planned(shop)
        before = _rows(shop)
        one.process(token)
        ours = _less(_rows(shop), before)
        other, _ = planned(shop)
        before = _rows(shop)
        hand.run(int(other.customer_id))
        assert ours == _less(_rows(shop), before)
    with shop.engine.connect() as db:
        mine = sa.select(CUSTOMERS.c.status, CUSTOMERS.c.owner)
        rows = [
            tuple(db.execute(mine.where(CUSTOMERS.c.id == int(c.customer_id))).one())
            for c in (one, other)
        ]
    assert [("cancelled", 7)] * 2 == rows


def _rows(shop: Shop) -> dict[str, int]:
    with shop.engine.connect() as db:
        return {
            table.name: db.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in OWN
        }


def _less(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after}


def test_contributing_names_every_topic() -> None:
    page = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.search(r"topics: engine lifecycle crm documents importing sql", page)

"""What reaches a database's driver, counted for the goals that are numbers of statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from cancelkit.bulk import check_many
from cancelkit.sections import NewOwner, Reasons
from tests.benchmarks.harness import Results
from tests.benchmarks.material import TODAY
from tests.benchmarks.shop import KIT, TELESALES, Shop
from tests.sql_driver import Counted, counting

NEEDS = KIT.checklist.needs


def planned(place: Shop, engine: sa.Engine | None = None) -> Any:
    """Return the cancellation of a new customer who is ready for Process, and its token.

    Only what is done with it goes through the engine that is given.
    """
    one = place.desk().begin(str(place.newcomer()))
    one.enter(Reasons("price"))
    one.enter(NewOwner(TELESALES))
    return place.desk(engine).get(one.customer_id), one.plan().token


class Counts:
    """Numbers for goals; the results of the timing are not looked at."""

    def __init__(self, place: Shop) -> None:
        self._place = place

    def checklist(self, _: Results) -> float:
        """Statements of a checklist, of the customer with very many open records."""
        return self._counted(self._ask(1)).statements

    def rows(self, _: Results) -> float:
        """Rows that are fetched for it."""
        return self._counted(self._ask(1)).rows

    def texts(self, _: Results) -> float:
        """Distinct texts of 1,000 checklists."""
        return len(self._counted(self._ask(1_000)).distinct)

    def process(self, _: Results) -> float:
        """Statements of Process, without BEGIN and COMMIT."""
        return self._processes(1).statements

    def process_texts(self, _: Results) -> float:
        """Distinct texts of 100 of them."""
        return len(self._processes(100).distinct)

    def bulk(self, _: Results) -> float:
        """Statements of the bulk check, as for 100,000 customers."""
        n = self._place.sizes.customers

        def check(engine: sa.Engine) -> None:
            for _one in check_many(self._place.desk(engine), map(str, range(1, n + 1))):
                pass

        return self._counted(check).statements * max(1.0, 100_000 / n)

    def batch(self, _: Results) -> float:
        """Statements of the questions about a batch of 500."""

        def ask(engine: sa.Engine) -> None:
            keys = [str(key) for key in range(1, 501)]
            with self._place.host.owning(engine).reading() as unit:
                unit.customers.facts(keys, NEEDS, TODAY)

        return self._counted(ask).statements

    def _ask(self, times: int) -> Callable[[sa.Engine], None]:
        def ask(engine: sa.Engine) -> None:
            key = str(self._place.all_open)
            with self._place.host.owning(engine).reading() as unit:
                for _ in range(times):
                    unit.customers.facts([key], NEEDS, TODAY)

        return ask

    def _processes(self, times: int) -> Counted:
        with counting(self._place.engine) as (engine, counted):
            ready = [planned(self._place, engine) for _ in range(times)]
            counted.clear()
            for one, token in ready:
                one.process(token)
        return counted

    def _counted(self, do: Callable[[sa.Engine], None]) -> Counted:
        with counting(self._place.engine) as (engine, counted):
            do(engine)
        return counted

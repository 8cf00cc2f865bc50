"""Goals 5, 7, 8 and 9: the whole Process, beside the same by hand and as many would write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import sqlalchemy as sa

from cancelkit.records import Outcome
from tests.benchmarks.by_hand import Process
from tests.benchmarks.harness import Case, Goal, Group, Results, ratio_of
from tests.benchmarks.material import ANN
from tests.benchmarks.shop import KIT as SHOP_KIT
from tests.benchmarks.shop import RECORDS, Shop
from tests.benchmarks.sql_counts import Counts, planned
from tests.phantom import MODES, Phantom, refused
from tests.wire_proxy import Proxy

HAND = "by hand, sound: all locked, then checked"
NAIVE = "by hand, naive: a question for each section"
KIT = "cancelkit"
ROUND_TRIP = 0.004
"""Seconds, through the proxy."""


def groups(place: Shop) -> Iterator[Group]:
    """Process here, and on PostgreSQL through a delay line, too."""
    with place.by_hand() as driver:
        cases = _cases(place, driver, place.engine)
        title = f"Process with all that it writes, {place.named}"
        yield Group(title, cases, _goals(place), rounds=1, clock=place.clock)
    if place.kind == "postgresql":
        yield from _on_a_network(place)


def _cases(place: Shop, driver: Any, engine: sa.Engine, suffix: str = "") -> dict[str, Case]:
    hand = Process(place, driver)

    def prepared() -> int:
        """Begin a cancellation, for its row to be there, and let it be cancelled by hand."""
        one, _ = planned(place)
        return int(one.customer_id)

    return {
        HAND + suffix: Case(hand.run, lambda word: word == "done", prepared),
        NAIVE + suffix: Case(hand.naive, lambda word: word == "done", prepared),
        KIT + suffix: Case(_process, _done, lambda: planned(place, engine)),
    }


def _process(ready: Any) -> Outcome:
    one, token = ready
    outcome: Outcome = one.process(token)
    return outcome


def _done(outcome: Outcome) -> bool:
    return outcome.state == "done"


def _goals(place: Shop) -> list[Goal]:
    counts, here = Counts(place), place.named
    number, most = (7, 8) if place.kind == "postgresql" else (8, 10)
    goals = [
        Goal(number, f"{here}: statements of Process", (), counts.process, most, ""),
        Goal(number, f"{here}: over the same by hand", (KIT,), ratio_of(KIT, HAND), 1.25),
        Goal(5, f"{here}: texts of 100 Processes", (), counts.process_texts, 8, ""),
    ]
    if place.kind == "sqlite":  # one writer: there is no phantom
        return goals
    text = f"{here}: the phantom is refused"
    refusals = [
        Goal(9, f"{text}, {mode}", (), _refused(place, mode), 1, "", at_least=True)
        for mode in MODES
    ]
    return [*goals, *refusals]


def _refused(place: Shop, mode: str) -> Callable[[Results], float]:
    """Say 1 where Process refuses while another transaction has an order that it may commit."""

    def phantom(_: Results) -> float:
        one, token = planned(place)
        order = (
            RECORDS["sales_orders"].insert().values(customer_id=int(one.customer_id), status="new")
        )
        it = Phantom(
            place.engine,
            place.host,
            SHOP_KIT,
            ANN,
            one.customer_id,
            token,
            lambda db: db.execute(order),
        )
        return float(refused(it, mode))

    return phantom


def _on_a_network(place: Shop) -> Iterator[Group]:
    """The same with each message delayed by half a round trip, and not at all, side by side."""
    url = place.engine.url
    with ExitStack() as stack:
        cases: dict[str, Case] = {}
        for suffix, delay in ((", 0 ms", 0.0), (", 4 ms", ROUND_TRIP / 2)):
            proxy = Proxy(str(url.host), int(url.port or 0), delay=delay)
            stack.callback(proxy.close)
            engine = sa.create_engine(url.set(host="127.0.0.1", port=proxy.port))
            stack.callback(engine.dispose)
            driver = stack.enter_context(place.by_hand(proxy.port))
            cases |= _cases(place, driver, engine, suffix)
        text = f"{place.named}: effective round trips of Process"
        goals = [
            Goal(7, text, (), _trips(KIT), 2.5, ""),
            *(
                Goal(7, f"{text}, {name}", (), _trips(name), 2.5, "", judged=False)
                for name in (HAND, NAIVE)
            ),
            Goal(
                7,
                f"{place.named}: over the naive form, 4 ms round trip",
                (),
                ratio_of(f"{KIT}, 4 ms", f"{NAIVE}, 4 ms"),
                0.25,
            ),
        ]
        yield Group("Process through a delay line, PostgreSQL", cases, goals, rounds=1)


def _trips(name: str) -> Callable[[Results], float]:
    def trips(results: Results) -> float:
        return (results[f"{name}, 4 ms"].median - results[f"{name}, 0 ms"].median) / ROUND_TRIP

    return trips

"""Goal 15: the facts of the in-memory adapter beside an explicit loop over the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cancelkit.adapters.memory import CLOSED, Asset, Expiry, MemoryCrm, Record
from cancelkit.adapters.memory.crm import MemoryCustomers
from cancelkit.adapters.memory.store import Writes
from cancelkit.needs import AssetsLeft, Count, Need, NextDate, OpenRecords, UnceasedAssets
from tests.benchmarks.harness import Case, Goal, Group, ratio_of
from tests.benchmarks.material import CUSTOMER, EXPIRY, TODAY, answers

SIZES = (1, 100, 10_000)
NEEDS = tuple(answers())
CLOSED_AS = {kind: min(statuses) for kind, statuses in CLOSED.items()}
KINDS = ("assets", *CLOSED, "expiries")
Rows = Mapping[str, list[Any]]


def rows_of(n: int) -> Rows:
    """Records of all kinds in turn, none of them open: the worst case."""
    rows: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for at in range(n):
        kind, key = KINDS[at % len(KINDS)], f"r-{at}"
        if kind == "assets":
            rows[kind].append(Asset(key, "C-1", TODAY, live=False))
        elif kind == "expiries":
            rows[kind].append(Expiry(key, "C-1", EXPIRY))
        else:
            rows[kind].append(Record(key, "C-1", CLOSED_AS[kind]))
    return rows


def by_hand(rows: Rows) -> dict[Need[Any], object]:
    """Explicit loops over the records, and the answers that cancelkit wants."""
    found: dict[Need[Any], object] = {}
    for need in NEEDS:
        if isinstance(need, OpenRecords):
            closed, n = CLOSED[need.kind], 0
            for record in rows[need.kind]:
                if record.status not in closed:
                    n += 1
            found[need] = Count(n)
        elif isinstance(need, UnceasedAssets):
            found[need] = _assets_by_hand(rows[need.kind])
        elif isinstance(need, NextDate):
            first = None
            for expiry in rows[need.kind]:
                if expiry.on > TODAY and (first is None or expiry.on < first):
                    first = expiry.on
            found[need] = first
    return found


def _assets_by_hand(assets: list[Any]) -> AssetsLeft:
    live = scheduled = ticked = 0
    for asset in assets:
        day = asset.ceased_on
        if day is None:
            live += 1
        elif day > TODAY:
            scheduled += 1
        elif asset.live:
            ticked += 1
    return AssetsLeft(Count(live), Count(scheduled), Count(ticked))


def adapter(rows: Rows) -> Callable[[], Mapping[Need[Any], object]]:
    """The adapter's answer to all needs, in one unit of work."""
    crm = MemoryCrm([CUSTOMER])
    for kind, records in rows.items():
        for record in records:
            crm.put(kind, record)
    customers = MemoryCustomers(crm, Writes(crm.memory))
    return lambda: customers.facts(("C-1",), NEEDS, TODAY)["C-1"]


def group(n: int) -> Group:
    """The facts of a customer with so many records."""
    rows = rows_of(n)
    expected = by_hand(rows)

    def right(given: object) -> bool:
        return given == expected

    hand, kit = f"explicit loops, n = {n}", f"in-memory adapter, n = {n}"
    cases = {hand: Case(lambda: by_hand(rows), right), kit: Case(adapter(rows), right)}
    text = f"facts from the in-memory adapter over explicit loops, n = {n}"
    goals = [Goal(15, text, (kit,), ratio_of(kit, hand), 1.5)]
    return Group(f"facts of a customer with {n} closed records", cases, goals)


def groups() -> list[Group]:
    """One group for each number of records."""
    return [group(n) for n in SIZES]

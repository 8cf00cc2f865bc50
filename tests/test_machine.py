"""The state machine of the contract kit finds hosts that lose a schedule, or a day of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cancelkit.adapters.memory import MemoryCrm, MemoryHost
from cancelkit.ports import Cancellations, Unit
from cancelkit.testing.machine import Machine
from cancelkit.testing.memory import MemoryBackDoor
from cancelkit.testing.sides import ALICE
from cancelkit.testing.world import World
from tests.harness.broken import Changes, Replaced
from tests.harness.report import Report

Change = Callable[[Cancellations], dict[str, Callable[..., Any]]]


def saves(change: Callable[[Any], dict[str, Any]]) -> Change:
    """A host that stores something else than it was given."""
    return lambda store: {
        "save": lambda record, version: store.save(evolve(record, **change(record)), version)
    }


def a_day_late(store: Cancellations) -> dict[str, Callable[..., Any]]:
    def due(day: date, limit: int) -> Sequence[str]:
        return store.due(day - timedelta(days=1), limit)

    return {"due": due}


PLANTED: dict[str, Change] = {
    "the schedule is not stored": saves(lambda record: {"schedule": None}),
    "what is due is found a day late": a_day_late,
    "overrides are not stored": saves(lambda record: {"overrides": ()}),
    "the effective date is not stored": saves(lambda record: {"effective": None}),
    "that it was reinstated is not stored": saves(lambda record: {"reinstated": None}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_by_the_machine(name: str, report: Report) -> None:
    def change(unit: Unit) -> Unit:
        store = unit.cancellations
        return unit._replace(cancellations=Replaced(store, PLANTED[name](store)))

    class Both(Changes):
        def reading(self) -> Any:
            return self.changed(self.inner.reading())

    crm = MemoryCrm()
    world = World(Both(MemoryHost(crm), change), MemoryBackDoor(crm), MemoryBackDoor(crm))
    planted = type("Planted", (Machine,), {"world": world})
    once = settings(
        max_examples=150,
        stateful_step_count=30,
        database=None,
        deadline=None,
        phases=[Phase.generate],
    )
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(planted, settings=once)
    report("planted bugs found by the machine", f"{name}: {str(caught.value).splitlines()[:1]}")


def test_roles_change_in_the_machine_and_decide_what_comes_back() -> None:
    """Otherwise it would never try somebody who could do everything, and no longer can."""
    crm = MemoryCrm()
    world = World(MemoryHost(crm), MemoryBackDoor(crm), MemoryBackDoor(crm))
    machine = type("Roles", (Machine,), {"world": world})()
    machine.role(which=0, to="", command="begin", stays=False, fault="")
    machine.role(which=0, to="Customer Cancellation", command="begin", stays=True, fault="")
    machine.resolve(which=0, end=True, who=ALICE, fault="")
    (customer, *_) = machine.keys
    history = machine.theirs.at(customer).history()
    wanted = [("begin", False), ("begin", True), ("end", False)]
    assert wanted == [(entry.verb.value, entry.accepted) for entry in history]
    assert ["not_allowed"] * 2 == [why.code for entry in history for why in entry.refusals]

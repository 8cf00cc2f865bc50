"""The two sections keep the contract of a section, and do their job in a cancellation."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import pytest
from cancelkit_equipment import EQUIPMENT, INVOICES, CollectEquipment, Collection, RentDue
from hypothesis import strategies as st

from cancelkit import (
    STANDARD,
    CancelKit,
    Cancellation,
    Customer,
    EitherRole,
    Person,
    Reasons,
    Refused,
    Status,
)
from cancelkit.adapters.memory import MemoryCrm, MemoryCustomers, MemoryHost, Record
from cancelkit.discovery import GROUP, discover
from cancelkit.effects import Performer
from cancelkit.needs import Need
from cancelkit.testing import SectionContract

COLLECTED: list[str] = []


class TestInvoices(SectionContract):
    section = INVOICES


class TestEquipment(SectionContract):
    section = EQUIPMENT

    def answers(self, need: Need[Any]) -> st.SearchStrategy[Any] | None:
        return st.integers(0, 50_000) if isinstance(need, RentDue) else None


@pytest.fixture
def cancellation() -> Cancellation:
    crm = MemoryCrm(
        [Customer("C-1", "Harbour Café", Status("live"))],
        kinds=["invoices", "loans"],
        answers={RentDue: lambda customer, need, as_of: 0},
    )
    crm.put("loans", Record("L-1", "C-1", "on loan", "Router"))
    checklist = STANDARD.without(
        *(section.key for section in STANDARD.sections if section.key != "reasons")
    )
    kit = CancelKit(
        checklist.with_section(INVOICES).with_section(EQUIPMENT, before="invoices"),
        roles=EitherRole(lambda user: ["CRM Admin"]),
    )
    host = MemoryHost(crm, performers=performers)
    kit.verify(host)
    cancellation = kit.at(host, actor=Person("ann")).begin("C-1")
    cancellation.enter(Reasons("moved"))
    COLLECTED.clear()
    return cancellation


def performers(unit: MemoryCustomers) -> list[Performer[CollectEquipment]]:
    def collect(effect: CollectEquipment, customer: Customer) -> bool:
        unit.later(lambda: COLLECTED.append(f"{customer.id} on {effect.day}"))
        return True

    return [Performer(CollectEquipment, collect)]


def test_equipment_on_loan_blocks_and_is_named(cancellation: Cancellation) -> None:
    line = cancellation.view(name=3).section("equipment")
    assert ("to do", "1 device is still on loan") == (line.word, line.message)
    assert ["Router"] == [record.label for record in line.records]
    with pytest.raises(Refused) as refused:
        cancellation.process(cancellation.plan().token)
    assert ("equipment",) == refused.value.sections


def test_a_courier_is_planned_and_ordered_once(cancellation: Cancellation) -> None:
    cancellation.enter(Collection("2 May"))
    plan = cancellation.plan()
    assert "Order a courier for 2 May" == plan.steps[0]
    cancellation.perform_now("equipment")
    cancellation.process(cancellation.plan().token)
    assert ["C-1 on 2 May"] == COLLECTED


def test_both_are_found_where_the_package_is_installed() -> None:
    if not entry_points(group=GROUP, name="equipment"):
        pytest.skip("the package is not installed here, only on the path")
    found = discover()
    assert () == found.problems
    assert [EQUIPMENT, INVOICES] == [found.sections["equipment"], found.sections["invoices"]]

"""One reading for a whole page: the view, the plan and the history; and who may own a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from cancelkit import Customer, Invalid, NewOwner, User
from cancelkit.adapters.memory import MemoryUsers
from cancelkit.errors import AdapterContractError, NotAllowed, UnknownCustomer
from tests.world import admins, world


def test_look_is_view_plan_and_history_of_one_instant() -> None:
    w = world()
    w.add_order()
    cancellation = w.ready()
    look = cancellation.look()
    assert (cancellation.view(), cancellation.plan()) == (look.view, look.plan)
    assert tuple(w.history()) == look.history


def test_a_customer_who_is_not_pending_has_no_plan() -> None:
    w = world()
    assert None is w.get().look().plan
    cancellation = w.ready()
    cancellation.process(cancellation.plan().token)
    look = cancellation.look()
    assert (None, 3) == (look.plan, len(look.history))


def test_records_are_named_for_the_sections_that_were_asked_about() -> None:
    w = world()
    w.add_order()
    w.add_asset(None, live=True)
    sections = w.begun().look(name=5, of=["assets"]).view.sections
    assert {"assets": ["A-1"], "sales_orders": []} == {
        line.key: [record.id for record in line.records] for line in sections if line.count
    }


def test_a_line_says_what_is_planned_for_its_section_until_it_was_done() -> None:
    cancellation = world().ready()
    cancellation.enter(NewOwner("t-7"))
    assert ("Owner: Ann → Tom",) == cancellation.look().view.section("ownership").planned
    cancellation.perform_now("ownership")
    assert () == cancellation.look().view.section("ownership").planned


def test_candidates_are_active_users_the_best_first() -> None:
    found = world().get().candidates()
    assert ["Tom", "Ann", "Sue"] == [user.name for user in found]
    assert ["Sue"] == [user.name for user in world().get().candidates("su", 1)]


def test_candidates_are_for_those_who_may_edit() -> None:
    with pytest.raises(NotAllowed, match="Mallory has no role"):
        world(roles=admins("alice")).get("mallory").candidates()


def test_candidates_of_a_customer_whom_nobody_knows() -> None:
    with pytest.raises(UnknownCustomer):
        world().desk().get("C-404").candidates()
    with pytest.raises(Invalid, match="one line"):
        world().get().candidates("a\nb")


@pytest.mark.parametrize(
    "found",
    [
        None,
        "To",
        {User("t-7", "Tom")},
        [User("t-7", "Tom"), "Tom"],
        [User("t-7", "Tom", active=False)],
        [User("t-7", "Tom", active=1)],  # type: ignore[arg-type]  # the mistake
        [User("t-7", "Tom")] * 3,
    ],
    ids=repr,
)
def test_candidates_that_the_host_should_not_offer_are_not_passed_on(found: Any) -> None:
    class Odd(MemoryUsers):
        def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
            return found  # type: ignore[no-any-return]  # the mistake

    w = world()
    w.kit = evolve(w.kit, users=Odd([]))
    with pytest.raises(AdapterContractError, match="no sequence of at most 2 active Users"):
        w.get().candidates(limit=2)

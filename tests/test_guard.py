"""The guard: whether something new may be created for a customer. It reads, and records nothing."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from attrs import evolve

from cancelkit import CancelKit, Customer, Desk, Person, Status
from cancelkit.adapters.memory import MemoryCrm, MemoryCustomers, MemoryHost
from cancelkit.errors import CommandFailed, CreationRefused, Invalid, UnknownCustomer
from cancelkit.guard import Unwanted, Verdict, creating, may_create
from cancelkit.records import State
from tests.harness.watch import Call, WatchedHost
from tests.world import World, world

ALLOWED = (True, "", None)


def process(here: World) -> None:
    here.ready().process(here.get().plan().token)


def guarding(here: World, *kinds: str) -> World:
    """The kinds of which nothing new may be created while pending."""
    chosen: Any = kinds  # whatever can be iterated over
    here.kit = evolve(here.kit, guarded=chosen)
    return here


def without_status() -> World:
    return world(status=None)


def ask(here: World, kind: str = "sales_orders") -> Verdict:
    return may_create(here.desk(), "C-1", kind)


# ---------------------------------------------------------------- the verdict


def test_for_a_live_customer_everything_may_be_created_and_nothing_is_said() -> None:
    here = guarding(world(), "sales_orders")
    assert Verdict(True, State.LIVE) == ask(here)
    assert ALLOWED == (ask(here).allowed, ask(here).message, ask(here).refusal)


def test_while_pending_it_is_allowed_with_a_warning() -> None:
    here = world()
    here.begun()
    verdict = ask(here)
    assert (True, State.PENDING, None) == (verdict.allowed, verdict.state, verdict.refusal)
    assert verdict.message.startswith("Harbour Café is about to be cancelled (Live (PC))")
    assert "Sales Orders" in verdict.message


def test_while_pending_the_guarded_kinds_are_refused_and_the_others_are_not() -> None:
    here = guarding(world(), "sales_orders")
    here.begun()
    verdict = ask(here)
    assert (False, State.PENDING) == (verdict.allowed, verdict.state)
    assert "no new Sales Orders: the customer is Live (PC)" == verdict.message
    assert verdict.refusal is not None
    assert "not_wanted" == verdict.refusal.code
    assert ask(here, "cases").allowed


def test_while_scheduled_it_is_as_while_pending() -> None:
    here = guarding(world(), "sales_orders")
    on = date(2026, 4, 1)
    here.ready().process(here.get().plan(on=on).token, on=on)
    assert [False, True] == [ask(here, kind).allowed for kind in ("sales_orders", "cases")]


def test_after_cancelled_nothing_may_be_created() -> None:
    here = world()
    process(here)
    for kind in ("sales_orders", "cases", "invoices"):
        verdict = ask(here, kind)
        assert (False, State.CANCELLED) == (verdict.allowed, verdict.state)
        assert verdict.message.endswith("the customer is Cancelled")


def test_of_a_customer_who_was_cancelled_by_other_means_likewise() -> None:
    here = world(status=Status("gone", cancelled=True, label="Left us"))
    assert "no new Cases: the customer is Left us" == ask(here, "cases").message
    assert not ask(here, "cases").allowed


def test_after_remove_and_after_reinstate_everything_may_be_created_again() -> None:
    here = guarding(world(), "sales_orders")
    here.begun().remove()
    assert Verdict(True, State.LIVE) == ask(here)
    process(here)
    here.get().reinstate()
    assert Verdict(True, State.LIVE) == ask(here)


def test_crm_whose_customers_have_no_status_is_guarded_by_our_own_record() -> None:
    here = guarding(without_status(), "sales_orders")
    said = [ask(here)]
    here.ready()
    said.append(ask(here))
    here.get().process(here.get().plan().token)
    said.append(ask(here))
    here.get().reinstate()
    said.append(ask(here))
    live, pending, cancelled = State.LIVE, State.PENDING, State.CANCELLED
    assert [live, pending, cancelled, live] == [one.state for one in said]
    assert [True, False, False, True] == [one.allowed for one in said]
    assert said[2].message.endswith("the customer is Cancelled")


def test_who_is_pending_here_and_cancelled_in_the_crm_is_cancelled() -> None:
    """Drift: "after Cancelled nothing may", whoever cancelled."""
    here = world()
    here.begun()
    here.crm.put_customer(evolve(here.customer, status=Status("gone", cancelled=True)))
    assert (False, "no new Cases: the customer is Gone") == ask(here, "cases")[::2]


def test_one_guarded_kind_may_be_given_as_a_text() -> None:
    """It is that one, not its letters: else nothing would be guarded, without a word."""
    here = world()
    one: Any = "sales_orders"
    here.kit = evolve(here.kit, guarded=one)
    here.begun()
    assert [False, True] == [ask(here, kind).allowed for kind in ("sales_orders", "cases")]


def test_kind_that_no_section_is_about_is_called_by_its_key() -> None:
    here = world()
    here.begun()
    assert "invoices" in ask(here, "invoices").message


@pytest.mark.parametrize("kind", ["", " ", "a\nb", 5])
def test_kind_must_be_an_identifier(kind: Any) -> None:
    """So that a mistake in the host's code is seen on the first day, not for the first pending."""
    with pytest.raises(Invalid, match="the kind of record"):
        ask(world(), kind)


def test_unknown_customer_is_an_error_not_an_answer() -> None:
    """Neither allowed nor refused: a wrong id must not read as a live customer."""
    with pytest.raises(UnknownCustomer, match="'C-404'"):
        may_create(world().desk(), "C-404", "cases")


def test_deleted_customer_is_unknown_even_while_pending() -> None:
    here = world()
    here.begun()
    here.crm.delete_customer("C-1")
    with pytest.raises(UnknownCustomer):
        ask(here)


def other_tenant() -> Desk:
    here = world()
    theirs = MemoryCrm([], tenant="other", memory=here.crm.memory)
    return here.kit.at(MemoryHost(theirs), actor=Person("alice"))


class Leaking(MemoryCrm):
    """A CRM that shows the customers of all tenants to each."""

    def key(self, customer_id: str) -> tuple[str, ...]:
        return ("", customer_id)


def leaking_tenant() -> Desk:
    here = world()
    theirs = Leaking([], tenant="other", memory=here.crm.memory)
    return here.kit.at(MemoryHost(theirs), actor=Person("alice"))


@pytest.mark.parametrize("desk", [other_tenant, leaking_tenant])
def test_customer_of_another_tenant_is_unknown(desk: Callable[[], Desk]) -> None:
    """Also where the adapter lets somebody else's customer through."""
    with pytest.raises(UnknownCustomer):
        may_create(desk(), "C-1", "cases")


def test_guard_that_cannot_read_does_not_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world()

    def fail(unit: MemoryCustomers, ids: Sequence[str]) -> Mapping[str, Customer]:
        raise ConnectionError("gone")

    monkeypatch.setattr(MemoryCustomers, "load", fail)
    done: list[str] = []
    guard = creating(here.desk(), "C-1", "cases")
    with pytest.raises(CommandFailed, match="the guard of customer 'C-1'"), guard:
        done.append("created")
    assert [] == done


# ---------------------------------------------------------------- creating


def test_block_is_entered_for_a_live_customer_without_a_word() -> None:
    here = world()
    done: list[Verdict] = []
    with creating(here.desk(), "C-1", "sales_orders") as verdict:  # a warning is an error here
        done.append(verdict)
    assert [Verdict(True, State.LIVE)] == done


def test_block_is_entered_while_pending_with_a_warning_at_the_callers_line() -> None:
    here = world()
    here.begun()
    done: list[str] = []
    guard = creating(here.desk(), "C-1", "sales_orders")
    with pytest.warns(Unwanted, match="is about to be cancelled") as warned, guard as verdict:
        done.append(verdict.message)
    assert [str(warned[0].message)] == done
    assert (1, __file__) == (len(warned), warned[0].filename)


def test_host_may_turn_the_warning_into_an_error_and_then_nothing_is_created() -> None:
    here = world()
    here.begun()
    done: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", Unwanted)
        with pytest.raises(Unwanted), creating(here.desk(), "C-1", "cases"):
            done.append("created")
    assert [] == done


def cancelled() -> World:
    here = world()
    process(here)
    return here


def guarded() -> World:
    here = guarding(world(), "sales_orders")
    here.begun()
    return here


@pytest.mark.parametrize("make", [cancelled, guarded])
def test_block_is_not_entered_where_it_is_refused(make: Callable[[], World]) -> None:
    here, done = make(), []
    guard = creating(here.desk(), "C-1", "sales_orders")
    sentence = r"^Refused: no new Sales Orders: the customer is .*\.$"
    with pytest.raises(CreationRefused, match=sentence) as refused, guard:
        done.append("created")
    assert ([], ("not_wanted",), None) == (done, refused.value.codes, refused.value.entry)


@pytest.mark.parametrize("make", [cancelled, guarded])
def test_function_is_not_called_where_it_is_refused(make: Callable[[], World]) -> None:
    here, done = make(), []

    @creating(here.desk(), "C-1", "sales_orders")
    def create() -> None:
        done.append("created")

    for _ in range(2):
        with pytest.raises(CreationRefused):
            create()
    assert [] == done


def test_decorated_function_asks_afresh_at_each_call() -> None:
    """Not once where it is defined: the customer may be cancelled later."""
    here = world()

    @creating(here.desk(), "C-1", "sales_orders")
    def create(order: str) -> str:
        return order

    assert "SO-1" == create("SO-1")
    here.begun()
    with pytest.warns(Unwanted):
        assert "SO-2" == create("SO-2")
    here.get().remove()
    process(here)
    with pytest.raises(CreationRefused):
        create("SO-3")


def test_warning_of_a_decorated_function_is_at_the_callers_line() -> None:
    here = world()
    here.begun()

    @creating(here.desk(), "C-1", "sales_orders")
    def create() -> None:
        pass

    with pytest.warns(Unwanted) as warned:
        create()
    assert __file__ == warned[0].filename


def test_exception_of_the_block_is_the_callers() -> None:
    with pytest.raises(KeyError, match="mine"), creating(world().desk(), "C-1", "cases"):
        raise KeyError("mine")


# ---------------------------------------------------------------- what it does not do


def watched(here: World, kit: CancelKit | None = None) -> tuple[Desk, Counter[str]]:
    """Return a desk whose port calls are counted."""
    calls: Counter[str] = Counter()

    def count(call: Call, do: Callable[[], Any], /) -> Any:
        calls[call.port] += 1
        return do()

    desk = (kit or here.kit).at(WatchedHost(here.host, count), actor=Person("alice", "Alice"))
    calls.clear()
    return desk, calls


class NoRoles:
    """Nobody is asked about roles."""

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        raise AssertionError("asked")


@pytest.mark.parametrize("make", [world, cancelled, guarded])
def test_it_costs_two_questions_and_no_role(make: Callable[[], World]) -> None:
    """Cheap enough for every order: the customer and its cancellation, and no lock."""
    here = make()
    desk, calls = watched(here, evolve(here.kit, roles=NoRoles()))
    may_create(desk, "C-1", "sales_orders")
    wanted = ("unit.enter", "customers.load", "cancellations.current", "unit.commit")
    assert dict.fromkeys(wanted, 1) == calls


@pytest.mark.parametrize("make", [world, cancelled, guarded])
def test_nothing_is_recorded(make: Callable[[], World]) -> None:
    """It is no command: neither an answer nor a refusal gets into the history."""
    here = make()
    tables, history = here.tables(), here.history()
    try:
        with creating(here.desk(), "C-1", "sales_orders"):
            pass
    except CreationRefused:
        pass
    assert (tables, history) == (here.tables(), here.history())


# ---------------------------------------------------------------- banners


def test_banners_of_many_customers_are_one_question() -> None:
    """Whatever their number; neither roles nor customers nor their facts are asked."""
    here = world()
    for number in range(2, 52):
        here.crm.put_customer(Customer(f"C-{number}", f"No {number}", Status("live")))
        here.desk().begin(f"C-{number}")
    desk, calls = watched(here, evolve(here.kit, roles=NoRoles()))
    assert 50 == len(desk.banners(here.crm.ids()))
    wanted = ("unit.enter", "cancellations.current", "unit.commit")
    assert dict.fromkeys(wanted, 1) == calls


def test_banner_of_a_scheduled_cancellation_says_for_when() -> None:
    here = world()
    here.crm.put_customer(Customer("C-2", "Other", Status("live")))
    here.ready("bob")
    here.desk().begin("C-2")
    on = date(2026, 4, 1)
    here.get().process(here.get().plan(on=on).token, on=on)
    banners = {
        "C-1": "Cancellation scheduled for 2026-04-01; pending since 2026-03-02, begun by Bob",
        "C-2": "Cancellation pending since 2026-03-02, begun by Alice",
    }
    assert banners == here.desk().banners(["C-1", "C-2"])
    assert banners["C-1"] == here.get().view().banner


def test_ended_cancellations_have_no_banner() -> None:
    here = world()
    here.begun().remove()
    assert {} == here.desk().banners(["C-1"])
    process(here)
    assert {} == here.desk().banners(["C-1"])
    here.get().reinstate()
    assert {} == here.desk().banners(["C-1"])

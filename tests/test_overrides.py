"""Overrides: an admin lets one blocking section be red, for a reason, for exactly what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from cancelkit import STANDARD, Checklist, EitherRole, Outcome, Person, Reasons, Status
from cancelkit.adapters.memory import Asset, MemoryCustomers, Record
from cancelkit.errors import (
    Blocked,
    CommandFailed,
    Drift,
    Invalid,
    NotAllowed,
    NothingToOverride,
    NotPending,
    OperationReused,
    StaleToken,
    UnknownSection,
)
from cancelkit.messages import Message
from cancelkit.records import Override, Stamp, State, Verb
from cancelkit.schedule import process_due
from cancelkit.serial import dump, load
from cancelkit.states import Light
from cancelkit.views import Line
from tests.world import NINE_O_CLOCK, TODAY, World, world

BOSS = Person("boss", "Boss")
WHY = "They settle it in court"


def roles_of(actor: str) -> list[str]:
    return {"boss": ["CRM Admin"], "alice": ["Customer Cancellation"]}.get(actor, [])


def with_order(checklist: Checklist = STANDARD, orders: int = 1) -> World:
    """Return a world in which alice has begun, and one or more open orders block."""
    here = world(checklist, roles=EitherRole(roles_of))
    for at in range(orders):
        here.add_order(order=f"SO-{at}")
    here.ready("alice")
    return here


def overridden(checklist: Checklist = STANDARD, orders: int = 1) -> World:
    here = with_order(checklist, orders)
    here.get("boss").override("sales_orders", WHY)
    return here


def orders(here: World) -> Line:
    return here.get().view().section("sales_orders")


def process(here: World) -> Outcome:
    return here.get().process(here.get().plan().token)


# ---------------------------------------------------------------- gates


def test_section_that_blocks_and_is_red_refuses_process() -> None:
    here = with_order()
    assert (True, Light.RED, "blocks") == (
        orders(here).blocks,
        orders(here).light,
        orders(here).gate.value,
    )
    with pytest.raises(Blocked) as blocked:
        process(here)
    assert ("sales_orders",) == blocked.value.sections


def test_section_that_advises_and_is_red_is_named_and_lets_process_pass() -> None:
    here = with_order(STANDARD.with_gates(sales_orders="advises"))
    plan = here.get().plan()
    assert (False, ()) == (orders(here).blocks, plan.blocked_by)
    assert "sales_orders" in [line.key for line in plan.advice]
    assert State.CANCELLED is process(here).now


def test_section_that_is_off_is_neither_asked_nor_shown() -> None:
    here = with_order(STANDARD.with_gates(sales_orders="off"))
    assert "sales_orders" not in [line.key for line in here.get().view().sections]
    assert State.CANCELLED is process(here).now
    assert "sales_orders" not in here.history()[-1].lights


# ---------------------------------------------------------------- who, and why


def test_override_lets_a_red_section_pass() -> None:
    """The section stays red; Process is done, and its history says on whose word."""
    here = overridden()
    assert (Light.RED, False) == (orders(here).light, orders(here).blocks)
    assert State.CANCELLED is process(here).now
    entry = here.history()[-1]
    assert "red" == entry.lights["sales_orders"]
    used = Message.of("override.used", section="sales_orders", by="Boss")
    assert (used,) == entry.done


def test_override_is_recorded_with_its_reason() -> None:
    here = overridden()
    said = Message.of("records.open", count=1)
    stored = Override("sales_orders", said, ("SO-0",), WHY, Stamp(BOSS, NINE_O_CLOCK))
    assert (stored,) == here.record().overrides
    entry = here.history()[-1]
    assert (Verb.OVERRIDE, True, BOSS, "sales_orders", WHY) == (
        entry.verb,
        entry.accepted,
        entry.actor,
        entry.section,
        entry.note,
    )


def test_override_is_shown_in_the_checklist_and_in_the_plan() -> None:
    here = overridden()
    override, plan = orders(here).override, here.get().plan()
    assert override is not None
    assert (WHY, "Boss") == (override.reason, override.stamp.by.name)
    assert ["sales_orders"] == [line.key for line in plan.overridden]
    assert ((), ()) == (plan.blocked_by, plan.obstacles)
    assert "sales_orders" not in [line.key for line in plan.advice]


def test_override_in_json_has_reason_author_and_time() -> None:
    here = overridden()
    view, plan = here.get().view().data(), here.get().plan().data()
    for data in (view, plan):
        assert data == json.loads(json.dumps(data))
    lines = {line["key"]: line for line in view["sections"]}
    override = lines["sales_orders"]["override"]
    assert (WHY, "boss") == (override["reason"], override["stamp"]["by"]["id"])
    assert "2026-03-02T09:00:00" in override["stamp"]["at"]
    assert (None, False) == (lines["cases"]["override"], lines["sales_orders"]["blocks"])
    assert (["sales_orders"], []) == (plan["overridden"], plan["blocked_by"])


def test_override_comes_back_from_a_store_as_it_was() -> None:
    here = overridden()
    record = here.record()
    assert record == load(type(record), dump(record), "the cancellation")


def test_who_may_cancel_may_not_override() -> None:
    """Only an admin may, and the view offers it to nobody else; the attempt is recorded."""
    here = with_order()
    tables = here.tables()
    assert Verb.OVERRIDE not in here.get("alice").view().actions
    assert Verb.OVERRIDE in here.get("boss").view().actions
    with pytest.raises(NotAllowed):
        here.get("alice").override("sales_orders", WHY)
    entry = here.history()[-1]
    assert (Verb.OVERRIDE, False, WHY) == (entry.verb, entry.accepted, entry.note)
    assert tables == here.tables()


def test_who_may_cancel_may_process_what_an_admin_overrode() -> None:
    here = overridden()
    assert State.CANCELLED is process(here).now
    assert "alice" == here.history()[-1].actor.id


@pytest.mark.parametrize(
    "reason",
    ["a\x00b", "\x1b[31mred", "\ud800", "x" * 10_001, None, 7, b"why", ["why"]],
    ids=lambda reason: repr(reason)[:12],
)
def test_reason_that_is_no_sound_text_is_invalid(reason: Any) -> None:
    """Malformed: nothing is recorded."""
    here = with_order()
    tables, entries = here.tables(), len(here.history())
    with pytest.raises(Invalid, match="the reason of the override"):
        here.get("boss").override("sales_orders", reason)
    assert (tables, entries) == (here.tables(), len(here.history()))


@pytest.mark.parametrize("reason", ["<script>alert(1)</script>", "{name} {0}", "\u202eabc", "é\nb"])
def test_reason_is_kept_to_the_letter(reason: str) -> None:
    """Hostile text is data: it is shown by whoever escapes it, and formats nothing here."""
    here = with_order()
    here.get("boss").override("sales_orders", reason)
    assert reason == here.history()[-1].note == here.record().overrides[0].reason
    assert reason == here.get().view().data()["sections"][7]["override"]["reason"]


def test_blanks_around_a_reason_are_cut_off() -> None:
    here = with_order()
    here.get("boss").override("sales_orders", f"\n {WHY}\t")
    assert WHY == here.record().overrides[0].reason


def test_reason_is_in_no_repr() -> None:
    """It may hold personal data: no log of a record or an entry shows it."""
    here = overridden()
    assert WHY not in repr(here.record()) + repr(here.history()) + repr(here.get().view())


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"reason": ""},
        {"reason": WHY, "take_back": True},
        {"reason": "", "take_back": False},
        {"reason": " "},
        {"reason": "\n\t\u00a0"},
    ],
    ids=repr,
)
def test_override_is_given_or_taken_back_and_never_both(how: dict[str, Any]) -> None:
    """A reason field that was left blank takes nobody's override back; nothing is recorded."""
    here = overridden()
    tables, entries = here.tables(), len(here.history())
    with pytest.raises(Invalid, match="needs a reason, or take_back=True; one of the two"):
        here.get("boss").override("sales_orders", **how)
    assert (tables, entries) == (here.tables(), len(here.history()))
    assert orders(here).override is not None


@pytest.mark.parametrize("wish", ["", "yes", 1, 0, None], ids=repr)
def test_wish_to_take_back_is_yes_or_no(wish: Any) -> None:
    """What comes from a web form is text, and any text is true."""
    here = overridden()
    with pytest.raises(Invalid, match="take_back must be True or False"):
        here.get("boss").override("sales_orders", take_back=wish)


# ---------------------------------------------------------------- for exactly what it says


def test_override_is_void_when_the_count_changes() -> None:
    """Two open orders are not the one that was looked at: they block."""
    here = overridden()
    here.add_order(order="SO-9")
    assert (None, True) == (orders(here).override, orders(here).blocks)
    assert () == here.get().plan().overridden
    with pytest.raises(Blocked):
        process(here)


def test_override_is_in_force_again_when_exactly_the_same_is_left() -> None:
    here = overridden()
    here.add_order(order="SO-9")
    here.add_order("completed", order="SO-9")
    assert orders(here).override is not None
    assert State.CANCELLED is process(here).now


def replaced(here: World) -> None:
    """The order that was looked at is closed, and another is opened: as many as before."""
    here.add_order("completed", order="SO-0")
    here.add_order(order="SO-9")


def test_override_is_void_when_other_records_are_open() -> None:
    """As many as before, so that the section says the same; nobody has looked at this one."""
    here = overridden()
    said = orders(here).message
    replaced(here)
    assert (said, None, True) == (orders(here).message, orders(here).override, orders(here).blocks)
    assert (["sales_orders"], ()) == (
        [line.key for line in here.get().plan().blocked_by],
        here.get().plan().overridden,
    )
    with pytest.raises(Blocked):
        process(here)


def test_plan_with_an_override_whose_records_are_replaced_is_stale() -> None:
    here = overridden()
    token = here.get().plan().token
    replaced(here)
    with pytest.raises(StaleToken) as stale:
        here.get().process(token)
    assert ("stale_token", "blocked") == stale.value.codes


def test_override_of_records_that_are_replaced_blocks_on_the_day_of_a_schedule() -> None:
    here = overridden()
    on = TODAY + timedelta(days=3)
    here.get().process(here.get().plan(on=on).token, on=on)
    replaced(here)
    here.clock.forward(timedelta(days=3))
    (tried,) = process_due(here.desk("alice"))
    assert isinstance(tried.error, Blocked)


def test_override_can_be_given_anew_for_the_records_of_now() -> None:
    here = overridden(orders=2)
    replaced(here)
    here.get("boss").override("sales_orders", "that one too")
    assert ("SO-1", "SO-9") == here.record().overrides[0].records
    assert State.CANCELLED is process(here).now


def test_override_keeps_the_first_hundred_records() -> None:
    """Enough to see a replacement, and no list without an end in the document."""
    here = overridden(orders=130)
    kept = here.record().overrides[0].records
    assert (100, sorted(kept)) == (len(kept), [*kept])
    assert State.CANCELLED is process(here).now


def test_override_of_what_has_no_records_keeps_none() -> None:
    here = world()
    here.begun().override("reasons", WHY)
    assert () == here.record().overrides[0].records
    assert here.get().view().section("reasons").override is not None


def test_override_is_not_in_force_where_the_records_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A view reports it and does without; a command fails, and is rolled back."""
    here = overridden()
    token, tables = here.get().plan().token, here.tables()

    def broken(*_: Any) -> Any:
        raise OSError("the disk is full")

    monkeypatch.setattr(MemoryCustomers, "open_records", broken)
    assert (None, True) == (orders(here).override, orders(here).blocks)
    assert {"CustomerRepo.open_records"} == {what for what, _ in here.reports}
    commands: list[Callable[[], Outcome]] = [
        lambda: here.get().process(token),
        lambda: here.get("boss").override("sales_orders", WHY),
    ]
    for command in commands:
        with pytest.raises(CommandFailed):
            command()
    assert tables == here.tables()


def test_override_is_void_when_the_section_says_another_thing() -> None:
    """One asset is live; then one asset is ticked live: the count is the same, the message not."""
    here = world()
    here.add_asset(None, live=True)
    here.ready().override("assets", WHY)
    here.crm.put("assets", Asset("A-1", "C-1", TODAY, live=True))
    line = here.get().view().section("assets")
    assert ("assets.ticked", None, True) == (line.code, line.override, line.blocks)


def test_override_of_a_section_that_turned_green_is_not_used() -> None:
    here = overridden()
    here.add_order("completed", order="SO-0")
    assert (Light.GREEN, None) == (orders(here).light, orders(here).override)
    assert () == here.get().plan().overridden
    process(here)
    assert () == here.history()[-1].done


def test_override_is_void_when_the_section_can_not_be_read_any_more() -> None:
    here = overridden()
    blind = world(kinds=("assets", "cases", "opportunities", "quotations", "expiries"))
    here.crm._kinds = blind.crm._kinds
    assert (Light.UNKNOWN, None, True) == (
        orders(here).light,
        orders(here).override,
        orders(here).blocks,
    )
    with pytest.raises(Blocked):
        process(here)


def test_override_is_of_one_section_alone() -> None:
    here = overridden()
    here.crm.put("cases", Record("K-1", "C-1", "open"))
    with pytest.raises(Blocked) as blocked:
        process(here)
    assert ("cases",) == blocked.value.sections
    here.get("boss").override("cases", "known")
    process(here)
    assert 2 == len(here.history()[-1].done)


def test_second_override_of_a_section_takes_the_place_of_the_first() -> None:
    here = overridden()
    here.add_order(order="SO-9")
    here.get("boss").override("sales_orders", "and that one too")
    assert ["and that one too"] == [one.reason for one in here.record().overrides]
    assert State.CANCELLED is process(here).now


def test_override_does_not_outlive_its_cancellation() -> None:
    here = overridden()
    here.get().remove()
    here.ready()
    assert (None, True) == (orders(here).override, orders(here).blocks)


def test_what_a_person_has_yet_to_enter_can_be_overridden() -> None:
    """No reason was given: red and blocking like any other; entering one makes it void."""
    here = world()
    here.begun().override("reasons", "the customer is deceased")
    assert () == here.get().plan().blocked_by
    here.get().enter(Reasons("price"))
    assert here.get().view().section("reasons").override is None


def test_override_holds_on_the_day_of_a_schedule() -> None:
    here = overridden()
    on = TODAY + timedelta(days=3)
    here.get().process(here.get().plan(on=on).token, on=on)
    here.clock.forward(timedelta(days=3))
    (tried,) = process_due(here.desk("alice"))
    assert tried.outcome
    assert ["override.used"] == [message.key for message in here.history()[-1].done]


# ---------------------------------------------------------------- nothing to override


def test_green_section_is_not_overridden() -> None:
    here = with_order()
    tables = here.tables()
    with pytest.raises(NothingToOverride) as refused:
        here.get("boss").override("cases", WHY)
    assert (("cases",), ("nothing_to_override",)) == (refused.value.sections, refused.value.codes)
    assert (Verb.OVERRIDE, False) == (here.history()[-1].verb, here.history()[-1].accepted)
    assert tables == here.tables()


def test_section_that_only_advises_is_not_overridden() -> None:
    here = with_order()
    assert Light.RED is here.get().view().section("mood").light
    with pytest.raises(NothingToOverride):
        here.get("boss").override("mood", WHY)


@pytest.mark.parametrize("section", ["sales_orders", "future_expiry"])
def test_section_that_could_not_be_read_is_not_overridden(section: str) -> None:
    """Nobody vouches for what nobody has seen."""
    here = world(kinds=("assets", "cases", "opportunities", "quotations"))
    here.ready()
    with pytest.raises(NothingToOverride):
        here.get().override(section, WHY)


@pytest.mark.parametrize("section", ["sales_orders", "nonsense", ""])
def test_section_that_is_not_in_the_checklist_is_unknown(section: str) -> None:
    """Off, or never there: malformed, and not recorded."""
    here = with_order(STANDARD.with_gates(sales_orders="off"))
    entries = len(here.history())
    with pytest.raises(UnknownSection, match=f"There is no section '{section}'; the sections"):
        here.get("boss").override(section, WHY)
    assert entries == len(here.history())


def test_override_takes_an_open_cancellation() -> None:
    here = world()
    here.add_order()
    with pytest.raises(NotPending):
        here.get().override("sales_orders", WHY)


def test_nothing_is_overridden_after_drift() -> None:
    here = with_order()
    here.crm.put_customer(evolve(here.customer, status=Status("frozen")))
    with pytest.raises(Drift):
        here.get("boss").override("sales_orders", WHY)


# ---------------------------------------------------------------- taking it back


def test_override_is_taken_back_without_a_reason() -> None:
    here = overridden()
    here.get("boss").override("sales_orders", take_back=True)
    assert (None, True) == (orders(here).override, orders(here).blocks)
    assert ((), "") == (here.record().overrides, here.history()[-1].note)
    with pytest.raises(Blocked):
        process(here)


def test_override_that_is_void_is_taken_back_too() -> None:
    """Then it does not come into force again when the section says the same once more."""
    here = overridden()
    here.add_order("completed", order="SO-0")
    here.get("boss").override("sales_orders", take_back=True)
    here.add_order(order="SO-0")
    assert orders(here).blocks


def test_override_is_taken_back_by_admins_only() -> None:
    here = overridden()
    with pytest.raises(NotAllowed):
        here.get("alice").override("sales_orders", take_back=True)
    assert orders(here).override is not None


def test_taking_back_what_was_never_overridden_is_refused() -> None:
    here = with_order()
    with pytest.raises(NothingToOverride):
        here.get("boss").override("sales_orders", take_back=True)


def test_taking_back_leaves_other_overrides() -> None:
    here = overridden()
    here.crm.put("cases", Record("K-1", "C-1", "open"))
    here.get("boss").override("cases", "known")
    here.get("boss").override("sales_orders", take_back=True)
    assert ["cases"] == [one.section for one in here.record().overrides]


# ---------------------------------------------------------------- the plan, and repeats


def test_plan_from_before_an_override_is_stale() -> None:
    """Who confirmed a plan with a red section in the way did not confirm to overlook it."""
    here = with_order()
    token = here.get().plan().token
    here.get("boss").override("sales_orders", WHY)
    with pytest.raises(StaleToken) as stale:
        here.get().process(token)
    assert ["sales_orders"] == [line.key for line in stale.value.fresh.overridden]
    assert ("stale_token",) == stale.value.codes


def test_plan_with_an_override_that_is_taken_back_is_stale() -> None:
    here = overridden()
    token = here.get().plan().token
    here.get("boss").override("sales_orders", take_back=True)
    with pytest.raises(StaleToken):
        here.get().process(token)


def test_plan_with_an_override_that_became_void_is_stale() -> None:
    here = overridden()
    token = here.get().plan().token
    here.add_order(order="SO-9")
    with pytest.raises(StaleToken) as stale:
        here.get().process(token)
    assert ("stale_token", "blocked") == stale.value.codes


def test_plan_does_not_depend_on_who_overrode_and_why() -> None:
    """The digest is over what would be done, on which lights and overrides."""
    here = overridden()
    before = here.get().plan().token.rsplit(".", 1)[1]
    here.get("boss").override("sales_orders", "for another reason")
    assert before == here.get().plan().token.rsplit(".", 1)[1]


def test_override_sent_twice_is_one() -> None:
    """The first answer again; the same id for another reason is refused."""
    here = with_order()
    first = here.get("boss").override("sales_orders", WHY, op="op-1")
    again = here.get("boss").override("sales_orders", WHY, op="op-1")
    assert (first, True) == (evolve(again, replayed=False), again.replayed)
    assert 1 == sum(entry.verb is Verb.OVERRIDE for entry in here.history())
    with pytest.raises(OperationReused):
        here.get("boss").override("sales_orders", "another", op="op-1")


def test_outcome_of_an_override_leaves_the_customer_pending() -> None:
    here = with_order()
    outcome = here.get("boss").override("sales_orders", WHY)
    assert (Verb.OVERRIDE, State.PENDING, ()) == (outcome.verb, outcome.now, outcome.done)
    assert Status("live", pending=True) == here.status


def test_time_of_an_override_is_its_own() -> None:
    here = with_order()
    here.clock.forward(timedelta(days=2))
    here.get("boss").override("sales_orders", WHY)
    assert datetime(2026, 3, 4, 9, tzinfo=UTC) == here.record().overrides[0].stamp.at
    assert date(2026, 3, 4) == here.history()[-1].today

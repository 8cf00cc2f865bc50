"""Effective dates: passed, today and to come; and what happens when the day has come."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from cancelkit import (
    STANDARD,
    Cancellation,
    Customer,
    Desk,
    Mood,
    NewOwner,
    Outcome,
    Person,
    Reasons,
    Status,
    schedule,
)
from cancelkit.adapters.memory import Asset, Expiry, MemoryNotifier, Record
from cancelkit.bulk import check_many
from cancelkit.decide import Ask
from cancelkit.effects import AssignOwner
from cancelkit.errors import (
    AlreadyCancelled,
    Blocked,
    CommandFailed,
    ConfirmationMissing,
    CustomerGone,
    Drift,
    Invalid,
    NotAllowed,
    Refused,
    StaleToken,
    WrongDate,
)
from cancelkit.needs import OpenRecords, Unknown
from cancelkit.orders import order
from cancelkit.records import EVENTS, Notification, Schedule, Stamp, State, Verb
from cancelkit.relay import Relay
from cancelkit.schedule import Tried, process_due
from cancelkit.states import Light
from tests.world import BOSS, NINE_O_CLOCK, TODAY, World, world

ALICE = Person("alice", "Alice")
NIGHTLY = Person("nightly", "Nightly job")
DAY = timedelta(days=1)
TOMORROW = TODAY + DAY
LATER = TODAY + 30 * DAY


class Roles:
    """Who may; a test takes it away."""

    def __init__(self, *actors: str) -> None:
        self.may = set(actors)

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        return actor.id in self.may


def process(here: World, on: date | None = None, actor: str = "alice") -> Outcome:
    """Take the plan and confirm it."""
    return here.get(actor).process(here.get(actor).plan(on=on).token, on=on)


def scheduled(here: World | None = None, on: date = LATER) -> World:
    here = world() if here is None else here
    here.ready()
    process(here, on)
    return here


def go_to(here: World, day: date) -> None:
    here.clock.set(datetime(day.year, day.month, day.day, 3, tzinfo=UTC))


def job(here: World) -> Desk:
    return here.kit.at(here.host, actor=NIGHTLY)


def run(here: World) -> list[Tried]:
    return list(process_due(job(here)))


def run_on(here: World, day: date) -> Tried:
    """Run the job on a day, when exactly one customer is due."""
    go_to(here, day)
    (tried,) = run(here)
    return tried


def told_of_everything(here: World) -> World:
    """Let the boss be told of every event."""
    here.recipients.told.update(dict.fromkeys(EVENTS, (BOSS,)))
    return here


def sent(here: World) -> list[Notification]:
    """Return everything that people were told, in order."""
    notifier = MemoryNotifier()
    Relay(here.host, notifier).run()
    return notifier.sent


def since(day: date) -> World:
    here = world()
    here.crm.put_customer(evolve(here.customer, since=day))
    here.ready()
    return here


# ---------------------------------------------------------------- the date that is given


def test_effective_date_is_today_where_none_is_given() -> None:
    here = world()
    here.ready()
    assert TODAY == process(here).on == here.record().effective == here.history()[-1].on


def test_effective_date_of_today_is_processed_at_once() -> None:
    here = world()
    here.ready()
    outcome = process(here, TODAY)
    assert (Verb.PROCESS, State.CANCELLED, TODAY) == (outcome.verb, outcome.now, outcome.on)


def test_back_dated_cancellation_is_processed_at_once_and_says_so_everywhere() -> None:
    """In the outcome, the record, the history and the notification, beside the day it was done."""
    here = told_of_everything(world())
    here.ready()
    day = TODAY - 30 * DAY
    outcome = process(here, day)
    entry = here.history()[-1]
    assert (Verb.PROCESS, State.CANCELLED, day) == (outcome.verb, outcome.now, outcome.on)
    assert day == here.record().effective
    assert (day, TODAY) == (entry.on, entry.today)
    told = sent(here)[-1]
    assert ("processed", day) == (told.event, told.on)
    assert f"Harbour Café was cancelled by Alice, effective {day}" == here.kit.text(told.message)


def test_back_dating_is_judged_as_of_today() -> None:
    """What was green on the effective date, and is red now, still blocks: it hides nothing."""
    here = world(STANDARD.with_gates(future_expiry="blocks"))
    here.crm.put("expiries", Expiry("E-1", "C-1", TODAY - DAY))
    cancellation = here.ready()
    plan = cancellation.plan(on=TODAY - 30 * DAY)
    assert ["future_expiry"] == [line.key for line in plan.blocked_by]
    assert TODAY == cancellation.view(on=TODAY - 30 * DAY).as_of
    with pytest.raises(Blocked, match="No expiry after today"):
        process(here, TODAY - 30 * DAY)


def test_effective_date_before_the_first_day_of_the_customer_is_refused() -> None:
    """The attempt is in the history, with its date."""
    here = since(TODAY - 10 * DAY)
    tables, day = here.tables(), TODAY - 11 * DAY
    with pytest.raises(
        WrongDate, match="2026-02-19 is before the customer's first day, 2026-02-20"
    ):
        process(here, day)
    entry = here.history()[-1]
    assert (Verb.PROCESS, False, day) == (entry.verb, entry.accepted, entry.on)
    assert ["too_early"] == [refusal.code for refusal in entry.refusals]
    assert tables == here.tables()


def test_effective_date_on_the_first_day_of_the_customer_is_allowed() -> None:
    here = since(TODAY - 10 * DAY)
    assert TODAY - 10 * DAY == process(here, TODAY - 10 * DAY).on


def test_plan_names_a_date_that_is_too_early_before_anybody_confirms_it() -> None:
    here = since(TODAY - 10 * DAY)
    assert (
        "the effective date 2026-02-19 is before the customer's first day, 2026-02-20",
    ) == here.get().plan(on=TODAY - 11 * DAY).obstacles


def test_schedule_before_the_first_day_of_the_customer_is_refused() -> None:
    """A customer who is to begin next month cannot be cancelled from next week on."""
    here = since(LATER)
    with pytest.raises(WrongDate):
        process(here, TOMORROW)
    assert Verb.SCHEDULE is here.history()[-1].verb


@pytest.mark.parametrize(
    "day", [datetime(2026, 3, 4, 9, tzinfo=UTC), "2026-03-04", 20260304, True], ids=repr
)
def test_effective_date_that_is_no_day_is_invalid(day: Any) -> None:
    """A datetime too: which day it is depends on the zone. Nothing is recorded."""
    here = world()
    cancellation = here.ready()
    token, entries = cancellation.plan().token, len(here.history())
    for ask in (
        lambda: cancellation.process(token, on=day),
        lambda: cancellation.plan(on=day),
        lambda: cancellation.view(on=day),
        lambda: here.desk().check("C-1", on=day),
        lambda: list(check_many(here.desk(), ["C-1"], on=day)),
    ):
        with pytest.raises(Invalid, match="must be a date without a time"):
            ask()
    assert entries == len(here.history())


# ---------------------------------------------------------------- a date to come


def test_process_with_a_date_to_come_schedules() -> None:
    """The customer stays pending; date and authority are recorded, shown, and in the history."""
    here = world()
    here.ready()
    outcome = process(here, LATER)
    assert (Verb.SCHEDULE, State.PENDING, LATER) == (outcome.verb, outcome.now, outcome.on)
    assert Schedule(LATER, LATER, Stamp(ALICE, NINE_O_CLOCK)) == here.record().schedule
    assert (None, None) == (here.record().effective, here.record().ended)
    assert Status("live", pending=True) == here.status
    entry, view = here.history()[-1], here.get().view()
    assert (Verb.SCHEDULE, True, LATER, TODAY) == (
        entry.verb,
        entry.accepted,
        entry.on,
        entry.today,
    )
    assert (State.PENDING, "Live (PC)") == (view.state, view.status)
    assert here.record().schedule == view.schedule
    banner = "Cancellation scheduled for 2026-04-01; pending since 2026-03-02, begun by Alice"
    assert (banner, {"C-1": banner}) == (view.banner, here.desk().banners(["C-1"]))


def test_schedule_does_none_of_what_is_planned_yet() -> None:
    here = world()
    here.ready().enter(NewOwner("t-7"))
    assert () == process(here, LATER).done
    assert ((Person("u-1"),), ()) == (here.customer.owners, here.record().performed)


def test_plan_of_a_day_to_come_says_what_would_be_done_and_that_it_is_later() -> None:
    here = world()
    here.ready().enter(NewOwner("t-7"))
    plan = here.get().plan(on=LATER)
    assert ("Owner: Ann → Tom", "Status: Live (PC) → Cancelled") == plan.steps
    assert (LATER, True, ()) == (plan.on, plan.later, plan.obstacles)
    assert (TODAY, False) == (here.get().plan().on, here.get().plan().later)


def test_people_are_told_of_a_schedule_and_named_in_its_plan() -> None:
    here = world(told=[Person("other")])
    here.recipients.told["scheduled"] = (BOSS,)
    here.ready()
    assert (BOSS,) == here.get().plan(on=LATER).notify
    assert (BOSS,) == process(here, LATER).notified
    (told,) = sent(here)
    assert ("scheduled", BOSS, ALICE, LATER) == (told.event, told.recipient, told.actor, told.on)
    sentence = "The cancellation of Harbour Café was scheduled for 2026-04-01 by Alice"
    assert sentence == here.kit.text(told.message)


def test_red_sections_are_listed_and_do_not_refuse_a_schedule() -> None:
    """What is red now may be closed by then: `blocked_by` has only what would refuse now."""
    here = world()
    here.add_order()
    here.begun()
    plan = here.get().plan(on=LATER)
    assert ["reasons", "sales_orders"] == [line.key for line in plan.until_then]
    assert ((), ()) == (plan.blocked_by, plan.obstacles)
    assert {Light.RED} == {line.light for line in plan.advice}
    assert ["reasons", "sales_orders"] == plan.data()["until_then"]
    assert Verb.SCHEDULE is process(here, LATER).verb
    assert "red" == here.history()[-1].lights["sales_orders"]


def test_plan_of_today_has_nothing_until_then() -> None:
    here = world()
    here.add_order()
    plan = here.begun().plan()
    assert ["reasons", "sales_orders"] == [line.key for line in plan.blocked_by]
    assert () == plan.until_then


def test_unknown_section_refuses_a_schedule() -> None:
    """What could not be read is no evidence, not even for a day to come."""
    here = world(kinds=("assets", "cases", "opportunities", "quotations", "expiries"))
    here.begun()
    plan = here.get().plan(on=LATER)
    assert (["sales_orders"], ["reasons"]) == (
        [line.key for line in plan.blocked_by],
        [line.key for line in plan.until_then],
    )
    assert 1 == len(plan.obstacles)
    with pytest.raises(Blocked) as blocked:
        process(here, LATER)
    assert ("sales_orders",) == blocked.value.sections
    assert here.record().schedule is None


def test_advising_section_that_could_not_be_read_refuses_a_schedule_too() -> None:
    here = world(kinds=("assets", "cases", "opportunities", "quotations", "sales_orders"))
    here.ready()
    with pytest.raises(Blocked) as blocked:
        process(here, LATER)
    assert ("future_expiry",) == blocked.value.sections


def test_schedule_takes_a_confirmation_like_every_process() -> None:
    here = world()
    cancellation = here.ready()
    with pytest.raises(ConfirmationMissing) as missing:
        cancellation.process(on=LATER)
    assert (LATER, True) == (missing.value.fresh.on, missing.value.fresh.later)
    assert Verb.SCHEDULE is cancellation.process(missing.value.fresh.token, on=LATER).verb


def test_role_is_asked_when_it_is_scheduled() -> None:
    here = world(roles=Roles("alice"))
    here.ready()
    token, tables = here.get().plan(on=LATER).token, here.tables()
    with pytest.raises(NotAllowed):
        here.get("eve").process(token, on=LATER)
    assert (Verb.SCHEDULE, False) == (here.history()[-1].verb, here.history()[-1].accepted)
    assert tables == here.tables()


def test_schedule_sent_twice_is_scheduled_once() -> None:
    """A repeat gives the first answer again, also when the day has come and gone."""
    here = told_of_everything(world())
    token = here.ready().plan(on=LATER).token
    first = here.get().process(token, on=LATER, op="op-1")
    again = here.get().process(token, on=LATER, op="op-1")
    assert (first, True) == (evolve(again, replayed=False), again.replayed)
    assert ["begun", "scheduled"] == [one.event for one in sent(here)]
    run_on(here, LATER)
    assert first == evolve(here.get().process(token, on=LATER, op="op-1"), replayed=False)
    assert State.CANCELLED is here.get().view().state


# ---------------------------------------------------------------- the token covers the date


@pytest.mark.parametrize(
    ("planned", "confirmed"),
    [(None, LATER), (LATER, None), (LATER, LATER + DAY), (TODAY - DAY, None), (None, TODAY - DAY)],
    ids=str,
)
def test_plan_of_one_date_does_not_confirm_another(
    planned: date | None, confirmed: date | None
) -> None:
    here = world()
    token, tables = here.ready().plan(on=planned).token, here.tables()
    with pytest.raises(StaleToken) as stale:
        here.get().process(token, on=confirmed)
    assert (confirmed or TODAY) == stale.value.fresh.on
    assert tables == here.tables()


@pytest.mark.parametrize(("planned", "confirmed"), [(None, TODAY), (TODAY, None)], ids=str)
def test_date_of_today_is_the_same_as_no_date(planned: date | None, confirmed: date | None) -> None:
    """A page that shows the plan without a date, and posts its date field with today's."""
    here = world()
    plan = here.ready().plan(on=planned)
    assert (TODAY, False) == (plan.on, plan.later)
    assert TODAY == here.get().process(plan.token, on=confirmed).on


def test_date_of_today_that_is_confirmed_after_midnight_is_stale() -> None:
    """It is a day that has passed by then: what would be recorded is another thing."""
    here = world(now=datetime(2026, 3, 2, 23, 59, tzinfo=UTC))
    token = here.ready().plan(on=TODAY).token
    here.clock.forward(timedelta(minutes=2))
    with pytest.raises(StaleToken):
        here.get().process(token, on=TODAY)


def test_plan_from_before_a_schedule_is_stale() -> None:
    """Who confirms it does not know that it is scheduled, and for when."""
    here = world()
    here.ready()
    before = {on: here.get().plan(on=on).token for on in (None, TOMORROW)}
    process(here, LATER)
    for on, token in before.items():
        with pytest.raises(StaleToken):
            here.get("bob").process(token, on=on)
    assert LATER == _schedule(here).on


def test_plan_from_before_another_schedule_is_stale() -> None:
    here = scheduled()
    token = here.get("bob").plan().token
    process(here, TOMORROW)
    with pytest.raises(StaleToken):
        here.get("bob").process(token)


def test_plan_stays_valid_while_a_schedule_is_postponed() -> None:
    """It is blocked, and tried again on the next day: the date that was confirmed is the same."""
    here = world()
    here.add_order()
    scheduled(here)
    go_to(here, LATER)
    token = here.get().plan(on=LATER + 9 * DAY).token
    assert run_on(here, LATER).error
    assert Verb.SCHEDULE is here.get().process(token, on=LATER + 9 * DAY).verb


def _schedule(here: World) -> Schedule:
    schedule = here.record().schedule
    assert schedule is not None
    return schedule


def test_plan_of_a_schedule_that_is_confirmed_after_midnight_is_stale() -> None:
    """It said that nothing would happen before tomorrow: now it would happen at once."""
    here = world(now=datetime(2026, 3, 2, 23, 59, tzinfo=UTC))
    token = here.ready().plan(on=TOMORROW).token
    here.clock.forward(timedelta(minutes=2))
    with pytest.raises(StaleToken) as stale:
        here.get().process(token, on=TOMORROW)
    fresh = stale.value.fresh
    assert (TOMORROW, False) == (fresh.on, fresh.later)
    assert State.CANCELLED is here.get().process(fresh.token, on=TOMORROW).now


def test_plan_of_a_schedule_stays_valid_while_its_day_is_to_come() -> None:
    here = world()
    token = here.ready().plan(on=LATER).token
    here.clock.forward(10 * DAY)
    assert Verb.SCHEDULE is here.get().process(token, on=LATER).verb


def test_token_of_a_view_of_a_day_confirms_that_day() -> None:
    here = world()
    token = here.ready().view(on=LATER).token
    assert LATER == here.get().process(token, on=LATER).on


# ---------------------------------------------------------------- the day has come


def test_nothing_is_due_before_the_day() -> None:
    here = scheduled()
    go_to(here, LATER - DAY)
    tables, entries = here.tables(), len(here.history())
    assert [] == run(here)
    assert (tables, entries) == (here.tables(), len(here.history()))


def test_customer_is_cancelled_on_the_day() -> None:
    """By the job, on behalf of who scheduled it; the effective date is the one of the schedule."""
    here = scheduled()
    here.get("bob").enter(NewOwner("t-7"))
    tried = run_on(here, LATER)
    outcome, record, entry = tried.outcome, here.record(), here.history()[-1]
    assert outcome is not None
    assert ("C-1", None) == (tried.customer, tried.error)
    assert (Verb.PROCESS, State.CANCELLED, LATER) == (outcome.verb, outcome.now, outcome.on)
    assert Status("cancelled", cancelled=True) == here.status
    assert (LATER, None) == (record.effective, record.schedule)
    assert (NIGHTLY, ALICE, LATER) == (entry.actor, entry.behalf, entry.on)
    assert (Person("t-7"),) == here.customer.owners
    assert [AssignOwner.kind] == [done.kind for done in outcome.done]


def test_on_the_day_everything_but_the_history_names_who_scheduled() -> None:
    """Who has ended it, who has performed what, and by whom the customer is cancelled already."""
    here = scheduled()
    here.get("bob").enter(NewOwner("t-7"))
    run_on(here, LATER)
    stamp = Stamp(ALICE, here.clock.now())
    assert stamp == here.record().ended == here.get().view().ended
    assert [stamp] == [done.stamp for done in here.record().performed]
    with pytest.raises(AlreadyCancelled, match="already cancelled by Alice at 2026-04-01 03:00"):
        here.get("bob").begin()
    assert (NIGHTLY, ALICE) == (here.history()[-2].actor, here.history()[-2].behalf)


def test_people_are_told_on_the_day_of_the_one_who_scheduled() -> None:
    here = scheduled(told_of_everything(world()))
    run_on(here, LATER)
    told = sent(here)[-1]
    assert ("processed", ALICE, LATER) == (told.event, told.actor, told.on)
    assert "Harbour Café was cancelled by Alice, effective 2026-04-01" == here.kit.text(
        told.message
    )


def test_jobs_actor_needs_no_role() -> None:
    here = world(roles=Roles("alice"))
    scheduled(here)
    assert run_on(here, LATER).outcome


def test_schedule_is_carried_out_although_its_authority_has_lost_the_role() -> None:
    """I7: the authority is the one that was recorded when it was scheduled."""
    roles = Roles("alice")
    here = scheduled(world(roles=roles))
    roles.may.clear()
    assert run_on(here, LATER).outcome
    assert ALICE == here.history()[-1].behalf


def test_day_that_passed_without_a_run_is_made_up_for() -> None:
    """The job stood still for a week: the effective date is still the one that was confirmed."""
    here = scheduled()
    outcome = run_on(here, LATER + 7 * DAY).outcome
    assert outcome is not None
    assert (LATER, LATER) == (outcome.on, here.record().effective)
    assert (LATER, LATER + 7 * DAY) == (here.history()[-1].on, here.history()[-1].today)


def test_red_section_blocks_on_the_day() -> None:
    """A fresh check: nothing changes but the next try; the refusal is in the history."""
    here = world()
    here.add_order()
    scheduled(here)
    tried = run_on(here, LATER)
    error, entry, record = tried.error, here.history()[-1], here.record()
    assert isinstance(error, Blocked)
    assert (("sales_orders",), None) == (error.sections, tried.outcome)
    assert (Verb.PROCESS, False, NIGHTLY, ALICE, LATER) == (
        entry.verb,
        entry.accepted,
        entry.actor,
        entry.behalf,
        entry.on,
    )
    assert (State.PENDING, Status("live", pending=True)) == (record.state, here.status)
    assert Schedule(LATER, LATER + DAY, Stamp(ALICE, NINE_O_CLOCK)) == record.schedule


def test_people_are_told_what_blocks_on_the_day() -> None:
    here = told_of_everything(world())
    here.add_order()
    scheduled(here)
    run_on(here, LATER)
    told = sent(here)[-1]
    assert ("blocked", BOSS, ALICE, LATER) == (told.event, told.recipient, told.actor, told.on)
    assert ["Sales Orders: 1 still open"] == [here.kit.sentence(why) for why in told.blocked]
    sentence = "The cancellation of Harbour Café, scheduled for 2026-04-01, is blocked"
    assert sentence == here.kit.text(told.message)


def test_blocked_schedule_is_tried_again_once_a_day_until_it_can_be_done() -> None:
    """Each day's notification has a key of its own: no receiver takes it for a repeat."""
    here = told_of_everything(world())
    here.add_order()
    scheduled(here)
    for day in (LATER, LATER + DAY):
        assert run_on(here, day).error
        assert [] == run(here)
    here.add_order("completed")
    outcome = run_on(here, LATER + 2 * DAY).outcome
    assert outcome is not None
    assert LATER == outcome.on
    told = sent(here)
    assert ["begun", "scheduled", "blocked", "blocked", "processed"] == [one.event for one in told]
    assert 5 == len({one.key for one in told})


def test_banner_says_that_a_schedule_was_blocked() -> None:
    """A day that has passed is not promised any more."""
    here = world()
    here.add_order()
    scheduled(here)
    run_on(here, LATER)
    banner = (
        "Cancellation scheduled for 2026-04-01 was blocked, and is tried again on 2026-04-02; "
        "pending since 2026-03-02, begun by Alice"
    )
    assert (banner, {"C-1": banner}) == (here.get().view().banner, here.desk().banners(["C-1"]))
    process(here, LATER + 9 * DAY)
    assert here.get().view().banner.startswith("Cancellation scheduled for 2026-04-10; pending")


def test_blocked_schedule_is_postponed_from_the_day_of_the_try() -> None:
    here = world()
    here.add_order()
    scheduled(here)
    run_on(here, LATER + 5 * DAY)
    schedule = here.record().schedule
    assert schedule is not None
    assert (LATER, LATER + 6 * DAY) == (schedule.on, schedule.due)


def test_unknown_section_blocks_on_the_day() -> None:
    here = scheduled()
    here.crm._answers.update(dict.fromkeys(map(type, here.kit.checklist.needs), _unseen))
    error = run_on(here, LATER).error
    assert isinstance(error, Blocked)
    assert "sales_orders" in error.sections


def _unseen(customer: Customer, need: Any, as_of: date) -> Unknown:
    return Unknown("the tenant is not set")


def test_drift_on_the_day_is_not_overwritten() -> None:
    here = told_of_everything(world())
    scheduled(here)
    here.crm.put_customer(evolve(here.customer, status=Status("frozen")))
    assert isinstance(run_on(here, LATER).error, Drift)
    assert Status("frozen") == here.status
    assert [] == run(here)
    told = sent(here)[-1]
    assert ("blocked", ["drift"]) == (told.event, [why.code for why in told.blocked])


def test_schedule_goes_on_after_drift_is_adopted() -> None:
    here = scheduled()
    here.crm.put_customer(evolve(here.customer, status=Status("frozen")))
    run_on(here, LATER)
    here.get().adopt()
    assert run_on(here, LATER + DAY).outcome


def test_customer_who_is_gone_on_the_day_is_told_of_and_tried_again() -> None:
    here = told_of_everything(world())
    scheduled(here)
    here.crm.delete_customer("C-1")
    assert isinstance(run_on(here, LATER).error, CustomerGone)
    assert [] == run(here)
    told = sent(here)[-1]
    assert ("blocked", "Harbour Café") == (told.event, told.name)
    assert isinstance(run_on(here, LATER + DAY).error, CustomerGone)
    here.get().end()
    go_to(here, LATER + 2 * DAY)
    assert [] == run(here)


# ---------------------------------------------------------------- many customers, many runs


def many(*customers: str) -> World:
    """Return a world in which these customers have a schedule, besides C-1 who has none."""
    here = world()
    for at, key in enumerate(customers):
        here.crm.put_customer(Customer(key, key, Status("live")))
        one = here.desk().begin(key)
        one.enter(Reasons("price"))
        one.process(one.plan(on=LATER + at * DAY).token, on=LATER + at * DAY)
    return here


def test_longest_due_comes_first_page_by_page() -> None:
    here = many("C-2", "C-3", "C-4")
    go_to(here, LATER + 9 * DAY)
    found = [one.customer for one in process_due(job(here), page=2)]
    assert ["C-2", "C-3", "C-4"] == found
    assert [] == run(here)


def test_second_run_finds_nothing_left() -> None:
    here = many("C-2", "C-3")
    go_to(here, LATER + 9 * DAY)
    assert 2 == len(run(here))
    tables, entries = here.tables(), len(here.history())
    assert [] == run(here)
    assert (tables, entries) == (here.tables(), len(here.history()))


def run_and_between(
    here: World, monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]
) -> list[Tried]:
    """Run the job, and let something happen after its first customer, when all are found due."""
    begun: list[str] = []

    def interrupted(desk: Desk, customer_id: str, *rest: Any, **how: Any) -> Ask:
        begun.append(customer_id)
        if len(begun) == 2:
            then()
        return order(desk, customer_id, *rest, **how)

    monkeypatch.setattr(schedule, "order", interrupted)
    return run(here)


def test_list_is_complete_when_it_is_returned() -> None:
    """Nothing is left to be done by who reads the list, or does not."""
    here = many("C-2", "C-3")
    go_to(here, LATER + 9 * DAY)
    tried = process_due(job(here))
    assert isinstance(tried, list)
    assert 2 == sum(entry.verb is Verb.PROCESS for entry in here.history())


@pytest.mark.parametrize("page", [0, -1])
def test_page_of_nothing_is_invalid(page: int) -> None:
    """It would find nothing due, for ever."""
    here = many("C-2")
    go_to(here, LATER)
    with pytest.raises(Invalid, match=f"page must be a whole number, 1 or more, not {page}"):
        process_due(job(here), page=page)


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_customers_who_fail_starve_nobody(page: int) -> None:
    """They stay due, and come first each time: those behind them are reached all the same."""
    here = many("C-2", "C-3", "C-4")
    here.crm._answers.update({OpenRecords: _broken_but_for_c4})
    go_to(here, LATER + 9 * DAY)
    first, second = (process_due(job(here), page=page) for _ in range(2))
    assert [("C-2", False), ("C-3", False), ("C-4", True)] == [
        (one.customer, one.outcome is not None) for one in first
    ]
    assert [("C-2", None), ("C-3", None)] == [(one.customer, one.outcome) for one in second]


def _broken_but_for_c4(customer: Customer, need: Any, as_of: date) -> int:
    if customer.id != "C-4":
        raise OSError("the disk is full")
    return 0


def test_two_runs_at_once_cancel_everybody_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each customer is in one of the two answers; who comes second does nothing."""
    here = many("C-2", "C-3", "C-4")
    go_to(here, LATER + 9 * DAY)
    other: list[Tried] = []
    slow = run_and_between(here, monkeypatch, lambda: other.extend(run(here)))
    found = [*slow, *other]
    assert (["C-2"], ["C-3", "C-4"]) == ([x.customer for x in slow], [x.customer for x in other])
    assert all(one.outcome for one in found)
    assert 3 == sum(entry.verb is Verb.PROCESS for entry in here.history())


def test_two_runs_at_once_tell_once_what_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second finds that it was tried today; it is neither recorded nor told again."""
    here = told_of_everything(many("C-2", "C-3"))
    here.crm.put("sales_orders", Record("SO-9", "C-3", "open"))
    go_to(here, LATER + 9 * DAY)
    other: list[Tried] = []
    found = [*run_and_between(here, monkeypatch, lambda: other.extend(run(here))), *other]
    assert [("C-2", True), ("C-3", False)] == [(one.customer, bool(one.outcome)) for one in found]
    assert ["processed", "blocked"] == [one.event for one in sent(here)]
    assert 1 == sum(not entry.accepted for entry in here.history())


def test_schedule_that_is_removed_during_a_run_is_not_carried_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = many("C-2", "C-3")
    go_to(here, LATER + 9 * DAY)
    tried = run_and_between(here, monkeypatch, lambda: here.desk().get("C-3").remove())
    assert ["C-2"] == [one.customer for one in tried]
    assert Status("live") == here.crm.customer("C-3").status


def test_customer_that_is_blocked_or_fails_hurts_no_other() -> None:
    """What failed is due again at once, and can be done when the fault has gone."""
    here = many("C-2", "C-3", "C-4")
    go_to(here, LATER + 9 * DAY)
    answers = dict(here.crm._answers)
    here.crm._answers.update({OpenRecords: _broken_for_c2})
    tried = {one.customer: one for one in run(here)}
    errors = [type(tried[key].error) for key in ("C-2", "C-3", "C-4")]
    assert [CommandFailed, Blocked, type(None)] == errors
    assert tried["C-4"].outcome
    here.crm._answers = answers
    assert ["C-2"] == [one.customer for one in run(here) if one.outcome]


def _broken_for_c2(customer: Customer, need: Any, as_of: date) -> int:
    if customer.id == "C-2":
        raise OSError("the disk is full")
    return int(customer.id == "C-3")


# ---------------------------------------------------------------- what ends a schedule


def test_remove_ends_a_schedule() -> None:
    here = scheduled()
    here.get().remove()
    assert (None, None) == (here.record().schedule, here.record().effective)
    go_to(here, LATER)
    assert [] == run(here)
    assert Status("live") == here.status


@pytest.mark.parametrize("on", [None, TODAY, TODAY - DAY])
def test_process_now_ends_a_schedule(on: date | None) -> None:
    here = scheduled()
    assert State.CANCELLED is process(here, on).now
    assert (None, on or TODAY) == (here.record().schedule, here.record().effective)
    go_to(here, LATER)
    assert [] == run(here)


def begin_again(here: World) -> None:
    here.get("bob").begin()


def enter(here: World) -> None:
    here.get("bob").enter(Mood("angry"))


def perform_now(here: World) -> None:
    here.get("bob").enter(NewOwner("t-7"))
    here.get("bob").perform_now("ownership")


def override(here: World) -> None:
    here.add_order()
    here.get("bob").override("sales_orders", "shipped anyway")


def refused(here: World) -> None:
    with pytest.raises(Refused):
        here.get("bob").process()


def settings_edit(here: World) -> None:
    stricter = STANDARD.with_gates(mood="blocks").requiring("reasons.extra")
    here.kit = evolve(here.kit, checklist=stricter)


@pytest.mark.parametrize(
    "work", [begin_again, enter, perform_now, override, refused, settings_edit]
)
def test_work_on_a_scheduled_cancellation_keeps_the_schedule(work: Any) -> None:
    """The work goes on; a settings edit drops no schedule; and the day comes."""
    here = scheduled()
    before = here.record().schedule
    work(here)
    assert before == here.record().schedule
    assert run_on(here, LATER).outcome


def test_scheduling_again_takes_the_new_date_and_the_new_authority() -> None:
    here = scheduled()
    process(here, TOMORROW, "bob")
    schedule = here.record().schedule
    assert schedule is not None
    assert (TOMORROW, TOMORROW, Person("bob")) == (schedule.on, schedule.due, schedule.stamp.by)
    outcome = run_on(here, TOMORROW).outcome
    assert outcome is not None
    assert TOMORROW == outcome.on


def test_scheduling_again_for_later_is_not_due_on_the_first_date() -> None:
    here = scheduled(on=TOMORROW)
    process(here, LATER)
    go_to(here, TOMORROW)
    assert [] == run(here)


def test_begin_after_a_removed_schedule_has_none() -> None:
    here = scheduled()
    here.get().remove()
    here.begun()
    assert here.record().schedule is None


# ---------------------------------------------------------------- whose day it is


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        # 2026-04-01 begins at 00:00 in summer time; in UTC it is still March.
        ("Europe/London", "2026-03-31T22:59", "2026-03-31T23:00"),
        ("Pacific/Kiritimati", "2026-03-31T09:59", "2026-03-31T10:00"),
        ("America/Los_Angeles", "2026-04-01T06:59", "2026-04-01T07:00"),
        ("UTC", "2026-03-31T23:59", "2026-04-01T00:00"),
    ],
)
def test_day_comes_at_midnight_of_the_host(zone: str, before: str, after: str) -> None:
    here = scheduled(world(zone=zone))
    here.clock.set(datetime.fromisoformat(f"{before}+00:00"))
    assert [] == run(here)
    here.clock.set(datetime.fromisoformat(f"{after}+00:00"))
    assert [LATER] == [one.outcome.on for one in run(here) if one.outcome]


@pytest.mark.parametrize(
    ("zone", "day", "midnight"),
    [
        ("Europe/London", date(2026, 3, 29), "2026-03-29T00:00"),  # the day has 23 hours
        ("Europe/London", date(2026, 3, 30), "2026-03-29T23:00"),
        ("Europe/London", date(2026, 10, 25), "2026-10-24T23:00"),  # the day has 25 hours
        ("Europe/London", date(2026, 10, 26), "2026-10-26T00:00"),
        (
            "America/Santiago",
            date(2026, 9, 6),
            "2026-09-06T04:00",
        ),  # it has no 00:00: 01:00 is first
    ],
)
def test_day_comes_at_midnight_when_the_clocks_change(zone: str, day: date, midnight: str) -> None:
    here = scheduled(world(zone=zone), on=day)
    first = datetime.fromisoformat(f"{midnight}+00:00")
    here.clock.set(first - timedelta(seconds=1))
    assert [] == run(here)
    here.clock.set(first)
    assert [day] == [one.outcome.on for one in run(here) if one.outcome]


@pytest.mark.parametrize(
    ("zone", "verb"), [("Pacific/Kiritimati", Verb.PROCESS), ("America/Los_Angeles", Verb.SCHEDULE)]
)
def test_whether_a_date_is_to_come_is_judged_in_the_zone_of_the_host(zone: str, verb: Verb) -> None:
    """At 12:00 UTC on 2 March it is already the third in Kiritimati."""
    here = world(zone=zone, now=datetime(2026, 3, 2, 12, tzinfo=UTC))
    here.ready()
    assert verb is process(here, TOMORROW).verb


# ---------------------------------------------------------------- a view of a day to come


def light(cancellation: Cancellation, key: str, on: date | None) -> tuple[Light, Light | None]:
    line = cancellation.view(on=on).section(key)
    return line.light, line.today


def test_view_of_a_day_shows_what_will_be_green_by_then() -> None:
    """An asset whose cease date comes before the day."""
    here = world()
    here.crm.put("assets", Asset("A-1", "C-1", LATER, live=False))
    cancellation = here.begun()
    assert (Light.RED, None) == light(cancellation, "assets", None)
    assert (Light.RED, Light.RED) == light(cancellation, "assets", LATER - DAY)
    assert (Light.GREEN, Light.RED) == light(cancellation, "assets", LATER)
    assert (TODAY, LATER) == (cancellation.view(on=LATER).today, cancellation.view(on=LATER).as_of)


def test_view_of_a_day_shows_what_turns_red_before() -> None:
    """An expiry that will have passed by then."""
    here = world(STANDARD.with_gates(future_expiry="blocks"))
    here.crm.put("expiries", Expiry("E-1", "C-1", LATER))
    cancellation = here.ready()
    assert () == cancellation.view(on=LATER - DAY).turning_red
    view = cancellation.view(on=LATER)
    assert ["future_expiry"] == [line.key for line in view.turning_red]
    assert f"No expiry after {LATER}" == view.section("future_expiry").message
    assert ["future_expiry"] == [line.key for line in view.blocked_by]
    assert () == cancellation.view().turning_red


def test_what_turned_red_blocks_on_the_day_it_was_foretold_for() -> None:
    here = world(STANDARD.with_gates(future_expiry="blocks"))
    here.crm.put("expiries", Expiry("E-1", "C-1", LATER))
    scheduled(here)
    error = run_on(here, LATER).error
    assert isinstance(error, Blocked)
    assert ("future_expiry",) == error.sections


def test_what_was_foretold_to_be_green_is_green_on_the_day() -> None:
    here = world()
    here.crm.put("assets", Asset("A-1", "C-1", LATER, live=False))
    scheduled(here)
    assert "green" == here.history()[-1].lights["assets"]
    assert run_on(here, LATER).outcome


def test_view_of_a_day_names_the_records_of_that_day() -> None:
    here = world()
    here.crm.put("assets", Asset("A-1", "C-1", LATER, live=False))
    here.crm.put("assets", Asset("A-2", "C-1", None, live=True))
    names = {
        on: [record.id for record in here.begun().view(name=9, on=on).section("assets").records]
        for on in (None, LATER)
    }
    assert {None: ["A-1", "A-2"], LATER: ["A-2"]} == names


def test_check_of_a_day_begins_nothing() -> None:
    """One customer, or many at once: the same answers, and nothing is stored."""
    here = world()
    here.crm.put("assets", Asset("A-1", "C-1", LATER, live=False))
    tables = here.tables()
    for on, blocked in ((None, ("assets",)), (LATER - DAY, ("assets",)), (LATER, ())):
        (row,) = check_many(here.desk(), ["C-1"], on=on)
        one = here.desk().check("C-1", on=on)
        assert (blocked, on or TODAY) == (row.blocked_by, one.as_of)
        assert blocked == tuple(line.key for line in one.blocked_by if line.key != "reasons")
    assert (tables, []) == (here.tables(), here.history())


def test_view_of_a_day_that_has_passed_is_one_of_today() -> None:
    here = world()
    here.crm.put("expiries", Expiry("E-1", "C-1", TODAY))
    view = here.begun().view(on=TODAY - DAY)
    assert (TODAY, Light.RED, None) == (
        view.as_of,
        view.section("future_expiry").light,
        view.section("future_expiry").today,
    )


def test_view_and_plan_of_a_scheduled_cancellation_are_json() -> None:
    here = scheduled()
    view, plan = here.get().view(on=LATER).data(), here.get().plan(on=LATER).data()
    for data in (view, plan):
        assert data == json.loads(json.dumps(data))
    assert ("2026-04-01", "alice") == (
        view["schedule"]["on"],
        view["schedule"]["stamp"]["by"]["id"],
    )
    assert ("2026-03-02", "2026-04-01") == (view["today"], view["as_of"])
    assert "green" == view["sections"][0]["today"]
    assert ("2026-04-01", True) == (plan["on"], plan["later"])
    assert here.get().view().data()["sections"][0]["today"] is None

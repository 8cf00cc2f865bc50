"""Traps: each was a real bug in a real system, and has one test here that says it by its name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from cancelkit import STANDARD, CancelKit, Cancellation, Customer, NewOwner, Person, Reasons, Status
from cancelkit import User as CrmUser
from cancelkit.adapters.memory import Asset, Expiry, MemoryCrm, MemoryHost, MemoryNotifier, Record
from cancelkit.errors import (
    AlreadyCancelled,
    Blocked,
    Failed,
    Refused,
    StaleToken,
    UnknownCustomer,
    WrongDate,
)
from cancelkit.letters import write_letter
from cancelkit.messages import Message
from cancelkit.needs import NextDate, OpenRecords, UnceasedAssets, Unknown
from cancelkit.recipients import Rule, WorkflowSetup
from cancelkit.records import Outcome, State, Verb
from cancelkit.relay import Relay
from cancelkit.schedule import process_due
from cancelkit.states import Light
from tests.harness.watch import COMMIT, Call, WatchedHost
from tests.sqlite_world import desk_at, new_crm
from tests.world import BOSS, NINE_O_CLOCK, TODAY, World, admins, world

DAY = timedelta(days=1)
ON = TODAY + 10 * DAY


def told(here: World) -> World:
    """The same world, in which the boss is told of everything."""
    here.kit = evolve(here.kit, recipients=WorkflowSetup((Rule((BOSS,)),)))
    return here


def process(here: World) -> Outcome:
    return here.get().process(here.get().plan().token)


def schedule(here: World, on: date = ON) -> None:
    here.get().process(here.get().plan(on=on).token, on=on)


def processed(here: World) -> int:
    """Return how often the customer was cancelled, by the history."""
    return sum(entry.accepted and entry.verb is Verb.PROCESS for entry in here.history())


def events(here: World) -> list[str]:
    return [row.notification.event for _, row in here.crm.memory.rows("outbox")]


# ---------------------------------------------------------------- cancelled twice


def test_cancelled_twice_by_a_double_click() -> None:
    here = told(world())
    token = here.ready().plan().token
    first, second = (here.get().process(token, op="the button") for _ in range(2))
    assert (False, True) == (first.replayed, second.replayed)
    assert (1, ["begun", "processed"]) == (processed(here), events(here))


def in_memory(folder: Path) -> Callable[[str], Cancellation]:
    here = world()
    return here.get


def in_sqlite(folder: Path) -> Callable[[str], Cancellation]:
    (customer,) = new_crm(folder, "active")
    return lambda actor: desk_at(folder, actor).get(customer)


@pytest.mark.parametrize("make", [in_memory, in_sqlite])
def test_cancelled_twice_by_a_race(
    make: Callable[[Path], Callable[[str], Cancellation]], tmp_path: Path
) -> None:
    """Four people confirm the same plan at the same moment: one does it, three are refused."""
    get = make(tmp_path)
    get("alice").begin()
    get("alice").enter(Reasons("price"))
    token, start = get("alice").plan().token, threading.Barrier(4)
    answers: list[object] = []

    def confirm(actor: str) -> None:
        start.wait()
        try:
            answers.append(get(actor).process(token))
        except Refused as refused:
            answers.append(refused)

    actors = [threading.Thread(target=confirm, args=(name,)) for name in ("a", "b", "c", "d")]
    for one in actors:
        one.start()
    for one in actors:
        one.join()
    assert 1 == sum(isinstance(one, Outcome) for one in answers)
    assert 3 == sum(isinstance(one, AlreadyCancelled) for one in answers)
    done = [e.verb for e in get("alice").history() if e.accepted and e.verb is Verb.PROCESS]
    assert [Verb.PROCESS] == done


def test_cancelled_twice_by_a_second_trigger() -> None:
    """The button, then the nightly job for the day that was scheduled before, and once more."""
    here = told(world())
    here.ready()
    schedule(here)
    token = here.get().plan().token
    here.get().process(token)
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    assert [] == list(process_due(here.desk("job")))
    with pytest.raises(AlreadyCancelled):
        here.get("trigger").process(token)
    assert (1, ["begun", "scheduled", "processed"]) == (processed(here), events(here))


# ---------------------------------------------------------------- days


@pytest.mark.parametrize("on", [date(2024, 12, 31), date(1, 1, 1)])
def test_back_dated_before_the_customer_existed(on: date) -> None:
    """Refused, and the first day itself is not."""
    here = world()
    here.crm.put_customer(evolve(here.customer, since=date(2025, 1, 1)))
    here.ready()
    tables = here.tables()
    with pytest.raises(WrongDate, match="before the customer's first day, 2025-01-01"):
        here.get().process(here.get().plan(on=on).token, on=on)
    assert tables == here.tables()
    first = date(2025, 1, 1)
    assert first == here.get().process(here.get().plan(on=first).token, on=first).on


MIDNIGHTS = [
    ("UTC", date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)),
    ("Europe/London", date(2026, 3, 29), datetime(2026, 3, 29, tzinfo=UTC)),  # the clocks go on
    ("Europe/London", date(2026, 3, 30), datetime(2026, 3, 29, 23, tzinfo=UTC)),
    ("Europe/London", date(2026, 10, 25), datetime(2026, 10, 24, 23, tzinfo=UTC)),  # and back
    ("Europe/London", date(2026, 10, 26), datetime(2026, 10, 26, tzinfo=UTC)),
    ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC)),  # has no 00:30
    ("Pacific/Kiritimati", date(2026, 3, 2), datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ("Pacific/Pago_Pago", date(2026, 3, 2), datetime(2026, 3, 2, 11, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "day", "midnight"), MIDNIGHTS)
def test_date_off_by_one_at_midnight_and_at_a_change_of_clocks(
    zone: str, day: date, midnight: datetime
) -> None:
    """A microsecond before the host's midnight it is the day before, in every place it is shown."""
    here = world(zone=zone)
    here.crm.put("expiries", Expiry("E-1", "C-1", day))
    seen = []
    for at, today in ((midnight - timedelta(microseconds=1), day - DAY), (midnight, day)):
        here.clock.set(at)
        here.begun()
        view = here.get().view()
        here.get().enter(Reasons("price"))
        seen.append(view.section("future_expiry").light)  # today itself is not future
        assert f"Cancellation pending since {today}, begun by Alice" == view.banner
        outcome = process(here)
        assert ([today] * 3, today) == (
            [view.today, outcome.on, here.record().effective],
            here.history()[-1].today,
        )
        here.get().reinstate()
    assert [Light.GREEN, Light.RED] == seen


@pytest.mark.parametrize(("zone", "day", "midnight"), MIDNIGHTS)
def test_scheduled_day_off_by_one_at_midnight_and_at_a_change_of_clocks(
    zone: str, day: date, midnight: datetime
) -> None:
    """It comes with the midnight of the host, not of the server, and not a moment before."""
    here = world(zone=zone, now=midnight - 3 * DAY)
    here.ready()
    schedule(here, day)
    here.clock.set(midnight - timedelta(microseconds=1))
    assert [] == list(process_due(here.desk("job")))
    here.clock.set(midnight)
    assert [True] == [tried.outcome is not None for tried in process_due(here.desk("job"))]
    assert day == here.record().effective


# ---------------------------------------------------------------- what is said


def live(here: World) -> None:
    """Nothing was begun."""


def pending(here: World) -> None:
    here.ready()


def scheduled(here: World) -> None:
    here.ready()
    schedule(here)


def cancelled(here: World) -> None:
    here.ready()
    process(here)


def removed(here: World) -> None:
    here.begun().remove()


def reinstated(here: World) -> None:
    cancelled(here)
    here.get().reinstate()


STATES = {
    live: "Live",
    pending: "Live (PC)",
    scheduled: "Live (PC)",
    cancelled: "Cancelled",
    removed: "Live",
    reinstated: "Live",
}


@pytest.mark.parametrize("status", [Status("live"), Status("live", pending=None), None])
@pytest.mark.parametrize(("make", "shown"), STATES.items())
def test_message_that_named_the_wrong_state(
    make: Callable[[World], None], shown: str, status: Status | None
) -> None:
    """The view says it, and so does every refusal: there is no other state's name in it."""
    here = told(world(status=status))
    make(here)
    assert shown == here.get().view().status
    commands: list[Callable[[], object]] = [
        here.get().remove,
        here.get().reinstate,
        here.get().adopt,
        lambda: here.get().override("cases", "why"),
    ]
    for command in commands:
        if here.get().view().status != shown:
            break  # it was one that is allowed
        with suppress(Refused):
            command()
        for why in here.history()[-1].refusals:
            named = str(dict(why.message.values).get("status", shown))
            said = here.kit.text(Message(named)) if named.startswith("state.") else named
            assert shown == said, here.kit.sentence(why)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pending, "The cancellation of Harbour Café was begun"),
        (scheduled, "The cancellation of Harbour Café was scheduled for 2026-03-12"),
        (cancelled, "Harbour Café was cancelled"),
        (removed, "The cancellation of Harbour Café was removed"),
        (reinstated, "Harbour Café was reinstated"),
    ],
)
def test_letter_that_named_the_wrong_state(make: Callable[[World], None], said: str) -> None:
    """A scheduled customer is not cancelled yet, and the letter does not say so."""
    here = told(world())
    make(here)
    (*_, last) = (row.notification for _, row in here.crm.memory.rows("outbox"))
    assert write_letter(last, here.kit.translator).subject.startswith(said)


# ---------------------------------------------------------------- settings


def sections_switched_off(kit: CancelKit) -> CancelKit:
    return evolve(kit, checklist=STANDARD.with_gates(cases="off", mood="off", reasons="off"))


def other_gates(kit: CancelKit) -> CancelKit:
    return evolve(kit, checklist=STANDARD.with_gates(mood="blocks", ownership="blocks"))


def required_fields(kit: CancelKit) -> CancelKit:
    return evolve(kit, checklist=STANDARD.requiring("reasons.extra"))


def no_profiles(kit: CancelKit) -> CancelKit:
    return evolve(kit, profiles={})


def other_profile(kit: CancelKit) -> CancelKit:
    return evolve(kit, profiles={"insolvency": STANDARD.without("assets")})


def other_zone(kit: CancelKit) -> CancelKit:
    return evolve(kit, zone="Pacific/Pago_Pago")


def nobody_told(kit: CancelKit) -> CancelKit:
    return evolve(kit, recipients=None)


def nobody_may(kit: CancelKit) -> CancelKit:
    return evolve(kit, roles=admins("somebody else"))


@pytest.mark.parametrize("profile", ["", "insolvency"])
@pytest.mark.parametrize(
    "edit",
    [
        sections_switched_off,
        other_gates,
        required_fields,
        no_profiles,
        other_profile,
        other_zone,
        nobody_told,
        nobody_may,
    ],
)
def test_settings_edit_that_silently_dropped_a_scheduled_cancellation(
    edit: Callable[[CancelKit], CancelKit], profile: str
) -> None:
    """Whatever is edited meanwhile: it is still shown, and on the day it is carried out."""
    here = world()
    here.kit = evolve(here.kit, profiles={"insolvency": STANDARD.with_gates(cases="off")})
    here.desk().begin("C-1", profile=profile).enter(Reasons("price"))
    schedule(here)
    before = here.record()
    here.kit = edit(here.kit)
    assert f"Cancellation scheduled for {ON}; " in here.desk().banners(["C-1"])["C-1"]
    here.clock.set(NINE_O_CLOCK + 11 * DAY)
    (tried,) = process_due(here.desk("job"))
    record = here.record()
    assert (None, before.id, State.CANCELLED) == (tried.error, record.id, record.state)
    assert ON == record.effective


def test_plug_in_that_was_uninstalled_does_not_drop_a_scheduled_cancellation() -> None:
    """Nobody can say whether its section is done: people are told, and it is tried again."""
    here = told(world())
    here.ready()
    schedule(here)
    here.kit = evolve(here.kit, checklist=STANDARD.without("cases"))
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    (tried,) = process_due(here.desk("job"))
    assert isinstance(tried.error, Blocked)
    assert (("cases",), "blocked") == (tried.error.sections, events(here)[-1])
    schedule_kept = here.record().schedule
    assert schedule_kept is not None
    assert (ON, ON + DAY) == (schedule_kept.on, schedule_kept.due)


def test_reinstate_that_wiped_the_reasons() -> None:
    """What was entered stays where it was, and stays readable in the history."""
    here = world()
    here.begun().enter(Reasons("price", text="too dear", extra="ring in May"))
    process(here)
    before = here.record().entries
    here.get().reinstate()
    assert before == here.record().entries
    assert ("too dear", "ring in May") == (before[0].data["text"], before[0].data["extra"])


def test_late_event_that_revived_a_cancelled_customer() -> None:
    """Retries and late pages: of Begin, Remove, the schedule's job, and a message's delivery."""
    here = told(world())
    here.get().begin(op="b")
    here.get().remove(op="r")
    here.get().begin(op="b2")
    here.get().enter(Reasons("price"))
    schedule(here)
    process(here)
    tables = here.tables()
    assert here.get().remove(op="r").replayed
    assert here.get().begin(op="b").replayed
    for late in (here.get().remove, here.get().begin, here.get().end, here.get().adopt):
        with pytest.raises(AlreadyCancelled):
            late()
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    assert [] == list(process_due(here.desk("job")))
    assert tables == here.tables()
    Relay(here.host, MemoryNotifier()).run()
    assert State.CANCELLED is here.get().view().state
    assert Status("cancelled", cancelled=True) == here.status


# ---------------------------------------------------------------- between check and Process


def asset_renews_itself(here: World) -> None:
    """The ceased one is replaced by its next term."""
    here.crm.put("assets", Asset("A-2", "C-1", None, live=True, label="Router, next term"))


def asset_is_ticked_live_again(here: World) -> None:
    here.crm.put("assets", Asset("A-1", "C-1", TODAY, live=True))


def quotation_becomes_an_order(here: World) -> None:
    """The quotation is closed by it: one green stays green, another turns red."""
    here.crm.put("quotations", Record("Q-1", "C-1", "won"))
    here.crm.put("sales_orders", Record("SO-9", "C-1", "open"))


def expiry_passes(here: World) -> None:
    here.clock.forward(DAY)


def ready_to_go(here: World) -> str:
    """Everything green: an asset that is ceased, a lost quotation, an expiry tomorrow."""
    here.crm.put("assets", Asset("A-1", "C-1", TODAY, live=False))
    here.crm.put("quotations", Record("Q-1", "C-1", "lost"))
    here.crm.put("expiries", Expiry("E-1", "C-1", TODAY + DAY))
    return here.ready().plan().token


@pytest.mark.parametrize(
    ("change", "section"),
    [
        (asset_renews_itself, "assets"),
        (asset_is_ticked_live_again, "assets"),
        (quotation_becomes_an_order, "sales_orders"),
        (expiry_passes, "future_expiry"),
    ],
)
def test_asset_that_renewed_quotation_that_became_an_order_expiry_that_passed_before_process(
    change: Callable[[World], None], section: str
) -> None:
    """Refused with the fresh plan, also by a section that only advises: it was green when shown."""
    here = world()
    token = ready_to_go(here)
    change(here)
    tables = here.tables()
    with pytest.raises(StaleToken) as stale:
        here.get().process(token)
    fresh = stale.value.fresh
    assert section in [line.key for line in (*fresh.blocked_by, *fresh.advice)]
    assert (tables, State.PENDING) == (here.tables(), here.get().view().state)


@pytest.mark.parametrize("change", [asset_renews_itself, quotation_becomes_an_order])
def test_asset_that_renewed_or_quotation_that_became_an_order_before_the_scheduled_day(
    change: Callable[[World], None],
) -> None:
    """On the day it is checked afresh, and people are told what is in the way."""
    here = told(world())
    ready_to_go(here)
    schedule(here)
    change(here)
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    (tried,) = process_due(here.desk("job"))
    assert isinstance(tried.error, Blocked)
    assert (State.PENDING, "blocked") == (here.get().view().state, events(here)[-1])


def switched_off(here: World) -> None:
    here.kit = evolve(here.kit, checklist=STANDARD.with_gates(reasons="off"))


def test_reason_prompt_switched_off_and_then_missing() -> None:
    """What was begun with it wants a reason to the end, and so one can be entered to the end."""
    here = told(world())
    here.begun()
    switched_off(here)
    with pytest.raises(Blocked, match="Cancellation reasons: No reason has been given"):
        process(here)
    here.get().enter(Reasons("price"))
    assert State.CANCELLED is process(here).now


def test_reason_prompt_switched_on_later_is_not_missed() -> None:
    """What was begun without it needs none; nothing that shows or tells the reasons stumbles."""
    here = told(world())
    asked = here.kit
    switched_off(here)
    here.begun()
    here.kit = asked
    assert "reasons" not in [line.key for line in here.get().view().sections]
    assert State.CANCELLED is process(here).now
    last = [row.notification for _, row in here.crm.memory.rows("outbox")][-1]
    assert ("processed", {}) == (last.event, last.reasons)
    assert write_letter(last, here.kit.translator).body
    assert "Cancelled" == here.get().view().status


# ---------------------------------------------------------------- not seen


def answers(what: Any) -> dict[type, Any]:
    return dict.fromkeys((OpenRecords, UnceasedAssets, NextDate), lambda *_: what)


@pytest.mark.parametrize("what", [Unknown("no tenant is set"), None, (), "", 0.0, False])
def test_tenant_not_set_so_that_every_list_was_empty_and_every_circle_green(what: Any) -> None:
    """What could not be seen, or is no answer, is never green, and Process is refused."""
    here = world(answers=answers(what))
    here.ready()
    view = here.get().view()
    keys = ("assets", "cases", "opportunities", "quotations", "sales_orders")
    assert {Light.UNKNOWN} == {view.section(key).light for key in keys}
    with pytest.raises(Blocked):
        process(here)
    assert State.PENDING is here.get().view().state


def test_tenant_not_set_shows_no_customer_of_another_tenant() -> None:
    """A host without its tenant does not find the customer, rather than empty lists."""
    theirs = MemoryCrm([Customer("C-9", "Theirs", Status("live"))], tenant="t-1")
    unset = MemoryCrm([], memory=theirs.memory)
    desk = world().kit.at(MemoryHost(unset), actor=Person("alice"))
    with pytest.raises(UnknownCustomer):
        desk.check("C-9")
    with pytest.raises(UnknownCustomer):
        desk.begin("C-9")


# ---------------------------------------------------------------- who left


def chosen(here: World) -> None:
    here.get().enter(NewOwner("t-7"))


def assigned(here: World) -> None:
    here.get().enter(NewOwner("t-7"))
    here.get().perform_now("ownership")


def kept(here: World) -> None:
    here.get().enter(NewOwner(keep=True))


def chosen_who_is_it_already(here: World) -> None:
    here.get().enter(NewOwner("u-1"))


@pytest.mark.parametrize("choose", [chosen, assigned, kept, chosen_who_is_it_already])
def test_user_who_left_the_company_still_owning_the_customer(
    choose: Callable[[World], None],
) -> None:
    """Whoever is to own the cancelled customer has left by now: red, and nobody is assigned."""
    here = world()
    here.ready()
    choose(here)
    for user in ("u-1", "t-7"):
        here.users.put(CrmUser(user, user, active=False))
    assert Light.RED is here.get().view().section("ownership").light


def test_owner_who_is_no_user_of_the_host_is_no_evidence_of_having_left() -> None:
    """Owners may be another id space, such as teams."""
    here = world()
    here.crm.put_customer(evolve(here.customer, owners=(Person("team-4", "Team Four"),)))
    here.ready()
    kept(here)
    assert Light.GREEN is here.get().view().section("ownership").light


def test_user_who_left_the_company_is_not_given_the_customer() -> None:
    """Neither by a plan that was confirmed before, nor by one after."""
    here = world()
    token = here.ready().plan().token
    chosen(here)
    token = here.get().plan().token
    here.users.put(CrmUser("t-7", "Tom", active=False))
    with pytest.raises(StaleToken):
        here.get().process(token)
    process(here)
    assert (Person("u-1"),) == here.customer.owners


def test_e_mail_sent_for_a_cancellation_that_was_rolled_back() -> None:
    """The relay runs while it is under way, and after: there was never anything to deliver."""
    here = told(world())
    token = here.ready().plan().token
    notifier = MemoryNotifier()
    Relay(here.host, notifier).run()
    notifier.sent.clear()

    def fail(call: Call, do: Callable[[], Any], /) -> Any:
        Relay(here.host, notifier).run()
        if call.port == COMMIT:
            raise ConnectionError("the server has gone away")
        return do()

    desk = here.kit.at(WatchedHost(here.host, fail), actor=Person("alice"))
    with pytest.raises(Failed):
        desk.get("C-1").process(token)
    Relay(here.host, notifier).run()
    assert ([], State.PENDING) == (notifier.sent, here.get().view().state)

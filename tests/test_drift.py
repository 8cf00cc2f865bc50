"""Drift: somebody else changed a customer who is pending. It is shown, and never overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from attrs import evolve

from cancelkit import (
    Cancellation,
    Customer,
    EitherRole,
    Mood,
    NewOwner,
    Outcome,
    Person,
    Reasons,
    Status,
)
from cancelkit.adapters.memory import MemoryNotifier
from cancelkit.errors import (
    AlreadyPending,
    CustomerGone,
    Drift,
    NoDrift,
    NoStatus,
    NotAllowed,
    NotPending,
    OperationReused,
    Refused,
    UnknownCustomer,
)
from cancelkit.records import HistoryEntry, State, Verb
from cancelkit.relay import Relay
from cancelkit.schedule import process_due
from cancelkit.serial import dump
from cancelkit.states import Light
from tests.world import BOSS, TODAY, World, world

FORMER = Status("gold", label="Gold customer")
FROZEN = Status("frozen")
Change = Callable[[World], None]


def roles_of(actor: str) -> list[str]:
    return {"boss": ["CRM Admin"], "alice": ["Customer Cancellation"]}.get(actor, [])


def pending() -> World:
    """Return a world in which nothing stands in the way, and something was performed."""
    here = world(status=FORMER, roles=EitherRole(roles_of))
    here.ready("alice").enter(NewOwner("t-7"))
    here.get().perform_now("ownership")
    here.get().enter(NewOwner("s-8"))
    return here


def set_status(here: World, status: Status) -> None:
    here.crm.put_customer(evolve(here.customer, status=status))


def mark_cleared(here: World) -> None:
    set_status(here, FORMER)


def value_changed(here: World) -> None:
    set_status(here, evolve(FROZEN, pending=True))


def value_changed_and_mark_cleared(here: World) -> None:
    set_status(here, FROZEN)


def cancelled_elsewhere(here: World) -> None:
    set_status(here, Status("cancelled", cancelled=True))


def cancelled_with_the_mark_left(here: World) -> None:
    set_status(here, Status("gone_away", pending=True, cancelled=True))


def cancelled_by_a_box(here: World) -> None:
    """In a CRM that keeps the value, and has a box for Cancelled."""
    set_status(here, evolve(FORMER, pending=True, cancelled=True))


def deleted(here: World) -> None:
    """A customer that was merged into another is not here any more either."""
    here.crm.delete_customer("C-1")


def moved_to_another_tenant(here: World) -> None:
    """The repository still finds the row, and it is somebody else's."""
    moved = evolve(here.customer, tenant="other")
    here.crm.memory.put("customers", here.crm.key("C-1"), moved)


ADOPTABLE = [mark_cleared, value_changed, value_changed_and_mark_cleared]
CANCELLED = [cancelled_elsewhere, cancelled_with_the_mark_left, cancelled_by_a_box]
GONE = [deleted, moved_to_another_tenant]
SHOWN: dict[Change, str] = {
    mark_cleared: "The status was changed to Gold customer by somebody else",
    value_changed: "The status was changed to Frozen by somebody else",
    value_changed_and_mark_cleared: "The status was changed to Frozen by somebody else",
    cancelled_elsewhere: "The status was changed to Cancelled by somebody else",
    cancelled_with_the_mark_left: "The status was changed to Gone away by somebody else",
    cancelled_by_a_box: "The status was changed to Gold customer by somebody else",
    deleted: "Harbour Café is not here any more: deleted, merged or moved",
    moved_to_another_tenant: "Harbour Café is not here any more: deleted, merged or moved",
}


def drifted(change: Change) -> World:
    here = pending()
    change(here)
    return here


def stored(here: World) -> tuple[object, str]:
    """Return the customer as the CRM has it, and the cancellation, byte for byte."""
    return here.crm.memory.get("customers", here.crm.key("C-1")), dump(here.record())


def commands(cancellation: Cancellation) -> dict[Verb, Callable[[], Outcome]]:
    """Return every command but Adopt and End."""
    token = cancellation.plan().token
    day = TODAY + timedelta(days=3)
    later = cancellation.plan(on=day).token
    return {
        Verb.BEGIN: cancellation.begin,
        Verb.ENTER: lambda: cancellation.enter(Mood("angry")),
        Verb.PERFORM_NOW: lambda: cancellation.perform_now("ownership"),
        Verb.OVERRIDE: lambda: cancellation.override("cases", "why"),
        Verb.SCHEDULE: lambda: cancellation.process(later, on=day),
        Verb.PROCESS: lambda: cancellation.process(token),
        Verb.REMOVE: lambda: cancellation.remove(put_back=True),
        Verb.REINSTATE: cancellation.reinstate,
    }


def done(here: World) -> list[str]:
    """Return what the history says was done by the last command."""
    return [here.kit.text(message) for message in here.history()[-1].done]


# ---------------------------------------------------------------- shown, never overwritten


@pytest.mark.parametrize("change", SHOWN)
def test_drift_is_shown_in_the_view(change: Change) -> None:
    """As a notice; the banner stays, since the cancellation is open still."""
    here = drifted(change)
    view = here.get().view()
    assert (SHOWN[change], State.PENDING) == (view.drift, view.state)
    assert "Cancellation pending since 2026-03-02, begun by Alice" == view.banner
    assert view.data() == json.loads(json.dumps(view.data()))


def test_customer_that_nobody_touched_shows_none() -> None:
    assert "" == pending().get().view().drift


@pytest.mark.parametrize("change", SHOWN)
def test_drift_is_overwritten_by_no_command(change: Change) -> None:
    """Whatever is asked, by whomever: the customer in the CRM stays byte for byte as it is."""
    here = drifted(change)
    before, _ = stored(here)
    for command in commands(here.get("boss")).values():
        try:
            command()
        except Refused:
            continue
        finally:
            assert (before, State.PENDING) == (stored(here)[0], here.record().state)


@pytest.mark.parametrize("change", SHOWN)
def test_what_moves_the_status_is_refused_after_drift_with_the_reason(change: Change) -> None:
    """The refusal is in the history, and the cancellation is as it was."""
    here = drifted(change)
    error = CustomerGone if change in GONE else Drift
    before, asked = stored(here), commands(here.get("boss"))
    for verb in (Verb.PERFORM_NOW, Verb.OVERRIDE, Verb.SCHEDULE, Verb.PROCESS, Verb.REMOVE):
        with pytest.raises(Drift) as refused:
            asked[verb]()
        assert (error, verb) == (type(refused.value), here.history()[-1].verb)
        assert not here.history()[-1].accepted
    assert before == stored(here)


@pytest.mark.parametrize("change", [*ADOPTABLE, *CANCELLED])
def test_answers_are_still_taken_after_drift(change: Change) -> None:
    """They are no moves of the status; and begin opens the cancellation that is there."""
    here = drifted(change)
    cancellation = here.record().id
    here.get().enter(Mood("angry"))
    assert "Angry" == here.get().view().section("mood").message
    assert cancellation == here.get().begin().cancellation


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        (mark_cleared, "Begin Cancellation, Enter, Adopt, End Cancellation"),
        (value_changed, "Begin Cancellation, Enter, Adopt, End Cancellation"),
        (cancelled_elsewhere, "Begin Cancellation, Enter, End Cancellation"),
    ],
)
def test_drift_says_what_to_set_back_and_which_moves_are_left(change: Change, moves: str) -> None:
    """Adopt is not advised where it would be refused."""
    here = drifted(change)
    for command in (here.get().remove, here.get("boss").remove):
        with pytest.raises(
            Drift, match=r"set it back to Gold customer \(pending\) in the CRM;.*"
        ) as no:
            command()
        assert str(no.value).endswith(f"moves allowed now: {moves}.")


def test_drift_that_is_set_back_in_the_crm_is_over() -> None:
    here = drifted(value_changed)
    set_status(here, evolve(FORMER, pending=True))
    assert "" == here.get().view().drift
    assert FORMER == _removed(here)


def _removed(here: World) -> Status | None:
    here.get().remove()
    return here.status


def test_drift_between_plan_and_process_is_seen() -> None:
    here = pending()
    token = here.get().plan().token
    cancelled_elsewhere(here)
    with pytest.raises(Drift):
        here.get().process(token)


# ---------------------------------------------------------------- which moves are offered


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        (ADOPTABLE, (Verb.BEGIN, Verb.ENTER, Verb.ADOPT, Verb.END)),
        (CANCELLED, (Verb.BEGIN, Verb.ENTER, Verb.END)),
        (GONE, (Verb.END,)),
    ],
    ids=["another status", "cancelled", "gone"],
)
def test_admin_is_offered_the_ways_out(changes: list[Change], offered: tuple[Verb, ...]) -> None:
    for change in changes:
        assert offered == drifted(change).get("boss").view().actions


@pytest.mark.parametrize("change", SHOWN)
def test_nobody_else_is_offered_the_ways_out(change: Change) -> None:
    offered = () if change in GONE else (Verb.BEGIN, Verb.ENTER)
    assert offered == drifted(change).get("alice").view().actions


def test_customer_without_drift_is_offered_neither() -> None:
    assert not {Verb.ADOPT, Verb.END} & {*pending().get("boss").view().actions}


@pytest.mark.parametrize("change", SHOWN)
def test_only_an_admin_may_adopt_or_end(change: Change) -> None:
    """Whoever may cancel may not; the attempt is recorded, and nothing has changed."""
    here = drifted(change)
    before = stored(here)
    for verb, command in ((Verb.ADOPT, here.get("alice").adopt), (Verb.END, here.get("alice").end)):
        with pytest.raises(NotAllowed):
            command()
        assert (verb, False) == (here.history()[-1].verb, here.history()[-1].accepted)
    assert before == stored(here)


# ---------------------------------------------------------------- adopt


@pytest.mark.parametrize("change", ADOPTABLE)
def test_adopt_goes_on_from_the_status_that_is_there(change: Change) -> None:
    """The mark is set (again), and the adopted status is the one to come back to."""
    here = drifted(change)
    adopted = evolve(here.customer.status or FORMER, pending=False)
    outcome = here.get("boss").adopt()
    assert (Verb.ADOPT, State.PENDING, ()) == (outcome.verb, outcome.now, outcome.done)
    assert (evolve(adopted, pending=True), adopted) == (here.status, here.record().former)
    view = here.get().view()
    assert ("", f"{adopted.label} (PC)") == (view.drift, view.status)


@pytest.mark.parametrize("change", ADOPTABLE)
def test_remove_after_adopt_puts_back_the_adopted_status(change: Change) -> None:
    here = drifted(change)
    adopted = evolve(here.customer.status or FORMER, pending=False)
    here.get("boss").adopt()
    assert adopted == _removed(here)


@pytest.mark.parametrize("change", ADOPTABLE)
def test_process_after_adopt_cancels_and_reinstate_gives_the_adopted_status(change: Change) -> None:
    here = drifted(change)
    adopted = evolve(here.customer.status or FORMER, pending=False)
    here.get("boss").adopt()
    assert State.CANCELLED is here.get().process(here.get().plan().token).now
    here.get().reinstate()
    assert adopted == here.status


def test_adopt_keeps_everything_that_was_entered_and_done() -> None:
    here = drifted(value_changed)
    before = here.record()
    here.get("boss").adopt()
    after = here.record()
    assert before.version + 1 == after.version
    assert before == evolve(after, version=before.version, former=before.former)


def test_adopt_is_in_the_history_by_whom_and_when() -> None:
    here = drifted(value_changed)
    here.clock.forward(timedelta(days=2))
    here.get("boss").adopt()
    entry = here.history()[-1]
    assert (Verb.ADOPT, True, Person("boss"), date(2026, 3, 4)) == (
        entry.verb,
        entry.accepted,
        entry.actor,
        entry.today,
    )


@pytest.mark.parametrize(
    ("change", "to"), [(mark_cleared, "Gold customer"), (value_changed, "Frozen")]
)
def test_history_says_which_status_was_adopted(change: Change, to: str) -> None:
    here = drifted(change)
    here.get("boss").adopt()
    assert [f"Status of before, as adopted: Gold customer → {to}"] == done(here)


@pytest.mark.parametrize("verb", [Verb.ADOPT, Verb.END])
def test_history_of_what_was_refused_says_that_nothing_was_done(verb: Verb) -> None:
    here = drifted(value_changed)
    with pytest.raises(NotAllowed):
        (here.get("alice").adopt if verb is Verb.ADOPT else here.get("alice").end)()
    assert (verb, []) == (here.history()[-1].verb, done(here))


def test_status_that_drifts_again_is_adopted_again() -> None:
    here = drifted(value_changed)
    here.get("boss").adopt()
    set_status(here, Status("prospect"))
    assert "The status was changed to Prospect by somebody else" == here.get().view().drift
    here.get("boss").adopt()
    assert Status("prospect") == _removed(here)


def test_adopt_sent_twice_is_one() -> None:
    """A repeat gives the first answer again, and does not overwrite the next drift."""
    here = drifted(value_changed)
    first = here.get("boss").adopt(op="op-1")
    set_status(here, Status("prospect"))
    again = here.get("boss").adopt(op="op-1")
    assert (first, True) == (evolve(again, replayed=False), again.replayed)
    assert Status("prospect") == here.status


@pytest.mark.parametrize("change", [*CANCELLED, *GONE])
def test_status_that_nobody_can_go_on_from_is_not_adopted(change: Change) -> None:
    here = drifted(change)
    before = stored(here)
    error = CustomerGone if change in GONE else Drift
    with pytest.raises(Drift) as refused:
        here.get("boss").adopt()
    assert error is type(refused.value)
    assert (Verb.ADOPT, False) == (here.history()[-1].verb, here.history()[-1].accepted)
    assert before == stored(here)


# ---------------------------------------------------------------- end


@pytest.mark.parametrize("change", SHOWN)
def test_end_closes_the_cancellation_and_leaves_the_crm_as_it_is(change: Change) -> None:
    """Byte for byte, the mark of pending included; what was performed stays, and is recorded.

    The answer says where the customer is afterwards: the CRM is believed.
    """
    here = drifted(change)
    customer, _ = stored(here)
    before = here.record()
    outcome = here.get("boss").end()
    after = here.record()
    now = State.CANCELLED if change in CANCELLED else State.LIVE
    assert (Verb.END, now, ()) == (outcome.verb, outcome.now, outcome.done)
    assert customer == stored(here)[0]
    assert (State.LIVE, Person("boss")) == (after.state, after.ended.by if after.ended else None)
    same = evolve(after, version=before.version, state=State.PENDING, ended=None)
    assert before == same
    assert {} == here.desk().banners(["C-1"])


@pytest.mark.parametrize("change", CANCELLED)
def test_customer_who_was_cancelled_elsewhere_stays_cancelled_after_end(change: Change) -> None:
    here = drifted(change)
    here.get("boss").end()
    view = here.get("boss").view()
    assert (State.CANCELLED, "", "", ()) == (view.state, view.banner, view.drift, view.actions)


@pytest.mark.parametrize("change", [mark_cleared, value_changed_and_mark_cleared])
def test_new_cancellation_may_follow_an_end(change: Change) -> None:
    here = drifted(change)
    here.get("boss").end()
    first = here.record().id
    assert first != here.get().begin().cancellation
    assert () == here.record().entries


def test_mark_that_end_has_left_is_cleared_by_the_crm_first() -> None:
    """It is the CRM's own: cancelkit wrote no status, and says what to do."""
    here = drifted(value_changed)
    here.get("boss").end()
    with pytest.raises(AlreadyPending, match="clear the mark in the CRM first"):
        here.get().begin()


@pytest.mark.parametrize("change", SHOWN)
def test_end_is_told_to_those_who_are_told_of_a_removal(change: Change) -> None:
    """Who was told that it was begun or scheduled hears of its end, in words of its own."""
    here = drifted(change)
    here.recipients.told["removed"] = (BOSS,)
    assert (BOSS,) == here.get("boss").end().notified
    notifier = MemoryNotifier()
    Relay(here.host, notifier).run()
    (told,) = notifier.sent
    assert ("removed", BOSS, None) == (told.event, told.recipient, told.on)
    said = "The cancellation of Harbour Café was ended by Boss; the CRM was left as it is"
    assert ("event.ended", said) == (told.message.key, here.kit.text(told.message))


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (mark_cleared, "Gold customer"),
        (value_changed, "Frozen"),
        (cancelled_elsewhere, "Cancelled"),
        (deleted, "Gold customer"),
    ],
)
def test_history_says_which_status_was_left(change: Change, left: str) -> None:
    """For a customer who is gone: the last one that is known."""
    here = drifted(change)
    here.get("boss").end()
    assert [f"Status left in the CRM: {left}"] == done(here)


def status_lost(here: World) -> None:
    here.crm.put_customer(evolve(here.customer, status=None))


def test_what_needs_no_status_goes_on_where_the_crm_has_lost_it() -> None:
    """The host mirrors, and promised one: what is offered works, and the rest is drift."""
    here = drifted(status_lost)
    offered = here.get("boss").view().actions
    assert (Verb.BEGIN, Verb.ENTER, Verb.END) == offered
    assert (
        State.PENDING is here.get("boss").begin().now is here.get("boss").enter(Mood("happy")).now
    )
    for verb, command in commands(here.get("boss")).items():
        if verb not in (*offered, Verb.REINSTATE):
            with pytest.raises(Drift, match="somebody else has changed the status to -"):
                command()
    assert None is here.status


def test_begin_is_neither_offered_nor_done_without_a_status_that_could_be_marked() -> None:
    here = drifted(status_lost)
    here.get("boss").end()
    tables = here.tables()
    assert () == here.get("boss").view().actions
    with pytest.raises(NoStatus, match="the CRM gives Harbour Café no status") as caught:
        here.get("boss").begin()
    assert (("no_status",), tables) == (caught.value.codes, here.tables())
    set_status(here, FORMER)
    assert State.PENDING is here.get("boss").begin().now


def test_end_works_where_the_crm_has_lost_the_status() -> None:
    here = drifted(status_lost)
    assert "The status was changed to - by somebody else" == here.get().view().drift
    with pytest.raises(Drift):
        here.get().remove()
    outcome = here.get("boss").end()
    assert (State.LIVE, None) == (outcome.now, here.status)
    assert ["Status left in the CRM: -"] == done(here)


@pytest.mark.parametrize("change", SHOWN)
def test_end_is_sent_twice_and_done_once(change: Change) -> None:
    """A repeat gives the first answer again, also where the customer is gone."""
    here = drifted(change)
    first = here.get("boss").end(op="op-1")
    before, entries = stored(here), len(here.history())
    again = here.get("boss").end(op="op-1")
    assert (first, True) == (evolve(again, replayed=False), again.replayed)
    assert (before, entries) == (stored(here), len(here.history()))
    with pytest.raises(OperationReused if change not in GONE else UnknownCustomer):
        here.get("alice").end(op="op-1")


def test_end_ends_a_schedule() -> None:
    here = pending()
    on = TODAY + timedelta(days=3)
    here.get().process(here.get().plan(on=on).token, on=on)
    cancelled_elsewhere(here)
    here.get("boss").end()
    here.clock.forward(timedelta(days=9))
    assert here.record().schedule is None
    assert [] == list(process_due(here.desk()))


# ---------------------------------------------------------------- without drift


def test_neither_adopt_nor_end_without_drift() -> None:
    """Remove is the way; the refusal names the moves that are allowed."""
    here = pending()
    before = stored(here)
    for verb, command in ((Verb.ADOPT, here.get("boss").adopt), (Verb.END, here.get("boss").end)):
        with pytest.raises(NoDrift, match=r"is Gold customer \(PC\), as it should be;.*Remove"):
            command()
        assert (verb, False) == (here.history()[-1].verb, here.history()[-1].accepted)
    assert before == stored(here)


def test_neither_adopt_nor_end_where_nothing_is_open() -> None:
    here = world()
    for command in (here.get().adopt, here.get().end):
        with pytest.raises(NotPending):
            command()


def test_crm_without_a_status_drifts_only_by_losing_the_customer() -> None:
    """Nothing is mirrored, so that nothing can be compared; gone is gone all the same."""
    here = world(status=None)
    here.ready()
    assert "" == here.get().view().drift
    with pytest.raises(NoDrift):
        here.get().end()
    deleted(here)
    assert State.LIVE is here.get().end().now


def unmirrored() -> World:
    """Return a world whose CRM has a status into which nothing is mirrored."""
    here = world(status=FORMER, mirrored=False)
    here.ready()
    return here


def test_cancelled_by_other_means_is_drift_where_nothing_is_mirrored() -> None:
    """The CRM is believed, as it is before Begin; End says so, and leaves it."""
    here = unmirrored()
    cancelled_elsewhere(here)
    view, before = here.get().view(), stored(here)
    assert (SHOWN[cancelled_elsewhere], "Cancelled") == (view.drift, view.status)
    assert (Verb.BEGIN, Verb.ENTER, Verb.END) == view.actions
    refused: list[Callable[[], Outcome]] = [here.get().remove, here.get().adopt]
    refused.append(lambda: here.get().process(view.token))
    for command in refused:
        with pytest.raises(Drift, match="changed the status to Cancelled"):
            command()
    assert before == stored(here)
    assert State.CANCELLED is here.get().end().now
    assert ["Status left in the CRM: Cancelled"] == done(here)
    assert (before[0], State.CANCELLED) == (stored(here)[0], here.get().view().state)


@pytest.mark.parametrize("change", ADOPTABLE)
def test_other_statuses_are_the_crms_own_business_where_nothing_is_mirrored(change: Change) -> None:
    here = unmirrored()
    change(here)
    assert "" == here.get().view().drift
    with pytest.raises(NoDrift):
        here.get().end()
    assert State.LIVE is here.get().remove().now


# ---------------------------------------------------------------- a customer who is gone


@pytest.mark.parametrize("change", GONE)
def test_view_of_a_gone_customer_knows_nothing_of_its_records(change: Change) -> None:
    """All sections are unknown, whatever was green before; name and status are those of Begin."""
    here = drifted(change)
    view = here.get().view(name=5)
    assert {Light.UNKNOWN} == {line.light for line in view.sections}
    assert {"section.gone"} == {line.code for line in view.sections}
    assert 9 == len(view.blocked_by)
    assert ("Harbour Café", "Gold customer (PC)", ()) == (view.name, view.status, view.owners)
    entered = view.section("reasons").entered
    assert entered is not None
    assert "price" == entered["codes"][0]["code"]


@pytest.mark.parametrize("change", GONE)
def test_plan_of_a_gone_customer_says_that_nothing_can_be_done(change: Change) -> None:
    plan = drifted(change).get().plan()
    (obstacle,) = plan.obstacles
    assert "Harbour Café is not here any more: deleted, merged or moved" in obstacle


@pytest.mark.parametrize("change", GONE)
def test_nothing_but_end_is_done_for_a_gone_customer(change: Change) -> None:
    here = drifted(change)
    before, asked = stored(here), commands(here.get("boss"))
    for verb in asked:
        if verb is not Verb.REINSTATE:
            with pytest.raises(CustomerGone, match="end the cancellation"):
                asked[verb]()
    assert before == stored(here)
    assert State.LIVE is here.get("boss").end().now


def told(entries: list[HistoryEntry]) -> list[tuple[Verb, bool]]:
    return [(entry.verb, entry.accepted) for entry in entries]


@pytest.mark.parametrize("change", GONE)
def test_history_survives_the_customer(change: Change) -> None:
    """Before the end and after it: who did what stays readable, with the customer's name."""
    here = drifted(change)
    before = told(list(here.get().history()))
    assert (Verb.BEGIN, True) == before[0]
    here.get("boss").end()
    after = list(here.get().history())
    assert [*before, (Verb.END, True)] == told(after)
    assert {"Harbour Café"} == {entry.name for entry in after}


@pytest.mark.parametrize("change", GONE)
def test_customer_who_is_gone_is_unknown_after_the_end(change: Change) -> None:
    here = drifted(change)
    here.get("boss").end()
    for ask in (here.get("boss").view, here.get("boss").begin, here.get("boss").end):
        with pytest.raises(UnknownCustomer):
            ask()


def test_customer_who_never_had_a_cancellation_is_not_gone_but_unknown() -> None:
    here = world()
    deleted(here)
    with pytest.raises(UnknownCustomer):
        here.get().view()


def test_customer_who_comes_back_goes_on() -> None:
    """Restored from the bin, or moved back: nothing has been lost meanwhile."""
    here = pending()
    customer = here.customer
    deleted(here)
    here.get("boss").view()
    here.crm.put_customer(customer)
    assert ("", "Gold customer (PC)") == (here.get().view().drift, here.get().view().status)
    assert FORMER == _removed(here)


def test_customer_with_the_same_id_in_another_tenant_learns_nothing() -> None:
    """The repository hands out a row of another tenant: it is as if it were not there."""
    here = drifted(moved_to_another_tenant)
    view = here.get().view()
    assert () == view.owners
    with pytest.raises(CustomerGone):
        here.get().enter(Reasons("moved"))


class DenyUnlessLoaded:
    """A role checker that looks at the customer: one that is gone has no owners."""

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        return bool(customer.owners)


def test_role_checker_is_asked_about_a_gone_customer_too() -> None:
    """With what is known from the cancellation; it may deny."""
    here = drifted(deleted)
    here = evolve(here, kit=evolve(here.kit, roles=DenyUnlessLoaded()))
    for ask in (here.get().view, here.get().end, here.get().history):
        with pytest.raises(NotAllowed):
            ask()

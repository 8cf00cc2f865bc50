"""Reinstate: a cancelled customer is as before Begin, and nothing that was recorded is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from cancelkit import (
    STANDARD,
    Cancellation,
    Customer,
    Mood,
    NewOwner,
    Person,
    Reasons,
    Status,
    User,
)
from cancelkit.adapters.memory import MemoryCustomers, MemoryHost
from cancelkit.effects import AssignOwner, Performer
from cancelkit.errors import (
    Blocked,
    Invalid,
    NotAllowed,
    NotCancelled,
    NotPending,
    OperationReused,
    Refused,
    StaleToken,
    UnknownCustomer,
)
from cancelkit.messages import Message
from cancelkit.ports import Users
from cancelkit.records import Outcome, Stamp, State, Verb
from cancelkit.schedule import process_due
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING, CreateExpiry, NewExpiry
from cancelkit.states import Light
from tests.broken.sqlite import connect
from tests.sqlite_world import desk_at, new_crm
from tests.world import NINE_O_CLOCK, TODAY, World, admins, world

ANN, TOM, SUE = Person("u-1", "Ann"), Person("t-7", "Tom"), Person("s-8", "Sue")
DAY = timedelta(days=1)


def process(here: World, **how: Any) -> Outcome:
    return here.get().process(here.get().plan().token, **how)


def cancelled(**settings: Any) -> World:
    """A world whose customer was cancelled, for a reason, without another owner."""
    here = world(**settings)
    here.begun().enter(Reasons("price", text="too dear"))
    process(here)
    return here


def handed_over() -> World:
    """A world whose customer was cancelled and given to Tom."""
    here = world()
    here.ready().enter(NewOwner("t-7"))
    process(here)
    return here


# ---------------------------------------------------------------- the former status


@pytest.mark.parametrize(
    "former",
    [
        Status("live"),
        Status("pending"),
        Status("on_hold", label="On hold!"),
        Status("gold", pending=None),
        Status("Live (PC)"),
        Status(""),
        None,
    ],
)
def test_status_is_what_it_was_before_begin(former: Status | None) -> None:
    """Whatever it was; also where the CRM has no mark of pending, or no status at all."""
    here = world(status=former)
    shown = here.get().view().status
    here.ready()
    process(here)
    assert "Cancelled" == here.get().view().status
    assert State.LIVE is here.get().reinstate().now
    assert (former, shown) == (here.status, here.get().view().status)
    label = former.label if former else None
    assert label == (here.status.label if here.status else None)


@pytest.mark.parametrize(
    "state",
    ["active", "gone away", "Pending ", " ", "", "\N{SNOWMAN}", "e\u0301", "\u00e9", "x" * 500],
)
def test_status_is_put_back_byte_for_byte_in_the_crms_own_table(state: str, tmp_path: Path) -> None:
    """Nothing is trimmed, folded or normalised on the way through our documents."""
    (customer,) = new_crm(tmp_path, state)

    def stored() -> object:
        with closing(connect(str(tmp_path / "crm.db"))) as db:
            sql = "SELECT hex(state), typeof(state), leaving, keeper FROM client"
            return db.execute(sql).fetchall()

    before = stored()
    cancellation = desk_at(tmp_path).begin(customer)
    cancellation.enter(Reasons("price"))
    cancellation.process(cancellation.plan().token)
    assert before != stored()
    cancellation.reinstate()
    assert before == stored()


def test_status_that_was_adopted_is_the_one_to_come_back_to() -> None:
    here = world()
    here.ready()
    here.crm.put_customer(evolve(here.customer, status=Status("frozen")))
    here.get().adopt()
    process(here)
    here.get().reinstate()
    assert Status("frozen") == here.status


def test_status_that_the_crm_renamed_after_cancelled_is_no_obstacle() -> None:
    """Still Cancelled, by another value: an archive run, say."""
    here = cancelled()
    here.crm.put_customer(evolve(here.customer, status=Status("archived", cancelled=True)))
    here.get().reinstate()
    assert Status("live") == here.status


def test_cancellation_of_a_scheduled_day_can_be_reinstated() -> None:
    here = world()
    here.ready()
    on = TODAY + 5 * DAY
    here.get().process(here.get().plan(on=on).token, on=on)
    here.clock.forward(5 * DAY)
    (tried,) = process_due(here.desk("job"))
    assert (State.CANCELLED, True) == (here.get().view().state, tried.outcome is not None)
    here.get().reinstate()
    assert (State.LIVE, Status("live")) == (here.get().view().state, here.status)
    here.clock.forward(5 * DAY)
    assert [] == list(process_due(here.desk("job")))


# ---------------------------------------------------------------- nothing is lost


def test_reasons_and_history_and_the_end_stay() -> None:
    """A reinstate adds: who, when. It wipes nothing."""
    here = cancelled()
    before, history = here.record(), here.history()
    here.clock.forward(DAY)
    here.get("carol").reinstate()
    record = here.record()
    assert (before.entries, before.begun, before.ended, before.effective, before.former) == (
        record.entries,
        record.begun,
        record.ended,
        record.effective,
        record.former,
    )
    assert (State.LIVE, before.version + 1) == (record.state, record.version)
    assert record.reinstated is not None
    assert (Person("carol"), NINE_O_CLOCK + DAY) == (record.reinstated.by, record.reinstated.at)
    assert history == here.history()[:-1]
    last = here.history()[-1]
    assert (Verb.REINSTATE, True, record.id) == (last.verb, last.accepted, last.cancellation)
    assert "too dear" == record.entries[0].data["text"]


def test_history_tells_the_whole_story_afterwards() -> None:
    here = cancelled()
    here.get().reinstate()
    verbs = [entry.verb for entry in here.get().history()]
    assert [Verb.BEGIN, Verb.ENTER, Verb.PROCESS, Verb.REINSTATE] == verbs


def test_records_of_the_crm_are_left_alone() -> None:
    """What people closed in the CRM stays closed."""
    here = world()
    here.add_order("completed")
    here.ready()
    process(here)
    orders = here.crm.records("sales_orders", "C-1")
    here.get().reinstate(put_back=True)
    assert orders == here.crm.records("sales_orders", "C-1")


# ---------------------------------------------------------------- what was performed


def test_what_was_performed_stays_and_is_listed() -> None:
    here = handed_over()
    outcome = here.get().reinstate()
    assert (["assign_owner"], ()) == ([one.kind for one in outcome.stays], outcome.done)
    assert (TOM,) == here.customer.owners


def test_what_was_performed_is_put_back_on_request() -> None:
    here = handed_over()
    outcome = here.get().reinstate(put_back=True)
    assert ((), ["assign_owner"]) == (outcome.stays, [one.kind for one in outcome.done])
    assert ((ANN,), Status("live")) == (here.customer.owners, here.status)
    assert ["Owner: Tom → Ann"] == [here.kit.text(one) for one in here.history()[-1].done]


def test_what_was_performed_in_steps_is_put_back_to_the_beginning() -> None:
    """The last first: Ann to Tom by Perform Now, to Sue by Process."""
    here = world()
    here.ready().enter(NewOwner("t-7"))
    here.get().perform_now("ownership")
    here.get().enter(NewOwner("s-8"))
    process(here)
    assert (SUE,) == here.customer.owners
    done = here.get().reinstate(put_back=True).done
    assert ["Owner: Sue → Tom", "Owner: Tom → Ann"] == [here.kit.text(d.message) for d in done]
    assert (ANN,) == here.customer.owners


def creating() -> World:
    """A world in which an expiry was created and Tom became the owner."""

    def performers(unit: MemoryCustomers) -> list[Performer[CreateExpiry]]:
        return [Performer(CreateExpiry, lambda effect, customer: True)]

    here = world(STANDARD.replacing(FUTURE_EXPIRY_CREATING))
    here.host = MemoryHost(here.crm, clock=here.clock, ids=here.host.ids, performers=performers)
    here.ready().enter(NewExpiry(TODAY + 300 * DAY))
    here.get().enter(NewOwner("t-7"))
    process(here)
    return here


def test_what_has_no_inverse_stays_and_is_listed_although_the_rest_is_put_back() -> None:
    here = creating()
    outcome = here.get().reinstate(put_back=True)
    assert ["create_expiry"] == [one.kind for one in outcome.stays]
    assert ["assign_owner"] == [one.kind for one in outcome.done]
    assert (ANN,) == here.customer.owners


def test_what_a_plug_in_did_that_is_gone_stays_and_is_listed() -> None:
    """Nobody knows how to undo it; its sentence is still there."""
    here = handed_over()
    here.kit = evolve(here.kit, checklist=STANDARD.without("ownership"))
    outcome = here.get().reinstate(put_back=True)
    assert ["Owner: Ann → Tom"] == [here.kit.text(one.message) for one in outcome.stays]
    assert ((TOM,), Status("live")) == (here.customer.owners, here.status)


def test_owner_whom_somebody_else_changed_since_is_not_overwritten() -> None:
    """Refused as a whole, with the section; without putting back it is done."""
    here = handed_over()
    here.crm.put_customer(evolve(here.customer, owners=(SUE,)))
    tables = here.tables()
    with pytest.raises(Blocked, match="somebody else has changed it since") as refused:
        here.get().reinstate(put_back=True)
    assert (("effect_changed",), ("ownership",)) == (refused.value.codes, refused.value.sections)
    assert tables == here.tables()
    here.get().reinstate()
    assert ((SUE,), Status("live")) == (here.customer.owners, here.status)


def test_customer_is_not_given_back_to_an_owner_who_left() -> None:
    here = handed_over()
    here.users.put(User("u-1", "Ann", active=False))
    tables = here.tables()
    with pytest.raises(Blocked, match="Ann is no longer an active user") as refused:
        here.get().reinstate(put_back=True)
    assert (("owner_left",), tables) == (refused.value.codes, here.tables())
    assert ["assign_owner"] == [one.kind for one in here.get().reinstate().stays]


def strict(unit: MemoryCustomers) -> list[Performer[AssignOwner]]:
    """A performer that looks at the customer whom it is handed, before and when it performs."""

    def refuses(effect: AssignOwner, customer: Customer) -> Message | None:
        return None if effect.holds(customer) else Message("host.other_owner")

    def perform(effect: AssignOwner, customer: Customer) -> bool:
        return effect.holds(customer) and unit.assign_owner(effect, customer)

    return [Performer(AssignOwner, perform, refuses)]


def handed_on(**settings: Any) -> World:
    """A world in which Perform Now gave the customer to Tom, to Sue and to Tom again."""
    here = world(**settings)
    here.ready()
    for owner in ("t-7", "s-8", "t-7"):
        here.get().enter(NewOwner(owner))
        here.get().perform_now("ownership")
    return here


def put_back(here: World, *, cancelled_first: bool) -> Outcome:
    if cancelled_first:
        process(here)
        return here.get().reinstate(put_back=True)
    return here.get().remove(put_back=True)


@pytest.mark.parametrize("cancelled_first", [False, True])
def test_several_perform_nows_are_put_back_as_one_chain(cancelled_first: bool) -> None:
    """Each step finds the customer as the one before has left it, and so do the performers."""
    here = handed_on()
    here.host = MemoryHost(here.crm, clock=here.clock, ids=here.host.ids, performers=strict)
    done = put_back(here, cancelled_first=cancelled_first).done
    steps = ["Owner: Tom → Sue", "Owner: Sue → Tom", "Owner: Tom → Ann"]
    assert (steps, (ANN,)) == ([here.kit.text(one.message) for one in done], here.customer.owners)


@pytest.mark.parametrize("cancelled_first", [False, True])
def test_chain_is_judged_by_where_it_ends(cancelled_first: bool) -> None:
    """Tom and Sue have left, and are owners on the way only: Ann is who gets the customer."""
    here = handed_on()
    if cancelled_first:
        process(here)
    here.users.put(User("t-7", "Tom", active=False))
    here.users.put(User("s-8", "Sue", active=False))
    if cancelled_first:
        here.get().reinstate(put_back=True)
    else:
        here.get().remove(put_back=True)
    assert (ANN,) == here.customer.owners


def test_chain_that_somebody_else_has_broken_is_refused_once() -> None:
    here = handed_on()
    here.crm.put_customer(evolve(here.customer, owners=(SUE,)))
    tables = here.tables()
    with pytest.raises(Blocked, match="somebody else has changed it since") as refused:
        here.get().remove(put_back=True)
    assert (("effect_changed",), tables) == (refused.value.codes, here.tables())


class Forgetting:
    """The users of a host that deletes them: who has left is not there any more."""

    def __init__(self, users: Users, *gone: str) -> None:
        self.users, self.gone = users, gone

    def find(self, ids: Sequence[str]) -> Mapping[str, User]:
        return {key: one for key, one in self.users.find(ids).items() if key not in self.gone}

    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        return self.users.candidates(customer, search, limit)


@pytest.mark.parametrize("cancelled_first", [False, True])
def test_owner_who_is_no_user_any_more_is_as_one_who_left(cancelled_first: bool) -> None:
    here = handed_on()
    here.kit = evolve(here.kit, users=Forgetting(here.users, "u-1"))
    with pytest.raises(Blocked, match="Ann is no longer an active user") as refused:
        put_back(here, cancelled_first=cancelled_first)
    assert (("owner_left",), ("ownership",)) == (refused.value.codes, refused.value.sections)
    assert (TOM,) == here.customer.owners


# ---------------------------------------------------------------- what a view says of it


def test_view_of_a_cancelled_customer_says_by_whom_and_from_when_on() -> None:
    here = world()
    here.ready()
    on = TODAY - 5 * DAY
    here.get().process(here.get().plan(on=on).token, on=on)
    view = here.get("bob").view()
    assert (Stamp(Person("alice"), NINE_O_CLOCK), on) == (view.ended, view.effective)
    data = view.data()
    assert ("alice", str(on)) == (data["ended"]["by"]["id"], data["effective"])


@pytest.mark.parametrize("make", ["live", "pending", "removed", "reinstated"])
def test_view_of_who_is_not_cancelled_has_no_end(make: str) -> None:
    here = {"live": world, "pending": pending, "removed": removed, "reinstated": reinstated}[make]()
    view = here.get().view()
    assert (None, None, ()) == (view.ended, view.effective, view.may_put_back)
    assert (make == "pending") == bool(view.token)


def test_view_lists_what_can_be_put_back() -> None:
    """Of what was performed: an expiry has no inverse, and stays."""
    here = creating()
    view = here.get().view()
    assert ("Owner: Ann → Tom",) == view.may_put_back
    assert {"Owner: Ann → Tom", f"New expiry on {TODAY + 300 * DAY}"} == {*view.performed}
    assert ["Owner: Ann → Tom"] == view.data()["may_put_back"]


def test_view_lists_what_can_be_put_back_while_pending() -> None:
    here = world()
    here.ready().enter(NewOwner("t-7"))
    assert () == here.get().view().may_put_back
    here.get().perform_now("ownership")
    assert ("Owner: Ann → Tom",) == here.get().view().may_put_back


# ---------------------------------------------------------------- the token of a view


def test_token_of_a_view_reinstates() -> None:
    here = cancelled()
    token = here.get().view().token
    assert here.record().id == token.split(".", 1)[0]
    assert State.LIVE is here.get().reinstate(token=token).now


def another(here: World) -> str:
    """Return the token of a cancellation that is over, and have another one in its state."""
    state, token = here.record().state, here.get().view().token
    if state is State.CANCELLED:
        here.get().reinstate()
    else:
        here.get().remove()
    here.add_order()
    here.ready().enter(NewOwner("t-7"))
    if state is State.CANCELLED:
        here.add_order("completed")
        process(here)
    return token


COMMANDS: dict[str, Callable[[Cancellation, str], Outcome]] = {
    "remove": lambda here, token: here.remove(token=token),
    "put back": lambda here, token: here.remove(put_back=True, token=token),
    "override": lambda here, token: here.override("sales_orders", "why", token=token),
    "perform now": lambda here, token: here.perform_now("ownership", token=token),
    "enter": lambda here, token: here.enter(Mood("angry"), token=token),
    "reinstate": lambda here, token: here.reinstate(token=token),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_page_that_was_left_open_does_nothing_to_the_next_cancellation(name: str) -> None:
    """It shows one that is over; the attempt is recorded. With the token of now it is done."""
    here = cancelled() if name == "reinstate" else world()
    if name != "reinstate":
        here.ready()
    token = another(here)
    tables, command = here.tables(), COMMANDS[name]
    with pytest.raises(StaleToken) as stale:
        command(here.get("bob"), token)
    assert (("stale_token",), tables) == (stale.value.codes, here.tables())
    assert (token, False) == (here.history()[-1].token, here.history()[-1].accepted)
    fresh = here.get("bob").view().token
    assert command(here.get("bob"), fresh).op


@pytest.mark.parametrize("name", ["remove", "override", "perform now", "enter"])
def test_page_that_others_worked_on_still_does_what_it_says(name: str) -> None:
    """The token names the cancellation: what others entered meanwhile is no reason against it."""
    here = world()
    here.add_order()
    here.ready().enter(NewOwner("t-7"))
    token = here.get().view().token
    here.get("carol").enter(Reasons("moved"))
    assert COMMANDS[name](here.get("bob"), token).op


@pytest.mark.parametrize("name", COMMANDS)
def test_token_that_is_none_is_invalid(name: str) -> None:
    here = world()
    here.ready()
    with pytest.raises(Invalid, match="is not a token"):
        COMMANDS[name](here.get(), "nonsense")


# ---------------------------------------------------------------- who may, and when


class Asked:
    """A role checker that denies one action and remembers what it was asked."""

    def __init__(self, denied: str) -> None:
        self.denied = denied
        self.actions: list[str] = []

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        self.actions.append(action)
        return action != self.denied


def test_reinstate_is_an_action_of_its_own_and_its_refusal_is_recorded() -> None:
    here = cancelled()
    roles = Asked("reinstate")
    here.kit = evolve(here.kit, roles=roles)
    tables = here.tables()
    with pytest.raises(NotAllowed):
        here.get("eve").reinstate()
    assert (["reinstate"], tables) == (roles.actions, here.tables())
    last = here.history()[-1]
    assert (Verb.REINSTATE, False, Person("eve")) == (last.verb, last.accepted, last.actor)
    assert () == here.get("eve").view().actions


@pytest.mark.parametrize("role", ["CRM Admin", "Customer Cancellation"])
def test_either_role_of_the_article_may_reinstate(role: str) -> None:
    here = cancelled()
    here.kit = evolve(here.kit, roles=evolve(admins(), roles_of=lambda actor: [role]))
    assert (Verb.REINSTATE,) == here.get().view().actions
    assert State.LIVE is here.get().reinstate().now


def removed() -> World:
    here = world()
    here.begun().remove()
    return here


def pending() -> World:
    here = world()
    here.ready()
    return here


def reinstated() -> World:
    here = cancelled()
    here.get().reinstate()
    return here


@pytest.mark.parametrize("make", [world, pending, removed, reinstated])
def test_who_is_not_cancelled_is_not_reinstated(make: Callable[[], World]) -> None:
    """Also not twice."""
    here = make()
    tables, status = here.tables(), here.get().view().status
    with pytest.raises(NotCancelled, match=f"not cancelled: the customer is {status[:4]}"):
        here.get().reinstate()
    assert tables == here.tables()
    assert Verb.REINSTATE not in here.get().view().actions


def elsewhere() -> World:
    return world(status=Status("gone", cancelled=True))


def removed_and_elsewhere() -> World:
    here = removed()
    here.crm.put_customer(evolve(here.customer, status=Status("gone", cancelled=True)))
    return here


def reinstated_and_elsewhere() -> World:
    here = reinstated()
    here.crm.put_customer(evolve(here.customer, status=Status("gone", cancelled=True)))
    return here


@pytest.mark.parametrize("make", [elsewhere, removed_and_elsewhere, reinstated_and_elsewhere])
def test_who_was_cancelled_by_other_means_is_not_reinstated(make: Callable[[], World]) -> None:
    """Nobody here knows what the status was."""
    here = make()
    tables = here.tables()
    with pytest.raises(NotCancelled, match="Gone already, by other means"):
        here.get().reinstate()
    assert (tables, ()) == (here.tables(), here.get().view().actions)


def test_who_is_live_again_by_other_means_is_live() -> None:
    """The CRM is believed: no Reinstate, and a new cancellation may begin."""
    here = cancelled()
    old = here.record()
    here.crm.put_customer(evolve(here.customer, status=Status("back")))
    view = here.get().view()
    assert (State.LIVE, "Back", (Verb.BEGIN,)) == (view.state, view.status, view.actions)
    with pytest.raises(NotCancelled, match="not cancelled: the customer is Back"):
        here.get().reinstate()
    here.begun()
    assert (Status("back"), State.PENDING) == (here.record().former, here.record().state)
    assert old.id != here.record().id


def test_who_is_gone_from_the_crm_is_unknown() -> None:
    here = cancelled()
    here.crm.delete_customer("C-1")
    with pytest.raises(UnknownCustomer):
        here.get().reinstate()


# ---------------------------------------------------------------- and then


def test_new_cancellation_may_follow_and_begins_empty() -> None:
    """A new one with a new id; what was entered for the old one is not taken over."""
    here = handed_over()
    here.get().reinstate()
    old = here.record()
    here.begun()
    new = here.record()
    assert old.id != new.id
    assert ((), (), (), None, None) == (
        new.entries,
        new.performed,
        new.overrides,
        new.ended,
        new.reinstated,
    )
    view = here.get().view()
    assert ({Light.RED}, ()) == (
        {view.section(key).light for key in ("reasons", "ownership", "mood")},
        view.performed,
    )
    stored = dict(here.crm.memory.rows("cancellations"))
    assert old == stored["", old.id]


def test_second_cancellation_is_reinstated_to_its_own_former_status() -> None:
    here = reinstated()
    here.crm.put_customer(evolve(here.customer, status=Status("gold")))
    here.ready()
    process(here)
    here.get().reinstate()
    assert Status("gold") == here.status


def test_double_click_reinstates_once() -> None:
    """The first answer again, also with what was put back; nothing is done or told twice."""
    here = handed_over()
    first = here.get().reinstate(put_back=True, op="op-1")
    tables, history = here.tables(), here.history()
    again = here.get().reinstate(put_back=True, op="op-1")
    assert (True, first) == (again.replayed, evolve(again, replayed=False))
    assert (tables, history) == (here.tables(), here.history())


def test_same_operation_with_other_arguments_is_refused() -> None:
    here = handed_over()
    here.get().reinstate(op="op-1")
    with pytest.raises(OperationReused):
        here.get().reinstate(put_back=True, op="op-1")
    assert (TOM,) == here.customer.owners


# ---------------------------------------------------------------- what comes too late


def late_process(here: World, token: str) -> object:
    return here.get().process(token)


def late_schedule(here: World, token: str) -> object:
    return here.get().process(token, on=TODAY + DAY)


def late_entry(here: World, token: str) -> object:
    return here.get().enter(Mood("angry"), token=token)


LATE = (late_process, late_schedule, late_entry)


@pytest.mark.parametrize("late", LATE)
def test_late_command_of_the_old_cancellation_does_nothing_to_a_live_customer(
    late: Callable[[World, str], object],
) -> None:
    here = world()
    token = here.ready().plan().token
    process(here)
    here.get().reinstate()
    tables = here.tables()
    with pytest.raises(NotPending):
        late(here, token)
    assert (tables, Status("live")) == (here.tables(), here.status)


@pytest.mark.parametrize("late", LATE)
def test_late_command_of_the_old_cancellation_does_nothing_to_the_new_one(
    late: Callable[[World, str], object],
) -> None:
    """A tab that was left open: its token is of another cancellation."""
    here = world()
    token = here.ready().plan().token
    process(here)
    here.get().reinstate()
    here.ready()
    tables = here.tables()
    with pytest.raises(StaleToken):
        late(here, token)
    assert (tables, State.PENDING) == (here.tables(), here.get().view().state)


def test_late_repeats_of_the_old_commands_are_answered_and_do_nothing() -> None:
    """A queue that delivers everything a second time, after all is over."""
    here = world()
    here.get().begin(op="b")
    here.get().enter(Reasons("price"), op="e")
    token = here.get().plan().token
    here.get().process(token, op="p")
    here.get().reinstate(op="r")
    tables, history = here.tables(), here.history()
    again = [
        here.get().begin(op="b"),
        here.get().enter(Reasons("price"), op="e"),
        here.get().process(token, op="p"),
        here.get().reinstate(op="r"),
    ]
    assert [True] * 4 == [one.replayed for one in again]
    assert (tables, history) == (here.tables(), here.history())


def test_late_repeat_of_a_reinstate_does_not_revive_who_was_cancelled_again() -> None:
    here = cancelled()
    here.get().reinstate(op="r")
    here.begun().enter(Reasons("moved"))
    process(here)
    tables = here.tables()
    assert here.get().reinstate(op="r").replayed
    assert (tables, State.CANCELLED) == (here.tables(), here.get().view().state)


def test_of_two_who_reinstate_at_the_same_time_one_does() -> None:
    here = cancelled()
    here.get("alice").reinstate()
    with pytest.raises(NotCancelled):
        here.get("bob").reinstate()
    assert 1 == sum(e.accepted for e in here.history() if e.verb is Verb.REINSTATE)


def test_neither_remove_nor_begin_revives_a_cancelled_customer() -> None:
    here = cancelled()
    tables = here.tables()
    for command in (here.get().remove, here.get().begin, here.get().adopt, here.get().end):
        with pytest.raises(Refused, match="already cancelled by Alice"):
            command()
    assert tables == here.tables()


@pytest.mark.parametrize("put_back", ["false", 1, None])
def test_wish_to_put_back_is_yes_or_no(put_back: Any) -> None:
    """A text from a form must not count as yes."""
    here = handed_over()
    with pytest.raises(Invalid):
        here.get().reinstate(put_back=put_back)
    assert (TOM,) == here.customer.owners


def test_day_of_the_end_is_kept_when_the_day_of_the_reinstate_is_another() -> None:
    here = cancelled()
    here.clock.forward(30 * DAY)
    here.get().reinstate()
    record = here.record()
    assert date(2026, 3, 2) == record.effective
    assert record.ended is not None
    assert NINE_O_CLOCK == record.ended.at

"""The lifecycle: every state x every verb, accepted or refused exactly as the table says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve, frozen

from cancelkit import Customer, Mood, NewOwner, Outcome, Person, Refused, Status, lifecycle
from cancelkit.english import TEXTS
from cancelkit.errors import (
    AlreadyCancelled,
    AlreadyPending,
    CustomerGone,
    Drift,
    NoDrift,
    NotAllowed,
    NotCancelled,
    NothingPlanned,
    NotPending,
    UnknownCustomer,
    WrongState,
)
from cancelkit.lifecycle import ACTIONS, TABLE, drifted, moves, shown_status, while_pending
from cancelkit.records import State, Verb
from tests.world import TODAY, World, world

LIVE = Status("live")
CANCELLED = Status("cancelled", cancelled=True)

Arrange = Callable[[], World]


def live(status: Status | None = LIVE) -> World:
    return world(status=status)


def removed(status: Status | None = LIVE) -> World:
    made = world(status=status)
    made.begun().remove()
    return made


def pending(status: Status | None = LIVE) -> World:
    made = world(status=status)
    made.ready().enter(NewOwner("t-7"))
    return made


def scheduled() -> World:
    made = pending()
    do(Verb.SCHEDULE, made)
    return made


def reinstated(status: Status | None = LIVE) -> World:
    made = processed(status)
    made.get().reinstate()
    return made


def processed(status: Status | None = LIVE) -> World:
    made = pending(status)
    made.get().process(made.get().plan().token)
    return made


def cancelled_elsewhere() -> World:
    return world(status=CANCELLED)


def cancelled_elsewhere_after_removal() -> World:
    made = removed()
    made.crm.put_customer(evolve(made.customer, status=CANCELLED))
    return made


def marked_without_cancellation() -> World:
    return world(status=Status("live", pending=True))


def pending_but_cancelled_elsewhere() -> World:
    made = pending()
    made.crm.put_customer(evolve(made.customer, status=CANCELLED))
    return made


def pending_but_cancelled_elsewhere_unmirrored() -> World:
    made = world(mirrored=False)
    made.ready()
    made.crm.put_customer(evolve(made.customer, status=CANCELLED))
    return made


def pending_but_status_changed() -> World:
    made = pending()
    made.crm.put_customer(evolve(made.customer, status=Status("frozen", pending=True)))
    return made


def pending_but_unmarked() -> World:
    made = pending()
    made.crm.put_customer(evolve(made.customer, status=LIVE))
    return made


def pending_but_gone() -> World:
    made = pending()
    made.crm.delete_customer("C-1")
    return made


def ended() -> World:
    made = pending_but_unmarked()
    made.get().end()
    return made


DRIFT = frozenset((Verb.BEGIN, Verb.ENTER, Verb.ADOPT, Verb.END))
"""The moves after drift; Adopt only where the status there is one to go on from."""


@frozen
class Case:
    """A situation, the state of the table that it is, and what each refused verb raises."""

    arrange: Arrange
    state: State
    wrong: type[Refused] = Drift
    moves: frozenset[Verb] = frozenset()  # of the table's, those that are allowed
    begin: type[Refused] | None = None
    ended: State = State.LIVE  # where the customer is after End: the CRM is believed

    @property
    def allowed(self) -> tuple[Verb, ...]:
        """The moves that are allowed, in the order of the table."""
        return tuple(verb for verb in moves(self.state) if verb in self.moves)


def is_live(arrange: Arrange, *, begin: type[Refused] | None = None) -> Case:
    return Case(arrange, State.LIVE, NotPending, frozenset(() if begin else (Verb.BEGIN,)), begin)


def is_pending(arrange: Arrange) -> Case:
    return Case(arrange, State.PENDING, NoDrift, frozenset(Verb) - {Verb.ADOPT, Verb.END})


def has_drifted(arrange: Arrange, *barred: Verb, ended: State = State.LIVE) -> Case:
    return Case(arrange, State.PENDING, Drift, DRIFT - set(barred), ended=ended)


def is_cancelled(arrange: Arrange, *allowed: Verb) -> Case:
    return Case(arrange, State.CANCELLED, AlreadyCancelled, frozenset(allowed))


SITUATIONS = {
    "live": is_live(live),
    "live, was 'Pending' in the CRM": is_live(lambda: live(Status("pending"))),
    "live, a CRM without status": is_live(lambda: live(None)),
    "live, a status without pending mark": is_live(lambda: live(Status("live", pending=None))),
    "removed": is_live(removed),
    "removed, a CRM without status": is_live(lambda: removed(None)),
    "reinstated": is_live(reinstated),
    "reinstated, a CRM without status": is_live(lambda: reinstated(None)),
    "ended": is_live(ended),
    "marked as pending, no cancellation": is_live(
        marked_without_cancellation, begin=AlreadyPending
    ),
    "pending": is_pending(pending),
    "pending, was 'Pending' in the CRM": is_pending(lambda: pending(Status("pending"))),
    "pending, a CRM without status": is_pending(lambda: pending(None)),
    # Once in adapters/memory/crm.py mark_pending: it sets pending=True where it was None.
    "pending, a status without pending mark": is_pending(
        lambda: pending(Status("live", pending=None))
    ),
    "pending, and scheduled": is_pending(scheduled),
    "pending, and cancelled by other means": has_drifted(
        pending_but_cancelled_elsewhere, Verb.ADOPT, ended=State.CANCELLED
    ),
    "pending, and cancelled by other means, nothing mirrored": has_drifted(
        pending_but_cancelled_elsewhere_unmirrored, Verb.ADOPT, ended=State.CANCELLED
    ),
    "pending, and the status changed": has_drifted(pending_but_status_changed),
    "pending, and the mark taken away": has_drifted(pending_but_unmarked),
    "pending, and gone": Case(
        pending_but_gone, State.PENDING, CustomerGone, frozenset((Verb.END,)), CustomerGone
    ),
    "cancelled": is_cancelled(processed, Verb.REINSTATE),
    "cancelled, a CRM without status": is_cancelled(lambda: processed(None), Verb.REINSTATE),
    # The same bug: it cannot be processed at all.
    "cancelled, a status without pending mark": is_cancelled(
        lambda: processed(Status("live", pending=None)), Verb.REINSTATE
    ),
    "cancelled by other means": is_cancelled(cancelled_elsewhere),
    "cancelled by other means after a removal": is_cancelled(cancelled_elsewhere_after_removal),
}


def do(verb: Verb, here: World) -> Outcome:
    """Give a command in the way in which it is accepted where the table has the move."""
    cancellation, tomorrow = here.get(), TODAY + timedelta(days=1)
    if verb in (Verb.PROCESS, Verb.SCHEDULE):
        on = tomorrow if verb is Verb.SCHEDULE else None
        try:
            token = cancellation.plan(on=on).token
        except NotPending:
            token = f"id-1.1.{'0' * 64}"
        return cancellation.process(token, on=on)
    if verb is Verb.OVERRIDE:
        here.add_order()
    commands: dict[Verb, Callable[[], Outcome]] = {
        Verb.BEGIN: cancellation.begin,
        Verb.ENTER: lambda: cancellation.enter(Mood("angry")),
        Verb.PERFORM_NOW: lambda: cancellation.perform_now("ownership"),
        Verb.OVERRIDE: lambda: cancellation.override("sales_orders", "it is shipped anyway"),
        Verb.REMOVE: cancellation.remove,
        Verb.ADOPT: cancellation.adopt,
        Verb.END: cancellation.end,
        Verb.REINSTATE: cancellation.reinstate,
    }
    return commands[verb]()


def refusal_of(case: Case, verb: Verb) -> type[Refused] | None:
    """Return the error that a verb must raise in a situation, or None where it is accepted."""
    if verb is Verb.BEGIN and case.begin is not None:
        return case.begin
    if verb in case.moves and (case.state, verb) in TABLE:
        return None
    return NotCancelled if verb is Verb.REINSTATE else case.wrong


def cells(wanted: Callable[[Case, Verb], bool]) -> list[tuple[str, Verb]]:
    return [
        (name, verb) for name, case in SITUATIONS.items() for verb in Verb if wanted(case, verb)
    ]


ACCEPTED = cells(lambda case, verb: refusal_of(case, verb) is None)
REFUSED = cells(lambda case, verb: refusal_of(case, verb) is not None)


@pytest.mark.parametrize(("situation", "verb"), ACCEPTED)
def test_verb_of_the_table_is_accepted(situation: str, verb: Verb) -> None:
    """The state afterwards is the table's, and the history has one more entry, of this verb.

    End alone says where the CRM has the customer, which may be Cancelled.
    """
    case = SITUATIONS[situation]
    here = case.arrange()
    assert case.state is here.get().view().state
    entries = len(here.history())
    now = case.ended if verb is Verb.END else TABLE[case.state, verb]
    assert now is do(verb, here).now
    assert TABLE[case.state, verb] is here.record().state
    assert (now, entries + 1) == (state_now(here, now), len(here.history()))
    assert (verb, True) == (here.history()[-1].verb, here.history()[-1].accepted)


@pytest.mark.parametrize(("situation", "verb"), REFUSED)
def test_verb_that_is_not_in_the_table_is_refused(situation: str, verb: Verb) -> None:
    """The right error; nothing has changed; the history has one more entry, the refusal."""
    case = SITUATIONS[situation]
    here = case.arrange()
    tables, entries = here.tables(), len(here.history())
    with pytest.raises(Refused) as refused:
        do(verb, here)
    assert refusal_of(case, verb) is type(refused.value)
    assert tables == here.tables()
    assert entries + 1 == len(here.history())
    assert refused.value.entry == here.history()[-1]
    assert (verb, False) == (here.history()[-1].verb, here.history()[-1].accepted)


def state_now(here: World, gone: State) -> State:
    """Return where a view has the customer; `gone` where there is none any more."""
    try:
        return here.get().view().state
    except UnknownCustomer:
        return gone


WRONG = cells(lambda case, verb: issubclass(refusal_of(case, verb) or Drift, WrongState))


@pytest.mark.parametrize(("situation", "verb"), WRONG)
def test_wrong_state_names_the_moves_that_are_allowed(situation: str, verb: Verb) -> None:
    """What a refusal offers is what the view offers, and what is accepted."""
    case = SITUATIONS[situation]
    here = case.arrange()
    assert case.allowed == here.get().view().actions
    if refusal_of(case, verb) is AlreadyPending:
        return  # it says what to do in the CRM instead
    allowed = ", ".join(TEXTS[f"verb.{move.value}"] for move in case.allowed) or "none"
    with pytest.raises(WrongState, match=re.escape(f"moves allowed now: {allowed}.")):
        do(verb, here)


# ---------------------------------------------------------------- who may


class Asked:
    """A role checker that remembers what it was asked, and denies some actions."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied
        self.actions: list[str] = []

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        self.actions.append(action)
        return action not in self.denied


ACTION_OF = {
    Verb.BEGIN: (live, "begin"),
    Verb.ENTER: (pending, "edit"),
    Verb.PERFORM_NOW: (pending, "edit"),
    Verb.OVERRIDE: (pending, "override"),
    Verb.SCHEDULE: (pending, "process"),
    Verb.PROCESS: (pending, "process"),
    Verb.REMOVE: (pending, "remove"),
    Verb.ADOPT: (pending_but_unmarked, "override"),
    Verb.END: (pending_but_unmarked, "override"),
    Verb.REINSTATE: (processed, "reinstate"),
}


def asking(here: World, asked: Asked) -> World:
    return evolve(here, kit=evolve(here.kit, roles=asked))


def test_every_verb_has_an_action_for_the_role_checker() -> None:
    assert {verb: action for verb, (_, action) in ACTION_OF.items()} == ACTIONS
    assert set(Verb) == set(ACTIONS)


@pytest.mark.parametrize("verb", Verb)
def test_verb_asks_the_role_checker_about_its_action_once(verb: Verb) -> None:
    arrange, action = ACTION_OF[verb]
    asked = Asked()
    assert do(verb, asking(arrange(), asked)).op
    assert [action] == [one for one in asked.actions if one != "view"]


@pytest.mark.parametrize("verb", Verb)
def test_verb_whose_action_is_denied_is_refused_and_not_offered(verb: Verb) -> None:
    """Whoever has every other right does not have this one; the history has the attempt."""
    arrange, action = ACTION_OF[verb]
    here = asking(arrange(), Asked(action))
    tables = here.tables()
    assert verb not in here.get().view().actions
    with pytest.raises(NotAllowed):
        do(verb, here)
    assert tables == here.tables()
    assert (verb, ("not_allowed",)) == (
        here.history()[-1].verb,
        tuple(refusal.code for refusal in here.history()[-1].refusals),
    )


# ---------------------------------------------------------------- what is shown


@pytest.mark.parametrize("name", ["live", "pending", "removed", "cancelled", "reinstated"])
@pytest.mark.parametrize(
    ("former", "shown"),
    [
        (Status("live"), ("Live", "Live (PC)", "Live", "Cancelled", "Live")),
        (Status("pending"), ("Pending", "Pending (PC)", "Pending", "Cancelled", "Pending")),
        (
            Status("gold_vip", label="Gold VIP"),
            ("Gold VIP", "Gold VIP (PC)", "Gold VIP", "Cancelled", "Gold VIP"),
        ),
        (None, ("Live", "Live (PC)", "Live", "Cancelled", "Live")),
        # Once the third and fourth raised Drift.
        (Status("live", pending=None), ("Live", "Live (PC)", "Live", "Cancelled", "Live")),
    ],
    ids=str,
)
def test_status_is_shown_in_the_words_of_the_crm(
    name: str, former: Status | None, shown: tuple[str, ...]
) -> None:
    made = {
        "live": live,
        "pending": pending,
        "removed": removed,
        "cancelled": processed,
        "reinstated": reinstated,
    }
    assert shown[[*made].index(name)] == made[name](former).get().view().status


@pytest.mark.parametrize("former", [LIVE, Status("pending"), Status("live", pending=None), None])
def test_crm_without_drift_shows_none(former: Status | None) -> None:
    """A cancellation whose customer nobody touched has not drifted, whatever marks the CRM has."""
    assert "" == pending(former).get().view().drift


@pytest.mark.parametrize("former", [LIVE, Status("pending"), Status("live", pending=None), None])
def test_remove_puts_back_exactly_the_former_status(former: Status | None) -> None:
    assert former == removed(former).status


def test_pending_customer_has_the_own_value_and_the_mark() -> None:
    assert Status("live", pending=True) == pending().status


def test_cancelled_names_who_and_when() -> None:
    here = processed()
    with pytest.raises(
        AlreadyCancelled, match=r"already cancelled by Alice at 2026-03-02 09:00 UTC"
    ):
        here.get("bob").begin()


def test_cancelled_by_other_means_does_not_claim_to_know_by_whom() -> None:
    with pytest.raises(AlreadyCancelled, match=r"Cancelled already, by other means"):
        cancelled_elsewhere().get().begin()


def test_mark_without_a_cancellation_says_what_to_do() -> None:
    with pytest.raises(AlreadyPending, match=r"no cancellation is open here; clear the mark"):
        marked_without_cancellation().get().begin()


def test_begin_again_opens_the_one_that_is_there() -> None:
    here = pending()
    first = here.record()
    again = here.get("bob").begin()
    assert (first.id, False) == (again.cancellation, again.replayed)
    assert first == here.record()


def test_begin_after_a_removal_is_a_new_cancellation() -> None:
    here = removed()
    old = here.record().id
    here.begun()
    assert old != here.record().id


def test_drift_is_shown_and_never_overwritten() -> None:
    here = pending_but_cancelled_elsewhere()
    view = here.get().view()
    assert "The status was changed to Cancelled by somebody else" == view.drift
    assert "Cancelled" == view.status
    with pytest.raises(Drift, match="Cancelled"):
        here.get().remove()
    assert CANCELLED == here.status


def test_what_is_entered_while_drifted_is_kept() -> None:
    """Drift ends no stage of the work: answers are no moves of the status."""
    here = pending_but_status_changed()
    here.get().enter(Mood("angry"))
    assert "Angry" == here.get().view().section("mood").message


def test_a_crm_that_says_live_again_may_begin_again() -> None:
    """Cancelled is what the CRM says: where somebody sets it live again, a new one may begin."""
    here = processed()
    first = here.record().id
    here.crm.put_customer(evolve(here.customer, status=LIVE))
    assert State.LIVE is here.get().view().state
    assert first != here.get().begin().cancellation


def test_perform_now_without_anything_planned_is_no_move() -> None:
    here = world()
    here.begun()
    with pytest.raises(NothingPlanned, match="Ownership: nothing is planned"):
        here.get().perform_now("ownership")


def test_status_without_a_mirror_is_not_taken_for_drift() -> None:
    """A host that shows a status but has no `StatusMirror` is judged by cancelkit's own record."""
    here = world(status=LIVE, mirrored=False)
    here.begun()
    assert State.LIVE is here.get().remove().now


def test_every_row_of_the_table_is_in_the_diagram() -> None:
    """The theory of operation at the top of the module draws every move."""
    drawing = [line for line in (lifecycle.__doc__ or "").splitlines() if line.startswith("    ")]
    top, stays, back, again = drawing
    places = [State[word] for word in re.findall(r"[A-Z]+", top)]
    begin, process = re.findall(r"--(\w+)-->", top)
    assert [State.LIVE, State.PENDING, State.CANCELLED] == places
    staying = stays.partition("__ ")[2].partition(": stays pending")[0]
    leaving = re.findall(r"\w+", back)
    drawn = {(State.LIVE, begin): State.PENDING, (State.PENDING, process): State.CANCELLED}
    drawn |= {(State.PENDING, verb): State.PENDING for verb in staying.split(", ")}
    drawn |= {(State.PENDING, verb): State.LIVE for verb in leaving}
    drawn |= {(State.CANCELLED, verb): State.LIVE for verb in re.findall(r"\w+", again)}
    assert {(at, verb.value): to for (at, verb), to in TABLE.items()} == drawn


def test_nothing_but_reinstate_leads_out_of_cancelled() -> None:
    """A late command revives no cancelled customer."""
    assert (Verb.REINSTATE,) == moves(State.CANCELLED)


def test_nothing_but_remove_process_and_end_leads_out_of_pending() -> None:
    """PENDING is sticky: a schedule, a settings edit or a second Begin does not end it."""
    leaving = {verb for (at, verb), to in TABLE.items() if at is State.PENDING is not to}
    assert {Verb.REMOVE, Verb.PROCESS, Verb.END} == leaving


@pytest.mark.parametrize(
    ("former", "expected"),
    [
        (None, None),
        (Status("live"), Status("live", pending=True)),
        (Status("live", pending=None), Status("live", pending=None)),
    ],
)
def test_mark_is_made_only_where_the_crm_has_one(
    former: Status | None, expected: Status | None
) -> None:
    assert expected == while_pending(former)


def test_renamed_status_is_no_drift() -> None:
    """A label is for people: another text for the same value is not another status."""
    here = pending()
    here.crm.put_customer(evolve(here.customer, status=Status("live", True, label="Active")))
    assert not drifted(here.customer, here.record())
    assert "Active (PC)" == shown_status(here.customer, State.PENDING)

"""The lifecycle: every state x every verb, accepted or refused exactly as the table says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve, frozen

from cancelkit import Cancellation, Mood, NewOwner, Outcome, Refused, Status, lifecycle
from cancelkit.errors import (
    AlreadyCancelled,
    AlreadyPending,
    Drift,
    NothingPlanned,
    NotPending,
    WrongState,
)
from cancelkit.lifecycle import ACTIONS, TABLE, drifted, moves, shown_status, while_pending
from cancelkit.records import State, Verb
from tests.world import World, world

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


def pending_but_status_changed() -> World:
    made = pending()
    made.crm.put_customer(evolve(made.customer, status=Status("frozen", pending=True)))
    return made


def pending_but_unmarked() -> World:
    made = pending()
    made.crm.put_customer(evolve(made.customer, status=LIVE))
    return made


@frozen
class Case:
    """A situation, the state of the table that it is, and what each refused verb raises."""

    arrange: Arrange
    state: State
    wrong: type[Refused] | None = None
    drifts: bool = False
    begin: type[Refused] | None = None


SITUATIONS = {
    "live": Case(live, State.LIVE, NotPending),
    "live, was 'Pending' in the CRM": Case(lambda: live(Status("pending")), State.LIVE, NotPending),
    "live, a CRM without status": Case(lambda: live(None), State.LIVE, NotPending),
    "live, a status without pending mark": Case(
        lambda: live(Status("live", pending=None)), State.LIVE, NotPending
    ),
    "removed": Case(removed, State.LIVE, NotPending),
    "removed, a CRM without status": Case(lambda: removed(None), State.LIVE, NotPending),
    "pending": Case(pending, State.PENDING),
    "pending, was 'Pending' in the CRM": Case(lambda: pending(Status("pending")), State.PENDING),
    "pending, a CRM without status": Case(lambda: pending(None), State.PENDING),
    # Once in adapters/memory/crm.py mark_pending: it sets pending=True where it was None.
    "pending, a status without pending mark": Case(
        lambda: pending(Status("live", pending=None)), State.PENDING
    ),
    "cancelled": Case(processed, State.CANCELLED, AlreadyCancelled),
    "cancelled, a CRM without status": Case(
        lambda: processed(None), State.CANCELLED, AlreadyCancelled
    ),
    # The same bug: it cannot be processed at all.
    "cancelled, a status without pending mark": Case(
        lambda: processed(Status("live", pending=None)), State.CANCELLED, AlreadyCancelled
    ),
    "cancelled by other means": Case(cancelled_elsewhere, State.CANCELLED, AlreadyCancelled),
    "cancelled by other means after a removal": Case(
        cancelled_elsewhere_after_removal, State.CANCELLED, AlreadyCancelled
    ),
    "marked as pending, no cancellation": Case(
        marked_without_cancellation, State.LIVE, NotPending, begin=AlreadyPending
    ),
    "pending, and cancelled by other means": Case(
        pending_but_cancelled_elsewhere, State.PENDING, drifts=True
    ),
    "pending, and the status changed": Case(pending_but_status_changed, State.PENDING, drifts=True),
    "pending, and the mark taken away": Case(pending_but_unmarked, State.PENDING, drifts=True),
}


def do(verb: Verb, cancellation: Cancellation) -> Outcome:
    """Give a command in the way in which it is accepted where the table has the move."""
    if verb is Verb.PROCESS:
        token = cancellation.view().token or f"id-1.1.{'0' * 64}"
        return cancellation.process(token)
    commands: dict[Verb, Callable[[], Outcome]] = {
        Verb.BEGIN: cancellation.begin,
        Verb.ENTER: lambda: cancellation.enter(Mood("angry")),
        Verb.PERFORM_NOW: lambda: cancellation.perform_now("ownership"),
        Verb.REMOVE: cancellation.remove,
    }
    return commands[verb]()


def refusal_of(case: Case, verb: Verb) -> type[Refused] | None:
    """Return the error that a verb must raise in a situation, or None where it is accepted."""
    if verb is Verb.BEGIN and case.begin is not None:
        return case.begin
    if (case.state, verb) not in TABLE:
        return case.wrong
    guarded = verb in (Verb.PERFORM_NOW, Verb.REMOVE, Verb.PROCESS)
    return Drift if case.drifts and guarded else None


@pytest.mark.parametrize("verb", Verb, ids=lambda verb: verb.value)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_verb_is_accepted_or_refused_as_the_table_says(situation: str, verb: Verb) -> None:
    """Accepted: the state is the table's. Refused: the right error, and nothing has changed."""
    case = SITUATIONS[situation]
    here = case.arrange()
    cancellation = here.get()
    assert case.state == cancellation.view().state
    tables, status, entries = here.tables(), here.status, len(here.history())
    expected = refusal_of(case, verb)
    if expected is None:
        outcome = do(verb, cancellation)
        assert TABLE[case.state, verb] == outcome.now == cancellation.view().state
        assert here.history()[-1].accepted
    else:
        with pytest.raises(Refused) as refused:
            do(verb, cancellation)
        assert expected is type(refused.value)
        assert (tables, status) == (here.tables(), here.status)
        assert refused.value.entry == here.history()[-1]
        assert (verb, False) == (here.history()[-1].verb, here.history()[-1].accepted)
    assert entries + 1 == len(here.history())


@pytest.mark.parametrize("verb", Verb, ids=lambda verb: verb.value)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_wrong_state_names_the_moves_that_are_allowed(situation: str, verb: Verb) -> None:
    case = SITUATIONS[situation]
    if refusal_of(case, verb) not in (NotPending, AlreadyCancelled):
        return
    here = case.arrange()
    allowed = ", ".join(move.value for move in moves(case.state)) or "none"
    with pytest.raises(WrongState, match=f"moves allowed now: {allowed}"):
        do(verb, here.get())


@pytest.mark.parametrize("name", ["live", "pending", "removed", "cancelled"])
@pytest.mark.parametrize(
    ("former", "shown"),
    [
        (Status("live"), ("Live", "Live (PC)", "Live", "Cancelled")),
        (Status("pending"), ("Pending", "Pending (PC)", "Pending", "Cancelled")),
        (
            Status("gold_vip", label="Gold VIP"),
            ("Gold VIP", "Gold VIP (PC)", "Gold VIP", "Cancelled"),
        ),
        (None, ("Live", "Live (PC)", "Live", "Cancelled")),
        # Once the third and fourth raised Drift.
        (Status("live", pending=None), ("Live", "Live (PC)", "Live", "Cancelled")),
    ],
    ids=str,
)
def test_status_is_shown_in_the_words_of_the_crm(
    name: str, former: Status | None, shown: tuple[str, ...]
) -> None:
    made = {"live": live, "pending": pending, "removed": removed, "cancelled": processed}
    here = made[name](former)
    place = ["live", "pending", "removed", "cancelled"].index(name)
    assert shown[place] == here.get().view().status


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
    with pytest.raises(NothingPlanned, match="ownership"):
        here.get().perform_now("ownership")


def test_status_without_a_mirror_is_not_taken_for_drift() -> None:
    """A host that shows a status but has no `StatusMirror` is judged by cancelkit's own record."""
    here = world(status=LIVE, mirrored=False)
    here.begun()
    assert State.LIVE is here.get().remove().now


def test_every_row_of_the_table_is_in_the_diagram() -> None:
    """The theory of operation at the top of the module draws every move."""
    doc = lifecycle.__doc__ or ""
    drawing = [line for line in doc.splitlines() if "--" in line or "__" in line]
    stays = next(line for line in drawing if "stays pending" in line)
    drawn = {
        State.LIVE: {Verb.BEGIN} if "LIVE --begin--> PENDING" in doc else set[Verb](),
        State.PENDING: {verb for verb in Verb if verb.value in stays},
        State.CANCELLED: set[Verb](),
    }
    if "PENDING --process--> CANCELLED" in doc:
        drawn[State.PENDING].add(Verb.PROCESS)
    if any("--remove--" in line for line in drawing):
        drawn[State.PENDING].add(Verb.REMOVE)
    assert {state: set(moves(state)) for state in State} == drawn


def test_every_verb_has_an_action_for_the_role_checker() -> None:
    assert set(Verb) == set(ACTIONS)
    assert {"begin", "edit", "remove", "process"} == set(ACTIONS.values())


def test_nothing_leads_out_of_cancelled() -> None:
    """PENDING is sticky, and a late command revives no cancelled customer."""
    assert () == moves(State.CANCELLED)


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

"""Every command, accepted and refused, and how to get to where it can be given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from datetime import timedelta

from attrs import evolve, frozen

from cancelkit import CancelkitError, Cancellation, NewOwner, Outcome, Person, Refused, Status
from cancelkit.errors import (
    AlreadyCancelled,
    Blocked,
    CustomerGone,
    Drift,
    NoDrift,
    NotAllowed,
    NotCancelled,
    NothingToOverride,
    StaleToken,
    WrongDate,
)
from cancelkit.records import CancellationRecord
from cancelkit.schedule import process_due
from tests.harness.stored import Broken, Stored
from tests.harness.world import ALICE, BOB, CUSTOMER, MALLORY, PROFILE, TODAY, World

OP = "op-1"
"""The operation id of the command that is tried."""
SOON = TODAY + timedelta(days=3)
"""The day for which things are scheduled."""
NIGHTLY = Person("nightly", "Nightly job")
"""Has no role: acts on behalf of who scheduled."""


class NothingDue(Exception):
    """The job has found nothing that is due."""


def nothing_more(before: Stored, after: Stored) -> Iterator[Broken]:
    """For a command of which nothing else is to be said."""
    return iter(())


@frozen
class Command:
    """A command to try, and how to get to where it can be given.

    Attributes:
        name: in the table.
        prepare: brings a world there, and returns the token that the command needs, or "".
        give: gives it, with the token.
        refused: with what it is refused; None for an accepted one.
        actor: who gives it.
        op: its operation id; "" for what is due, which makes its own.
        foreign: customers whose status the CRM has changed.
        wanted: what else must be true, of what is stored before and after it.
    """

    name: str
    prepare: Callable[[World], str]
    give: Callable[[Cancellation, str], Outcome]
    refused: type[Refused] | None = None
    actor: Person = ALICE
    op: str = OP
    foreign: Set[str] = frozenset()
    wanted: Callable[[Stored, Stored], Iterator[Broken]] = nothing_more


# ---------------------------------------------------------------- how to get there


def _untouched(world: World) -> str:
    return ""


def _begun(world: World) -> str:
    return world.desk().begin(CUSTOMER, op="begin-0").plan().token


def planned(world: World) -> str:
    return world.make_ready(owner="t-7")


def _performed(world: World) -> str:
    planned(world)
    cancellation = world.desk().get(CUSTOMER)
    cancellation.perform_now("ownership", op="perform-0")
    return cancellation.plan().token


def _reopened(world: World) -> str:
    planned(world)
    world.back.set_open("sales_orders", CUSTOMER, to=True)
    return world.desk().get(CUSTOMER).plan().token


def _processed(world: World) -> str:
    """Cancelled; it was a prospect before, and the owner was changed."""
    world.change_status(Status("prospect"))
    token = _performed(world)
    world.desk().get(CUSTOMER).process(token, op="process-0")
    return token


def _overridden(world: World) -> str:
    _reopened(world)
    cancellation = world.desk().get(CUSTOMER)
    cancellation.override("sales_orders", "written off", op="override-0")
    return cancellation.plan().token


def _recounted(world: World) -> str:
    """The section says another thing than what was overridden."""
    _overridden(world)
    world.back.insert_open("sales_orders", CUSTOMER)
    return world.desk().get(CUSTOMER).plan().token


def _to_schedule(world: World) -> str:
    _reopened(world)
    return world.desk().get(CUSTOMER).plan(on=SOON).token


def _scheduled(world: World) -> str:
    """Scheduled by Alice although something is open, and the day has not come."""
    token = _to_schedule(world)
    world.desk().get(CUSTOMER).process(token, on=SOON, op="schedule-0")
    return world.desk().get(CUSTOMER).plan(on=SOON + timedelta(days=1)).token


def _due_blocked(world: World) -> str:
    _scheduled(world)
    world.clock.forward(timedelta(days=3))
    world.roles["alice"].clear()  # the authority of the day on which it was scheduled counts
    return ""


def due(world: World) -> str:
    """As above, and everything is closed by the day."""
    _due_blocked(world)
    world.back.set_open("sales_orders", CUSTOMER, to=False)
    return ""


def _due_overridden(world: World) -> str:
    _scheduled(world)
    world.desk().get(CUSTOMER).override("sales_orders", "written off", op="override-0")
    world.clock.forward(timedelta(days=5))
    return ""


def _due_drifted(world: World) -> str:
    due(world)
    world.change_status(Status("prospect"))
    return ""


def _due_gone(world: World) -> str:
    due(world)
    world.back.delete_customer(CUSTOMER)
    return ""


def _drifted(world: World) -> str:
    _scheduled(world)
    world.change_status(Status("prospect"))
    return ""


def _elsewhere(world: World) -> str:
    _scheduled(world)
    world.change_status(Status("cancelled", cancelled=True))
    return ""


def _gone(world: World) -> str:
    _scheduled(world)
    world.back.delete_customer(CUSTOMER)
    return ""


def _back_dated(world: World) -> str:
    planned(world)
    found = world.back.customer(CUSTOMER)
    world.back.put_customer(evolve(found, since=TODAY - timedelta(days=9)))
    return world.desk().get(CUSTOMER).plan(on=TODAY - timedelta(days=9)).token


def _too_early(world: World) -> str:
    _back_dated(world)
    return world.desk().get(CUSTOMER).plan(on=TODAY - timedelta(days=10)).token


def run_due(cancellation: Cancellation, token: str) -> Outcome:
    """Run the job, and return or raise what became of the one customer that may be due."""
    tried = list(process_due(cancellation.desk))
    if not tried:
        raise NothingDue
    assert [CUSTOMER] == [one.customer for one in tried]
    return _told(tried[0].outcome, tried[0].error)


def _told(outcome: Outcome | None, error: CancelkitError | None) -> Outcome:
    if outcome is not None and error is None:
        return outcome
    assert error is not None, "neither an outcome nor an error"
    raise error


# ---------------------------------------------------------------- what must be true


def _last(stored: Stored) -> CancellationRecord:
    return stored.cancellations[-1]


def _crm_untouched(before: Stored, after: Stored) -> Iterator[Broken]:
    """End writes nothing into the CRM."""
    if before.customers != after.customers:
        yield Broken("I6", "the CRM's customer was written")
    if _last(after).schedule is not None:
        yield Broken("I4", "a schedule outlived the end")


def _adopted(before: Stored, after: Stored) -> Iterator[Broken]:
    """Adopt keeps the CRM's value, marks it as pending, and remembers it to put it back."""
    was, now = before.customers[CUSTOMER].status, after.customers[CUSTOMER].status
    if was is None or now != evolve(was, pending=True):
        yield Broken("I6", f"the CRM's status was {was}, and is {now}")
    if _last(after).former != was:
        yield Broken("I6", f"{_last(after).former} is to be put back, not {was}")
    yield from _same_otherwise(before, after, "former")


def _reinstated(before: Stored, after: Stored) -> Iterator[Broken]:
    """The exact status of before Begin; reasons and everything else stay."""
    if after.customers[CUSTOMER].status != Status("prospect"):
        yield Broken("I6", f"reinstated as {after.customers[CUSTOMER].status}")
    yield from _same_otherwise(before, after, "state", "reinstated", "performed")


def _owner_stays(before: Stored, after: Stored) -> Iterator[Broken]:
    yield from _reinstated(before, after)
    if ["t-7"] != [owner.id for owner in after.customers[CUSTOMER].owners]:
        yield Broken("I6", "the owner was changed unasked")


def _owner_back(before: Stored, after: Stored) -> Iterator[Broken]:
    yield from _reinstated(before, after)
    if ["u-1"] != [owner.id for owner in after.customers[CUSTOMER].owners]:
        yield Broken("I6", "the owner was not put back")


def _postponed(before: Stored, after: Stored) -> Iterator[Broken]:
    """Everything is as it was, but for the day on which it is tried again."""
    was, now = _last(before).schedule, _last(after).schedule
    tomorrow = SOON + timedelta(days=1)
    if was is None or now != evolve(was, due=tomorrow):
        yield Broken("I4", f"the schedule was {was}, and is {now}")
    if before.customers != after.customers:
        yield Broken("I4", "the customer was changed")
    yield from _same_otherwise(before, after, "schedule")


def _schedule_kept(before: Stored, after: Stored) -> Iterator[Broken]:
    if _last(before).schedule != _last(after).schedule or not _last(after).schedule:
        yield Broken("I4", f"the schedule became {_last(after).schedule}")


def _profile_copied(before: Stored, after: Stored) -> Iterator[Broken]:
    record = _last(after)
    if record.profile != PROFILE or record.gates.get("ownership") != "blocks":
        yield Broken("I4", "the profile was not copied")
    if "mood" in record.gates:
        yield Broken("I4", "another checklist was copied")


def _same_otherwise(before: Stored, after: Stored, *but: str) -> Iterator[Broken]:
    """The cancellation is the same, but for its version and what is named."""
    one, other = _last(before), _last(after)
    changed = {name: getattr(other, name) for name in ("version", *but)}
    if evolve(one, **changed) != other:
        yield Broken("I4", "something else of the cancellation has changed")


# ---------------------------------------------------------------- the commands

HERE = frozenset((CUSTOMER,))


def _schedule(cancellation: Cancellation, token: str) -> Outcome:
    return cancellation.process(token, on=SOON, op=OP)


def _override(cancellation: Cancellation, token: str) -> Outcome:
    return cancellation.override("sales_orders", "written off", op=OP)


COMMANDS = (
    Command("begin", _untouched, lambda c, token: c.begin(op=OP)),
    Command("begin again", _begun, lambda c, token: c.begin(op=OP)),
    Command(
        "begin, by a profile",
        _untouched,
        lambda c, token: c.begin(profile=PROFILE, op=OP),
        wanted=_profile_copied,
    ),
    Command("begin, not allowed", _untouched, lambda c, t: c.begin(op=OP), NotAllowed, MALLORY),
    Command("enter", _begun, lambda c, token: c.enter(NewOwner("t-7"), token=token, op=OP)),
    Command(
        "enter, while scheduled",
        _scheduled,
        lambda c, token: c.enter(NewOwner("t-8"), op=OP),
        wanted=_schedule_kept,
    ),
    Command("perform now", planned, lambda c, token: c.perform_now("ownership", op=OP)),
    Command("remove", _performed, lambda c, token: c.remove(op=OP)),
    Command("remove, put back", _performed, lambda c, token: c.remove(put_back=True, op=OP)),
    Command("remove, while scheduled", _scheduled, lambda c, token: c.remove(op=OP)),
    Command("remove, customer gone", _gone, lambda c, token: c.remove(op=OP), CustomerGone),
    Command("process", planned, lambda c, token: c.process(token, op=OP)),
    Command("process, blocked", _reopened, lambda c, token: c.process(token, op=OP), Blocked),
    Command(
        "process again", _processed, lambda c, token: c.process(token, op=OP), AlreadyCancelled
    ),
    Command("process, overridden", _overridden, lambda c, token: c.process(token, op=OP)),
    Command(
        "process, override is void", _recounted, lambda c, token: c.process(token, op=OP), Blocked
    ),
    Command(
        "process, back-dated",
        _back_dated,
        lambda c, token: c.process(token, on=TODAY - timedelta(days=9), op=OP),
    ),
    Command(
        "process, before the first day",
        _too_early,
        lambda c, token: c.process(token, on=TODAY - timedelta(days=10), op=OP),
        WrongDate,
    ),
    Command("override", _reopened, _override),
    Command(
        "override, taken back",
        _overridden,
        lambda c, t: c.override("sales_orders", take_back=True, op=OP),
    ),
    Command("override, not allowed", _reopened, _override, NotAllowed, BOB),
    Command("override, of what is green", planned, _override, NothingToOverride),
    Command("schedule", _to_schedule, _schedule),
    Command(
        "schedule for another day",
        _scheduled,
        lambda c, token: c.process(token, on=SOON + timedelta(days=1), op=OP),
    ),
    Command("schedule, confirmed for today", planned, _schedule, StaleToken),
    Command(
        "schedule, confirmed for another day",
        _to_schedule,
        lambda c, token: c.process(token, on=SOON + timedelta(days=1), op=OP),
        StaleToken,
    ),
    Command("schedule, not allowed", _to_schedule, _schedule, NotAllowed, MALLORY),
    Command("due", due, run_due, actor=NIGHTLY, op=""),
    Command("due, overridden", _due_overridden, run_due, actor=NIGHTLY, op=""),
    Command("due, blocked", _due_blocked, run_due, Blocked, NIGHTLY, "", wanted=_postponed),
    Command("due, drifted", _due_drifted, run_due, Drift, NIGHTLY, "", HERE, _postponed),
    Command("due, customer gone", _due_gone, run_due, CustomerGone, NIGHTLY, "", HERE, _postponed),
    Command("reinstate", _processed, lambda c, t: c.reinstate(op=OP), wanted=_owner_stays),
    Command(
        "reinstate, put back",
        _processed,
        lambda c, token: c.reinstate(put_back=True, op=OP),
        wanted=_owner_back,
    ),
    Command("reinstate, not cancelled", planned, lambda c, t: c.reinstate(op=OP), NotCancelled),
    Command("adopt", _drifted, lambda c, token: c.adopt(op=OP), foreign=HERE, wanted=_adopted),
    Command(
        "adopt, cancelled elsewhere", _elsewhere, lambda c, t: c.adopt(op=OP), Drift, foreign=HERE
    ),
    Command("adopt, no drift", planned, lambda c, token: c.adopt(op=OP), NoDrift),
    Command(
        "end, drifted", _drifted, lambda c, t: c.end(op=OP), foreign=HERE, wanted=_crm_untouched
    ),
    Command(
        "end, cancelled elsewhere",
        _elsewhere,
        lambda c, token: c.end(op=OP),
        foreign=HERE,
        wanted=_crm_untouched,
    ),
    Command("end, customer gone", _gone, lambda c, token: c.end(op=OP), wanted=_crm_untouched),
    Command("end, not allowed", _drifted, lambda c, t: c.end(op=OP), NotAllowed, BOB, OP, HERE),
    Command("end, no drift", planned, lambda c, token: c.end(op=OP), NoDrift),
)
"""Every command, accepted and refused."""

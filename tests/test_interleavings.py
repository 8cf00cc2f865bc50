"""Every interleaving of two actors at port-call grain: one wins, the other is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from attrs import evolve, frozen

from cancelkit import CancelkitError, Outcome, Person, Reasons, Status
from cancelkit.adapters.memory import Memory, MemoryHost
from cancelkit.errors import (
    AlreadyCancelled,
    CustomerGone,
    Drift,
    NotAllowed,
    NotPending,
    StaleToken,
)
from cancelkit.ports import Host
from cancelkit.records import HistoryEntry, Notification, Verb
from tests.harness import broken
from tests.harness.interleave import Event, Pair, Run, Stage, explore
from tests.harness.report import Report
from tests.harness.scheduler import NoLock, Scheduler
from tests.harness.stored import TOLD, Broken, broken_by
from tests.harness.watch import Call
from tests.harness.world import ALICE, BOB, CUSTOMER, Outside, World, memory_world

Act = Callable[[], object]
RACE = "@race"
"""At the end of the operation ids of the two actors."""


def honest(scheduler: Scheduler) -> World:
    return memory_world(memory=Memory(scheduler.make_lock))


# ---------------------------------------------------------------- the actors


def planned(world: World) -> str:
    return world.make_ready(owner="t-7")


def untouched(world: World) -> str:
    return ""


def process(stage: Stage, name: str, actor: Person = ALICE) -> Act:
    cancellation = stage.world.desk(actor, watch=stage.watch(name)).get(CUSTOMER)
    return lambda: cancellation.process(stage.token, op=f"{name}{RACE}")


def same_process(stage: Stage, name: str) -> Act:
    cancellation = stage.world.desk(watch=stage.watch(name)).get(CUSTOMER)
    return lambda: cancellation.process(stage.token, op=f"click{RACE}")


def remove(stage: Stage, name: str) -> Act:
    cancellation = stage.world.desk(BOB, watch=stage.watch(name)).get(CUSTOMER)
    return lambda: cancellation.remove(op=f"{name}{RACE}")


def begin(stage: Stage, name: str, actor: Person = ALICE) -> Act:
    cancellation = stage.world.desk(actor, watch=stage.watch(name)).get(CUSTOMER)
    return lambda: cancellation.begin(op=f"{name}{RACE}")


def perform(stage: Stage, name: str) -> Act:
    cancellation = stage.world.desk(BOB, watch=stage.watch(name)).get(CUSTOMER)
    return lambda: cancellation.perform_now("ownership", op=f"{name}{RACE}")


def enter(stage: Stage, name: str) -> Act:
    cancellation = stage.world.desk(BOB, watch=stage.watch(name)).get(CUSTOMER)
    return lambda: cancellation.enter(Reasons("service"), token=stage.token, op=f"{name}{RACE}")


def reopen(world: World) -> None:
    world.back.set_open("sales_orders", CUSTOMER, to=True)


def close(world: World) -> None:
    world.back.set_open("sales_orders", CUSTOMER, to=False)


def insert(world: World) -> None:
    world.back.insert_open("cases", CUSTOMER)


def set_prospect(world: World) -> None:
    world.change_status(Status("prospect"))


def delete(world: World) -> None:
    world.back.delete_customer(CUSTOMER)


def revoke(world: World) -> None:
    world.roles["alice"].clear()


def owner_leaves(world: World) -> None:
    world.back.put_customer(evolve(world.back.customer(CUSTOMER), owners=(Person("t-8"),)))


# ---------------------------------------------------------------- what must be true of each run


def always(run: Run, *, foreign: bool = False) -> Iterator[Broken]:
    """What holds whoever the actors are."""
    stored = run.world.back.stored()
    yield from broken_by(stored, foreign={CUSTOMER} if foreign else set(), sound=False)
    for event in run.log:
        if transition(event) and event.open:
            yield Broken("I1", "an open record was committed before the Process")
    yield from authority(run)
    commands = [one for name, one in run.answers.items() if name != "host"]
    entries = [entry for entry in stored.history if entry.op.endswith(RACE)]
    recorded = sum(1 for one in commands if not isinstance(one, CancelkitError) or refused(one))
    replayed = sum(1 for one in commands if isinstance(one, Outcome) and one.replayed)
    if any(not isinstance(one, Outcome | CancelkitError) for one in commands):
        yield Broken("branch", f"{run.answers}")
    if recorded - replayed != len(entries):
        yield Broken("I8", f"{recorded} commands were answered, and {len(entries)} recorded")


def refused(answer: object) -> bool:
    return hasattr(answer, "refusals")


def transition(event: Event) -> bool:
    return event.what == "commit" and accepted(event.entry, Verb.PROCESS)


def accepted(entry: HistoryEntry | None, verb: Verb) -> bool:
    return entry is not None and entry.accepted and entry.verb is verb


def authority(run: Run) -> Iterator[Broken]:
    """The last time the role was asked about, before the commit, it was there."""
    asked: dict[str, bool] = {}
    for event in run.log:
        if event.what == "asked":
            asked[event.actor] = event.granted
        elif event.entry is not None and event.entry.accepted:
            if asked.pop(event.actor, False):
                continue
            yield Broken("I7", f"{event.entry.verb.value} without a role, or without asking")


def processed_once(run: Run) -> Iterator[Broken]:
    rows = [row.recipient for row in told(run) if row.event == "processed"]
    if sorted(person.id for person in rows) != sorted(person.id for person in TOLD):
        yield Broken("I4", f"{len(rows)} notifications for one Process")


def told(run: Run) -> list[Notification]:
    return [row.notification for row in run.world.back.stored().outbox]


def outcomes(run: Run) -> dict[str, Outcome]:
    return {name: one for name, one in run.answers.items() if isinstance(one, Outcome)}


def one_wins(run: Run, loser_of: Mapping[str, type[CancelkitError]]) -> Iterator[Broken]:
    """Exactly one is accepted; the other gets the error that goes with the winner."""
    won = list(outcomes(run))
    if len(won) != 1:
        yield Broken("I3", f"{len(won)} of two won: {run.answers}")
        return
    loser = next(one for name, one in run.answers.items() if name not in won)
    if not isinstance(loser, loser_of[won[0]]):
        yield Broken("branch", f"{won[0]} won, and the other got {loser!r}")


def judge_two_processes(run: Run) -> Iterator[Broken]:
    yield from always(run)
    yield from one_wins(run, {"first": AlreadyCancelled, "second": AlreadyCancelled})
    yield from processed_once(run)


def judge_double_click(run: Run) -> Iterator[Broken]:
    yield from always(run)
    yield from processed_once(run)
    replayed = sorted(one.replayed for one in outcomes(run).values())
    if replayed != [False, True]:
        yield Broken("retry", f"a double click was answered with {run.answers}")


def judge_process_and_remove(run: Run) -> Iterator[Broken]:
    yield from always(run)
    yield from one_wins(run, {"process": AlreadyCancelled, "remove": NotPending})
    if "process" in outcomes(run):
        yield from processed_once(run)


def judge_two_begins(run: Run) -> Iterator[Broken]:
    yield from always(run)
    begun = {one.cancellation for one in outcomes(run).values()}
    if len(outcomes(run)) != 2 or len(begun) != 1:
        yield Broken("I3", f"two who begin did not get one cancellation: {run.answers}")


def judge_process_and_perform(run: Run) -> Iterator[Broken]:
    """The owner is assigned once. If that happened first, the plan that was confirmed is stale."""
    yield from always(run)
    owners = [owner.id for owner in run.world.back.customer(CUSTOMER).owners]
    if owners != ["t-7"]:
        yield Broken("I4", f"the owner is {owners}")
    yield from one_wins(run, {"process": AlreadyCancelled, "perform": StaleToken})
    done = [one for record in run.world.back.stored().cancellations for one in record.performed]
    if len(done) != 1:
        yield Broken("I3", f"the owner was assigned {len(done)} times")


def judge_process_and_enter(run: Run) -> Iterator[Broken]:
    """An answer that leaves the plan as it is does not get into the way of the Process."""
    yield from always(run)
    entered, done = run.answers["enter"], run.answers["process"]
    if not isinstance(done, Outcome):
        yield Broken("branch", f"the Process ended with {done!r}")
    elif not isinstance(entered, Outcome | AlreadyCancelled):
        yield Broken("branch", f"the answer ended with {entered!r}")


def judge_process_and_records(run: Run) -> Iterator[Broken]:
    yield from always(run)
    done = run.answers["process"]
    if isinstance(done, Outcome):
        yield from processed_once(run)
    elif not isinstance(done, StaleToken) or not any(r.code == "blocked" for r in done.refusals):
        yield Broken("branch", f"the Process ended with {done!r}")
    elif any(row.event == "processed" for row in told(run)):
        yield Broken("I4", "notified of a Process that was refused")


def judge_process_and_status(run: Run) -> Iterator[Broken]:
    """What the host has set is there in the end: nothing of ours was written over it."""
    yield from always(run, foreign=True)
    status = run.world.back.customer(CUSTOMER).status
    if status != Status("prospect"):
        yield Broken("I6", f"the host's status was overwritten with {status}")
    done = run.answers["process"]
    if not isinstance(done, Outcome | Drift):
        yield Broken("branch", f"the Process ended with {done!r}")


def judge_process_and_owner(run: Run) -> Iterator[Broken]:
    """The host's change of owner is either seen and planned anew, or it came after the Process."""
    yield from always(run)
    owner = run.world.back.customer(CUSTOMER).owners[0].id
    done, last = run.answers["process"], run.log[-1]
    if isinstance(done, StaleToken):
        if owner != "t-8":
            yield Broken("I4", f"refused, and the owner is {owner}")
    elif not isinstance(done, Outcome):
        yield Broken("branch", f"the Process ended with {done!r}")
    elif (owner == "t-8") != (last.actor == "host"):
        yield Broken("I4", f"the host's owner was overwritten: {owner}")


def judge_process_and_deletion(run: Run) -> Iterator[Broken]:
    """Who is deleted before the end was gone for the Process; that is no fault of the adapter."""
    yield from always(run, foreign=True)
    if not isinstance(run.answers["process"], Outcome | CustomerGone):
        yield Broken("branch", f"the Process ended with {run.answers['process']!r}")


def judge_process_and_role(run: Run) -> Iterator[Broken]:
    yield from always(run)
    if not isinstance(run.answers["process"], Outcome | NotAllowed):
        yield Broken("branch", f"the Process ended with {run.answers['process']!r}")


PAIRS = (
    Pair(
        "Process / Process",
        planned,
        lambda s: {"first": process(s, "first"), "second": process(s, "second", BOB)},
        judge_two_processes,
    ),
    Pair(
        "Process / the same Process",
        planned,
        lambda s: {"first": same_process(s, "first"), "second": same_process(s, "second")},
        judge_double_click,
    ),
    Pair(
        "Process / Remove",
        planned,
        lambda s: {"process": process(s, "process"), "remove": remove(s, "remove")},
        judge_process_and_remove,
    ),
    Pair(
        "Begin / Begin",
        untouched,
        lambda s: {"first": begin(s, "first"), "second": begin(s, "second", BOB)},
        judge_two_begins,
    ),
    Pair(
        "Process / Perform Now",
        planned,
        lambda s: {"process": process(s, "process"), "perform": perform(s, "perform")},
        judge_process_and_perform,
    ),
    Pair(
        "Process / Enter",
        planned,
        lambda s: {"process": process(s, "process"), "enter": enter(s, "enter")},
        judge_process_and_enter,
    ),
    Pair(
        "Process / host reopens a record",
        planned,
        lambda s: {"process": process(s, "process"), "host": s.host(reopen)},
        judge_process_and_records,
    ),
    Pair(
        "Process / host reopens and closes a record",
        planned,
        lambda s: {"process": process(s, "process"), "host": s.host(reopen, close)},
        judge_process_and_records,
    ),
    Pair(
        "Process / host inserts an open record",
        planned,
        lambda s: {"process": process(s, "process"), "host": s.host(insert)},
        judge_process_and_records,
    ),
    Pair(
        "Process / host changes the status",
        planned,
        lambda s: {"process": process(s, "process"), "host": s.host(set_prospect)},
        judge_process_and_status,
    ),
    Pair(
        "Process / host changes the owner",
        planned,
        lambda s: {"process": process(s, "process"), "host": s.host(owner_leaves)},
        judge_process_and_owner,
    ),
    Pair(
        "Process / host deletes the customer",
        planned,
        lambda s: {"process": process(s, "process"), "host": s.host(delete)},
        judge_process_and_deletion,
    ),
    Pair(
        "Process / role revoked",
        planned,
        lambda s: {"process": process(s, "process"), "host": s.host(revoke)},
        judge_process_and_role,
    ),
)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_interleaving_keeps_the_promises(pair: Pair, report: Report) -> None:
    found = explore(honest, pair)
    endings = "; ".join(f"{count} x {how}" for how, count in sorted(found.endings.items()))
    report("interleavings in memory", f"{pair.name}: {found.schedules} schedules ({endings})")
    assert ((), True) == (found.broken, found.complete), "\n".join(found.steps)
    assert found.schedules > 1


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_schedule_is_the_same_run_every_time(pair: Pair) -> None:
    def steps() -> list[str]:
        scheduler = Scheduler([1, 0, 1])
        world = honest(scheduler)
        scheduler.run(pair.actors(Stage(world, pair.prepare(world), scheduler)))
        return scheduler.steps

    assert steps() == steps()


def test_actors_that_wait_for_each_other_are_found_to_be_in_a_deadlock() -> None:
    """Two locks taken in opposite orders: some schedule ends in a deadlock."""

    def actors(stage: Stage) -> Mapping[str, Act]:
        one, other = stage.scheduler.make_lock(), stage.scheduler.make_lock()

        def take(*locks: object) -> None:
            for lock in (one, other) if locks == (1,) else (other, one):
                stage.scheduler.step("acquire")
                lock.acquire()

        return {"first": lambda: take(1), "second": lambda: take(2)}

    found = explore(honest, Pair("crossed", untouched, actors, lambda run: iter(())))
    assert ["deadlock"] == [one.promise for one in found.broken]


def test_a_write_of_the_host_inside_a_port_call_is_not_overwritten_either() -> None:
    """Between the mirror's look at the customer and its write, the host changes the name."""

    class Racing(Memory):
        race: Callable[[], object] | None = None

        def get(self, table: str, key: tuple[str, ...]) -> object:
            found: object = super().get(table, key)
            if table == "customers" and (race := self.race) is not None:
                self.race = None
                race()
            return found

    memory = Racing(patience=0.0)
    world = memory_world(memory=memory)
    raced: list[str] = []

    def rename() -> None:
        world.back.put_customer(evolve(world.back.customer(CUSTOMER), name="New name"))

    def arm(call: Call, do: Callable[[], object], /) -> object:
        if call.port == "status.mark_pending" and not raced:
            raced.append(call.port)
            memory.race = rename
        return do()

    world.desk(watch=arm).begin(CUSTOMER)
    assert ["status.mark_pending"] == raced
    assert "New name" == world.back.customer(CUSTOMER).name


# ---------------------------------------------------------------- the harness on planted bugs


@frozen
class Planted:
    """A planted bug: a world that has it, a pair in which it shows, and as what."""

    name: str
    make: Callable[[Scheduler], World]
    pair: str
    promise: str


def world_with(
    *,
    lock: bool = True,
    host: Callable[[MemoryHost], Host] = lambda host: host,
    outside: Callable[[], Outside] | None = None,
) -> Callable[[Scheduler], World]:
    def make(scheduler: Scheduler) -> World:
        memory = Memory(scheduler.make_lock if lock else NoLock)
        if outside is None:
            return memory_world(memory=memory, wrap=host)
        return memory_world(memory=memory, wrap=host, outside=outside())

    return make


def unchecked(host: MemoryHost) -> Host:
    return broken.Unchecked(host.crm, clock=host.clock, ids=host.ids)


PLANTED = (
    Planted(
        "no lock, and COMMIT does not check",
        world_with(lock=False, host=unchecked),
        "Process / Process",
        "I3",
    ),
    Planted(
        "no lock, and COMMIT does not check",
        world_with(lock=False, host=unchecked),
        "Process / Remove",
        "I3",
    ),
    Planted(
        "no lock, and COMMIT does not check",
        world_with(lock=False, host=unchecked),
        "Begin / Begin",
        "I3",
    ),
    Planted(
        "the lock alone, against a host that does not take it",
        world_with(host=unchecked),
        "Process / host reopens a record",
        "I1",
    ),
    Planted(
        "the lock alone, against a host that does not take it",
        world_with(host=unchecked),
        "Process / host inserts an open record",
        "I1",
    ),
    Planted(
        "judged before locking",
        world_with(host=broken.JudgesBeforeLocking),
        "Process / host reopens a record",
        "I1",
    ),
    Planted(
        "the status is not compared",
        world_with(host=lambda host: broken.OverwritesStatus(unchecked(host))),
        "Process / host changes the status",
        "I6",
    ),
    Planted(
        "no lock, and any version is overwritten",
        world_with(lock=False, host=lambda host: broken.SavesAnyVersion(unchecked(host))),
        "Process / Enter",
        "I4",
    ),
    Planted(
        "the role is remembered",
        world_with(outside=broken.remembers_roles),
        "Process / role revoked",
        "I7",
    ),
    Planted(
        "the outbox is written in a unit of its own",
        world_with(host=lambda host: broken.OwnUnits(host, ["outbox"])),
        "Process / host reopens a record",
        "I4",
    ),
    Planted(
        "the lock is never given back after an exception",
        world_with(host=broken.NeverUnlocks),
        "Process / host changes the status",
        "deadlock",
    ),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.name}: {planted.pair}")
def test_a_planted_bug_is_caught_and_named(planted: Planted, report: Report) -> None:
    pair = next(one for one in PAIRS if one.name == planted.pair)
    found = explore(planted.make, pair, limit=5_000)
    promises = sorted({one.promise for one in found.broken})
    report(
        "planted bugs caught by the interleavings",
        f"{planted.name}: {promises} in schedule {found.schedules} of {planted.pair}",
    )
    assert planted.promise in promises, f"{found.schedules} schedules"

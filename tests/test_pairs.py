"""Every pair of commands, and every command beside the CRM's own writes, at port-call grain.

The oracle is the same for all: what is answered and what is stored afterwards must be what one of
the two orders, run one after the other, gives. So the loser is refused as it is refused when it
simply comes second.

By default each pair is tried with every interruption of one actor by the other, of which some are
drawn, and with some random schedules; the seed is printed. In the profile "nightly" every schedule
of a pair is run where there are at most some thousands; of the others, the first of these, every
one with one interruption, and a thousand random ones.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import combinations_with_replacement

import pytest
from attrs import evolve, frozen

from cancelkit import Mood, Outcome, Person, Refused, Status
from cancelkit.adapters.memory import Memory, MemoryHost, MemoryNotifier
from cancelkit.ports import Host
from cancelkit.records import Delivery, Verb
from cancelkit.relay import Relay
from cancelkit.schedule import Tried, process_due
from tests.conftest import PROFILE
from tests.harness import broken
from tests.harness.commands import NIGHTLY, SOON
from tests.harness.interleave import Event, Explored, Pair, Run, Stage, draw, explore, serially
from tests.harness.report import Report
from tests.harness.scheduler import NoLock, Scheduler
from tests.harness.stored import TOLD, Broken, broken_by
from tests.harness.watch import WatchedHost
from tests.harness.world import ALICE, BOB, CUSTOMER, OTHER, World, memory_world, quiet

Act = Callable[[], object]
NIGHTLY_RUN = PROFILE == "nightly"
DRAWN, RANDOM = (1_000, 1_000) if NIGHTLY_RUN else (8, 4)
"""How many schedules of a pair are drawn: with one interruption, and with any number."""
ALL_OF = 3_000 if NIGHTLY_RUN else 0
"""Up to how many schedules a pair may have for all of them to be run."""


def honest(scheduler: Scheduler) -> World:
    return memory_world(memory=Memory(scheduler.make_lock))


# ---------------------------------------------------------------- where they start


def fresh(world: World) -> str:
    """Nothing was begun. Both actors may do everything."""
    world.roles["bob"] = {"CRM Admin"}
    return ""


def due(world: World) -> str:
    """Scheduled, and the day has come; one section is overridden, and an owner is planned."""
    fresh(world)
    world.make_ready(owner="t-7")
    world.back.set_open("sales_orders", CUSTOMER, to=True)
    cancellation = world.desk().get(CUSTOMER)
    cancellation.override("sales_orders", "written off", op="override-0")
    cancellation.process(cancellation.plan(on=SOON).token, on=SOON, op="schedule-0")
    world.clock.forward(timedelta(days=3))
    return f"{cancellation.plan().token} {cancellation.plan(on=LATER).token}"


def drifted(world: World) -> str:
    """The same, and somebody has changed the status in the CRM."""
    tokens = due(world)
    world.change_status(Status("prospect"))
    return tokens


def cancelled(world: World) -> str:
    """The same, and processed; the owner was changed."""
    tokens = due(world)
    world.desk().get(CUSTOMER).process(tokens.split()[0], op="process-0")
    return tokens


LATER = SOON + timedelta(days=1)


# ---------------------------------------------------------------- the actors


def tokens(stage: Stage) -> tuple[str, str]:
    now, _, later = stage.token.partition(" ")
    return now, later


@frozen
class Action:
    """What an actor does: its name, where it is accepted, and how it is made."""

    name: str
    home: Callable[[World], str]
    make: Callable[[Stage, str, Person], Act]


def command(name: str, home: Callable[[World], str], give: Callable[..., Outcome]) -> Action:
    """An action that is one command; `give` takes the cancellation, the tokens and the id."""

    def make(stage: Stage, actor: str, who: Person) -> Act:
        cancellation = stage.world.desk(who, watch=stage.watch(actor)).get(CUSTOMER)
        return lambda: give(cancellation, *tokens(stage), f"{actor}@race")

    return Action(name, home, make)


def job(stage: Stage, actor: str, who: Person) -> Act:
    desk = stage.world.desk(NIGHTLY, watch=stage.watch(actor))
    return lambda: list(process_due(desk))


ACTIONS = (
    command("begin", fresh, lambda c, now, later, op: c.begin(op=op)),
    command("enter", due, lambda c, now, later, op: c.enter(Mood("angry"), token=now, op=op)),
    command("perform now", due, lambda c, now, later, op: c.perform_now("ownership", op=op)),
    command(
        "override", due, lambda c, now, later, op: c.override("sales_orders", take_back=True, op=op)
    ),
    command("schedule", due, lambda c, now, later, op: c.process(later, on=LATER, op=op)),
    command("process", due, lambda c, now, later, op: c.process(now, op=op)),
    Action("process due", due, job),
    command("remove", due, lambda c, now, later, op: c.remove(put_back=True, op=op)),
    command("adopt", drifted, lambda c, now, later, op: c.adopt(op=op)),
    command("end", drifted, lambda c, now, later, op: c.end(op=op)),
    command("reinstate", cancelled, lambda c, now, later, op: c.reinstate(put_back=True, op=op)),
)


def change_status(world: World) -> None:
    """Somebody changes the status, or changes it back."""
    status = world.back.customer(CUSTOMER).status
    pending = Status("live", pending=True)
    world.change_status(pending if status == Status("prospect") else Status("prospect"))


def reopen(world: World) -> None:
    world.back.insert_open("cases", CUSTOMER)


def delete(world: World) -> None:
    world.back.delete_customer(CUSTOMER)


FOREIGN: Mapping[str, Callable[[World], None]] = {
    "CRM changes the status": change_status,
    "CRM opens a record": reopen,
    "CRM deletes the customer": delete,
}


# ---------------------------------------------------------------- what must be true


def said(answer: object) -> object:
    """Return what was answered, without made identifiers."""
    if isinstance(answer, Outcome):
        done = [one.message for one in (*answer.done, *answer.stays)]
        told = [person.id for person in answer.notified]
        return (answer.verb, answer.now, answer.on, answer.replayed, done, told)
    if isinstance(answer, Tried):
        return (answer.customer, said(answer.outcome), said(answer.error))
    if isinstance(answer, list):
        return [said(one) for one in answer]
    if isinstance(answer, Refused):
        return (type(answer).__name__, answer.codes, answer.sections)
    return repr(answer)


def result(run: Run) -> tuple[object, object]:
    answers = {name: said(answer) for name, answer in sorted(run.answers.items())}
    return answers, run.world.back.stored().plain()


def sound(run: Run, *, foreign: bool) -> Iterator[Broken]:
    """What holds whoever the actors are and whoever was first."""
    yield from broken_by(
        run.world.back.stored(), foreign={CUSTOMER} if foreign else set(), sound=False
    )
    asked: dict[str, bool] = {}
    for event in run.log:
        if event.what == "asked":
            asked[event.actor] = event.granted
        elif event.entry is not None and event.entry.accepted:
            yield from _committed(event, granted=asked.pop(event.actor, False))


def _committed(event: Event, *, granted: bool) -> Iterator[Broken]:
    """The instant at which an accepted command is committed."""
    entry = event.entry
    assert entry is not None
    if entry.behalf is None and not granted:
        yield Broken("I7", f"{entry.verb.value} without a role, or without asking")
    used = {message["section"] for message in entry.done if message.key == "override.used"}
    if entry.verb is Verb.PROCESS and event.open - used:
        yield Broken("I1", "an open record was committed before the Process")
    if entry.verb is Verb.END and event.was != event.now:
        yield Broken("I6", "End has written into the CRM")
    was = event.was.status if event.was else None
    now = event.now.status if event.now else None
    if entry.verb is Verb.ADOPT and (was is None or now != evolve(was, pending=True)):
        yield Broken("I6", f"Adopt made {now} of {was}")


def judge_by(
    orders: Mapping[tuple[str, ...], object], *, foreign: bool
) -> Callable[[Run], Iterator[Broken]]:
    """What is answered and stored is what one of the orders gives."""

    def judge(run: Run) -> Iterator[Broken]:
        yield from sound(run, foreign=foreign)
        if result(run) not in orders.values():
            listed = [f"{name}: {said(one)}" for name, one in run.answers.items()]
            yield Broken("serial", f"no order gives this: {'; '.join(listed)}")

    return judge


# ---------------------------------------------------------------- the pairs


@frozen
class Two:
    """Two actions, and where they start."""

    one: Action
    other: Action | str  # or what the CRM does
    start: Callable[[World], str]

    def __str__(self) -> str:
        other = self.other if isinstance(self.other, str) else self.other.name
        return f"{self.one.name} / {other} ({self.start.__name__})"

    def actors(self, stage: Stage) -> dict[str, Act]:
        if isinstance(self.other, str):
            host = stage.host(FOREIGN[self.other])
            return {"first": self.one.make(stage, "first", ALICE), "host": host}
        return {
            "first": self.one.make(stage, "first", ALICE),
            "second": self.other.make(stage, "second", BOB),
        }

    def run(
        self,
        make: Callable[[Scheduler], World],
        seed: int,
        *,
        once: int,
        often: int,
        all_of: int = 0,
    ) -> Explored:
        """Run every schedule where these are at most `all_of`; else draw some."""
        foreign = isinstance(self.other, str) or self.start is drifted
        pair = Pair(str(self), self.start, self.actors, lambda run: iter(()))
        orders = {}
        for names, run in serially(make, pair):
            wrong = tuple(sound(run, foreign=foreign))
            if wrong:
                return Explored(0, wrong, names, False, {})
            orders[names] = result(run)
        pair = evolve(pair, judge=judge_by(orders, foreign=foreign))
        found = explore(make, pair, limit=all_of)
        if found.complete or found.broken:
            return found
        more = draw(make, pair, seed, once=once, often=often)
        return evolve(more, schedules=found.schedules + more.schedules)


PAIRS = tuple(
    Two(one, other, start)
    for one, other in combinations_with_replacement(ACTIONS, 2)
    for start in dict.fromkeys((one.home, other.home))
) + tuple(Two(one, other, one.home) for one in ACTIONS for other in FOREIGN)


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of the drawn schedules; pytest-randomly makes it from its own."""
    return random.getrandbits(32)


@pytest.fixture(scope="session")
def tally() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("two", PAIRS, ids=str)
def test_two_at_once_end_as_one_after_the_other(
    two: Two, seed: int, tally: Counter[str], report: Report
) -> None:
    found = two.run(honest, seed, once=DRAWN, often=RANDOM, all_of=ALL_OF)
    tally["pairs"] += 1
    tally["exhausted"] += found.complete
    tally["schedules"] += found.schedules
    if tally["pairs"] == len(PAIRS):
        pairs = f"{len(PAIRS)} pairs in their situations, {tally['exhausted']} of them exhausted"
        totals = f"{tally['schedules']} schedules; seed of those that were drawn: {seed}"
        report("pairs of commands in memory", f"{pairs}: {totals}")
    assert () == found.broken, f"seed {seed}\n" + "\n".join(found.steps)
    assert found.schedules > 1


def test_every_pair_is_there() -> None:
    """Every unordered pair of the eleven, and each beside each of the CRM's own writes."""
    names = [action.name for action in ACTIONS]
    wanted = {frozenset((one, other)) for one in names for other in [*names, *FOREIGN]}
    there = {frozenset(str(two).rpartition(" (")[0].split(" / ")) for two in PAIRS}
    assert wanted == there
    assert {verb.value.replace("_", " ") for verb in Verb} <= {*names}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_each_action_is_accepted_where_it_starts(action: Action) -> None:
    """Otherwise the pairs would prove nothing."""
    scheduler = Scheduler()
    world = honest(scheduler)
    stage = Stage(world, action.home(world), scheduler)
    answer = action.make(stage, "first", ALICE)()
    outcomes = [one.outcome for one in answer] if isinstance(answer, list) else [answer]
    assert [Outcome] == [type(one) for one in outcomes]


# ---------------------------------------------------------------- two jobs at once


def two_due(world: World) -> str:
    """Two customers are due; of one something is open, so that it is blocked."""
    for customer in (CUSTOMER, OTHER):
        world.make_ready(customer)
        cancellation = world.desk().get(customer)
        cancellation.process(cancellation.plan(on=SOON).token, on=SOON, op="schedule-0")
    world.back.set_open("cases", OTHER, to=True)
    world.clock.forward(timedelta(days=3))
    return ""


def judge_two_jobs(run: Run) -> Iterator[Broken]:
    """Each customer whose day has come is tried once, by one of the two."""
    stored = run.world.back.stored()
    yield from broken_by(stored, sound=False)
    tried = Counter(
        (one.customer, "processed" if one.outcome else type(one.error).__name__)
        for answer in run.answers.values()
        for one in (answer if isinstance(answer, list) else [])
    )
    if tried != {(CUSTOMER, "processed"): 1, (OTHER, "Blocked"): 1}:
        yield Broken("I3", f"two jobs have tried {dict(tried)}: {run.answers}")
    keys = Counter(row.notification.key for row in stored.outbox)
    told = Counter(row.notification.event for row in stored.outbox)
    if max(keys.values()) > 1 or (told["processed"], told["blocked"]) != (len(TOLD), len(TOLD)):
        yield Broken("I5", f"told {dict(told)}")


TWO_JOBS = Pair(
    "two jobs",
    two_due,
    lambda stage: {"first": job(stage, "first", ALICE), "second": job(stage, "second", ALICE)},
    judge_two_jobs,
)


def to_be_told(world: World) -> str:
    two_due(world)
    list(process_due(world.desk(NIGHTLY)))
    return ""


def relays(stage: Stage) -> dict[str, Act]:
    channel = MemoryNotifier()

    def act(actor: str) -> Act:
        host = WatchedHost(stage.world.host, stage.watch(actor))
        relay = Relay(host, channel, report=quiet)

        def run() -> object:
            relay.run(limit=3)
            relay.run()
            return channel

        return run

    return {"first": act("first"), "second": act("second")}


def judge_two_relays(run: Run) -> Iterator[Broken]:
    """Every notification is delivered once, for no lease runs out; a third relay finds nothing."""
    channel = run.answers["first"]
    if not isinstance(channel, MemoryNotifier):
        yield Broken("branch", f"{run.answers}")
        return
    Relay(run.world.host, channel, report=quiet).run()
    rows = run.world.back.stored().outbox
    sent = Counter(notification.key for notification in channel.sent)
    if sent != {row.notification.key: 1 for row in rows}:
        yield Broken("I5", f"delivered {dict(sent)}")
    if {Delivery.SENT} != {row.delivery for row in rows}:
        yield Broken("I5", f"marked {[row.delivery.value for row in rows]}")


TWO_RELAYS = Pair("two relays", to_be_told, relays, judge_two_relays)


@pytest.mark.parametrize("pair", [TWO_JOBS, TWO_RELAYS], ids=lambda pair: pair.name)
def test_two_at_the_same_work_do_it_once(pair: Pair, seed: int, report: Report) -> None:
    often = 1_000 if NIGHTLY_RUN else 50
    found = draw(honest, pair, seed, once=often, often=often)
    report("pairs of commands in memory", f"{pair.name}: {found.schedules} schedules")
    assert () == found.broken, f"seed {seed}\n" + "\n".join(found.steps)


# ---------------------------------------------------------------- the harness on planted bugs


def unlocked(scheduler: Scheduler) -> World:
    """Nobody waits for anybody, and COMMIT does not look whether somebody else was first."""
    return memory_world(memory=Memory(NoLock), wrap=_unchecked)


def unheeded(scheduler: Scheduler) -> World:
    """There are locks, and nothing is done about what goes around them."""
    return memory_world(memory=Memory(scheduler.make_lock), wrap=_unchecked)


def last_wins(scheduler: Scheduler) -> World:
    """The same, and a cancellation is overwritten whatever its version."""
    return memory_world(
        memory=Memory(NoLock), wrap=lambda host: broken.SavesAnyVersion(_unchecked(host))
    )


def _unchecked(host: MemoryHost) -> Host:
    return broken.Unchecked(host.crm, clock=host.clock, ids=host.ids)


def unfenced(scheduler: Scheduler) -> World:
    """Whoever claims a notification leaves no mark that it is claimed."""
    memory = Memory(scheduler.make_lock)
    return memory_world(
        memory=memory, wrap=lambda host: broken.Changes(host, broken.claims_nothing)
    )


@frozen
class Planted:
    """A planted bug: how a world or the core has it, in which pair it shows, and as what."""

    name: str
    pair: str
    promise: str
    make: Callable[[Scheduler], World] = honest
    plant: broken.Plant = broken.sound

    def __str__(self) -> str:
        return f"{self.name}: {self.pair}"


def core(name: str, pair: str, promise: str) -> Planted:
    return Planted(name, pair, promise, plant=broken.CORE[name])


NO_LOCK = "no lock, and COMMIT does not check"
UNTAKEN = "the lock alone, against a host that does not take it"
PLANTED = (
    Planted(NO_LOCK, "process / process due (due)", "serial", unlocked),
    Planted(NO_LOCK, "process due / process due (due)", "serial", unlocked),
    Planted(NO_LOCK, "process due / remove (due)", "serial", unlocked),
    Planted(NO_LOCK, "adopt / end (drifted)", "serial", unlocked),
    Planted(NO_LOCK, "begin / reinstate (cancelled)", "serial", unlocked),
    Planted(UNTAKEN, "process / CRM opens a record (due)", "I1", unheeded),
    Planted(UNTAKEN, "process due / CRM opens a record (due)", "I1", unheeded),
    Planted("any version is overwritten", "override / schedule (due)", "I4", last_wins),
    Planted("any version is overwritten", "enter / schedule (due)", "I4", last_wins),
    core("what is due needs no schedule", "schedule / process due (due)", "I7"),
    core("what is due needs no schedule", "process due / remove (due)", "serial"),
    core("what is due is not checked afresh", "override / process due (due)", "I1"),
    core("Enter drops the schedule", "enter / process due (due)", "I4"),
    core("End writes the CRM's status", "adopt / end (drifted)", "I6"),
    core("Adopt overwrites the CRM's status", "adopt / adopt (drifted)", "I6"),
)


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_bug_is_caught_and_named(
    planted: Planted, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    planted.plant(monkeypatch)
    two = next(two for two in PAIRS if str(two) == planted.pair)
    found = two.run(planted.make, 0, once=1_000, often=100)
    promises = sorted({one.promise for one in found.broken})
    report(
        "planted bugs caught by the pairs",
        f"{planted.name}: {promises} in schedule {found.schedules} of {planted.pair}",
    )
    assert planted.promise in promises, f"{found.schedules} schedules: {found.broken}"


@pytest.mark.parametrize(
    ("pair", "make", "promise"),
    [(TWO_JOBS, unlocked, "I3"), (TWO_RELAYS, unfenced, "I5")],
    ids=("two jobs without a lock", "two relays without a lease"),
)
def test_two_that_do_it_twice_are_caught(
    pair: Pair, make: Callable[[Scheduler], World], promise: str, seed: int, report: Report
) -> None:
    found = draw(make, pair, seed, once=100, often=300)
    report("planted bugs caught by the pairs", f"{pair.name}: {found.broken[:1]}")
    assert promise in {one.promise for one in found.broken}

"""The relay: claim, send, mark. At least once, never for what was rolled back, never in a unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from itertools import combinations

import pytest
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st

from cancelkit import Person
from cancelkit.adapters.memory import MemoryRecipients
from cancelkit.errors import BadSetup, Blocked, Conflict, Failed
from cancelkit.messages import Message
from cancelkit.ports import Host
from cancelkit.records import Delivery, Notification, OutboxRow
from cancelkit.relay import Relay, Report, wait_after
from tests.harness.watch import COMMIT, ENTER, AnyHost, Call, WatchedHost
from tests.harness.world import ALICE, CUSTOMER, NOW, World, memory_world, quiet

PEOPLE = tuple(Person(f"p-{number}", f"Person {number}") for number in range(1, 6))
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@define
class Channel:
    """A notifier that fails for some recipients, and does something while it sends.

    Attributes:
        failing: ids of the recipients to whom nothing can be sent.
        meanwhile: called before each sending.
        sent: what was delivered, in order.
    """

    failing: set[str] = field(factory=set)
    meanwhile: Callable[[Notification], None] = field(default=lambda notification: None)
    sent: list[Notification] = field(factory=list)
    tried: list[Notification] = field(factory=list)

    def send(self, notification: Notification) -> None:
        self.tried.append(notification)
        self.meanwhile(notification)
        if notification.recipient.id in self.failing:
            raise ConnectionError("mailbox unavailable")
        self.sent.append(notification)

    def told(self) -> list[str]:
        return [notification.recipient.id for notification in self.sent]


class Killed(BaseException):
    """The process dies, as far as a test can make it."""


def relay(host: Host, channel: Channel, *, tries: int = 10) -> Relay:
    return Relay(host, channel, tries=tries, report=quiet)


def telling(people: Collection[Person] = PEOPLE[:2]) -> World:
    """A world in which these people are told of a Process, and nobody of anything else."""
    world = memory_world()
    world.kit = evolve(world.kit, recipients=MemoryRecipients({"processed": people}))
    return world


def cancelled(people: Collection[Person] = PEOPLE[:1]) -> World:
    """A world in which a cancellation has been processed, and these people are to be told."""
    world = telling(people)
    world.desk().get(CUSTOMER).process(world.make_ready())
    return world


def rows(world: World) -> dict[str, OutboxRow]:
    return {row.notification.recipient.id: row for row in world.back.stored().outbox}


def only(world: World) -> OutboxRow:
    (row,) = world.back.stored().outbox
    return row


def delivery(world: World) -> dict[str, str]:
    return {person: row.delivery.value for person, row in rows(world).items()}


def test_each_recipient_is_told_once_and_marked() -> None:
    world, channel = cancelled(PEOPLE), Channel()
    assert Report(sent=5) == relay(world.host, channel).run()
    assert [person.id for person in PEOPLE] == channel.told()
    assert {person.id: "sent" for person in PEOPLE} == delivery(world)
    assert Report() == relay(world.host, channel).run()


def test_a_notification_says_who_did_what_to_whom_and_why() -> None:
    world, channel = cancelled(), Channel()
    relay(world.host, channel).run()
    (told,) = channel.sent
    record = world.back.stored().cancellations[0]
    assert (
        f"{record.id}:{record.version}:processed:p-1",
        "processed",
        CUSTOMER,
        record.id,
        PEOPLE[0],
        ALICE,
        NOW,
        "Moved",
        f"/c/{CUSTOMER}",
    ) == (
        told.key,
        told.event,
        told.customer,
        told.cancellation,
        told.recipient,
        told.actor,
        told.at,
        told.reasons["text"],
        told.link,
    )


def test_at_most_limit_rows_are_claimed_and_the_rest_waits() -> None:
    world, channel = cancelled(PEOPLE), Channel()
    assert Report(sent=2) == relay(world.host, channel).run(limit=2)
    assert Report(sent=3) == relay(world.host, channel).run(limit=9)
    assert Counter(person.id for person in PEOPLE) == Counter(channel.told())


# ---------------------------------------------------------------- failing


@pytest.mark.parametrize("count", [3, 4, 5])
def test_whoever_cannot_be_reached_the_others_are_told_once_and_only_the_failed_again(
    count: int,
) -> None:
    """Every subset of the recipients fails at first, and is told when the channel is mended."""
    everybody = [person.id for person in PEOPLE[:count]]
    for size in range(count + 1):
        for failing in combinations(everybody, size):
            world, channel = cancelled(PEOPLE[:count]), Channel(set(failing))
            assert Report(sent=count - size, again=size) == relay(world.host, channel).run()
            assert set(everybody) - set(failing) == set(channel.told())
            waiting = {key for key, value in delivery(world).items() if value == "waiting"}
            assert set(failing) == waiting
            channel.failing.clear()
            world.clock.forward(MINUTE)
            assert Report(sent=size) == relay(world.host, channel).run()
            assert Counter(everybody) == Counter(channel.told())


def test_a_failed_notification_waits_before_it_is_tried_again() -> None:
    world, channel = cancelled(), Channel({"p-1"})
    assert Report(again=1) == relay(world.host, channel).run()
    row = only(world)
    assert NOW + wait_after(row, timedelta(seconds=30), timedelta(hours=6)) == row.due
    assert (1, None, "ConnectionError") == (row.attempts, row.leased_until, row.error)
    world.clock.set(row.due - timedelta(microseconds=1))
    assert Report() == relay(world.host, channel).run()
    world.clock.set(row.due)
    assert Report(again=1) == relay(world.host, channel).run()


@given(
    attempts=st.integers(1, 10_000),
    name=st.text(max_size=20),
    first=st.timedeltas(timedelta(seconds=1), timedelta(hours=1)),
    longest=st.timedeltas(timedelta(hours=1), timedelta(days=30)),
)
def test_the_wait_doubles_up_to_a_cap_and_is_spread(
    attempts: int, name: str, first: timedelta, longest: timedelta
) -> None:
    notification = Notification(
        "k", "processed", "", "C", "C", "id", ALICE, ALICE, NOW, Message("event.processed")
    )
    row = OutboxRow(name, notification, Delivery.WAITING, NOW, attempts)
    wait = wait_after(row, first, longest)
    doubled = longest if attempts > 23 else first * 2 ** (attempts - 1)
    assert timedelta(0) <= wait <= min(longest, doubled)
    assert wait == wait_after(row, first, longest)


def test_the_waits_of_many_rows_are_spread_over_the_whole_time() -> None:
    """Full jitter: after an outage not everything is tried at the same moment."""
    row = only(cancelled())
    hour = timedelta(hours=1)
    waits = [wait_after(evolve(row, id=f"id-{n}", attempts=1), hour, hour) for n in range(400)]
    quarters = Counter(int(wait / (hour / 4)) for wait in waits)
    assert all(60 < quarters[quarter] < 140 for quarter in range(4)), quarters


def test_after_the_last_try_a_notification_is_dead_and_visible_and_left_alone() -> None:
    world, channel = cancelled(PEOPLE[:2]), Channel({"p-1"})
    one = relay(world.host, channel, tries=3)
    reports = []
    for _ in range(5):
        reports.append(one.run())
        world.clock.forward(DAY)
    assert [Report(sent=1, again=1), Report(again=1), Report(dead=1), Report(), Report()] == reports
    assert {"p-1": "dead", "p-2": "sent"} == delivery(world)
    with world.host.reading() as unit:
        (dead,) = unit.outbox.unsent()
    assert (Delivery.DEAD, 3, "ConnectionError") == (dead.delivery, dead.attempts, dead.error)


def test_a_dead_notification_that_is_put_back_has_all_its_tries_again() -> None:
    world, channel = cancelled(), Channel({"p-1"})
    one = relay(world.host, channel, tries=2)
    for _ in range(2):
        one.run()
        world.clock.forward(DAY)
    assert "dead" == delivery(world)["p-1"]
    assert one.put_back(only(world).id)
    assert ("waiting", "") == (only(world).delivery.value, only(world).error)
    assert Report(again=1) == one.run()
    channel.failing.clear()
    world.clock.forward(DAY)
    assert Report(sent=1) == one.run()


def test_only_a_dead_notification_can_be_put_back() -> None:
    world, channel = cancelled(), Channel()
    one, row = relay(world.host, channel), only(world)
    assert [False, False] == [one.put_back(row.id), one.put_back("no such row")]
    one.run()
    assert not one.put_back(row.id)
    assert ["p-1"] == channel.told()


def test_the_cancellation_stands_whatever_becomes_of_its_notifications() -> None:
    world, channel = cancelled(), Channel({"p-1"})
    before = world.back.stored()
    for _ in range(12):
        relay(world.host, channel).run()
        world.clock.forward(DAY)
    after = world.back.stored()
    assert "dead" == delivery(world)["p-1"]
    assert (before.customers, before.cancellations, before.history, before.operations) == (
        after.customers,
        after.cancellations,
        after.history,
        after.operations,
    )


def test_a_failure_is_reported_with_its_exception() -> None:
    world, channel = cancelled(), Channel({"p-1"})
    told: list[tuple[str, str]] = []
    Relay(
        world.host, channel, report=lambda what, error: told.append((what, type(error).__name__))
    ).run()
    key = only(world).notification.key
    assert [(f"notification {key}", "ConnectionError")] == told


# ---------------------------------------------------------------- several relays, lost leases


def test_a_row_that_one_relay_has_claimed_is_not_given_to_another() -> None:
    world = cancelled(PEOPLE)
    other = Channel()

    def run_other(notification: Notification) -> None:
        assert Report() == relay(world.host, other).run()

    channel = Channel(meanwhile=run_other)
    assert Report(sent=5) == relay(world.host, channel).run()
    assert ([person.id for person in PEOPLE], []) == (channel.told(), other.told())


def test_of_two_relays_that_claim_at_once_only_one_gets_the_rows() -> None:
    """Both have read the same rows; the one that commits second gets nothing."""
    world = cancelled(PEOPLE)
    first, second = Channel(), Channel()
    raced: list[Report] = []

    def race(call: Call, do: Callable[[], object], /) -> object:
        if call.port == COMMIT and not raced:
            raced.append(Report())  # only once
            raced[0] = relay(world.host, second).run()
        return do()

    assert Report() == relay(WatchedHost(world.host, race), first).run()
    assert ([Report(sent=5)], 0, 5) == (raced, len(first.sent), len(second.sent))


def test_who_has_lost_the_lease_cannot_mark_the_row_and_the_duplicate_has_the_same_key() -> None:
    world = cancelled()
    other = Channel()

    def fall_asleep(notification: Notification) -> None:
        world.clock.forward(MINUTE)
        assert Report(sent=1) == relay(world.host, other).run()

    channel = Channel(meanwhile=fall_asleep)
    assert Report(lost=1) == relay(world.host, channel).run()
    assert channel.sent[0].key == other.sent[0].key
    assert (Delivery.SENT, 2) == (only(world).delivery, only(world).attempts)


def test_a_failure_of_who_has_lost_the_lease_does_not_undo_the_other_ones_success() -> None:
    world = cancelled()
    other = Channel()

    def fall_asleep(notification: Notification) -> None:
        world.clock.forward(MINUTE)
        relay(world.host, other).run()

    channel = Channel({"p-1"}, meanwhile=fall_asleep)
    assert Report(lost=1) == relay(world.host, channel, tries=1).run()
    assert Delivery.SENT is only(world).delivery


def test_a_relay_that_dies_while_sending_leaves_the_row_to_the_next_one_after_its_lease() -> None:
    world = cancelled()

    def die(notification: Notification) -> None:
        raise Killed

    with pytest.raises(Killed):
        relay(world.host, Channel(meanwhile=die)).run()
    channel = Channel()
    assert Report() == relay(world.host, channel).run()
    world.clock.forward(MINUTE)
    assert Report(sent=1) == relay(world.host, channel).run()


def test_a_conflict_while_marking_counts_as_lost_and_the_row_is_sent_again_later() -> None:
    world, channel = cancelled(), Channel()
    commits: list[str] = []

    def conflict(call: Call, do: Callable[[], object], /) -> object:
        if call.port == COMMIT:
            commits.append(call.port)
            if len(commits) == 2:
                raise Conflict("planted")
        return do()

    assert Report(lost=1) == relay(WatchedHost(world.host, conflict), channel).run()
    world.clock.forward(MINUTE)
    assert Report(sent=1) == relay(world.host, channel).run()
    assert 1 == len({notification.key for notification in channel.sent})


def test_a_clock_that_goes_backwards_sends_nothing_twice() -> None:
    world, channel = cancelled(PEOPLE), Channel({"p-1"})
    relay(world.host, channel).run()
    world.clock.set(NOW - 365 * DAY)
    assert Report() == relay(world.host, channel).run()
    world.clock.set(NOW + DAY)
    channel.failing.clear()
    assert Report(sent=1) == relay(world.host, channel).run()
    assert Counter(person.id for person in PEOPLE) == Counter(channel.told())


# ---------------------------------------------------------------- units of work


def test_the_notifier_is_never_called_inside_a_unit_of_work() -> None:
    world = cancelled(PEOPLE)
    opened = 0
    seen: list[int] = []

    class Counting(AnyHost):
        """Counts the units of work that are open."""

        def writing(self):  # type: ignore[no-untyped-def]  # the type of the base class
            return WatchedHost(self.inner, count).writing()

    def count(call: Call, do: Callable[[], object], /) -> object:
        nonlocal opened
        opened += call.port == ENTER
        answer = do()
        opened -= call.port == COMMIT
        return answer

    channel = Channel({"p-2", "p-4"}, meanwhile=lambda notification: seen.append(opened))
    assert Report(sent=3, again=2) == relay(Counting(world.host), channel).run()
    assert [0] * 5 == seen
    assert 0 == opened


def test_nothing_is_sent_for_a_process_that_was_rolled_back() -> None:
    world, channel = telling(), Channel()
    token = world.make_ready()

    def fail(call: Call, do: Callable[[], object], /) -> object:
        if call.port == COMMIT:
            raise ConnectionError("the server has gone away")
        return do()

    with pytest.raises(Failed):
        world.desk(watch=fail).get(CUSTOMER).process(token)
    assert Report() == relay(world.host, channel).run()
    assert ([], ()) == (channel.tried, world.back.stored().outbox)


def test_nothing_is_sent_before_the_process_is_committed() -> None:
    """A relay that runs while a Process is under way sees none of its rows."""
    world, channel = telling(), Channel()
    token = world.make_ready()
    during: list[Report] = []

    def run_relay(call: Call, do: Callable[[], object], /) -> object:
        during.append(relay(world.host, channel).run())
        return do()

    world.desk(watch=run_relay).get(CUSTOMER).process(token)
    assert {Report()} == set(during)
    assert Report(sent=2) == relay(world.host, channel).run()


def test_nothing_is_sent_for_a_process_that_was_refused() -> None:
    world, channel = telling(), Channel()
    world.make_ready()
    world.back.set_open("cases", CUSTOMER, to=True)
    cancellation = world.desk().get(CUSTOMER)
    with pytest.raises(Blocked):
        cancellation.process(cancellation.plan().token)
    assert Report() == relay(world.host, channel).run()
    assert [] == channel.tried


def test_a_relay_refuses_settings_that_cannot_work() -> None:
    world = memory_world()

    class Joined(AnyHost):
        @property
        def joined(self) -> bool:
            return True

    with pytest.raises(BadSetup, match="joined"):
        Relay(Joined(world.host), Channel())
    with pytest.raises(BadSetup, match="try"):
        Relay(world.host, Channel(), tries=0)
    with pytest.raises(BadSetup, match="lease"):
        Relay(world.host, Channel(), lease=timedelta(0))


# ---------------------------------------------------------------- known to be broken


def test_a_relay_does_not_send_what_it_has_lost_the_lease_of() -> None:
    """Five slow sendings in one run: the later rows are somebody else's by then."""
    world = cancelled(PEOPLE[:2])
    other = Channel()

    def be_slow(notification: Notification) -> None:
        if notification.recipient.id == "p-1":
            world.clock.forward(MINUTE)
            relay(world.host, other).run()

    channel = Channel(meanwhile=be_slow)
    relay(world.host, channel).run()
    assert ["p-1"] == channel.told()


def test_a_notification_that_kills_the_relay_is_dead_after_its_tries_too() -> None:
    world = cancelled()

    def die(notification: Notification) -> None:
        raise Killed

    channel = Channel(meanwhile=die)
    for _ in range(4):
        with suppress(Killed):
            relay(world.host, channel, tries=3).run()
        world.clock.forward(MINUTE)
    assert (Delivery.DEAD, 3) == (only(world).delivery, len(channel.tried))


def test_a_long_first_wait_can_be_doubled_any_number_of_times() -> None:
    row = evolve(only(cancelled()), attempts=40)
    assert wait_after(row, timedelta(hours=6), DAY) <= DAY


def test_who_lost_the_lease_before_a_notification_was_put_back_cannot_mark_it_either() -> None:
    world = cancelled()
    late: list[Report] = []

    def be_overtaken(notification: Notification) -> None:
        """While this one sleeps: the row is claimed, fails, is put back, and claimed again."""
        world.clock.forward(MINUTE)
        second = relay(world.host, Channel({"p-1"}), tries=1)
        assert Report(dead=1) == second.run()
        assert second.put_back(only(world).id)
        with world.host.writing() as unit:
            now = world.clock.now()
            unit.outbox.claim(1, now, now + MINUTE)

    late.append(relay(world.host, Channel(meanwhile=be_overtaken)).run())
    assert [Report(lost=1)] == late

"""The contracts of the ports about people: promises R1, P1, P2, N1, M1 and M2."""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from inspect import iscoroutine
from typing import ClassVar

import pytest
from attrs import field, frozen

from cancelkit.lifecycle import ACTIONS
from cancelkit.people import Customer, Person, User
from cancelkit.ports import Notifier, Recipients, RoleChecker, Users
from cancelkit.records import CancellationRecord
from cancelkit.testing import samples
from cancelkit.testing.aside import Aside
from cancelkit.testing.contract import Contract
from cancelkit.testing.promises import check_port

CUSTOMER = Customer("7", "Harbour Café", owners=(Person("ann"),))
"""The customer that the ports about people are asked about, where the world names no other."""


@frozen(eq=False)
class RoleWorld:
    """A role checker, somebody who may do everything and somebody who may do nothing."""

    roles: RoleChecker
    may: Person
    may_not: Person
    customer: Customer = CUSTOMER


class RoleCheckerContract(Contract):
    """The contract of `RoleChecker`; the fixture `world` returns a `RoleWorld`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: RoleWorld) -> None:
        check_port(world.roles, RoleChecker)

    def test_r1_the_answer_is_true_or_false_and_nothing_else(self, world: RoleWorld) -> None:
        """`allows` returns True or False: only the literal True grants.

        Most likely it returns what its store holds ("false", 1, a row, a queryset), or is a
        coroutine: all of them are truthy, and all of them deny. Return `bool(...)` of the right
        thing.
        """
        for action in ("view", *dict.fromkeys(ACTIONS.values())):
            for actor, expected in ((world.may, True), (world.may_not, False)):
                answer: object = world.roles.allows(actor, action, world.customer)
                if iscoroutine(answer):
                    answer.close()
                assert answer is expected, f"{actor.id} may {action}: {answer!r}"


@frozen(eq=False)
class UsersWorld:
    """Users: at least one active, one inactive, and whom an empty search offers."""

    users: Users
    active: Sequence[str]  # their ids
    inactive: Sequence[str]
    customer: Customer = CUSTOMER


class UsersContract(Contract):
    """The contract of `Users`; the fixture `world` returns a `UsersWorld`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: UsersWorld) -> None:
        check_port(world.users, Users)

    def test_p1_find_returns_the_known_users_under_the_very_ids(self, world: UsersWorld) -> None:
        """`find` returns exactly those of the ids that are known, inactive ones too.

        Most likely inactive users are left out (and the history cannot say that somebody has
        left), or an id in another spelling is found. Compare the text of the key.
        """
        known = (*world.active, *world.inactive)
        strange = [f"{one}{end}" for one in known for end in (" ", ".0")]
        strange += ["no-such-user", *(f"0{one}" for one in known)]
        found = world.users.find((*known, *strange))
        assert isinstance(found, Mapping)
        assert {key: key for key in known} == {key: user.id for key, user in found.items()}
        actives = {key: user.active for key, user in found.items()}
        assert {key: key in world.active for key in known} == actives
        assert {} == dict(world.users.find(()))

    def test_p2_candidates_are_active_and_at_most_limit(self, world: UsersWorld) -> None:
        """`candidates` offers active users only, at most `limit`, the usual ones unsearched.

        Most likely somebody who has left is offered, an empty search offers nobody, or the limit
        is ignored. Filter by active, treat "" as no filter.
        """
        offered = self._offered(world, "", 100)
        assert offered, "an empty search offers nobody"
        assert set(offered) <= set(world.active)
        assert len(offered) == len(set(offered)), "somebody is offered twice"
        assert offered[:1] == self._offered(world, "", 1), "the best comes first"
        users = world.users.find((*world.active, *world.inactive))
        for user in users.values():
            assert set(self._offered(world, user.name, 100)) <= set(world.active)
        assert [] == self._offered(world, "nobody has this name 😀", 100)

    def _offered(self, world: UsersWorld, search: str, limit: int) -> list[str]:
        found = world.users.candidates(world.customer, search, limit)
        assert isinstance(found, Sequence), f"{type(found).__name__} is no Sequence"
        assert all(isinstance(user, User) for user in found)
        return [user.id for user in found]


def _record() -> CancellationRecord:
    return samples.cancellation("", CUSTOMER.id)


@frozen(eq=False)
class RecipientsWorld:
    """The workflow set-up.

    Attributes:
        recipients: the port.
        expected: the ids of those who are told of "processed".
        outside: returns everything that is stored and sent, to be compared before and after.
        customer, record: what is asked about.
    """

    recipients: Recipients
    expected: Sequence[str]
    outside: Callable[[], object]
    customer: Customer = CUSTOMER
    record: CancellationRecord = field(factory=_record)


class RecipientsContract(Contract):
    """The contract of `Recipients`; the fixture `world` returns a `RecipientsWorld`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: RecipientsWorld) -> None:
        check_port(world.recipients, Recipients)

    def test_n1_asking_who_is_told_changes_nothing(self, world: RecipientsWorld) -> None:
        """`of` answers who is told, the same each time, and writes and sends nothing.

        Most likely it sends at once, since the CRM's own function does both; or it marks the
        event as handled. It is asked for every plan: only read the set-up.
        """
        before = world.outside()
        for _ in range(2):
            found = world.recipients.of("processed", world.customer, world.record)
            assert isinstance(found, Sequence), f"{type(found).__name__} is no Sequence"
            assert all(isinstance(person, Person) for person in found)
            assert set(world.expected) == {person.id for person in found}
        assert [] == list(world.recipients.of("no_such_event", world.customer, world.record))
        assert before == world.outside()


@frozen(eq=False)
class NotifierWorld:
    """A channel.

    Attributes:
        notifier: the port.
        delivered: returns the keys of what has arrived, in order, with repeats.
        broken: inside it, the channel cannot deliver: the server is down.
        hanging: inside it, the channel neither takes nor refuses; needed for the flag `hangs`.
    """

    notifier: Notifier
    delivered: Callable[[], Sequence[str]]
    broken: Callable[[], AbstractContextManager[object]]
    hanging: Callable[[], AbstractContextManager[object]] | None = None


class NotifierContract(Contract):
    """The contract of `Notifier`; the fixture `world` returns a `NotifierWorld`."""

    hangs: ClassVar[bool] = False
    """The channel can hang; needs `NotifierWorld(hanging=...)`."""
    delivers: ClassVar[bool] = True
    """The channel shows what has arrived."""
    lease: ClassVar[float] = 60.0
    """The lease of the relay, in seconds; less where the test's notifier gives up sooner."""

    flags: ClassVar[Mapping[str, str]] = {
        "delivers": "nobody sees what has arrived: M1 is not checked",
        "hangs": "the channel is not made to hang: M2 is not checked",
    }

    @pytest.fixture(autouse=True)
    def _complete(self, world: NotifierWorld) -> None:
        check_port(world.notifier, Notifier)

    def test_m1_sent_or_raised_and_never_both(self, world: NotifierWorld) -> None:
        """`send` returns only when it was handed over; what raises has sent nothing.

        Most likely something after the sending raises (a log, a commit), so that the mail comes
        again with every try; or an error is logged and swallowed, so that it never comes. Do
        nothing after the channel has taken it.
        """
        self.require("delivers")
        first, second = (samples.row("", CUSTOMER.id).notification for _ in range(2))
        before = list(world.delivered())
        world.notifier.send(first)
        assert [*before, first.key] == list(world.delivered())
        with world.broken():
            with pytest.raises(Exception):  # noqa: B017, PT011 - a channel may raise anything
                world.notifier.send(second)
            assert [*before, first.key] == list(world.delivered()), "it raised, and has sent"
        world.notifier.send(second)
        assert [*before, first.key, second.key] == list(world.delivered())

    def test_m2_a_hanging_channel_is_given_up_in_time(self, world: NotifierWorld) -> None:
        """`send` gives up within the lease of the relay, and raises.

        Most likely the library's default is to wait for ever (smtplib, urllib): the lease runs
        out, another relay sends too, and the mail comes twice. Give every call a timeout.
        """
        self.require("hangs", there=world.hanging is not None)
        assert world.hanging is not None
        before = list(world.delivered())
        with world.hanging():
            call = Aside(lambda: world.notifier.send(samples.row("", CUSTOMER.id).notification))
            assert call.ends_within(self.lease), f"still sending after {self.lease:g} seconds"
            with pytest.raises(Exception):  # noqa: B017, PT011 - a channel may raise anything
                call.result()
        assert before == list(world.delivered())

"""Random stories of several customers, actors, a CRM and a relay, beside a simple model.

The model is plain data with rules of its own, written from the words of the product: it calls
nothing of the lifecycle, of `decide`, or of the sections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest
from attrs import astuple, define, evolve, field, frozen
from hypothesis import Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cancelkit import (
    CancelkitError,
    Invalid,
    Mood,
    NewOwner,
    Outcome,
    Person,
    Refused,
    Status,
    User,
)
from cancelkit.adapters.memory import Asset, Expiry, MemoryCrm
from cancelkit.errors import UnknownReason, UnknownUser
from cancelkit.ports import Unit
from cancelkit.records import Delivery, HistoryEntry, Notification, State
from cancelkit.relay import Relay
from cancelkit.sections import Reason, Reasons
from tests.harness import broken
from tests.harness.report import Report
from tests.harness.stored import TOLD, broken_by
from tests.harness.world import (
    ALICE,
    BOB,
    CUSTOMER,
    MALLORY,
    NOW,
    OTHER,
    RECORD_KINDS,
    MemoryBackDoor,
    World,
    memory_world,
    quiet,
)

CUSTOMERS = (CUSTOMER, OTHER)
ACTORS = (ALICE, ALICE, ALICE, ALICE, BOB, BOB, MALLORY)
LONDON = ZoneInfo("Europe/London")
FORMS = (
    Reasons("price", text="Moved"),
    Reasons((), text="Just so"),
    Reasons(["service", Reason("other", "The weather")], extra="x"),
    Reasons(),
    NewOwner("t-7"),
    NewOwner("t-8"),
    NewOwner("u-1"),
    NewOwner(keep=True),
    NewOwner(),
    Mood("angry"),
    Mood("happy"),
    Mood(),
)
WRONG_FORMS: tuple[tuple[object, type[Invalid]], ...] = (
    (Reasons("no such code"), UnknownReason),
    (Reasons("other"), Invalid),
    (Reasons(["price", Reason("other", "  ")]), Invalid),
    (NewOwner("nobody"), UnknownUser),
    (NewOwner("x-9"), Invalid),
    (Mood("furious"), UnknownReason),
)
LIVE = Status("live")
STATUSES = (
    LIVE,
    Status("prospect"),
    Status("live", pending=True),
    Status("cancelled", cancelled=True),
)
SECTIONS: dict[type, str] = {Reasons: "reasons", NewOwner: "ownership", Mood: "mood"}

Owners: TypeAlias = tuple[str, ...]


@frozen
class Assigned:
    """An assignment of owners, and the revision of the answer on which it was based."""

    to: Owners
    was: Owners
    revision: int


@define
class Account:
    """A customer, as the model has it."""

    status: Status = LIVE
    owners: Owners = ("u-1",)
    open: set[str] = field(factory=set)
    asset: date | str | None = None
    expiry: date | None = None
    number: int = 0
    state: str = "none"
    former: Status = LIVE
    version: int = 0
    answers: dict[str, tuple[Any, int]] = field(factory=dict)
    answered_by: dict[str, str] = field(factory=dict)
    performed: list[Assigned] = field(factory=list)
    history: list[tuple[str, bool, str]] = field(factory=list)


@frozen
class Ticket:
    """A token that somebody has been shown, and what it stood for."""

    text: str = ""
    customer: str = ""
    number: int = 0
    version: int = 0
    shown: object = None


@frozen
class Expected:
    """What the model expects of a command.

    Attributes:
        how: "done", "again" (the first answer), "refused" or "invalid".
        code: the first code of a refusal.
        error: the class of an error that is no refusal.
    """

    how: str
    code: str = ""
    error: type[CancelkitError] | None = None


def refused(code: str) -> Expected:
    return Expected("refused", code)


@define
class Model:
    """Everything that the model knows."""

    now: datetime = NOW
    accounts: dict[str, Account] = field(factory=dict)
    active: dict[str, bool] = field(factory=dict)
    may: set[str] = field(factory=lambda: {"alice", "bob"})
    used: dict[tuple[str, str, str], tuple[Any, ...]] = field(factory=dict)
    told: list[str] = field(factory=list)

    @property
    def today(self) -> date:
        return self.now.astimezone(LONDON).date()

    # -------------------------------------------------------- looking

    def where(self, one: Account) -> str:
        if one.state == "open":
            return "pending"
        return "cancelled" if one.status.cancelled else "live"

    def planned(self, one: Account) -> Assigned | None:
        """The assignment that Process would do."""
        answer, revision = one.answers.get("ownership", (None, 0))
        if answer is None or not answer.user or not self.active.get(answer.user, False):
            return None
        if one.owners == (answer.user,) or any(p.revision == revision for p in one.performed):
            return None
        return Assigned((answer.user,), one.owners, revision)

    def owner_is_green(self, one: Account) -> bool:
        answer, revision = one.answers.get("ownership", (None, 0))
        if answer is None or not (answer.user or answer.keep):
            return False
        if answer.keep or any(p.revision == revision for p in one.performed):
            return True
        return one.owners == (answer.user,) or self.active[answer.user]

    def red(self, one: Account) -> tuple[str, ...]:
        """The blocking sections that are not green."""
        reasons, _ = one.answers.get("reasons", (None, 0))
        found = [] if reasons and (reasons.codes or reasons.text) else ["reasons"]
        if one.asset == "live" or (isinstance(one.asset, date) and one.asset > self.today):
            found.append("assets")
        return (*found, *(kind for kind in RECORD_KINDS if kind in one.open))

    def shown(self, one: Account) -> object:
        """What a plan stands for: if any of this changes, it is another plan."""
        mood, _ = one.answers.get("mood", (None, 0))
        plan = self.planned(one)
        return (
            one.number,
            self.red(one),
            self.owner_is_green(one),
            one.expiry is not None and one.expiry > self.today,
            bool(mood and mood.option),
            (plan.to, plan.was) if plan else None,
        )

    def drifted(self, one: Account) -> bool:
        return one.status != evolve(one.former, pending=True)

    # -------------------------------------------------------- deciding

    def expect(
        self, verb: str, customer: str, actor: Person, key: str, given: tuple[Any, ...]
    ) -> Expected | None:
        """Expect what holds for every command; None where it is up to the verb."""
        one = self.accounts[customer]
        before = self.used.get((customer, verb, key)) if key else None
        if before is not None:
            same = before == (actor.id, *given)
            return Expected("again") if same else refused("operation_reused")
        if actor.id not in self.may:
            return refused("not_allowed")
        where = self.where(one)
        if where == "cancelled":
            return refused("already_cancelled")
        if where == "live":
            if verb != "begin":
                return refused("not_pending")
            return refused("already_pending") if one.status.pending else None
        return None

    def expect_enter(self, one: Account, actor: Person, form: object, ticket: Ticket) -> Expected:
        section = SECTIONS[type(form)]
        if ticket.text and not self.is_of(ticket, one):
            return refused("stale_token")
        _, revision = one.answers.get(section, (None, 0))
        by_another = one.answered_by.get(section) not in (None, actor.id)
        if ticket.text and by_another and revision > ticket.version:
            return refused("newer_answer")
        if isinstance(form, NewOwner) and form.user and not self.active[form.user]:
            return Expected("invalid", error=Invalid)
        return Expected("done")

    def expect_perform(self, one: Account, section: str) -> Expected:
        if self.drifted(one):
            return refused("drift")
        if section != "ownership" or self.planned(one) is None:
            return refused("nothing_planned")
        return Expected("done")

    def expect_remove(self, one: Account, *, put_back: bool) -> Expected:
        if self.drifted(one):
            return refused("drift")
        owners = one.owners
        for done in reversed(one.performed) if put_back else ():
            if owners != done.to:
                return refused("effect_changed")
            owners = done.was
        return Expected("done")

    def expect_process(self, one: Account, ticket: Ticket) -> Expected:
        if ticket.text and not self.is_of(ticket, one):
            return refused("stale_token")
        if self.drifted(one):
            return refused("drift")
        if not ticket.text:
            return refused("confirmation_missing")
        if ticket.shown != self.shown(one):
            return refused("stale_token")
        return refused("blocked") if self.red(one) else Expected("done")

    def is_of(self, ticket: Ticket, one: Account) -> bool:
        return self.accounts[ticket.customer] is one and ticket.number == one.number

    # -------------------------------------------------------- doing

    def begin(self, one: Account) -> None:
        if one.state == "open":
            return
        one.number += 1
        one.state, one.version, one.former = "open", 1, one.status
        one.answers, one.answered_by, one.performed = {}, {}, []
        one.status = evolve(one.status, pending=True)

    def enter(self, one: Account, actor: Person, form: object) -> None:
        one.version += 1
        one.answers[SECTIONS[type(form)]] = (form, one.version)
        one.answered_by[SECTIONS[type(form)]] = actor.id

    def perform(self, one: Account) -> None:
        plan = self.planned(one)
        one.version += 1
        if plan is not None:
            one.owners = plan.to
            one.performed.append(plan)

    def remove(self, one: Account, *, put_back: bool) -> None:
        one.state, one.status = "removed", one.former
        one.version += 1
        for done in list(reversed(one.performed)) if put_back else ():
            one.owners = done.was
            one.performed.append(Assigned(done.was, done.to, -1))

    def process(self, customer: str, one: Account) -> None:
        self.perform(one)
        one.state, one.status = "cancelled", Status("cancelled", cancelled=True)
        self.told += [f"{customer}/{one.number}:{person.id}" for person in TOLD]


@define
class Flaky:
    """A notifier that fails for some recipients."""

    failing: frozenset[str] = frozenset()
    sent: list[Notification] = field(factory=list)

    def send(self, notification: Notification) -> None:
        if notification.recipient.id in self.failing:
            raise ConnectionError
        self.sent.append(notification)


class Stories(RuleBasedStateMachine):
    """The rules: what people, the CRM and the relay may do, in any order."""

    make: Callable[[], World] = staticmethod(memory_world)

    def __init__(self) -> None:
        super().__init__()
        self.world = self.make()
        back = self.world.back
        assert isinstance(back, MemoryBackDoor)
        self.crm: MemoryCrm = back.crm
        self.crm.remove("assets", "A-0")  # ceased on the first day: the clock may go back beyond it
        self.channel = Flaky()
        self.relay = Relay(self.world.host, self.channel, tries=3, report=quiet)
        first = Account(open=set(RECORD_KINDS), asset="live", expiry=NOW.date() + timedelta(30))
        self.model = Model(
            accounts={CUSTOMER: first, OTHER: Account()},
            active={"u-1": True, "t-7": True, "t-8": True, "x-9": False},
        )
        self.tickets = [Ticket()]
        self.count = 0

    # -------------------------------------------------------- commands

    def give(
        self,
        verb: str,
        customer: str,
        actor: Person,
        key: str,
        given: tuple[Any, ...],
        /,
        *,
        call: Callable[[str], Outcome],
        expect: Callable[[Account], Expected],
        do: Callable[[Account], None],
    ) -> None:
        """Give a command, compare the answer with what the model expects, and let it do so too."""
        one = self.model.accounts[customer]
        expected = self.model.expect(verb, customer, actor, key, given) or expect(one)
        self.count += 1
        op = key or f"op-{self.count}"
        try:
            answer: Outcome | CancelkitError = call(op)
        except CancelkitError as error:
            answer = error
        event(f"{verb}: {expected.how} {expected.code}")
        self.compare(expected, answer)
        if expected.how == "done":
            do(one)
            one.history.append((verb, True, ""))
            self.model.used[customer, verb, op] = (actor.id, *given)
        elif expected.how == "refused":
            one.history.append((verb, False, expected.code))

    def compare(self, expected: Expected, answer: Outcome | CancelkitError) -> None:
        if isinstance(answer, Refused):
            assert (expected.how, expected.code) == ("refused", answer.codes[0]), answer
            assert "{" not in str(answer)
        elif isinstance(answer, Outcome):
            assert expected.how == ("again" if answer.replayed else "done"), answer
        else:
            assert "invalid" == expected.how, repr(answer)
            assert expected.error is type(answer), repr(answer)

    customers = st.sampled_from(CUSTOMERS)
    actors = st.sampled_from(ACTORS)
    keys = st.sampled_from(("", "", "", "k1", "k1", "k2"))
    choices = st.integers(0, 1_000)

    def ticket(self, choice: int, customer: str) -> Ticket:
        """Choose a token: most often the newest of this customer, or none, or any."""
        mine = [ticket for ticket in self.tickets if ticket.customer == customer]
        if choice % 3 and mine:
            return mine[-1]
        return self.tickets[choice % len(self.tickets)]

    @rule(customer=customers, actor=actors, key=keys)
    def begin(self, customer: str, actor: Person, key: str) -> None:
        desk = self.world.desk(actor)
        self.give(
            "begin",
            customer,
            actor,
            key,
            (),
            call=lambda op: desk.get(customer).begin(op=op),
            expect=lambda one: Expected("done"),
            do=self.model.begin,
        )

    @rule(
        customer=customers,
        actor=actors,
        key=keys,
        form=st.sampled_from(FORMS),
        choice=choices,
        based=st.booleans(),
    )
    def enter(
        self, customer: str, actor: Person, key: str, form: Any, choice: int, based: bool
    ) -> None:
        ticket = self.ticket(choice, customer) if based else Ticket()
        desk = self.world.desk(actor)
        self.give(
            "enter",
            customer,
            actor,
            key,
            (ticket.text, type(form), astuple(form)),
            call=lambda op: desk.get(customer).enter(form, token=ticket.text, op=op),
            expect=lambda one: self.model.expect_enter(one, actor, form, ticket),
            do=lambda one: self.model.enter(one, actor, form),
        )

    @rule(customer=customers, actor=actors, wrong=st.sampled_from(WRONG_FORMS))
    def enter_nonsense(
        self, customer: str, actor: Person, wrong: tuple[object, type[Invalid]]
    ) -> None:
        form, error = wrong
        desk = self.world.desk(actor)
        self.give(
            "enter",
            customer,
            actor,
            "",
            (),
            call=lambda op: desk.get(customer).enter(form, op=op),
            expect=lambda one: Expected("invalid", error=error),
            do=lambda one: None,
        )

    @rule(
        customer=customers,
        actor=actors,
        key=keys,
        section=st.sampled_from(("ownership", "ownership", "mood")),
    )
    def perform_now(self, customer: str, actor: Person, key: str, section: str) -> None:
        desk = self.world.desk(actor)
        self.give(
            "perform_now",
            customer,
            actor,
            key,
            (section,),
            call=lambda op: desk.get(customer).perform_now(section, op=op),
            expect=lambda one: self.model.expect_perform(one, section),
            do=self.model.perform,
        )

    @rule(customer=customers, actor=actors, key=keys, put_back=st.booleans())
    def remove(self, customer: str, actor: Person, key: str, put_back: bool) -> None:
        desk = self.world.desk(actor)
        self.give(
            "remove",
            customer,
            actor,
            key,
            (put_back,),
            call=lambda op: desk.get(customer).remove(put_back=put_back, op=op),
            expect=lambda one: self.model.expect_remove(one, put_back=put_back),
            do=lambda one: self.model.remove(one, put_back=put_back),
        )

    @rule(customer=customers, actor=actors, key=keys, choice=choices)
    def process(self, customer: str, actor: Person, key: str, choice: int) -> None:
        self.process_with(customer, actor, key, self.ticket(choice, customer))

    def process_with(self, customer: str, actor: Person, key: str, ticket: Ticket) -> None:
        desk = self.world.desk(actor)
        self.give(
            "process",
            customer,
            actor,
            key,
            (ticket.text,),
            call=lambda op: desk.get(customer).process(ticket.text, op=op),
            expect=lambda one: self.model.expect_process(one, ticket),
            do=lambda one: self.model.process(customer, one),
        )

    # -------------------------------------------------------- looking

    @rule(customer=customers, actor=actors, view=st.booleans())
    def look(self, customer: str, actor: Person, view: bool) -> None:
        one = self.model.accounts[customer]
        case = self.world.desk(actor).get(customer)
        pending = self.model.where(one) == "pending"
        if actor.id not in self.model.may or not (view or pending):
            with pytest.raises(Refused) as caught:
                case.view() if view else case.plan()
            expected = "not_pending" if actor.id in self.model.may else "not_allowed"
            assert (expected,) == caught.value.codes
            return
        token = case.view().token if view else case.plan().token
        assert pending == bool(token)
        if token:
            shown = self.model.shown(one)
            self.tickets.append(Ticket(token, customer, one.number, one.version, shown))

    @precondition(lambda self: "alice" in self.model.may)
    @rule(customer=customers)
    def compare_the_view(self, customer: str) -> None:
        one = self.model.accounts[customer]
        view = self.world.desk().get(customer).view()
        where = self.model.where(one)
        assert {"live": State.LIVE, "pending": State.PENDING, "cancelled": State.CANCELLED}[
            where
        ] is view.state
        assert (where == "pending") == bool(view.banner)
        assert (where == "pending" and self.model.drifted(one)) == bool(view.drift)
        if where == "pending":
            assert self.model.red(one) == tuple(line.key for line in view.blocked_by)

    # -------------------------------------------------------- what goes well, to get far

    @initialize(
        begun=st.sampled_from((CUSTOMERS, CUSTOMERS, CUSTOMERS[:1], ())),
        former=st.sampled_from(STATUSES[:2]),
    )
    def begin_some(self, begun: tuple[str, ...], former: Status) -> None:
        self.set_status(OTHER, former)
        for customer in begun:
            self.begin(customer, ALICE, "")
            self.enter(customer, ALICE, "", Reasons("price"), 0, based=False)
            self.look(customer, ALICE, view=True)

    @precondition(lambda self: "alice" in self.model.may)
    @rule(customer=customers, owner=st.sampled_from(("t-7", "t-8")), at_once=st.booleans())
    def give_to_another_owner(self, customer: str, owner: str, at_once: bool) -> None:
        """Choose an owner, look at the plan, and perhaps perform it at once."""
        self.begin(customer, ALICE, "")
        self.enter(customer, ALICE, "", NewOwner(owner), 0, based=False)
        self.look(customer, ALICE, view=False)
        if at_once:
            self.perform_now(customer, ALICE, "", "ownership")

    @precondition(lambda self: self.tickets[-1].text)
    @rule(key=keys)
    def process_what_was_seen_last(self, key: str) -> None:
        """Process with the newest token, of whichever customer."""
        self.process_with(self.tickets[-1].customer, ALICE, key, self.tickets[-1])

    @precondition(lambda self: "alice" in self.model.may)
    @rule(customer=customers, owner=st.sampled_from(("", "t-7", "t-8")))
    def go_to_the_end(self, customer: str, owner: str) -> None:
        """Begin, answer, close everything, look at the plan, process."""
        self.begin(customer, ALICE, "")
        self.close_everything(customer)
        self.enter(customer, ALICE, "", Reasons("price"), 0, based=False)
        if owner:
            self.enter(customer, ALICE, "", NewOwner(owner), 0, based=False)
        self.look(customer, ALICE, view=False)
        self.process_with(customer, ALICE, "", self.ticket(1, customer))

    # -------------------------------------------------------- the CRM, around cancelkit

    @rule(customer=customers)
    def close_everything(self, customer: str) -> None:
        one = self.model.accounts[customer]
        for kind in RECORD_KINDS:
            self.set_record(customer, kind, to=False)
        one.asset = None
        self.crm.remove("assets", f"{customer}:assets:1")

    @rule(customer=customers, kind=st.sampled_from(RECORD_KINDS), to=st.booleans())
    def set_record(self, customer: str, kind: str, to: bool) -> None:
        self.world.back.set_open(kind, customer, to=to)
        one = self.model.accounts[customer]
        (one.open.add if to else one.open.discard)(kind)

    @rule(customer=customers, days=st.integers(-1, 2), live=st.booleans())
    def set_asset(self, customer: str, days: int, live: bool) -> None:
        ceased = self.model.today + timedelta(days)
        key = f"{customer}:assets:1"
        self.crm.put("assets", Asset(key, customer, ceased, live=live))
        self.model.accounts[customer].asset = "live" if live else ceased

    @rule(customer=customers, days=st.integers(-1, 2))
    def set_expiry(self, customer: str, days: int) -> None:
        on = self.model.today + timedelta(days)
        for old in self.crm.records("expiries", customer):
            self.crm.remove("expiries", old.id)
        self.crm.put("expiries", Expiry(f"{customer}:expiry", customer, on))
        self.model.accounts[customer].expiry = on

    @rule(customer=customers)
    def bring_back(self, customer: str) -> None:
        """Somebody makes a cancelled customer live again in the CRM, by hand."""
        one = self.model.accounts[customer]
        if self.model.where(one) == "cancelled":
            self.set_status(customer, Status("live"))

    @rule(customer=customers, status=st.sampled_from(STATUSES))
    def set_status(self, customer: str, status: Status) -> None:
        self.world.change_status(status, customer)
        self.model.accounts[customer].status = status

    @rule(customer=customers)
    def undo_drift(self, customer: str) -> None:
        """Somebody puts the status back that was there while pending."""
        one = self.model.accounts[customer]
        if one.state == "open":
            self.set_status(customer, evolve(one.former, pending=True))

    @rule(customer=customers, owners=st.sampled_from((("u-1",), ("t-7",), (), ("u-1", "t-8"))))
    def set_owners(self, customer: str, owners: Owners) -> None:
        people = tuple(Person(one) for one in owners)
        back = self.world.back
        back.put_customer(evolve(back.customer(customer), owners=people))
        self.model.accounts[customer].owners = owners

    @rule(user=st.sampled_from(("t-7", "t-8", "u-1")), active=st.booleans())
    def set_user(self, user: str, active: bool) -> None:
        self.world.users.put(User(user, user.upper(), active))
        self.model.active[user] = active

    @rule(actor=st.sampled_from(("alice", "bob")), to=st.sampled_from((True, True, False)))
    def set_role(self, actor: str, to: bool) -> None:
        self.world.roles[actor] = {"CRM Admin"} if to else {"Reader"}
        (self.model.may.add if to else self.model.may.discard)(actor)

    # -------------------------------------------------------- time and the relay

    @rule(hours=st.sampled_from((1, 6, 14, 24, -3)))
    def time_passes(self, hours: int) -> None:
        self.world.clock.forward(timedelta(hours=hours))
        self.model.now += timedelta(hours=hours)

    @rule(failing=st.frozensets(st.sampled_from([person.id for person in TOLD])))
    def run_relay(self, failing: frozenset[str]) -> None:
        self.channel.failing = failing
        self.relay.run()

    # -------------------------------------------------------- after every step

    @invariant()
    def customers_are_as_the_model_has_them(self) -> None:
        """I6, and status and owners: nothing but what was asked for has changed them."""
        for key, one in self.model.accounts.items():
            customer = self.world.back.customer(key)
            assert one.status == customer.status
            assert one.owners == tuple(owner.id for owner in customer.owners)

    @invariant()
    def cancellations_are_as_the_model_has_them(self) -> None:
        """I3: as many as were begun, of which one may be open; each with what was entered."""
        stored = self.world.back.stored()
        states = {"open": State.PENDING, "removed": State.LIVE, "cancelled": State.CANCELLED}
        for key, one in self.model.accounts.items():
            mine = [record for record in stored.cancellations if record.customer == key]
            assert one.number == len(mine)
            if mine:
                last = mine[-1]
                assert (states[one.state], one.version) == (last.state, last.version)
                assert {k: revision for k, (_, revision) in one.answers.items()} == {
                    entry.section: entry.revision for entry in last.entries
                }
                assert len(one.performed) == len(last.performed)

    @invariant()
    def every_command_is_in_the_history_once(self) -> None:
        """I8: each accepted or refused command, and nothing that was malformed."""
        stored = self.world.back.stored()
        for key, one in self.model.accounts.items():
            told = [_told(entry) for entry in stored.history if entry.customer == key]
            assert one.history == told

    @invariant()
    def whoever_is_to_be_told_is_told_once(self) -> None:
        stored = self.world.back.stored()
        numbers: dict[str, str] = {}
        for key in CUSTOMERS:
            mine = [record for record in stored.cancellations if record.customer == key]
            numbers |= {record.id: f"{key}/{at}" for at, record in enumerate(mine, 1)}

        def names(notifications: Iterator[Notification]) -> list[str]:
            return sorted(
                f"{numbers[one.cancellation]}:{one.recipient.id}" for one in notifications
            )

        assert sorted(self.model.told) == names(row.notification for row in stored.outbox)
        sent = (row.notification for row in stored.outbox if row.delivery is Delivery.SENT)
        assert names(sent) == names(iter(self.channel.sent))

    @invariant()
    def nothing_is_torn(self) -> None:
        """I3, I4, I7, I8, I9, judged from what is stored alone."""
        drifted = {
            key
            for key, one in self.model.accounts.items()
            if one.state == "none" or self.drifted_since(one)
        }
        assert [] == broken_by(self.world.back.stored(), foreign=drifted, sound=False)

    def drifted_since(self, one: Account) -> bool:
        wanted = {
            "open": evolve(one.former, pending=True),
            "removed": one.former,
            "cancelled": Status("cancelled", cancelled=True),
        }
        return one.status != wanted[one.state]

    def teardown(self) -> None:
        """At the end the channel is mended: everybody is told, and everything stored is sound."""
        self.channel.failing = frozenset()
        for row in self.world.back.stored().outbox:
            if row.delivery is Delivery.DEAD:
                assert self.relay.put_back(row.id)
        self.world.clock.forward(timedelta(days=30))
        self.relay.run()
        self.whoever_is_to_be_told_is_told_once()
        stored = self.world.back.stored()
        assert {Delivery.SENT} >= {row.delivery for row in stored.outbox}
        assert [] == broken_by(stored, foreign=set(CUSTOMERS))


def _told(entry: HistoryEntry) -> tuple[str, bool, str]:
    code = "" if entry.accepted else entry.refusals[0].code
    return (entry.verb.value, entry.accepted, code)


TestStories = Stories.TestCase
TestStories.settings = settings(report_multiple_bugs=False)  # each would be shrunk: minutes


# ---------------------------------------------------------------- the machine on planted bugs


def changed(change: Callable[[Unit], Unit]) -> Callable[[], World]:
    return lambda: memory_world(wrap=lambda host: broken.Changes(host, change))


PLANTED: dict[str, Callable[[], World]] = {
    "operations forgotten": lambda: memory_world(
        wrap=lambda host: broken.Forgets(host, "operations", "add")
    ),
    "refusals forgotten": changed(broken.forgets_refusals),
    "only one is told": changed(broken.tells_half),
    "the former status is guessed": changed(broken.guesses_the_former_status),
    "judged as of a later day": changed(broken.judges_too_late),
    "everybody may": lambda: memory_world(outside=broken.grants_everybody),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_by_the_stories(name: str, report: Report) -> None:
    class Broken(Stories):
        make = staticmethod(PLANTED[name])

    once = settings(max_examples=2_000, database=None, phases=[Phase.generate])
    with pytest.raises((AssertionError, pytest.fail.Exception)) as caught:
        run_state_machine_as_test(Broken, settings=once)
    report("planted bugs found by the stories", f"{name}: {str(caught.value).splitlines()[:1]}")


def test_what_cannot_be_put_back_is_refused_also_in_the_middle_of_several() -> None:
    """Not a Conflict: trying again would never help."""
    world = memory_world()
    cancellation = world.desk().begin(CUSTOMER)
    cancellation.enter(NewOwner("t-7"))
    cancellation.perform_now("ownership")
    others = evolve(world.back.customer(CUSTOMER), owners=(Person("u-1"),))
    world.back.put_customer(others)
    cancellation.enter(NewOwner("t-8"))
    cancellation.perform_now("ownership")
    with pytest.raises(Refused) as caught:
        cancellation.remove(put_back=True)
    assert ("effect_changed",) == caught.value.codes

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
    Customer,
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
from cancelkit.errors import UnknownCustomer, UnknownReason, UnknownSection, UnknownUser
from cancelkit.ports import Unit
from cancelkit.records import Delivery, HistoryEntry, Notification, State
from cancelkit.relay import Relay
from cancelkit.schedule import process_due
from cancelkit.sections import Reason, Reasons
from tests.harness import broken
from tests.harness.report import Report
from tests.harness.stored import TOLD, TOLD_OF, broken_by
from tests.harness.world import (
    ALICE,
    BOB,
    CUSTOMER,
    MALLORY,
    NOW,
    OTHER,
    PROFILE,
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
MEANWHILE = ("", "close", "override", "enter", "remove")
"""What is done between scheduling and the day."""
OVERRIDING = ("override", "adopt", "end")
"""What takes an administrator."""
ROLES = {"admin": "CRM Admin", "clerk": "Customer Cancellation", "": "Reader"}
STATES = {
    "open": State.PENDING,
    "removed": State.LIVE,
    "ended": State.LIVE,
    "cancelled": State.CANCELLED,
    "reinstated": State.LIVE,
}
EVENT = {
    "begin": "begun",
    "remove": "removed",
    "end": "removed",
    "schedule": "scheduled",
    "process": "processed",
    "reinstate": "reinstated",
    "blocked": "blocked",
}

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
    asset: tuple[date | None, bool] | None = None
    expiry: date | None = None
    since: date | None = None
    gone: bool = False
    number: int = 0
    state: str = "none"
    former: Status = LIVE
    version: int = 0
    answers: dict[str, tuple[Any, int]] = field(factory=dict)
    answered_by: dict[str, str] = field(factory=dict)
    performed: list[Assigned] = field(factory=list)
    profile: str = ""
    schedule: tuple[date, date, str] | None = None
    effective: date | None = None
    overrides: dict[str, tuple[object, str]] = field(factory=dict)
    history: list[tuple[str, bool, str]] = field(factory=list)


@frozen
class Ticket:
    """A token that somebody has been shown, and what it stood for."""

    text: str = ""
    customer: str = ""
    number: int = 0
    version: int = 0
    shown: object = None
    on: date | None = None


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
    roles: dict[str, str] = field(factory=lambda: {"alice": "admin", "bob": "clerk"})
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
        answer, _ = one.answers.get("ownership", (None, 0))
        if answer is None or not (answer.user or answer.keep):
            return False
        if answer.keep:
            return all(self.active[owner] for owner in one.owners)
        return self.active[answer.user]

    def as_of(self, on: date | None) -> date:
        return max(on or self.today, self.today)

    def left(self, one: Account, section: str, on: date | None) -> object:
        """What the CRM's records say is left to do in a section; None where it is nothing."""
        if section in RECORD_KINDS:
            return "open" if section in one.open else None
        ceased, live = one.asset or (date.min, False)
        if ceased is None or ceased > self.as_of(on):
            return "live" if ceased is None else "to come"
        return ("ticked", self.as_of(on) > self.today) if live else None

    def red(self, one: Account, on: date | None = None) -> tuple[str, ...]:
        """The blocking sections that are not green."""
        reasons, _ = one.answers.get("reasons", (None, 0))
        found = [] if reasons and (reasons.codes or reasons.text) else ["reasons"]
        if one.profile and not self.owner_is_green(one):
            found.append("ownership")
        records = (kind for kind in ("assets", *RECORD_KINDS) if self.left(one, kind, on))
        return (*found, *records)

    def overridden(self, one: Account, on: date | None = None) -> frozenset[str]:
        """The red sections that still say what they said when they were overridden."""
        pairs = one.overrides.items()
        return frozenset(key for key, (was, _) in pairs if was and was == self.left(one, key, on))

    def blocking(self, one: Account, on: date | None = None) -> tuple[str, ...]:
        return tuple(key for key in self.red(one, on) if key not in self.overridden(one, on))

    def shown(self, one: Account, on: date | None = None) -> object:
        """What a plan stands for: if any of this changes, it is another plan."""
        if one.gone or one.state != "open":
            return "nothing"
        mood, _ = one.answers.get("mood", (None, 0))
        plan = self.planned(one)
        return (
            one.number,
            self.red(one, on),
            self.overridden(one, on),
            self.owner_is_green(one),
            one.expiry is not None and one.expiry > self.as_of(on),
            bool(mood and mood.option and not one.profile),
            (plan.to, plan.was) if plan else None,
            None if on == self.today else on,
            on is not None and on > self.today,
            one.schedule and one.schedule[0],
        )

    def drifted(self, one: Account) -> bool:
        return one.gone or one.status != evolve(one.former, pending=True)

    def drift(self, one: Account) -> Expected:
        return refused("customer_gone" if one.gone else "drift")

    # -------------------------------------------------------- deciding

    def expect(
        self, verb: str, customer: str, actor: Person, key: str, given: tuple[Any, ...]
    ) -> Expected | None:
        """Expect what holds for every command; None where it is up to the verb."""
        one = self.accounts[customer]
        before = self.used.get((customer, verb, key)) if key else None
        if before == (actor.id, *given):
            return Expected("again")
        if one.gone and one.state != "open":
            return Expected("invalid", error=UnknownCustomer)
        if before is not None:
            return refused("operation_reused")
        if not self.allowed(actor, verb):
            return refused("not_allowed")
        return self.expect_move(one, verb)

    def allowed(self, actor: Person, verb: str) -> bool:
        role = self.roles.get(actor.id, "")
        return role == "admin" if verb in OVERRIDING else bool(role)

    def expect_move(self, one: Account, verb: str) -> Expected | None:
        where = self.where(one)
        if verb == "reinstate":
            ours = where == "cancelled" and one.state == "cancelled"
            return None if ours else refused("not_cancelled")
        if where == "cancelled":
            return refused("already_cancelled")
        if where == "live":
            if verb != "begin":
                return refused("not_pending")
            return refused("already_pending") if one.status.pending else None
        return None

    def expect_begin(self, one: Account, profile: str) -> Expected:
        if one.state == "open" and one.gone:
            return self.drift(one)
        other = one.state == "open" and profile not in ("", one.profile)
        return refused("other_profile") if other else Expected("done")

    def expect_enter(self, one: Account, actor: Person, form: object, ticket: Ticket) -> Expected:
        section = SECTIONS[type(form)]
        if one.gone:
            return self.drift(one)
        if ticket.text and not self.is_of(ticket, one):
            return refused("stale_token")
        _, revision = one.answers.get(section, (None, 0))
        by_another = one.answered_by.get(section) not in (None, actor.id)
        if ticket.text and by_another and revision > ticket.version:
            return refused("newer_answer")
        if self.absent(one, section):
            return Expected("invalid", error=UnknownSection)
        if isinstance(form, NewOwner) and form.user and not self.active[form.user]:
            return Expected("invalid", error=Invalid)
        return Expected("done")

    def expect_nonsense(self, one: Account, form: object, error: type[Invalid]) -> Expected:
        if one.gone:
            return self.drift(one)
        missing = self.absent(one, SECTIONS[type(form)])
        return Expected("invalid", error=UnknownSection if missing else error)

    def absent(self, one: Account, section: str) -> bool:
        """The checklist that was copied at Begin has no such section."""
        return bool(one.profile) and section == "mood"

    def expect_perform(self, one: Account, section: str, ticket: Ticket) -> Expected:
        if self.absent(one, section):
            return Expected("invalid", error=UnknownSection)
        if self.drifted(one):
            return self.drift(one)
        if ticket.text and not self.is_of(ticket, one):
            return refused("stale_token")
        if section != "ownership" or self.planned(one) is None:
            return refused("nothing_planned")
        return Expected("done")

    def expect_override(self, one: Account, section: str, reason: str, ticket: Ticket) -> Expected:
        if self.absent(one, section):
            return Expected("invalid", error=UnknownSection)
        if self.drifted(one):
            return self.drift(one)
        if ticket.text and not self.is_of(ticket, one):
            return refused("stale_token")
        there = section in (self.red(one) if reason else one.overrides)
        return Expected("done") if there else refused("nothing_to_override")

    def expect_back(self, one: Account, ticket: Ticket, *, put_back: bool) -> Expected:
        """Remove and Reinstate: putting back what was performed, the last first."""
        if one.state == "open" and self.drifted(one):
            return self.drift(one)
        if ticket.text and not self.is_of(ticket, one):
            return refused("stale_token")
        owners = one.owners
        for done in reversed(one.performed) if put_back else ():
            if owners != done.to:
                return refused("effect_changed")
            if not all(self.active[owner] for owner in done.was):
                return refused("owner_left")
            owners = done.was
        return Expected("done")

    def expect_process(self, one: Account, ticket: Ticket, on: date | None) -> Expected:
        if self.drifted(one):
            return self.drift(one)
        if ticket.text and not self.is_of(ticket, one):
            return refused("stale_token")
        if self.too_early(one, on):
            return refused("too_early")
        if not ticket.text:
            return refused("confirmation_missing")
        if ticket.shown != self.shown(one, on):
            return refused("stale_token")
        if on is not None and on > self.today:
            return Expected("done")
        return refused("blocked") if self.blocking(one) else Expected("done")

    def expect_due(self, one: Account, on: date) -> Expected:
        """On its day nobody is asked, and nothing is compared with what was shown."""
        if self.drifted(one):
            return self.drift(one)
        if self.too_early(one, on):
            return refused("too_early")
        return refused("blocked") if self.blocking(one) else Expected("done")

    def expect_after_drift(self, one: Account, verb: str) -> Expected:
        if not self.drifted(one):
            return refused("no_drift")
        if verb == "adopt" and (one.gone or one.status.cancelled):
            return self.drift(one)
        return Expected("done")

    def too_early(self, one: Account, on: date | None) -> bool:
        return one.since is not None and (on or self.today) < one.since

    def is_of(self, ticket: Ticket, one: Account) -> bool:
        return self.accounts[ticket.customer] is one and ticket.number == one.number

    # -------------------------------------------------------- doing

    def tell(self, customer: str, verb: str) -> None:
        one, event = self.accounts[customer], EVENT[verb]
        key = f"{customer}/{one.number}:{one.version}:{event}"
        self.told += [f"{key}:{person.id}" for person in TOLD_OF[event]]

    def begin(self, one: Account, profile: str) -> bool:
        if one.state == "open":
            return False
        one.number += 1
        one.state, one.version, one.former, one.profile = "open", 1, one.status, profile
        one.answers, one.answered_by, one.performed = {}, {}, []
        one.schedule, one.effective, one.overrides = None, None, {}
        one.status = evolve(one.status, pending=True)
        return True

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

    def override(self, one: Account, section: str, reason: str) -> None:
        one.version += 1
        one.overrides.pop(section, None)
        if reason:
            was = None if section in SECTIONS.values() else self.left(one, section, None)
            one.overrides[section] = (was, reason)

    def go_back(self, one: Account, state: str, *, put_back: bool) -> None:
        """Remove, Reinstate."""
        one.state, one.status, one.schedule = state, one.former, None
        one.version += 1
        for done in list(reversed(one.performed)) if put_back else ():
            one.owners = done.was
            one.performed.append(Assigned(done.was, done.to, -1))

    def process(self, one: Account, on: date | None) -> None:
        self.perform(one)
        one.state, one.status = "cancelled", Status("cancelled", cancelled=True)
        one.schedule, one.effective = None, on or self.today

    def schedule(self, one: Account, on: date, by: str) -> None:
        one.version += 1
        one.schedule = (on, on, by)

    def postpone(self, one: Account) -> None:
        assert one.schedule is not None
        on, _, by = one.schedule
        one.version += 1
        one.schedule = (on, self.today + timedelta(1), by)

    def adopt(self, one: Account) -> None:
        one.version += 1
        one.former = evolve(one.status, pending=False)
        one.status = evolve(one.status, pending=True)

    def end(self, one: Account) -> None:
        one.version += 1
        one.state, one.schedule = "ended", None

    def due(self) -> list[str]:
        found = [
            (one.schedule[1], key)
            for key, one in self.accounts.items()
            if one.state == "open" and one.schedule
        ]
        return [key for day, key in sorted(found) if day <= self.today]


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
        first = Account(
            open=set(RECORD_KINDS), asset=(None, True), expiry=NOW.date() + timedelta(30)
        )
        self.model = Model(
            accounts={CUSTOMER: first, OTHER: Account()},
            active={"u-1": True, "t-7": True, "t-8": True, "x-9": False},
        )
        self.tickets = [Ticket()]
        self.ghosts: dict[str, Customer] = {}
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
        do: Callable[[Account], object],
        move: str = "",
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
        move = move or verb
        if expected.how == "done":
            if do(one) is not False and move in EVENT:
                self.model.tell(customer, move)
            one.history.append((move, True, ""))
            self.model.used[customer, verb, op] = (actor.id, *given)
        elif expected.how == "refused":
            one.history.append((move, False, expected.code))

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

    def based_on(self, customer: str, choice: int) -> Ticket:
        """Choose a token for a command that may do without: most often none."""
        return self.ticket(choice // 5, customer) if choice % 5 == 0 else Ticket()

    @rule(
        customer=customers, actor=actors, key=keys, profile=st.sampled_from(("", "", "", PROFILE))
    )
    def begin(self, customer: str, actor: Person, key: str, profile: str = "") -> None:
        desk = self.world.desk(actor)
        self.give(
            "begin",
            customer,
            actor,
            key,
            (profile,),
            call=lambda op: desk.get(customer).begin(profile=profile, op=op),
            expect=lambda one: self.model.expect_begin(one, profile),
            do=lambda one: self.model.begin(one, profile),
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
            expect=lambda one: self.model.expect_nonsense(one, form, error),
            do=lambda one: None,
        )

    @rule(
        customer=customers,
        actor=actors,
        key=keys,
        section=st.sampled_from(("ownership", "ownership", "mood")),
        choice=choices,
    )
    def perform_now(
        self, customer: str, actor: Person, key: str, section: str, choice: int = 1
    ) -> None:
        ticket = self.based_on(customer, choice)
        desk = self.world.desk(actor)
        self.give(
            "perform_now",
            customer,
            actor,
            key,
            (section, ticket.text),
            call=lambda op: desk.get(customer).perform_now(section, token=ticket.text, op=op),
            expect=lambda one: self.model.expect_perform(one, section, ticket),
            do=self.model.perform,
        )

    @rule(customer=customers, actor=actors, key=keys, put_back=st.booleans(), choice=choices)
    def remove(self, customer: str, actor: Person, key: str, put_back: bool, choice: int) -> None:
        ticket = self.based_on(customer, choice)
        desk = self.world.desk(actor)
        self.give(
            "remove",
            customer,
            actor,
            key,
            (put_back, ticket.text),
            call=lambda op: desk.get(customer).remove(put_back=put_back, token=ticket.text, op=op),
            expect=lambda one: self.model.expect_back(one, ticket, put_back=put_back),
            do=lambda one: self.model.go_back(one, "removed", put_back=put_back),
        )

    @rule(customer=customers, actor=actors, key=keys, put_back=st.booleans(), choice=choices)
    def reinstate(
        self, customer: str, actor: Person, key: str, put_back: bool, choice: int
    ) -> None:
        ticket = self.based_on(customer, choice)
        desk = self.world.desk(actor)
        self.give(
            "reinstate",
            customer,
            actor,
            key,
            (put_back, ticket.text),
            call=lambda op: desk.get(customer).reinstate(
                put_back=put_back, token=ticket.text, op=op
            ),
            expect=lambda one: self.model.expect_back(one, ticket, put_back=put_back),
            do=lambda one: self.model.go_back(one, "reinstated", put_back=put_back),
        )

    @rule(
        customer=customers,
        actor=actors,
        key=keys,
        section=st.sampled_from(("assets", "assets", "cases", "sales_orders", "mood")),
        reason=st.sampled_from(("written off", "written off", "as agreed", "")),
        choice=choices,
    )
    def override(
        self, customer: str, actor: Person, key: str, section: str, reason: str, choice: int = 1
    ) -> None:
        ticket = self.based_on(customer, choice)
        desk = self.world.desk(actor)
        self.give(
            "override",
            customer,
            actor,
            key,
            (section, reason, ticket.text),
            call=lambda op: desk.get(customer).override(
                section, reason, take_back=not reason, token=ticket.text, op=op
            ),
            expect=lambda one: self.model.expect_override(one, section, reason, ticket),
            do=lambda one: self.model.override(one, section, reason),
        )

    @rule(customer=customers, actor=actors, key=keys)
    def adopt(self, customer: str, actor: Person, key: str) -> None:
        desk = self.world.desk(actor)
        self.give(
            "adopt",
            customer,
            actor,
            key,
            (),
            call=lambda op: desk.get(customer).adopt(op=op),
            expect=lambda one: self.model.expect_after_drift(one, "adopt"),
            do=self.model.adopt,
        )

    @rule(customer=customers, actor=actors, key=keys)
    def end(self, customer: str, actor: Person, key: str) -> None:
        desk = self.world.desk(actor)
        self.give(
            "end",
            customer,
            actor,
            key,
            (),
            call=lambda op: desk.get(customer).end(op=op),
            expect=lambda one: self.model.expect_after_drift(one, "end"),
            do=self.model.end,
        )

    @rule(
        customer=customers,
        actor=actors,
        key=keys,
        choice=choices,
        shift=st.sampled_from((0, 0, 0, 0, 1, -2)),
    )
    def process(self, customer: str, actor: Person, key: str, choice: int, shift: int) -> None:
        """Process or schedule: most often for the day that was planned, or else for another."""
        ticket = self.ticket(choice, customer)
        on = (ticket.on or self.model.today) + timedelta(shift) if shift else ticket.on
        self.process_with(customer, actor, key, ticket, on)

    def process_with(
        self, customer: str, actor: Person, key: str, ticket: Ticket, on: date | None
    ) -> None:
        desk = self.world.desk(actor)
        later = on if on is not None and on > self.model.today else None

        def do(one: Account) -> None:
            if later is None:
                self.model.process(one, on)
            else:
                self.model.schedule(one, later, actor.id)

        self.give(
            "process",
            customer,
            actor,
            key,
            (ticket.text, on),
            call=lambda op: desk.get(customer).process(ticket.text, on=on, op=op),
            expect=lambda one: self.model.expect_process(one, ticket, on),
            do=do,
            move="process" if later is None else "schedule",
        )

    @rule(actor=actors)
    def run_the_job(self, actor: Person) -> None:
        """What is due is tried once, whoever runs the job, in the order of the days."""
        wanted = []
        for customer in self.model.due():
            one = self.model.accounts[customer]
            assert one.schedule is not None
            on, _, _ = one.schedule
            expected = self.model.expect_due(one, on)
            wanted.append((customer, expected.code or "done"))
            event(f"due: {expected.how} {expected.code}")
            if expected.how == "done":
                self.model.process(one, on)
                self.model.tell(customer, "process")
            else:
                self.model.postpone(one)
                self.model.tell(customer, "blocked")
            one.history.append(("process", expected.how == "done", expected.code))
        tried = process_due(self.world.desk(actor))
        codes = [
            (t.customer, t.error.codes[0] if isinstance(t.error, Refused) else "done")
            for t in tried
        ]
        assert wanted == codes

    # -------------------------------------------------------- looking

    @rule(
        customer=customers,
        actor=actors,
        view=st.booleans(),
        days=st.sampled_from((None, None, None, 0, 1, 1, 2, 5, -1, -3)),
    )
    def look(self, customer: str, actor: Person, view: bool, days: int | None = None) -> None:
        one = self.model.accounts[customer]
        case = self.world.desk(actor).get(customer)
        pending = self.model.where(one) == "pending"
        on = None if days is None else self.model.today + timedelta(days)
        if one.gone and not pending:
            with pytest.raises(UnknownCustomer):
                case.view(on=on) if view else case.plan(on=on)
            return
        may = self.model.allowed(actor, "view")
        if not may or not (view or pending):
            with pytest.raises(Refused) as caught:
                case.view(on=on) if view else case.plan(on=on)
            assert ("not_pending" if may else "not_allowed",) == caught.value.codes
            return
        token = case.view(on=on).token if view else case.plan(on=on).token
        over = self.model.where(one) == "cancelled" == one.state
        assert (pending or over) == bool(token)
        if token:
            shown = self.model.shown(one, on)
            self.tickets.append(Ticket(token, customer, one.number, one.version, shown, on))

    @precondition(lambda self: self.model.roles["alice"])
    @rule(customer=customers, days=st.sampled_from((None, 0, 1, 3, -1)))
    def compare_the_view(self, customer: str, days: int | None) -> None:
        one = self.model.accounts[customer]
        on = None if days is None else self.model.today + timedelta(days)
        if one.gone and one.state != "open":
            return
        view = self.world.desk().get(customer).view(on=on)
        where = self.model.where(one)
        assert {"live": State.LIVE, "pending": State.PENDING, "cancelled": State.CANCELLED}[
            where
        ] is view.state
        assert (where == "pending") == bool(view.banner)
        assert (where == "pending" and self.model.drifted(one)) == bool(view.drift)
        if where == "pending":
            day = one.schedule and one.schedule[0]
            assert day == (view.schedule and view.schedule.on)
        if where == "pending" and not one.gone:
            assert self.model.blocking(one, on) == tuple(line.key for line in view.blocked_by)

    # -------------------------------------------------------- what goes well, to get far

    @initialize(
        begun=st.sampled_from((CUSTOMERS, CUSTOMERS, CUSTOMERS[:1], ())),
        former=st.sampled_from(STATUSES[:2]),
        profile=st.sampled_from(("", "", PROFILE)),
        first=st.sampled_from(("", "", "schedule", "schedule", "drift", "override", "reinstate")),
        days=st.integers(0, 2),
        meanwhile=st.sampled_from(MEANWHILE),
        yes=st.booleans(),
    )
    def begin_some(
        self,
        *,
        begun: tuple[str, ...],
        former: Status,
        profile: str,
        first: str,
        days: int,
        meanwhile: str,
        yes: bool,
    ) -> None:
        """Begin, and perhaps go some way before everything else gets into the way."""
        self.set_status(OTHER, former)
        for customer in begun:
            self.begin(customer, ALICE, "", profile)
            self.enter(customer, ALICE, "", Reasons("price"), 0, based=False)
            self.look(customer, ALICE, view=True)
        if first == "schedule":
            self.schedule_and_wait(
                OTHER, 1 + days, 1 + days + yes, meanwhile, int(yes and days == 1)
            )
        elif first == "drift":
            self.drift_and_resolve(OTHER, STATUSES[days], adopting=yes)
        elif first == "override":
            self.override_and_process(OTHER, changing=yes)
        elif first == "reinstate":
            self.go_to_the_end(OTHER, "t-7")
            self.reinstate(OTHER, ALICE, "", put_back=yes, choice=1)

    @precondition(lambda self: self.model.roles["alice"])
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
        ticket = self.tickets[-1]
        self.process_with(ticket.customer, ALICE, key, ticket, ticket.on)

    @precondition(lambda self: self.model.roles["alice"])
    @rule(
        customer=customers,
        days=st.integers(1, 3),
        waiting=st.integers(0, 4),
        meanwhile=st.sampled_from(MEANWHILE),
        other_day=st.sampled_from((0, 0, 0, 1)),
    )
    def schedule_and_wait(
        self, customer: str, days: int, waiting: int, meanwhile: str, other_day: int
    ) -> None:
        """Schedule; perhaps close everything, or override; days pass, and the job runs."""
        self.begin(customer, ALICE, "")
        self.enter(customer, ALICE, "", Reasons("price"), 0, based=False)
        self.look(customer, ALICE, view=False, days=days)
        on = self.model.today + timedelta(days + other_day)
        self.process_with(customer, ALICE, "", self.ticket(1, customer), on)
        if meanwhile == "close":
            self.close_everything(customer)
        elif meanwhile == "override":
            self.set_asset(customer, days - 1, live=True)
            self.override(customer, ALICE, "", "assets", "written off")
        elif meanwhile == "enter":
            self.enter(customer, ALICE, "", Mood("angry"), 0, based=False)
        elif meanwhile == "remove":
            self.remove(customer, ALICE, "", put_back=False, choice=1)
        self.time_passes(24 * waiting)
        self.run_the_job(MALLORY)

    @precondition(lambda self: self.model.roles["alice"] == "admin")
    @rule(customer=customers, status=st.sampled_from(STATUSES), adopting=st.booleans())
    def drift_and_resolve(self, customer: str, status: Status, adopting: bool) -> None:
        """Begin; somebody changes the status; adopt it, or end the cancellation."""
        self.begin(customer, ALICE, "")
        self.set_status(customer, status)
        if adopting:
            self.adopt(customer, ALICE, "")
        else:
            self.end(customer, ALICE, "")

    @precondition(lambda self: self.model.roles["alice"] == "admin")
    @rule(customer=customers, changing=st.booleans())
    def override_and_process(self, customer: str, changing: bool) -> None:
        """Override the asset that is left, perhaps change it, and process what was planned."""
        self.begin(customer, ALICE, "")
        self.close_everything(customer)
        self.set_asset(customer, 1, live=True)
        self.enter(customer, ALICE, "", Reasons("price"), 0, based=False)
        self.override(customer, ALICE, "", "assets", "as agreed")
        if changing:
            self.set_asset(customer, 0, live=True)
        self.look(customer, ALICE, view=False)
        self.process_with(customer, ALICE, "", self.ticket(1, customer), None)

    @precondition(lambda self: self.model.roles["alice"])
    @rule(customer=customers, owner=st.sampled_from(("", "t-7", "t-8")))
    def go_to_the_end(self, customer: str, owner: str) -> None:
        """Begin, answer, close everything, look at the plan, process."""
        self.begin(customer, ALICE, "")
        self.close_everything(customer)
        self.enter(customer, ALICE, "", Reasons("price"), 0, based=False)
        if owner:
            self.enter(customer, ALICE, "", NewOwner(owner), 0, based=False)
        self.look(customer, ALICE, view=False)
        self.process_with(customer, ALICE, "", self.ticket(1, customer), None)

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
        self.model.accounts[customer].asset = (ceased, live)

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
        if self.model.accounts[customer].gone:
            return
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
        if self.model.accounts[customer].gone:
            return
        back.put_customer(evolve(back.customer(customer), owners=people))
        self.model.accounts[customer].owners = owners

    @rule(customer=customers, days=st.sampled_from((None, 0, -1, -2, 2)))
    def set_first_day(self, customer: str, days: int | None) -> None:
        one, back = self.model.accounts[customer], self.world.back
        if not one.gone:
            one.since = None if days is None else self.model.today + timedelta(days)
            back.put_customer(evolve(back.customer(customer), since=one.since))

    @rule(customer=customers, back=st.booleans())
    def delete_or_put_back(self, customer: str, back: bool) -> None:
        one = self.model.accounts[customer]
        if one.gone and back:
            self.world.back.put_customer(self.ghosts[customer])
            one.gone = False
        elif not one.gone and not back:
            self.ghosts[customer] = self.world.back.customer(customer)
            self.world.back.delete_customer(customer)
            one.gone = True

    @rule(user=st.sampled_from(("t-7", "t-8", "u-1")), active=st.booleans())
    def set_user(self, user: str, active: bool) -> None:
        self.world.users.put(User(user, user.upper(), active))
        self.model.active[user] = active

    @rule(
        actor=st.sampled_from(("alice", "bob")), to=st.sampled_from(("admin", "admin", "clerk", ""))
    )
    def set_role(self, actor: str, to: str) -> None:
        self.world.roles[actor] = {ROLES[to]}
        self.model.roles[actor] = to

    # -------------------------------------------------------- time and the relay

    @rule(hours=st.sampled_from((1, 6, 14, 24, 48, -3)))
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
            if one.gone:
                assert key not in self.world.back.stored().customers
                continue
            customer = self.world.back.customer(key)
            assert one.status == customer.status
            assert one.owners == tuple(owner.id for owner in customer.owners)

    @invariant()
    def cancellations_are_as_the_model_has_them(self) -> None:
        """I3: as many as were begun, of which one may be open; each with what was entered."""
        stored = self.world.back.stored()
        for key, one in self.model.accounts.items():
            mine = [record for record in stored.cancellations if record.customer == key]
            assert one.number == len(mine)
            if mine:
                last = mine[-1]
                assert (STATES[one.state], one.version) == (last.state, last.version)
                assert {k: revision for k, (_, revision) in one.answers.items()} == {
                    entry.section: entry.revision for entry in last.entries
                }
                assert len(one.performed) == len(last.performed)
                kept = last.schedule
                schedule = kept and (kept.on, kept.due, kept.stamp.by.id)
                assert (one.schedule, one.effective) == (schedule, last.effective)
                assert {k: reason for k, (_, reason) in one.overrides.items()} == {
                    override.section: override.reason for override in last.overrides
                }
                assert (one.profile, one.former) == (last.profile, last.former)
                assert (one.state == "reinstated") == (last.reinstated is not None)

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
                one.key.replace(one.cancellation, numbers[one.cancellation])
                for one in notifications
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
            if one.state in ("none", "ended") or one.gone or self.drifted_since(one)
        }
        assert [] == broken_by(self.world.back.stored(), foreign=drifted, sound=False)

    def drifted_since(self, one: Account) -> bool:
        wanted = {
            "open": evolve(one.former, pending=True),
            "removed": one.former,
            "cancelled": Status("cancelled", cancelled=True),
            "reinstated": one.former,
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
CORE = (
    "Enter drops the schedule",
    "Override drops the schedule",
    "Remove keeps the schedule",
    "Reinstate wipes the entries",
    "the effective date is not kept",
    "End writes the CRM's status",
    "Adopt overwrites the CRM's status",
    "Adopt does not mark as pending",
    "a blocked day is not postponed",
    "nobody is told of a blocked day",
    "what is due is not checked afresh",
    "what is due needs no schedule",
    "an override outlives what it was for",
    "whoever may edit may override",
    "the token does not know the date",
    "the profile is not copied",
)
"""Bugs of the core that the stories find."""


@pytest.mark.parametrize("name", [*PLANTED, *CORE])
def test_a_planted_bug_is_found_by_the_stories(
    name: str, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    class Broken(Stories):
        make = staticmethod(PLANTED.get(name, memory_world))

    if name in CORE:
        broken.CORE[name](monkeypatch)

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

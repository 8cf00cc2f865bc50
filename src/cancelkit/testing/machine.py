"""A state machine that drives a host and an in-memory host side by side, and compares them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cancelkit.adapters.memory import CountingIds, MemoryCrm, MemoryHost
from cancelkit.cancellation import Cancellation
from cancelkit.checklist import STANDARD
from cancelkit.effects import AssignOwner
from cancelkit.needs import Need, NextDate, OpenRecords, UnceasedAssets
from cancelkit.people import Customer, Person, User
from cancelkit.relay import Relay
from cancelkit.roles import CRM_ADMIN, CUSTOMER_CANCELLATION
from cancelkit.schedule import process_due
from cancelkit.sections import Mood, NewOwner, Reason, Reasons
from cancelkit.testing.faulty import POINTS
from cancelkit.testing.memory import MemoryBackDoor
from cancelkit.testing.samples import TEXT
from cancelkit.testing.shapes import Shape, shape_of_result, shape_of_side
from cancelkit.testing.sides import ALICE, CLERK, MALLORY, PROFILE, Side
from cancelkit.testing.world import Arrange, RecordState, World

WHICH = st.integers(0, 1)
NUMBERS = st.integers(0, 9)
Options = dict[str, Any]
OPS: st.SearchStrategy[Options] = st.sampled_from(({}, {}, {}, {"op": "op-1"}, {"op": "op-2"}))
FAULTS = st.sampled_from(("",) * len(POINTS) + POINTS)
ROLES = st.sampled_from((CRM_ADMIN, CRM_ADMIN, CUSTOMER_CANCELLATION, ""))
ORDERS = st.sampled_from(("begin", "remove", "end", "reinstate"))
STATES: st.SearchStrategy[RecordState] = st.sampled_from(("open", "closed", "odd", "empty"))
DAYS = st.integers(-1, 2).map(lambda days: timedelta(days=days))


class Machine(RuleBasedStateMachine):
    """The rules; `theirs` is the host under test, `ours` the in-memory one."""

    world: ClassVar[World]

    def __init__(self) -> None:
        """Add customers at the host, and the same ones in memory."""
        super().__init__()
        world = self.world
        self.arrange: Arrange = world.arrange
        with world.host.reading() as unit:
            self.needs: list[Need[Any]] = [
                need for need in STANDARD.needs if unit.customers.answers(need)
            ]
            mirrored = unit.status is not None
        absent = [s.key for s in STANDARD.sections if not set(s.needs) <= set(self.needs)]
        self.assigns: bool = AssignOwner in world.host.performs
        if not self.assigns:
            absent.append("ownership")
        checklist = STANDARD.without(*absent)
        self.keys: list[str] = [world.arrange.customer(), world.arrange.customer()]
        kinds = [getattr(need, "kind", "") for need in self.needs]
        crm = MemoryCrm(tenant=world.host.tenant, kinds=kinds)
        self.put_customer: Callable[[Customer], None] = crm.put_customer
        self.delete_customer: Callable[[str], None] = crm.delete_customer
        memory = MemoryHost(crm, clock=world.host.clock, ids=CountingIds(), mirrored=mirrored)
        self.users: list[User] = []
        self.theirs: Side = Side(world.host, world.arrange, checklist, self.users)
        self.users += self._owners()
        self.theirs = Side(world.host, world.arrange, checklist, self.users)
        self.ours: Side = Side(memory, MemoryBackDoor(crm), checklist, self.users)
        self.today: date = world.host.clock.now().date()
        self.there: set[str] = set(self.keys)
        for key in self.keys:
            self._copy(key)

    # ------------------------------------------------------------ commands

    @rule(which=WHICH, profile=st.sampled_from(("", "", PROFILE)), op=OPS, fault=FAULTS)
    def begin(self, which: int, profile: str, op: Options, fault: str) -> None:
        """Begin."""
        self._both(which, lambda side, at: at.begin(profile=profile, **op), fault)

    @rule(
        which=WHICH, number=NUMBERS, token=st.sampled_from(("", "", "seen")), op=OPS, fault=FAULTS
    )
    def enter(self, which: int, number: int, token: str, op: Options, fault: str) -> None:
        """Enter one of some forms."""
        forms: list[object] = [
            Reasons("price", text=TEXT.replace("\n", " ")),
            Reasons(Reason("other", "a comment")),
            Reasons(),
            Mood("angry"),
        ]
        if self.assigns:
            forms += [NewOwner(keep=True), *(NewOwner(user.id) for user in self.users)]
        form = forms[number % len(forms)]
        key = self.keys[which]
        self._both(
            which, lambda side, at: at.enter(form, token=side.token(key, token), **op), fault
        )

    @rule(which=WHICH, op=OPS, fault=FAULTS)
    def perform_now(self, which: int, op: Options, fault: str) -> None:
        """Give the customer to the planned owner at once."""
        if self.assigns:
            self._both(which, lambda side, at: at.perform_now("ownership", **op), fault)

    @rule(which=WHICH)
    def look(self, which: int) -> None:
        """Remember the token that is shown now."""
        for side in (self.theirs, self.ours):
            if self.keys[which] in self.there:
                side.tokens[self.keys[which]] = side.token(self.keys[which], "fresh")

    @rule(which=WHICH, token=st.sampled_from(("fresh", "fresh", "seen", "")), op=OPS, fault=FAULTS)
    def process(self, which: int, token: str, op: Options, fault: str) -> None:
        """Process."""
        key = self.keys[which]
        self._both(which, lambda side, at: at.process(side.token(key, token), **op), fault)

    @rule(
        which=WHICH,
        number=NUMBERS,
        now=st.booleans(),
        end=st.sampled_from(("process", "process", "remove", "put back", "")),
        fault=FAULTS,
    )
    def whole(self, which: int, number: int, now: bool, end: str, fault: str) -> None:
        """Go all the way, as far as assets do not stand in the way."""
        self._both(which, lambda side, at: at.begin())
        self._both(which, lambda side, at: at.enter(Reasons("price")))
        if self.assigns:
            owner = NewOwner(self.users[number % len(self.users)].id)
            self._both(which, lambda side, at: at.enter(owner))
        if self.assigns and now:
            self._both(which, lambda side, at: at.perform_now("ownership"))
        for side in (self.theirs, self.ours):
            for kind, key in side.records:
                side.arrange.record(self.keys[which], kind, "closed", key)
        if end == "process":
            self._both(which, _confirmed, fault)
        elif end:
            self._both(which, lambda side, at: at.remove(put_back=end == "put back"), fault)

    @rule(which=WHICH, number=NUMBERS, left=st.booleans(), over=st.booleans(), fault=FAULTS)
    def scheduled(self, which: int, number: int, left: bool, over: bool, fault: str) -> None:
        """Schedule, perhaps with a record that is open, or with its section overridden."""
        kinds = [need.kind for need in self.needs if isinstance(need, OpenRecords)]
        if (left or over) and kinds:
            self.add_record(which, number, "open")
        self._both(which, lambda side, at: at.begin())
        self._both(which, lambda side, at: at.enter(Reasons("price")))
        self.schedule(which, 1, "fresh", {}, "")
        if over and kinds:
            need = OpenRecords(kinds[number % len(kinds)])
            sections = self.ours.kit.checklist.sections
            key = next(section.key for section in sections if need in section.needs)
            self._both(which, lambda side, at: at.override(key, "fine"))
        self.days_pass(1)
        self.due(fault)

    @rule(which=WHICH, put_back=st.booleans(), op=OPS, fault=FAULTS)
    def remove(self, which: int, put_back: bool, op: Options, fault: str) -> None:
        """Remove."""
        self._both(which, lambda side, at: at.remove(put_back=put_back, **op), fault)

    @rule(which=WHICH, put_back=st.booleans(), op=OPS, fault=FAULTS)
    def reinstate(self, which: int, put_back: bool, op: Options, fault: str) -> None:
        """Reinstate."""
        self._both(which, lambda side, at: at.reinstate(put_back=put_back, **op), fault)

    @rule(
        which=WHICH, number=NUMBERS, reason=st.sampled_from(("fine", "", "")), op=OPS, fault=FAULTS
    )
    def override(self, which: int, number: int, reason: str, op: Options, fault: str) -> None:
        """Override a section, or take that back."""
        sections = self.ours.kit.checklist.sections
        key = sections[number % len(sections)].key
        self._both(
            which, lambda side, at: at.override(key, reason, take_back=not reason, **op), fault
        )

    @rule(
        which=WHICH,
        days=st.integers(1, 2),
        token=st.sampled_from(("fresh", "fresh", "fresh", "seen", "")),
        op=OPS,
        fault=FAULTS,
    )
    def schedule(self, which: int, days: int, token: str, op: Options, fault: str) -> None:
        """Process for a day to come."""
        key, on = self.keys[which], self.today + timedelta(days=days)
        self._both(
            which, lambda side, at: at.process(side.token(key, token, on), on=on, **op), fault
        )

    @rule(days=st.integers(1, 2))
    def days_pass(self, days: int) -> None:
        """Move the clocks."""
        self.today += timedelta(days=days)
        for side in (self.theirs, self.ours):
            side.clock.days += days

    @rule(fault=FAULTS)
    def due(self, fault: str) -> None:
        """Carry out what is due."""
        self._both(0, lambda side, at: self._tried(side), fault)

    def _tried(self, side: Side) -> list[tuple[int, str]]:
        """Run the job; earlier runs have left other customers at the host under test."""
        tried = process_due(side.kit.at(side.host, actor=MALLORY))
        mine = [one for one in tried if one.customer in self.keys]
        found = [(self.keys.index(one.customer), type(one.error).__name__) for one in mine]
        return sorted(found)  # two that are due on the same day come in any order

    @rule(which=WHICH, end=st.booleans(), who=st.sampled_from((ALICE, ALICE, CLERK)), fault=FAULTS)
    def resolve(self, which: int, end: bool, who: Person, fault: str) -> None:
        """End or adopt, after the CRM has changed the status or deleted the customer."""
        key = self.keys[which]
        self._both(
            which,
            lambda side, at: side.at(key, who).end() if end else side.at(key, who).adopt(),
            fault,
        )

    @rule(which=WHICH)
    def stranger(self, which: int) -> None:
        """Let somebody try who may not."""
        key = self.keys[which]
        self._both(which, lambda side, at: side.at(key, MALLORY).begin())

    @rule(which=WHICH, to=ROLES, command=ORDERS, stays=st.booleans(), fault=FAULTS)
    def role(self, which: int, to: str, command: str, stays: bool, fault: str) -> None:
        """Give Alice another role, or none, let her try something, and perhaps give it back."""
        before = self.theirs.roles[ALICE.id]
        for side in (self.theirs, self.ours):
            side.roles[ALICE.id] = to
        self._both(which, lambda side, at: at.view().actions)
        self._both(which, lambda side, at: getattr(at, command)(), fault)
        for side in (self.theirs, self.ours):
            side.roles[ALICE.id] = to if stays else before

    @rule()
    def relay(self) -> None:
        """Send what is due."""
        for side in (self.theirs, self.ours):
            Relay(side.host, side.notifier).run()

    # ------------------------------------------------------------ what people do in the CRM

    @rule(which=WHICH, number=NUMBERS, state=STATES)
    def add_record(self, which: int, number: int, state: RecordState) -> None:
        """Add a record."""
        kinds = [need.kind for need in self.needs if isinstance(need, OpenRecords)]
        if kinds:
            kind = kinds[number % len(kinds)]
            for side in (self.theirs, self.ours):
                key = side.arrange.record(self.keys[which], kind, state)
                side.records.append((kind, key))

    @rule(which=WHICH, number=NUMBERS, state=STATES)
    def change_record(self, which: int, number: int, state: RecordState) -> None:
        """Close, reopen or move a record."""
        for side in (self.theirs, self.ours):
            if side.records:
                kind, key = side.records[number % len(side.records)]
                side.arrange.record(self.keys[which], kind, state, key)

    @rule(which=WHICH, days=DAYS, live=st.sampled_from((None, None, None, False, True)))
    def add_dated(self, which: int, days: timedelta, live: bool | None) -> None:
        """Add an expiry, or an asset."""
        on = self.today + days
        for need in self.needs:
            for side in (self.theirs, self.ours):
                if isinstance(need, NextDate) and live is None:
                    side.arrange.date(self.keys[which], need.kind, on)
                elif isinstance(need, UnceasedAssets) and live is not None:
                    side.arrange.asset(self.keys[which], need.kind, on, live)

    @rule(which=WHICH, what=st.sampled_from(("name", "name", "owner", "owner", "status", "gone")))
    def change_customer(self, which: int, what: str) -> None:
        """Change a customer behind cancelkit's back; the second one may also be deleted."""
        key = self.keys[which]
        status = self._status(key)
        if key not in self.there or (what == "gone" and which == 0):
            return
        if what == "name":
            self.arrange.rename(key, "Café 😀")
        elif what == "owner" and self.assigns:
            self.arrange.other_owner(key)
        elif what == "status" and status is not None and not status.cancelled:
            self.arrange.other_status(key)
        elif what == "gone":
            self.there.remove(key)
            self.arrange.remove(key)
        self._copy(key)

    # ------------------------------------------------------------ comparing

    @invariant()
    def looks_the_same(self) -> None:
        """Compare everything visible."""
        for key in self.keys:
            assert self._seen(self.ours, key) == self._seen(self.theirs, key)

    def _seen(self, side: Side, key: str) -> Shape:
        return shape_of_side(side.host, side.at(key), side.notifier)

    def _both(
        self, which: int, act: Callable[[Side, Cancellation], object], fault: str = ""
    ) -> None:
        """Run a command on both sides, with the same fault, and compare what comes back."""
        results = []
        for side in (self.ours, self.theirs):
            at = side.at(self.keys[which])
            results.append(shape_of_result(partial(side.host.failing, fault, act, side, at)))
        assert results[0] == results[1]

    # ------------------------------------------------------------ helpers

    def _owners(self) -> list[User]:
        """Return the owners that the CRM knows, as users."""
        other = self.arrange.customer()
        if self.assigns:
            self.arrange.other_owner(other)
        found = [self.theirs.customer(key) for key in (self.keys[0], other)]
        people = {person.id: person for one in found if one for person in one.owners}
        return [User(person.id, person.name) for person in people.values()]

    def _status(self, key: str) -> Any:
        found = self.theirs.customer(key)
        return found.status if found is not None else None

    def _copy(self, key: str) -> None:
        """Give the in-memory host the customer as the CRM has it now."""
        found = self.theirs.customer(key)
        if found is None:
            self.delete_customer(key)
        else:
            self.put_customer(found)


def _confirmed(side: Side, at: Cancellation) -> object:
    return at.process(side.token(at.customer_id, "fresh"))

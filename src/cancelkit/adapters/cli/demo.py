"""`cancelkit demo`: the story of a cancellation, on data of a made-up telecoms reseller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TextIO

from attrs import evolve

from cancelkit.adapters.cli.layout import (
    show_checklist,
    show_customer,
    show_letter,
    show_plan,
    show_timeline,
)
from cancelkit.adapters.cli.readiness import row_of, show_rows, totals
from cancelkit.adapters.cli.screen import Screen
from cancelkit.adapters.csv_folder import KINDS, Loaded, load_folder
from cancelkit.adapters.memory import (
    Asset,
    CountingIds,
    Expiry,
    MemoryHost,
    MemoryLinks,
    MemoryNotifier,
    Record,
    SetClock,
)
from cancelkit.bulk import check_many
from cancelkit.desk import Desk
from cancelkit.errors import Refused
from cancelkit.kit import CancelKit
from cancelkit.letters import Letter, write_letter
from cancelkit.people import Person
from cancelkit.recipients import Rule, WorkflowSetup
from cancelkit.records import Outcome
from cancelkit.relay import Relay
from cancelkit.roles import EitherRole
from cancelkit.schedule import process_due
from cancelkit.sections import Mood, NewOwner, Reasons
from cancelkit.timeline import timeline
from cancelkit.views import View

DATA = Path(__file__).parent.parent / "demo_data" / "telecoms"
"""The data set that ships: a folder of CSV files in the standard format."""

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When the story begins; the days in the data are set around it."""

STEP = "bold cyan"
"""The style of what happens next."""

CAFE, JOINERY, MUELLER = "C-1001", "C-1002", "C-1005"
RAJ, SOFIA, BEA, PRIYA = "raj", "sofia", "bea", "priya"
LEAVES = date(2026, 3, 31)
"""The day on which the café leaves."""


def demo(out: TextIO) -> int:
    """Tell the story; returns 0."""
    story = _Story(Screen(out), load_folder(DATA))
    story.overview()
    story.begin()
    story.answer()
    story.refuse()
    story.look_ahead()
    story.override()
    story.schedule()
    story.remove()
    story.reinstate()
    story.block()
    story.process()
    story.end()
    return 0


class _Story:
    """The steps of the story, in order."""

    def __init__(self, screen: Screen, loaded: Loaded) -> None:
        self._screen = screen
        self._crm = loaded.crm
        self._clock = SetClock(START)
        self._users = loaded.users.find((RAJ, SOFIA, BEA, PRIYA)) if loaded.users else {}
        told = (
            Rule([self._person(PRIYA)], ["processed", "reinstated"]),
            Rule([self._person(RAJ)], ["blocked"]),
        )
        insolvency = loaded.checklist.with_gates(
            opportunities="advises", quotations="advises", mood="off"
        )
        self._kit = CancelKit(
            loaded.checklist,
            profiles={"insolvency": insolvency},
            roles=EitherRole(lambda user: loaded.roles.get(user, ())),
            users=loaded.users,
            recipients=WorkflowSetup(told),
            links=MemoryLinks(
                "https://crm.example/customers/{customer}",
                "https://crm.example/customers/{customer}/{section}",
                tabs=("future_expiry", *KINDS),
            ),
        )
        self._host = MemoryHost(loaded.crm, clock=self._clock, ids=CountingIds())
        self._cafe = self._desk(RAJ).get(CAFE)

    # ------------------------------------------------------------ the steps

    def overview(self) -> None:
        """Show the customers of one user."""
        screen = self._screen
        screen.line(("cancelkit demo: cancelling a customer of a telecoms reseller", "bold"))
        screen.wrapped("The data are made up and in memory; nothing leaves this program.")
        self._step("Which of Raj Mehta's customers could be cancelled today?")
        found = check_many(self._desk(RAJ), self._crm.ids())
        mine = [one for one in found if self._person(RAJ) in one.customer.owners]
        rows = [row_of(self._kit, one) for one in mine]
        show_rows(screen, rows)
        screen.line(f"  {totals(rows)}.")

    def begin(self) -> None:
        """Begin, after a confirmation."""
        self._step("Raj opens Harbour Café and chooses Begin Cancellation.")
        self._asked("Begin the cancellation of Harbour Café?")
        self._cafe.begin()
        view = self._cafe.view(name=5)
        show_customer(self._screen, view)
        show_checklist(self._screen, view)

    def answer(self) -> None:
        """Enter what is known, and perform one thing now."""
        self._later(minutes=10)
        self._step("Raj enters what he knows. Perform Now does one thing at once.")
        self._cafe.enter(Reasons(("price", "competitor"), text="Free calls elsewhere."))
        self._cafe.enter(NewOwner(BEA))
        self._cafe.enter(Mood("disappointed"))
        self._done(self._cafe.perform_now("ownership"))
        self._lines(self._cafe.view(), ("reasons", "mood"))

    def refuse(self) -> None:
        """Show what is refused, and why."""
        self._later(minutes=5)
        self._step("Process is tried too early, and by somebody who may not.")
        token = self._cafe.plan().token
        self._refused(lambda: self._cafe.process(token))
        self._refused(lambda: self._desk(BEA).get(CAFE).process(token))

    def look_ahead(self) -> None:
        """Do what can be done in the CRM, and look at the day to come."""
        self._later(days=1, minutes=-15)
        self._step("Assets now cease on 31 March. How will things stand that day?")
        for record in self._crm.records("assets", CAFE):
            if isinstance(record, Asset) and record.live:
                self._crm.put("assets", evolve(record, ceased_on=LEAVES, live=False))
        self._crm.put("expiries", Expiry("E-7007", CAFE, date(2026, 3, 16), "Call before"))
        view = self._cafe.view(on=LEAVES)
        changing = (line.key for line in view.sections if line.blocks or line.light != line.today)
        self._lines(view, tuple(changing))

    def override(self) -> None:
        """Let a section be red, with a reason."""
        self._later(minutes=10)
        self._step("The order stays open. Sofía Almeida, an admin, overrides it.")
        self._desk(SOFIA).get(CAFE).override("sales_orders", "The router is a present.")
        self._lines(self._cafe.view(), ("sales_orders",))

    def schedule(self) -> None:
        """Process with a date to come, after a confirmation of the plan."""
        self._later(minutes=5)
        self._step("Raj adds an expiry and chooses Process for 31 March. Its plan:")
        self._crm.put("expiries", Expiry("E-7008", CAFE, date(2026, 9, 1), "Call about prices"))
        plan = self._cafe.plan(on=LEAVES)
        show_plan(self._screen, plan)
        self._asked("Cancel Harbour Café on 2026-03-31?")
        self._cafe.process(plan.token, on=LEAVES)
        show_customer(self._screen, self._cafe.view())

    def remove(self) -> None:
        """Begin another cancellation by a profile, and remove it."""
        self._later(minutes=30)
        self._step("Müller is insolvent: a profile that asks less. Averted: Remove.")
        mueller = self._desk(SOFIA).begin(MUELLER, profile="insolvency")
        show_customer(self._screen, mueller.view())
        self._lines(mueller.view(), ("opportunities", "quotations"))
        mueller.enter(NewOwner(BEA))
        self._done(mueller.perform_now("ownership"))
        self._asked("Remove the cancellation of Müller Präzision GmbH?")
        outcome = mueller.remove()
        show_customer(self._screen, mueller.view())
        for performed in outcome.stays:
            self._screen.line(f"  Stays as it was done: {self._kit.text(performed.message)}")

    def reinstate(self) -> None:
        """Cancel a customer by mistake, and give back what was."""
        self._later(minutes=30)
        self._step("Raj cancels O'Brien & Sons as of Friday. A mistake: Reinstate.")
        joinery = self._desk(RAJ).begin(JOINERY)
        joinery.enter(Reasons(text="Asked for by telephone."))
        friday = date(2026, 2, 27)
        joinery.process(joinery.plan(on=friday).token, on=friday)
        show_customer(self._screen, joinery.view())
        self._asked("Reinstate O'Brien & Sons Joinery?")
        joinery.reinstate()
        show_customer(self._screen, joinery.view())
        for letter, to in self._delivered():
            self._screen.wrapped(f"To {to}: {letter.subject}", "  >", indent=4)

    def block(self) -> None:
        """Let the day come; what is not as it should be blocks, and people are told."""
        self._crm.put("cases", Record("CS-3999", CAFE, "Open", "Number not ported yet"))
        self._clock.set(datetime(2026, 3, 31, 2, 0, tzinfo=UTC))
        self._step("The day has come. The job checks afresh: a new case blocks.")
        self._nightly()

    def process(self) -> None:
        """Close what was open; the next night it is done."""
        self._crm.set_status("cases", "CS-3999", "Closed")
        self._later(days=1)
        self._step("The case is closed; the job tries again, on Raj's behalf.")
        self._nightly()
        show_customer(self._screen, self._cafe.view())

    def end(self) -> None:
        """Show the history, and say how it ended."""
        self._step("The history has everything, refusals too.")
        show_timeline(self._screen, timeline(self._kit, self._cafe.history()))
        view = self._cafe.view()
        owners = ", ".join(owner.name for owner in view.owners)
        self._screen.line("")
        self._screen.line((f"{view.name}: {view.status}. Owner: {owners}.", "bold green"))

    # ------------------------------------------------------------ helpers

    def _person(self, user_id: str) -> Person:
        return self._users[user_id].person

    def _desk(self, user_id: str) -> Desk:
        return self._kit.at(self._host, actor=self._person(user_id))

    def _later(self, *, days: int = 0, minutes: int = 0) -> None:
        self._clock.forward(timedelta(days=days, minutes=minutes))

    def _step(self, text: str) -> None:
        now = self._clock.now()
        self._screen.line("")
        when = f"{now:%a} {now.day} {now:%b} {now:%H:%M}  "
        self._screen.wrapped(text, (when, STEP), indent=len(when), style=STEP)

    def _asked(self, question: str) -> None:
        self._screen.line(f"  ? {question} ", ("Yes", "bold"))

    def _done(self, outcome: Outcome) -> None:
        for performed in outcome.done:
            self._screen.line(f"  Done: {self._kit.text(performed.message)}")

    def _lines(self, view: View, keys: Iterable[str]) -> None:
        chosen = evolve(view, sections=tuple(view.section(key) for key in keys))
        show_checklist(self._screen, chosen, hints=False)

    def _refused(self, command: Callable[[], object]) -> None:
        try:
            command()
        except Refused as refused:
            self._screen.wrapped(str(refused), "  !", indent=4, style="red")

    def _nightly(self) -> None:
        """Process what is due, then show the letters; a refusal is in the history, and in one."""
        job = self._kit.at(self._host, actor=Person("job", "Job"))
        for _tried in process_due(job):
            pass
        for letter, to in self._delivered():
            show_letter(self._screen, letter, to)

    def _delivered(self) -> list[tuple[Letter, str]]:
        """Deliver what is in the outbox; return the letters, and to whom."""
        notifier = MemoryNotifier()
        Relay(self._host, notifier).run()
        write = self._kit.translator
        return [(write_letter(sent, write), sent.recipient.name) for sent in notifier.sent]

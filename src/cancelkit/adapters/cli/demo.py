"""`cancelkit demo`: the story of one cancellation, on data of a made-up telecoms reseller."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TextIO

from attrs import evolve

from cancelkit.adapters.cli.layout import show_checklist, show_customer, show_history, show_plan
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
    MemoryRecipients,
    SetClock,
)
from cancelkit.bulk import check_many
from cancelkit.cancellation import Cancellation
from cancelkit.desk import Desk
from cancelkit.errors import Refused
from cancelkit.kit import CancelKit
from cancelkit.people import Person
from cancelkit.records import Notification, Outcome
from cancelkit.relay import Relay
from cancelkit.roles import EitherRole
from cancelkit.sections import Mood, NewOwner, Reasons

DATA = Path(__file__).parent.parent / "demo_data" / "telecoms"
"""The data set that ships: a folder of CSV files in the standard format."""

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When the story begins; the days in the data are set around it."""

STEP = "bold cyan"
"""The style of what happens next."""

CAFE, MUELLER = "C-1001", "C-1005"
RAJ, SOFIA, BEA, PRIYA = "raj", "sofia", "bea", "priya"


def demo(out: TextIO) -> int:
    """Tell the story; returns 0."""
    story = _Story(Screen(out), load_folder(DATA))
    story.overview()
    story.begin()
    story.answer()
    story.refuse()
    story.fix()
    story.process()
    story.remove()
    story.end()
    return 0


class _Story:
    """The steps of the story, in order."""

    def __init__(self, screen: Screen, loaded: Loaded) -> None:
        self._screen = screen
        self._crm = loaded.crm
        self._clock = SetClock(START)
        self._users = loaded.users.find((RAJ, SOFIA, BEA, PRIYA)) if loaded.users else {}
        self._kit = CancelKit(
            loaded.checklist,
            roles=EitherRole(lambda user: loaded.roles.get(user, ())),
            users=loaded.users,
            recipients=MemoryRecipients({"processed": [self._person(PRIYA), self._person(BEA)]}),
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
        """Show every customer."""
        screen = self._screen
        screen.line(("cancelkit demo: cancelling a customer of a telecoms reseller", "bold"))
        screen.wrapped("The data are made up and in memory; nothing leaves this program.")
        self._step("Who could be cancelled today? What the CRM's records say:")
        found = check_many(self._desk(RAJ), self._crm.ids())
        rows = [row_of(self._kit, one) for one in found]
        show_rows(screen, rows)
        screen.line(f"  {totals(rows)}.")

    def begin(self) -> None:
        """Begin, after a confirmation."""
        self._step("Raj Mehta opens Harbour Café and chooses Begin Cancellation.")
        self._asked("Begin the cancellation of Harbour Café?")
        self._cafe.begin()
        self._look(self._cafe)

    def answer(self) -> None:
        """Enter some answers; the others can wait."""
        self._later(minutes=10)
        self._step("Raj enters what he knows. The rest can wait: it is done in stages.")
        self._cafe.enter(Reasons(("price", "competitor"), text="Offered free calls elsewhere."))
        self._cafe.enter(NewOwner(BEA))
        self._lines(self._cafe, ("reasons", "ownership"))

    def refuse(self) -> None:
        """Show what is refused, and why."""
        self._later(minutes=5)
        self._step("Process is tried too early, and by somebody who may not.")
        token = self._cafe.plan().token
        self._refused(self._cafe, token)
        self._refused(self._desk(BEA).get(CAFE), token)

    def fix(self) -> None:
        """Perform Now; then close what is open in the CRM, and refresh."""
        self._later(minutes=5)
        self._step("Perform Now assigns the new owner at once; the rest is done in the CRM.")
        self._done(self._cafe.perform_now("ownership"))
        self._later(days=1, minutes=-20)
        told = (
            "In the CRM, the next day: two assets ceased, order SO-6001 completed, an expiry added."
        )
        self._screen.wrapped(told, "  ", indent=2)
        self._close_what_is_open()
        self._later(minutes=5)
        self._step("Sofía Almeida goes on with it: the customer's mood, then Refresh.")
        self._desk(SOFIA).get(CAFE).enter(Mood("disappointed"))
        self._look(self._cafe, hints=False)

    def process(self) -> None:
        """Show the plan, confirm it, process, and deliver the notification."""
        self._later(minutes=5)
        self._step("Raj chooses Process, and is shown what it will do.")
        plan = self._cafe.plan()
        show_plan(self._screen, plan)
        self._asked("Cancel Harbour Café?")
        self._cafe.process(plan.token)
        show_customer(self._screen, self._cafe.view())
        self._later(minutes=1)
        self._step("A minute later the relay delivers the cancellation notification.")
        notifier = MemoryNotifier()
        Relay(self._host, notifier).run()
        for notification in notifier.sent:
            self._screen.wrapped(_told(notification), "  >", indent=4)
        self._step("The history has everything, refusals too.")
        show_history(self._screen, self._kit, self._cafe.history())

    def remove(self) -> None:
        """Begin another cancellation, and remove it."""
        self._later(minutes=30)
        self._step("Another customer changes its mind: Begin Cancellation, Perform Now, Remove.")
        mueller = self._desk(SOFIA).begin(MUELLER)
        show_customer(self._screen, mueller.view())
        mueller.enter(NewOwner(BEA))
        self._done(mueller.perform_now("ownership"))
        self._asked("Remove the cancellation of Müller Präzision GmbH?")
        outcome = mueller.remove()
        show_customer(self._screen, mueller.view())
        for performed in outcome.stays:
            self._screen.line(f"  Stays as it was done: {self._kit.text(performed.message)}")

    def end(self) -> None:
        """Say how it ended."""
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

    def _look(self, cancellation: Cancellation, *, hints: bool = True) -> None:
        view = cancellation.view(name=5)
        show_customer(self._screen, view)
        show_checklist(self._screen, view, hints=hints)

    def _lines(self, cancellation: Cancellation, keys: Iterable[str]) -> None:
        view = cancellation.view()
        chosen = evolve(view, sections=tuple(view.section(key) for key in keys))
        show_checklist(self._screen, chosen)

    def _refused(self, cancellation: Cancellation, token: str) -> None:
        try:
            cancellation.process(token)
        except Refused as refused:
            self._screen.wrapped(str(refused), "  !", indent=4, style="red")

    def _close_what_is_open(self) -> None:
        today = self._clock.now().date()
        for record in self._crm.records("assets", CAFE):
            if isinstance(record, Asset) and record.live:
                self._crm.put("assets", evolve(record, ceased_on=today, live=False))
        self._crm.set_status("sales_orders", "SO-6001", "Completed")
        self._crm.put("expiries", Expiry("E-7007", CAFE, date(2026, 9, 1), "Call about prices"))


def _told(notification: Notification) -> str:
    codes = [str(one["code"]) for one in notification.reasons.get("codes", ())]
    return (
        f"To {notification.recipient.name}: {notification.name} ({notification.customer}) was "
        f"cancelled by {notification.actor.name} on {notification.at:%Y-%m-%d}; reasons: "
        f"{', '.join(codes)}. {notification.link}"
    )

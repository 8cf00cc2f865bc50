"""From an empty file to a cancelled customer: python -m sqlalchemy_crm."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta
from io import TextIOWrapper
from pathlib import Path

from attrs import frozen
from sqlalchemy import Engine, create_engine, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cancelkit import CancelkitError, Cancellation, Mood, NewOwner, Reasons
from cancelkit.adapters.memory import MemoryNotifier
from cancelkit.relay import Relay
from cancelkit.timeline import timeline
from sqlalchemy_crm.crm import account_of, call_again, finish
from sqlalchemy_crm.importing import DEMO, import_folder
from sqlalchemy_crm.requests import MANY, close_orders_and_process
from sqlalchemy_crm.schema import OWN, Account, Base, User, UserRole
from sqlalchemy_crm.screen import heading, say, show_checklist, show_customer, show_history
from sqlalchemy_crm.wiring import HOST, desk

FILE = "sqlite:///crm.db"
MAY = ("Customer Cancellation", "CRM Admin")


def prepare(engine: Engine, folder: Path | None) -> None:
    """Create what is not there yet, and fill an empty CRM."""
    say(f"Database: {engine.url.render_as_string()}")
    before = set(inspect(engine).get_table_names())
    Base.metadata.create_all(engine)  # alembic, in real life: cancelkit's tables are on it too
    if made := set(Base.metadata.tables) - before:
        own = made.intersection(table.name for table in OWN)
        say(f"Created {len(made - own)} tables of the CRM and {len(own)} of cancelkit.", "  ")
    with Session(engine) as session, session.begin():
        if there := session.scalar(select(func.count()).select_from(Account)):
            say(f"Found {there} accounts, so nothing is imported.", "  ")
            return
        report = import_folder(session, folder or DEMO)
    taken = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in report.rows.items())
    say(f"Imported {taken}, from {folder or 'the demo data'}.", "  ")
    for left_out in report.left_out:
        say(f"{left_out}.", "  ")


@frozen
class Story:
    """The cancellation of one account, by one user."""

    engine: Engine
    number: str
    login: str
    cancellation: Cancellation

    @classmethod
    def of(cls, engine: Engine, number: str | None, login: str | None) -> Story:
        """Choose the account and the user, where none is given."""
        with Session(engine) as session:
            login = login or _who_may(session)
            number = number or _first(session)
            account = account_of(session, number)
            at = desk(engine, login)
            return cls(engine, number, login, at.get(str(account.id)))

    def tell(self) -> None:
        """Cancel the account, unless it is cancelled already."""
        with Session(self.engine) as session:
            status = account_of(session, self.number).status
        if status == "cancelled":
            heading(f"Found {self.number} cancelled already: there is nothing to do.")
        else:
            self.begin()
            self.enter()
            self.wind_up()
            self.process()
        self.end()

    def begin(self) -> None:
        found = self.cancellation.view().banner
        actor = self.cancellation.desk.actor.name
        heading(f"Found: {found}." if found else f"{actor} begins the cancellation:")
        self.cancellation.begin()
        self._show()

    def enter(self) -> None:
        """Enter what is known; the new owner is only planned, and Process assigns it."""
        self.cancellation.enter(Reasons("competitor", text="Moved to another supplier"))
        self.cancellation.enter(Mood("disappointed"))
        with Session(self.engine) as session:
            rota = select(User.id).where(User.active).order_by(User.rota).limit(1)
            self.cancellation.enter(NewOwner(str(session.scalar(rota))))

    def wind_up(self) -> None:
        """Finish everything in the CRM but the orders."""
        view = self.cancellation.view(name=MANY)
        with Session(self.engine) as session, session.begin():
            for line in view.sections:
                if line.records and line.key != "sales_orders":
                    finish(session, line, view.today)
            if view.section("future_expiry").word == "to do":
                account = account_of(session, self.number)
                call_again(session, account, view.today + timedelta(days=365))
        heading("Reasons, owner and mood are entered; in the CRM, all but the orders is finished:")
        self._show()

    def process(self) -> None:
        """Close the orders and cancel, in the CRM's own transaction."""
        heading("One transaction of the CRM completes the orders and processes. The plan:")
        for step in self.cancellation.plan().steps:
            say(step, "  - ")
        with Session(self.engine) as session:
            outcome = close_orders_and_process(session, self.number, self.login)
            say(f"Outcome: {outcome.state}. Nobody else sees it yet.", "  ")
            session.commit()
            say("The CRM commits: now everybody does.", "  ")

    def end(self) -> None:
        """Show how it is, what has happened, and who was told."""
        view = self.cancellation.view()
        heading("The result:")
        show_customer(self.number, view)
        heading("The history:")
        kit = self.cancellation.desk.kit
        happened = timeline(kit, self.cancellation.history())
        show_history(happened)
        if not happened:
            say("None: this was done before cancelkit came.", "  ")
        notifier = MemoryNotifier()  # yours: by e-mail, say
        Relay(HOST.owning(self.engine), notifier).run()
        for sent in notifier.sent:
            heading(f"To {sent.recipient.name}: {kit.text(sent.message)}.")
        with Session(self.engine) as session:
            live = select(Account.number).where(Account.status != "cancelled", ~Account.deleted)
            if number := session.scalar(live.order_by(Account.id).limit(1)):
                heading(f"The next one: --customer {number}")

    def _show(self) -> None:
        view = self.cancellation.view(name=MANY)
        show_customer(self.number, view)
        show_checklist(view)


def _who_may(session: Session) -> str:
    may = select(User.login).join(UserRole, UserRole.user_id == User.id)
    found = may.where(User.active, UserRole.role.in_(MAY)).order_by(User.id).limit(1)
    return session.scalar(found) or "nobody"


def _first(session: Session) -> str:
    return session.scalar(select(Account.number).order_by(Account.id).limit(1)) or "none"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m sqlalchemy_crm", description="Cancel a customer.")
    parser.add_argument("--database", default=FILE, metavar="URL", help=f"default: {FILE}")
    told = "fill an empty CRM from these CSV files; default: the demo data"
    parser.add_argument("--import", dest="folder", type=Path, metavar="FOLDER", help=told)
    told = "the number of the account; default: the first one"
    parser.add_argument("--customer", metavar="NUMBER", help=told)
    told = "the login of who cancels; default: the first one who may"
    parser.add_argument("--login", help=told)
    given = parser.parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal has a circle
    try:
        engine = create_engine(given.database)
    except (SQLAlchemyError, ImportError) as error:  # not a URL; its driver is not installed
        return _complain(error)
    try:
        prepare(engine, given.folder)
        Story.of(engine, given.customer, given.login).tell()
    except (CancelkitError, SQLAlchemyError) as error:
        return _complain(error)
    finally:
        engine.dispose()
    return 0


def _complain(error: Exception) -> int:
    """Print the database's own words, or cancelkit's."""
    print(f"sqlalchemy_crm: {getattr(error, 'orig', None) or error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

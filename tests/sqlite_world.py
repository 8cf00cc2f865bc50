"""A CRM in a SQLite file, for tests that need a real file: several processes, or raw bytes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cancelkit import STANDARD, CancelKit, Desk, Person
from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.ports import Clock, Recipients
from tests.broken.sqlite import SCHEMA, BackDoor, Crm, connect
from tests.world import admins

CHECKLIST = STANDARD.without("ownership", "opportunities", "quotations")


def new_crm(folder: Path, *states: str) -> list[str]:
    """Make the tables, and a customer in each of these states; return their ids."""
    file = str(folder / "crm.db")
    sql = "INSERT INTO client (name, state, keeper, tenant) VALUES ('Harbour Café', ?, 'ann', '')"
    with closing(connect(file)) as db:
        db.executescript(SCHEMA)
    return [str(BackDoor(file, "")._do(sql, state)) for state in states]


def host_at(folder: Path, clock: Clock | None = None) -> SqliteHost[Crm]:
    """Return a host of the CRM in a folder, as each process makes its own."""
    file = str(folder / "crm.db")
    return SqliteHost(lambda: connect(file), lambda db: Crm(db, ""), clock=clock)


def desk_at(folder: Path, actor: str = "alice", recipients: Recipients | None = None) -> Desk:
    """Return a desk at the CRM in a folder."""
    kit = CancelKit(CHECKLIST, roles=admins(), recipients=recipients)
    return kit.at(host_at(folder), actor=Person(actor, actor.capitalize()))

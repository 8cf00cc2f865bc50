"""Connect a CRM that has its own SQLite tables: the adapter is the class `Crm`.

Run it: python examples/sqlite_crm.py
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from cancelkit import (
    STANDARD,
    CancelKit,
    Customer,
    EitherRole,
    NewOwner,
    Person,
    Reasons,
    Refused,
    Status,
    User,
)
from cancelkit.adapters.memory import MemoryNotifier, MemoryRecipients, MemoryUsers
from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.effects import AssignOwner
from cancelkit.needs import Need, NextDate, OpenRecords, UnceasedAssets
from cancelkit.people import NamedRecord
from cancelkit.relay import Relay

# ---------------------------------------------------------------- the CRM as it was before

SCHEMA = """
CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT, state TEXT, leaving INTEGER DEFAULT 0,
                     keeper TEXT, deleted INTEGER DEFAULT 0);
CREATE TABLE ticket (id INTEGER PRIMARY KEY, client INTEGER, subject TEXT, done INTEGER);
CREATE TABLE device (id INTEGER PRIMARY KEY, client INTEGER, serial TEXT, ceased TEXT,
                     live INTEGER);
CREATE TABLE reminder (id INTEGER PRIMARY KEY, client INTEGER, due TEXT, about TEXT);
INSERT INTO client (id, name, state, keeper) VALUES (7, 'Harbour Café', 'active', 'ann');
INSERT INTO ticket VALUES (1, 7, 'Line is down', 1), (2, 7, 'Wrong invoice', 0);
INSERT INTO device VALUES (1, 7, 'R-100', '2026-01-31', 0), (2, 7, 'R-101', NULL, 1);
"""

# ---------------------------------------------------------------- the adapter

UNCEASED = "FROM device WHERE client = :id AND (ceased IS NULL OR ceased > :day OR live)"
OPEN: Mapping[Need[Any], tuple[str, str]] = {  # need -> (what is open, what a person knows it by)
    OpenRecords("cases"): ("FROM ticket WHERE client = :id AND done IS NOT TRUE", "subject"),
    UnceasedAssets(): (UNCEASED, "serial"),
}
FACTS: Mapping[Need[Any], str] = {
    OpenRecords("cases"): f"SELECT count(*) {OPEN[OpenRecords('cases')][0]}",
    UnceasedAssets(): "SELECT count(*) FILTER (WHERE ceased IS NULL), "  # each asset once
    f"count(*) FILTER (WHERE ceased > :day), count(*) FILTER (WHERE ceased <= :day) {UNCEASED}",
    NextDate("expiries"): "SELECT min(due) FROM reminder WHERE client = :id AND due > :day",
}


class Crm:
    """The CRM's customers, for one unit of work. It never commits: leaving the unit does."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        found = {}
        for key in customer_ids:
            row = self.db.execute(
                "SELECT name, state, leaving, keeper FROM client "
                "WHERE CAST(id AS TEXT) = ? AND NOT deleted",  # "07" is not "7"
                (key,),
            ).fetchone()
            if row:
                name, state, leaving, keeper = row
                status = Status(state, pending=bool(leaving), cancelled=state == "gone")
                found[key] = Customer(key, name or key, status, (Person(keeper),) if keeper else ())
        return found

    def lock(self, customer_id: str) -> Customer | None:
        return self.load([customer_id]).get(customer_id)  # the unit holds the whole file already

    def answers(self, need: Need[Any]) -> bool:
        return need in FACTS

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        return {key: {need: self._fact(key, need, as_of) for need in needs} for key in customer_ids}

    def _fact(self, customer_id: str, need: Need[Any], as_of: date) -> object:
        values = {"id": customer_id, "day": as_of.isoformat()}
        row = self.db.execute(FACTS[need], values).fetchone()
        if isinstance(need, NextDate):
            return date.fromisoformat(row[0]) if row[0] else None
        return tuple(row) if isinstance(need, UnceasedAssets) else row[0]

    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        where, label = OPEN[need]  # asked only for what is counted, not for dates
        values = {"id": customer_id, "day": as_of.isoformat(), "limit": limit}
        rows = self.db.execute(f"SELECT id, {label} {where} ORDER BY id LIMIT :limit", values)
        return [NamedRecord(str(row[0]), row[1]) for row in rows]

    def mark_pending(self, customer_id: str, expected: Status) -> bool:
        return self._move(customer_id, expected, expected.value, leaving=True)

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        return self._move(customer_id, expected, former.value, leaving=False)

    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        return self._move(customer_id, expected, "gone", leaving=False)

    def _move(self, customer_id: str, expected: Status, state: str, *, leaving: bool) -> bool:
        done = self.db.execute(
            "UPDATE client SET state = ?, leaving = ? WHERE id = ? AND state = ? AND leaving = ?",
            (state, leaving, customer_id, expected.value, bool(expected.pending)),
        )
        return done.rowcount == 1

    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        to, was = (people[0].id if people else None for people in (effect.to, effect.was))
        done = self.db.execute(
            "UPDATE client SET keeper = ? WHERE id = ? AND keeper IS ?", (to, customer.id, was)
        )
        return done.rowcount == 1


# ---------------------------------------------------------------- at start-up

KIT = CancelKit(
    STANDARD.without("opportunities", "quotations", "sales_orders"),
    roles=EitherRole(lambda user: ["CRM Admin"] if user == "ann" else []),
    users=MemoryUsers([User("ann", "Ann"), User("tom", "Tom of Telesales")]),  # yours: your users
    recipients=MemoryRecipients({"processed": [Person("boss", "The boss")]}),  # yours: your set-up
    zone="UTC",  # yours: your time zone; it decides what "today" is
)


def main(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.executescript(SCHEMA)
    host = SqliteHost(str(file), Crm)
    KIT.verify(host)
    desk = KIT.at(host, actor=Person("ann", "Ann"))

    cancellation = desk.begin("7")
    cancellation.enter(Reasons("price", text="Moved to another supplier"))
    cancellation.enter(NewOwner("tom"))
    try:
        cancellation.process(cancellation.plan().token)
    except Refused as refused:
        print(refused)

    with closing(sqlite3.connect(file)) as db, db:  # people do the rest, in the CRM
        db.execute("UPDATE ticket SET done = 1")
        db.execute("UPDATE device SET ceased = '2026-02-28', live = 0")

    plan = cancellation.plan()
    print(*plan.steps, sep="\n")
    cancellation.process(plan.token)
    view = cancellation.view()
    print(f"{view.name}: {view.state.value}, the CRM says {view.status}, owner {view.owners[0].id}")

    notifier = MemoryNotifier()  # yours: an object with send(notification), such as by e-mail
    print(Relay(host, notifier).run(), [told.recipient.name for told in notifier.sent])
    for entry in cancellation.history():
        why = "; ".join(KIT.sentence(refusal) for refusal in entry.refusals)
        print(f"{entry.at:%H:%M} {entry.actor.name} {entry.verb.value} {entry.section} {why}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder) / "crm.db")

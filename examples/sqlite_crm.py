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

from cancelkit import STANDARD, CancelKit, Customer, EitherRole, Person, Reasons, Refused, Status
from cancelkit.adapters.memory import MemoryNotifier, MemoryRecipients, MemoryUsers
from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.effects import AssignOwner
from cancelkit.needs import Need, OpenRecords
from cancelkit.people import NamedRecord, User
from cancelkit.relay import Relay

# ---------------------------------------------------------------- the CRM as it was before

SCHEMA = """
CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT, state TEXT, leaving INTEGER DEFAULT 0,
                     keeper TEXT, deleted INTEGER DEFAULT 0);
CREATE TABLE ticket (id INTEGER PRIMARY KEY, client INTEGER, subject TEXT, done INTEGER);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, client INTEGER, number TEXT, state TEXT);
INSERT INTO client (id, name, state, keeper) VALUES (7, 'Harbour Café', 'active', 'ann');
INSERT INTO ticket VALUES (1, 7, 'Line is down', 1);
INSERT INTO purchase VALUES (1, 7, 'P-100', 'shipped'), (2, 7, 'P-101', 'packing');
"""

# ---------------------------------------------------------------- the adapter

OPEN: Mapping[Need[Any], str] = {  # what is open; whatever nobody declared closed is
    OpenRecords("cases"): "FROM ticket WHERE client = ? AND NOT done",
    OpenRecords("sales_orders"): "FROM purchase WHERE client = ? "
    "AND state NOT IN ('shipped', 'cancelled')",
}
LABEL: Mapping[Need[Any], str] = {
    OpenRecords("cases"): "subject",
    OpenRecords("sales_orders"): "number",
}


class Crm:
    """The CRM's customers: a `CustomerRepo`, with status and owner, for one unit of work."""

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
                status = Status(row[1], pending=bool(row[2]), cancelled=row[1] == "gone")
                found[key] = Customer(key, row[0], status, (Person(row[3]),))
        return found

    def lock(self, customer_id: str) -> Customer | None:
        return self.load([customer_id]).get(customer_id)  # BEGIN IMMEDIATE holds the whole file

    def answers(self, need: Need[Any]) -> bool:
        return need in OPEN

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        return {key: {need: self._count(key, need) for need in needs} for key in customer_ids}

    def _count(self, customer_id: str, need: Need[Any]) -> object:
        return self.db.execute(f"SELECT count(*) {OPEN[need]}", (customer_id,)).fetchone()[0]

    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        rows = self.db.execute(
            f"SELECT id, {LABEL[need]} {OPEN[need]} ORDER BY id LIMIT ?", (customer_id, limit)
        )
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
        done = self.db.execute(
            "UPDATE client SET keeper = ? WHERE id = ? AND keeper = ?",
            (effect.to[0].id, customer.id, effect.was[0].id),
        )
        return done.rowcount == 1


# ---------------------------------------------------------------- at start-up

KIT = CancelKit(
    STANDARD.without("future_expiry", "assets", "opportunities", "quotations"),
    roles=EitherRole(lambda user: ["CRM Admin"] if user == "ann" else []),
    users=MemoryUsers([User("ann", "Ann"), User("tom", "Tom of Telesales")]),
    recipients=MemoryRecipients({"processed": [Person("boss", "The boss")]}),
)


def main(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.executescript(SCHEMA)
    host = SqliteHost(str(file), Crm)
    KIT.verify(host)
    desk = KIT.at(host, actor=Person("ann", "Ann"))

    cancellation = desk.begin("7")
    cancellation.enter(Reasons("price", text="Moved to another supplier"))
    try:
        cancellation.process(cancellation.plan().token)
    except Refused as refused:
        print(refused)
    with closing(sqlite3.connect(file)) as db, db:  # somebody ships the last order
        db.execute("UPDATE purchase SET state = 'shipped' WHERE number = 'P-101'")
    print(cancellation.process(cancellation.plan().token).now)
    print(cancellation.view().status)
    notifier = MemoryNotifier()
    print(Relay(host, notifier).run(), [told.recipient.name for told in notifier.sent])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder) / "crm.db")

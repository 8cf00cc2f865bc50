"""Cancel a customer of the tiny CRM: python -m tiny_crm."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from cancelkit import STANDARD, CancelKit, EitherRole, NewOwner, Person, Reasons, Refused, User
from cancelkit.adapters.memory import MemoryNotifier, MemoryRecipients, MemoryUsers
from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.relay import Relay
from tiny_crm import SCHEMA
from tiny_crm.adapter import Crm

KIT = CancelKit(  # once, at start-up
    STANDARD.without("opportunities", "quotations", "sales_orders"),
    roles=EitherRole(lambda user: ["CRM Admin"] if user == "ann" else []),
    users=MemoryUsers([User("ann", "Ann"), User("tom", "Tom of Telesales")]),  # yours: your users
    recipients=MemoryRecipients({"processed": [Person("boss", "The boss")]}),  # yours: your set-up
    zone="UTC",  # yours: your time zone; it decides what "today" is
)


def main(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.executescript(SCHEMA)
        db.execute("INSERT INTO client (id, name, keeper) VALUES (7, 'Harbour Café', 'ann')")
        db.execute("INSERT INTO ticket VALUES (1, 7, 'Wrong invoice', 'open', 0)")
        db.execute("INSERT INTO device VALUES (1, 7, 'R-100', NULL, 1, 0)")
    host = SqliteHost(str(file), Crm)
    KIT.verify(host)
    desk = KIT.at(host, actor=Person("ann", "Ann"))

    cancellation = desk.begin("7")
    cancellation.enter(Reasons("price", text="Moved to another supplier"))
    cancellation.enter(NewOwner("tom"))
    for line in cancellation.view(name=3).sections:
        print(line.word, line.title, line.message, *(record.label for record in line.records))
    try:
        cancellation.process(cancellation.plan().token)
    except Refused as refused:
        print(refused)

    with closing(sqlite3.connect(file)) as db, db:  # people do the rest, in the CRM
        db.execute("UPDATE ticket SET state = 'closed'")
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

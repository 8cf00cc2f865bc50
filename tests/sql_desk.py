"""The CRM of `tests.sql_crm` with a kit and a customer who is ready to be cancelled."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.orm import Session, registry

from cancelkit import CancelKit, Person, User
from cancelkit.adapters.memory import MemoryRecipients, MemoryUsers
from cancelkit.adapters.sqlalchemy import SqlHost
from cancelkit.checklist import STANDARD
from cancelkit.desk import Desk
from cancelkit.ports import Host
from cancelkit.records import Outcome
from cancelkit.roles import EitherRole
from cancelkit.sections import NewOwner, Reasons
from tests.servers import Databases
from tests.sql_crm import Crm
from tests.sql_world import BackDoor, clear, create

ANN = Person("ann", "Ann Ash")
KIT = CancelKit(
    STANDARD,
    zone="Europe/London",
    roles=EitherRole(lambda user: ["CRM Admin"] if user == "ann" else []),
    users=MemoryUsers([User("ann", "Ann Ash"), User("bob", "Bob")]),
    recipients=MemoryRecipients({"processed": [Person("boss", "The boss")]}),
)


class Customer:
    """A mapped class of the host."""

    id: Any
    name: str
    status: str
    owner: str
    row_version: int


class Order:
    """A mapped class of the host."""

    id: Any
    status: str


CRM = Crm("numbers")
_mapped = registry(metadata=CRM.meta)
_mapped.map_imperatively(Customer, CRM.customers, version_id_col=CRM.customers.c.row_version)
_mapped.map_imperatively(Order, CRM.records["sales_orders"])


@frozen(eq=False)
class Place:
    """A database with the CRM in it, and one customer who has what a checklist asks for."""

    engine: sa.Engine
    back: BackDoor
    host: SqlHost
    key: str

    def desk(self, host: Host, actor: Person = ANN) -> Desk:
        """Return a desk at a host."""
        return KIT.at(host, actor=actor)

    def owning(self, engine: sa.Engine | None = None) -> Desk:
        """Return a desk with own transactions."""
        return self.desk(self.host.owning(engine or self.engine, tenant="north"))

    def joining(self, bind: Session | sa.Connection) -> Desk:
        """Return a desk in the host's transaction."""
        return self.desk(self.host.joining(bind, tenant="north"))

    def number(self) -> int:
        """Return the customer's id as the column has it."""
        return int(self.key)

    def everything(self, engine: sa.Engine | None = None) -> dict[str, list[Any]]:
        """Return a copy of every table."""
        with (engine or self.engine).connect() as db:
            return {
                table.name: sorted(map(repr, db.execute(sa.select(table))))
                for table in CRM.meta.sorted_tables
            }


def place(databases: Databases, kind: str) -> Place:
    """Return a new place."""
    engine = databases.engine(kind, "numbers")
    create(engine, CRM)
    return placed(engine)


def placed(engine: sa.Engine, host: SqlHost | None = None) -> Place:
    """Return a new place on an engine whose database has the tables."""
    clear(engine, CRM)
    back = BackDoor(engine, CRM, "north")
    key = back.customer()
    back.date(key, "expiries", date(2099, 1, 1))
    back.record(key, "sales_orders", "closed")
    return Place(engine, back, host or CRM.host(), key)


def cancel(desk: Desk, key: str) -> Outcome:
    """Go all the way, from Begin to Process."""
    cancellation = desk.begin(key)
    cancellation.enter(Reasons("price"))
    cancellation.enter(NewOwner("bob"))
    return cancellation.process(cancellation.plan().token)


@contextmanager
def bound(engine: sa.Engine, how: str) -> Generator[Session | sa.Connection]:
    """Yield a transaction of the host's own, as a session or a connection; it is not committed."""
    if how == "session":
        with Session(engine) as session:
            yield session
    else:
        with engine.connect() as db:
            yield db

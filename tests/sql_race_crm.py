"""A small CRM for races: customers and their orders, with and without what makes them strict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from attrs import define, field

from cancelkit import STANDARD, CancelKit, EitherRole, Person
from cancelkit.adapters.sqlalchemy import Customers, Records, SqlHost, Status, own_tables
from cancelkit.adapters.sqlalchemy.doctor import Level, diagnose
from cancelkit.adapters.sqlalchemy.guard_triggers import guards
from cancelkit.desk import Desk
from cancelkit.ports import Host

KIT = CancelKit(
    STANDARD.only("sales_orders"),
    roles=EitherRole(lambda user: ["CRM Admin"]),
    report=lambda what, error: None,
)
ANN = Person("ann", "Ann")
HERE, ELSEWHERE = 1, 2
"""The customer to be cancelled, and another one."""
CLOSED, OPEN_ELSEWHERE = 1, 2
"""A closed order of the one, and an open order of the other."""


@define(eq=False)
class Tables:
    """The tables, under a prefix of their own.

    Attributes:
        name: "fk" has a foreign key and an index; "plain" only the index; "bare" neither;
            "guarded" is "plain" with guard triggers, so that no records are locked.
    """

    name: str
    meta: sa.MetaData = field(factory=sa.MetaData)
    clients: sa.Table = field(init=False)
    orders: sa.Table = field(init=False)
    host: SqlHost = field(init=False)

    def __attrs_post_init__(self) -> None:
        key = f"{self.name}_client.id"
        self.clients = sa.Table(
            f"{self.name}_client",
            self.meta,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(20)),
            sa.Column("state", sa.String(20)),
        )
        self.orders = sa.Table(
            f"{self.name}_order",
            self.meta,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column(
                "client",
                sa.Integer,
                *((sa.ForeignKey(key),) if self.name == "fk" else ()),
                index=self.name != "bare",
            ),
            sa.Column("state", sa.String(20)),
        )
        own = own_tables(self.meta, prefix=f"{self.name}_ck_")
        c, o = self.clients.c, self.orders.c
        status = Status(c.state, cancelled="cancelled", pending={"live": "live_pc"})
        self.host = SqlHost(
            Customers(c.id, name=c.name, status=status),
            {"sales_orders": Records(o.client, closed=o.state.in_(["done"]))},
            own=own,
            guarded=self.name == "guarded",
        )

    def create(self, engine: sa.Engine) -> None:
        """Create the tables, and the triggers."""
        self.meta.create_all(engine)
        if self.name != "guarded":
            return
        with engine.begin() as db:
            for guard in guards(self.host):
                for statement in guard.create:
                    db.exec_driver_sql(statement.replace("%", "%%"))

    def start(self, engine: sa.Engine) -> Start:
        """Put the rows in, begin a cancellation, and remember all of it."""
        with engine.begin() as db:
            for table in reversed(self.meta.sorted_tables):
                db.execute(table.delete())
            clients = [{"id": n, "name": f"No. {n}", "state": "live"} for n in (HERE, ELSEWHERE)]
            db.execute(self.clients.insert(), clients)
            orders = [(CLOSED, HERE, "done"), (OPEN_ELSEWHERE, ELSEWHERE, "new")]
            values = [{"id": i, "client": c, "state": s} for i, c, s in orders]
            db.execute(self.orders.insert(), values)
        begun = KIT.at(self.host.owning(engine), actor=ANN).begin(str(HERE))
        with engine.connect() as db:
            kept = {t: [dict(r._mapping) for r in db.execute(sa.select(t))] for t in self._all()}
        return Start(self, engine, begun.plan().token, kept)

    def _all(self) -> list[sa.Table]:
        return list(self.meta.sorted_tables)

    def doctor(self, engine: sa.Engine) -> str:
        """Return what the doctor says of the orders."""
        found = diagnose(self.host, engine, KIT.checklist)
        levels = {one.level for one in found if one.section == "sales_orders"}
        return "not strict" if Level.NOT_STRICT in levels else "strict"

    def write(self, how: str) -> Any:
        """Return the statement by which an order becomes an open one of this customer."""
        orders, mine = self.orders, self.orders.c.id
        made: Mapping[str, Any] = {
            "insert": orders.insert().values(id=9, client=HERE, state="new"),
            "reopen": orders.update().where(mine == CLOSED).values(state="new"),
            "move": orders.update().where(mine == OPEN_ELSEWHERE).values(client=HERE),
        }
        return made[how]


WRITES = ("insert", "reopen", "move")


@define(eq=False)
class Start:
    """Where each race of some tables starts."""

    tables: Tables
    engine: sa.Engine
    token: str
    kept: Mapping[sa.Table, list[dict[str, Any]]]

    def put_back(self) -> None:
        """Put every row back as it was."""
        with self.engine.begin() as db:
            for table in reversed(list(self.kept)):
                db.execute(table.delete())
            for table, rows in self.kept.items():
                if rows:
                    db.execute(table.insert(), rows)

    def process(self, host: Host) -> str:
        """Process the customer."""
        desk: Desk = KIT.at(host, actor=ANN)
        return desk.get(str(HERE)).process(self.token).state

    def processing(self, side: sa.Engine) -> Callable[[], str]:
        """Return a Process in a transaction of its own."""
        return lambda: self.process(self.tables.host.owning(side))

    def cancelled(self) -> bool:
        """Say whether the customer is Cancelled."""
        c = self.tables.clients.c
        with self.engine.connect() as db:
            return db.scalar(sa.select(c.state).where(c.id == HERE)) == "cancelled"

    def open_orders(self) -> int:
        """Return how many open orders the customer has."""
        o = self.tables.orders.c
        mine = (o.client == HERE) & (o.state == "new")
        with self.engine.connect() as db:
            return int(db.scalar(sa.select(sa.func.count()).where(mine)) or 0)

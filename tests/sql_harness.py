"""The standard world of `tests.harness` in a database: every command, judged by the same oracle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from attrs import evolve

from cancelkit import STANDARD, CancelKit, Customer, EitherRole, Person, Status, User
from cancelkit.adapters.memory import (
    CLOSED,
    CountingIds,
    MemoryLinks,
    MemoryRecipients,
    MemoryUsers,
    SetClock,
)
from cancelkit.adapters.sqlalchemy import (
    Assets,
    Customers,
    Dates,
    OwnTables,
    Records,
    SqlHost,
    own_tables,
)
from cancelkit.adapters.sqlalchemy import Status as StatusColumns
from cancelkit.errors import UnknownCustomer
from cancelkit.records import CancellationRecord, HistoryEntry, Operation, OutboxRow
from cancelkit.serial import load
from tests.harness.stored import TOLD_OF, Stored
from tests.harness.world import (
    ANN,
    CUSTOMER,
    NOW,
    OTHER,
    PROFILE,
    RECORD_KINDS,
    TODAY,
    World,
    quiet,
)

META = sa.MetaData()
_KEY = sa.String(60)
PEOPLE = sa.Table(
    "h_people", META, sa.Column("id", _KEY, primary_key=True), sa.Column("name", _KEY)
)
CUSTOMERS = sa.Table(
    "h_customers",
    META,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("name", _KEY),
    sa.Column("status", _KEY),
    sa.Column("leaving", sa.Boolean, nullable=False, default=False),
    sa.Column("owner", _KEY),
    sa.Column("since", sa.Date),
    sa.Column("gone", sa.Boolean, nullable=False, default=False),
)


def _child(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(
        f"h_{name}",
        META,
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("customer", sa.ForeignKey("h_customers.id"), index=True),
        *columns,
    )


RECORDS = {kind: _child(kind, sa.Column("status", _KEY)) for kind in RECORD_KINDS}
ASSETS = _child("assets", sa.Column("ceased", sa.Date), sa.Column("live", sa.Boolean))
EXPIRIES = _child("expiries", sa.Column("due", sa.Date))
OWN: OwnTables = own_tables(META, prefix="h_ck_")


def sql_host(**options: Any) -> SqlHost:
    """Return what the tables mean."""
    c = CUSTOMERS.c
    named = sa.select(PEOPLE.c.name).where(PEOPLE.c.id == c.owner).scalar_subquery()
    described = Customers(
        c.id,
        name=c.name,
        status=StatusColumns(c.status, cancelled="cancelled", pending=c.leaving),
        owner=c.owner,
        owner_name=named,
        since=c.since,
        where=c.gone.is_(False),
    )
    sources: dict[str, Any] = {
        kind: Records(t.c.customer, closed=sa.func.lower(t.c.status).in_(sorted(CLOSED[kind])))
        for kind, t in RECORDS.items()
    }
    sources["assets"] = Assets(ASSETS.c.customer, ASSETS.c.ceased, ASSETS.c.live)
    sources["expiries"] = Dates(EXPIRIES.c.customer, EXPIRIES.c.due)
    return SqlHost(described, sources, own=OWN, **options)


class SqlBackDoor:
    """See `tests.harness.world.BackDoor`: a connection of its own for each call."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._inserted = 0

    def stored(self) -> Stored:
        with self.engine.connect() as db:
            rows = [db.execute(sa.select(t).order_by(t.c.seq)).all() for t in OWN]
            found = db.execute(_READ).all()
        cancellations, history, operations, outbox = rows
        customers = [_customer(tuple(row)) for row in found]
        return Stored(
            {one.id: one for one in customers},
            tuple(_loaded(CancellationRecord, row.document) for row in cancellations),
            tuple(_loaded(HistoryEntry, row.document) for row in history),
            tuple(_loaded(Operation, row.document) for row in operations),
            tuple(_row(row.document, row.attempts, row.leased_until) for row in outbox),
        )

    def customer(self, customer_id: str) -> Customer:
        with self.engine.connect() as db:
            row = db.execute(_READ.where(CUSTOMERS.c.id == customer_id)).one_or_none()
        if row is None:
            raise UnknownCustomer(customer_id)
        return _customer(tuple(row))

    def put_customer(self, customer: Customer) -> None:
        status = customer.status
        assert status is not None
        self._do(
            CUSTOMERS.update()
            .where(CUSTOMERS.c.id == customer.id)
            .values(
                name=customer.name,
                status=status.value,
                leaving=bool(status.pending),
                owner=customer.owners[0].id if customer.owners else None,
                since=customer.since,
            )
        )

    def delete_customer(self, customer_id: str) -> None:
        self._do(CUSTOMERS.update().where(CUSTOMERS.c.id == customer_id).values(gone=True))

    def set_open(self, kind: str, customer_id: str, *, to: bool) -> None:
        self._put(kind, f"{customer_id}:{kind}:1", customer_id, to=to)

    def insert_open(self, kind: str, customer_id: str) -> None:
        self._inserted += 1
        self._put(kind, f"{customer_id}:{kind}:new-{self._inserted}", customer_id, to=True)

    def open_kinds(self, customer_id: str) -> frozenset[str]:
        host = sql_host()
        found = set()
        with self.engine.connect() as db:
            for need, source in host.statements.sources.items():
                left = sa.or_(sa.false(), *source.source.open)
                asked = source.of(customer_id, source.id, where=left)
                if db.execute(asked, {"as_of": TODAY}).first() is not None:
                    found.add(str(getattr(need, "kind", "assets")))
        return frozenset(found)

    def saved(self) -> Callable[[], None]:
        """See `BackDoor.saved`: a copy of every row."""
        with self.engine.connect() as db:
            kept = {
                t: [dict(row._mapping) for row in db.execute(sa.select(t))]
                for t in META.sorted_tables
            }
        inserted = self._inserted

        def put_back() -> None:
            self._inserted = inserted
            with self.engine.begin() as db:
                _clear(db)
                for table, rows in kept.items():
                    if rows:
                        db.execute(table.insert(), rows)

        return put_back

    def _put(self, kind: str, key: str, customer_id: str, *, to: bool) -> None:
        table = ASSETS if kind == "assets" else RECORDS[kind]
        values: dict[str, Any] = {"ceased": None if to else TODAY, "live": to}
        if kind != "assets":
            values = {"status": "open" if to else min(CLOSED[kind])}
        with self.engine.begin() as db:
            if db.execute(table.update().where(table.c.id == key).values(values)).rowcount == 0:
                there = sa.select(table.c.id).where(table.c.id == key)
                if db.scalar(there) is None:  # MariaDB counts rows that change
                    db.execute(table.insert().values(id=key, customer=customer_id, **values))

    def _do(self, statement: Any) -> None:
        with self.engine.begin() as db:
            db.execute(statement)


_c = CUSTOMERS.c
_READ = (
    sa.select(_c.id, _c.name, _c.status, _c.leaving, _c.owner, PEOPLE.c.name, _c.since)
    .select_from(CUSTOMERS.outerjoin(PEOPLE, PEOPLE.c.id == _c.owner))
    .where(_c.gone.is_(False))
    .order_by(_c.id)
)


@cache
def _customer(row: tuple[Any, ...]) -> Customer:
    """The same object for the same row: `Stored.same_as` looks at identity."""
    key, name, status, leaving, owner, owner_name, since = row
    owners = () if owner is None else (Person(owner, owner_name or owner),)
    found = Status(status, pending=bool(leaving), cancelled=status == "cancelled")
    return Customer(key, name, found, owners, since)


@cache
def _loaded(cls: Any, document: str) -> Any:
    return load(cls, document, "a document")


@cache
def _row(document: str, attempts: int, until: str | None) -> OutboxRow:
    row = load(OutboxRow, document, "a row")
    leased = datetime.fromisoformat(until).astimezone(UTC) if until else None
    return evolve(row, attempts=attempts, leased_until=leased)


def _clear(db: sa.Connection) -> None:
    for table in reversed(META.sorted_tables):
        db.execute(table.delete())


def sql_world(
    engine: sa.Engine, wrap: Callable[[SqlHost, sa.Engine], Any] = SqlHost.owning
) -> World:
    """Make the standard world in a database, whose tables are created where they are not there."""
    META.create_all(engine)
    with engine.begin() as db:
        _clear(db)
        people = {"u-1": "Ann", "t-7": "Tom", "t-8": "Tess", "x-9": "Gone"}
        db.execute(PEOPLE.insert(), [{"id": key, "name": name} for key, name in people.items()])
        there = [{"id": key, "name": f"Customer {key}"} for key in (CUSTOMER, OTHER)]
        db.execute(CUSTOMERS.insert().values(status="live", owner=ANN.id), there)
        db.execute(ASSETS.insert().values(id="A-0", customer=CUSTOMER, ceased=TODAY, live=False))
        later = TODAY + timedelta(days=30)
        db.execute(EXPIRIES.insert().values(id="E-0", customer=CUSTOMER, due=later))
    back = SqlBackDoor(engine)
    for kind in ("assets", *RECORD_KINDS):
        back.set_open(kind, CUSTOMER, to=True)
    roles = {"alice": {"CRM Admin"}, "bob": {"Customer Cancellation"}, "mallory": {"Reader"}}
    users = MemoryUsers(
        [User("u-1", "Ann"), User("t-7", "Tom"), User("t-8", "Tess"), User("x-9", "Gone", False)],
        telesales=("t-7", "t-8"),
    )
    kit = CancelKit(
        STANDARD,
        profiles={PROFILE: STANDARD.without("mood").with_gates(ownership="blocks")},
        roles=EitherRole(lambda actor: roles.get(actor, set())),
        users=users,
        recipients=MemoryRecipients({event: (*to, to[0]) for event, to in TOLD_OF.items()}),
        links=MemoryLinks("/c/{customer}", "/c/{customer}/{section}"),
        zone="Europe/London",
        report=quiet,
    )
    clock = SetClock(NOW)
    host = sql_host(clock=clock, ids=CountingIds())
    return World(kit, wrap(host, engine), back, clock, users, roles)


def on_engine(world: World, engine: sa.Engine) -> World:
    """Return the same world, with units of work on another engine."""
    host = world.host
    described: SqlHost = host._host  # type: ignore[attr-defined]  # an Owned of ours
    return evolve(world, host=described.owning(engine))

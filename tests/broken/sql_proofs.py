"""What catches a broken SQL adapter: each proof says what is broken, and nothing of a sound one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from cancelkit import errors
from cancelkit.adapters.memory import MemoryNotifier
from cancelkit.records import Outcome
from cancelkit.relay import Relay
from cancelkit.sections import NewOwner, Reasons
from cancelkit.testing import HostContract
from cancelkit.testing.contract import contract_tests
from cancelkit.testing.faulty import FaultyHost
from tests.broken.run import number_of
from tests.harness.commands import COMMANDS
from tests.harness.world import CUSTOMER
from tests.servers import Databases
from tests.sql_crashes import Bench
from tests.sql_crm import Crm
from tests.sql_desk import CRM, Customer, Order, Place, bound, cancel, place
from tests.sql_harness import on_engine, sql_world
from tests.sql_race_track import Setting, Track, few
from tests.sql_sides import engine_like
from tests.sql_world import world_of
from tests.wire_proxy import wire

Proof = Callable[[Databases], Iterator[str]]
"""Yields what is broken."""


class OnServer(HostContract):
    tenants = True
    joined = True
    commit_faults = True
    damaged_rows = True
    patience = 0.1


class OnSqlite(OnServer):
    outside_writes = False


NUMBERS = Crm("numbers")


def kit(kind: str, numbers: str) -> Proof:
    """The contract kit: the tests of some promises."""

    def prove(databases: Databases) -> Iterator[str]:
        contract = OnSqlite if kind == "sqlite" else OnServer
        for name in contract_tests(contract):
            if number_of(name) in numbers.split():
                world = world_of(databases.engine(kind, "numbers"), NUMBERS)
                try:
                    getattr(contract(), name)(world)
                except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any failure counts
                    yield number_of(name)

    return prove


def race(setting: Setting) -> Proof:
    """The races of Process with the CRM."""

    def prove(databases: Databases) -> Iterator[str]:
        track = Track(databases.engine(setting.database, "broken"), setting.tables)
        try:
            lost = track.first_lost(setting)
        finally:
            track.close()
        yield from filter(None, (lost,))

    return prove


def no_deadlock(databases: Databases) -> Iterator[str]:
    """With guard triggers, who reopens a record waits for Process, and Process not for them."""
    track = Track(databases.engine("postgres", "broken"), "guarded")
    try:
        line = track.line(Setting("postgres", "guarded", "READ COMMITTED"), few)
    finally:
        track.close()
    for how, tally in line.tallies.items():
        yield from (f"{how}: {end}" for end in tally.ends if "OperationalError" in end)


def swapped_records(databases: Databases) -> Iterator[str]:
    """An override is for certain records: it lets no others be open that came in their place."""
    for process in (_own_when_swapped, _joined_when_swapped):
        crm = place(databases, "mariadb")
        swap = partial(_swap, crm.engine, *_one_overridden(crm))
        engine = engine_like(crm.engine)
        with suppress(errors.Refused):
            yield f"{process.__name__}: {process(crm, engine, swap).state}"
        engine.dispose()


def _own_when_swapped(crm: Place, engine: sa.Engine, swap: Callable[[], None]) -> Outcome:
    """Process in a transaction of its own; the records are swapped before they are locked."""
    token = crm.owning().get(crm.key).plan().token
    event.listen(engine, "before_cursor_execute", _before_counting(swap))
    return crm.owning(engine).get(crm.key).process(token)


def _joined_when_swapped(crm: Place, engine: sa.Engine, swap: Callable[[], None]) -> Outcome:
    """Process in the host's transaction, which has read before the records are swapped."""
    token = crm.owning().get(crm.key).plan().token
    with engine.connect() as db:
        db.execute(sa.select(sa.func.count()).select_from(ORDERS))
        swap()
        return crm.joining(db).get(crm.key).process(token)


ORDERS = CRM.records["sales_orders"]


def _one_overridden(crm: Place) -> tuple[int, int]:
    """Begin the cancellation of a customer, with its open order overridden: (closed, open)."""
    crm.back.record(crm.key, "sales_orders", "open")
    with crm.engine.connect() as db:
        closed, left = db.scalars(sa.select(ORDERS.c.id).order_by(ORDERS.c.id))
    cancellation = crm.owning().begin(crm.key)
    cancellation.enter(Reasons("price"))
    cancellation.enter(NewOwner("bob"))
    cancellation.override("sales_orders", "this very one")
    return closed, left


def _swap(engine: sa.Engine, closed: int, left: int) -> None:
    """Close the open order, and reopen the closed one."""
    with engine.begin() as db:
        for key, status in ((left, "shipped"), (closed, "new")):
            db.execute(ORDERS.update().where(ORDERS.c.id == key).values(status=status))


def _before_counting(act: Callable[[], None]) -> Callable[..., None]:
    """Return what does something once, before the orders are counted with locks."""
    waiting = [act]

    def listen(db: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if waiting and "LOCK IN SHARE MODE" in statement:
            waiting.pop()()

    return listen


def cells(kind: str, name: str) -> Proof:
    """Faults of the statements of a command."""
    command = next(one for one in COMMANDS if one.name == name)

    def prove(databases: Databases) -> Iterator[str]:
        bench = Bench(databases.engine(kind, "crashes"))
        try:
            clean = bench.clean(command)
            for at, fault, after in bench.cells(clean, every=False):
                for wrong in bench.wrong(clean, at, fault, after=after):
                    yield f"{fault.name} at statement {at}: {wrong}"
        finally:
            bench.close()

    return prove


def the_reply_is_cut(kind: str) -> Proof:
    """COMMIT is done, and its reply is cut off on the wire: nobody knows, and the repeat tells."""

    def prove(databases: Databases) -> Iterator[str]:
        engine = databases.engine(kind, "wire")
        with wire(engine) as (through, proxy):
            world = sql_world(engine)
            proxy.cut("after")
            answer = _error_of(on_engine(world, through).desk().get(CUSTOMER).begin)
            if not isinstance(answer, errors.OutcomeUnknown):
                yield f"answered {answer!r}"

    return prove


# ---------------------------------------------------------------- in the host's transaction


def not_tried_again(databases: Databases) -> Iterator[str]:
    """Only the host can begin its transaction again."""
    bench = Bench(databases.engine("postgres", "cells"))
    world = sql_world(bench.engine)
    host: Any = world.host
    try:
        with bench.actor.connect() as db:
            desk = world.kit.at(host._host.joining(db), actor=world.desk().actor)
            bench.saboteur.plan(2, bench.kinds[0], after=True)
            if not isinstance(_error_of(desk.get(CUSTOMER).begin), errors.Conflict):
                yield "tried again"
    finally:
        bench.close()


def _error_of(act: Callable[[], object]) -> BaseException | None:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - the error is what is looked at
        return error
    return None


def unflushed_is_seen(databases: Databases) -> Iterator[str]:
    """A reopened order that is only in the session's memory keeps the section red."""
    crm = place(databases, "sqlite")
    with Session(crm.engine, autoflush=False) as session:
        session.scalars(sa.select(Order)).one().status = "new"
        seen = crm.joining(session).check(crm.key).blocked_by
        if "sales_orders" not in {line.key for line in seen}:
            yield "the open order is not seen"


def read_again(databases: Databases) -> Iterator[str]:
    """The host's object is not stale."""
    crm = place(databases, "sqlite")
    with Session(crm.engine) as session:
        customer = session.get_one(Customer, crm.number())
        assert "live" == customer.status
        cancel(crm.joining(session), crm.key)
        if "cancelled" != customer.status:
            yield f"the object says {customer.status}"


def half_done_is_undone(databases: Databases) -> Iterator[str]:
    """A fault in a joined command leaves nothing of it, although the host commits."""
    crm = place(databases, "sqlite")
    before = crm.everything()
    with bound(crm.engine, "connection") as bind:
        host = FaultyHost(crm.host.joining(bind, tenant="north"))
        with pytest.raises(errors.CommandFailed):
            host.failing("history.append", crm.desk(host).begin, crm.key)
        bind.commit()
    after = crm.everything()
    yield from (name for name in before if before[name] != after[name])


def rolled_back(databases: Databases) -> Iterator[str]:
    """After the host's rollback every table equals its copy from before."""
    crm = place(databases, "sqlite")
    before = crm.everything()
    with bound(crm.engine, "connection") as bind:
        with suppress(errors.CancelkitError):
            cancel(crm.joining(bind), crm.key)
        bind.rollback()
    after = crm.everything()
    yield from (name for name in before if before[name] != after[name])


def autocommit_is_refused(databases: Databases) -> Iterator[str]:
    """Where each statement is committed, nothing would be all or nothing."""
    crm = place(databases, "postgres")
    engine = crm.engine.execution_options(isolation_level="AUTOCOMMIT")
    with bound(engine, "connection") as bind:
        try:
            crm.joining(bind).begin(crm.key)
        except errors.TransactionRequired:
            return
        except errors.CommandFailed as error:
            yield f"{type(error.__cause__).__name__}"
        else:
            yield "taken"


def the_version_counts(databases: Databases) -> Iterator[str]:
    """Whoever else has the customer open sees that it was written."""
    crm = place(databases, "sqlite")
    before = crm.back.version(crm.key)
    cancel(crm.owning(), crm.key)
    if crm.back.version(crm.key) == before:
        yield "the version is the same"


# ---------------------------------------------------------------- the relay


def _second(crm: Place) -> str:
    key = crm.back.customer()
    crm.back.date(key, "expiries", date(2099, 1, 1))
    return key


def late_commits_are_told(databases: Databases) -> Iterator[str]:
    """What was numbered first and committed last is delivered too."""
    crm = place(databases, "postgres")
    other, channel = _second(crm), MemoryNotifier()
    relay = Relay(crm.host.owning(crm.engine, tenant="north"), channel)
    with crm.engine.connect() as db:
        cancel(crm.joining(db), other)
        cancel(crm.owning(), crm.key)
        relay.run()
        db.commit()
    relay.run()
    if len(channel.sent) != 2:
        yield f"{len(channel.sent)} of 2 delivered"


class Dies(BaseException):
    """The process is gone."""


class Channel:
    """A channel on which a process dies, or that looks at who holds a connection."""

    def __init__(self, pool: Any, *, dies: bool) -> None:
        self.pool, self.dies, self.held = pool, dies, 0

    def send(self, notification: Any) -> None:
        self.held += self.pool.checkedout()
        if self.dies:
            raise Dies


def _sent_by(databases: Databases, *, dies: bool) -> tuple[Place, Channel]:
    crm = place(databases, "postgres")
    cancel(crm.owning(), crm.key)
    channel = Channel(crm.engine.pool, dies=dies)
    with suppress(Dies):
        Relay(crm.host.owning(crm.engine, tenant="north"), channel).run()
    return crm, channel


def marked_after_sending(databases: Databases) -> Iterator[str]:
    """A process that dies while it sends has not said that it has sent."""
    crm, _ = _sent_by(databases, dies=True)
    with crm.host.owning(crm.engine, tenant="north").reading() as unit:
        if not unit.outbox.unsent():
            yield "lost"


def sent_outside(databases: Databases) -> Iterator[str]:
    """No transaction is open while a notification is sent."""
    _, channel = _sent_by(databases, dies=False)
    if channel.held:
        yield "a connection is held"

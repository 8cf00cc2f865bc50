"""The phantom: an order that is inserted, and not committed, when Process looks for open ones.

A check that reads what is committed does not see it. So Process must wait for the other transaction
and look afterwards, in whatever way it is executed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from threading import Event, Thread

import sqlalchemy as sa
from attrs import define, field, frozen
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from cancelkit import CancelKit, Person
from cancelkit.adapters.sqlalchemy import SqlHost
from cancelkit.errors import Refused
from cancelkit.ports import Host
from tests.sql_sides import innodb_waits

PATIENCE = 20.0
"""Seconds within which Process must wait, or end."""


@frozen(eq=False)
class Phantom:
    """A cancellation that is ready for Process, and the order that comes between.

    Attributes:
        insert: inserts the open order on a connection, and does not commit.
    """

    engine: sa.Engine
    host: SqlHost
    kit: CancelKit
    actor: Person
    key: str
    token: str
    insert: Callable[[sa.Connection], object]
    tenant: str = ""

    def process(self, host: Host) -> None:
        """Process it at a host."""
        self.kit.at(host, actor=self.actor).get(self.key).process(self.token)


def own(it: Phantom) -> None:
    """In a transaction of its own."""
    it.process(it.host.owning(it.engine, tenant=it.tenant))


def in_connection(it: Phantom) -> None:
    """In a connection of the host."""
    with it.engine.begin() as db:
        it.process(it.host.joining(db, tenant=it.tenant))


def in_session(it: Phantom) -> None:
    """In a session of the host, which has read before."""
    with Session(it.engine) as session, session.begin():
        session.execute(sa.select(1))
        it.process(it.host.joining(session, tenant=it.tenant))


def in_async_session(it: Phantom) -> None:
    """In an AsyncSession of the host."""

    async def run() -> None:
        engine = create_async_engine(it.engine.url)
        try:
            async with AsyncSession(engine) as session, session.begin():
                await session.run_sync(lambda s: it.process(it.host.joining(s, tenant=it.tenant)))
        finally:
            await engine.dispose()

    asyncio.run(run())


MODES: Mapping[str, Callable[[Phantom], None]] = {
    "own transaction": own,
    "joined connection": in_connection,
    "joined session": in_session,
    "async session": in_async_session,
}


@define(eq=False)
class _Try:
    """Process in a thread of its own."""

    act: Callable[[], None]
    error: BaseException | None = None
    ended: Event = field(factory=Event)

    def run(self) -> None:
        """Process, and keep what comes of it."""
        try:
            self.act()
        except BaseException as error:  # noqa: BLE001 - it is looked at in the other thread
            self.error = error
        self.ended.set()


def refused(it: Phantom, mode: str) -> bool:
    """Say whether Process waited for the order, and was refused because of it."""
    tried = _Try(lambda: MODES[mode](it))
    with it.engine.connect() as other, other.begin():
        it.insert(other)
        thread = Thread(target=tried.run, daemon=True)
        thread.start()
        waited = _waits(it.engine, _number(other), tried.ended)
    thread.join(PATIENCE)
    assert tried.ended.is_set(), "Process has not ended"
    if tried.error is not None and not isinstance(tried.error, Refused):
        raise tried.error
    return waited and tried.error is not None


def _number(db: sa.Connection) -> int:
    kind = db.dialect.name
    asked = "SELECT pg_backend_pid()" if kind == "postgresql" else "SELECT connection_id()"
    return int(db.exec_driver_sql(asked).scalar_one())


def _waits(engine: sa.Engine, by: int, ended: Event) -> bool:
    """Wait until somebody waits for a connection; False where Process has ended before."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as look:
        for _ in range(int(PATIENCE / 0.01)):
            if _somebody_waits(look, by):
                return True
            if ended.wait(0.01):
                return False
    raise AssertionError("Process neither waits nor ends")


def _somebody_waits(look: sa.Connection, by: int) -> bool:
    if look.dialect.name == "postgresql":
        asked = "SELECT count(*) FROM pg_stat_activity WHERE :by = ANY (pg_blocking_pids(pid))"
        return bool(look.scalar(sa.text(asked), {"by": by}))
    asked = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> %s"
    others = look.exec_driver_sql(asked, (by,)).scalars().all()
    return any(innodb_waits(look, other) for other in others)

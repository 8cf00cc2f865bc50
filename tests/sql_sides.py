"""Two connections to a database, each stopped after any of its statements: no sleeps, no guessing.

A side runs in a thread of its own. Whether it waits for the other one is asked of the server, which
knows who blocks whom.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from threading import Condition
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

from cancelkit.testing.aside import Aside
from tests.servers import sqlite_engine

PATIENCE = 30.0
"""Seconds within which something must happen; then the test fails."""

_ORDER = count(1)


class Side:
    """One connection at a time, whose statements are counted, and which can be stopped after each.

    Attributes:
        engine: only for this side's statements.
        count: how many statements have run.
        answer: what the function returned or raised, once it has ended.
        committing: a number that is higher the later its last COMMIT was begun; 0 for none.
        done: likewise, of its end.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.count = 0
        self.backend = 0
        self.answer: object = None
        self.ended = True
        self.committing = self.done = 0
        self._allowed = math.inf
        self._changed = Condition()
        self._aside: Aside[None] | None = None
        self._stopped = False
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        event.listen(engine, "commit", self._commit)

    def start(self, act: Callable[[], object], stop: float = math.inf) -> None:
        """Run a function, until it has executed so many statements."""
        self.count, self.answer, self.ended, self._allowed = 0, None, False, stop
        self.committing = self.done = 0
        self._aside = Aside(lambda: self._run(act))

    def go(self, stop: float = math.inf) -> None:
        """Go on until so many statements have run; to the end by default."""
        with self._changed:
            self._allowed = stop
            self._stopped = self._stopped and self.count >= stop
            self._changed.notify_all()

    @property
    def running(self) -> bool:
        """Whether it was started, and `result` was not yet called."""
        return self._aside is not None

    def settle(self, other: Side, look: Monitor) -> str:
        """Wait until this side has "ended", is "stopped", or is "waiting" for the other one."""
        end = time.monotonic() + PATIENCE
        while True:
            with self._changed:
                if not self.ended and not self._stopped:
                    self._changed.wait(0.001)
                if self.ended:
                    return "ended"
                if self._stopped:
                    return "stopped"
            if look.waits(self.backend, other.backend):
                return "waiting"
            assert time.monotonic() < end, f"nothing happens after statement {self.count}"

    def result(self) -> object:
        """Let it go on to its end, and return the answer."""
        self.go()
        if self._aside is not None:
            self._aside.result()
            self._aside = None
        return self.answer

    def _run(self, act: Callable[[], object]) -> None:
        try:
            self.answer = act()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            self.answer = error
        finally:
            with self._changed:
                self.done = next(_ORDER)
                self.ended = True
                self._changed.notify_all()

    def _before(self, db: sa.Connection, *_: object) -> None:
        driver: Any = db.connection.driver_connection
        if db.dialect.name == "postgresql":
            self.backend = driver.info.backend_pid
        elif db.dialect.name != "sqlite":
            self.backend = driver.thread_id()
        self._stop(db)

    def _after(self, *_: object) -> None:
        self.count += 1

    def _commit(self, db: sa.Connection) -> None:
        self._stop(db)
        self.committing = next(_ORDER)

    def _stop(self, _: sa.Connection) -> None:
        """Stop before a statement, or before COMMIT: what the last one found has been fetched."""
        with self._changed:
            if self.ended or self.count < self._allowed:
                return
            self._stopped = True
            self._changed.notify_all()
            came = self._changed.wait_for(lambda: self.count < self._allowed, PATIENCE * 2)
            self._stopped = False
            assert came, "stopped, and forgotten"


class Monitor:
    """Asks a server who waits."""

    def __init__(self, engine: sa.Engine) -> None:
        self._kind = engine.dialect.name
        options = {} if self._kind == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        self._db = engine.execution_options(**options).connect()

    def waits(self, who: int, by: int) -> bool:
        """Say whether a backend waits for another one."""
        if self._kind == "postgresql":
            asked = sa.text("SELECT :by = ANY (pg_blocking_pids(:who))")
            return bool(self._db.scalar(asked, {"by": by, "who": who}))
        if self._kind == "sqlite":
            return False  # nobody waits there: the one who comes second is refused
        return innodb_waits(self._db, who)

    def close(self) -> None:
        self._db.close()


_TRANSACTION = re.compile(r"^---TRANSACTION", re.MULTILINE)


def innodb_waits(db: sa.Connection, who: int) -> bool:
    """Say whether a thread waits for a lock: of two, it waits for the other one.

    Not `information_schema.innodb_trx`: it shows a copy, which is renewed only after nobody has
    looked at it for 0.1 s.
    """
    text = db.exec_driver_sql("SHOW ENGINE INNODB STATUS").one()[2]
    blocks = _TRANSACTION.split(text.rpartition("LIST OF TRANSACTIONS")[2])
    return any("LOCK WAIT" in block for block in blocks if f" thread id {who}," in block)


def engine_like(engine: sa.Engine, **options: Any) -> sa.Engine:
    """Return one more engine for a database, which waits for no lock on SQLite."""
    if engine.dialect.name == "sqlite":
        assert engine.url.database is not None
        return sqlite_engine(sa.engine.make_url(engine.url).database, timeout=0.0)  # type: ignore[arg-type]
    made = sa.create_engine(engine.url, pool_size=1, max_overflow=0, **options)
    if engine.dialect.name == "postgresql":
        event.listen(made, "connect", _soon_sees_deadlocks)
    return made


def _soon_sees_deadlocks(driver: Any, _: object) -> None:
    """PostgreSQL looks for a deadlock after 1 s; a superuser may make that less."""
    with suppress(psycopg.errors.InsufficientPrivilege):
        driver.execute("SET deadlock_timeout = '30ms'")
    driver.commit()

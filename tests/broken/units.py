"""Units of work that are wrong: what stays, and who sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import datetime
from typing import Any

from cancelkit.adapters.memory import MemoryHost
from cancelkit.adapters.memory.store import Writes
from cancelkit.adapters.memory.stores import MemoryHistory
from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.adapters.sqlite.stores import SqliteCancellations, SqliteOutbox
from cancelkit.ports import Opened, Unit
from cancelkit.records import HistoryEntry, OutboxRow
from cancelkit.serial import load
from tests.broken.memory import Rebuilt


def unchecked(writes: Writes) -> None:
    """Commit without a look at whether somebody else was first."""
    writes._seen.clear()
    writes.commit()


def unjudged(writes: Writes) -> None:
    """Commit without a look at whether the records are still as they were judged."""
    writes._judged.clear()
    writes.commit()


class CommitsByItself(Rebuilt):
    """The history is written in a unit of its own."""

    def changes(self, writes: Writes) -> dict[str, Any]:
        host = self

        class Own(MemoryHistory):
            def append(self, entry: HistoryEntry) -> None:
                own = Writes(host.crm.memory)
                MemoryHistory(own, self._tenant).append(entry)
                own.commit()

        return {"history": Own(writes, self.tenant)}


class CommitsWhatever(MemoryHost):
    """Leaving with an exception commits as well."""

    spared: tuple[type[BaseException], ...] = ()

    @contextmanager
    def writing(self) -> Generator[Unit]:
        fault: BaseException | None = None
        with super().writing() as unit:
            try:
                yield unit
            except self.spared:
                raise
            except BaseException as error:  # noqa: BLE001 - that is the fault
                fault = error
        if fault is not None:
            raise fault


class CommitsInterrupted(CommitsWhatever):
    """`except Exception: rollback` does not see an interrupt."""

    spared = (Exception,)


class ForgetsToCommit(MemoryHost):
    def writing(self) -> AbstractContextManager[Unit]:
        return self.reading()


class LetsErrorsOut(SqliteHost[Any]):
    """An error of COMMIT comes out as the database has it."""

    @contextmanager
    def _unit(self, begin: str) -> Generator[Unit]:
        with closing(self._open()) as db:
            db.isolation_level = None
            db.execute(begin)
            yield self._made(db)
            db.execute("COMMIT")


class SwallowsErrors(SqliteHost[Any]):
    """An error of COMMIT is logged, and forgotten."""

    @contextmanager
    def _unit(self, begin: str) -> Generator[Unit]:
        with closing(self._open()) as db:
            db.isolation_level = None
            db.execute(begin)
            yield self._made(db)
            try:
                db.execute("COMMIT")
            except sqlite3.OperationalError:
                return


def with_outbox(outbox: type[SqliteOutbox]) -> type[SqliteHost[Any]]:
    """Return a host class with another outbox."""

    class Broken(SqliteHost[Any]):
        def _made(self, db: sqlite3.Connection) -> Unit:
            return super()._made(db)._replace(outbox=outbox(db, self.tenant))

    return Broken


def with_cancellations(cancellations: type[SqliteCancellations]) -> type[SqliteHost[Any]]:
    """Return a host class with other cancellations."""

    class Broken(SqliteHost[Any]):
        def _made(self, db: sqlite3.Connection) -> Unit:
            return super()._made(db)._replace(cancellations=cancellations(db, self.tenant))

    return Broken


class StopsAtTheDamaged(SqliteCancellations):
    def opened(self, limit: int) -> Opened:
        found, damaged = super().opened(limit)
        return Opened(found, list(self.current(damaged)))  # which raises


class HidesTheDamaged(SqliteCancellations):
    def opened(self, limit: int) -> Opened:
        return Opened(super().opened(limit).records)


class SparesTheDamaged(SqliteCancellations):
    """The limit counts what can be read, and nobody is told of the rest in time."""

    def opened(self, limit: int) -> Opened:
        found, damaged = super().opened(limit + 1)
        return Opened(found[:limit], damaged)


class StopsAtDamage(SqliteOutbox):
    def _readable(self, where: str, *values: object) -> Iterator[OutboxRow]:
        sql = f"SELECT document FROM cancelkit_outbox WHERE tenant = ? AND {where} ORDER BY due"
        rows = self._all(sql, self._tenant, *values)
        return iter([load(OutboxRow, text, "notification") for (text,) in rows])


class CountsDamage(SqliteOutbox):
    """The limit is in the SQL."""

    most = -1

    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        self.most = limit
        return super().claim(limit, now, lease_until)

    def _readable(self, where: str, *values: object) -> Iterator[OutboxRow]:
        some = f"SELECT id FROM cancelkit_outbox WHERE {where} ORDER BY due LIMIT {self.most}"
        return super()._readable(f"{where} AND id IN ({some})", *values, *values)


class ClaimsDamage(SqliteOutbox):
    change = "UPDATE cancelkit_outbox SET attempts = attempts + 1"

    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        self._db.execute(f"{self.change} WHERE NOT json_valid(document)")
        return super().claim(limit, now, lease_until)


class DeletesDamage(ClaimsDamage):
    change = "DELETE FROM cancelkit_outbox"


class CommitsTheHosts(SqliteHost[Any]):
    """In the host's own transaction, it commits."""

    def _made(self, db: sqlite3.Connection) -> Any:
        made = super()._made(db)
        append = made.history.append

        def commit(entry: HistoryEntry) -> None:
            append(entry)
            with suppress(sqlite3.DatabaseError):  # own units do not let it
                db.execute("COMMIT")
                db.execute("BEGIN IMMEDIATE")

        object.__setattr__(made.history, "append", commit)
        return made

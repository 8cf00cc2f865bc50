"""Units of work that are wrong: what stays, and who sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import Any

from cancelkit.adapters.memory import MemoryHost
from cancelkit.adapters.memory.host import MemoryUnit
from cancelkit.adapters.memory.store import Writes
from cancelkit.adapters.memory.stores import MemoryHistory
from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.ports import Unit
from cancelkit.records import HistoryEntry
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

    def changes(self, unit: MemoryUnit) -> dict[str, Any]:
        host = self

        class Own(MemoryHistory):
            def append(self, entry: HistoryEntry) -> None:
                own = Writes(host.crm.memory)
                MemoryHistory(own, self._tenant).append(entry)
                own.commit()

        return {"history": Own(unit.customers._writes, self.tenant)}


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

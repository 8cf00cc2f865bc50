"""A host on plain sqlite3: write a `CustomerRepo` over your tables, and this does the rest.

    host = SqliteHost("crm.db", Crm)

`Crm` is made for each unit of work, with its connection. Where it also has the methods of
`StatusMirror`, the cancellation is mirrored into the customer's status; where it also has
`assign_owner(effect, customer) -> bool`, owners can be assigned. cancelkit's own four tables lie
in the same file, so that everything commits together or not at all: `Crm` itself never commits,
never rolls back, and uses neither `executescript` nor `with db:`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, closing, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar

from cancelkit.adapters.sqlite.stores import (
    TABLES,
    SqliteCancellations,
    SqliteHistory,
    SqliteOperations,
    SqliteOutbox,
)
from cancelkit.adapters.system import RandomIds, SystemClock
from cancelkit.effects import AnyPerformer, AssignOwner, Performer
from cancelkit.errors import AdapterContractError, BadSetup, Busy, Conflict
from cancelkit.ports import Clock, CustomerRepo, Ids, StatusMirror, Unit

C = TypeVar("C", bound=CustomerRepo)


class SqliteHost(Generic[C]):
    """A `Host` over one SQLite file.

    Args:
        file: the path, or a function that opens a connection to it; each unit of work has its own.
        customers: makes the `CustomerRepo` of a unit of work from its connection.
        performers: makes the performers beyond the owner's from that `CustomerRepo`.
        tenant: whose customers are seen, "" for none.
        clock: the system's where none is given.
        ids: random ones where none are given.
        patience: how many seconds a unit waits for another writer before it raises `Busy`.
    """

    joined = False

    def __init__(
        self,
        file: str | PathLike[str] | Callable[[], sqlite3.Connection],
        customers: Callable[[sqlite3.Connection], C],
        *,
        performers: Callable[[C], Iterable[AnyPerformer]] = lambda _: (),
        tenant: str = "",
        clock: Clock | None = None,
        ids: Ids | None = None,
        patience: float = 10.0,
    ) -> None:
        if not callable(file) and not Path(file).is_file():
            raise BadSetup(f"There is no SQLite file {str(file)!r}; create the CRM's tables first.")
        self._open = file if callable(file) else lambda: sqlite3.connect(file, timeout=patience)
        self._customers = customers
        self._performers = performers
        self.tenant = tenant
        self.clock: Clock = clock or SystemClock()
        self.ids: Ids = ids or RandomIds()
        with closing(self._open()) as db:
            db.executescript(TABLES)
            self.performs: frozenset[type[Any]] = frozenset(self._bound(customers(db)))

    def reading(self) -> AbstractContextManager[Unit]:
        """See `Host.reading`."""
        return self._unit("BEGIN")

    def writing(self) -> AbstractContextManager[Unit]:
        """See `Host.writing`. One writer at a time: what is read is what is committed."""
        return self._unit("BEGIN IMMEDIATE")

    @contextmanager
    def _unit(self, begin: str) -> Generator[Unit]:
        with closing(self._open()) as db:
            db.isolation_level = None  # BEGIN and COMMIT stand here, and nowhere else
            kind: type[Busy | Conflict] = Busy
            try:
                db.execute(begin)
                db.set_authorizer(_no_ending)
                yield self._made(db)
                db.set_authorizer(None)
                kind = Conflict  # refused here, nothing is kept, and all may be tried again
                db.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode in _BUSY:
                    raise kind(f"The database is locked by somebody else: {error}.") from error
                if error.sqlite_errorcode == sqlite3.SQLITE_AUTH:
                    raise AdapterContractError(_ENDED) from error
                raise

    def _made(self, db: sqlite3.Connection) -> Unit:
        customers = self._customers(db)
        return Unit(
            customers,
            SqliteCancellations(db, self.tenant),
            SqliteHistory(db, self.tenant),
            SqliteOperations(db, self.tenant),
            SqliteOutbox(db, self.tenant),
            self._bound(customers),
            mirror_of(customers),
        )

    def _bound(self, customers: C) -> dict[type, AnyPerformer]:
        found: dict[type, AnyPerformer] = {p.effect: p for p in self._performers(customers)}
        assign = getattr(customers, "assign_owner", None)
        if assign is not None:
            found.setdefault(AssignOwner, Performer(AssignOwner, assign))
        return found


def _no_ending(action: int, what: str | None, *_: str | None) -> int:
    """Let nobody but the host end the unit of work (promise U1): SQLite asks before it does."""
    ends = action == sqlite3.SQLITE_TRANSACTION and what in ("COMMIT", "ROLLBACK")
    return sqlite3.SQLITE_DENY if ends else sqlite3.SQLITE_OK


_ENDED = (
    "The adapter has tried to commit or roll back inside the unit of work (promise U1): leave out "
    "commit(), rollback(), executescript() and `with db:`; leaving the unit does it."
)

_BUSY = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_BUSY_SNAPSHOT))


def mirror_of(customers: object) -> StatusMirror | None:
    """Return a repository that is also a `StatusMirror` as one, or None.

    Raises:
        AdapterContractError: it has some of the methods, but not all: one is missing or misspelt.
    """
    names = ("mark_pending", "restore", "mark_cancelled")
    missing = [name for name in names if not callable(getattr(customers, name, None))]
    if missing and len(missing) < len(names):
        raise AdapterContractError(
            f"{type(customers).__name__} has some methods of StatusMirror but not "
            f"{' and '.join(missing)}; give it all of {', '.join(names)}, or none."
        )
    return None if missing else customers  # type: ignore[return-value]  # all methods are there

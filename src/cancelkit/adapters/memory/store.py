"""The shared memory behind the in-memory adapters: tables, units of work, locks.

Theory of operation. `Memory` holds what is committed. A `Writes` buffers what one unit of work
writes, and remembers for each key what was committed when it wrote. Committing takes one short
mutex and checks that each of these is still there (first committer wins, else `Conflict`), then
applies everything. So nobody sees half of a unit, and nothing of it stays after an exception.

A customer's lock is a lock of its own, taken by `lock`, held until the unit ends: units of other
customers run side by side. Writes of the host (`MemoryCrm.put` and the like) go around the locks,
as a CRM's own screens do; the revision of a customer's records tells a committing unit that what
it judged is no longer so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from cancelkit.errors import Busy, Conflict

Key = tuple[str, ...]


class Lock(Protocol):
    """A lock as `threading.Lock` makes it."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False after the timeout."""

    def release(self) -> None:
        """Give it back."""


class Memory:
    """What is committed.

    Args:
        make_lock: makes the lock of one customer; tests that enumerate interleavings give theirs.
        patience: how many seconds a unit waits for a customer's lock before it raises `Busy`.
    """

    def __init__(
        self, make_lock: Callable[[], Lock] = threading.Lock, patience: float = 10.0
    ) -> None:
        self._make_lock = make_lock
        self._patience = patience
        self._locks: dict[Key, Lock] = {}
        self._tables: dict[str, dict[Key, Any]] = {}
        self._revisions: dict[Key, int] = {}
        self.mutex: AbstractContextManager[Any] = threading.RLock()

    def get(self, table: str, key: Key) -> Any:
        """Return what is committed under a key, or None."""
        return self._tables.get(table, {}).get(key)

    def rows(self, table: str) -> Iterator[tuple[Key, Any]]:
        """Return what is committed in a table, in the order of the keys' first writes."""
        with self.mutex:
            return iter(tuple(self._tables.get(table, {}).items()))

    def put(self, table: str, key: Key, value: Any) -> None:
        """Write at once, outside any unit of work; None deletes."""
        with self.mutex:
            rows = self._tables.setdefault(table, {})
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value

    def touch(self, customer: Key) -> None:
        """Count a change of a customer's records."""
        with self.mutex:
            self._revisions[customer] = self.revision(customer) + 1

    def revision(self, customer: Key) -> int:
        """Return how often a customer's records were changed."""
        return self._revisions.get(customer, 0)

    def lock(self, customer: Key) -> Lock:
        """Take the lock of a customer.

        Raises:
            Busy: somebody else holds it for too long.
        """
        with self.mutex:
            lock = self._locks.setdefault(customer, self._make_lock())
        if not lock.acquire(timeout=self._patience):
            raise Busy(
                f"Customer {customer[-1]!r} is locked by another command; gave up after "
                f"{self._patience:g} seconds."
            )
        return lock


class Writes:
    """What one unit of work has written and not yet committed."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._new: dict[tuple[str, Key], Any] = {}
        self._read: dict[tuple[str, Key], Any] = {}
        self._seen: dict[tuple[str, Key], Any] = {}
        self._judged: dict[Key, int] = {}
        self._locks: list[Lock] = []
        self._later: list[Callable[[], None]] = []

    def get(self, table: str, key: Key) -> Any:
        """Return what this unit wrote under a key, or else what is committed there now."""
        if (table, key) in self._new:
            return self._new[table, key]
        found = self._memory.get(table, key)
        self._read.setdefault((table, key), found)
        return found

    def was_there(self, table: str, key: Key) -> bool:
        """Say whether this unit has found something under a key when it first looked."""
        return self._read.get((table, key)) is not None

    def rows(self, table: str) -> list[tuple[Key, Any]]:
        """Return a table as this unit sees it, in order."""
        mine = {key: value for (name, key), value in self._new.items() if name == table}
        merged = {**dict(self._memory.rows(table)), **mine}
        return [(key, value) for key, value in merged.items() if value is not None]

    def put(self, table: str, key: Key, value: Any) -> None:
        """Write, to be committed when the unit ends."""
        seen = self._read.get((table, key), self._memory.get(table, key))
        self._seen.setdefault((table, key), seen)
        self._new[table, key] = value

    def later(self, write: Callable[[], None]) -> None:
        """Do something when this unit commits, and only then."""
        self._later.append(write)

    def lock(self, customer: Key) -> None:
        """Take a customer's lock until the unit ends."""
        self._locks.append(self._memory.lock(customer))

    def judge(self, customer: Key) -> None:
        """Remember which state of a customer's records was looked at."""
        self._judged.setdefault(customer, self._memory.revision(customer))

    def commit(self) -> None:
        """Apply everything at once.

        Raises:
            Conflict: somebody else has committed something that this unit relied on.
        """
        memory = self._memory
        with memory.mutex:
            for (table, key), seen in self._seen.items():
                if memory.get(table, key) is not seen:
                    raise Conflict(f"{table} {key[-1]!r} was changed at the same time.")
            for customer, revision in self._judged.items():
                if self._new and memory.revision(customer) != revision:
                    raise Conflict(f"Records of customer {customer[-1]!r} changed meanwhile.")
            for (table, key), value in self._new.items():
                memory.put(table, key, value)
            for write in self._later:
                write()

    def release(self) -> None:
        """Give the locks back, whatever happened."""
        for lock in self._locks:
            lock.release()
        self._locks.clear()

"""The SQL adapter, broken on purpose: each plant puts one mistake into it until a test ends."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve
from sqlalchemy import func, literal_column, select, util

from cancelkit.adapters.sqlalchemy import faults, joined, owned, repo, store, stores, writes
from cancelkit.adapters.sqlalchemy.description import Records
from cancelkit.adapters.sqlalchemy.joined import Joined
from cancelkit.adapters.sqlalchemy.owned import Owned
from cancelkit.adapters.sqlalchemy.repo import Locks
from cancelkit.adapters.sqlalchemy.statements import RowSource, Statements
from cancelkit.adapters.sqlalchemy.store import Store
from cancelkit.adapters.sqlalchemy.stores import (
    SqlCancellations,
    SqlHistory,
    SqlOperations,
    SqlOutbox,
)
from cancelkit.adapters.sqlalchemy.writes import SqlWrites
from cancelkit.adapters.stored import columns_of
from cancelkit.errors import Conflict, Failed
from cancelkit.records import CancellationRecord
from tests import sql_race_crm

Plant = Callable[[pytest.MonkeyPatch], None]


def sound(patch: pytest.MonkeyPatch) -> None:
    """Leave it as it is."""


def instead(owner: object, name: str, make: Callable[[Any], Any]) -> Plant:
    """Put what is made of the adapter's own function in its place."""
    return lambda patch: patch.setattr(owner, name, make(getattr(owner, name)))


def replaced(owner: object, name: str, new: object) -> Plant:
    """Put something else in its place."""
    return lambda patch: patch.setattr(owner, name, new)


def level(database: str, isolation: str) -> Plant:
    """Own transactions have another isolation."""
    return lambda patch: patch.setitem(owned.WRITING, database, isolation)


def locks(database: str, wanted: Locks) -> Plant:
    """Other rows are locked before they are counted."""
    return lambda patch: patch.setitem(repo.LOCKS, database, wanted)


# ---------------------------------------------------------------- locks


def no_lock(self: Statements) -> Any:
    """The customer is read, and not locked."""
    return self._there().where(self.customers.id == self.customer)


def no_key_update(self: Statements) -> Any:
    """FOR NO KEY UPDATE, which does not stop the check of a foreign key."""
    return no_lock(self).with_for_update(of=self.customers.table, key_share=True)


def share_lock(self: Statements) -> Any:
    """FOR SHARE, which two commands can have at once."""
    return no_lock(self).with_for_update(of=self.customers.table, read=True)


def open_children(self: Statements) -> Any:
    """Only the open records are locked: one that is reopened is not among them."""
    one: Any = literal_column("1").label("one")
    locked = [
        source.of(self.customer, one, where=sa.or_(sa.false(), *source.source.open))
        .with_for_update(read=True, of=source.table)
        .cte(f"locked{i}")
        for i, source in enumerate(self.sources.values())
    ]
    return select(*(select(func.count()).select_from(c).scalar_subquery() for c in locked))


def children_first(real: Callable[..., Any]) -> Callable[..., Any]:
    """The records are counted before the customer is locked, and the answer is kept."""

    def lock(self: Any, customer_id: str) -> Any:
        asked = self._made.asked((next(iter(self._made.sources)),))
        values = {**asked.values(date(2026, 3, 2)), **self._mine}
        self._kept = self._single(customer_id, asked, values)
        return real(self, customer_id)

    return lock


def kept_facts(real: Callable[..., Any]) -> Callable[..., Any]:
    def facts(self: Any, customer_ids: Sequence[str], needs: Any, as_of: Any) -> Any:
        kept = getattr(self, "_kept", None)
        return dict.fromkeys(customer_ids, kept) if kept else real(self, customer_ids, needs, as_of)

    return facts


def names_without_locks(real: Callable[..., Any]) -> Callable[..., Any]:
    """Records are counted as they are now, and named as they were."""

    def named(self: Statements, need: Any, *, locking: bool) -> Any:
        return real(self, need, locking=False)

    return named


def judged_before_the_lock(patch: pytest.MonkeyPatch) -> None:
    """What was counted before the lock is believed after it."""
    patch.setattr(repo.SqlCustomers, "lock", children_first(repo.SqlCustomers.lock))
    patch.setattr(repo.SqlCustomers, "facts", kept_facts(repo.SqlCustomers.facts))


def locks_in_spite_of_guards(real: Callable[..., None]) -> Callable[..., None]:
    """Guard triggers are there, and the records are locked all the same."""
    return lambda self, *args, guarded, **options: real(self, *args, guarded=False, **options)


without_guards = replaced(sql_race_crm, "guards", lambda host: ())
"""Guard triggers are declared, and are not there."""


# ---------------------------------------------------------------- what is asked


def visible_to_all(self: Statements, tenant: Any) -> list[Any]:
    """Every tenant sees every customer."""
    there = self.customers.where
    return [] if there is None else [there]


def with_the_deleted(self: RowSource, *columns: Any, where: Any) -> Any:
    """Soft-deleted rows count."""
    return self._mine(*columns).where(where)


OPEN_IF_KNOWN = property(lambda self: (sa.not_(self.closed),))
"""NOT IN: a NULL is neither open nor closed, and is not counted."""


def of_any_tenant(self: Store, **values: object) -> Any:
    """The tenant is no part of the key."""
    return sa.and_(sa.true(), *(self.table.c[name] == value for name, value in values.items()))


# ---------------------------------------------------------------- compare and set


def _any_row(real: Callable[..., bool]) -> Callable[..., bool]:
    """No compare: whatever is there is overwritten."""
    return lambda self, key, expected, values: real(self, key, sa.true(), values)


def _says_so(real: Callable[..., bool]) -> Callable[..., bool]:
    """Compare and set, and nobody looks at the number of rows."""

    def update(self: Any, *args: Any) -> bool:
        real(self, *args)
        return True

    return update


def any_version(self: SqlCancellations, record: CancellationRecord, expected: int) -> bool:
    """A cancellation is saved whatever its version."""
    return self.update(self.one(id=record.id), columns_of(record))


def slots(slot: int | None) -> Plant:
    """Every cancellation has the same slot, open or not."""
    return instead(stores, "columns_of", lambda real: lambda record: {**real(record), "slot": slot})


# ---------------------------------------------------------------- units of work


def apart(cls: Any, method: str) -> Plant:
    """A store writes in a transaction of its own."""

    def make(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *args: Any) -> Any:
            with self.db.engine.begin() as other:
                return real(self._replace(db=other), *args)

        return call

    return instead(cls, method, make)


def _swallows(real: Callable[..., None]) -> Callable[..., None]:
    def commit(transaction: Any) -> None:
        try:
            real(transaction)
        except Exception:  # noqa: BLE001 - that is the bug
            return

    return commit


def blind_retry(error: Any) -> Conflict:
    """A lost reply to COMMIT is taken for a refusal: the command runs again."""
    return Conflict(f"try again: {error}")


def _commits(real: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def writing(self: Joined) -> Generator[Any]:
        with real(self) as unit:
            yield unit
        self._bind.commit()

    return writing


def _keeps_what_was_written(self: Owned, *, writing: bool) -> Any:
    @contextmanager
    def unit() -> Generator[Any]:
        with self._engine.connect() as db:
            owned.begin_sqlite(db, self._host.own, writing=writing)
            try:
                yield self._host.unit(db, db, self.tenant, writing=writing)
            finally:
                db.commit()

    return unit()


commits_whatever_happens = replaced(Owned, "_unit", _keeps_what_was_written)
legacy_sqlite = replaced(owned, "begin_sqlite", lambda *args, **kwargs: None)
takes_any_transaction = replaced(Joined, "_suits", lambda self, db: None)
no_savepoint = replaced(Joined, "_savepoint", lambda self: nullcontext())


def no_flush(patch: pytest.MonkeyPatch) -> None:
    """What the host's session has not written yet is not seen."""
    for module in (joined, writes):
        patch.setattr(module, "flush", lambda bind: None)


no_forget = replaced(writes, "forget", lambda bind, table: None)


def no_version(real: Callable[..., bool]) -> Callable[..., bool]:
    """The host's version column stays as it is."""

    def update(self: Any, key: str, expected: Any, values: dict[Any, Any]) -> bool:
        described = self._described
        self._described = evolve(described, version=None)
        try:
            return real(self, key, expected, values)
        finally:
            self._described = described

    return update


raw_violations = replaced(store, "writing_own", lambda table: nullcontext())


def forgets_codes(*codes: str) -> Plant:
    """Some SQLSTATEs are not known to mean that somebody was first."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        first = faults.FIRST._replace(codes=faults.FIRST.codes - frozenset(codes))
        patch.setattr(faults, "FIRST", first)
        patch.setattr(faults, "MEANINGS", (first, *faults.MEANINGS[1:]))

    return plant


def refused_by_commit(error: Any) -> Failed:
    """A lost reply to COMMIT is taken for a failure that has kept nothing."""
    return Failed(f"nothing was kept: {error}")


def tries_whatever_fails(patch: pytest.MonkeyPatch) -> None:
    """Every error of the database is taken for somebody who was first."""
    patch.setattr(faults, "meant", lambda error: Conflict(str(error)))


lost_is_refused = replaced(faults, "meant_by_commit", refused_by_commit)
no_ledger = replaced(SqlOperations, "add", lambda self, operation: None)
keeps_what_is_broken = replaced(util, "is_exit_exception", lambda error: False)
"""A connection that was interrupted in the middle of a statement is used again."""
no_reply = instead(SqlOperations, "find", lambda real: lambda self, customer, verb, op: None)


any_status = instead(SqlWrites, "_update", _any_row)
status_unlooked = instead(SqlWrites, "_update", _says_so)
saved_unlooked = instead(SqlCancellations, "save", _says_so)
version_stays = instead(SqlWrites, "_update", no_version)
swallows_commit = instead(owned, "_commit", _swallows)
blind_retries = replaced(faults, "meant_by_commit", blind_retry)
commits_for_the_host = instead(Joined, "writing", _commits)
null_is_closed = replaced(Records, "open", OPEN_IF_KNOWN)
counts_the_deleted = replaced(RowSource, "rows", with_the_deleted)
sees_every_tenant = replaced(Statements, "visible", visible_to_all)
no_tenant_in_the_key = replaced(Store, "one", of_any_tenant)
history_apart = apart(SqlHistory, "append")
ledger_apart = apart(SqlOperations, "add")
outbox_apart = apart(SqlOutbox, "add")

"""The outbox of the SQL adapter, and the relay, broken on purpose: see `tests.broken.sql`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve
from sqlalchemy import func, select

from cancelkit.adapters.sqlalchemy import stores
from cancelkit.adapters.sqlalchemy.stores import SqlOutbox
from cancelkit.records import Delivery, OutboxRow
from cancelkit.relay import Relay
from tests.broken.sql import instead, replaced


def any_attempt(self: SqlOutbox, row: OutboxRow, attempts: int) -> bool:
    """A lease without a fence: who lost it settles all the same."""
    return self.update(self.one(id=row.id), stores._columns(row))


def claims_unlocked(patch: pytest.MonkeyPatch) -> None:
    """Two relays that claim at once are given the same rows."""
    real: Any = sa.Select.with_for_update

    def lock(self: Any, **how: Any) -> Any:
        return self if how.get("skip_locked") else real(self, **how)

    patch.setattr(sa.Select, "with_for_update", lock)


def high_water_mark(patch: pytest.MonkeyPatch) -> None:
    """A relay that remembers how far it has come passes over what is committed late."""
    mark, rows, claim = [0], SqlOutbox._rows, SqlOutbox.claim

    def above(self: SqlOutbox, where: Any) -> Any:
        return rows(self, where & (self.table.c.seq > mark[0]))

    def claimed(self: SqlOutbox, limit: int, now: datetime, until: datetime) -> Any:
        found = claim(self, limit, now, until)
        ids = [row.id for row in found]
        seen = select(func.max(self.table.c.seq)).where(self.table.c.id.in_(ids))
        mark[0] = self.db.scalar(seen) or mark[0]
        return found

    patch.setattr(SqlOutbox, "_rows", above)
    patch.setattr(SqlOutbox, "claim", claimed)


def _marks_first(real: Callable[..., str]) -> Callable[..., str]:
    def deliver(self: Relay, row: OutboxRow) -> str:
        self._settle(evolve(row, delivery=Delivery.SENT, leased_until=None), row)
        self.notifier.send(row.notification)
        return "sent"

    return deliver


def _sends_inside(real: Callable[..., str]) -> Callable[..., str]:
    def deliver(self: Relay, row: OutboxRow) -> str:
        with self.host.writing() as unit:
            self.notifier.send(row.notification)
            unit.outbox.settle(evolve(row, delivery=Delivery.SENT), row.attempts)
        return "sent"

    return deliver


nothing_leased = replaced(SqlOutbox, "_lease", lambda self, ids, until: None)
unfenced = replaced(SqlOutbox, "settle", any_attempt)
marks_before_sending = instead(Relay, "_deliver", _marks_first)
sends_in_a_transaction = instead(Relay, "_deliver", _sends_inside)

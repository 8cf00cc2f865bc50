"""The adapter: `Crm` is the CRM's customers for one unit of work. It never commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cancelkit import Customer, Person, Status
from cancelkit.effects import AssignOwner
from cancelkit.needs import Need, NextDate, OpenRecords, UnceasedAssets, Unknown
from cancelkit.people import NamedRecord

CASES, ASSETS, EXPIRIES = OpenRecords("cases"), UnceasedAssets(), NextDate("expiries")
OPEN: Mapping[Need[Any], str] = {  # what is open: whatever nobody declared closed
    CASES: "FROM ticket WHERE client = :id AND NOT deleted AND state IS NOT 'closed'",
    ASSETS: "FROM device WHERE client = :id AND NOT deleted AND (live OR ceased > :day "
    "OR ceased IS NULL)",
}
LABEL: Mapping[Need[Any], str] = {CASES: "subject", ASSETS: "serial"}
FACTS: Mapping[Need[Any], str] = {
    CASES: f"SELECT count(*) {OPEN[CASES]}",
    ASSETS: "SELECT total(ceased IS NULL), total(ceased > :day), total(ceased <= :day) "
    + OPEN[ASSETS],
    EXPIRIES: "SELECT min(due) FROM reminder WHERE client = :id AND NOT deleted AND due > :day",
}


class Crm:
    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        found = (self.lock(key) for key in customer_ids)
        return {customer.id: customer for customer in found if customer}

    def lock(self, customer_id: str) -> Customer | None:  # the unit holds the whole file already
        sql = "SELECT name, state, leaving, keeper FROM client WHERE NOT deleted AND id || '' = ?"
        row = self.db.execute(sql, (customer_id,)).fetchone()
        if row is None:
            return None
        status = Status(row[1], pending=bool(row[2]), cancelled=row[1] == "gone")
        owners = (Person(row[3]),) if row[3] else ()
        return Customer(customer_id, row[0] or customer_id, status, owners)

    def answers(self, need: Need[Any]) -> bool:
        return need in FACTS

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        return {key: {need: self._fact(key, need, as_of) for need in needs} for key in customer_ids}

    def _fact(self, customer_id: str, need: Need[Any], as_of: date) -> object:
        if need not in FACTS:
            return Unknown("the tiny CRM does not have it")
        row = self.db.execute(FACTS[need], {"id": customer_id, "day": str(as_of)}).fetchone()
        if need == EXPIRIES:
            return date.fromisoformat(row[0]) if row[0] else None
        return row[0] if need == CASES else tuple(map(int, row))

    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        sql = f"SELECT id || '', {LABEL[need]} {OPEN[need]} ORDER BY id LIMIT :limit"
        values = {"id": customer_id, "day": str(as_of), "limit": limit}
        return [NamedRecord(*row) for row in self.db.execute(sql, values)]

    def mark_pending(self, customer_id: str, expected: Status) -> bool:
        return self._move(customer_id, expected, expected.value, leaving=True)

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        return self._move(customer_id, expected, former.value, leaving=bool(former.pending))

    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        return self._move(customer_id, expected, "gone", leaving=False)

    def _move(self, customer_id: str, expected: Status, state: str, *, leaving: bool) -> bool:
        sql = "UPDATE client SET state = ?, leaving = ? WHERE id = ? AND state = ? AND leaving = ?"
        values = (state, leaving, customer_id, expected.value, bool(expected.pending))
        return self.db.execute(sql, values).rowcount == 1

    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        to, was = (people[0].id if people else None for people in (effect.to, effect.was))
        sql = "UPDATE client SET keeper = ? WHERE id = ? AND keeper IS ?"
        return self.db.execute(sql, (to, customer.id, was)).rowcount == 1

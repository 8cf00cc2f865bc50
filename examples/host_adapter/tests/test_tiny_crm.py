"""The adapter keeps every promise of cancelkit's ports, and asks little of the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tiny_crm import SCHEMA, adapter
from tiny_crm.adapter import Crm

from cancelkit.adapters.sqlite import SqliteHost
from cancelkit.testing import HostContract, HostMachine, RawStatus, RecordState, World

STATES: dict[str, str | None] = {
    "open": "open",
    "deleted": "open",
    "closed": "closed",
    "odd": "on the shelf",
    "empty": None,
}


class BackDoor:
    """What people do in the CRM, and what lies in its tables: around the adapter."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, sql: str, *values: object) -> Any:
        with closing(sqlite3.connect(self.file)) as db, db:
            done = db.execute(sql, values)
            return done.fetchone() or done.lastrowid

    def customer(self) -> str:
        return str(self.run("INSERT INTO client (name, keeper) VALUES ('Café', 'ann')"))

    def remove(self, customer_id: str) -> None:
        self.run("UPDATE client SET deleted = 1 WHERE id = ?", customer_id)

    def rename(self, customer_id: str, name: str) -> None:
        self.run("UPDATE client SET name = ? WHERE id = ?", name, customer_id)

    def other_status(self, customer_id: str) -> None:
        self.run("UPDATE client SET state = 'trial' WHERE id = ?", customer_id)

    def other_owner(self, customer_id: str) -> None:
        self.run("UPDATE client SET keeper = 'tom' WHERE id = ?", customer_id)

    def record(self, customer_id: str, kind: str, state: RecordState, record: Any = None) -> Any:
        return self.run(
            "INSERT OR REPLACE INTO ticket VALUES (?, ?, 'A ticket', ?, ?)",
            record,
            customer_id,
            STATES[state],
            state == "deleted",
        )

    def asset(
        self,
        customer_id: str,
        kind: str,
        ceased_on: date | None,
        live: bool,
        *,
        deleted: bool = False,
    ) -> None:
        ceased = ceased_on and ceased_on.isoformat()
        sql = "INSERT INTO device (client, serial, ceased, live, deleted) VALUES (?, 'R', ?, ?, ?)"
        self.run(sql, customer_id, ceased, live, deleted)

    def date(self, customer_id: str, kind: str, on: date, *, deleted: bool = False) -> None:
        sql = "INSERT INTO reminder (client, due, deleted) VALUES (?, ?, ?)"
        self.run(sql, customer_id, on.isoformat(), deleted)

    def status(self, customer_id: str) -> RawStatus:
        state, leaving = self.run("SELECT state, leaving FROM client WHERE id = ?", customer_id)
        return RawStatus(state, bool(leaving), state == "gone")

    def owners(self, customer_id: str) -> tuple[str, ...]:
        (keeper,) = self.run("SELECT keeper FROM client WHERE id = ?", customer_id)
        return (keeper,) if keeper else ()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db:
        db.executescript(SCHEMA)
    return tmp_path / "crm.db"


class TestTinyCrm(HostContract, HostMachine):
    outside_writes = False  # SQLite: nobody else writes while a unit of work does
    machine_examples = 5

    @pytest.fixture
    def world(self, file: Path) -> World:
        door = BackDoor(file)
        return World(host=SqliteHost(str(file), Crm, patience=0.5), arrange=door, inspect=door)


def test_the_adapter_has_less_than_80_lines_of_at_most_100_characters() -> None:
    lines = Path(adapter.__file__).read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if line.strip()]
    assert len(code) < 80
    assert max(map(len, lines)) <= 100


def test_the_facts_of_a_customer_cost_one_statement_for_each_need(file: Path) -> None:
    """Counted at the driver."""
    customer = BackDoor(file).customer()
    said: list[str] = []
    with closing(sqlite3.connect(file)) as db:
        db.set_trace_callback(said.append)
        Crm(db).facts([customer], tuple(adapter.FACTS), date(2026, 3, 2))
    assert len(adapter.FACTS) == len(said)

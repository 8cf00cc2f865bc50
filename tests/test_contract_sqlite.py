"""A CRM on plain sqlite3 keeps every promise of the ports."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cancelkit.serial import dump
from cancelkit.testing import HostContract, HostMachine, World, samples
from tests.broken.sqlite import world_of


class TestSqliteCrm(HostContract, HostMachine):
    outside_writes = False
    machine_examples = 5
    tenants = True
    joined = True
    commit_faults = True
    damaged_rows = True

    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return world_of(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"), [(b"{", b""), (b"Z", b"\xff"), (b'"format": 1', b'"format": 99')]
)
def test_a_notification_that_cannot_be_read_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, old: bytes, new: bytes
) -> None:
    """Text that is cut, is no UTF-8, or was written by a newer version: the next one is sent."""
    host = world_of(tmp_path).host
    damaged, sound = (samples.row("", "1", due) for due in (samples.later(-1), samples.AT))
    with host.writing() as unit:
        unit.outbox.add([damaged, sound])
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db, db:
        text = dump(damaged).encode().replace(old, new, 1)
        change = "UPDATE cancelkit_outbox SET document = CAST(? AS TEXT) WHERE id = ?"
        assert 1 == db.execute(change, (text, damaged.id)).rowcount
    with host.writing() as unit:
        claimed = unit.outbox.claim(9, samples.AT, samples.later(60))
    assert [sound.id] == [row.id for row in claimed]
    assert [f"reading notification {damaged.id!r} failed"] == caplog.messages

"""A CRM on plain sqlite3 keeps every promise of the ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from cancelkit.testing import HostContract, HostMachine, World
from tests.broken.sqlite import world_of


class TestSqliteCrm(HostContract, HostMachine):
    outside_writes = False
    machine_examples = 5
    tenants = True
    joined = True
    commit_faults = True

    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return world_of(tmp_path)

"""A CRM of SQLAlchemy tables keeps every promise of the ports, on three databases."""

from __future__ import annotations

from typing import ClassVar

import pytest

from cancelkit.testing import HostContract, HostMachine, World
from tests.servers import Databases
from tests.sql_crm import Crm
from tests.sql_world import world_of


class SqlContract(HostContract, HostMachine):
    """What all databases and variants have in common."""

    kind: ClassVar[str]
    variant: ClassVar[str] = "numbers"
    tenants = True
    joined = True
    commit_faults = True
    damaged_rows = True
    machine_examples = 2
    machine_steps = 15
    patience = 0.1

    @pytest.fixture
    def world(self, databases: Databases) -> World:
        return world_of(databases.engine(self.kind, self.variant), CRMS[self.variant])


CRMS = {variant: Crm(variant) for variant in ("numbers", "uuids", "texts")}


class TestSqlite(SqlContract):
    kind = "sqlite"
    outside_writes = False


class TestSqliteWithUuids(TestSqlite):
    variant = "uuids"
    machine_examples = 1
    patience = 0.05


class TestPostgres(SqlContract):
    kind = "postgres"


class TestPostgresWithUuids(TestPostgres):
    variant = "uuids"
    machine_examples = 1
    patience = 0.05


class TestMariaDB(SqlContract):
    kind = "mariadb"


class TestMariaDBWithTexts(TestMariaDB):
    variant = "texts"
    machine_examples = 1
    patience = 0.05

"""The contract of a host, in one class."""

from __future__ import annotations

from cancelkit.testing.customers import CustomerTests
from cancelkit.testing.facts import FactsTests
from cancelkit.testing.outbox import OutboxTests
from cancelkit.testing.status import StatusTests
from cancelkit.testing.stores import StoresTests
from cancelkit.testing.units import UnitTests


class HostContract(CustomerTests, FactsTests, StatusTests, StoresTests, OutboxTests, UnitTests):
    """The contract of a `Host`: its customers, its status mirror, its stores, its units of work.

        class TestCrm(HostContract):
            @pytest.fixture
            def world(self, tmp_path):
                return World(host=..., arrange=..., inspect=...)

    Each numbered promise of the ports is the test with its number. A host that lacks a capability
    says so with a flag: `tenants = True`, `status_mirror = False`; see `HostTests`.
    """

"""The in-memory adapters keep every promise of the ports."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from attrs import evolve

from cancelkit import Customer, EitherRole, Person, Status, User
from cancelkit.adapters.memory import (
    MemoryCrm,
    MemoryHost,
    MemoryNotifier,
    MemoryRecipients,
    MemoryUsers,
)
from cancelkit.testing import (
    HostContract,
    HostMachine,
    NotifierContract,
    NotifierWorld,
    RecipientsContract,
    RecipientsWorld,
    RoleCheckerContract,
    RoleWorld,
    UsersContract,
    UsersWorld,
    World,
)
from tests.broken.memory import world_of


class TestMemoryHost(HostContract, HostMachine):
    tenants = True
    machine_examples = 10

    @pytest.fixture
    def world(self) -> World:
        return world_of()


@pytest.mark.parametrize("value", ["pending", "prospect", "cancelled", ""])
def test_a_cancelled_customer_is_restored_to_whatever_it_was(value: str) -> None:
    """Also to a status with a confusing name: the marks are no part of it."""
    former = Status(value, label="as it was")
    crm = MemoryCrm([Customer("7", "Harbour Café", former)])
    with MemoryHost(crm).writing() as unit:
        assert unit.status is not None
        assert unit.status.mark_pending("7", former)
        assert unit.status.mark_cancelled("7", evolve(former, pending=True))
        cancelled = unit.customers.load(("7",))["7"].status
        assert cancelled is not None
        assert unit.status.restore("7", cancelled, former)
    assert former == crm.customer("7").status


class TestEitherRole(RoleCheckerContract):
    @pytest.fixture
    def world(self) -> RoleWorld:
        roles = {"ann": ["CRM Admin"], "bob": ["Reader"]}
        return RoleWorld(EitherRole(lambda actor: roles[actor]), Person("ann"), Person("bob"))


class TestMemoryUsers(UsersContract):
    @pytest.fixture
    def world(self) -> UsersWorld:
        users = MemoryUsers(
            [User("7", "Ann"), User("8", "Tom"), User("9", "Gone", False)], telesales=["8"]
        )
        return UsersWorld(users, ["7", "8"], ["9"])


class TestMemoryRecipients(RecipientsContract):
    @pytest.fixture
    def world(self) -> RecipientsWorld:
        recipients = MemoryRecipients({"processed": [Person("boss")]})
        return RecipientsWorld(recipients, ["boss"], lambda: dict(recipients.told))


class TestMemoryNotifier(NotifierContract):
    @pytest.fixture
    def world(self) -> NotifierWorld:
        notifier = MemoryNotifier()

        @contextmanager
        def broken() -> Generator[None]:
            notifier.failing = OSError("the server is down")
            yield
            notifier.failing = None

        return NotifierWorld(notifier, lambda: [one.key for one in notifier.sent], broken)

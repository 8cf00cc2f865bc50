"""The contract kit: are your adapter and your sections right?

    from cancelkit.testing import HostContract, World

    class TestCrm(HostContract):
        @pytest.fixture
        def world(self, tmp_path):
            crm = my_crm(tmp_path)
            return World(host=host_of(crm), arrange=BackDoor(crm), inspect=BackDoor(crm))

Needs pytest and Hypothesis; nothing else of cancelkit imports either of them.
PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"cancelkit.testing.{name}"
        for name in (
            "aside",
            "customers",
            "facts",
            "hosts",
            "driven",
            "machine",
            "outbox",
            "people",
            "sampler",
            "sections",
            "small",
            "status",
            "stores",
            "units",
        )
    )
)

from cancelkit.testing.driven import HostMachine  # noqa: E402
from cancelkit.testing.host import HostContract  # noqa: E402 - asserts are rewritten on import
from cancelkit.testing.people import (  # noqa: E402
    NotifierContract,
    NotifierWorld,
    RecipientsContract,
    RecipientsWorld,
    RoleCheckerContract,
    RoleWorld,
    UsersContract,
    UsersWorld,
)
from cancelkit.testing.promises import check_host, check_port, promises  # noqa: E402
from cancelkit.testing.sampler import SamplerContract, SamplerWorld  # noqa: E402
from cancelkit.testing.sections import SectionContract  # noqa: E402
from cancelkit.testing.small import (  # noqa: E402
    ClockContract,
    FixersContract,
    IdsContract,
    LinksContract,
    TranslatorContract,
)
from cancelkit.testing.world import Arrange, Inspect, RawStatus, RecordState, World  # noqa: E402

__all__ = [
    "Arrange",
    "ClockContract",
    "FixersContract",
    "HostContract",
    "HostMachine",
    "IdsContract",
    "Inspect",
    "LinksContract",
    "NotifierContract",
    "NotifierWorld",
    "RawStatus",
    "RecipientsContract",
    "RecipientsWorld",
    "RecordState",
    "RoleCheckerContract",
    "RoleWorld",
    "SamplerContract",
    "SamplerWorld",
    "SectionContract",
    "TranslatorContract",
    "UsersContract",
    "UsersWorld",
    "World",
    "check_host",
    "check_port",
    "promises",
]

"""The contract of the port that asks other systems: promise Z1."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import pytest
from attrs import frozen

from cancelkit.needs import Need
from cancelkit.ports import Sampler
from cancelkit.testing.aside import Aside
from cancelkit.testing.contract import Contract
from cancelkit.testing.promises import check_port


@frozen(eq=False)
class SamplerWorld:
    """A sampler, a need that it answers, and a way to make the other system hang.

    Attributes:
        sampler: the port.
        need: a need that it answers for the customer.
        hanging: inside it, the other system does not answer.
        customer: a customer's id.
    """

    sampler: Sampler
    need: Need[Any]
    hanging: Callable[[], AbstractContextManager[object]]
    customer: str = "7"


class SamplerContract(Contract):
    """The contract of `Sampler`; the fixture `world` returns a `SamplerWorld`."""

    deadline: ClassVar[float] = 10.0
    """How many seconds after which the sampler must have returned, at the latest."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: SamplerWorld) -> None:
        check_port(world.sampler, Sampler)

    def test_z1_what_is_late_is_left_out(self, world: SamplerWorld) -> None:
        """`sample` returns within its deadline, with what it has; what is late is left out.

        Most likely it waits for the slowest system, or puts None or 0 in place of what is late:
        that reads as an answer. Leave it out: the section is then unknown.
        """
        need = world.need
        need.read(world.sampler.sample(world.customer, (need,))[need])
        with world.hanging():
            look = Aside(lambda: world.sampler.sample(world.customer, (need,)))
            assert look.ends_within(self.deadline), "it waits for a system that does not answer"
            assert need not in look.result(), "what is late must be left out"

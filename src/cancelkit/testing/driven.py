"""The state machine as a test of the contract: a host and the in-memory one, driven alike."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cancelkit.testing.contract import Contract
from cancelkit.testing.machine import Machine
from cancelkit.testing.world import World


class HostMachine(Contract):
    """Whole cancellations at a host and at the in-memory host: everything visible is the same.

        class TestCrm(HostContract, HostMachine): ...

    The host is checked through `World`, with commands, faults in the middle of units of work, and
    writes of the CRM itself. What each method must do is checked by `HostContract`; this finds
    what only shows when many of them meet.
    """

    machine_examples: ClassVar[int] = 25
    """How many runs there are."""
    machine_steps: ClassVar[int] = 30
    """How many steps a run has."""
    machine_phases: ClassVar[tuple[Phase, ...]] = tuple(Phase)
    """Which phases of Hypothesis run."""

    def test_whole_cancellations_go_as_in_memory(self, world: World) -> None:
        """A host and the in-memory host, driven alike, look alike after each step.

        Most likely the last step in the falsifying example wrote or read something else than the
        in-memory host; the failed comparison says what. `HostContract` narrows it down.
        """
        run_state_machine_as_test(
            type("Driven", (Machine,), {"world": world}),
            settings=settings(
                max_examples=self.machine_examples,
                stateful_step_count=self.machine_steps,
                phases=self.machine_phases,
                deadline=None,
                database=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )

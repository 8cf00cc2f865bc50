"""Operation ids are kept as long as somebody may repeat a command; those of Process for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cancelkit import CancelKit, Customer, EitherRole, Person, Reasons, Status
from cancelkit.adapters.memory import MemoryCrm, MemoryHost, SetClock
from cancelkit.checklist import STANDARD
from cancelkit.errors import Invalid
from cancelkit.retention import forget_operations


def test_after_90_days_a_repeat_is_a_new_command_but_for_process() -> None:
    clock = SetClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    host = MemoryHost(MemoryCrm([Customer("C-1", "One", Status("live"))]), clock=clock)
    checklist = STANDARD.only("reasons")
    kit = CancelKit(checklist, roles=EitherRole(lambda user: ["CRM Admin"]))
    cancellation = kit.at(host, actor=Person("ann")).begin("C-1", op="begin")
    cancellation.enter(Reasons("price"), op="enter")
    token = cancellation.plan().token
    first = cancellation.process(token, op="process")

    clock.forward(timedelta(days=90))
    assert 0 == forget_operations(host)
    assert cancellation.enter(Reasons("price"), op="enter").replayed
    clock.forward(timedelta(microseconds=1))
    assert 2 == forget_operations(host)
    with host.reading() as unit:
        assert unit.operations.find("C-1", first.verb, "process") is not None
    assert cancellation.process(token, op="process").replayed


@pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=23), 90, None])
def test_what_is_too_short_is_refused(after: Any) -> None:
    with pytest.raises(Invalid, match="timedelta of at least a day, not"):
        forget_operations(MemoryHost(MemoryCrm([])), after=after)

"""Sections that ask other systems: sampled before the unit of work; they only advise."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from attrs import evolve, frozen

from cancelkit import STANDARD, CancelKit, Gate, Outcome
from cancelkit.adapters.threads import ThreadSampler
from cancelkit.errors import BadSetup
from cancelkit.facts import Facts
from cancelkit.needs import Need, NotAnAnswer
from cancelkit.queue import Stage, queue
from cancelkit.states import Light, SectionState, green, red
from cancelkit.testing import SamplerContract, SamplerWorld
from tests.world import World, world

REPORTED: list[str] = []


@frozen(cache_hash=True)
class Balance:
    """What the billing system says is owed, in pence."""

    currency: str = "GBP"

    def read(self, answer: object, /) -> int:
        if type(answer) is not int:
            raise NotAnAnswer("an int, in pence")
        return answer


@frozen
class Billing:
    """Green when nothing is owed, as far as the billing system says."""

    key: str = "billing"
    title: str = "Billing"
    gate: Gate = Gate.ADVISES
    needs: tuple[()] = ()
    sampled: tuple[Balance, ...] = (Balance(),)

    def evaluate(self, facts: Facts) -> SectionState:
        owed = facts[self.sampled[0]]
        return red("billing.owed", pence=owed) if owed else green("billing.paid")


class Answering:
    """A sampler that gives what it is told to, and notes when it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked = 0
        self.here: World | None = None

    def sample(self, customer_id: str, needs: Sequence[Need[Any]]) -> Mapping[Need[Any], object]:
        self.asked += 1
        if self.here is not None:  # the customer is free: no unit of work holds it
            with self.here.host.writing() as unit:
                assert unit.customers.lock(customer_id) is not None
        if isinstance(self.answer, Exception):
            raise self.answer
        return {} if self.answer is None else dict.fromkeys(needs, self.answer)


def sampling(answer: object) -> tuple[World, Answering]:
    sampler = Answering(answer)
    here = world()
    kit = evolve(here.kit, checklist=here.kit.checklist.with_section(Billing()), sampler=sampler)
    here.kit = kit
    return here, sampler


@pytest.mark.parametrize(
    ("answer", "light"),
    [
        (0, Light.GREEN),
        (1250, Light.RED),
        (None, Light.UNKNOWN),
        ("0", Light.UNKNOWN),
        (ConnectionError("down"), Light.UNKNOWN),
    ],
)
def test_a_sample_is_shown_and_never_blocks(answer: object, light: Light) -> None:
    """Not visible is never complete; but what another system says cannot block."""
    here, _ = sampling(answer)
    here.ready()
    line = here.get().view().section("billing")
    assert (light, False) == (line.light, line.blocks)
    assert isinstance(here.get().process(here.get().plan().token), Outcome)


def test_the_queue_asks_no_other_system_and_is_ready_all_the_same() -> None:
    here, sampler = sampling(1250)
    here.ready()
    sampler.asked = 0
    (row,) = queue(here.desk()).rows
    assert (Stage.READY, (), 0) == (row.stage, row.blocked_by, sampler.asked)


def test_samples_are_taken_outside_the_unit_of_work_and_only_where_sections_are_judged() -> None:
    here, sampler = sampling(0)
    sampler.here = here
    here.ready()
    before = sampler.asked
    here.get().begin()
    assert before == sampler.asked
    here.get().process(here.get().plan().token)
    assert before + 2 == sampler.asked


def test_a_plan_is_stale_when_a_sample_has_changed_the_light() -> None:
    from cancelkit.errors import StaleToken

    here, sampler = sampling(0)
    here.ready()
    token = here.get().plan().token
    sampler.answer = 1250
    with pytest.raises(StaleToken):
        here.get().process(token)


def test_a_section_that_asks_other_systems_cannot_be_made_to_block() -> None:
    with pytest.raises(BadSetup, match=r"'billing' asks another system.*only advise"):
        STANDARD.with_section(Billing(gate=Gate.BLOCKS))
    with pytest.raises(BadSetup, match=r"'billing' asks another system"):
        STANDARD.with_section(Billing()).with_gates(billing="blocks")


def test_a_kit_without_a_sampler_is_refused_where_one_is_needed() -> None:
    here = world()
    with pytest.raises(BadSetup, match="billing ask other systems: give CancelKit sampler="):
        CancelKit(
            here.kit.checklist.with_section(Billing()), roles=here.kit.roles, users=here.kit.users
        )


class TestThreadSampler(SamplerContract):
    @pytest.fixture
    def world(self) -> Generator[SamplerWorld]:
        free = Event()
        free.set()

        def balance(customer_id: str, need: Balance) -> int:
            free.wait(60)
            return 0

        sampler = ThreadSampler({Balance: balance}, deadline=timedelta(milliseconds=200))

        @contextmanager
        def hanging() -> Generator[None]:
            free.clear()
            try:
                yield
            finally:
                free.set()

        yield SamplerWorld(sampler, Balance(), hanging)
        sampler.close()


def test_one_failing_system_does_not_hide_the_others() -> None:
    def fail(customer_id: str, need: Any) -> int:
        raise ConnectionError("down")

    REPORTED.clear()
    sampler = ThreadSampler(
        {Balance: fail, Other: lambda customer_id, need: 3},
        report=lambda what, error: REPORTED.append(f"{what}: {error}"),
    )
    try:
        assert {Other(): 3} == sampler.sample("7", (Balance(), Other()))
    finally:
        sampler.close()
    assert ["sampling Balance(currency='GBP'): down"] == REPORTED


@frozen(cache_hash=True)
class Other:
    """Another need."""

    def read(self, answer: object, /) -> object:
        return answer


def test_a_deadline_of_nothing_is_refused() -> None:
    with pytest.raises(BadSetup, match="deadline"):
        ThreadSampler({}, deadline=timedelta(0))

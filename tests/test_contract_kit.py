"""The contract kit itself: its numbers, its guard, its errors, its summary."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cancelkit.adapters.memory import MemoryHost
from cancelkit.adapters.memory.store import Writes
from cancelkit.errors import AdapterContractError
from cancelkit.ports import RoleChecker
from cancelkit.testing import (
    ClockContract,
    FixersContract,
    HostContract,
    IdsContract,
    LinksContract,
    NotifierContract,
    RecipientsContract,
    RoleCheckerContract,
    SamplerContract,
    TranslatorContract,
    UsersContract,
    World,
    check_host,
    check_port,
    promises,
)
from cancelkit.testing.contract import contract_tests
from tests.broken.memory import with_parts, world_of
from tests.broken.run import number_of

pytest_plugins = ("pytester",)

CONTRACTS = (
    HostContract,
    RoleCheckerContract,
    UsersContract,
    RecipientsContract,
    NotifierContract,
    SamplerContract,
    ClockContract,
    IdsContract,
    LinksContract,
    FixersContract,
    TranslatorContract,
)
O1 = "test_o1_ids_are_compared_character_by_character"


def test_each_promise_is_one_test_and_each_test_is_one_promise() -> None:
    promised = [promise.number for promise in promises()]
    tested = [number_of(name) for contract in CONTRACTS for name in contract_tests(contract)]
    assert sorted(promised) == sorted(tested)
    assert len(promised) == len(set(promised))


def test_each_contract_test_tells_what_to_do() -> None:
    for contract in CONTRACTS:
        for name, test in contract_tests(contract).items():
            paragraphs = (test.__doc__ or "").strip().split("\n\n")
            assert 2 == len(paragraphs), name
            assert paragraphs[1].strip().startswith("Most likely "), name


def test_contract_classes_are_not_collected_themselves() -> None:
    assert [] == [contract for contract in CONTRACTS if contract.__name__.startswith("Test")]


# ---------------------------------------------------------------- the guard


def subclass(**attributes: Any) -> type:
    return type("TestMine", (HostContract,), attributes)


@pytest.mark.parametrize("instead", [None, lambda self, world: None, "nothing", property(id)])
def test_overriding_a_contract_test_is_refused(instead: object) -> None:
    with pytest.raises(TypeError, match=r"TestMine replaces StoresTests\.test_o1_.* cannot be"):
        subclass(**{O1: instead})


def test_shadowing_by_another_base_is_refused() -> None:
    mixin = type("Mixin", (), {O1: lambda self, world: None})
    with pytest.raises(TypeError, match="test_o1_"):
        type("TestMine", (mixin, HostContract), {})


def test_a_strict_xfail_with_a_reason_is_allowed() -> None:
    @pytest.mark.xfail(strict=True, reason="issue 12")
    def known(self: Any, world: World) -> None:
        getattr(super(HostContract, self), O1)(world)

    assert "TestMine" == subclass(**{O1: known}).__name__


@pytest.mark.parametrize("options", [{}, {"reason": "no"}, {"strict": True}, {"strict": 1}])
def test_any_other_xfail_is_refused(options: dict[str, Any]) -> None:
    def known(self: Any, world: World) -> None: ...

    pytest.mark.xfail(**options)(known)
    with pytest.raises(TypeError, match="strict=True, reason="):
        subclass(**{O1: known})


@pytest.mark.parametrize(
    "attributes",
    [{"__test__": False}, {"pytestmark": pytest.mark.skip}, {"pytestmark": [pytest.mark.xfail()]}],
)
def test_switching_the_whole_contract_off_is_refused(attributes: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="switches the whole contract off"):
        subclass(**attributes)


def test_a_name_that_the_contract_uses_is_refused() -> None:
    with pytest.raises(TypeError, match="takes the name 'require'"):
        subclass(require=lambda self, flag, there=None: None)


def test_every_flag_off_is_refused() -> None:
    with pytest.raises(TypeError, match=r"every flag off .*nothing to prove"):
        subclass(**dict.fromkeys(HostContract.flags, False))


def test_flags_and_own_tests_are_allowed() -> None:
    mine = subclass(tenants=True, patience=1.0, extra_needs=(), test_mine=lambda self: None)
    assert "TestMine" == mine.__name__


def test_every_flag_is_a_class_attribute() -> None:
    for contract in (HostContract, NotifierContract):
        assert [] == [flag for flag in contract.flags if type(getattr(contract, flag)) is not bool]


def test_a_flag_that_is_not_true_of_the_host_fails() -> None:
    absent = subclass(status_mirror=False)()
    with pytest.raises(pytest.fail.Exception, match=r"status_mirror is False, but .* is there"):
        absent.test_s1_mark_pending_expects_the_status(world_of())
    present = subclass(joined=True)()
    with pytest.raises(pytest.fail.Exception, match=r"joined is True, but .* is not there"):
        present.test_u4_the_hosts_own_transaction_stays_the_hosts(world_of())


# ---------------------------------------------------------------- what is missing


def test_a_missing_method_is_named_with_its_promises_and_what_is_there() -> None:
    class Crm:
        def load(self, customer_ids: object) -> object: ...
        def facts(self, *args: object) -> object: ...
        def answers(self, need: object) -> object: ...
        def open_records(self, *args: object) -> object: ...

    host = with_parts(customers=lambda crm, writes: _With(Crm()))
    with pytest.raises(AdapterContractError) as raised:
        check_host(host(world_of().host.crm))  # type: ignore[attr-defined]  # a MemoryHost
    sentence = str(raised.value)
    assert sentence.startswith("CustomerRepo.lock is missing: ")
    assert "C1: return the customer as committed" in sentence
    assert "C3: " in sentence
    assert "answers, assign_owner, facts, load, open_records" in sentence


class _With:
    """Has what another one has, and an owner's performer."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def __dir__(self) -> list[str]:
        return [*dir(self._inner), "assign_owner"]

    def assign_owner(self, *args: object) -> bool:
        return False


def test_an_async_method_is_refused() -> None:
    class Roles:
        async def allows(self, *args: object) -> bool:
            return True

    with pytest.raises(AdapterContractError, match=r"RoleChecker\.allows is a coroutine function"):
        check_port(Roles(), RoleChecker)


def test_a_method_that_is_none_is_refused() -> None:
    class Roles:
        allows = None

    with pytest.raises(AdapterContractError, match=r"RoleChecker\.allows is no method"):
        check_port(Roles(), RoleChecker)


def test_a_host_with_all_methods_is_accepted() -> None:
    check_host(world_of().host)


def test_a_unit_of_work_of_another_class_is_refused() -> None:
    """One with the right attributes would do until cancelkit makes another one of it."""

    class Own(MemoryHost):
        @contextmanager
        def _unit(self, finish: Callable[[Writes], None]) -> Generator[Any]:
            with super()._unit(finish) as unit:
                yield SimpleNamespace(**unit._asdict())

    expected = (
        r"is a SimpleNamespace, not a cancelkit\.ports\.Unit: .* ports: customers, .*status\."
    )
    with pytest.raises(AdapterContractError, match=expected):
        check_host(world_of(Own).host)


def test_a_host_that_answers_nothing_fails() -> None:
    class Mute(MemoryHost):
        def __init__(self, crm: Any) -> None:
            super().__init__(type(crm)(kinds=(), tenant=crm.tenant, memory=crm.memory))

    world = world_of(Mute)
    with pytest.raises(pytest.fail.Exception, match="The host answers none of "):
        subclass()().test_c5_every_need_is_answered_for_every_customer(world)


# ---------------------------------------------------------------- as a third party sees it

THIRD_PARTY = """
import pytest
from cancelkit.testing import HostContract, World
from tests.broken.memory import with_parts, world_of
from tests.broken import writes

class TestCrm(HostContract):
    {flags}
    @pytest.fixture
    def world(self) -> World:
        return {world}
"""


def run(pytester: pytest.Pytester, world: str, flags: str = "tenants = True") -> Any:
    pytester.makepyfile(THIRD_PARTY.format(world=world, flags=flags))
    pytester.syspathinsert(Path(__file__).parent.parent)
    return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")


def test_a_good_adapter_passes_and_the_summary_says_what_is_absent(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, "world_of()")
    result.assert_outcomes(passed=len(contract_tests(HostContract)) - 3, skipped=3)
    result.stdout.fnmatch_lines(
        ["cancelkit contract TestCrm: absent: joined, commit_faults, damaged_rows"]
    )


def test_a_broken_adapter_fails_by_name_and_is_told_what_to_do(pytester: pytest.Pytester) -> None:
    result = run(pytester, "world_of(with_parts(operations=writes.IgnoresCase))")
    result.assert_outcomes(passed=len(contract_tests(HostContract)) - 4, skipped=3, failed=1)
    result.stdout.fnmatch_lines(["*Declare the columns binary*", f"*TestCrm::{O1}*"])


def test_every_flag_off_fails_when_it_is_collected(pytester: pytest.Pytester) -> None:
    off = "; ".join(f"{flag} = False" for flag in HostContract.flags)
    result = run(pytester, "world_of()", off)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*TestCrm has every flag off*"])

"""Runs a contract against a world, and tells which promises are broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cancelkit.testing.contract import Contract, contract_tests


def broken_promises(contract: type[Contract], make: Callable[[], Any]) -> dict[str, str]:
    """Return the numbers of the promises whose tests fail, each with what the test said.

    Args:
        contract: the contract class, with its flags.
        make: makes a new world; called for each test.
    """
    found: dict[str, str] = {}
    for name in contract_tests(contract):
        try:
            getattr(contract(), name)(make())
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - any failure counts
            found[number_of(name)] = f"{type(error).__name__}: {error}"
    return found


def number_of(name: str) -> str:
    """Return "C1" for "test_c1_lock_returns_the_customer_as_it_is_now"."""
    return name.split("_")[1].upper()

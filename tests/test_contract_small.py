"""What ships keeps the promises of the small ports."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cancelkit.adapters.memory import CountingIds, MemoryLinks, SetClock
from cancelkit.adapters.system import RandomIds, SystemClock
from cancelkit.english import ENGLISH
from cancelkit.people import Customer, Person
from cancelkit.ports import Clock, Fixers, Ids, Links, Translator
from cancelkit.testing import (
    ClockContract,
    FixersContract,
    IdsContract,
    LinksContract,
    TranslatorContract,
)


class TestSystemClock(ClockContract):
    @pytest.fixture
    def world(self) -> Clock:
        return SystemClock()


class TestSetClock(ClockContract):
    @pytest.fixture
    def world(self) -> Clock:
        return SetClock(datetime(2026, 3, 2, tzinfo=UTC))


class TestRandomIds(IdsContract):
    @pytest.fixture
    def world(self) -> Ids:
        return RandomIds()


class TestCountingIds(IdsContract):
    @pytest.fixture
    def world(self) -> Ids:
        return CountingIds()


class TestMemoryLinks(LinksContract):
    @pytest.fixture
    def world(self) -> Links:
        return MemoryLinks("/c/{customer}", "/c/{customer}/{section}", tabs=["cases"])


class OwnRecords:
    """Whoever asks may fix cases; of the rest nothing is known."""

    def may_fix(self, actor: Person, section: str, customer: Customer) -> bool | None:
        return True if section == "cases" else None


class TestFixers(FixersContract):
    @pytest.fixture
    def world(self) -> Fixers:
        return OwnRecords()


class TestEnglish(TranslatorContract):
    @pytest.fixture
    def world(self) -> Translator:
        return ENGLISH

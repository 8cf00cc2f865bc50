"""Broken small ports: a clock, identifiers, links, fixers, a translator."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from cancelkit.english import TEXTS
from cancelkit.messages import Message
from cancelkit.people import Customer, Person


class NaiveClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9)  # noqa: DTZ001 - the very mistake


class TextClock:
    def now(self) -> Any:
        return "2026-03-02T09:00:00+00:00"


class StandingIds:
    def new(self) -> str:
        return "2026-03-02T09:00:00"


class NumberIds:
    def __init__(self) -> None:
        self.last = 0

    def new(self) -> Any:
        self.last += 1
        return self.last


class LongIds(NumberIds):
    def new(self) -> Any:
        return f"{super().new():070}"


class PathLinks:
    def customer(self, customer: Customer) -> Any:
        return PurePosixPath("/customers") / customer.id

    def manage(self, customer: Customer, section: str) -> str | None:
        return None


class OwnTabs:
    def customer(self, customer: Customer) -> str | None:
        return "/"

    def manage(self, customer: Customer, section: str) -> str | None:
        return {"cases": "/cases"}[section]


class CountingFixers:
    def may_fix(self, actor: Person, section: str, customer: Customer) -> Any:
        return 1


class PickyFixers:
    def may_fix(self, actor: Person, section: str, customer: Customer) -> bool | None:
        return {"cases": True}[section]


class StrictTexts:
    def text(self, message: Message) -> str:
        return TEXTS[message.key].format(**dict(message.values))


class SilentTexts:
    def text(self, message: Message) -> str:
        return TEXTS.get(message.key, "")

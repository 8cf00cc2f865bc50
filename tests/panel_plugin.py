"""A plug-in section with a form that has a field of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal

from attrs import field, frozen

from cancelkit.facts import Facts
from cancelkit.records import JsonObject
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red


class Size(Enum):
    """A choice."""

    SMALL = "small"
    LARGE = "large"


@frozen
class Part:
    """An object inside the form."""

    name: str
    weight: float = 1.0


@frozen
class Everything:
    """What can be entered: a field of every kind."""

    line: str
    size: Size
    text: str = field(default="", repr=False, metadata={"multiline": True})
    yes: bool = False
    whole: int = 1
    number: float | None = None
    day: date | None = None
    instant: datetime | None = None
    way: Literal["post", "courier"] = "post"
    lines: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    names: Mapping[str, str] = field(factory=dict)
    anything: JsonObject = field(factory=dict)
    maybe: bool | None = None


@frozen
class EverythingSection:
    """Green when something was entered."""

    key: str = "everything"
    title: str = "Everything"
    gate: Gate = Gate.ADVISES
    needs: tuple[Any, ...] = ()
    form: type[Everything] = Everything
    texts: Mapping[str, str] = field(
        factory=lambda: {"everything.there": "It is there", "everything.missing": "It is missing"},
        hash=False,
    )

    def evaluate(self, facts: Facts) -> SectionState:
        """Look at what was entered."""
        if facts.entered(Everything) is None:
            return red("everything.missing")
        return green("everything.there")

"""How the doctor's findings look, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from cancelkit.adapters.cli.screen import Screen, pad
from cancelkit.states import Light

WORD = 12
"""The width of the column with "strict" or "not strict"."""

STYLES = {"not strict": "red", "must fix": "red", "advice": "yellow"}


class _Level(Protocol):
    @property
    def value(self) -> str:
        """The word for it."""


class Found(Protocol):
    """A finding: see `cancelkit.adapters.sqlalchemy.doctor.Finding`."""

    @property
    def level(self) -> _Level:
        """How much it matters."""

    @property
    def section(self) -> str:
        """The section's key, or ""."""

    @property
    def sentence(self) -> str:
        """What it is."""

    @property
    def ddl(self) -> str:
        """What helps."""

    @property
    def must_fix(self) -> bool:
        """Whether it must not stay so."""


def show_findings(
    screen: Screen, subject: str, findings: Sequence[Found], titles: Mapping[str, str]
) -> None:
    """Write the sections, then what is about the whole database, then the DDL, then a sum."""
    screen.line((subject, "bold"))
    screen.line("")
    said = ""
    for key in dict.fromkeys(one.section for one in findings if one.section):
        mine = [one for one in findings if one.section == key]
        said = _section(screen, titles.get(key, key), mine, said)
    general = [one for one in findings if not one.section]
    if general:
        screen.line("")
    for one in general:
        _reason(screen, one, 2)
    _ddl(screen, findings)
    screen.line("")
    screen.wrapped(_sum(findings))


def _section(screen: Screen, title: str, findings: Sequence[Found], said: str) -> str:
    """Write a section; why it is strict is not said twice in a row. Returns what was said."""
    word = next((one.level.value for one in findings if "strict" in one.level.value), "")
    word = word or ("must fix" if any(one.must_fix for one in findings) else "advises")
    green = word in ("strict", "advises")
    screen.line(
        "  ", screen.circle(Light.GREEN if green else Light.RED), f" {pad(word, WORD)}{title}"
    )
    for one in findings:
        if one.level.value != "strict":
            _reason(screen, one, 4)
        elif one.sentence != said:
            said = one.sentence
            screen.wrapped(_upper(said), indent=4, style="dim")
    return said


def _reason(screen: Screen, one: Found, indent: int) -> None:
    style = STYLES[one.level.value]
    mark = "!" if one.must_fix else "~"
    lead = " " * indent + mark
    word = "" if "strict" in one.level.value else _upper(f"{one.level.value}: ")
    screen.wrapped(word + one.sentence, (lead, style), indent=indent + 2)


def _ddl(screen: Screen, findings: Iterable[Found]) -> None:
    lines = dict.fromkeys(line for one in findings for line in one.ddl.splitlines())
    if not lines:
        return
    screen.line("")
    screen.line(("What helps (nothing was executed):", "bold"))
    screen.line("")
    for line in lines:
        screen.line(line)


def _sum(findings: Sequence[Found]) -> str:
    wrong = sum(one.must_fix for one in findings)
    advice = sum(one.level.value == "advice" for one in findings)
    listed = [
        f"{wrong} {'things' if wrong > 1 else 'thing'} must be fixed"
        if wrong
        else "Nothing must be fixed",
        f"{advice} {'is' if advice == 1 else 'are'} advice" if advice else "",
    ]
    return ", ".join(one for one in listed if one) + "."


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]

"""Writes lines for a person: to a terminal or a pipe, in whatever encoding it has."""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import TextIO, TypeAlias
from unicodedata import combining, east_asian_width

from cancelkit.adapters.cli.paint import painter
from cancelkit.states import Light

Part: TypeAlias = str | tuple[str, str]
"""A text, or a text with its style."""

CIRCLES = {Light.GREEN: "●", Light.RED: "○", Light.UNKNOWN: "◌"}
PLAIN_CIRCLES = {Light.GREEN: "(x)", Light.RED: "( )", Light.UNKNOWN: "(?)"}
"""For terminals that cannot show the others."""

STYLES = {Light.GREEN: "green", Light.RED: "red", Light.UNKNOWN: "yellow"}

WIDEST = 100
"""Columns: longer lines are hard to read."""

ARROW = "→"

NO_BREAK = "\xa0"
"""A space at which no line is broken; written as any other one."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Screen:
    """Writes lines to a stream.

    What the stream's encoding does not have is replaced, and so is whatever would move the cursor
    or turn the direction of the text around.

    Args:
        stream: where to; a terminal may get colours.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._paint = painter(stream)
        columns = shutil.get_terminal_size().columns if stream.isatty() else WIDEST
        self.width: int = max(40, min(columns, WIDEST))
        plain = not self.can_show("".join(CIRCLES.values()))
        self._circles = PLAIN_CIRCLES if plain else CIRCLES

    def can_show(self, text: str) -> bool:
        """Say whether the encoding has all the characters of a text."""
        return self._encoded(text) == text

    def circle(self, light: Light) -> Part:
        """Return the circle of a section; a word stands beside it."""
        return self._circles[light], STYLES[light]

    def line(self, *parts: Part) -> None:
        """Write one line."""
        pairs = [part if isinstance(part, tuple) else (part, "") for part in parts]
        safe = [(self._encoded(_safe(text)), style) for text, style in pairs]
        if self._paint is not None:
            self._paint(safe)
        else:
            print("".join(text for text, _ in safe).rstrip(), file=self._stream)

    def wrapped(self, text: str, *lead: Part, indent: int = 0, style: str = "") -> None:
        """Write a text in as many lines as it needs.

        Args:
            text: any number of words.
            *lead: what stands before the first line.
            indent: columns before each line, with at least the width of the lead.
            style: of the text.
        """
        room = max(24, self.width - indent)
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        taken = sum(wide(part if isinstance(part, str) else part[0]) for part in lead)
        self.line(*lead, " " * (indent - taken), (lines[0] if lines else "", style))
        for line in lines[1:]:
            self.line(" " * indent, (line, style))

    def _encoded(self, text: str) -> str:
        known = text.encode(self._encoding, "replace").decode(self._encoding)
        if known != text and ARROW in text:  # of the steps of a plan
            return self._encoded(text.replace(ARROW, "->"))
        return known


def _safe(text: str) -> str:
    return _UNSAFE.sub("\ufffd", text.replace(NO_BREAK, " "))


def wide(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(0 if combining(char) else _columns(char) for char in text)


def pad(text: str, width: int) -> str:
    """Return a text with spaces behind it, up to a width in columns."""
    return text + " " * (width - wide(text))


def cut(text: str, width: int) -> str:
    """Return a text that takes at most so many columns."""
    if wide(text) <= width:
        return text
    while wide(text) > width - 3:
        text = text[:-1]
    return text + "..."


def _columns(char: str) -> int:
    return 2 if east_asian_width(char) in "WF" else 1

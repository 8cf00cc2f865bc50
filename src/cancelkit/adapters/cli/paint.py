"""Colour, if the optional package rich is installed: the only module that looks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TextIO, TypeAlias

Painter: TypeAlias = Callable[[Sequence[tuple[str, str]]], None]
"""Writes one line, given as pairs of a text and its style."""


def painter(stream: TextIO) -> Painter | None:
    """Return what writes coloured lines to a terminal.

    None where there is none to be written: the stream is a file or a pipe, NO_COLOR is set, or
    rich is not installed.
    """
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return None
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return None
    console = Console(file=stream, highlight=False, markup=False, emoji=False)

    def paint(parts: Sequence[tuple[str, str]]) -> None:
        console.print(Text.assemble(*parts), soft_wrap=True)

    return paint

"""The command line: `cancelkit demo` and `cancelkit check FOLDER`. Needs nothing optional."""

from __future__ import annotations

from cancelkit.adapters.cli.command import main

__all__ = ["main"]

"""How the CRM prints what cancelkit says: views and histories are plain values."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from textwrap import wrap

from cancelkit.timeline import Happened
from cancelkit.views import Line, View

CIRCLES = {"complete": "●", "to do": "○", "unknown": "?"}
NAMED = 3


def say(text: str, lead: str = "") -> None:
    """Print a text after its lead, in as many lines as it needs."""
    width = min(shutil.get_terminal_size().columns, 100)
    for line in wrap(text, max(width - len(lead), 24), break_on_hyphens=False):
        print(f"{lead}{line}")
        lead = " " * len(lead)


def heading(text: str) -> None:
    """Print what comes next, after an empty line."""
    print()
    say(text)


def show_customer(number: str, view: View) -> None:
    """Print the head of a customer's page."""
    owners = ", ".join(owner.name for owner in view.owners) or "nobody"
    say(f"{number} {view.name}: {view.status}. Owner: {owners}.", "  ")


def show_checklist(view: View) -> None:
    """Print the sections: a circle, a word, and why; and some of the records that are open."""
    for line in view.sections:
        lead = f"  {CIRCLES[line.word]} {line.word:9} {line.title:21} "
        say(line.message, lead)
        for record in _named(line):
            say(record, " " * len(lead))


def _named(line: Line) -> list[str]:
    shown = [r.label if r.id in r.label else f"{r.id} {r.label}" for r in line.records[:NAMED]]
    left = len(line.records) - len(shown)
    many = "many" if line.count and line.count.more else left
    return [*shown, f"and {many} more"] if left else shown


def show_history(happened: Iterable[Happened]) -> None:
    """Print who did what."""
    for one in happened:
        say(f"{one.who}: {one.what}", f"  {one.at:%Y-%m-%d %H:%M}  ")

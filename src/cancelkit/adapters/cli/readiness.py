"""The readiness of customers, as lines for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen

from cancelkit.adapters.cli.screen import NO_BREAK, Screen, cut, pad, wide
from cancelkit.bulk import Readiness
from cancelkit.kit import CancelKit
from cancelkit.lifecycle import state_of
from cancelkit.looking import line_of
from cancelkit.people import Customer
from cancelkit.records import State
from cancelkit.states import Light
from cancelkit.views import Line

WORDS = ("ready", "to do", "cancelled")
"""What may stand beside a customer."""

NAME_WIDTH = 32
"""Longer names are cut in the table of customers."""

_GREEN = Light.GREEN


@frozen(eq=False)
class Row:
    """One customer of the table.

    Attributes:
        customer: the customer.
        ready: whether nothing about the CRM's records blocks.
        lines: the checklist.
        blocked_by: the keys of the sections that block.
    """

    customer: Customer
    status: str  # to show
    ready: bool
    lines: tuple[Line, ...]
    blocked_by: tuple[str, ...]

    @property
    def state(self) -> State:
        """Where the customer stands."""
        return state_of(self.customer, None)

    @property
    def word(self) -> str:
        """The word beside the circle: one of `WORDS`."""
        if self.state is State.CANCELLED:
            return "cancelled"
        return "ready" if self.ready else "to do"

    @property
    def left(self) -> str:
        """What is left to do: the sections that block, with their counts."""
        return ", ".join(_brief(line) for line in self.lines if line.key in self.blocked_by)

    @property
    def turning_red(self) -> tuple[Line, ...]:
        """As of a day to come: the sections that are green today, and will not be then."""
        return tuple(one for one in self.lines if one.today is _GREEN and one.light is not _GREEN)

    @property
    def summary(self) -> str:
        """What is left to do; and as of a day to come, what changes until then."""
        turned = [one for one in self.lines if one.today not in (None, _GREEN, one.light)]
        changes = {
            "complete by then": [line for line in turned if line.light is _GREEN],
            "turns red before": self.turning_red,
        }
        told = (f"{what}: {_titles(lines)}" for what, lines in changes.items() if lines)
        return "; ".join(filter(None, (self.left, *told)))

    def data(self) -> dict[str, Any]:
        """Return it as a JSON-ready object; the words are those of `cancelkit.views`."""
        return {
            "customer": self.customer.id,
            "name": self.customer.name,
            "owners": [{"id": owner.id, "name": owner.name} for owner in self.customer.owners],
            "state": self.state.value,
            "status": self.status,
            "ready": self.ready,
            "word": self.word,
            "sections": [line.data() for line in self.lines],
            "blocked_by": list(self.blocked_by),
            "turning_red": [line.key for line in self.turning_red],
        }


def row_of(kit: CancelKit, then: Readiness, now: Readiness | None = None) -> Row:
    """Return a customer's readiness as values to show; as of a day to come, also as of today."""
    judged = then.judged
    lines = tuple(line_of(kit, judged, section.key, state) for section, state in judged.pairs)
    if now is not None:
        today = now.judged.states
        lines = tuple(evolve(one, today=s.light) for one, s in zip(lines, today, strict=True))
    status = kit.status(then.customer, state_of(then.customer, None))
    return Row(then.customer, status, then.ready, lines, then.blocked_by)


def show_rows(screen: Screen, rows: Sequence[Row]) -> None:
    """Write one line for each customer."""
    ids = max((wide(row.customer.id) for row in rows), default=0)
    named = any(row.customer.id != row.customer.name for row in rows)
    names = max((min(wide(row.customer.name), NAME_WIDTH) for row in rows), default=0)
    for row in rows:
        circle = screen.circle(Light.GREEN if row.ready else Light.RED)
        words = f" {pad(row.word, 10)} {pad(row.customer.id, ids)}  "
        name = f"{pad(cut(row.customer.name, NAME_WIDTH), names)}  " if named else ""
        indent = 2 + len(circle[0]) + wide(words + name)
        screen.wrapped(row.summary, "  ", circle, words, (name, "bold"), indent=indent)


def totals(rows: Sequence[Row]) -> str:
    """Return how many customers there are of each word."""
    words = [row.word for row in rows]
    parts = [f"{words.count(w)} {w}" for w in WORDS if w in words]
    several = "customer" if len(rows) == 1 else "customers"
    return f"{len(rows):,} {several}: {', '.join(parts)}"


def _titles(lines: Sequence[Line]) -> str:
    return ", ".join(line.title.replace(" ", NO_BREAK) for line in lines)


def _brief(line: Line) -> str:
    left = str(line.count) if line.count is not None else line.word
    return f"{line.title} {left}".replace(" ", NO_BREAK)

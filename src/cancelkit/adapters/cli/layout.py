"""How a checklist, a plan and a history look, line by line."""

from __future__ import annotations

from collections.abc import Sequence

from cancelkit.adapters.cli.screen import NO_BREAK, Screen, pad, wide
from cancelkit.english import TEXTS
from cancelkit.letters import Letter
from cancelkit.people import NamedRecord
from cancelkit.states import Light
from cancelkit.timeline import Happened
from cancelkit.views import Line, Plan, View

WORD, TITLE, GATE = 10, 22, 10
"""The widths of the columns."""


def show_customer(screen: Screen, view: View) -> None:
    """Write the head of a customer's record, with the banner while it is pending."""
    owners = ", ".join(owner.name for owner in view.owners) or "nobody"
    name = f"{view.name} ({view.customer})"
    screen.line("  ", (name, "bold"), f"   status: {view.status}   owner: {owners}")
    if view.banner:
        button = "[View cancellation]".replace(" ", NO_BREAK)
        screen.wrapped(f"{view.banner} {button}", "  !", indent=4, style="yellow")
    if view.drift:
        screen.wrapped(view.drift, "  !", indent=4, style="red")


def show_checklist(screen: Screen, view: View, *, hints: bool = True) -> None:
    """Write the sections: a circle, a word, and why; with hints also what to do next."""
    for line in view.sections:
        _section(screen, line, hints=hints and line.light is not Light.GREEN)


def show_plan(screen: Screen, plan: Plan) -> None:
    """Write what Process would do, and what stands in its way."""
    for step in plan.steps:
        screen.wrapped(step, "  -", indent=4)
    for person in plan.notify:
        screen.line(f"  - Tell {person.name}{' now' if plan.later else ''}")
    for person in plan.notify_then:
        screen.line(f"  - Tell {person.name} on the day, {plan.on}")
    for obstacle in plan.obstacles:
        screen.wrapped(f"blocked by {obstacle}", "  !", indent=4, style="red")
    for line in plan.overridden:
        screen.wrapped(f"overridden: {line.title}: {line.message}", "  ~", indent=4)
    for line in plan.advice:
        screen.wrapped(f"not done: {line.title}: {line.message}", "  ~", indent=4)


def show_letter(screen: Screen, letter: Letter, to: str) -> None:
    """Write a letter as somebody gets it; the first line of its body is the subject."""
    screen.wrapped(f"To {to}: {letter.subject}", "  >", indent=4)
    for line in letter.body.splitlines()[1:]:
        screen.wrapped(line, indent=4)


def show_timeline(screen: Screen, happened: Sequence[Happened]) -> None:
    """Write a history, as it comes."""
    widest = max((wide(one.who) for one in happened), default=0)
    for one in happened:
        lead = f"  {one.at:%Y-%m-%d %H:%M}  {pad(one.who, widest)}  "
        screen.wrapped(one.what, lead, indent=wide(lead), style="" if one.accepted else "red")


def named(records: Sequence[NamedRecord], line: Line) -> str:
    """Return the records that keep a section red, and how many others there are."""
    texts = [r.label if r.id in r.label else f"{r.label} ({r.id})" for r in records]
    count = line.count
    if count is not None and count.more:
        texts.append("and many more")
    elif count is not None and count.n > len(records):
        texts.append(f"and {count.n - len(records)} more")
    return "; ".join(texts)


def _section(screen: Screen, line: Line, *, hints: bool) -> None:
    circle, over = screen.circle(line.light), line.override
    gate = "" if line.light is Light.GREEN else "override" if over else line.gate.value
    words = f" {pad(line.word, WORD)}{pad(line.title, TITLE)}{pad(gate, GATE)}"
    lead = 2 + len(circle[0]) + wide(words)
    screen.wrapped(line.message + _today(line), "  ", circle, words, indent=lead)
    if over:
        screen.wrapped(f"{over.stamp.by.name}: {over.reason}", indent=lead)
    if not hints:
        return
    indent = 2 + len(circle[0]) + 1 + WORD
    if line.records:
        screen.wrapped(named(line.records, line), indent=indent)
    if line.hint:
        screen.wrapped(line.hint, indent=indent, style="italic")
    if line.manage:
        screen.line(" " * indent, (f"Manage: {line.manage}", "dim"))


def _today(line: Line) -> str:
    """Return what a section says today, in a view of a day to come where it says another thing."""
    if line.today is None or line.today is line.light:
        return ""
    return " " + f"({TEXTS[f'light.{line.today.value}']} today)".replace(" ", NO_BREAK)

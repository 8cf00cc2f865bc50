"""The timeline: the history of a customer in words.

Import it by its own name: `for line in timeline(kit, cancellation.history()): print(line)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cancelkit.messages import Message
from cancelkit.records import HistoryEntry, Verb

if TYPE_CHECKING:
    from cancelkit.kit import CancelKit


class Happened(NamedTuple):
    """One accepted or refused command, in words."""

    at: datetime  # in the host's zone
    who: str  # and on whose behalf
    what: str  # for a refused one, with every reason
    accepted: bool

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.at:%Y-%m-%d %H:%M}  {self.who}: {' '.join(self.what.split())}"


def timeline(kit: CancelKit, entries: Iterable[HistoryEntry]) -> list[Happened]:
    """Put a history into words, in the order given; the reasons of overrides are quoted."""
    return [
        Happened(one.at.astimezone(kit.zone), _who(kit, one), _what(kit, one), one.accepted)
        for one in entries
    ]


def _who(kit: CancelKit, entry: HistoryEntry) -> str:
    if entry.behalf is None:
        return entry.actor.name
    who, behalf = entry.actor.name, entry.behalf.name
    return kit.text(Message.of("timeline.behalf", who=who, behalf=behalf))


def _what(kit: CancelKit, entry: HistoryEntry) -> str:
    what = kit.text(Message(f"verb.{entry.verb.value}"))
    if entry.section:
        what += f": {kit.title(entry.section)}"
    if entry.on is not None and entry.on != entry.today:
        what += f", {kit.text(Message.of('timeline.effective', on=entry.on))}"
    if entry.verb is Verb.OVERRIDE and (entry.note or entry.accepted):
        said = Message.of("timeline.reason", reason=entry.note)
        what += f" - {kit.text(said if entry.note else Message('timeline.taken_back'))}"
    if not entry.accepted:
        why = "; ".join(kit.sentence(one) for one in entry.refusals)
        return f"{what} - {kit.text(Message.of('timeline.refused', why=why))}"
    done = "; ".join(kit.text(message) for message in entry.done)
    return f"{what} - {done}" if done else what

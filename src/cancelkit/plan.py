"""The plan of a Process, and the token by which a later command says what it was based on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from cancelkit.effects import Effect
from cancelkit.errors import Invalid
from cancelkit.evaluate import Judged
from cancelkit.people import Person
from cancelkit.records import CancellationRecord
from cancelkit.serial import to_data
from cancelkit.text import checked_line

_TOKEN = re.compile(r"(.+)\.([0-9]{1,18})\.([0-9a-f]{64})")


class Token(NamedTuple):
    """What a view or a plan was based on."""

    cancellation: str
    version: int  # Enter conflicts with an entry of the same section that is newer
    digest: str  # Process is refused when the plan would have another one now

    def __str__(self) -> str:
        return f"{self.cancellation}.{self.version}.{self.digest}"


def parse_token(text: str) -> Token:
    """Read a token; raises `Invalid` where it is none."""
    parts = _TOKEN.fullmatch(checked_line(text, "the token", limit=400))
    if parts is None:
        raise Invalid(f"{text!r} is not a token; take the token of a view or a plan.")
    return Token(parts[1], int(parts[2]), parts[3])


class Planned(NamedTuple):
    """One effect that Process would carry out, and the key of the section that plans it."""

    section: str
    effect: Effect


def due_effects(judged: Judged, record: CancellationRecord) -> tuple[Planned, ...]:
    """Return what is still to be done: never twice for the same answer of a section."""
    done = {(performed.section, performed.revision) for performed in record.performed}
    return tuple(
        Planned(key, effect)
        for key, effects in judged.effects.items()
        if (key, revision_of(record, key)) not in done
        for effect in effects
    )


def revision_of(record: CancellationRecord, section: str) -> int:
    """Return the revision of a section's entry, 0 where nothing was entered."""
    entry = record.entry(section)
    return entry.revision if entry else 0


def make_token(
    record: CancellationRecord,
    judged: Judged,
    effects: Iterable[Planned],
    told: Iterable[Person],
    on: date | None = None,
    later: bool = False,
) -> Token:
    """Return the token of a plan: over what would be done and each section's state and gate.

    Never over the time, counts, samples, names, labels or translated text. The effective date `on`
    is part of what would be done, and so is whether that is `later`.
    """
    gates, over = judged.checklist.gates, judged.overridden
    content = {
        "cancellation": record.id,
        "sections": {k: [light, gates[k].value, k in over] for k, light in judged.lights.items()},
        "effects": [[key, done.kind, to_data(done, names=False)] for key, done in effects],
        "told": sorted({person.id for person in told}),
        "on": on and on.isoformat(),
        "later": later,
        "schedule": record.schedule and record.schedule.on.isoformat(),
    }
    return Token(record.id, record.version, digest_of(content))


def digest_of(content: Any) -> str:
    """Return the sha256 of canonical, sorted JSON, in hexadecimal."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode()).hexdigest()

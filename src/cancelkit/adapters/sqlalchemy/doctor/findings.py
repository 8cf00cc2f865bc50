"""What the doctor found: a level, a section, a sentence, and the DDL that helps."""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class Level(Enum):
    """How much a finding matters."""

    STRICT = "strict"  # what the section says is still so when Process commits
    NOT_STRICT = "not strict"  # it blocks Process, and could be wrong by then
    FIX = "must fix"  # commands are refused, fail, or go unnoticed
    ADVICE = "advice"  # it works, and could work better


@frozen
class Finding:
    """One thing that was found.

    Attributes:
        level: how much it matters.
        section: the section's key; without a checklist the kind of the records; "" for what is
            about the whole database.
        sentence: in plain words, what it is and what to do.
        ddl: the statements that help, each ending in ";"; "" where none do. None was executed.
    """

    level: Level
    section: str
    sentence: str
    ddl: str = ""

    @property
    def must_fix(self) -> bool:
        """Whether something is wrong that must not stay so."""
        return self.level in (Level.NOT_STRICT, Level.FIX)

    def data(self) -> dict[str, str]:
        """Return it as JSON data."""
        return {
            "level": self.level.value,
            "section": self.section,
            "sentence": self.sentence,
            "ddl": self.ddl,
        }

"""Text of unknown direction: a name in Hebrew must not turn the English sentence around it.

What a message mentions is put between U+2068 FIRST STRONG ISOLATE and U+2069 POP DIRECTIONAL
ISOLATE (Unicode Standard Annex 9). For pages only: not for JSON, logs or the subjects of letters.
"""

from __future__ import annotations

from attrs import evolve

from cancelkit.messages import Catalogue, Value

ISOLATE, POP = "\u2068", "\u2069"
_OPENERS = frozenset("\u2066\u2067\u2068")


def isolated(text: str) -> str:
    """Return a text between isolates; those within it are balanced, so that none gets out."""
    depth, kept = 0, list[str]()
    for character in text:
        if character == POP and not depth:
            continue  # it would end the isolate around the text
        depth += (character in _OPENERS) - (character == POP)
        kept.append(character)
    return f"{ISOLATE}{''.join(kept)}{POP * (depth + 1)}"


def isolating(catalogue: Catalogue) -> Catalogue:
    """Return the same catalogue with every text that a message mentions between isolates."""

    def show(value: Value) -> str:
        shown = catalogue.show(value)
        return isolated(shown) if isinstance(value, str) else shown

    return evolve(catalogue, show=show)

"""What is checked of a section when it is put into a checklist: each error names the culprit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import has

from cancelkit.effects import Effect
from cancelkit.errors import BadSetup, NotASection
from cancelkit.section import Section, WithEffects, WithForm

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")


def check_section(section: Any) -> None:
    """Check that something is a section, whatever it is.

    Raises:
        NotASection: the message names it and what is missing.
    """
    if isinstance(section, type):
        raise NotASection(f"{section.__qualname__} is a class; an instance of it is needed.")
    what = f"{type(section).__module__}.{type(section).__qualname__}"
    for name in ("key", "title", "needs", "evaluate"):
        if not hasattr(section, name):
            raise NotASection(f"{what} is not a section: it has no {name!r}.")
    if not isinstance(section.key, str) or not _KEY.fullmatch(section.key):
        raise NotASection(
            f"{what} has the key {section.key!r}; a key is lower case letters, digits and "
            "underscores, begins with a letter, and has at most 64 characters."
        )
    if not isinstance(section.title, str) or not section.title.strip():
        raise NotASection(f"The section {section.key!r} has no title.")
    if not callable(section.evaluate):
        raise NotASection(f"The section {section.key!r} has no method evaluate(facts).")
    _check_needs(section.key, section.needs)
    form = form_of(section)
    if form is not None and not (isinstance(form, type) and has(form)):
        raise NotASection(f"The form of section {section.key!r} must be a frozen attrs class.")
    if hasattr(section, "effects") != hasattr(section, "effect_types"):
        raise NotASection(f"The section {section.key!r} must have both effects and effect_types.")


def form_of(section: Section) -> type | None:
    """Return the form of a section, or None."""
    return section.form if isinstance(section, WithForm) else None


def effect_kinds(sections: Iterable[Section]) -> dict[str, type[Effect]]:
    """Return the classes of effects that sections may plan, by tag.

    Raises:
        NotASection: a class is not frozen attrs, or has no tag.
        BadSetup: two classes have the same tag.
    """
    kinds: dict[str, type[Effect]] = {}
    for section in sections:
        for effect in section.effect_types if isinstance(section, WithEffects) else ():
            kind = _kind(section.key, effect)
            if kinds.setdefault(kind, effect) is not effect:
                raise BadSetup(f"Two classes of effects have the tag {kind!r}.")
    return kinds


def _kind(key: str, effect: Any) -> str:
    kind = getattr(effect, "kind", None)
    if not isinstance(kind, str) or not has(effect):
        raise NotASection(
            f"The effect {effect!r} of section {key!r} must be a frozen attrs class with a class "
            "attribute `kind`, its tag."
        )
    return kind


def _check_needs(key: str, needs: Any) -> None:
    if not isinstance(needs, Sequence) or isinstance(needs, str):
        raise NotASection(f"The needs of section {key!r} must be a tuple of needs.")
    for need in needs:
        try:
            hash(need)
        except TypeError:
            raise NotASection(f"A need of section {key!r} is not hashable.") from None
        if not callable(getattr(need, "read", None)):
            raise NotASection(
                f"The section {key!r} has the need {need!r}, which has no read(answer)."
            )

"""What is checked of a section when it is put into a checklist: each error names the culprit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from inspect import signature
from typing import Any

from attrs import has

from cancelkit.effects import Effect
from cancelkit.errors import BadSetup, NotASection
from cancelkit.section import Section, WithEffects, WithForm

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")


def check_section(section: Any) -> None:
    """Raise `NotASection` for anything that is none."""
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
    what = f"The section {section.key!r}"
    if not isinstance(section.title, str) or not section.title.strip():
        raise NotASection(f"{what} has no title.")
    if not callable(section.evaluate) or not _takes_one(section.evaluate):
        raise NotASection(f"{what} has no method evaluate(facts).")
    _check_needs(what, section.needs)
    form = form_of(section)
    if form is not None and not _is_attrs(form):
        raise NotASection(f"{what} must have a frozen attrs class as its form.")
    if hasattr(section, "effects") != hasattr(section, "effect_types"):
        raise NotASection(f"{what} must have both effects and effect_types.")
    if not isinstance(getattr(section, "effect_types", ()), Sequence):
        raise NotASection(f"{what} must have a tuple of classes as its effect_types.")


def form_of(section: Section) -> type | None:
    """Return the form of a section, or None."""
    return section.form if isinstance(section, WithForm) else None


def version_of(form: type) -> int:
    """Return the version of a form: its class attribute `version`, or 1."""
    return int(getattr(form, "version", 1))


def forms(sections: Iterable[Section]) -> dict[type, Section]:
    """Return the sections by form; raises `BadSetup` where two have the same."""
    found: dict[type, Section] = {}
    for section in sections:
        form = form_of(section)
        if form is not None and found.setdefault(form, section) is not section:
            raise BadSetup(
                f"The sections {found[form].key!r} and {section.key!r} have the same form "
                f"{form.__name__}; each needs a class of its own."
            )
    return found


def effect_kinds(sections: Iterable[Section]) -> dict[str, type[Effect]]:
    """Return the classes of effects by tag; raises `BadSetup` where two have the same."""
    kinds: dict[str, type[Effect]] = {}
    for section in sections:
        for effect in section.effect_types if isinstance(section, WithEffects) else ():
            kind: object = getattr(effect, "kind", None)
            if not isinstance(kind, str) or not _is_attrs(effect):
                raise NotASection(
                    f"The effect {effect!r} of section {section.key!r} must be a frozen attrs "
                    "class with a class attribute `kind`, its tag."
                )
            if kinds.setdefault(kind, effect) is not effect:
                raise BadSetup(f"Two classes of effects have the tag {kind!r}.")
    return kinds


def _takes_one(method: Any) -> bool:
    try:
        signature(method).bind(None)
    except (TypeError, ValueError):
        return False
    return True


def _is_attrs(cls: Any) -> bool:
    return isinstance(cls, type) and has(cls) and cls.__hash__ is not None  # frozen ones have one


def _check_needs(what: str, needs: Any) -> None:
    if not isinstance(needs, Sequence) or isinstance(needs, str):
        raise NotASection(f"{what} must have a tuple of needs.")
    for need in needs:
        try:
            hash(need)
        except TypeError:
            raise NotASection(f"{what} has a need that is not hashable.") from None
        if not callable(getattr(need, "read", None)):
            raise NotASection(f"{what} has the need {need!r}, which has no read(answer).")

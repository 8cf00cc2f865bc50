"""The checklist: the ordered sections with their gates. It is checked when it is put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from cancelkit.effects import Effect
from cancelkit.errors import BadSetup, UnknownSection
from cancelkit.facts import Facts
from cancelkit.needs import Need
from cancelkit.registration import check_section, effect_kinds, form_of
from cancelkit.section import Gate, Section, WithEffects, WithTexts
from cancelkit.sections import (
    ASSETS,
    CASES,
    FUTURE_EXPIRY,
    MOOD,
    OPPORTUNITIES,
    OWNERSHIP,
    QUOTATIONS,
    REASONS,
    SALES_ORDERS,
)
from cancelkit.states import SectionState, unknown


@frozen
class Unjudged:
    """Stands for a section that cannot be judged: its plug-in is gone, or its answer unreadable.

    Attributes:
        key: of the section.
        title: to show; the key where nothing else is known.
        code: why, as a message key.
    """

    key: str
    title: str
    code: str
    needs: tuple[()] = ()

    def evaluate(self, facts: Facts) -> SectionState:
        """Be unknown: what cannot be judged is never green."""
        return unknown(self.code, key=self.key)


def _as_tuple(sections: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(sections)


@frozen
class Checklist:
    """Sections in order, each with its gate. A value: every method returns a new checklist.

    Attributes:
        sections: in the order to show; keys and forms are unique.
        gates: section key -> gate; where none is given, the section's own, or it blocks.
    """

    sections: tuple[Section, ...] = field(converter=_as_tuple)
    gates: Mapping[str, Gate] = field(factory=dict, hash=False)
    by_key: Mapping[str, Section] = field(init=False, eq=False, repr=False)
    by_form: Mapping[type, Section] = field(init=False, eq=False, repr=False)
    kinds: Mapping[str, type[Effect]] = field(init=False, eq=False, repr=False)
    """The classes of effects that the sections may plan, by their tags."""
    planning: tuple[tuple[int, WithEffects], ...] = field(init=False, eq=False, repr=False)
    """The sections that plan effects, each with its place in `sections`."""

    def __attrs_post_init__(self) -> None:
        """Check every section, and that keys and forms are unique."""
        keyed: dict[str, Section] = {}
        formed: dict[type, Section] = {}
        for section in self.sections:
            check_section(section)
            if section.key in keyed:
                raise BadSetup(
                    f"Two sections have the key {section.key!r}; {_listed(self.sections)}"
                )
            keyed[section.key] = section
            form = form_of(section)
            if form is not None and formed.setdefault(form, section) is not section:
                raise BadSetup(
                    f"The sections {formed[form].key!r} and {section.key!r} have the same form "
                    f"{form.__name__}; each needs a class of its own."
                )
        for key in self.gates:
            _find(keyed, key)
        gates = {key: self.gates.get(key, own_gate(section)) for key, section in keyed.items()}
        planning = tuple(
            (at, section)
            for at, section in enumerate(self.sections)
            if isinstance(section, WithEffects)
        )
        for name, value in (
            ("gates", gates),
            ("by_key", keyed),
            ("by_form", formed),
            ("kinds", effect_kinds(self.sections)),
            ("planning", planning),
        ):
            object.__setattr__(self, name, value)

    def section(self, key: str) -> Section:
        """Return a section by its key.

        Raises:
            UnknownSection: the checklist has none; the message lists those that it has.
        """
        return _find(self.by_key, key)

    def needs(self, keys: Iterable[str] | None = None) -> tuple[Need[Any], ...]:
        """Return the needs of some sections (all where no keys are given), each once."""
        chosen = self.sections if keys is None else [self.section(key) for key in keys]
        return tuple(dict.fromkeys(need for section in chosen for need in section.needs))

    @property
    def texts(self) -> dict[str, str]:
        """The English texts that the sections bring, their titles included."""
        found: dict[str, str] = {}
        for section in self.sections:
            found[f"section.{section.key}"] = section.title
            if isinstance(section, WithTexts):
                found.update(section.texts)
        return found

    def with_section(self, section: Section, *, before: str = "", after: str = "") -> Checklist:
        """Return a checklist with one more section, at the end or beside another one.

        Raises:
            NotASection: it is none; the message names what is missing.
            UnknownSection: there is no section with the key `before` or `after`.
            BadSetup: its key or form is taken, or both `before` and `after` are given.
        """
        if before and after:
            raise BadSetup("Give before= or after=, not both.")
        at = len(self.sections)
        if before or after:
            beside = self.section(before or after)
            at = self.sections.index(beside) + (1 if after else 0)
        return Checklist((*self.sections[:at], section, *self.sections[at:]), self.gates)

    def without(self, *keys: str) -> Checklist:
        """Return a checklist without some sections: they are absent, never evidence."""
        dropped = {self.section(key).key for key in keys}
        return Checklist(
            tuple(s for s in self.sections if s.key not in dropped),
            {key: gate for key, gate in self.gates.items() if key not in dropped},
        )

    def replacing(self, section: Section) -> Checklist:
        """Return a checklist in which a section takes the place of the one with its key."""
        old = self.section(section.key)
        return Checklist(tuple(section if s is old else s for s in self.sections))

    def with_gates(self, **gates: Gate | str) -> Checklist:
        """Return a checklist with other gates; one that is `off` is left out.

        Raises:
            UnknownSection: no section has that key.
            BadSetup: not a gate; the message lists the gates.
        """
        chosen = {self.section(key).key: as_gate(gate) for key, gate in gates.items()}
        kept = evolve(self, gates={**self.gates, **chosen})
        return kept.without(*(key for key, gate in kept.gates.items() if gate is Gate.OFF))

    def as_copied(self, gates: Mapping[str, str]) -> Checklist:
        """Return the checklist that a cancellation was begun with, from its copied gates.

        A section that is not here any more is stood in for, and is unknown.
        """
        wanted = {key: as_gate(gate) for key, gate in gates.items()}
        if wanted == self.gates and tuple(wanted) == tuple(self.by_key):
            return self
        gone = "section.missing"
        return Checklist(
            tuple(self.by_key.get(key) or Unjudged(key, key, gone) for key in wanted), wanted
        )

    def only(self, key: str) -> Checklist:
        """Return the checklist of one section alone."""
        return Checklist((self.section(key),), {key: self.gates[key]})


def as_gate(gate: Gate | str) -> Gate:
    """Return a gate from its name.

    Raises:
        BadSetup: not a gate; the message lists the gates.
    """
    try:
        return Gate(gate)
    except ValueError:
        listed = ", ".join(known.value for known in Gate)
        raise BadSetup(f"{gate!r} is not a gate; the gates are: {listed}.") from None


def own_gate(section: Section) -> Gate:
    """Return the gate that a section asks for; one that asks for none blocks."""
    return as_gate(getattr(section, "gate", Gate.BLOCKS))


def _find(keyed: Mapping[str, Section], key: str) -> Section:
    try:
        return keyed[key]
    except KeyError:
        raise UnknownSection(f"There is no section {key!r}; {_listed(keyed.values())}") from None


def _listed(sections: Iterable[Section]) -> str:
    return f"the sections are: {', '.join(section.key for section in sections) or 'none'}."


STANDARD = Checklist(
    (
        REASONS,
        OWNERSHIP,
        FUTURE_EXPIRY,
        ASSETS,
        CASES,
        OPPORTUNITIES,
        QUOTATIONS,
        SALES_ORDERS,
        MOOD,
    )
)
"""The article's nine sections in its order, with the default gates."""

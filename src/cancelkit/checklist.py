"""The checklist: the ordered sections with their gates. It is checked when it is put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from attrs import evolve, field, frozen
from attrs import fields as attrs_fields

from cancelkit.effects import Effect
from cancelkit.errors import BadSetup, UnknownSection
from cancelkit.facts import Facts
from cancelkit.needs import Need
from cancelkit.registration import check_section, effect_kinds, form_of, forms
from cancelkit.section import Gate, Section, WithEffects, WithSamples, WithTexts
from cancelkit.sections import STANDARD_SECTIONS
from cancelkit.states import SectionState, unknown


class Unjudged(NamedTuple):
    """Stands for a section whose plug-in is gone, or whose answer cannot be read: never green."""

    key: str
    title: str
    code: str  # why, as a message key
    advising: bool = False  # it asked other systems
    needs: tuple[()] = ()

    def evaluate(self, facts: Facts) -> SectionState:
        """Be unknown, never green."""
        return unknown(self.code, key=self.key)


def _in_order(sections: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(sections)


@frozen
class Checklist:
    """Sections in order, each with its gate. A value: every method returns a new checklist.

    Attributes:
        sections: in the order to show; keys, forms and effect tags are unique.
        gates: section key -> gate; where none is given, the section's own, or it blocks.
        switched_off: the sections whose gate is off: cancellations that have them keep them.
        required: "section.field" of each field that must be filled, beyond what the section asks.
        by_key, by_form: the sections again, by key and by the class of their form.
        kinds: the classes of effects that the sections may plan, by their tags.
        advising: the keys of the sections that ask other systems, and can only advise.
        planning: the sections that plan effects, each with its place in `sections`.
        demands: the required fields, by section key.
    """

    sections: tuple[Section, ...] = field(converter=_in_order)
    gates: Mapping[str, Gate] = field(factory=dict, hash=False)
    required: tuple[str, ...] = ()
    switched_off: tuple[Section, ...] = field(default=(), eq=False, repr=False)
    by_key: Mapping[str, Section] = field(init=False, eq=False, repr=False)
    by_form: Mapping[type, Section] = field(init=False, eq=False, repr=False)
    kinds: Mapping[str, type[Effect]] = field(init=False, eq=False, repr=False)
    advising: frozenset[str] = field(init=False, eq=False, repr=False)
    planning: tuple[tuple[int, WithEffects], ...] = field(init=False, eq=False, repr=False)
    demands: Mapping[str, tuple[str, ...]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        keyed: dict[str, Section] = {}
        for section in self.sections:
            check_section(section)
            if section.key in keyed:
                listed = _listed(self.sections)
                raise BadSetup(f"Two sections have the key {section.key!r}; {listed}")
            keyed[section.key] = section
        for key in self.gates:
            _find(keyed, key)
        advising = frozenset(key for key, s in keyed.items() if advises(s))
        gates = {key: as_gate(self.gates.get(key, _own_gate(s))) for key, s in keyed.items()}
        kept = tuple(s for key, s in keyed.items() if gates[key] is not Gate.OFF)
        for key in advising:
            if gates[key] is Gate.BLOCKS:
                raise BadSetup(
                    f"The section {key!r} asks another system, so that it can only advise: "
                    f"say so with its gate = Gate.ADVISES, or with_gates({key}='advises')."
                )
        derived = {
            "sections": kept,
            "switched_off": self.switched_off + tuple(s for s in self.sections if s not in kept),
            "gates": {section.key: gates[section.key] for section in kept},
            "by_key": {section.key: section for section in kept},
            "by_form": forms(kept),
            "kinds": effect_kinds(kept),
            "advising": advising,
            "planning": tuple((at, s) for at, s in enumerate(kept) if isinstance(s, WithEffects)),
            "demands": _demands(self.required),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def section(self, key: str) -> Section:
        """Return a section; raises `UnknownSection`, which lists those that there are."""
        return _find(self.by_key, key)

    @property
    def needs(self) -> tuple[Need[Any], ...]:
        """The needs of all sections, each once."""
        return tuple(dict.fromkeys(need for section in self.sections for need in section.needs))

    @property
    def sampled(self) -> tuple[Need[Any], ...]:
        """The needs of all sections that other systems answer, each once."""
        advising = (s for s in self.sections if s.key in self.advising)
        found = (s.sampled for s in advising if isinstance(s, WithSamples))
        return tuple(dict.fromkeys(need for needs in found for need in needs))

    @property
    def texts(self) -> dict[str, str]:
        """The English texts that the sections bring, their titles included."""
        return gathered((self,)).texts

    def with_section(self, section: Section, *, before: str = "", after: str = "") -> Checklist:
        """Return a checklist with one more section, at the end or beside the one with a key.

        Raises `NotASection`, which says what is missing, or `BadSetup` if key or form is taken.
        """
        if before and after:
            raise BadSetup("Give before= or after=, not both.")
        at = len(self.sections)
        if before or after:
            at = self.sections.index(self.section(before or after)) + (1 if after else 0)
        return evolve(self, sections=(*self.sections[:at], section, *self.sections[at:]))

    def without(self, *keys: str) -> Checklist:
        """Return a checklist without some sections: they are absent, never evidence."""
        dropped = {self.section(key).key for key in keys}
        return self._of(s for s in self.sections if s.key not in dropped)

    def only(self, *keys: str) -> Checklist:
        """Return a checklist of some sections alone, in the order that they have here."""
        kept = {self.section(key).key for key in keys}
        return self._of(s for s in self.sections if s.key in kept)

    def replacing(self, *sections: Section) -> Checklist:
        """Return a checklist in which sections take the places of those with their keys."""
        new = {self.section(section.key).key: section for section in sections}
        gates = {key: gate for key, gate in self.gates.items() if key not in new}
        replaced = (new.get(section.key, section) for section in self.sections)
        return evolve(self, sections=replaced, gates=gates).requiring()

    def with_gates(self, **gates: Gate | str) -> Checklist:
        """Return a checklist with other gates; a section that is `off` is left out."""
        chosen = {self.section(key).key: as_gate(gate) for key, gate in gates.items()}
        return evolve(self, gates={**self.gates, **chosen})

    def requiring(self, *fields: str) -> Checklist:
        """Return a checklist in which more fields must be filled: `requiring("reasons.extra")`.

        A section is red while one of its required fields is empty. Raises `BadSetup` for a field
        that no form has, which lists those that it has.
        """
        required = tuple(dict.fromkeys((*self.required, *fields)))
        for name in required:
            key, _, wanted = name.partition(".")
            form = form_of(self.section(key))
            known = [one.name for one in attrs_fields(form)] if form else []
            if wanted not in known:
                listed = ", ".join(f"{key}.{one}" for one in known) or "none"
                raise BadSetup(f"There is no field {name!r}; the fields of {key!r} are: {listed}.")
        return evolve(self, required=required)

    def _of(self, sections: Iterable[Section]) -> Checklist:
        """Return the checklist of some of the sections."""
        kept = {section.key: section for section in sections}
        gates = {key: gate for key, gate in self.gates.items() if key in kept}
        required = (one for one in self.required if one.partition(".")[0] in kept)
        return Checklist(kept.values(), gates, tuple(required))

    @property
    def copied(self) -> dict[str, str]:
        """Section key -> gate, as a cancellation keeps them from Begin on."""
        return {k: SAMPLED if k in self.advising else g.value for k, g in self.gates.items()}

    def as_copied(
        self, gates: Mapping[str, str], required: tuple[str, ...], others: Mapping[str, Section]
    ) -> Checklist:
        """Return the checklist of a cancellation, as it was copied at Begin.

        A section that is not here now is one of the `others`, or unknown.
        """
        sampled = {key for key, gate in gates.items() if gate == SAMPLED} | self.advising
        wanted = {k: Gate.ADVISES if k in sampled else as_gate(g) for k, g in gates.items()}
        if (wanted, required) == (self.gates, self.required) and [*wanted] == [*self.by_key]:
            return self
        here = {**others, **{s.key: s for s in self.switched_off}, **self.by_key}
        found = (
            here.get(key) or Unjudged(key, key, "section.missing", key in sampled) for key in wanted
        )
        return Checklist(found, wanted, required)

    def standing_in(self, keys: Iterable[str], code: str) -> Checklist:
        """Return a checklist in which some sections are unknown, for the reason of the code."""
        lost = frozenset(keys)
        standing = (
            Unjudged(s.key, s.title, code, s.key in self.advising) if s.key in lost else s
            for s in self.sections
        )
        return evolve(self, sections=standing) if lost else self


def _demands(required: Iterable[str]) -> dict[str, tuple[str, ...]]:
    demands: dict[str, tuple[str, ...]] = {}
    for name in required:
        key, _, wanted = name.partition(".")
        demands[key] = (*demands.get(key, ()), wanted)
    return demands


class Gathered(NamedTuple):
    """The sections of several checklists: what a kit has to provide for, and can look up."""

    active: tuple[Section, ...]  # of every checklist
    by_key: Mapping[str, Section]  # those that are switched off too; the first with a key counts
    by_form: Mapping[type, str]  # form -> key of its section
    kinds: Mapping[str, type[Effect]]
    sampled: tuple[Need[Any], ...]
    texts: dict[str, str]  # the English texts that they bring, their titles included


def gathered(checklists: Iterable[Checklist]) -> Gathered:
    """Gather the sections of checklists; raises `BadSetup` where they do not fit together."""
    each = tuple(checklists)
    active = tuple(section for one in each for section in one.sections)
    by_key: dict[str, Section] = {}
    by_form: dict[type, str] = {}
    for section in (*active, *(off for one in each for off in one.switched_off)):
        known, form = by_key.setdefault(section.key, section), form_of(section)
        other = section.key if form is None else by_form.setdefault(form, section.key)
        if (other != section.key or form_of(known) is not form) and section in active:
            raise BadSetup(
                f"The section {other!r} of one checklist and {section.key!r} of another do not "
                "go together: a key has one form everywhere, and a form one key."
            )
    sampled = (need for s in active if isinstance(s, WithSamples) for need in s.sampled)
    needs = tuple(dict.fromkeys(sampled))
    texts: dict[str, str] = {}
    for section in by_key.values():
        texts |= {f"title.{section.key}": section.title}
        texts |= section.texts if isinstance(section, WithTexts) else {}
    return Gathered(active, by_key, by_form, effect_kinds(by_key.values()), needs, texts)


SAMPLED = "sampled"
"""How the gate of a section that asks other systems is copied into a cancellation."""


def advises(section: Section) -> bool:
    """Say whether a section asks other systems, so that it can only advise."""
    return isinstance(section, WithSamples) or getattr(section, "advising", False) is True


def as_gate(gate: Gate | str) -> Gate:
    """Return a gate from its name; raises `BadSetup`, which lists the gates."""
    try:
        return Gate(gate)
    except ValueError:
        listed = ", ".join(known.value for known in Gate)
        raise BadSetup(f"{gate!r} is not a gate; the gates are: {listed}.") from None


def _own_gate(section: Section) -> Gate:
    """Return the gate that a section asks for; one that asks for none blocks."""
    return as_gate(getattr(section, "gate", Gate.BLOCKS))


def _find(keyed: Mapping[str, Section], key: str) -> Section:
    if not isinstance(key, str) or key not in keyed:
        raise UnknownSection(f"There is no section {key!r}; {_listed(keyed.values())}")
    return keyed[key]


def _listed(sections: Iterable[Section]) -> str:
    return f"the sections are: {', '.join(section.key for section in sections) or 'none'}."


STANDARD = Checklist(STANDARD_SECTIONS)
"""The article's nine sections in its order, with the default gates."""

"""evaluate: sections over facts. Pure and total: a section that raises is unknown, not a crash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from typing import Any, NamedTuple

from cancelkit.checklist import Checklist
from cancelkit.effects import Effect
from cancelkit.errors import PluginError
from cancelkit.facts import Facts, NotAnswered
from cancelkit.messages import Message
from cancelkit.needs import Need, NotAnAnswer, Unknown
from cancelkit.records import CancellationRecord, Override
from cancelkit.registration import form_of
from cancelkit.section import Section, WithEffects
from cancelkit.states import GREEN, RED, UNKNOWN, SectionState, red, unknown


class Judged(NamedTuple):
    """The checklist at one instant."""

    checklist: Checklist
    states: tuple[SectionState, ...]  # of each section, in the order of the checklist
    effects: Mapping[str, tuple[Effect, ...]]  # section key -> what it would have carried out
    faults: Mapping[str, BaseException]  # section key -> how it broke its contract, for the log
    overridden: Mapping[str, Override] = {}  # section key -> the override that is in force

    @property
    def pairs(self) -> Iterator[tuple[Section, SectionState]]:
        """The sections, each with its state."""
        return zip(self.checklist.sections, self.states, strict=True)

    @property
    def lights(self) -> dict[str, str]:
        """Section key -> "green", "red" or "unknown"."""
        return {section.key: state.light.value for section, state in self.pairs}


NOT_JUDGED = Judged(Checklist(()), (), {}, {})
"""No section was looked at."""


def with_overrides(
    judged: Judged, record: CancellationRecord, ids: Mapping[str, tuple[str, ...]]
) -> Judged:
    """Add the overrides that are in force: of red sections that are as they were overridden.

    They say the same, and the records that keep them red are the same ones (`ids`, by section).
    """
    said = {s.key: state.message for s, state in judged.pairs if state.light is RED}
    now = {key: (message, ids.get(key)) for key, message in said.items()}
    kept = {x.section: x for x in record.overrides if now.get(x.section) == (x.message, x.records)}
    return judged._replace(overridden=kept)


def read_answers(
    needs: Sequence[Need[Any]], answers: Mapping[Need[Any], object]
) -> dict[Need[Any], object]:
    """Check what an adapter answered. Fail closed: what is missing or no answer is `Unknown`."""
    return {need: _read(need, answers) for need in needs}


def _read(need: Need[Any], answers: Mapping[Need[Any], object]) -> object:
    if need not in answers:
        return Unknown(f"the host did not answer {need!r}")
    answer = answers[need]
    if type(answer) is Unknown:
        return answer
    try:
        return need.read(answer)
    except NotAnAnswer as error:
        found = type(answer).__name__
        return Unknown(f"the host answered {need!r} with {found}; expected: {error}")
    except Exception as error:  # noqa: BLE001 - a need is a plug-in's code: fail closed
        return Unknown(f"{need!r} could not read its answer: {type(error).__name__}")


def evaluate(checklist: Checklist, facts: Facts) -> Judged:
    """Judge every section of a checklist. Never raises.

    A section that raises, asks for what it did not declare, or returns something else than a
    `SectionState` is unknown, and named in `faults`; the others are judged as ever.
    """
    states: list[SectionState] = []
    faults: dict[str, BaseException] = {}
    demands = checklist.demands
    for section in checklist.sections:
        try:
            state = section.evaluate(facts)
            if type(state) is not SectionState:
                found = type(state).__name__
                raise PluginError(f"Section {section.key!r} returned {found}, no SectionState.")
            if demands:
                state = _filled(section, demands.get(section.key, ()), state, facts)
        except NotAnswered as missing:
            state = unknown("section.unanswered", why=str(missing))
        except Exception as error:  # noqa: BLE001 - a section is a plug-in's code: fail closed
            faults[section.key] = error
            state = unknown("section.failed", error=type(error).__name__)
        states.append(state)
    effects = _effects(checklist, facts, states, faults)
    return Judged(checklist, tuple(states), effects, faults)


def _effects(
    checklist: Checklist, facts: Facts, states: list[SectionState], faults: dict[str, BaseException]
) -> dict[str, tuple[Effect, ...]]:
    """Ask the sections what they plan; one that cannot say becomes unknown."""
    effects: dict[str, tuple[Effect, ...]] = {}
    for at, planner in checklist.planning:
        if states[at].light is UNKNOWN:
            continue  # what it would do is not known either
        try:
            if planned := _planned(planner, facts):
                effects[checklist.sections[at].key] = planned
        except NotAnswered as missing:
            states[at] = unknown("section.unanswered", why=str(missing))
        except Exception as error:  # noqa: BLE001 - likewise: what it would do is not known
            faults[checklist.sections[at].key] = error
            states[at] = unknown("section.failed", error=type(error).__name__)
    return effects


def _filled(
    section: Section, wanted: tuple[str, ...], state: SectionState, facts: Facts
) -> SectionState:
    """Return the state of a section, or red where it is green but a required field is empty."""
    if state.light is not GREEN or not wanted:
        return state
    form: Any = facts.entered(form_of(section) or type(None))
    values = {name: None if form is None else getattr(form, name) for name in wanted}
    empty = [name for name, value in values.items() if _is_empty(value)]
    return red("section.required", labels="; ".join(empty)) if empty else state


def _is_empty(value: object) -> bool:
    """Say whether nothing was entered: nothing, blank text, no items, or a box not ticked."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is False or (isinstance(value, Sized) and not len(value))


def _planned(planner: WithEffects, facts: Facts) -> tuple[Effect, ...]:
    planned = tuple(planner.effects(facts))
    for effect in planned:
        if type(effect) not in planner.effect_types:
            what = f"planned a {type(effect).__name__}, which is not one of its effect_types"
            raise PluginError(f"{type(planner).__name__} {what}.")
        if type(effect.message()) is not Message:
            raise PluginError(f"{type(effect).__name__}.message() returned no Message.")
    return planned

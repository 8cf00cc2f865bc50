"""What a section is: one item of the checklist, as a small structural Protocol.

A section is any frozen class with a key, a title, needs and `evaluate`; there is no base class.
What a section may have beyond that has Protocols of its own, each of them optional.
Protocol members are read-only properties, so that plain class attributes satisfy them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol, runtime_checkable

from cancelkit.effects import Effect
from cancelkit.facts import Facts
from cancelkit.needs import Need
from cancelkit.states import SectionState


class Gate(Enum):
    """What a section that is not green means for Process."""

    BLOCKS = "blocks"  # Process is refused
    ADVISES = "advises"  # it is shown, and Process is allowed
    OFF = "off"  # the section is left out: not asked, not shown, never evidence


class Section(Protocol):
    """One item of the checklist. It never does I/O: it turns facts into a state.

    It may also have `gate`: the `Gate` that it asks for; a section without one blocks.
    """

    @property
    def key(self) -> str:
        """The stable key, such as "sales_orders": lower case letters, digits and underscores."""

    @property
    def title(self) -> str:
        """The title in English; a translator finds it under "title.<key>"."""

    @property
    def needs(self) -> Sequence[Need[Any]]:
        """What it wants to know; the adapter answers the needs of all sections together."""

    def evaluate(self, facts: Facts) -> SectionState:
        """Turn facts into a state: total, pure and deterministic."""


@runtime_checkable
class WithForm(Protocol):
    """A section into which a person enters something."""

    @property
    def form(self) -> type:
        """The frozen attrs class of what can be entered; its annotations are its schema.

        A form with a property `mentions` (user ids) has these users looked up for `facts.user`.
        """


@runtime_checkable
class WithCheck(Protocol):
    """A section that checks what was entered beyond the types of the form."""

    def check(self, form: Any, facts: Facts, /) -> None:
        """Raise `Invalid` with what was wrong and what is expected; no needs are answered here."""


@runtime_checkable
class WithEffects(Protocol):
    """A section that plans effects."""

    @property
    def effect_types(self) -> Sequence[type[Effect]]:
        """The classes of effects that it may plan; the host has a performer for each."""

    def effects(self, facts: Facts) -> Sequence[Effect]:
        """Return what is to be done now, as far as it has not been done: pure, like evaluate."""


@runtime_checkable
class WithSamples(Protocol):
    """A section that also asks other systems, which no transaction can hold still.

    What they answer is a sample, taken before the unit of work and within a deadline; late is
    unknown. Such a section can advise and never block.
    """

    @property
    def sampled(self) -> Sequence[Need[Any]]:
        """What it wants to know from other systems; read from the facts like any need."""


@runtime_checkable
class WithTexts(Protocol):
    """A section that brings the English texts of its messages."""

    @property
    def texts(self) -> Mapping[str, str]:
        """Message key -> text with `{name}` places; plurals end in ".one" and ".other"."""

"""Future Expiry for hosts that let cancelkit create the expiry. Import it by its own name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from attrs import field, frozen

from cancelkit.errors import Invalid
from cancelkit.facts import Facts
from cancelkit.messages import Message
from cancelkit.sections.future_expiry import FutureExpirySection
from cancelkit.states import GREEN, SectionState, green
from cancelkit.text import checked_line


@frozen
class CreateExpiry:
    """Create an expiry for the cancelled customer, for hosts that let cancelkit do so."""

    kind: ClassVar[str] = "create_expiry"
    on: date  # after today
    note: str = field(default="", repr=False)  # one line for whoever is reminded

    def message(self) -> Message:
        """Name the day."""
        return Message.of("effect.create_expiry", on=self.on)


@frozen
class NewExpiry:
    """What is entered to have an expiry created; without a day, nothing is."""

    on: date | None = None
    note: str = field(default="", repr=False)  # one line for whoever is reminded

    def __attrs_post_init__(self) -> None:
        checked_line(self.note, "the note of the expiry")


@frozen
class CreatingExpirySection(FutureExpirySection):
    """Future Expiry for hosts that let cancelkit create the expiry (and register a performer)."""

    form: type[NewExpiry] = NewExpiry
    effect_types: tuple[type[CreateExpiry], ...] = (CreateExpiry,)

    def evaluate(self, facts: Facts) -> SectionState:
        """Look for the next expiry, or a planned one."""
        state = FutureExpirySection.evaluate(self, facts)
        planned = facts.entered(NewExpiry)
        if facts.performed(CreateExpiry) is not None or planned is None or planned.on is None:
            return state
        if state.light is not GREEN and planned.on > facts.as_of:
            return green("expiry.planned", on=planned.on)
        return state

    def check(self, form: NewExpiry, facts: Facts, /) -> None:
        """Refuse a day that is not future."""
        if form.on is not None and form.on <= facts.today:
            sentence = f"A future expiry must be after today ({facts.today}), not {form.on}."
            raise Invalid(sentence, Message.of("expiry.past", on=form.on))

    def effects(self, facts: Facts) -> Sequence[CreateExpiry]:
        """Plan to create what was entered."""
        planned = facts.entered(NewExpiry)
        if planned is None or planned.on is None or planned.on <= facts.as_of:
            return ()
        return (CreateExpiry(planned.on, planned.note),)


FUTURE_EXPIRY_CREATING = CreatingExpirySection()

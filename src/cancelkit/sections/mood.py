"""Customer Mood: how the customer feels, one of a configurable list (seed article)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from cancelkit.errors import UnknownReason
from cancelkit.facts import Facts
from cancelkit.messages import Message
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red
from cancelkit.text import checked_line


@frozen
class Mood:
    """What is entered: the key of one option; "" takes an earlier choice back."""

    option: str = ""

    def __attrs_post_init__(self) -> None:
        checked_line(self.option, "the mood")


_OPTIONS = {o.lower(): o for o in ("Happy", "Neutral", "Disappointed", "Angry")}


@frozen
class MoodSection:
    """Green when one option is chosen."""

    options: Mapping[str, str] = field(factory=lambda: dict(_OPTIONS), hash=False)  # key -> label
    key: str = "mood"
    title: str = "Customer Mood"
    gate: Gate = Gate.ADVISES
    needs: tuple[()] = ()
    form: type[Mood] = Mood

    def evaluate(self, facts: Facts) -> SectionState:
        """Look at what was entered."""
        entered = facts.entered(Mood)
        if entered is None or not entered.option:
            return red("mood.none", hint="mood.none.hint")
        if entered.option not in self.options:
            return red("mood.unlisted", hint="mood.none.hint", mood=entered.option)
        return green("mood.chosen", labels=self.options[entered.option])

    def check(self, form: Mood, facts: Facts, /) -> None:
        """Refuse an option that is not on the list."""
        if form.option and form.option not in self.options:
            listed = ", ".join(self.options)
            said = f"There is no mood {form.option!r}; the moods are: {listed}."
            raise UnknownReason(said, Message.of("mood.unlisted", mood=form.option))

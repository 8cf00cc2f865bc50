"""Future Expiry: a dated reminder of a future sales chance (seed article, "Future Expiry")."""

from __future__ import annotations

from attrs import frozen

from cancelkit.facts import Facts
from cancelkit.needs import NextDate
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red


@frozen
class FutureExpirySection:
    """Green when at least one expiry is dated after the as-of day; that day is not future."""

    key: str = "future_expiry"
    title: str = "Future Expiry"
    gate: Gate = Gate.ADVISES
    needs: tuple[NextDate] = (NextDate("expiries"),)

    def evaluate(self, facts: Facts) -> SectionState:
        """Look for the next expiry."""
        upcoming = facts[self.needs[0]]
        if upcoming is not None and upcoming > facts.as_of:
            return green("expiry.future", on=upcoming)
        if facts.as_of > facts.today:
            return red("expiry.none_then", hint="expiry.none.hint", on=facts.as_of)
        return red("expiry.none", hint="expiry.none.hint")

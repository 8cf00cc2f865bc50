"""Assets: all of the customer's assets must be ceased (seed article, "Assets")."""

from __future__ import annotations

from attrs import frozen

from cancelkit.facts import Facts
from cancelkit.needs import Count, UnceasedAssets
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red


@frozen
class AssetsSection:
    """Green when every asset has a cease date not after the as-of day and is not ticked live.

    Separate messages tell what is left to do: still live; cease date in the future (scheduled);
    cease date set and come, but still ticked live; or some of each. `count` is all of them.
    """

    key: str = "assets"
    title: str = "Assets"
    gate: Gate = Gate.BLOCKS
    needs: tuple[UnceasedAssets] = (UnceasedAssets(),)

    def evaluate(self, facts: Facts) -> SectionState:
        """Count the assets that are not ceased."""
        live, scheduled, ticked = left = facts[self.needs[0]]
        kinds = (live.n > 0) + (scheduled.n > 0) + (ticked.n > 0)
        if not kinds:
            return green("assets.ceased")
        if kinds > 1:
            total = Count(sum(count.n for count in left), any(count.more for count in left))
            parts = {name: str(count) for name, count in left._asdict().items()}
            return red("assets.left", count=total, hint="assets.left.hint", **parts)
        if live.n:
            return red("assets.live", count=live, hint="assets.live.hint")
        if scheduled.n:
            return red("assets.scheduled", count=scheduled, hint="assets.scheduled.hint")
        code = "assets.ticked_then" if facts.as_of > facts.today else "assets.ticked"
        return red(code, count=ticked, hint="assets.ticked.hint")

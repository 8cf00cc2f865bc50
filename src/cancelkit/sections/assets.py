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

    Three messages tell apart what is left to do, the most pressing first: still live; cease date
    in the future (scheduled); cease date set and come, but still ticked live. `count` is all of
    them together.
    """

    key: str = "assets"
    title: str = "Assets"
    gate: Gate = Gate.BLOCKS
    needs: tuple[UnceasedAssets, ...] = (UnceasedAssets(),)

    def evaluate(self, facts: Facts) -> SectionState:
        """Count the assets that are not ceased."""
        left = facts[self.needs[0]]
        live, scheduled, ticked = left.live, left.scheduled, left.ticked
        kinds = (live.n > 0) + (scheduled.n > 0) + (ticked.n > 0)
        if not kinds:
            return green("assets.ceased")
        if kinds > 1:
            total = Count(
                live.n + scheduled.n + ticked.n, live.more or scheduled.more or ticked.more
            )
            return red(
                "assets.left",
                count=total,
                hint="assets.left.hint",
                live=str(live),
                scheduled=str(scheduled),
                ticked=str(ticked),
            )
        if live.n:
            return red("assets.live", count=live, hint="assets.live.hint")
        if scheduled.n:
            return red("assets.scheduled", count=scheduled, hint="assets.scheduled.hint")
        return red("assets.ticked", count=ticked, hint="assets.ticked.hint")


ASSETS = AssetsSection()

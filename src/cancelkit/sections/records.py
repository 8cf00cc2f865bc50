"""All X closed: the article's Cases, Opportunities, Quotations and Sales Orders, and plug-ins."""

from __future__ import annotations

from attrs import frozen

from cancelkit.facts import Facts
from cancelkit.needs import OpenRecords
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red


@frozen
class RecordsSection:
    """Green when every record of a kind is closed. No records at all is green."""

    key: str
    title: str
    needs: tuple[OpenRecords]
    gate: Gate = Gate.BLOCKS

    def evaluate(self, facts: Facts) -> SectionState:
        """Count the open records."""
        count = facts[self.needs[0]]
        if not count.n:
            return green("records.closed")
        return red("records.open", count=count, hint="records.open.hint")


def records_section(
    key: str, *, title: str, kind: str = "", gate: Gate = Gate.BLOCKS
) -> RecordsSection:
    """Return a section that is green when all records of a kind (the key, if "") are closed.

    The host says what closed means for the kind; a status that nobody declared closed is open.
    """
    return RecordsSection(key, title, (OpenRecords(kind or key),), gate)

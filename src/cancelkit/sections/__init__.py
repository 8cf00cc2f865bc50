"""The article's nine sections, one file for each kind, and what is entered into them."""

from __future__ import annotations

from cancelkit.section import Section
from cancelkit.sections.assets import AssetsSection
from cancelkit.sections.future_expiry import FutureExpirySection
from cancelkit.sections.mood import Mood, MoodSection
from cancelkit.sections.ownership import NewOwner, OwnershipSection
from cancelkit.sections.reasons import Reason, ReasonCode, Reasons, ReasonsSection
from cancelkit.sections.records import RecordsSection, records_section

STANDARD_SECTIONS: tuple[Section, ...] = (
    ReasonsSection(),
    OwnershipSection(),
    FutureExpirySection(),
    AssetsSection(),
    records_section("cases", title="Cases"),
    records_section("opportunities", title="Opportunities"),
    records_section("quotations", title="Quotations"),
    records_section("sales_orders", title="Sales Orders"),
    MoodSection(),
)
"""In the article's order."""

__all__ = [
    "STANDARD_SECTIONS",
    "AssetsSection",
    "FutureExpirySection",
    "Mood",
    "MoodSection",
    "NewOwner",
    "OwnershipSection",
    "Reason",
    "ReasonCode",
    "Reasons",
    "ReasonsSection",
    "RecordsSection",
    "records_section",
]

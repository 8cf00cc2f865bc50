"""The article's nine sections, one file for each kind, and what is entered into them."""

from __future__ import annotations

from cancelkit.sections.assets import ASSETS, AssetsSection
from cancelkit.sections.future_expiry import FUTURE_EXPIRY, FutureExpirySection
from cancelkit.sections.mood import MOOD, Mood, MoodSection
from cancelkit.sections.ownership import OWNERSHIP, NewOwner, OwnershipSection
from cancelkit.sections.reasons import REASONS, Reason, ReasonCode, Reasons, ReasonsSection
from cancelkit.sections.records import (
    CASES,
    OPPORTUNITIES,
    QUOTATIONS,
    SALES_ORDERS,
    RecordsSection,
    records_section,
)

__all__ = [
    "ASSETS",
    "CASES",
    "FUTURE_EXPIRY",
    "MOOD",
    "OPPORTUNITIES",
    "OWNERSHIP",
    "QUOTATIONS",
    "REASONS",
    "SALES_ORDERS",
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

"""The article's nine sections, one file for each kind, and what is entered into them."""

from cancelkit.section import Section
from cancelkit.sections.assets import AssetsSection as AssetsSection
from cancelkit.sections.future_expiry import FutureExpirySection as FutureExpirySection
from cancelkit.sections.mood import Mood as Mood
from cancelkit.sections.mood import MoodSection as MoodSection
from cancelkit.sections.ownership import NewOwner as NewOwner
from cancelkit.sections.ownership import OwnershipSection as OwnershipSection
from cancelkit.sections.reasons import Reason as Reason
from cancelkit.sections.reasons import ReasonCode as ReasonCode
from cancelkit.sections.reasons import Reasons as Reasons
from cancelkit.sections.reasons import ReasonsSection as ReasonsSection
from cancelkit.sections.records import RecordsSection as RecordsSection
from cancelkit.sections.records import records_section as records_section

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

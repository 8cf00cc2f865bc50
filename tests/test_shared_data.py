"""A public data set that nobody here made, through a mapping; skipped where it is not present."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cancelkit import CancelKit, Desk, EitherRole, Person, Reasons
from cancelkit.adapters.csv_folder import BadFile, LeftOut, Loaded, load_folder
from cancelkit.adapters.memory import CountingIds, MemoryHost, Record, SetClock
from cancelkit.bulk import check_many
from cancelkit.errors import Blocked
from cancelkit.records import State

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("CANCELKIT_SHARED_DATA") or ROOT.parent / "shared" / "data")
DATA = SHARED / "crm-sales-opportunities"
MAPPING = Path(__file__).parent / "data" / "crm_sales_opportunities.toml"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(),
    reason=f"the data set {DATA.name} is not here; CANCELKIT_SHARED_DATA can name its parent",
)


@pytest.fixture
def loaded() -> Loaded:
    return load_folder(DATA, MAPPING)


@pytest.fixture
def desk(loaded: Loaded) -> Desk:
    kit = CancelKit(
        loaded.checklist, roles=EitherRole(lambda user: ["CRM Admin"]), users=loaded.users
    )
    host = MemoryHost(
        loaded.crm,
        clock=SetClock(datetime(2018, 1, 2, tzinfo=UTC)),
        ids=CountingIds(),
        mirrored=False,  # the export has no status
    )
    kit.verify(host)
    return kit.at(host, actor=Person("admin", "An Admin"))


def test_opportunities_without_an_account_are_counted_and_reported(loaded: Loaded) -> None:
    report = loaded.report
    lines = (11, 44, 46, 58, 62)
    left_out = LeftOut("opportunities", "sales_pipeline.csv", "no customer", 1_425, lines)
    assert (left_out,) == report.left_out
    assert {"users": 35, "customers": 85, "opportunities": 8_800 - 1_425} == report.rows


def test_sections_without_a_file_are_absent(loaded: Loaded) -> None:
    absent = ("future_expiry", "assets", "cases", "quotations", "sales_orders")
    assert absent == loaded.report.absent
    assert ["reasons", "ownership", "opportunities", "mood"] == list(loaded.checklist.by_key)


def test_every_account_has_open_opportunities(desk: Desk, loaded: Loaded) -> None:
    checked = list(check_many(desk, loaded.crm.ids()))
    assert 85 == len(checked)
    assert {("opportunities",)} == {readiness.blocked_by for readiness in checked}


def test_one_account_is_cancelled_and_the_others_are_refused_by_name(
    desk: Desk, loaded: Loaded
) -> None:
    crm = loaded.crm
    first, *others = crm.ids()
    for record in crm.records("opportunities", first):
        if isinstance(record, Record) and record.status not in ("Won", "Lost"):
            crm.set_status("opportunities", record.id, "Lost")
    for customer in (first, *others):
        desk.begin(customer).enter(Reasons("closed_down"))

    outcome = desk.get(first).process(desk.get(first).plan().token)
    assert (State.CANCELLED, "Cancelled") == (outcome.now, desk.check(first).status)
    for customer in others:
        cancellation = desk.get(customer)
        with pytest.raises(Blocked, match=r"Opportunities: \d+ still open") as refused:
            cancellation.process(cancellation.plan().token)
        assert ("opportunities",) == refused.value.sections
        assert customer in str(refused.value)
        assert State.PENDING == cancellation.view().state


def test_a_day_that_is_not_day_first_is_found_by_file_line_and_column(tmp_path: Path) -> None:
    for path in DATA.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("20-10-16", "10-20-16"), encoding="utf-8")
    with pytest.raises(BadFile) as bad:
        load_folder(tmp_path, MAPPING)
    first = bad.value.problems[0]
    assert ("sales_pipeline.csv", 2) == (first.file, first.line)
    assert "column engage_date" == first.column
    assert "'10-20-16' is not a day" == first.wrong

"""Two connections to real databases: no race is lost where the doctor says strict.

Some pause points by default, all of them in the profile "nightly". `python -m tests.sql_races`
prints the table that stands in docs/races.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import sql_pairs, sql_race_track
from tests.conftest import PROFILE
from tests.harness.report import Report
from tests.servers import Databases
from tests.sql_pairs import COMMON, PAIRS, Arena
from tests.sql_race_crm import WRITES
from tests.sql_race_track import Line, Setting, Track, settings
from tests.sql_races import PAGE, paired_rows, put_into

NIGHTLY_RUN = PROFILE == "nightly"
READ_COMMITTED, REPEATABLE = "READ COMMITTED", "REPEATABLE READ"
DEFAULT = (
    Setting("sqlite", "plain"),
    Setting("sqlite", "plain", "", ""),
    Setting("postgres", "fk", READ_COMMITTED),
    Setting("postgres", "fk", "SERIALIZABLE"),
    Setting("postgres", "plain", READ_COMMITTED),
    Setting("postgres", "guarded", READ_COMMITTED),
    Setting("postgres", "guarded", "", REPEATABLE, early=True),
    Setting("postgres", "fk", "", READ_COMMITTED, early=True),
    Setting("postgres", "fk", "", REPEATABLE),
    Setting("mariadb", "fk", READ_COMMITTED),
    Setting("mariadb", "plain", REPEATABLE),
    Setting("mariadb", "fk", "", REPEATABLE, early=True),
    Setting("mariadb", "plain", "", READ_COMMITTED),
    Setting("mariadb", "plain", "", REPEATABLE, early=True),
)
"""The lines that every test run tries."""
SETTINGS = (
    [one for kind in ("sqlite", "postgres", "mariadb") for one in settings(kind)]
    if NIGHTLY_RUN
    else list(DEFAULT)
)


@pytest.fixture(scope="module")
def tracks(databases: Databases) -> Iterator[dict[tuple[str, str], Track]]:
    made: dict[tuple[str, str], Track] = {}
    yield made
    for track in made.values():
        track.close()


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_no_race_is_lost_where_the_doctor_says_strict(
    setting: Setting, databases: Databases, tracks: dict[tuple[str, str], Track], report: Report
) -> None:
    key = (setting.database, setting.tables)
    if key not in tracks:
        tracks[key] = Track(databases.engine(setting.database, "races"), setting.tables)
    points = sql_race_track.every if NIGHTLY_RUN else sql_race_track.few
    line = tracks[key].line(setting, points)
    report("races of Process with the CRM", f"{setting}: {line.lost} lost of {line.races}")
    assert on_the_page(setting) == stable(line.cells())
    assert not line.is_wrong, {how: dict(tally.ends) for how, tally in line.tallies.items()}


def stable(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return what no number of races changes: what was lost, refused, or kept."""
    ends = 5 + len(WRITES)
    return (*cells[:5], *("lost" if " of " in cell else cell for cell in cells[5:ends]))


def on_the_page(setting: Setting) -> tuple[str, ...]:
    """Return the line of docs/races.md."""
    rows = PAGE.read_text(encoding="utf-8").partition(f"<!-- races on {setting.database} -->")[2]
    for row in rows.splitlines():
        cells = (setting.cells()[0], *(cell.strip() for cell in row.strip("| ").split("|")))
        if cells[:4] == setting.cells():
            return stable(cells)
    raise AssertionError("not on the page: python -m tests.sql_races --write")


@pytest.fixture(params=["postgres", "mariadb"])
def arena(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Arena]:
    made = Arena(databases.engine(request.param, "pairs"))
    yield made
    made.close()


CHOSEN = [two for two in PAIRS if NIGHTLY_RUN or str(two) in COMMON]


def test_pairs_end_as_one_after_the_other(arena: Arena, report: Report) -> None:
    points = sql_pairs.every if NIGHTLY_RUN else sql_pairs.few
    page, count = PAGE.read_text(encoding="utf-8"), 0
    for two in CHOSEN:
        found = list(arena.endings(two, points))
        assert [] == [wrong for ending in found for wrong in ending.wrong], str(two)
        missing = [r for r in paired_rows([(two, found)]) if f"| {' | '.join(r)} |" not in page]
        assert not missing, "docs/races.md says another thing"
        count += len(found)
    report("races of two commands", f"{arena.engine.dialect.name}: {count} of {len(CHOSEN)} pairs")


def test_all_the_common_pairs_are_there() -> None:
    assert set(COMMON) <= {str(two) for two in PAIRS}
    assert set(DEFAULT) <= {one for kind in {s.database for s in DEFAULT} for one in settings(kind)}


def test_a_page_takes_a_new_table() -> None:
    page = "a\n<!-- t -->\nold\n<!-- end of t -->\nb\n"
    once = put_into(page, "t", ["new"])
    assert "a\n<!-- t -->\n\nnew\n\n<!-- end of t -->\nb\n" == once
    assert once == put_into(once, "t", ["new"])


def test_a_lost_race_that_is_called_strict_is_wrong() -> None:
    tally = sql_race_track.Tally(races=2, lost=1)
    assert Line(DEFAULT[0], "strict", {"insert": tally}).is_wrong
    assert not Line(DEFAULT[0], "not strict", {"insert": tally}).is_wrong


def test_the_pairs_are_those_in_memory() -> None:
    assert len(PAIRS) == len({str(two) for two in PAIRS})

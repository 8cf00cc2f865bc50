"""The queue as CSV: whatever is in it can be read again, and no cell is a formula (promise F47)."""

from __future__ import annotations

import csv as rfc4180
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cancelkit import NewOwner, Person, Reasons
from cancelkit.messages import Catalogue
from cancelkit.queue import Given, Queue, Row, Stage, csv, queue
from cancelkit.queue.export import COLUMNS
from cancelkit.records import Stamp
from tests import strategies as sts
from tests.world import TODAY, world

KIT = world().kit
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
TRIGGERS = (*FORMULA, "\t", "\r")
ENDS = (";", "\t", "\r", "\n")
"""Where a cell ends for a spreadsheet that does not separate by commas."""

HOSTILE = st.one_of(
    sts.MAY_BE_STORED,
    st.builds("".join, st.tuples(st.sampled_from([*TRIGGERS, "\x00", "'", '"', ","]), st.text())),
    st.text(st.sampled_from([*TRIGGERS, *ENDS, "'", '"', ",", " ", "a"]), max_size=9),
    st.text(st.characters()),
)
"""What a host may have as a name, unchecked: formulas, NULs, line ends, lone surrogates."""

PEOPLE = st.builds(Person, sts.IDS, HOSTILE)
STAMPS = st.builds(Stamp, PEOPLE, st.just(datetime(2026, 3, 1, 23, tzinfo=UTC)))
ROWS = st.builds(
    Row,
    customer=HOSTILE,
    name=HOSTILE,
    cancellation=sts.IDS,
    owners=st.lists(PEOPLE, max_size=2).map(tuple),
    status=HOSTILE,
    profile=HOSTILE,
    begun=st.none() | STAMPS,
    age=st.none() | st.integers(0, 9999),
    touched=st.none() | STAMPS,
    stage=st.sampled_from(Stage),
    says=HOSTILE,
    blocked_by=st.lists(st.sampled_from(["assets", "reasons", "=1+1"])).map(tuple),
    on=st.none() | sts.DAYS,
    due=st.none() | sts.DAYS,
    reasons=st.lists(st.builds(Given, sts.IDS, HOSTILE), max_size=2).map(tuple),
    overdue=st.booleans(),
    stuck=st.booleans(),
)


def of(*rows: Row) -> Queue:
    return evolve(queue(world().desk()), rows=rows)


def parsed(text: str) -> list[list[str]]:
    """Parse as RFC 4180 says; `strict` refuses a quote where none may be."""
    return list(rfc4180.reader(io.StringIO(text, newline=""), strict=True))


def separated_by(delimiter: str, text: str) -> list[str]:
    """Parse as a spreadsheet does that separates cells by something else: what is left of it."""
    lines = rfc4180.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [cell for cells in lines for cell in cells]


def harmless(value: str) -> str:
    """Return a value as it must be in its cell, read from the left, one character at a time."""
    made, begins = "", True
    for at, one in enumerate(value):
        if (begins and one in FORMULA) or (at == 0 and one in TRIGGERS):
            made += "'"
        made += one
        begins = one in ENDS or (begins and (one.isspace() or one == '"'))
    return made


def stored(value: object) -> str:
    """Return a value as a file of text can hold it."""
    return "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in str(value))


@given(st.lists(ROWS, max_size=4))
def test_everything_is_there_again_and_no_cell_is_a_formula(rows: list[Row]) -> None:
    text = "".join(csv(of(*rows), KIT))
    text.encode("utf-8")
    head, *body = parsed(text)
    assert len(COLUMNS) == len(head)
    assert [len(COLUMNS)] * len(rows) == [len(cells) for cells in body]
    for row, cells in zip(rows, body, strict=True):
        for made, cell in zip(COLUMNS.values(), cells, strict=True):
            value = stored(made(KIT, row))
            assert not cell.startswith(TRIGGERS)
            assert "\x00" not in cell
            assert harmless(value) == cell


@given(st.lists(ROWS, max_size=4), st.sampled_from([";", "\t"]))
def test_no_cell_is_a_formula_where_others_than_commas_separate(
    rows: list[Row], delimiter: str
) -> None:
    """A German spreadsheet takes quoted cells apart: no part of them is a formula either."""
    cells = separated_by(delimiter, "".join(csv(of(*rows), KIT)))
    assert [] == [cell for cell in cells if cell.lstrip().lstrip('"').startswith(FORMULA)]


@pytest.mark.parametrize("name", ["Ann; =cmd|' /C calc'!A0", 'x;"=1+1"', "a\n@SUM(A1)", "a\t \t-1"])
def test_a_formula_behind_a_semicolon_is_none(name: str) -> None:
    made = world()
    made.ready()
    made.crm.put_customer(evolve(made.customer, owners=(Person("u", "Bo"), Person("v", name))))
    text = "".join(csv(queue(made.desk()), made.kit))
    assert harmless(f"Bo; {name}") == parsed(text)[1][3]
    assert f"Bo; {name}" != parsed(text)[1][3]
    for delimiter in (";", "\t"):
        cells = separated_by(delimiter, text)
        assert [] == [cell for cell in cells if cell.strip(' "\t').startswith(FORMULA)]


@given(st.lists(ROWS, max_size=3))
def test_each_line_is_a_row(rows: list[Row]) -> None:
    lines = list(csv(of(*rows), KIT))
    assert 1 + len(rows) == len(lines)
    assert all(line.endswith("\r\n") for line in lines)
    assert all(1 == len(parsed(line)) for line in lines)


def test_a_whole_cancellation_as_csv() -> None:
    made = world(zone="Pacific/Auckland")
    one = made.begun()
    one.enter(Reasons(["price", "service"], text="=1+1"))
    one.enter(NewOwner("t-7"))
    made.crm.put_customer(evolve(made.customer, name='=HYPERLINK("http://evil.example")'))
    one.process(one.plan(on=TODAY.replace(day=9)).token, on=TODAY.replace(day=9))
    head, cells = parsed("".join(csv(queue(made.desk(), limit=None), made.kit)))
    expected: dict[str, Any] = {
        "Customer": "C-1",
        "Name": '\'=HYPERLINK("http://evil.example")',
        "Status": "Live (PC)",
        "Owners": "Ann",
        "Profile": "",
        "Stage": "Scheduled",
        "Where it stands": "Scheduled for 2026-03-09",
        "Blocked by": "",
        "Reasons": "Price; Service or support",
        "Begun on": "2026-03-02",
        "Begun by": "Alice",
        "Days open": "0",
        "Last touched on": "2026-03-02",
        "Last touched by": "Alice",
        "Effective date": "2026-03-09",
        "Tried on": "2026-03-09",
        "Overdue": "no",
        "Stuck": "no",
    }
    assert expected == dict(zip(head, cells, strict=True))


def test_headings_are_in_the_language_of_the_kit() -> None:
    made = world(translator=Catalogue({"queue.customer": "Kunde", "queue.name": "=Name"}))
    (head,) = parsed("".join(csv(of(), made.kit)))
    assert ["Kunde", "'=Name", "queue.status"] == head[:3]

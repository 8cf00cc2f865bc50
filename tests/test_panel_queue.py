"""The queue as a page and as CSV: filters, marks in words, paging, and no formulas."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO
from urllib.parse import urlencode

import pytest
from attrs import evolve

from cancelkit import Customer, Person, Reasons, Status
from cancelkit.adapters.memory import Record
from cancelkit.adapters.web import queue_page
from tests.panel_visitor import Page, Visitor
from tests.panel_world import new_panel, panel_world
from tests.world import NINE_O_CLOCK, World

PANEL = new_panel()
OWNERS = {"A": "u-1", "B": "t-7", "C": ""}


def full() -> World:
    """Return a CRM with three open cancellations, begun ten days after each other."""
    w = panel_world()
    for number, (key, owner) in enumerate(OWNERS.items()):
        w.clock.set(NINE_O_CLOCK + timedelta(days=10 * number))
        owners = (Person(owner, {"u-1": "Ann", "t-7": "Tom"}[owner]),) if owner else ()
        w.crm.put_customer(Customer(key, f"Customer {key}", Status("live"), owners))
        w.desk().begin(key)
    w.desk().get("B").enter(Reasons("price"))
    w.desk().get("C").process(
        w.desk().get("C").plan(on=date(2026, 4, 1)).token, on=date(2026, 4, 1)
    )
    w.crm.put("cases", Record("K", "A", "open"))
    return w


def names(page: Page) -> list[str]:
    """Return the customers in the order of the rows."""
    return [key for key in OWNERS if f"Customer {key}" in page.text]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "ABC"),
        ("search=customer+b", "B"),
        ("search=%3Cb%3E", ""),
        ("stage=ready", "B"),
        ("stage=to_do", "A"),
        ("stage=scheduled", "C"),
        ("min_age=10", "AB"),
        ("owner=is%3Au-1", "A"),
        ("owner=none", "C"),
        ("reason=is%3Aprice", "B"),
        ("reason=none", "AC"),
        ("profile=none", "ABC"),
        ("stuck=on", "A"),
        ("overdue=on", ""),
    ],
)
def test_the_queue_is_filtered(query: str, found: str) -> None:
    page = Visitor(full(), PANEL).open(f"?{query}")
    assert (200, list(found)) == (page.status, names(page))
    assert f"{len(found)} of 3" in page.text


def test_the_filters_that_are_set_are_shown_and_exported() -> None:
    alice = Visitor(full(), PANEL)
    page = alice.open("?owner=is%3At-7&search=customer&stuck=on")
    (form,) = page.reading.forms
    assert (["is:t-7"], ["customer"], ["on"]) == tuple(
        form.values(name) for name in ("owner", "search", "stuck")
    )
    assert "./queue.csv?search=customer&owner=is%3At-7&stuck=on" in page.reading.links


def test_overdue_and_stuck_ones_are_marked_in_words() -> None:
    w = full()
    w.clock.set(NINE_O_CLOCK + timedelta(days=60))
    page = Visitor(w, PANEL).open("")
    assert 3 == page.html.count(">stuck</span>")
    assert "Customer C C overdue stuck Scheduled for 1 April 2026" in page.text
    assert "To do: Cancellation reasons, Cases" in page.text


def test_each_stage_has_a_shape_and_words() -> None:
    html = Visitor(full(), PANEL).open("").html
    assert ["red", "green", "day"] == [
        part.split(" ")[0] for part in html.split('<span class="circle ')[1:]
    ]


def test_pages_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_page, "ROWS", 2)
    alice = Visitor(full(), PANEL)
    first = alice.open("?min_age=0")
    assert (["A", "B"], True) == (names(first), "Page 1 of 2" in first.text)
    (after,) = [one for one in first.reading.links if "page=2" in one]
    second = alice.open(after)
    assert (["C"], True) == (names(second), "Page 2 of 2" in second.text)
    assert ["./?min_age=0&page=1"] == [one for one in second.reading.links if "page=" in one]


def test_a_page_behind_the_last_one_is_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_page, "ROWS", 2)
    page = Visitor(full(), PANEL).open("?page=9")
    assert (["C"], True) == (names(page), "Page 2 of 2" in page.text)
    assert ["./?page=1"] == [one for one in page.reading.links if "page=" in one]


@pytest.mark.parametrize(
    ("name", "chosen"),
    [("owner", "is:gone"), ("reason", "is:gone"), ("profile", "is:gone"), ("profile", "none")],
)
def test_a_filter_that_no_row_fits_any_more_is_still_shown(name: str, chosen: str) -> None:
    page = Visitor(full(), PANEL).open(f"?{urlencode({name: chosen})}")
    (filters,) = page.reading.forms
    assert [chosen] == filters.values(name)


@pytest.mark.parametrize(("language", "word"), [("en", "To do"), ("de", "Zu erledigen")])
def test_the_export_names_the_stage_in_the_language_of_the_reader(language: str, word: str) -> None:
    page = Visitor(full(), PANEL, headers={"accept-language": language}).open(
        "queue.csv?stage=to_do"
    )
    rows = list(csv.reader(StringIO(page.html.removeprefix("\ufeff"), newline="")))
    assert word == rows[1][5]


def test_an_empty_queue_says_so() -> None:
    alice = Visitor(panel_world(), PANEL)
    assert "No cancellation is open." in alice.open("").text
    assert "No open cancellation fits." in alice.open("?search=x").text


def test_who_may_see_nobody_sees_an_empty_queue() -> None:
    w = full()
    assert [] == names(Visitor(w, PANEL, "eve").open(""))
    assert "Customer A" not in Visitor(w, PANEL, "eve").open("queue.csv").html


def test_the_export_has_the_filtered_rows_and_a_name() -> None:
    w = full()
    page = Visitor(w, PANEL).open("queue.csv?owner=none")
    rows = list(csv.reader(StringIO(page.html.removeprefix("\ufeff"), newline="")))
    assert ["Customer", "Name"] == rows[0][:2]
    assert [["C", "Customer C"]] == [row[:2] for row in rows[1:]]
    named = page.answer.header("Content-Disposition")
    assert 'attachment; filename="cancellations-2026-03-22.csv"' == named
    assert "text/csv; charset=utf-8" == page.answer.header("Content-Type")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\u2068=1"])
def test_no_cell_of_the_export_is_a_formula_or_isolated(text: str) -> None:
    w = panel_world()
    w.crm.put_customer(evolve(w.customer, name=text))
    w.begun()
    page = Visitor(w, PANEL).open("queue.csv")
    rows = list(csv.reader(StringIO(page.html.removeprefix("\ufeff"), newline="")))
    cells = [cell for row in rows for cell in row if cell]
    assert [] == [cell for cell in cells if cell[0] in "=+-@\t\r"]
    assert text in rows[1][1]
    assert all("\u2069" not in cell for cell in cells)


@pytest.mark.parametrize(
    "query", ["min_age=x", "min_age=-1", "stage=READY", "owner=x", "overdue=1", "page=1", "x=1"]
)
def test_an_export_of_what_is_no_filter_is_refused(query: str) -> None:
    assert 422 == Visitor(panel_world(), PANEL).open(f"queue.csv?{query}").status

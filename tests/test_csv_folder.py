"""A folder of CSV files becomes a CRM in memory, or one error that names every wrong place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cancelkit import STANDARD, Invalid
from cancelkit.adapters.csv_folder import BadFile, LeftOut, Loaded, Problem, load_folder
from cancelkit.adapters.memory import Asset, Expiry, Record
from cancelkit.needs import Count, OpenRecords
from cancelkit.people import Customer, Person, Status, User

CUSTOMERS = "id,name\nC-1,Harbour Café\n"
TODAY = date(2026, 3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, **files: str | bytes) -> None:
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(data)


def load(folder: Path, **files: str | bytes) -> Loaded:
    write(folder, **files)
    return load_folder(folder)


def problems(folder: Path, **files: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(BadFile) as bad:
        load(folder, **files)
    return bad.value.problems


def only_problem(folder: Path, **files: str | bytes) -> Problem:
    (problem,) = problems(folder, **files)
    return problem


# ---------------------------------------------------------------- what is loaded


def test_every_documented_column_is_read(folder: Path) -> None:
    loaded = load(
        folder,
        users="id,name,active,telesales,roles\nann,Ann,yes,no,CRM Admin; Billing\nbo,Bo,no,yes,\n",
        customers="id,name,status,owner,since\nC-1,Harbour Café,live,ann,2019-05-13\n",
        assets="id,customer,ceased_on,live,label\nA-1,C-1,2026-03-01,no,Router\nA-2,C-1,,yes,\n",
        cases="id,customer,status,label\nCS-1,C-1,Closed,Crackle\n",
        opportunities="id,customer,status\nOP-1,C-1,\n",
        quotations="id,customer,status\n",
        sales_orders="customer,id,status\nC-1,SO-1,Open\n",
        expiries="id,customer,on,label\nE-1,C-1,2026-09-01,Call\n",
    )
    crm = loaded.crm
    customer = Customer("C-1", "Harbour Café", Status("live"), (Person("ann"),), date(2019, 5, 13))
    assert customer == crm.customer("C-1")
    assert [
        Asset("A-1", "C-1", date(2026, 3, 1), live=False, label="Router"),
        Asset("A-2", "C-1", None, live=True),
    ] == crm.records("assets", "C-1")
    assert [Record("CS-1", "C-1", "Closed", "Crackle")] == crm.records("cases", "C-1")
    assert [Record("OP-1", "C-1", "")] == crm.records("opportunities", "C-1")
    assert [Record("SO-1", "C-1", "Open")] == crm.records("sales_orders", "C-1")
    assert [Expiry("E-1", "C-1", date(2026, 9, 1), "Call")] == crm.records("expiries", "C-1")
    assert loaded.users is not None
    users = {"ann": User("ann", "Ann"), "bo": User("bo", "Bo", active=False)}
    assert users == loaded.users.find(["ann", "bo", "cy"])
    assert {"ann": frozenset(("CRM Admin", "Billing")), "bo": frozenset()} == loaded.roles
    assert STANDARD == loaded.checklist
    assert ((), (), ()) == (loaded.report.absent, loaded.report.left_out, loaded.report.unread)


def test_missing_files_are_absent_sections_and_customers_alone_are_enough(folder: Path) -> None:
    loaded = load(folder, customers=CUSTOMERS)
    assert ("reasons", "mood") == tuple(loaded.checklist.by_key)
    assert set(STANDARD.by_key) - {"reasons", "mood"} == set(loaded.report.absent)
    assert loaded.users is None
    assert not loaded.crm.can_answer(OpenRecords("cases"))


def test_a_customer_without_a_status_column_has_no_status(folder: Path) -> None:
    assert None is load(folder, customers=CUSTOMERS).crm.customer("C-1").status


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("live", Status("live")),
        ("Cancelled", Status("Cancelled", cancelled=True)),
        ("on_hold", Status("on_hold")),
    ],
)
def test_a_customers_status_is_kept_as_it_is_written(
    folder: Path, value: str, status: Status
) -> None:
    loaded = load(folder, customers=f"id,name,status\nC-1,Harbour,{value}\n")
    assert status == loaded.crm.customer("C-1").status


def test_a_status_that_nobody_declared_closed_is_open(folder: Path) -> None:
    rows = "1,C-1,Won\n2,C-1, LOST \n3,C-1,Awaiting board\n4,C-1,\n"
    crm = load(folder, customers=CUSTOMERS, quotations=f"id,customer,status\n{rows}").crm
    assert Count(2) == crm.answer(crm.customer("C-1"), OpenRecords("quotations"), TODAY)


def test_without_a_live_column_the_cease_date_alone_decides(folder: Path) -> None:
    rows = "A-1,C-1,2026-03-01\nA-2,C-1,\n"
    crm = load(folder, customers=CUSTOMERS, assets=f"id,customer,ceased_on\n{rows}").crm
    assert [False, True] == [a.live for a in crm.records("assets", "C-1") if isinstance(a, Asset)]


def test_byte_order_mark_windows_line_ends_blank_lines_and_spaces_are_tolerated(
    folder: Path,
) -> None:
    text = '\ufeff id , name \r\n\r\n C-1 ,"Smith, ""Bob"" & Sons "\r\n'
    assert 'Smith, "Bob" & Sons' == load(folder, customers=text).crm.customer("C-1").name


def test_rows_without_a_customer_are_reported_and_not_counted(folder: Path) -> None:
    rows = "".join(f"{n},,Open\n" for n in range(7))
    loaded = load(folder, customers=CUSTOMERS, cases=f"id,customer,status\n{rows}x,C-1,Open\n")
    left_out = LeftOut("cases", "cases.csv", "no customer", 7, (2, 3, 4, 5, 6))
    assert (left_out,) == loaded.report.left_out
    sentence = "7 rows without a customer left out of cases (cases.csv, lines 2, 3, 4, 5, 6, ...)"
    assert sentence == str(left_out)
    assert {"customers": 1, "cases": 1} == loaded.report.rows


def test_other_csv_files_are_named_as_unread(folder: Path) -> None:
    loaded = load(folder, customers=CUSTOMERS, Cases="", invoices="")
    assert {"Cases.csv", "invoices.csv"} - set(loaded.report.unread) == set()
    assert "cases" in loaded.report.absent


# ---------------------------------------------------------------- what is refused

BAD: dict[str, tuple[dict[str, str | bytes], str]] = {
    "a missing column": (
        {"cases": "id,status\n"},
        ("cases.csv, line 1: the column 'customer' is missing; expected it beside 'id', 'status'"),
    ),
    "an unknown column": (
        {"assets": "id,customer,ceased_on,ceased on\n"},
        (
            "assets.csv, line 1: the column 'ceased on' is unknown; expected only id, "
            "customer, ceased_on, live, label"
        ),
    ),
    "a column that is there twice": (
        {"cases": "id,id,customer,status\n"},
        "cases.csv, line 1: the column 'id' is there twice; expected each column once",
    ),
    "a duplicate id": (
        {"cases": "id,customer,status\n1,C-1,x\n\n1,C-1,x\n"},
        ("cases.csv, line 4, column id: '1' is there already, in line 2; expected each id once"),
    ),
    "an empty id": (
        {"cases": "id,customer,status\n,C-1,x\n"},
        "cases.csv, line 2, column id: the cell is empty; expected an identifier",
    ),
    "a bad day": (
        {"assets": "id,customer,ceased_on\n1,C-1,20260302\n"},
        (
            "assets.csv, line 2, column ceased_on: '20260302' is not a day; expected a day "
            "written YYYY-MM-DD, such as 2026-03-02"
        ),
    ),
    "a day that does not exist": (
        {"expiries": "id,customer,on\n1,C-1,2026-02-30\n"},
        (
            "expiries.csv, line 2, column on: '2026-02-30' is not a day; expected a day "
            "written YYYY-MM-DD, such as 2026-03-02"
        ),
    ),
    "an expiry without its day": (
        {"expiries": "id,customer,on\n1,C-1,\n"},
        "expiries.csv, line 2, column on: the cell is empty; expected a day",
    ),
    "a bad box": (
        {"assets": "id,customer,ceased_on,live\n1,C-1,,perhaps\n"},
        ("assets.csv, line 2, column live: 'perhaps' is neither yes nor no; expected yes or no"),
    ),
    "an empty box": (
        {"users": "id,name,active\n1,Ann,\n"},
        "users.csv, line 2, column active: '' is neither yes nor no; expected yes or no",
    ),
    "an unknown customer": (
        {"cases": "id,customer,status\n1,C-9,x\n"},
        (
            "cases.csv, line 2, column customer: there is no customer 'C-9'; expected the "
            "id of a customer"
        ),
    ),
    "an unknown owner": (
        {"users": "id,name\n", "customers": "id,name,owner\nC-1,Harbour,ann\n"},
        (
            "customers.csv, line 2, column owner: there is no user 'ann'; expected the id "
            "of a user, or nothing"
        ),
    ),
    "a wrong number of cells": (
        {"cases": "id,customer,status\n1,C-1\n"},
        "cases.csv, line 2: the row has 2 cells; expected 3",
    ),
    "bytes that are not UTF-8": (
        {"customers": b"id,name\nC-1,Caf\xe9\n"},
        (
            "customers.csv, line 2: the byte 0xE9 is not UTF-8 text; expected text in UTF-8"
            " (a mapping can name another encoding)"
        ),
    ),
    "an empty file": (
        {"cases": ""},
        (
            "cases.csv: the file is empty; expected a header with the columns id, customer,"
            " status, label"
        ),
    ),
    "a quote that is not closed": (
        {"cases": 'id,customer,status\n1,C-1,"open\n2,C-1,x\n'},
        "cases.csv, line 2: unexpected end of data; expected CSV with closed quotes",
    ),
    "a control character": (
        {"customers": "id,name\nC-1,Har\x1bbour\n"},
        (
            "customers.csv, line 2, column name: the cell has the character U+001B at "
            "position 3; control characters and lone surrogates are not allowed; expected "
            "one line of text"
        ),
    ),
    "a customer without a name": (
        {"customers": "id,name\nC-1,\n"},
        "customers.csv, line 2, column name: the cell is empty; expected a name",
    ),
    "a customer whose status is empty": (
        {"customers": "id,name,status\nC-1,Harbour,\n"},
        (
            "customers.csv, line 2, column status: the cell is empty; expected a status "
            "such as live or cancelled"
        ),
    ),
    "no customers at all": (
        {"customers": "id,name\n"},
        "customers.csv: there is no customer in it; expected at least one",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_error_names_file_line_and_column_and_what_was_expected(folder: Path, what: str) -> None:
    files, sentence = BAD[what]
    assert sentence == str(only_problem(folder, **{"customers": CUSTOMERS, **files}))


def test_customers_csv_must_be_there(folder: Path) -> None:
    problem = only_problem(folder, cases="id,customer,status\n")
    assert ("customers.csv", 0) == (problem.file, problem.line)


def test_a_folder_that_is_not_there_or_a_file_is_refused(folder: Path) -> None:
    write(folder, customers=CUSTOMERS)
    for path in (folder / "nowhere", folder / "customers.csv"):
        with pytest.raises(BadFile, match=r"expected a folder with customers\.csv"):
            load_folder(path)


def test_a_folder_in_the_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "cases.csv").mkdir()
    assert "cases.csv" == only_problem(folder, customers=CUSTOMERS).file


def test_several_problems_are_collected_over_rows_and_files(folder: Path) -> None:
    found = problems(
        folder,
        customers=CUSTOMERS,
        assets="id,customer,ceased_on,live\n1,C-9,yesterday,maybe\n2,C-9,,yes\n",
        cases="id\n",
    )
    places = [(p.file, p.line, p.column) for p in found]
    assert [
        ("assets.csv", 2, "column ceased_on"),
        ("assets.csv", 2, "column live"),
        ("assets.csv", 3, "column customer"),
        ("cases.csv", 1, ""),
        ("cases.csv", 1, ""),
    ] == sorted(places)


def test_many_problems_are_capped_and_the_others_counted(folder: Path) -> None:
    rows = "".join(f"{n},C-9,Open\n" for n in range(2_000))
    with pytest.raises(BadFile) as bad:
        load(folder, customers=CUSTOMERS, cases=f"id,customer,status\n{rows}")
    assert (20, 1_980) == (len(bad.value.problems), bad.value.more)
    lines = str(bad.value).splitlines()
    assert ("2000 problems:", "  ... and 1980 more.") == (lines[0], lines[-1])


def test_a_customer_whose_row_is_wrong_is_not_also_unknown_elsewhere(folder: Path) -> None:
    problem = only_problem(
        folder,
        customers="id,name,since\nC-1,Harbour,long ago\n",
        cases="id,customer,status\n1,C-1,x\n",
    )
    assert "column since" == problem.column


def test_the_error_is_malformed_input(folder: Path) -> None:
    with pytest.raises(Invalid):
        load_folder(folder)

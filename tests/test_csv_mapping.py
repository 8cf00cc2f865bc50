"""A mapping file says how somebody else's export is read, and is checked strictly."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from cancelkit.adapters.csv_folder import KINDS, BadFile, LeftOut, Loaded, load_folder, read_mapping
from cancelkit.needs import Count, OpenRecords
from cancelkit.people import Status

TODAY = date(2026, 3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


MAPPING = """
date_format = "%d-%m-%y"
[customers]
file = "accounts.txt"
delimiter = ";"
encoding = "cp1252"
columns = { id = "Account", name = "Account", status = "State" }
cancelled = ["former"]
[sales_orders]
file = "orders.csv"
columns = { id = "Number", customer = "Account", status = "Stage" }
closed = ["Shipped"]
check_dates = ["Ordered"]
"""
ACCOUNTS = "State;Account;Sector\nActive;Café;x\nFormer;Bakery;y\n".encode("cp1252")


def load_mapped(folder: Path, orders: str, mapping: str = MAPPING) -> Loaded:
    (folder / "accounts.txt").write_bytes(ACCOUNTS)
    (folder / "orders.csv").write_text(orders, encoding="utf-8")
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    return load_folder(folder, folder / "mapping.toml")


def test_a_mapping_names_files_columns_encoding_delimiter_and_statuses(folder: Path) -> None:
    orders = "Number,Account,Stage,Ordered\n1,Café,shipped,01-03-17\n2,Café,Completed,\n"
    loaded = load_mapped(folder, orders)
    crm = loaded.crm
    former = Status("Former", cancelled=True)
    assert [Status("Active"), former] == [crm.customer(key).status for key in ("Café", "Bakery")]
    assert Count(1) == crm.answer(crm.customer("Café"), OpenRecords("sales_orders"), TODAY)
    assert ["reasons", "sales_orders", "mood"] == list(loaded.checklist.by_key)


def test_a_column_that_is_only_checked_must_have_days(folder: Path) -> None:
    with pytest.raises(BadFile) as bad:
        load_mapped(folder, "Number,Account,Stage,Ordered\n1,Café,shipped,31-02-17\n")
    assert (
        "orders.csv, line 2, column Ordered: '31-02-17' is not a day; expected a day written "
        "%d-%m-%y, such as 02-03-26."
    ) == str(bad.value)


def test_a_column_that_a_mapping_names_must_be_there(folder: Path) -> None:
    with pytest.raises(BadFile, match="the column 'Ordered' is missing"):
        load_mapped(folder, "Number,Account,Stage\n")


def test_a_file_that_a_mapping_names_must_be_there(folder: Path) -> None:
    (folder / "mapping.toml").write_text("[customers]\n[cases]\n", encoding="utf-8")
    (folder / "customers.csv").write_text("id,name\nC-1,Harbour\n", encoding="utf-8")
    with pytest.raises(BadFile, match=r"cases\.csv: the file is missing"):
        load_folder(folder, folder / "mapping.toml")


@pytest.mark.parametrize(
    ("setting", "row", "reported"),
    [
        ('unknown_customer = "report"', "1,Nobody,Open,", "unknown customer"),
        ('without_customer = "report"', "1,,Open,", "no customer"),
    ],
)
def test_a_mapping_may_have_rows_that_belong_to_nobody_reported(
    folder: Path, setting: str, row: str, reported: str
) -> None:
    orders = f"Number,Account,Stage,Ordered\n{row}\n"
    report = load_mapped(folder, orders, MAPPING + setting).report
    assert (LeftOut("sales_orders", "orders.csv", reported, 1, (2,)),) == report.left_out


@pytest.mark.parametrize(
    ("setting", "row"), [("", "1,Nobody,Open,"), ('without_customer = "refuse"', "1,,Open,")]
)
def test_a_mapping_may_have_rows_that_belong_to_nobody_refused(
    folder: Path, setting: str, row: str
) -> None:
    with pytest.raises(BadFile, match=r"column Account: .*; expected the id of a customer"):
        load_mapped(folder, f"Number,Account,Stage,Ordered\n{row}\n", MAPPING + setting)


BAD_MAPPINGS = {
    "an unknown kind": (
        "[customers]\n[invoices]",
        "key invoices: there is no 'invoices' here; expected one of " + ", ".join(KINDS),
    ),
    "an unknown setting": (
        "[customers]\nfiel = 'x'",
        (
            "key customers.fiel: there is no setting 'fiel' here; expected one of file, "
            "columns, check_dates, encoding, delimiter, date_format, cancelled"
        ),
    ),
    "a setting of another kind": (
        "[customers]\n[assets]\nclosed = ['x']",
        (
            "key assets.closed: there is no setting 'closed' here; expected one of file, "
            "columns, check_dates, encoding, delimiter, date_format, without_customer, "
            "unknown_customer"
        ),
    ),
    "an unknown column": (
        "[customers]\ncolumns = { id = 'x', name = 'y', nmae = 'z' }",
        (
            "key customers.columns.nmae: customers have no column 'nmae'; expected one of "
            "id, name, status, owner, since"
        ),
    ),
    "a required column that is not named": (
        "[customers]\ncolumns = { id = 'x' }",
        "key customers.columns: 'name' is missing; expected the file's column for it",
    ),
    "no customers": ("[cases]", "key customers: the table [customers] is missing; expected one"),
    "a kind that is no table": (
        "customers = 1",
        "key customers: 1 is not a table; expected a table [customers]",
    ),
    "an encoding that does not exist": (
        "encoding = 'utf-9'\n[customers]",
        ('key encoding: \'utf-9\' does not fit; expected an encoding such as "utf-8" or "cp1252"'),
    ),
    "an encoding that is not one of text": (
        "encoding = 'rot13'\n[customers]",
        ('key encoding: \'rot13\' does not fit; expected an encoding such as "utf-8" or "cp1252"'),
    ),
    "a date format without a year": (
        "date_format = '%d.%m.'\n[customers]",
        (
            "key date_format: '%d.%m.' does not fit; expected day, month and year as for "
            'strptime, such as "%d-%m-%y"'
        ),
    ),
    "a path in place of a file name": (
        "[customers]\nfile = '../customers.csv'",
        (
            "key customers.file: '../customers.csv' does not fit; expected the name of a "
            "file in the folder"
        ),
    ),
    "a delimiter of two characters": (
        "delimiter = ', '\n[customers]",
        "key delimiter: ', ' does not fit; expected one character such as \";\"",
    ),
    "statuses that are no list": (
        "[customers]\ncancelled = 'gone'",
        (
            "key customers.cancelled: 'gone' does not fit; expected a list of statuses such"
            ' as ["Won", "Lost"]'
        ),
    ),
    "a choice that does not exist": (
        "[customers]\n[cases]\nwithout_customer = 'ignore'",
        ('key cases.without_customer: \'ignore\' does not fit; expected "report" or "refuse"'),
    ),
}


@pytest.mark.parametrize("what", BAD_MAPPINGS)
def test_a_mapping_is_checked_strictly_and_says_what_exists(folder: Path, what: str) -> None:
    text, sentence = BAD_MAPPINGS[what]
    (folder / "mapping.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadFile) as bad:
        read_mapping(folder / "mapping.toml")
    assert f"mapping.toml, {sentence}." == str(bad.value)


@pytest.mark.parametrize("data", [b"[customers", b"\xff\xfe", None])
def test_a_mapping_that_is_no_toml_or_not_there_is_refused(
    folder: Path, data: bytes | None
) -> None:
    path = folder / "mapping.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(BadFile, match=re.escape("mapping.toml: ")):
        read_mapping(path)

"""The command line: what it prints, how it ends, and that it runs in any terminal or pipe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cancelkit
from cancelkit.adapters.cli import main

TELECOMS = Path(cancelkit.__file__).parent / "adapters" / "demo_data" / "telecoms"
TODAY = ("--today", "2026-03-02")
READY = "id,name,status\nC-1,Harbour Café,live\n"


def run(*args: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own, its output going into a pipe."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "cancelkit", *args],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **env},
        capture_output=True,
        timeout=60,
        check=False,
    )


def check(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["check", *args])
    written = capsys.readouterr()
    return code, written.out, written.err


def check_json(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = check(capsys, *args, "--json")
    data: dict[str, Any] = json.loads(out)
    return code, data


@pytest.fixture
def ready_folder(tmp_path: Path) -> str:
    (tmp_path / "customers.csv").write_text(READY, encoding="utf-8")
    return str(tmp_path)


# ---------------------------------------------------------------- demo


def test_demo_ends_with_a_cancelled_customer_and_is_short_enough_to_read() -> None:
    done = run("demo")
    lines = done.stdout.decode().splitlines()
    assert (0, b"") == (done.returncode, done.stderr)
    assert "Harbour Café: Cancelled. Owner: Bea O'Connor." == lines[-1]
    assert len(lines) <= 110
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    "fact",
    [
        "○ to do     Assets                blocks   2 assets are still live",
        "○ to do     Sales Orders          blocks   1 still open",
        "● complete  Cases                          None open",
        "SO-6001 Replacement router",
        "Enter a cease date and untick Live",
        "Manage: https://crm.example/customers/C-1001/assets",
        "status: Live (PC)   owner: Raj Mehta",
        "! Cancellation pending since 2026-03-02, begun by Raj Mehta [View cancellation]",
        "Assets: 2 assets are still live; Sales Orders: 1 still open",
        "Bea O'Connor has no role that allows this",
        "Done: Owner: Raj Mehta → Bea O'Connor",
        "- Status: Live (PC) → Cancelled",
        "Future Expiry advises No expiry after 2026-03-31 (complete today)",
        "● complete Assets All assets are ceased (to do today)",
        "○ to do Sales Orders override 1 still open Sofía Almeida: The router is a present.",
        "? Cancel Harbour Café on 2026-03-31? Yes",
        "! Cancellation scheduled for 2026-03-31; pending since 2026-03-02, begun by Raj Mehta",
        "> To Raj Mehta: The cancellation of Harbour Café, scheduled for 2026-03-31, is blocked",
        "is blocked Cases: 1 still open https://crm.example/customers/C-1001",
        "> To Priya Nair: Harbour Café was cancelled by Raj Mehta, effective 2026-03-31",
        "2026-03-02 09:00  Raj Mehta      Begin Cancellation",
        "Sofía Almeida Override: Sales Orders - reason: The router is a present.",
        "2026-03-31 02:00 Job for Raj Mehta Process - refused: Cases: 1 still open",
        "2026-04-01 02:00 Job for Raj Mehta Process, effective 2026-03-31",
        "○ to do     Quotations            advises  1 still open",
        "O'Brien & Sons Joinery (C-1002) status: Live owner: Raj Mehta",
        "> To Priya Nair: O'Brien & Sons Joinery was reinstated by Raj Mehta",
        "Müller Präzision GmbH (C-1005)   status: Pending (PC)",
        "Müller Präzision GmbH (C-1005)   status: Pending   owner: Bea O'Connor",
        "Stays as it was done: Owner: Raj Mehta → Bea O'Connor",
    ],
)
def test_demo_tells_the_articles_story(fact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["demo"])
    written = " ".join(capsys.readouterr().out.split())
    assert " ".join(fact.split()) in written


def test_demo_is_the_same_every_time() -> None:
    assert run("demo").stdout == run("demo", PYTHONHASHSEED="7", TZ="Asia/Tokyo").stdout


# ---------------------------------------------------------------- terminals and pipes


@pytest.mark.parametrize("args", [("demo",), ("check", str(TELECOMS), *TODAY)])
def test_a_pipe_gets_no_escape_codes(args: tuple[str, ...]) -> None:
    assert b"\x1b" not in run(*args, TERM="xterm-256color", COLORTERM="truecolor").stdout


@pytest.mark.parametrize(
    ("encoding", "args"),
    [
        ("latin-1", ("demo",)),
        ("cp437", ("demo",)),
        ("utf-16", ("demo",)),
        ("ascii", ("demo",)),
        ("ascii", ("check", str(TELECOMS), *TODAY)),
        ("ascii", ("check", str(TELECOMS), *TODAY, "--json")),
        ("ascii", ("check", str(TELECOMS), "--customer", "九龍茶行")),
        ("ascii", ("check", "/nowhere/九龍茶行")),
    ],
)
def test_any_encoding_of_the_output_will_do(encoding: str, args: tuple[str, ...]) -> None:
    done = run(*args, PYTHONIOENCODING=encoding)
    assert b"Traceback" not in done.stderr
    assert b"UnicodeEncodeError" not in done.stderr
    assert (done.stdout + done.stderr).decode(encoding)


def test_circles_and_letters_have_stand_ins_where_the_encoding_lacks_them() -> None:
    written = run("check", str(TELECOMS), *TODAY, PYTHONIOENCODING="ascii").stdout.decode("ascii")
    assert "( ) to do      C-1001  Harbour Caf?" in written
    story = run("demo", PYTHONIOENCODING="ascii").stdout.decode("ascii")
    assert "Owner: Raj Mehta -> Bea O'Connor" in story
    assert "(x) ready      C-1002  O'Brien & Sons Joinery" in written


def test_a_reader_who_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cancelkit", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"cancelkit demo")
        process.stdout.close()
        assert (b"", 141) == (process.stderr.read(), process.wait(60))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_without_traceback() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cancelkit", "demo"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (2, 1) == (done.returncode, done.stderr.count(b"\n"))


def in_a_terminal(**env: str) -> bytes:
    """Run the check in a pseudo terminal, and return everything that it writes."""
    pty = pytest.importorskip("pty", reason="needs pseudo terminals")
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cancelkit", "check", str(TELECOMS), *TODAY],
        stdout=follower,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", **env},
    ):
        os.close(follower)
        written = b""
        try:
            while chunk := os.read(leader, 65_536):
                written += chunk
        except OSError:  # Linux ends the reading of a closed terminal so
            pass
    os.close(leader)
    return written


def test_no_color_keeps_a_terminal_plain() -> None:
    written = in_a_terminal(NO_COLOR="1")
    assert b"to do" in written
    assert b"\x1b" not in written


def test_a_terminal_gets_colours_where_rich_is_installed() -> None:
    pytest.importorskip("rich", reason="rich is optional")
    assert "\x1b[31m○".encode() in in_a_terminal(NO_COLOR="")


# ---------------------------------------------------------------- check


def test_check_lists_every_customer_with_what_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, str(TELECOMS), *TODAY)
    assert (1, "") == (code, err)
    assert re.search(r"○ to do +C-1001 +Harbour Café +Assets 2, Sales Orders 1\n", out)
    assert re.search(r"● ready +C-1002 +O'Brien & Sons Joinery\n", out)
    assert re.search(r"● cancelled +C-1006 +Brightwater Lettings\n", out)
    assert "Cases 100+" in out
    assert "10 customers: 1 ready, 8 to do, 1 cancelled; as of 2026-03-02 (UTC)." in out
    assert "1 row without a customer left out of opportunities (opportunities.csv, line 9)" in out


def test_check_judges_as_of_the_day_that_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    _, before = check_json(capsys, str(TELECOMS), "--today", "2026-02-27")
    _, then = check_json(capsys, str(TELECOMS), "--today", "2026-02-28")
    words = [
        {one["customer"]: one["sections"][3]["light"] for one in data["customers"]}["C-1007"]
        for data in (before, then)
    ]
    assert ["red", "green"] == words


def test_check_says_what_will_be_green_on_a_day_to_come_and_what_turns_red_before(
    ready_folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(ready_folder, "assets.csv").write_text(
        "id,customer,ceased_on,live\nA-1,C-1,2026-03-31,no\n", encoding="utf-8"
    )
    Path(ready_folder, "expiries.csv").write_text(
        "id,customer,on\nE-1,C-1,2026-03-16\n", encoding="utf-8"
    )
    assert 1 == check(capsys, ready_folder, *TODAY)[0]
    code, out, _ = check(capsys, ready_folder, *TODAY, "--on", "2026-03-31")
    assert 0 == code
    assert re.search(
        r"● ready +C-1 .*complete by then: Assets; turns red before: Future Expiry\n", out
    )
    assert "1 ready; as of 2026-03-31, today being 2026-03-02 (UTC)." in out
    _, out, _ = check(capsys, ready_folder, *TODAY, "--on", "2026-03-31", "--customer", "C-1")
    assert "All assets are ceased (to do today)" in out
    assert "No expiry after 2026-03-31 (complete today)" in out


def test_json_as_of_a_day_to_come_has_both_days_and_what_turns_red(
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = (str(TELECOMS), *TODAY, "--on", "2026-09-01")
    _, everybody = check_json(capsys, *args)
    _, surgery = check_json(capsys, *args, "--customer", "C-1004")
    for data in (everybody, surgery):
        assert ("2026-03-02", "2026-09-01") == (data["today"], data["as_of"])
    for customer in (everybody["customers"][3], surgery):
        expiry = customer["sections"][2]
        assert ("future_expiry", "green", "red") == tuple(
            expiry[key] for key in ("key", "today", "light")
        )
        assert ["future_expiry"] == customer["turning_red"]


def test_check_with_other_gates_judges_as_a_profile_would(
    capsys: pytest.CaptureFixture[str],
) -> None:
    only = (str(TELECOMS), *TODAY, "--customer", "C-1007")
    assert 1 == check(capsys, *only)[0]
    assert 0 == check(capsys, *only, "--gate", "quotations=advises")[0]
    code, data = check_json(capsys, *only, "--gate", "quotations=off", "--gate", "mood=blocks")
    assert 0 == code
    gates = {line["key"]: line["gate"] for line in data["sections"]}
    assert ("blocks", False) == (gates["mood"], "quotations" in gates)


def test_check_ends_with_0_when_everything_is_ready(
    ready_folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = check(capsys, ready_folder)
    assert 0 == code
    assert "1 customer: 1 ready" in out
    absent = "Ownership, Future Expiry, Assets, Cases, Opportunities, Quotations, Sales Orders"
    assert f"not judged: {absent}." in " ".join(out.split())


def test_check_explains_one_customer_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, str(TELECOMS), *TODAY, "--customer", "C-1007")
    assert 1 == code
    assert "Q-5005 Headsets for the surgeries" in out
    assert "Close each of them in the CRM" in out
    assert "To do: left to do in the CRM: Quotations 1; as of 2026-03-02 (UTC)." in out
    code, out, _ = check(capsys, str(TELECOMS), *TODAY, "--customer", "C-1002")
    assert 0 == code
    assert "Ready: nothing in the CRM is left; as of 2026-03-02 (UTC)." in out


def test_check_gives_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, data = check_json(capsys, str(TELECOMS), *TODAY)
    assert 1 == code
    assert {"ready": 1, "to_do": 8, "cancelled": 1} == data["totals"]
    assert ("2026-03-02", "UTC", [], []) == (
        data["today"],
        data["zone"],
        data["absent"],
        data["unread"],
    )
    left_out = {"kind": "opportunities", "file": "opportunities.csv", "why": "no customer"}
    assert [{**left_out, "count": 1, "lines": [9]}] == data["left_out"]
    cafe = data["customers"][0]
    assert ("C-1001", "Harbour Café", "live", "Live", False, "to do") == tuple(
        cafe[key] for key in ("customer", "name", "state", "status", "ready", "word")
    )
    assert ["assets", "sales_orders"] == cafe["blocked_by"]
    assert [("assets", "to do", 2), ("cases", "complete", None)] == [
        (line["key"], line["word"], line["count"]) for line in cafe["sections"][3:5]
    ]


def test_json_of_one_customer_is_its_view_and_the_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, data = check_json(capsys, str(TELECOMS), *TODAY, "--customer", "C-1008")
    _, everybody = check_json(capsys, str(TELECOMS), *TODAY)
    assert (1, False, "to do") == (code, data["ready"], data["word"])
    cases = next(line for line in data["sections"] if line["key"] == "cases")
    assert (100, True, 5) == (cases["count"], cases["more"], len(cases["records"]))
    assert everybody["left_out"] == data["left_out"]
    assert set(everybody["customers"][0]) <= set(data)


# ---------------------------------------------------------------- wrong use and bad input


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("check", "/nowhere"), "there is no such folder; expected a folder with customers.csv"),
        (("check", str(TELECOMS), "--customer", "C-9"), "There is no customer 'C-9' here."),
        (("check", str(TELECOMS), "--customer", ""), "the customer id is empty"),
        (("check", str(TELECOMS), "--mapping", "/nowhere.toml"), "expected a mapping file"),
        (("check", str(TELECOMS), "--zone", "Mars/Base"), "There is no time zone 'Mars/Base'"),
        (("check", str(TELECOMS), "--today", "2.3.2026"), "expected one such as 2026-03-02"),
        (("check", str(TELECOMS), "--today", "9999-12-31"), "expected 1900 to 2999"),
        (("check", str(TELECOMS), "--on", "soon"), "expected one such as 2026-03-02"),
        (("check", str(TELECOMS), "--gate", "quotes=off"), "There is no section 'quotes'"),
        (("check", str(TELECOMS), "--gate", "mood=on"), "the gates are: blocks, advises, off"),
        (("check", str(TELECOMS), "--gate", "mood"), "expected one such as quotations=advises"),
        (("check",), "the following arguments are required: FOLDER"),
        (("chekc",), "invalid choice: 'chekc'"),
        ((), "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_use_and_bad_input_end_with_2_and_a_message(
    args: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(args)
    written = capsys.readouterr()
    assert (2, "") == (code, written.out)
    assert message in written.err
    assert "Traceback" not in written.err


def test_bad_files_are_listed_on_stderr(
    ready_folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(ready_folder, "cases.csv").write_text("id,customer,status\n1,C-9,x\n1,C-1,x\n")
    code, out, err = check(capsys, ready_folder, "--json")
    assert (2, "") == (code, out)
    assert [
        "cancelkit: 2 problems:",
        (
            "  cases.csv, line 2, column customer: there is no customer 'C-9'; "
            "expected the id of a customer."
        ),
        "  cases.csv, line 3, column id: '1' is there already, in line 2; expected each id once.",
    ] == err.splitlines()


def test_help_ends_with_0_and_lists_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert [0, 0, 0] == [main(["--help"]), main(["demo", "--help"]), main(["check", "--help"])]
    assert "2 wrong use or bad input" in " ".join(capsys.readouterr().out.split())

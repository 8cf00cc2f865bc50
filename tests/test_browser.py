"""The browser's fixtures, tried on pages with planted faults: each check here is able to fail."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium, judged, no_complaint_left, screenshot

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Accessible, OpenPage

GOOD = """<!doctype html><html lang="en"><title>Good</title><link rel="icon" href="data:,">
<main><h1>Readiness</h1><button type="button">Process</button></main>"""
FAULTS = """<!doctype html><html lang="en"><title>Faults</title><link rel="icon" href="data:,">
<style>
  .grey { color: #aaa; background: #fff } a { display: inline-block; width: 9px; height: 9px }
</style>
<main><h1>Readiness</h1><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<p class="grey">Open orders: 3</p><a href="#a">.</a><a href="#b">.</a></main>"""
UNSURE = """<!doctype html><html lang="en"><title>Unsure</title><link rel="icon" href="data:,">
<main><h1 style="background: linear-gradient(#fff, #000); color: #777">Readiness</h1></main>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass  # standard error is for what went wrong


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    for name, text in {"good": GOOD, "faults": FAULTS, "unsure": UNSURE}.items():
        (tmp_path / f"{name}.html").write_text(text)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_good_page_has_no_violation_and_no_complaint(
    page: Page, site: str, accessible: Accessible
) -> None:
    page.goto(f"{site}/good.html")
    assert page.get_by_role("button", name="Process").is_visible()
    assert [] == accessible(page)


def test_planted_violations_of_three_levels_of_wcag_are_found(
    page: Page, site: str, accessible: Accessible
) -> None:
    page.goto(f"{site}/faults.html")
    found = {line.split(":")[0] for line in accessible(page)}
    # of WCAG 2.0 A, of WCAG 2.0 AA, and of WCAG 2.2 AA
    assert {"image-alt", "color-contrast", "target-size"} == found


def test_what_axe_cannot_decide_is_told_apart(page: Page, site: str) -> None:
    page.goto(f"{site}/unsure.html")
    wrong, undecided = judged(page)
    assert [] == wrong
    assert ["color-contrast"] == [line.split(":")[0] for line in undecided]


NOT_LOADED = "console: Failed to load resource:"


@pytest.mark.parametrize(
    ("event", "script", "complaint"),
    [
        ("weberror", "setTimeout(() => { throw new Error('planted') })", "script: planted"),
        ("console", "console.error('planted')", "console: planted"),
        ("console", "fetch('/absent')", f"{NOT_LOADED} the server responded with a status of 404"),
        ("console", "fetch('http://192.0.2.1').catch(() => 0)", f"{NOT_LOADED} net::ERR_NAME_NOT"),
    ],
)
def test_a_planted_fault_on_a_page_is_a_complaint(
    page: Page, site: str, complaints: list[str], event: str, script: str, complaint: str
) -> None:
    page.goto(f"{site}/good.html")
    with page.context.expect_event(event):
        page.evaluate(f"() => {{ {script} }}")
    found = complaints.pop()
    assert complaint == found[: len(complaint)]


def test_a_complaint_that_is_left_fails() -> None:
    with pytest.raises(AssertionError, match="a page has complained"), no_complaint_left() as found:
        found.append("console: planted")


MISSING = pytest.skip.Exception, pytest.fail.Exception


@pytest.mark.parametrize(
    ("playwright", "ci", "asked_for", "outcome"),
    [
        (True, "", True, "Skipped: There is no chromium"),
        (True, "true", False, "Failed: There is no chromium"),
        (False, "", True, "Skipped: There is no Playwright"),
        (False, "true", False, "Skipped: There is no Playwright"),
        (False, "true", True, "Failed: There is no Playwright"),
    ],
)
def test_what_is_missing_is_an_error_in_ci(
    monkeypatch: pytest.MonkeyPatch, playwright: bool, ci: str, asked_for: bool, outcome: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object() if playwright else None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CANCELKIT_TEST_CHROMIUM", raising=False)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(MISSING) as found:
        chromium(asked_for)
    assert outcome == f"{found.type.__name__}: {found.value.msg}"[: len(outcome)]


def test_two_pages_are_two_users(open_page: OpenPage, site: str) -> None:
    one, other = open_page(), open_page(color_scheme="dark", viewport={"width": 320, "height": 640})
    for page in (one, other):
        page.goto(f"{site}/good.html")
    one.evaluate("document.cookie = 'who=one'")
    assert "who=one" == one.evaluate("document.cookie")
    assert "" == other.evaluate("document.cookie")
    assert 320 == other.evaluate("window.innerWidth")
    assert other.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_a_screenshot_is_taken_where_a_folder_is_given(
    page: Page, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto(f"{site}/good.html")
    monkeypatch.delenv("CANCELKIT_TEST_SCREENSHOTS", raising=False)
    screenshot(page, "nowhere")
    monkeypatch.setenv("CANCELKIT_TEST_SCREENSHOTS", str(tmp_path / "shots"))
    screenshot(page, "good")
    assert ["good.png"] == [one.name for one in (tmp_path / "shots").iterdir()]
    assert b"\x89PNG" == (tmp_path / "shots" / "good.png").read_bytes()[:4]

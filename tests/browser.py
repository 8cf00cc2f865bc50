"""A browser for tests: the chromium that is installed, driven by Playwright.

A test that takes `page`, or `open_page` for a page with options, carries the mark `browser`. It
fails when a page complains: of an uncaught error in a script, or by an error on its console, which
is where a browser tells of a status of 400 or more, of what the Content-Security-Policy refused and
of what it could not load. A test that wants one of these takes `complaints`, and removes it there.

Without Playwright (extra `browser`) or chromium these tests are skipped. Where CI is set, a missing
chromium is an error, and so is a missing Playwright if they were asked for with `-m browser`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import pytest

from tests.harness.report import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

    OpenPage: TypeAlias = Callable[..., Page]
    Accessible: TypeAlias = Callable[[Page], list[str]]

ARGUMENTS = (
    "--no-sandbox",  # it runs as root too, and shows nothing but pages of these tests
    "--disable-dev-shm-usage",  # /dev/shm is small in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing is loaded from elsewhere
)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""Axe-core's rules for WCAG 2.2 at level AA."""


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """A chromium for the tests of a file.

    Not for the whole session: while Playwright is open, asyncio.run refuses to run in its thread,
    and tests in other files use it.
    """
    program = chromium("browser" in pytestconfig.option.markexpr)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


def chromium(asked_for: bool) -> str:
    """Return the program; skip the test, or fail, if it or Playwright is missing."""
    in_ci = bool(os.environ.get("CI"))
    if importlib.util.find_spec("playwright") is None:
        _absent("There is no Playwright: pip install -e '.[browser]'.", in_ci and asked_for)
    found = os.environ.get("CANCELKIT_TEST_CHROMIUM") or shutil.which("chromium")
    return found or _absent("There is no chromium: apt-get install chromium.", in_ci)


def _absent(why: str, wanted: bool) -> NoReturn:
    if wanted:
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the pages of a test have complained of."""
    with no_complaint_left() as found:
        yield found


@contextmanager
def no_complaint_left() -> Generator[list[str]]:
    """A list that must be empty at the end."""
    found: list[str] = []
    yield found
    assert [] == found, "a page has complained"


@pytest.fixture
def open_page(browser: Browser, complaints: list[str]) -> Iterator[OpenPage]:
    """Opens a page as a new user, who shares nothing with the users of other pages.

    Options are those of Playwright's `Browser.new_context`, `java_script_enabled=False`,
    `color_scheme="dark"` and `viewport={"width": 320, "height": 640}` among them. For a second tab
    of the same user: `page.context.new_page()`.
    """
    users: list[BrowserContext] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text}")

    def new(**options: Any) -> Page:
        user = browser.new_context(**options)
        user.set_default_timeout(10_000)
        user.on("console", on_console)
        user.on("weberror", lambda error: complaints.append(f"script: {error.error}"))
        users.append(user)
        return user.new_page()

    yield new
    for user in users:
        user.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """An empty page of a new user."""
    return open_page()


@pytest.fixture(scope="session")
def accessible(report: Report) -> Accessible:
    """Returns what is wrong with a page: `assert [] == accessible(page)`.

    What axe-core cannot decide is printed at the end of the run, for people to look at.
    """

    def check(page: Page) -> list[str]:
        wrong, undecided = judged(page)
        for line in undecided:
            report("accessibility that a person must judge", f"{page.title()}: {line}")
        return wrong

    return check


def judged(page: Page) -> tuple[list[str], list[str]]:
    """Return what violates WCAG 2.2 at level AA, and what axe-core cannot decide: a line each."""
    import axe_playwright_python.sync_playwright as axe  # type: ignore[import-untyped]  # no types

    kinds = ("violations", "incomplete")
    answer: dict[str, Any] = (
        axe.Axe().run(page, options={"runOnly": RULES, "resultTypes": kinds}).response
    )
    wrong, undecided = (_lines(answer[kind]) for kind in kinds)
    return wrong, undecided


def _lines(found: list[dict[str, Any]]) -> list[str]:
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def screenshot(page: Page, name: str) -> None:
    """Draw the whole page into the folder CANCELKIT_TEST_SCREENSHOTS, if that is set."""
    folder = os.environ.get("CANCELKIT_TEST_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

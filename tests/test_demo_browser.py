"""The demo CRM's own pages in a browser: in light and dark, wide and narrow, in each state."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Accessible, OpenPage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `cancelkit serve` is."""
    command = [sys.executable, "-m", "cancelkit", "serve", "--port", "0"]
    folder: Path = tmp_path_factory.mktemp("demo")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as serving:
        try:
            assert serving.stdout is not None
            yield serving.stdout.readline().split()[-1].rstrip("/")
        finally:
            serving.send_signal(signal.SIGINT)


def too_wide(page: Page) -> bool:
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_for_everybody(
    address: str, open_page: OpenPage, accessible: Accessible, scheme: str, width: int
) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 720})
    page.goto(f"{address}/cancellations/customers/C-1005/begin")  # again: the same one
    page.locator("main form").get_by_role("button").last.click()
    for path in ("/", "/customers/C-1002", "/customers/C-1005", "/customers/C-1006", "/messages"):
        page.goto(address + path)
        if path.startswith("/customers/"):
            page.get_by_text("Actions", exact=True).click()
            assert page.locator(".actions li").count()
        assert ([], False) == (accessible(page), too_wide(page)), path

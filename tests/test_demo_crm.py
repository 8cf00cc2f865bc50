"""The demo CRM of `cancelkit serve`: a host with the panel mounted, from its list to a letter."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from attrs import frozen
from sqlalchemy import create_engine
from starlette.testclient import TestClient

from cancelkit.adapters.cli import main
from cancelkit.adapters.demo_crm.app import DemoCrm
from cancelkit.adapters.demo_crm.wiring import HOST, make_kit
from cancelkit.adapters.memory import SetClock
from cancelkit.people import Person
from cancelkit.times import day_of
from tests.sql_driver import counting

CAFE = "/customers/C-1001"
PANEL = "/cancellations/customers/C-1001"


@frozen
class Browser:
    """Somebody with a browser, without JavaScript."""

    client: TestClient
    crm: DemoCrm

    def see(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert status == answer.status_code
        return answer.text

    def send(self, page: str, action: str, **fields: str | list[str]) -> str:
        """Send the form of a page that goes to an address, and look where it leads."""
        hidden = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', self.see(page)))
        answer = self.client.post(action, data={**hidden, **fields})
        assert 200 == answer.status_code, answer.text
        return answer.text

    def become(self, user: str) -> None:
        self.client.post("/actor", data={"actor": user})


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    engine = create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    crm = DemoCrm(engine)
    with TestClient(crm.application()) as client:
        yield Browser(client, crm)
    engine.dispose()


def test_the_host_answers_every_need(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    DemoCrm(engine)
    make_kit(engine).verify(HOST.owning(engine))
    engine.dispose()


def test_the_story_of_the_article(browser: Browser) -> None:
    assert "Begin Cancellation" in browser.see(CAFE)
    browser.send(f"{PANEL}/begin", f"{PANEL}/begin", profile="")
    assert "Cancellation pending since" in browser.see(CAFE)
    assert f'href="{PANEL}"' in browser.see(CAFE)
    browser.send(PANEL, f"{PANEL}/sections/reasons", codes=["price"], text="Too dear", extra="")
    browser.send(PANEL, f"{PANEL}/sections/ownership", user="user:bea")
    later = (browser.crm.today + timedelta(days=365)).isoformat()
    browser.send(PANEL, f"{PANEL}/sections/future_expiry", on=later, note="Call again")
    browser.send(PANEL, f"{PANEL}/sections/mood", option="neutral")
    assert "1 still open" in browser.see(f"{PANEL}/process")
    for asset in ("A-2001", "A-2002"):
        browser.send(CAFE, f"{CAFE}/cease", asset=asset)
    browser.send(CAFE, f"{CAFE}/finish", kind="sales_orders", record="SO-6001")
    browser.send(f"{PANEL}/process", f"{PANEL}/process")
    page = browser.see(CAFE)
    assert ("Cancelled" in page, "O&#39;Connor" in page, later in page) == (True, True, True)
    assert "To Priya Nair: Harbour Café was cancelled by Raj Mehta" in browser.see("/messages")


def test_who_has_no_role_sees_no_cancellation(browser: Browser) -> None:
    browser.become("priya")
    assert 404 == browser.client.get(PANEL).status_code
    assert "Harbour Café" in browser.see(CAFE)
    assert [] == actions(browser, CAFE)
    assert "You have no role" in browser.see(CAFE)


def actions(browser: Browser, page: str) -> list[str]:
    """Return the words of the Actions menu, and see that each leads to a page."""
    menu = browser.see(page).partition("<summary>Actions</summary>")[2].partition("</details>")[0]
    found = re.findall(r'<a href="([^"]*)">([^<]*)</a>', menu)
    assert [200] * len(found) == [browser.client.get(link).status_code for link, _ in found]
    return [words for _, words in found]


def test_the_actions_menu_fits_the_state(browser: Browser) -> None:
    assert ["Begin Cancellation", "Check what it would need"] == actions(browser, CAFE)
    browser.send(f"{PANEL}/begin", f"{PANEL}/begin", profile="")
    assert ["View Cancellation", "Process", "Remove Cancellation"] == actions(browser, CAFE)
    assert ["View Cancellation"] == actions(browser, "/customers/C-1006"), "cancelled long ago"


def test_somebody_who_does_not_exist_is_turned_away(browser: Browser) -> None:
    browser.become("nobody")
    assert 401 == browser.client.get("/").status_code


def test_what_does_not_fit_is_refused_in_words(browser: Browser) -> None:
    assert 404 == browser.client.get("/customers/C-404").status_code
    assert 422 == browser.client.post(f"{CAFE}/finish", data={"kind": "x"}).status_code
    assert 422 == browser.client.post(f"{CAFE}/expiry", data={"on": "soon"}).status_code
    foreign = {"sec-fetch-site": "cross-site"}
    assert 403 == browser.client.post(f"{CAFE}/cease", headers=foreign).status_code


def test_the_data_are_moved_to_today_and_filled_in_once(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    first, again = DemoCrm(engine), DemoCrm(engine)
    desk = first.kit.at(HOST.owning(engine), actor=Person("raj"))
    assets = desk.check("C-1003").section("assets")
    assert ("assets.scheduled", first.today) == (assets.code, again.today)
    engine.dispose()


def test_the_queue_costs_the_same_for_one_row_as_for_many(tmp_path: Path) -> None:
    """Roles are in the database: they are read once for a request, and not for every row."""
    engine = create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with counting(engine) as (counted_engine, counted):
        crm = DemoCrm(counted_engine)
        desk = crm.kit.at(HOST.owning(engine), actor=Person("raj"))
        costs = []
        with TestClient(crm.application()) as client:
            for begun in (["C-1001"], ["C-1002", "C-1003", "C-1004", "C-1005"]):
                for customer in begun:
                    desk.begin(customer)
                counted.clear()
                page = client.get("/cancellations/")
                assert (200, begun[-1] in page.text) == (page.status_code, True)
                costs.append(counted.statements)
        assert [5, 5] == costs  # who it is, what may they do, and the three of the queue
    engine.dispose()


def test_the_day_is_that_of_the_request(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of one that was started yesterday."""
    tomorrow = HOST.clock.now() + timedelta(days=1)
    monkeypatch.setattr(HOST, "clock", SetClock(tomorrow))
    browser.send(CAFE, f"{CAFE}/cease", asset="A-2001")
    ceased = {one.id: one.ceased_on for one in browser.crm._crm.assets("C-1001")}
    assert day_of(tomorrow, browser.crm.kit.zone) == ceased["A-2001"]


def test_serve_prints_the_address_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "cancelkit", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as serving:
        try:
            assert serving.stdout is not None
            address = serving.stdout.readline().rpartition(" ")[2].strip()
            with urlopen(address, timeout=60) as page:
                assert b"Harbour Caf" in page.read()
            serving.send_signal(signal.SIGINT)
            assert 0 == serving.wait(60)
        finally:
            serving.kill()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("port", ["x", "-1", "65536", "²"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["serve", "--port", port])
    assert "is no port; expected 0 to 65535" in capsys.readouterr().err

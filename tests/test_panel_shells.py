"""The shells of the frameworks, through the frameworks' own clients: the same panel from each."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

import pytest
from attrs import frozen
from fastapi import FastAPI, HTTPException, Request
from flask import Flask, abort
from flask import request as flask_request
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.routing import Mount
from starlette.testclient import TestClient

from cancelkit import Customer, Desk, Status
from cancelkit.adapters.fastapi import panel_router
from cancelkit.adapters.flask import panel_blueprint
from cancelkit.adapters.starlette import panel_app
from cancelkit.adapters.web import Panel
from cancelkit.errors import BadSetup
from tests.world import World, world

PANEL = Panel("a secret of the host's own", body_limit=4_000)
PREFIX = "/crm/cancellations"


class Answer(NamedTuple):
    """What came back, whichever framework sent it."""

    status: int
    text: str
    headers: Mapping[str, str]


Ask = Callable[..., Answer]


@frozen
class Mounted:
    """The panel in one framework."""

    world: World
    ask: Ask

    def post(self, page: str, to: str, **fields: str) -> Answer:
        """Send the form of a page, as a browser would."""
        hidden = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', self.ask("GET", page).text))
        return self.ask("POST", to, data={**hidden, **fields})


def starlette_client(at: Callable[[str | None], Any]) -> Ask:
    def desk_of(request: StarletteRequest) -> Any:
        return at(request.headers.get("x-user"))

    app = Starlette(routes=[Mount(PREFIX, app=panel_app(PANEL, desk_of))])
    return http_client(TestClient(app, follow_redirects=False))


def fastapi_client(at: Callable[[str | None], Any]) -> Ask:
    def desk(request: Request) -> Iterator[Desk]:
        given = at(request.headers.get("x-user"))
        if not hasattr(given, "__enter__"):
            yield given
            return
        with given as entered:
            yield entered

    app = FastAPI()
    app.include_router(panel_router(PANEL, desk), prefix=PREFIX)
    return http_client(TestClient(app, follow_redirects=False))


def http_client(client: TestClient) -> Ask:
    def ask(method: str, path: str, **sent: Any) -> Answer:
        headers = {"x-user": "alice", **sent.pop("headers", {})}
        answer = client.request(method, PREFIX + path, headers=headers, **sent)
        return Answer(answer.status_code, answer.text, answer.headers)

    return ask


def flask_client(at: Callable[[str | None], Any]) -> Ask:
    app = Flask(__name__)
    app.testing = True  # what is raised is raised here
    app.register_blueprint(
        panel_blueprint(PANEL, lambda: at(flask_request.headers.get("x-user"))), url_prefix=PREFIX
    )
    client = app.test_client()

    def ask(method: str, path: str, **sent: Any) -> Answer:
        headers = {"x-user": "alice", **sent.pop("headers", {})}
        if "content" in sent:
            sent["data"] = sent.pop("content")
        answer = client.open(PREFIX + path, method=method, headers=headers, **sent)
        return Answer(answer.status_code, answer.get_data(as_text=True), dict(answer.headers))

    return ask


CLIENTS = {"starlette": starlette_client, "fastapi": fastapi_client, "flask": flask_client}


def unauthorised() -> NoReturn:
    raise HTTPException(401)


STRANGERS: Mapping[str, Callable[[], NoReturn]] = {
    "starlette": unauthorised,
    "fastapi": unauthorised,
    "flask": lambda: abort(401),
}


@pytest.fixture(params=CLIENTS)
def framework(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def mounted(framework: str, *, around: Callable[[Desk], Any] = lambda desk: desk) -> Mounted:
    w = world()

    def at(user: str | None) -> Any:
        if user == "":
            STRANGERS[framework]()
        return around(w.desk(user or "alice"))

    return Mounted(w, CLIENTS[framework](at))


def test_a_page_is_shown_with_every_header_of_the_panel(framework: str) -> None:
    answer = mounted(framework).ask("GET", "/customers/C-1")
    assert (200, True) == (answer.status, "Harbour Café" in answer.text)
    assert "no-store" == answer.headers["Cache-Control"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_form_is_sent_and_the_browser_goes_on_to_a_relative_address(framework: str) -> None:
    crm = mounted(framework)
    answer = crm.post("/customers/C-1/begin", "/customers/C-1/begin")
    assert (303, "../../customers/C-1?done=begin") == (answer.status, answer.headers["Location"])
    assert crm.world.status is not None
    assert crm.world.status.pending


def test_the_front_page_is_at_the_prefix_itself(framework: str) -> None:
    assert 200 == mounted(framework).ask("GET", "/").status
    assert mounted(framework).ask("GET", "").status in (307, 308)


def test_the_panel_itself_says_which_methods_an_address_takes(framework: str) -> None:
    answer = mounted(framework).ask("DELETE", "/customers/C-1")
    assert (405, "GET, HEAD") == (answer.status, answer.headers["Allow"])


def test_a_body_beyond_the_limit_is_refused(framework: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = mounted(framework).ask(
        "POST", "/customers/C-1/begin", content=b"a=" + b"b" * 5_000, headers=form
    )
    assert 413 == answer.status


def test_nobody_is_turned_away_by_the_host(framework: str) -> None:
    assert 401 == mounted(framework).ask("GET", "/customers/C-1", headers={"x-user": ""}).status


def test_a_host_may_open_and_leave_its_own_session_around_a_request(framework: str) -> None:
    said: list[str] = []

    @contextmanager
    def around(desk: Desk) -> Generator[Desk]:
        said.append("opened")
        yield desk
        said.append("left")

    mounted(framework, around=around).ask("GET", "/customers/C-1")
    assert ["opened", "left"] == said


def test_identifiers_with_every_kind_of_character_arrive(framework: str) -> None:
    crm = mounted(framework)
    crm.world.crm.put_customer(Customer("a/b %é", "An odd id", Status("live")))
    answer = crm.ask("GET", "/customers/a~2Fb~20~25~C3~A9")
    assert (200, True) == (answer.status, "An odd id" in answer.text)
    assert 404 == crm.ask("GET", "/customers/C~2D1").status


def test_a_host_that_gives_no_desk_is_told(framework: str) -> None:
    with pytest.raises(BadSetup, match=r"A desk is needed, as kit\.at"):
        mounted(framework, around=lambda desk: None).ask("GET", "/customers/C-1")


READS: Mapping[str, Callable[[], object]] = {
    "get_data": lambda: flask_request.get_data(cache=True),
    "get_json": lambda: flask_request.get_json(silent=True),
    "form": lambda: flask_request.form,
    "both": lambda: (flask_request.form, flask_request.get_data()),
}
"""What a host in Flask does with the body before the panel is asked."""


@pytest.mark.parametrize("read", READS)
def test_the_body_that_flask_has_read_already_is_read_again(read: str) -> None:
    w = world()
    app = Flask(__name__)

    @app.before_request
    def before() -> None:
        READS[read]()

    app.register_blueprint(panel_blueprint(PANEL, w.desk), url_prefix=PREFIX)
    client = app.test_client()
    page = client.get(f"{PREFIX}/customers/C-1/begin").get_data(as_text=True)
    hidden = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', page))
    assert 303 == client.post(f"{PREFIX}/customers/C-1/begin", data=hidden).status_code
    token = client.get(f"{PREFIX}/api/session").get_json()["token"]
    answer = client.post(
        f"{PREFIX}/api/customers/C-1/remove",
        json={"put_back": False},
        headers={"x-csrf-token": token, "idempotency-key": "op-1"},
    )
    assert (200, "live") == (answer.status_code, answer.get_json()["now"])
    long = client.post(f"{PREFIX}/api/customers/C-1/begin", json={"profile": "x" * 5_000})
    assert 413 == long.status_code

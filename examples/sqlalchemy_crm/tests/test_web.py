"""The panel in FastAPI, in the CRM's own transaction, and in Flask, in transactions of its own."""

import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest
import uvicorn
from fastapi import Depends, FastAPI
from flask import Flask
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy_crm import fastapi_app, flask_app, serving
from sqlalchemy_crm.__main__ import prepare
from sqlalchemy_crm.crm import account_of, call_again, finish
from sqlalchemy_crm.login import PASSWORD
from sqlalchemy_crm.schema import OWN, Account
from sqlalchemy_crm.serving import begin_at_once
from sqlalchemy_crm.wiring import desk
from starlette.testclient import TestClient

from cancelkit import Desk
from cancelkit.adapters.fastapi import panel_router

CAFE = "/cancellations/customers/1"


class Answer(NamedTuple):
    """What came back, whichever framework sent it."""

    status: int
    text: str
    headers: Mapping[str, str]


class Browser(NamedTuple):
    """Somebody with a browser at one of the two applications."""

    engine: Engine
    ask: Callable[..., Answer]

    def see(self, path: str, login: str = "raj") -> Answer:
        return self.ask("GET", path, login)

    def send(self, page: str, action: str, /, login: str = "raj", **fields: Any) -> Answer:
        """Send the form of a page, with its hidden fields."""
        hidden = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', self.see(page, login).text))
        return self.ask("POST", action, login, {**hidden, **fields})


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CRM with the demo data, to be copied."""
    file = tmp_path_factory.mktemp("web") / "crm.db"
    engine = create_engine(f"sqlite:///{file}")
    prepare(engine, None)
    engine.dispose()
    return file


@pytest.fixture
def engine(filled: Path, tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{shutil.copy(filled, tmp_path / 'crm.db')}")
    yield engine
    engine.dispose()


def in_fastapi(app: FastAPI) -> Callable[..., Answer]:
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def ask(method: str, path: str, login: str, data: dict[str, Any] | None = None) -> Answer:
        said = b64encode(f"{login}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {said}"} if login else {}
        answer = client.request(method, path, headers=headers, data=data)
        return Answer(answer.status_code, answer.text, answer.headers)

    return ask


def in_flask(app: Flask) -> Callable[..., Answer]:
    client = app.test_client()

    def ask(method: str, path: str, login: str, data: dict[str, Any] | None = None) -> Answer:
        auth = (login, PASSWORD) if login else None
        answer = client.open(path, method=method, auth=auth, data=data)
        return Answer(answer.status_code, answer.get_data(as_text=True), dict(answer.headers))

    return ask


@pytest.fixture
def joined(engine: Engine) -> Iterator[Engine]:
    """The same database, for sessions that cancelkit joins."""
    other = begin_at_once(create_engine(engine.url))
    yield other
    other.dispose()


@pytest.fixture
def joining(engine: Engine, joined: Engine) -> Browser:
    return Browser(engine, in_fastapi(fastapi_app.make_app(joined)))


@pytest.fixture
def owning(engine: Engine) -> Browser:
    return Browser(engine, in_flask(flask_app.make_app(engine)))


@pytest.fixture(params=["joining", "owning"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """In both: FastAPI and the CRM's transaction; Flask and transactions of its own."""
    chosen: Browser = request.getfixturevalue(request.param)
    return chosen


def status_of(engine: Engine) -> str:
    with Session(engine) as session:
        return session.get_one(Account, 1).status


def fill_in(browser: Browser) -> None:
    """Begin, and enter what people enter."""
    browser.send(f"{CAFE}/begin", f"{CAFE}/begin", profile="")
    browser.send(CAFE, f"{CAFE}/sections/reasons", codes=["price"], text="Too dear", extra="")
    browser.send(CAFE, f"{CAFE}/sections/mood", option="neutral")
    browser.send(CAFE, f"{CAFE}/sections/ownership", user="user:4")


def wind_up(engine: Engine) -> None:
    """Finish in the CRM what is open, and note a follow-up."""
    with Session(engine) as session, session.begin():
        view = desk(session, "raj").get("1").view(name=100)
        for line in view.sections:
            if line.records:
                finish(session, line, view.today)
        call_again(session, account_of(session, "C-1001"), view.today + timedelta(days=365))


# ---------------------------------------------------------------- both


def test_from_begin_to_process(browser: Browser) -> None:
    assert f'href="{CAFE}/begin"' in browser.see("/accounts/1").text
    fill_in(browser)
    assert "Cancellation pending since" in browser.see("/").text
    page = browser.see("/accounts/1").text
    assert ("cancelkit-banner" in page, f'href="{CAFE}"' in page) == (True, True)
    assert 'href="/accounts/1"' in browser.see(CAFE).text, "and back to the CRM's own page"
    wind_up(browser.engine)
    answer = browser.send(f"{CAFE}/process", f"{CAFE}/process")
    assert (303, "cancelled") == (answer.status, status_of(browser.engine))
    assert "is cancelled" in browser.see(f"{CAFE}?done=process").text


def test_a_refused_process_is_no_success_and_stands_in_the_history(browser: Browser) -> None:
    fill_in(browser)
    answer = browser.send(f"{CAFE}/process", f"{CAFE}/process")
    assert (409, "live") == (answer.status, status_of(browser.engine))
    history = desk(browser.engine, "raj").get("1").history()
    assert ["process"] == [one.verb.value for one in history if one.refusals]


def test_nobody_gets_in_by_default(browser: Browser) -> None:
    paths = ("/", "/accounts/1", "/cancellations/", CAFE, "/cancellations/api/session")
    assert [401] * 5 == [browser.see(path, login="").status for path in paths]
    assert 401 == browser.see(CAFE, login="tom").status, "who has left"
    assert "Basic" in browser.see("/", login="").headers["WWW-Authenticate"]


def test_without_a_role_there_is_no_panel(browser: Browser) -> None:
    assert 200 == browser.see("/accounts/1", login="priya").status
    paths = (CAFE, f"{CAFE}/begin", "/cancellations/customers/404")
    assert [404] * 3 == [browser.see(path, login="priya").status for path in paths]


def test_a_form_needs_its_token(browser: Browser) -> None:
    assert 403 == browser.ask("POST", f"{CAFE}/begin", "raj", {"_op": "1"}).status
    assert 403 == browser.send(f"{CAFE}/begin", f"{CAFE}/begin", _token="x").status
    stolen = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', browser.see(f"{CAFE}/begin").text))
    assert 403 == browser.ask("POST", f"{CAFE}/begin", "sofia", stolen).status
    assert None is desk(browser.engine, "raj").get("1").view().begun


def test_an_account_that_is_not_there(browser: Browser) -> None:
    assert 404 == browser.see("/accounts/404").status


# ---------------------------------------------------------------- FastAPI: the CRM commits


def commits_fail(session: Session) -> None:
    if not session.in_nested_transaction():  # savepoints are fine, and the last step is not
        raise OSError("the disk is full")


def begun_while_commits_fail(ask: Callable[..., Answer]) -> int:
    """Take the form of Begin, let every commit fail, and send it."""
    page = ask("GET", f"{CAFE}/begin", "raj").text
    hidden = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', page))
    event.listen(Session, "before_commit", commits_fail)
    try:
        return ask("POST", f"{CAFE}/begin", "raj", {**hidden, "profile": ""}).status
    finally:
        event.remove(Session, "before_commit", commits_fail)


def nothing_was_written(engine: Engine) -> bool:
    with engine.connect() as db:
        return not any(list(db.execute(table.select())) for table in OWN)


def test_a_commit_that_fails_is_no_success(joining: Browser) -> None:
    assert 500 == begun_while_commits_fail(joining.ask)
    assert nothing_was_written(joining.engine)


def test_after_the_response_it_would_have_been_answered_as_one(
    engine: Engine, joined: Engine
) -> None:
    """Why the session of a request has scope="function": this is FastAPI's default."""

    def session_of() -> Iterator[Session]:
        with Session(joined) as session, session.begin():
            yield session

    def desk_of(session: Annotated[Session, Depends(session_of)]) -> Desk:
        return desk(session, "raj")

    app = FastAPI()
    app.include_router(panel_router(fastapi_app.PANEL, desk_of), prefix="/cancellations")
    assert 303 == begun_while_commits_fail(in_fastapi(app))
    assert nothing_was_written(engine)


# ---------------------------------------------------------------- the commands, and the README


@pytest.mark.parametrize("module", [fastapi_app, flask_app], ids=["fastapi", "flask"])
def test_the_command_fills_the_database_and_serves_on_this_machine_only(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[Any] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **at: served.append((app, at)))
    monkeypatch.setattr(Flask, "run", lambda app, host, port: served.append((app, (host, port))))
    opened: list[Engine] = []

    def opening(address: str) -> Engine:
        opened.append(create_engine(address))
        return opened[0]

    monkeypatch.setattr(serving, "create_engine", opening)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert 0 == module.main(["--database", url, "--port", "8123"])
    printed = capsys.readouterr().out
    assert f"Log in as raj, sofia, priya, bea, jurgen, with the password {PASSWORD}" in printed
    ((app, at),) = served
    assert "127.0.0.1" in str(at)
    assert "8123" in str(at)
    ask = in_flask(app) if isinstance(app, Flask) else in_fastapi(app)
    assert "Harbour Café" in ask("GET", "/", "raj").text
    opened[0].dispose()


def test_what_the_readme_quotes_of_the_applications_is_what_runs() -> None:
    page = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    quoted = [block.partition("```")[0] for block in page.split("```python\n")[1:]]
    source = "".join(
        Path(one.__file__ or "").read_text("utf-8") for one in (fastapi_app, flask_app)
    )
    mounts = [block for block in quoted if "Panel(" in block]
    assert [True, True] == [bare(block) in bare(source) for block in mounts]
    assert all(len(bare(block).splitlines()) <= 10 for block in mounts)


def bare(source: str) -> str:
    """Return the lines that are not empty, without what stands before and behind them."""
    return "\n".join(line.strip() for line in source.splitlines() if line.strip())

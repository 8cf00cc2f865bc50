"""A host that joins its own session commits what it did itself, and no half of a command of ours.

`Panel.handle` answers a fault with 500 rather than raising, so that the host's own context manager
ends well, and commits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from flask import Flask
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from cancelkit import CancelKit, Desk, EitherRole, Person
from cancelkit.adapters.demo_crm.filling import fill
from cancelkit.adapters.demo_crm.tables import EXPIRY, METADATA, USER
from cancelkit.adapters.demo_crm.wiring import CHECKLIST, HOST
from cancelkit.adapters.fastapi import panel_router
from cancelkit.adapters.flask import panel_blueprint
from cancelkit.adapters.starlette import panel_app
from cancelkit.adapters.web import Panel
from cancelkit.adapters.web.security import make_token
from cancelkit.sections.creating_expiry import CreateExpiry, NewExpiry
from tests.world import TODAY

PANEL = Panel("a secret of the host's own")
ADMIN = Person("raj", "Raj Mehta")
CAFE = "C-1001"
LATER = TODAY.replace(year=2099)

Around = Callable[[], AbstractContextManager[Desk]]
Post = Callable[[str, dict[str, str]], int]


def in_starlette(around: Around) -> Post:
    app = Starlette(routes=[Mount("/", app=panel_app(PANEL, lambda request: around()))])
    return lambda path, headers: TestClient(app).post(path, json={}, headers=headers).status_code


def in_fastapi(around: Around) -> Post:
    def desk() -> Iterator[Desk]:
        with around() as given:
            yield given

    app = FastAPI()
    app.include_router(panel_router(PANEL, desk))
    return lambda path, headers: TestClient(app).post(path, json={}, headers=headers).status_code


def in_flask(around: Around) -> Post:
    app = Flask(__name__)
    app.register_blueprint(panel_blueprint(PANEL, around))
    return lambda path, headers: app.test_client().post(path, json={}, headers=headers).status_code


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    fill(made, TODAY)
    yield made
    made.dispose()


def rows(engine: sa.Engine, *but: sa.Table) -> dict[str, list[Any]]:
    """Return everything that is stored, by table, but for some tables."""
    tables = [table for table in METADATA.sorted_tables if table not in but]
    with engine.connect() as db:
        return {table.name: list(db.execute(sa.select(table))) for table in tables}


@pytest.mark.parametrize("mount", [in_starlette, in_fastapi, in_flask])
def test_a_command_that_fails_half_way_leaves_nothing_in_a_session_that_is_committed(
    engine: sa.Engine, mount: Callable[[Around], Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[int] = []

    def half(db: sa.Connection) -> Any:
        def create(effect: CreateExpiry, customer: object) -> bool:
            row = {"id": "E-half", "customer": CAFE, "on": effect.on, "label": "half done"}
            reached.append(db.execute(sa.insert(EXPIRY), row).rowcount)
            raise OSError("the disk is full")

        return create

    kit = CancelKit(
        CHECKLIST.without("ownership"),
        roles=EitherRole(lambda user: ["CRM Admin"]),
        report=lambda *_: None,
    )
    monkeypatch.setattr(HOST, "bindings", {CreateExpiry: half})

    @contextmanager
    def around() -> Generator[Desk]:
        with Session(engine) as session, session.begin():
            session.execute(sa.update(USER).where(USER.c.id == "raj").values(name="Raj M."))
            yield kit.at(HOST.joining(session), actor=ADMIN)

    desk = kit.at(HOST.owning(engine), actor=ADMIN)
    desk.begin(CAFE).enter(NewExpiry(LATER))
    before, headers = rows(engine, USER), {"idempotency-key": "op-1"}
    headers["x-csrf-token"] = make_token(PANEL.secret, desk, HOST.clock.now())
    path = f"/api/customers/{CAFE}/sections/future_expiry/perform_now"
    assert (500, [1]) == (mount(around)(path, headers), reached)
    assert before == rows(engine, USER)
    with engine.connect() as db:
        assert "Raj M." == db.scalar(sa.select(USER.c.name).where(USER.c.id == "raj"))

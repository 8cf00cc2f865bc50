"""The panel in FastAPI, in the CRM's own transaction: python -m sqlalchemy_crm.fastapi_app."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from secrets import token_bytes
from typing import Annotated

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cancelkit import Desk
from cancelkit.adapters.fastapi import panel_router
from cancelkit.adapters.web import Panel
from sqlalchemy_crm.login import ASK, knows
from sqlalchemy_crm.pages import account_page, accounts_page
from sqlalchemy_crm.serving import ADDRESS, begin_at_once, start
from sqlalchemy_crm.wiring import desk

# -------------------------------------------------- what the CRM has anyway: a session and a login


def session_of(request: Request) -> Iterator[Session]:
    """Give the session of a request, and commit it."""
    with Session(request.app.state.engine) as session, session.begin():
        yield session


# scope="function": the commit comes before the response. FastAPI's default is after it, and then a
# commit that fails has been answered as a success.
Transaction = Annotated[Session, Depends(session_of, scope="function")]
Sent = Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]


def login_of(session: Transaction, sent: Sent) -> str:
    """Return who has logged in; a stand-in, see login.py."""
    if not knows(session, sent.username, sent.password):
        raise HTTPException(401, "Who are you?", ASK)
    return sent.username


# -------------------------------------------------- the panel

PANEL = Panel(token_bytes(32), languages=("en-GB", "de"), mount="/cancellations")


def desk_of(session: Transaction, login: Annotated[str, Depends(login_of)]) -> Desk:
    """Return the desk of whoever asks: it joins the session, and the CRM commits."""
    return desk(session, login)


panel = panel_router(PANEL, desk_of)  # app.include_router(panel, prefix=PANEL.mount), below

# -------------------------------------------------- pages of the CRM around it

AtDesk = Annotated[Desk, Depends(desk_of)]
pages = APIRouter(default_response_class=HTMLResponse)


@pages.get("/")
def accounts(session: Transaction, at: AtDesk) -> str:
    return accounts_page(session, at, PANEL)


@pages.get("/accounts/{key}")
def account(key: int, session: Transaction, at: AtDesk) -> str:
    page = account_page(session, at, PANEL, key)
    if page is None:
        raise HTTPException(404, "There is no such account.")
    return page


def make_app(engine: Engine) -> FastAPI:
    """Return the CRM over a database."""
    app = FastAPI(title="A small CRM")
    app.state.engine = engine
    app.include_router(pages)
    app.include_router(panel, prefix=PANEL.mount)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    engine, port = start("sqlalchemy_crm.fastapi_app", arguments)
    uvicorn.run(make_app(begin_at_once(engine)), host=ADDRESS, port=port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())

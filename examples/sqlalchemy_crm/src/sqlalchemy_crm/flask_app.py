"""The panel in Flask, in transactions of its own: python -m sqlalchemy_crm.flask_app."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from secrets import token_bytes

from flask import Flask, Response, abort, request
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cancelkit import Desk
from cancelkit.adapters.flask import panel_blueprint
from cancelkit.adapters.web import Panel
from sqlalchemy_crm.login import ASK, knows
from sqlalchemy_crm.pages import account_page, accounts_page
from sqlalchemy_crm.serving import ADDRESS, start
from sqlalchemy_crm.wiring import desk


def login_of(engine: Engine) -> str:
    """Return who has logged in; a stand-in, see login.py."""
    sent = request.authorization
    if sent is None or not knows(engine, sent.username or "", sent.password or ""):
        abort(Response("Who are you?", 401, ASK))
    return sent.username or ""


def make_app(engine: Engine) -> Flask:
    """Return the CRM over a database."""
    app = Flask(__name__)

    # the panel: each command commits by itself, before it is answered
    def desk_of() -> Desk:
        return desk(engine, login_of(engine))

    panel = Panel(token_bytes(32), languages=("en-GB", "de"), mount="/cancellations")
    app.register_blueprint(panel_blueprint(panel, desk_of), url_prefix=panel.mount)

    # pages of the CRM around it
    @app.get("/")
    def accounts() -> str:
        at = desk_of()
        with Session(engine) as session:
            return accounts_page(session, at, panel)

    @app.get("/accounts/<int:key>")
    def account(key: int) -> str:
        at = desk_of()
        with Session(engine) as session:
            return account_page(session, at, panel, key) or abort(404)

    return app


def main(arguments: Sequence[str] | None = None) -> int:
    engine, port = start("sqlalchemy_crm.flask_app", arguments)
    make_app(engine).run(ADDRESS, port)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A stand-in for the CRM's own login: active users, and one password that is made at start-up.

Yours is a session cookie or a token, and your user table knows whose. By default nobody gets in.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from sqlalchemy_crm.schema import User
from sqlalchemy_crm.staff import Staff

PASSWORD = secrets.token_urlsafe(6)
ASK = {"WWW-Authenticate": 'Basic realm="CRM", charset="UTF-8"'}
"""The header of a 401: the browser asks for name and password."""


def knows(bind: Engine | Session, login: str, password: str) -> bool:
    """Say whether this is the password of an active user."""
    right = secrets.compare_digest(password.encode(), PASSWORD.encode())
    return right and Staff(bind).knows(login)


def logins(engine: Engine) -> list[str]:
    """Return who may log in."""
    with Session(engine) as session:
        return list(session.scalars(select(User.login).where(User.active, ~User.deleted)))

"""A host's Session: what it has not written yet, and what it remembers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, inspect
from sqlalchemy.orm import Session


def flush(bind: Any) -> None:
    """Write what a session has not written yet; a connection has nothing of the kind."""
    if isinstance(bind, Session):
        bind.flush()


def forget(bind: Any, table: FromClause) -> None:
    """Let a session read the objects of a table again, after a write that went around it."""
    if not isinstance(bind, Session):
        return
    for thing in list(bind.identity_map.values()):
        if table in inspect(thing).mapper.tables:
            bind.expire(thing)

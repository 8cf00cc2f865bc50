"""What the shells of the frameworks have in common."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

from cancelkit.desk import Desk
from cancelkit.errors import BadSetup

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What a shell hands over, so that the panel itself says which methods an address takes."""

GivenDesk: TypeAlias = Desk | AbstractContextManager[Desk]
"""What a host answers a request with: a desk, or a context manager around its own session:

    with Session(engine) as session, session.begin():
        yield kit.at(HOST.joining(session), actor=...)

It is left, and so committed, before the response is sent.
"""


def at(given: GivenDesk) -> AbstractContextManager[Desk]:
    """Return a context manager that gives the desk; raises `BadSetup` for anything else."""
    if isinstance(given, Desk):
        return nullcontext(given)
    if hasattr(given, "__enter__"):
        return given
    raise BadSetup(f"A desk is needed, as kit.at(...) makes it; not {type(given).__name__}.")

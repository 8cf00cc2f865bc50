"""Who may post: a token bound to the user, and a request that comes from the panel itself.

Authorisation is the host's: it makes the desk. What is refused here are requests that a page of
somebody else made the user's browser send (CSRF), and requests that are too large to be read.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from cancelkit.adapters.web.values import PanelRequest
from cancelkit.desk import Desk

FIELD = "_token"
"""The hidden field of a form that carries the token."""

HEADER = "x-csrf-token"
"""The header of an API request that carries the token."""

DAY = 24 * 60 * 60
"""How long a token is good for, in seconds."""


class HostToken(NamedTuple):
    """The host's own protection, in place of the panel's: its token in forms, and its check.

    Attributes:
        render: the value of the hidden field, for a page that answers this request.
        check: says whether a request that changes something carries a good one: a form in its
            field, a request of the JSON API in a header. Only the literal True is a yes.
        field: the name of the hidden field, such as "csrf_token".
    """

    render: Callable[[PanelRequest], str]
    check: Callable[[PanelRequest], bool]
    field: str


def make_token(secret: bytes, desk: Desk, now: datetime) -> str:
    """Return a token that is good for a day, for this user of this tenant only."""
    begin = f"{int(now.timestamp())}.{secrets.token_hex(8)}"
    return f"{begin}.{_signature(secret, desk, begin)}"


def good_token(secret: bytes, desk: Desk, now: datetime, token: str) -> bool:
    """Say whether a token was made for this user, not longer than a day ago."""
    begin, _, signature = token.rpartition(".")
    made = begin.partition(".")[0]
    if not made.isascii() or not made.isdigit() or len(made) > 12:
        return False
    fresh = -60 <= now.timestamp() - int(made) <= DAY
    right = hmac.compare_digest(_signature(secret, desk, begin).encode(), signature.encode())
    return right and fresh


def _signature(secret: bytes, desk: Desk, begin: str) -> str:
    said = "\0".join((desk.host.tenant, desk.actor.id, begin))
    return hmac.new(secret, said.encode("utf-8", "surrogatepass"), sha256).hexdigest()


def own_origin(request: PanelRequest, origins: frozenset[str]) -> bool:
    """Say whether a request comes from a page of this very site, or from no page at all.

    Browsers say so in Sec-Fetch-Site; older ones, and those on plain http, in Origin. `origins` are
    those that the site is known by behind a proxy that changes Host.
    """
    origin = request.headers.get("origin", "")
    if origin in origins:
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    if not origin:
        return True  # no page has sent it; the token decides
    return origin != "null" and urlsplit(origin).netloc == request.headers.get("host", "")


def headers(nonce: str, frames: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the headers of every response that is not a static file."""
    ancestors = " ".join(frames) or "'none'"
    policy = (
        "default-src 'none'",
        "connect-src 'self'",
        "img-src 'self' data:",
        f"script-src 'nonce-{nonce}'",
        f"style-src 'self' 'nonce-{nonce}'",
        "base-uri 'none'",
        "form-action 'self'",
        f"frame-ancestors {ancestors}",
    )
    return (
        ("Content-Security-Policy", "; ".join(policy)),
        ("Cache-Control", "no-store"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "same-origin"),
        ("Vary", "Accept-Language, Cookie"),
        ("X-Content-Type-Options", "nosniff"),
    )

"""Who may post: a token bound to the user, and a request that comes from the panel itself.

Authorisation is the host's: it makes the desk. What is refused here are requests that a page of
somebody else made the user's browser send (CSRF), and requests that are too large to be read.

Both must hold: the token is this user's, and the browser says that the request comes from a page of
this very site, or it says nothing. A token outlives a log-out by up to a day; a host that wants it
bound to its session hands in its own protection (`HostToken`).
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from cancelkit.adapters.web.values import PanelRequest
from cancelkit.desk import Desk

FIELD = "_token"
"""The hidden field of a form that carries the token."""

HEADER = "X-CSRF-Token"
"""The header of an API request that carries the token."""

DAY = 24 * 60 * 60
"""How long a token is good for, in seconds."""

_PURPOSE = "cancelkit.panel.token.1"
"""What is signed begins with this: the secret may be the host's own, which signs other things."""

_TOKEN = re.compile(r"(([0-9]{1,12})\.[0-9a-f]{16})\.([0-9a-f]{64})")
_ORIGIN = re.compile(r"(https?)://([^/?#@\s]+)", re.IGNORECASE)
_USUAL = {"http": ":80", "https": ":443"}


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
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return False
    begin, made, signature = parts.groups()
    fresh = -60 <= now.timestamp() - int(made) <= DAY
    return hmac.compare_digest(_signature(secret, desk, begin), signature) and fresh


def _signature(secret: bytes, desk: Desk, begin: str) -> str:
    said = "\0".join((_PURPOSE, begin, desk.actor.id, desk.host.tenant))
    return hmac.new(secret, said.encode("utf-8", "surrogatepass"), sha256).hexdigest()


def own_origin(request: PanelRequest, origins: frozenset[str]) -> bool:
    """Say whether a request comes from a page of this very site, or from no page at all.

    Browsers say so in Sec-Fetch-Site; older ones, and those on plain http, in Origin. A page of a
    neighbour ("same-site") is somebody else's. `origins` are those that the site is known by behind
    a proxy that changes Host.
    """
    origin = request.headers.get("origin", "")
    if origin in origins:
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    if not origin:
        return True  # no page has sent it; the token decides
    return _is_host(origin, request.headers.get("host", ""))


def own_page(request: PanelRequest, origins: frozenset[str]) -> bool:
    """Say whether the browser itself says that a page of this very site has sent the request."""
    said = request.headers.get("origin") or request.headers.get("sec-fetch-site") == "same-origin"
    return bool(said) and own_origin(request, origins)


def _is_host(origin: str, host: str) -> bool:
    """Compare an origin with Host, which leaves out the scheme and its usual port."""
    parts = _ORIGIN.fullmatch(origin)
    if parts is None or not host:
        return False
    usual = _USUAL[parts[1].lower()]
    return parts[2].lower().removesuffix(usual) == host.lower().removesuffix(usual)


_ALWAYS = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "same-origin"),
    ("Vary", "Accept-Language, Cookie"),
    ("X-Content-Type-Options", "nosniff"),
)


def headers(nonce: str, frames: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the headers of every page, static files included, that it does not set itself."""
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
    return (("Content-Security-Policy", "; ".join(policy)), *_ALWAYS)


def data_headers() -> tuple[tuple[str, str], ...]:
    """Return the headers of every answer of the JSON API: it is no page, and in no frame."""
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return (("Content-Security-Policy", policy), *_ALWAYS)

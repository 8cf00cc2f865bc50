"""The smallest shell: the panel as a WSGI application, with a log-in by a cookie."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from cancelkit.adapters.web import PanelRequest
from tests.panel_crm import ROLES, PanelWorld

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def wsgi(w: PanelWorld) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """Return the application; a request without the cookie `session` of a user gets 401."""

    def app(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        cookies = environ.get("HTTP_COOKIE", "").split("; ")
        users = [one.removeprefix("session=") for one in cookies if one.startswith("session=")]
        if len(users) != 1 or users[0] not in ROLES:
            start("401 Unauthorized", [("WWW-Authenticate", "Cookie")])
            return [b""]
        headers = {
            key.removeprefix("HTTP_").replace("_", "-"): value
            for key, value in environ.items()
            if key.startswith("HTTP_") or key == "CONTENT_TYPE"
        }
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(min(size, w.panel.body_limit + 1))
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        request = PanelRequest(
            environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], headers, body
        )
        answer = w.panel.handle(request, w.desk(users[0]))
        start(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(answer.headers))
        return [answer.body]

    return app

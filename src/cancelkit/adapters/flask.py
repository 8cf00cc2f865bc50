"""The panel in Flask: a blueprint.

app.register_blueprint(panel_blueprint(panel, desk_of), url_prefix="/cancellations")
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from cancelkit.adapters.web import Panel, PanelRequest
from cancelkit.adapters.web.shell import METHODS, GivenDesk, at


def panel_blueprint(
    panel: Panel, desk_of: Callable[[], GivenDesk], *, name: str = "cancelkit"
) -> Blueprint:
    """Return the panel as a blueprint, to register under any prefix.

    Args:
        panel: as set up once.
        desk_of: returns the desk for the user of the current request, or a context manager that
            gives it; it aborts with 401 or redirects in the host's own way for nobody.
        name: of the blueprint.
    """
    blueprint = Blueprint(name, __name__)

    def answer(path: str) -> Response:
        read = _read(path, panel.body_limit)
        with at(desk_of()) as desk:
            answered = panel.handle(read, desk)
        return Response(answered.body, answered.status, list(answered.headers))

    blueprint.add_url_rule("/", "front", answer, methods=METHODS, defaults={"path": ""})
    blueprint.add_url_rule("/<path:path>", "panel", answer, methods=METHODS)
    return blueprint


def _read(path: str, limit: int) -> PanelRequest:
    """Return the current request as a value; of its body at most `limit` + 1 bytes are read.

    Where the host has read the body already, it is what Flask has kept of it; where the host has
    parsed a form (Flask-WTF does), the body is made of it again.
    """
    body = request.stream.read(limit + 1) or request.get_data()[: limit + 1]
    if not body and request.form:
        body = urlencode(list(request.form.items(multi=True))).encode()
    query = request.query_string.decode("latin-1")
    return PanelRequest(request.method, f"/{path}", query, dict(request.headers), body)

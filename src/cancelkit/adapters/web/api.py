"""The JSON API over the commands."""

from __future__ import annotations

import json
from typing import Any

from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.document import document
from cancelkit.adapters.web.problems import Problem
from cancelkit.adapters.web.routes import Route
from cancelkit.adapters.web.values import PanelResponse


def answer(
    data: Any, status: int = 200, *more: tuple[str, str], kind: str = "json"
) -> PanelResponse:
    """Return a JSON response."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return PanelResponse(status, text.encode(), (("Content-Type", f"application/{kind}"), *more))


def customer(call: Call) -> PanelResponse:
    """Return the view as data."""
    look = call.cancellation.look()
    return answer(document(call.desk.kit, look), 200, ("ETag", f'"{look.view.token}"'))


def problem(call: Call, what: Problem) -> PanelResponse:
    """Return problem details (RFC 9457)."""
    return answer(what.data(what.code), what.status, *what.headers, kind="problem+json")


ROUTES = (Route("GET", "customers/{customer}", customer),)

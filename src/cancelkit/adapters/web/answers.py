"""Answers of the JSON API."""

from __future__ import annotations

import json
from typing import Any

from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.endpoint import etag_of
from cancelkit.adapters.web.problems import Problem
from cancelkit.adapters.web.values import JSON, PanelResponse

PROBLEM = "application/problem+json"
SCHEMA = "application/schema+json"


def answer(data: Any, status: int = 200, *more: tuple[str, str], kind: str = JSON) -> PanelResponse:
    """Return a JSON response."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return PanelResponse(status, text.encode(), (("Content-Type", kind), *more))


def tagged(data: Any, token: str) -> PanelResponse:
    """Return a JSON response that carries a token: If-Match takes it as it is."""
    return answer(data, 200, *((("ETag", etag_of(token)),) if token else ()))


def problem(call: Call, what: Problem) -> PanelResponse:
    """Return problem details (RFC 9457)."""
    said = what.data(call.desk.kit)
    return answer(said, what.status, *what.headers, kind=PROBLEM)

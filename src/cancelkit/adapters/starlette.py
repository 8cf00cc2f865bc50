"""The panel in Starlette: an application to mount.

Mount("/cancellations", app=panel_app(panel, desk_of))
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from cancelkit.adapters.aio import in_thread
from cancelkit.adapters.web import Panel, PanelRequest, PanelResponse
from cancelkit.adapters.web.shell import METHODS, GivenDesk, at


def panel_app(panel: Panel, desk_of: Callable[[Request], GivenDesk]) -> Router:
    """Return the panel as an application to mount under any prefix.

    Args:
        panel: as set up once.
        desk_of: returns the desk for the user of a request, or a context manager that gives it; it
            raises the host's own `HTTPException` for nobody. A plain function: it runs in the
            thread in which the whole request is handled.
    """

    async def answer(request: Request) -> Response:
        read = await read_request(request, panel.body_limit)
        return await in_thread(lambda: _handle(request, read))

    def _handle(request: Request, read: PanelRequest) -> Response:
        with at(desk_of(request)) as desk:
            answered = panel.handle(read, desk)
        return response_of(answered)

    return Router([Route("/{path:path}", answer, methods=METHODS)])


async def read_request(request: Request, limit: int) -> PanelRequest:
    """Return the request as a value; of its body no more than `limit` + 1 bytes are kept."""
    body = bytearray()
    async for chunk in request.stream():
        if len(body) <= limit:
            body += chunk[: limit + 1 - len(body)]
    return PanelRequest(
        request.method,
        f"/{request.path_params['path']}",
        request.url.query,
        request.headers,
        bytes(body),
    )


def response_of(answered: PanelResponse) -> Response:
    """Return a response of the panel as the framework's own."""
    response = Response(answered.body, answered.status)
    for name, value in answered.headers:
        response.headers.append(name, value)
    return response

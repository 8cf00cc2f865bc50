"""The panel in FastAPI: a router that takes the host's own dependencies for session and actor.

app.include_router(panel_router(panel, desk), prefix="/cancellations")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from cancelkit.adapters.starlette import read_request, response_of
from cancelkit.adapters.web import Panel, PanelRequest
from cancelkit.adapters.web.shell import METHODS, at
from cancelkit.desk import Desk


def panel_router(panel: Panel, desk: Callable[..., Any]) -> APIRouter:
    """Return the panel as a router.

    Args:
        panel: as set up once.
        desk: a dependency of the host that returns the desk for the user of a request; its own
            parameters are the host's dependencies. FastAPI leaves a dependency with `yield` after
            the response was sent: where one commits a session that the desk has joined, give it
            `Depends(..., scope="function")`, or let the desk own its transactions.
    """
    router = APIRouter()

    async def read(request: Request) -> PanelRequest:
        return await read_request(request, panel.body_limit)

    def answer(
        request: PanelRequest = Depends(read),  # noqa: B008 - how FastAPI is told of dependencies
        given: Desk = Depends(desk),  # noqa: B008 - likewise
    ) -> Response:
        with at(given) as entered:
            answered = panel.handle(request, entered)
        return response_of(answered)

    router.add_api_route(
        "/{path:path}", answer, methods=list(METHODS), include_in_schema=False, response_model=None
    )
    return router

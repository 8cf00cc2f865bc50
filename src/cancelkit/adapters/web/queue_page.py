"""The queue of all open cancellations, as a page and as CSV."""

from __future__ import annotations

from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.pages import page
from cancelkit.adapters.web.values import PanelResponse


def show(call: Call) -> PanelResponse:
    """Show the queue."""
    return page(call, "queue.html", rows=[])


def export(call: Call) -> PanelResponse:
    """Return the queue as CSV."""
    return PanelResponse(200, b"", (("Content-Type", "text/csv; charset=utf-8"),))

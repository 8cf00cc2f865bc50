"""Every address of the panel: pages, fragments and files, and the JSON API."""

from __future__ import annotations

from cancelkit.adapters.web import api, confirming, pages, posts, queue_page
from cancelkit.adapters.web.routes import Route

_CUSTOMER = "customers/{customer}"
_SECTION = "customers/{customer}/sections/{section}"

PAGES = (
    Route("GET", "", queue_page.show),
    Route("GET", "queue.csv", queue_page.export),
    Route("GET", _CUSTOMER, pages.customer),
    Route("GET", f"{_CUSTOMER}/banner", pages.banner),
    Route("GET", f"{_CUSTOMER}/{{verb}}", confirming.confirm),
    Route("POST", f"{_CUSTOMER}/{{verb}}", posts.command, shows_again=True),
    Route("POST", _SECTION, posts.enter, shows_again=True),
    Route("POST", f"{_SECTION}/perform_now", posts.perform_now, shows_again=True),
    Route("POST", f"{_SECTION}/override", posts.override, shows_again=True),
    Route("GET", _SECTION, posts.look_at_section),
    Route("GET", f"{_SECTION}/perform_now", posts.look_at_section),
    Route("GET", f"{_SECTION}/override", posts.look_at_section),
    Route("GET", "static/{file}", pages.static),
)

ROUTES = (*PAGES, *(Route(one.method, f"api/{one.path}", one.handler) for one in api.ROUTES))

"""Every address of the panel with a good request for it, from the table of routes itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from cancelkit import Reasons
from cancelkit.adapters.memory import Record
from cancelkit.adapters.web import PanelResponse
from cancelkit.adapters.web.addresses import segment
from cancelkit.adapters.web.confirming import CONFIRMED
from cancelkit.adapters.web.render import STATIC, static_name
from cancelkit.adapters.web.routes import Route
from cancelkit.adapters.web.table import ROUTES
from cancelkit.sections import NewOwner
from tests.panel_crm import NORTH, SOUTH, PanelWorld, panel_world

CUSTOMERS = {NORTH: ("C-1", "only-north"), SOUTH: ("C-1", "only-south")}


@frozen
class Asked:
    """A good request for one address: only the customer is left open."""

    method: str
    path: str  # with {customer} where the route has it
    data: Mapping[str, Any] = field(factory=dict)
    query: str = ""
    planned: bool = False  # it takes the token of the plan
    red: bool = False  # it needs a section that is red and blocks

    @property
    def api(self) -> bool:
        """Whether it is of the JSON API."""
        return self.path.startswith("api/")

    @property
    def open(self) -> bool:
        """Whether it is about no customer."""
        return "{customer}" not in self.path

    def __str__(self) -> str:
        return f"{self.method} /{self.path}"

    def world(self) -> PanelWorld:
        """Return a world in which nothing but who asks can be in the way."""
        w = panel_world()
        for tenant, customers in CUSTOMERS.items():
            for customer in customers:
                cancellation = w.desk("sid", tenant).begin(customer)
                cancellation.enter(Reasons("price"))
                cancellation.enter(NewOwner("t-7"))
                if self.red:
                    w.crms[tenant].put("cases", Record(f"K-{customer}", customer, "open", "Cup"))
        return w

    def at(self, customer: str) -> str:
        """Return its path for a customer."""
        return "/" + self.path.replace("{customer}", segment(customer))

    def token(self, w: PanelWorld, customer: str, tenant: str = NORTH) -> str | None:
        """Return the token of the plan, where the request takes one and the customer has one."""
        if not self.planned or customer not in CUSTOMERS[tenant]:
            return None
        return w.desk("sid", tenant).get(customer).plan().token

    def send(
        self, w: PanelWorld, user: str, customer: str = "C-1", tenant: str = NORTH
    ) -> PanelResponse:
        """Send it, with all that protects it in order."""
        if self.method == "GET":
            return w.ask("GET", self.at(customer), user, tenant=tenant, query=self.query)
        token, data = self.token(w, customer, tenant), dict(self.data)
        if token and not self.api:
            data["_view"] = token
        etag = f'"{token}"' if token and self.api else None
        return w.post(self.at(customer), data, user, tenant=tenant, etag=etag)


_SECTION: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "": ({"codes": [{"code": "service"}]}, {"codes": "service"}),  # for the API, for a page
    "/perform_now": ({}, {}),
    "/override": ({"reason": "It is not ours"}, {"reason": "It is not ours"}),
    "/records": ({}, {}),
}
_OF_SECTION = {"/perform_now": "ownership", "/override": "cases"}


def good_requests(route: Route) -> list[Asked]:
    """Return the good requests for a route: one, or one for each verb that its address names."""
    path, method = route.path, route.method
    if "{verb}" in path:
        return [
            Asked(method, path.replace("{verb}", verb), planned=verb == "process" == verb)
            for verb in CONFIRMED
        ]
    if "{file}" in path:
        return [Asked(method, path.replace("{file}", static_name(name))) for name in STATIC]
    if path.endswith("/banners"):
        return [Asked(method, path, query="customer=C-1&customer=only-south&customer=absent")]
    if "{section}" in path:
        rest = path.partition("{section}")[2]
        data = _SECTION.get(rest, ({}, {}))[0 if path.startswith("api/") else 1]
        path = path.replace("{section}", _OF_SECTION.get(rest, "reasons"))
        return [Asked(method, path, data, red=rest == "/override")]
    return [Asked(method, path, planned=path.endswith("/process"))]


ASKED = [asked for route in ROUTES for asked in good_requests(route)]
POSTED = [asked for asked in ASKED if asked.method == "POST"]


PAGE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'nonce-NONCE'; "
        "style-src 'self' 'nonce-NONCE'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
}
DATA = {
    **PAGE,
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
STATIC_FILE = {**PAGE, "Cache-Control": "public, max-age=31536000, immutable"}


def protected(response: PanelResponse, path: str) -> None:
    """Assert that a response has every protecting header, once and exactly."""
    import re

    names = [name for name, _ in response.headers]
    assert len(names) == len(set(map(str.lower, names))), "each header once"
    found = {name: value for name, value in response.headers if name in PAGE}
    policy = re.sub(r"'nonce-[\w-]{20,}'", "'nonce-NONCE'", found["Content-Security-Policy"])
    static = path.startswith("/static/") and response.status == 200
    expected = DATA if path.startswith("/api/") else STATIC_FILE if static else PAGE
    assert expected == {**found, "Content-Security-Policy": policy}
    assert not any(character in value for _, value in response.headers for character in "\r\n\0")
    assert not any(name.lower().startswith("access-control-") for name in names), "no CORS"

"""A panel at a small CRM with two tenants and users of every role: what its tests stand on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from attrs import define, field

from cancelkit import (
    STANDARD,
    CancelKit,
    Checklist,
    Customer,
    Desk,
    EitherRole,
    Person,
    Status,
    User,
)
from cancelkit.adapters.memory import (
    Asset,
    CountingIds,
    MemoryCrm,
    MemoryHost,
    MemoryLinks,
    MemoryRecipients,
    MemoryUsers,
    Record,
    SetClock,
)
from cancelkit.adapters.memory.store import Memory
from cancelkit.adapters.web import Panel, PanelRequest, PanelResponse
from cancelkit.adapters.web.security import make_token
from cancelkit.roles import CRM_ADMIN, CUSTOMER_CANCELLATION
from cancelkit.schedule import process_due
from tests.panel_plugin import EverythingSection
from tests.world import NINE_O_CLOCK, TODAY

NORTH, SOUTH = "north", "south"
ROLES = {
    "cora": [CUSTOMER_CANCELLATION],
    "adam": [CRM_ADMIN],
    "nora": [],
    "sid": [CRM_ADMIN],  # of the other tenant
}
SECRET = b"sixteen bytes, or more"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
CHECKLIST = STANDARD.with_section(EverythingSection(), after="mood")
DAY = timedelta(days=1)


@define
class PanelWorld:
    """Everything that a test looks at or turns."""

    kit: CancelKit
    panel: Panel
    crms: Mapping[str, MemoryCrm]
    clock: SetClock
    ids: CountingIds
    reports: list[tuple[str, BaseException]] = field(factory=list)
    last_op: int = 0

    @property
    def crm(self) -> MemoryCrm:
        """The CRM of the first tenant."""
        return self.crms[NORTH]

    def desk(self, user: str = "adam", tenant: str = NORTH) -> Desk:
        """Return the desk that a host would make for a user who has logged in."""
        host = MemoryHost(self.crms[tenant], clock=self.clock, ids=self.ids)
        return self.kit.at(host, actor=Person(user, user.capitalize(), language="xx-secret"))

    def token(self, user: str = "adam", tenant: str = NORTH) -> str:
        """Return the token that protects what a user sends."""
        return make_token(SECRET, self.desk(user, tenant), self.clock.now())

    def ask(
        self,
        method: str,
        path: str,
        user: str = "adam",
        *,
        tenant: str = NORTH,
        query: Iterable[tuple[str, str]] | str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> PanelResponse:
        """Send a request as it is."""
        text = query if isinstance(query, str) else urlencode(list(query))
        request = PanelRequest(method, path, text, headers or {}, body)
        return self.panel.handle(request, self.desk(user, tenant))

    def get(self, path: str, user: str = "adam", **query: str) -> PanelResponse:
        """Get something."""
        return self.ask("GET", path, user, query=query.items())

    def post(
        self,
        path: str,
        data: Any = None,
        user: str = "adam",
        *,
        tenant: str = NORTH,
        op: str | None = None,
        etag: str | None = None,
        **headers: str,
    ) -> PanelResponse:
        """Send JSON to the API, or the fields of a form to a page, with a good token."""
        api = path.startswith("/api/")
        token, given = self.token(user, tenant), dict(data or {})
        self.last_op += 1
        said = {"content-type": JSON if api else FORM}
        op = f"op-{self.last_op}" if op is None else op
        if api:
            said |= {"x-csrf-token": token, "idempotency-key": op}
            said |= {"if-match": etag} if etag is not None else {}
            body = json.dumps(given)
        else:
            body = urlencode({"_token": token, "_op": op, **given}, doseq=True)
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, user, tenant=tenant, body=body.encode(), headers=said)

    def stored(self) -> dict[str, dict[Any, Any]]:
        """Return a copy of every stored table, the history included."""
        tables = self.crm.memory._tables
        return {name: dict(rows) for name, rows in tables.items() if rows}


def data_of(response: PanelResponse) -> Any:
    """Return the JSON of a response."""
    return json.loads(response.body)


def panel_world(checklist: Checklist = CHECKLIST, **settings: Any) -> PanelWorld:
    """Return a panel at a CRM with the customers C-1 and C-2 of each of two tenants."""
    memory = Memory()
    crms = {
        tenant: MemoryCrm(
            [
                Customer("C-1", "Harbour Café", Status("live"), (Person("u-1", "Ann"),)),
                Customer("C-2", "Mill Lane Dairy", Status("live")),
                Customer(f"only-{tenant}", f"Only {tenant.capitalize()}", Status("live")),
            ],
            tenant=tenant,
            memory=memory,
        )
        for tenant in (NORTH, SOUTH)
    }
    reports: list[tuple[str, BaseException]] = []
    kit = CancelKit(
        checklist,
        profiles={"insolvency": STANDARD.without("mood")},
        roles=EitherRole(lambda actor: ROLES.get(actor, [])),
        users=MemoryUsers([User("u-1", "Ann"), User("t-7", "Tom"), User("x", "Gone", False)]),
        recipients=MemoryRecipients({"processed": [Person("boss", "The Boss", "xx-secret")]}),
        links=MemoryLinks("https://crm.example/c/{customer}", "https://crm.example/{section}"),
        report=lambda what, error: reports.append((what, error)),
    )
    made: dict[str, Any] = {"stuck_after": 60, **settings}
    clock = SetClock(NINE_O_CLOCK)
    return PanelWorld(kit, Panel(SECRET, **made), crms, clock, CountingIds(), reports)


REASON = {"codes": [{"code": "price"}]}
ENTERED = {"line": "a", "size": "small", "day": "2026-03-09", "parts": [{"name": "lid"}]}


def _live(w: PanelWorld) -> None:
    w.crm.put("cases", Record("K-1", "C-1", "open", "Broken cup"))


def _pending(w: PanelWorld) -> None:
    _live(w)
    w.desk("cora").begin("C-1")


def _ready(w: PanelWorld) -> None:
    w.desk("cora").begin("C-1").enter_data("reasons", REASON)


def _entered(w: PanelWorld) -> None:
    _ready(w)
    cancellation = w.desk("cora").get("C-1")
    cancellation.enter_data("everything", ENTERED)
    cancellation.enter_data("ownership", {"user": "t-7"})
    cancellation.perform_now("ownership")


def _scheduled(w: PanelWorld) -> None:
    _ready(w)
    cancellation, on = w.desk("cora").get("C-1"), TODAY + 30 * DAY
    cancellation.process(cancellation.plan(on=on).token, on=on)


def _blocked(w: PanelWorld) -> None:
    _scheduled(w)
    w.crm.put("assets", Asset("A-1", "C-1", None, True, "Till"))
    w.clock.set(NINE_O_CLOCK + 30 * DAY)
    process_due(w.desk("adam"))


def _drift(w: PanelWorld) -> None:
    _pending(w)
    w.crm.put_customer(Customer("C-1", "Harbour Café", Status("frozen")))


def _gone(w: PanelWorld) -> None:
    _pending(w)
    w.crm.delete_customer("C-1")


def _cancelled(w: PanelWorld) -> None:
    _entered(w)
    cancellation = w.desk("cora").get("C-1")
    cancellation.process(cancellation.plan().token)


def _reinstated(w: PanelWorld) -> None:
    _cancelled(w)
    w.desk("adam").get("C-1").reinstate()


def _overridden(w: PanelWorld) -> None:
    _pending(w)
    w.desk("adam").get("C-1").override("cases", "The cup is not ours")


def _stuck(w: PanelWorld) -> None:
    _pending(w)
    w.clock.set(NINE_O_CLOCK + 61 * DAY)


STATES = {
    "live": _live,
    "pending": _pending,
    "entered": _entered,
    "scheduled": _scheduled,
    "blocked": _blocked,
    "drift": _drift,
    "gone": _gone,
    "cancelled": _cancelled,
    "reinstated": _reinstated,
    "overridden": _overridden,
    "stuck": _stuck,
}
"""Every state that a customer can be in: what brings C-1 there."""


def in_state(name: str, **settings: Any) -> PanelWorld:
    """Return a world whose customer C-1 is in a state."""
    made = panel_world(**settings)
    STATES[name](made)
    return made

"""The demo CRM as an application: its own pages, and the panel mounted under /cancellations."""

from __future__ import annotations

import secrets
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from attrs import evolve
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from cancelkit.adapters.aio import in_thread
from cancelkit.adapters.demo_crm.crm import FINISHED, Crm
from cancelkit.adapters.demo_crm.filling import KINDS, fill
from cancelkit.adapters.demo_crm.people import Staff
from cancelkit.adapters.demo_crm.post import PostBox
from cancelkit.adapters.demo_crm.wiring import HOST, make_kit
from cancelkit.adapters.starlette import panel_app
from cancelkit.adapters.web import Panel
from cancelkit.desk import Desk
from cancelkit.errors import NotAllowed
from cancelkit.kit import CancelKit
from cancelkit.messages import Message
from cancelkit.records import State, Verb
from cancelkit.roles import EitherRole
from cancelkit.times import day_of

ACTOR = "actor"
"""The cookie of the user switcher: a demo has no passwords."""

FIRST = "raj"
"""Who acts before anybody was chosen."""


class DemoCrm:
    """The pages of the demo CRM."""

    def __init__(self, engine: Engine) -> None:
        self.kit: CancelKit = make_kit(engine)
        fill(engine, self.today)
        self._crm = Crm(engine)
        self._staff = Staff(engine)
        self._post = PostBox(HOST.owning(engine), self.kit)
        self._panel = Panel(
            secrets.token_bytes(32), languages=("en-GB", "de"), mount="/cancellations"
        )
        self._jinja = Environment(
            loader=PackageLoader("cancelkit.adapters.demo_crm"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
        )

    @property
    def today(self) -> date:
        """The day, as it is now."""
        return day_of(HOST.clock.now(), self.kit.zone)

    def application(self) -> Starlette:
        """Return the application: three pages, what people do on them, and the panel."""
        return Starlette(
            routes=[
                Route("/", self.customers),
                Route("/customers/{customer}", self.customer),
                Route("/customers/{customer}/finish", self.finish, methods=["POST"]),
                Route("/customers/{customer}/cease", self.cease, methods=["POST"]),
                Route("/customers/{customer}/expiry", self.add_expiry, methods=["POST"]),
                Route("/messages", self.messages),
                Route("/actor", self.choose, methods=["POST"]),
                Mount("/cancellations", app=panel_app(self._panel, self.desk)),
            ]
        )

    def desk(self, request: Request) -> Desk:
        """Return the desk of whoever the user switcher says is there.

        Its kit remembers the roles for this one request: the queue asks for each of its rows.
        """
        key = request.cookies.get(ACTOR, FIRST)
        found = self._staff.find((key,)).get(key)
        if found is None or not found.active:
            raise HTTPException(401, "There is no such user.")
        kit = evolve(self.kit, roles=EitherRole(cache(self._staff.roles_of)))
        return kit.at(HOST.owning(self._crm.engine), actor=found.person)

    # ------------------------------------------------------------ pages

    def customers(self, request: Request) -> Response:
        """Show all customers, with the banners of those whose cancellation is pending."""
        rows = self._crm.customers()
        banners = self.desk(request).banners([row.id for row in rows])
        return self._page(request, "customers.html", rows=rows, banners=banners)

    def customer(self, request: Request) -> Response:
        """Show one customer: the banner, the Actions menu, and the records by kind."""
        key, desk = request.path_params["customer"], self.desk(request)
        row = self._crm.customer(key)
        if row is None:
            raise HTTPException(404, "There is no such customer.")
        return self._page(
            request,
            "customer.html",
            row=row,
            banner=self._panel.banner(desk, key, request.headers.get("accept-language", "")),
            actions=self._actions(desk, key),
            records=self._crm.records(key),
            assets=self._crm.assets(key),
            expiries=self._crm.expiries(key),
            kinds=KINDS,
            today=self.today,
        )

    def _actions(self, desk: Desk, key: str) -> list[tuple[str, str]]:
        """Return the Actions menu for this user and state, as words and addresses of the panel."""
        try:
            view = desk.get(key).view()
        except NotAllowed:
            return []
        address, live = self._panel.address(key), view.state is State.LIVE
        verbs = [Verb.BEGIN] if live else [Verb.PROCESS, Verb.REMOVE, Verb.REINSTATE]
        first = ("Check what it would need" if live else "View Cancellation", address)
        words = {verb: desk.kit.text(Message(f"verb.{verb.value}")) for verb in verbs}
        may = [(words[verb], f"{address}/{verb.value}") for verb in verbs if verb in view.actions]
        return [*may, first] if live else [first, *may]

    def messages(self, request: Request) -> Response:
        """Show the letters that were sent: the relay runs whenever somebody looks."""
        return self._page(request, "messages.html", letters=self._post.read())

    # ------------------------------------------------------------ what people do

    async def finish(self, request: Request) -> Response:
        """Finish a record of some kind."""
        sent = await _sent(request)
        if sent.get("kind", "") not in FINISHED:
            raise HTTPException(422, f"The kinds of records are: {', '.join(FINISHED)}.")
        await in_thread(self._crm.finish, sent["kind"], sent.get("record", ""))
        return _back(request, sent["kind"])

    async def cease(self, request: Request) -> Response:
        """Enter today as the cease date of an asset, and untick Live."""
        sent = await _sent(request)
        await in_thread(self._crm.cease, sent.get("asset", ""), self.today)
        return _back(request, "assets")

    async def add_expiry(self, request: Request) -> Response:
        """Add a dated reminder."""
        sent = await _sent(request)
        try:
            on = date.fromisoformat(sent.get("on", ""))
        except ValueError:
            raise HTTPException(422, "A day is needed, such as 2026-03-02.") from None
        key, label = request.path_params["customer"], sent.get("label") or "Call again"
        await in_thread(self._crm.add_expiry, key, on, label)
        return _back(request, "future_expiry")

    async def choose(self, request: Request) -> Response:
        """Become somebody else."""
        sent = await _sent(request)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(ACTOR, sent.get("actor", FIRST), httponly=True, samesite="lax")
        return answer

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        text = self._jinja.get_template(template).render(
            actor=self.desk(request).actor,
            everybody=self._staff.everybody(),
            here=request.url.path,
            **values,
        )
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})


async def _sent(request: Request) -> dict[str, str]:
    """Return the fields of a form that one of the CRM's own pages has sent."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "This came from another site.")
    return dict(parse_qsl((await request.body()).decode(errors="replace")))


def _back(request: Request, tab: str) -> Response:
    return RedirectResponse(f"/customers/{request.path_params['customer']}#{tab}", 303)

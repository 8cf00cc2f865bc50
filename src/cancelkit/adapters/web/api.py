"""The JSON API: what it answers. What it does is in `acting`; the table is of both."""

from __future__ import annotations

from datetime import date
from typing import Any

from cancelkit.adapters.web import acting, security
from cancelkit.adapters.web.addresses import segment
from cancelkit.adapters.web.answers import SCHEMA, answer, tagged
from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.document import (
    person_data,
    plan_data,
    profiles_of,
    queue_data,
    timeline_data,
)
from cancelkit.adapters.web.endpoint import MOST_ASKED, Endpoint, Input
from cancelkit.adapters.web.form_schema import DIALECT, form_schema
from cancelkit.adapters.web.openapi import openapi
from cancelkit.adapters.web.problems import NotFound
from cancelkit.adapters.web.routes import Route
from cancelkit.adapters.web.schemas import document_schema
from cancelkit.adapters.web.values import PanelResponse
from cancelkit.asking import allowed, faults
from cancelkit.errors import Invalid
from cancelkit.looking import Look
from cancelkit.messages import Message
from cancelkit.queue import Filters, queue
from cancelkit.records import Verb
from cancelkit.registration import form_of
from cancelkit.text import TEXT_LIMIT, checked_id
from cancelkit.times import day_of


def _customer(
    call: Call, on: date | None = None, records: list[str] | None = None
) -> PanelResponse:
    """Return the view as data."""
    if unknown := set(records or ()) - call.desk.kit.known.by_key.keys():
        raise Invalid(f"There are no such sections: {', '.join(sorted(unknown))!r}.")
    named = call.panel.named if records else 0
    look = call.cancellation.look(name=named, of=records, on=on)
    return tagged(call.shown(look), look.view.token)


def _check(call: Call, on: date | None = None, profile: str = "") -> PanelResponse:
    """Return what would have to be done, without beginning anything."""
    view = call.desk.check(call.customer, on=on, profile=profile)
    return answer({**call.shown(Look(view, None, ())), "timeline": None})


def _plan(call: Call, on: date | None = None) -> PanelResponse:
    plan = call.cancellation.plan(on=on)
    return tagged(plan_data(plan), plan.token)


def _timeline(call: Call) -> PanelResponse:
    """Return the timeline, also of a customer who is gone; who never was is not found."""
    history = call.cancellation.history()
    if not history:
        call.cancellation.view()
    lines = timeline_data(call.desk.kit, history)
    return answer({"customer": call.customer, "timeline": lines})


def _owners(call: Call, search: str = "") -> PanelResponse:
    found = call.cancellation.candidates(search)
    return answer({"owners": [person_data(user.person) for user in found]})


def _records(call: Call, on: date | None = None) -> PanelResponse:
    """Name the records that keep a section red."""
    key = call.params["section"]
    view = call.cancellation.look(name=call.panel.named, of=[key], on=on).view
    line = next((line for line in view.sections if line.key == key), None)
    if line is None:
        raise NotFound("The checklist has no such section.")
    data = line.data()
    kept = {name: data[name] for name in ("count", "more", "records")}
    return answer({"customer": call.customer, "section": key, **kept})


def _form(call: Call) -> PanelResponse:
    """Return the JSON Schema of what may be entered for a section."""
    section = call.desk.kit.known.by_key.get(call.params["section"])
    schema = form_schema(call.desk.kit, section) if section else None
    if schema is None:
        raise NotFound("Nothing can be entered for such a section.")
    return answer({"$schema": DIALECT, **schema}, kind=SCHEMA)


def _banners(call: Call, customer: list[str]) -> PanelResponse:
    """Return the banners of those customers who are pending and whom this user may see."""
    ids = [checked_id(one, "a customer id") for one in dict.fromkeys(customer)]
    with faults("looking for banners"), call.desk.host.reading() as unit:
        known = unit.customers.load(ids)
    seen = [
        key
        for key, one in known.items()
        if key in ids and one.tenant == call.desk.host.tenant and allowed(call.desk, "view", one)
    ]
    found = call.desk.banners(seen) if seen else {}
    listed = [
        {"customer": key, "banner": found[key], "panel": f"customers/{segment(key)}"}
        for key in ids
        if key in found
    ]
    return answer({"banners": listed})


def _queue(call: Call, page: int = 1, **wanted: Any) -> PanelResponse:
    """Return a page of the open cancellations that the filters take."""
    filters = Filters(stuck_after=call.panel.stuck_after, **wanted)
    return answer(queue_data(queue(call.desk, filters, page=page)))


def _session(call: Call) -> PanelResponse:
    """Return who asks, the token that protects what is sent, and what the panel offers."""
    panel, kit, own = call.panel, call.desk.kit, call.panel.host_token is None
    known = kit.checklist.sections
    return answer(
        {
            "actor": person_data(call.desk.actor),
            "language": call.language,
            "zone": str(kit.zone),
            "today": day_of(call.now, kit.zone).isoformat(),
            "token": call.token(),
            "header": security.HEADER if own else None,
            "profiles": profiles_of(kit.profiles),
            "sections": [
                {"key": one.key, "title": kit.title(one.key), "form": form_of(one) is not None}
                for one in known
            ],
            "verbs": {verb.value: kit.text(Message(f"verb.{verb.value}")) for verb in Verb},
            "limits": {
                "body": panel.body_limit,
                "text": TEXT_LIMIT,
                "records": panel.named,
                "customers": MOST_ASKED,
            },
        }
    )


def _openapi(call: Call) -> PanelResponse:
    return answer(openapi(ROUTES, call.desk.kit, call.panel))


def _document_schema(_: Call) -> PanelResponse:
    return answer(document_schema(), kind=SCHEMA)


_ON = Input("on", "day", "Judge the sections as of this day.")
_CUSTOMER = "customers/{customer}"

_READ = {
    "openapi.json": Endpoint(_openapi, "openapi", "This description of the API", "OpenApi"),
    "document.schema.json": Endpoint(
        _document_schema, "document_schema", "The JSON Schema of the view as data", "JsonSchema"
    ),
    "session": Endpoint(
        _session, "session", "Who asks, the token to send, and what the panel offers", "Session"
    ),
    "banners": Endpoint(
        _banners,
        "banners",
        "The banners of those customers who are pending, with one question for all",
        "Banners",
        query=(
            Input("customer", "ids", "A customer whom the host shows; several times.", wanted=True),
        ),
    ),
    "queue": Endpoint(
        _queue,
        "queue",
        "All open cancellations that this user may see, the longest open first",
        "Queue",
        query=(
            Input("page", "number", "From 1; a page has 100 rows."),
            Input("search", "line", "A part of the customer's name or id."),
            Input("stage", "stage", "How far it has come."),
            Input("min_age", "whole", "Open for so many days at least."),
            Input("owner", "line", "The id of an owner; empty for those whom nobody owns."),
            Input("reason", "line", "A reason code; empty for those without any."),
            Input(
                "profile", "line", "Begun by this checklist, also one that is not offered any more."
            ),
            Input("overdue", "yes_no", "Only those whose day has passed."),
            Input("stuck", "yes_no", "Only those whom nobody has touched for long."),
        ),
    ),
    "sections/{section}/form": Endpoint(
        _form, "form", "The JSON Schema of what may be entered for a section", "JsonSchema"
    ),
    _CUSTOMER: Endpoint(
        _customer,
        "customer",
        "Everything that a person sees of one customer",
        "Document",
        query=(_ON, Input("records", "sections", "Sections whose open records are named.")),
        tagged=True,
    ),
    f"{_CUSTOMER}/check": Endpoint(
        _check,
        "check",
        "What would have to be done, without beginning anything",
        "Document",
        query=(_ON, Input("profile", "profile", "The checklist to check by.")),
    ),
    f"{_CUSTOMER}/plan": Endpoint(
        _plan,
        "plan",
        "What Process would do, and the token to confirm it",
        "Plan",
        query=(Input("on", "day", "The effective date; one to come is for a schedule."),),
        tagged=True,
    ),
    f"{_CUSTOMER}/timeline": Endpoint(
        _timeline, "timeline", "What has happened, refused attempts included", "History"
    ),
    f"{_CUSTOMER}/owners": Endpoint(
        _owners,
        "owners",
        "Active users who may take the customer over, the best first",
        "Owners",
        query=(Input("search", "line", "A part of a name."),),
    ),
    f"{_CUSTOMER}/sections/{{section}}/records": Endpoint(
        _records, "records", "Some of the records that keep a section red", "Records", query=(_ON,)
    ),
}

ROUTES = (*(Route("GET", path, endpoint) for path, endpoint in _READ.items()), *acting.ROUTES)

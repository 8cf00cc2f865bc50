"""What the JSON API does: each address is one command, its id and its token in headers."""

from __future__ import annotations

from datetime import date
from typing import Any

from cancelkit.adapters.web.answers import answer
from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.document import person_data
from cancelkit.adapters.web.endpoint import Endpoint, Input, operation_of, token_of
from cancelkit.adapters.web.routes import Route
from cancelkit.adapters.web.values import PanelResponse
from cancelkit.kit import CancelKit
from cancelkit.records import JsonObject, Outcome


def outcome_data(kit: CancelKit, outcome: Outcome) -> dict[str, Any]:
    """Return the answer to a command as a JSON-ready object."""
    return {
        "op": outcome.op,
        "verb": outcome.verb.value,
        "customer": outcome.customer,
        "cancellation": outcome.cancellation,
        "now": outcome.now.value,
        "at": outcome.at.isoformat(),
        "on": outcome.on.isoformat() if outcome.on else None,
        "done": [kit.text(one.message) for one in outcome.done],
        "stays": [kit.text(one.message) for one in outcome.stays],
        "notified": [person_data(one) for one in outcome.notified],
        "state": outcome.state,
        "replayed": outcome.replayed,
    }


def _accepted(call: Call, outcome: Outcome) -> PanelResponse:
    more = (("Idempotent-Replayed", "true"),) if outcome.replayed else ()
    return answer(outcome_data(call.desk.kit, outcome), 200, *more)


def _begin(call: Call, profile: str = "") -> PanelResponse:
    return _accepted(call, call.cancellation.begin(profile=profile, op=operation_of(call)))


def _enter(call: Call, data: JsonObject) -> PanelResponse:
    op, token = operation_of(call), token_of(call)
    done = call.cancellation.enter_data(call.params["section"], data, token=token, op=op)
    return _accepted(call, done)


def _perform_now(call: Call) -> PanelResponse:
    op, token = operation_of(call), token_of(call)
    return _accepted(
        call, call.cancellation.perform_now(call.params["section"], token=token, op=op)
    )


def _override(call: Call, reason: str = "", take_back: bool = False) -> PanelResponse:
    done = call.cancellation.override(
        call.params["section"],
        reason,
        take_back=take_back,
        token=token_of(call),
        op=operation_of(call),
    )
    return _accepted(call, done)


def _process(call: Call, on: date | None = None) -> PanelResponse:
    return _accepted(call, call.cancellation.process(token_of(call), on=on, op=operation_of(call)))


def _remove(call: Call, put_back: bool = False) -> PanelResponse:
    op, token = operation_of(call), token_of(call)
    return _accepted(call, call.cancellation.remove(put_back=put_back, token=token, op=op))


def _reinstate(call: Call, put_back: bool = False) -> PanelResponse:
    op, token = operation_of(call), token_of(call)
    return _accepted(call, call.cancellation.reinstate(put_back=put_back, token=token, op=op))


def _adopt(call: Call) -> PanelResponse:
    return _accepted(call, call.cancellation.adopt(op=operation_of(call)))


def _end(call: Call) -> PanelResponse:
    return _accepted(call, call.cancellation.end(op=operation_of(call)))


_PUT_BACK = Input("put_back", "yes_no", "Undo what was performed, where it has an inverse.")
_ONE_OF_TWO = {
    "oneOf": [
        {
            "properties": {"reason": {"pattern": r"\S"}, "take_back": {"const": False}},
            "required": ["reason"],
        },
        {
            "properties": {"reason": {"const": ""}, "take_back": {"const": True}},
            "required": ["take_back"],
        },
    ]
}
_CUSTOMER = "customers/{customer}"
_SECTION = "customers/{customer}/sections/{section}"

_COMMANDS = {
    f"{_CUSTOMER}/begin": Endpoint(
        _begin,
        "begin",
        "Open a cancellation and mark the customer as pending; again opens the one there is",
        "Outcome",
        body=(
            Input("profile", "profile", "The checklist to begin by; the usual one if left out."),
        ),
    ),
    _SECTION: Endpoint(
        _enter,
        "enter",
        "Store what was entered for a section",
        "Outcome",
        bound="taken",
        about="With the token of the view it was entered on, a newer answer of somebody else in "
        "the same section is not overwritten.",
    ),
    f"{_SECTION}/perform_now": Endpoint(
        _perform_now,
        "perform_now",
        "Carry out at once what a section plans",
        "Outcome",
        body=(),
        bound="taken",
    ),
    f"{_SECTION}/override": Endpoint(
        _override,
        "override",
        "Let a blocking section be red, for a reason; or take that back",
        "Outcome",
        body=(
            Input("reason", "text", "Why it may stay as it is; it is recorded and shown."),
            Input("take_back", "yes_no", "Take the override back; then without a reason."),
        ),
        shape=_ONE_OF_TWO,
        bound="taken",
    ),
    f"{_CUSTOMER}/process": Endpoint(
        _process,
        "process",
        "Re-check everything and, all or nothing, do what the plan with this token says",
        "Outcome",
        body=(Input("on", "day", "The effective date; one to come schedules the Process."),),
        bound="wanted",
        about="Without the token of a plan, or with that of another plan than it would be now, "
        "it is refused, and the problem has the fresh plan.",
    ),
    f"{_CUSTOMER}/remove": Endpoint(
        _remove,
        "remove",
        "End the cancellation and put back the exact status of before Begin",
        "Outcome",
        body=(_PUT_BACK,),
        bound="taken",
    ),
    f"{_CUSTOMER}/reinstate": Endpoint(
        _reinstate,
        "reinstate",
        "Give a cancelled customer the exact status of before Begin again",
        "Outcome",
        body=(_PUT_BACK,),
        bound="taken",
    ),
    f"{_CUSTOMER}/adopt": Endpoint(
        _adopt,
        "adopt",
        "After drift: go on with the status that the CRM has now",
        "Outcome",
        body=(),
    ),
    f"{_CUSTOMER}/end": Endpoint(
        _end, "end", "After drift: end the cancellation as it is", "Outcome", body=()
    ),
}

ROUTES = tuple(Route("POST", path, endpoint) for path, endpoint in _COMMANDS.items())

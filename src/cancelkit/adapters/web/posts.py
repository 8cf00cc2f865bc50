"""What the forms of the pages do: each is one command, and then a page to look at again.

Whatever keeps a command from being carried out, what was sent is on the page that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar
from urllib.parse import quote, urlencode

from cancelkit.adapters.web import pages
from cancelkit.adapters.web.addresses import segment
from cancelkit.adapters.web.call import BASED_ON, OPERATION, Call
from cancelkit.adapters.web.confirming import CONFIRMED, confirm
from cancelkit.adapters.web.entering import Sent, Unfit, entered
from cancelkit.adapters.web.forms import form_data
from cancelkit.adapters.web.pages import Again
from cancelkit.adapters.web.problems import Forged, NotFound, Problem, problem_of
from cancelkit.adapters.web.values import Fields, PanelResponse, read_day, yes
from cancelkit.cancellation import Cancellation
from cancelkit.errors import (
    Busy,
    CancelkitError,
    Conflict,
    Invalid,
    OutcomeUnknown,
    Refused,
    UnknownCustomer,
    UnknownSection,
)
from cancelkit.plan import parse_token
from cancelkit.records import JsonObject, Outcome

SEE_OTHER = 303

_TO_REPEAT = (Forged, Busy, Conflict, OutcomeUnknown)
"""Errors after which the very same form is sent again, with the same operation id."""


class _Ids(NamedTuple):
    """The hidden fields of a form that was sent."""

    op: str
    based_on: str

    def kept(self, error: CancelkitError) -> dict[str, str]:
        """Return those that the form keeps when it is shown again.

        The operation id where it may have been done, so that it is not done twice; and what the
        form was based on, unless that is what was wrong, so that the newer answer of somebody
        else is still noticed.
        """
        kept = {OPERATION: self.op} if isinstance(error, _TO_REPEAT) else {}
        if isinstance(error, (Invalid, *_TO_REPEAT)) and _is_token(self.based_on):
            kept[BASED_ON] = self.based_on
        return {name: value for name, value in kept.items() if value}


def _is_token(text: str) -> bool:
    try:
        parse_token(text)
    except Invalid:
        return False
    return True


def _ids(fields: Fields) -> _Ids:
    return _Ids(fields.take(OPERATION), fields.take(BASED_ON))


def enter(call: Call) -> PanelResponse:
    """Store what was entered for a section; what does not fit is shown again, with the reason."""
    fields, key = call.form(), call.params["section"]
    ids, form = _ids(fields), _form(call, key)
    sent = entered(form, fields, call.desk.kit.zone)
    fields.done()

    def act() -> object:
        if sent.wrong:
            raise Unfit("What was entered does not fit its fields.")
        return call.cancellation.enter_data(key, sent.data, token=ids.based_on, op=ids.op)

    return _on_section(call, "enter", ids, act, sent=sent)


def perform_now(call: Call) -> PanelResponse:
    """Do at once what a section plans."""
    fields, key = call.form(), call.params["section"]
    ids = _ids(fields)
    fields.done()
    return _on_section(
        call,
        "perform_now",
        ids,
        lambda: call.cancellation.perform_now(key, token=ids.based_on, op=ids.op),
    )


def override(call: Call) -> PanelResponse:
    """Override a section with a reason, or take that back."""
    fields, key = call.form(), call.params["section"]
    reason, back, ids = fields.take("reason"), yes(fields.take("take_back")), _ids(fields)
    fields.done()

    def act() -> object:
        return call.cancellation.override(
            key, reason, take_back=back, token=ids.based_on, op=ids.op
        )

    return _on_section(call, "override", ids, act, reason=None if back else reason)


_FIELDS: Mapping[str, tuple[str, ...]] = {
    "begin": ("profile",),
    "process": ("on",),
    "remove": ("put_back",),
    "reinstate": ("put_back",),
    "adopt": (),
    "end": (),
}
"""What the form of each command has, beside the hidden fields."""

_BASED = ("process", "remove", "reinstate")
"""The commands that are based on what was seen."""


def command(call: Call) -> PanelResponse:
    """Carry out a command that was confirmed; a refusal shows the page again, as it is now."""
    verb = call.params["verb"]
    if verb not in CONFIRMED:
        raise NotFound("There is nothing at this address.")
    fields = call.form()
    ids = _Ids(fields.take(OPERATION), fields.take(BASED_ON) if verb in _BASED else "")
    sent = {name: fields.take(name) for name in _FIELDS[verb]}
    fields.done()
    on, back = read_day(sent.get("on", "")), yes(sent.get("put_back", ""))
    try:
        outcome = _carried_out(
            call, lambda: _command(call.cancellation, verb, sent, ids, back=back)
        )
    except (Refused, *_TO_REPEAT) as error:
        kept = ids.kept(error) if isinstance(error, OutcomeUnknown) else {}
        again = Again(_seen(call, error), error, kept={verb: kept}, answers=sent)
        return confirm(call, again, on=on)
    return _back(call, outcome.verb.value)


def _command(
    cancellation: Cancellation, verb: str, sent: Mapping[str, str], ids: _Ids, *, back: bool
) -> Outcome:
    op, token = ids
    match verb:
        case "begin":
            return cancellation.begin(profile=sent["profile"], op=op)
        case "process":
            return cancellation.process(token, on=read_day(sent["on"]), op=op)
        case "remove":
            return cancellation.remove(put_back=back, token=token, op=op)
        case "reinstate":
            return cancellation.reinstate(put_back=back, token=token, op=op)
        case "adopt":
            return cancellation.adopt(op=op)
        case _:
            return cancellation.end(op=op)


def look_at_section(call: Call) -> PanelResponse:
    """Lead from the address of a section's form, reloaded, to the panel of the customer."""
    key = call.params["section"]
    call.query().done()
    if key not in call.desk.kit.known.by_key:
        raise NotFound("There is no such section.")
    call.cancellation.view()  # which says whether this user may look
    return _to_customer(call, "", key)


T = TypeVar("T")


def _carried_out(call: Call, act: Callable[[], T]) -> T:
    """Do it; raises `Forged` instead where the token of the form was no good."""
    if call.forged is not None:
        raise call.forged
    return act()


def _on_section(
    call: Call,
    verb: str,
    ids: _Ids,
    act: Callable[[], object],
    *,
    sent: Sent | None = None,
    reason: str | None = None,
) -> PanelResponse:
    key = call.params["section"]
    try:
        _carried_out(call, act)
    except (UnknownCustomer, UnknownSection):
        raise
    except (Invalid, Refused, *_TO_REPEAT) as error:
        kept = {f"{verb} {key}": ids.kept(error)}
        return pages.customer(call, Again(_seen(call, error), error, key, sent, reason, kept))
    return _back(call, verb, key)


def _form(call: Call, key: str) -> JsonObject:
    kit = call.desk.kit
    section = kit.known.by_key.get(key)
    form = form_data(kit, section, None) if section is not None else None
    if form is None:
        raise NotFound("Nothing can be entered at this address.")
    return form


def _seen(call: Call, error: CancelkitError) -> Problem:
    """Return the problem of a command; raises `NotFound` where the user may not look."""
    if call.hides(error):
        raise NotFound("There is nothing at this address.") from error
    problem = problem_of(error, call.desk.kit)
    if problem.status >= 500:
        call.desk.kit.report("the panel", error)
    return problem


def _back(call: Call, verb: str, section: str = "") -> PanelResponse:
    """Send the browser to the panel of the customer, to say there what was done."""
    said = {"done": verb, "of": section} if section else {"done": verb}
    return _to_customer(call, f"?{urlencode(said)}", section)


def _to_customer(call: Call, query: str, section: str) -> PanelResponse:
    """Send the browser to the panel of the customer, by a relative address."""
    anchor = f"#section-{quote(section)}" if section else ""
    where = f"{call.request.root}customers/{segment(call.customer)}{query}{anchor}"
    return PanelResponse(SEE_OTHER, headers=(("Location", where),))

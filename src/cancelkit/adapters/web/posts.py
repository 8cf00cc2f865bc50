"""What the forms of the pages do: each is one command, and then a page to look at again."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

from cancelkit.adapters.web import pages
from cancelkit.adapters.web.addresses import segment
from cancelkit.adapters.web.call import BASED_ON, OPERATION, Call
from cancelkit.adapters.web.confirming import CONFIRMED, confirm
from cancelkit.adapters.web.entering import Unfit, entered
from cancelkit.adapters.web.forms import form_data
from cancelkit.adapters.web.pages import Again
from cancelkit.adapters.web.problems import NotFound, Problem, problem_of
from cancelkit.adapters.web.values import Fields, PanelResponse, read_day, yes
from cancelkit.cancellation import Cancellation
from cancelkit.errors import Invalid, Refused, UnknownCustomer, UnknownSection
from cancelkit.records import JsonObject

SEE_OTHER = 303


def enter(call: Call) -> PanelResponse:
    """Store what was entered for a section; what does not fit is shown again, with the reason."""
    fields, key = call.form(), call.params["section"]
    op, based_on, form = fields.take(OPERATION), fields.take(BASED_ON), _form(call, key)
    sent = entered(form, fields, call.desk.kit.zone)
    fields.done()
    try:
        if sent.wrong:
            raise Unfit("What was entered does not fit its fields.")
        call.cancellation.enter_data(key, sent.data, token=based_on, op=op)
    except (UnknownCustomer, UnknownSection):
        raise
    except (Invalid, Refused) as error:
        return pages.customer(call, Again(_seen(call, error), error, key, sent))
    return _back(call, "enter", key)


def perform_now(call: Call) -> PanelResponse:
    """Do at once what a section plans."""
    fields = call.form()
    return _on_section(
        call,
        fields,
        "perform_now",
        lambda c, key, op, token: c.perform_now(key, token=token, op=op),
    )


def override(call: Call) -> PanelResponse:
    """Override a section with a reason, or take that back."""
    fields = call.form()
    reason, back = fields.take("reason"), yes(fields.take("take_back"))
    return _on_section(
        call,
        fields,
        "override",
        lambda c, key, op, token: c.override(key, reason, take_back=back, token=token, op=op),
        None if back else reason,
    )


def command(call: Call) -> PanelResponse:
    """Carry out a command that was confirmed; a refusal shows the page again, as it is now."""
    verb = call.params["verb"]
    if verb not in CONFIRMED:
        raise NotFound("There is nothing at this address.")
    sent = call.form()
    op, token, on = sent.take(OPERATION), sent.take(BASED_ON), read_day(sent.take("on"))
    back, profile = yes(sent.take("put_back")), sent.take("profile")
    sent.done()
    cancellation = call.cancellation
    try:
        match verb:
            case "begin":
                outcome = cancellation.begin(profile=profile, op=op)
            case "process":
                outcome = cancellation.process(token, on=on, op=op)
            case "remove":
                outcome = cancellation.remove(put_back=back, token=token, op=op)
            case "reinstate":
                outcome = cancellation.reinstate(put_back=back, token=token, op=op)
            case "adopt":
                outcome = cancellation.adopt(op=op)
            case _:
                outcome = cancellation.end(op=op)
    except Refused as refused:
        return confirm(call, Again(_seen(call, refused), refused), on=on)
    return _back(call, outcome.verb.value)


Act = Callable[[Cancellation, str, str, str], object]


def _on_section(
    call: Call, fields: Fields, verb: str, act: Act, reason: str | None = None
) -> PanelResponse:
    key, op, token = call.params["section"], fields.take(OPERATION), fields.take(BASED_ON)
    fields.done()
    try:
        act(call.cancellation, key, op, token)
    except (UnknownCustomer, UnknownSection):
        raise
    except (Invalid, Refused) as error:
        return pages.customer(call, Again(_seen(call, error), error, key, reason=reason))
    return _back(call, verb, key)


def _form(call: Call, key: str) -> JsonObject:
    kit = call.desk.kit
    section = kit.known.by_key.get(key)
    form = form_data(kit, section, None) if section is not None else None
    if form is None:
        raise NotFound("Nothing can be entered at this address.")
    return form


def _seen(call: Call, error: Invalid | Refused) -> Problem:
    """Return the problem of a refused command; raises `NotFound` where the user may not look."""
    if call.hides(error):
        raise NotFound("There is nothing at this address.") from error
    return problem_of(error, call.desk.kit)


def _back(call: Call, verb: str, section: str = "") -> PanelResponse:
    """Send the browser to the panel of the customer, by a relative address."""
    said = {"done": verb, "of": section} if section else {"done": verb}
    anchor = f"#section-{quote(section)}" if section else ""
    where = f"{call.request.root}customers/{segment(call.customer)}?{urlencode(said)}{anchor}"
    return PanelResponse(SEE_OTHER, headers=(("Location", where),))

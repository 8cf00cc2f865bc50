"""The panel: one pure function from a request at a desk to a response, mounted by any framework."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from attrs import Factory, evolve, field, frozen
from jinja2 import Environment

from cancelkit.adapters.web import answers, pages, security
from cancelkit.adapters.web.addresses import segment
from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.language import offered, reader_of
from cancelkit.adapters.web.problems import Forged, NotFound, NotTaken, TooLarge, problem_of
from cancelkit.adapters.web.render import environment
from cancelkit.adapters.web.routes import find
from cancelkit.adapters.web.security import HostToken
from cancelkit.adapters.web.table import ROUTES
from cancelkit.adapters.web.values import FORM, JSON, PanelRequest, PanelResponse
from cancelkit.asking import faults
from cancelkit.desk import Desk
from cancelkit.errors import BadSetup, CancelkitError
from cancelkit.ports import Translator
from cancelkit.queue import STUCK_AFTER

BODY_LIMIT = 256 * 1024
"""How many bytes of a body are read, where the host says nothing else."""


def _secret(secret: str | bytes) -> bytes:
    raw = secret.encode() if isinstance(secret, str) else secret
    if not isinstance(raw, bytes) or len(raw) < 16:
        raise BadSetup("The panel's secret= must have 16 bytes or more, such as the host's own.")
    return raw


@frozen
class Panel:
    """What a host sets up once, at start-up. It holds no connection and does no I/O.

    Attributes:
        secret: signs the tokens of forms; the same in every process of the host.
        languages: the tags to choose from by `Person.language` or Accept-Language, the default
            one first: ("en-GB", "de"); or the host's own translators by tag. Without any, the kit's
            own translator speaks.
        templates: folders with templates that take the place of those that ship, file by file.
        origins: further origins of this very site, where a proxy changes Host.
        frames: who may show the panel in a frame: "'self'", "https://crm.example"; nobody if empty.
        host_token: the host's own protection of forms, in place of the panel's.
        mount: the path under which the host mounts the panel, such as "/cancellations": for links
            to it from the host's own pages. Its own pages have relative links only.
        stuck_after: after how many days without a change a cancellation is called stuck.
        named: how many of the open records are named when somebody asks.
        body_limit: in bytes; what is longer is refused before it is parsed.
    """

    secret: bytes = field(converter=_secret, repr=False)
    languages: Mapping[str, Translator] = field(factory=dict, converter=offered, kw_only=True)
    templates: tuple[str | Path, ...] = field(default=(), kw_only=True, converter=tuple)
    origins: frozenset[str] = field(default=frozenset(), kw_only=True, converter=frozenset)
    frames: tuple[str, ...] = field(default=(), kw_only=True, converter=tuple)
    host_token: HostToken | None = field(default=None, kw_only=True)
    mount: str = field(default="", kw_only=True)
    stuck_after: int = field(default=STUCK_AFTER, kw_only=True)
    named: int = field(default=20, kw_only=True)
    body_limit: int = field(default=BODY_LIMIT, kw_only=True)
    jinja: Environment = field(
        init=False,
        eq=False,
        repr=False,
        default=Factory(lambda panel: environment(panel.templates), takes_self=True),
    )

    def address(self, customer_id: str) -> str:
        """Return the address of a customer's panel, for the host's own pages.

        With "/begin" behind it, it is that of the page on which Begin is confirmed.
        """
        return f"{self.mount}/customers/{segment(customer_id)}"

    def banner(self, desk: Desk, customer_id: str, accept_language: str = "") -> str:
        """Return the banner for the host's own page of a customer, as HTML; "" where none is due.

        It has no style of its own: its class is "cancelkit-banner". It needs `mount`.
        """
        path = f"/customers/{segment(customer_id)}/banner"
        asked = PanelRequest("GET", path, headers={"accept-language": accept_language})
        answered = self.handle(asked, desk)
        return answered.body.decode() if answered.status == HTTPStatus.OK else ""

    def handle(self, request: PanelRequest, desk: Desk) -> PanelResponse:
        """Answer a request; never raises but for a fault of cancelkit itself.

        Args:
            request: as the framework's shell hands it over; the body may be cut off after
                `body_limit` + 1 bytes.
            desk: at the host's data, for the user whom the host has authenticated.
        """
        spoken, formats = reader_of(self, request, desk)
        call = Call(self, request, spoken, formats)
        try:
            with faults("answering a request"):
                route, params = find(ROUTES, request.method, request.path)
                call = evolve(call, params=params)
                if route.method == "POST":
                    self._check(call)
                    call = self._protected(call, route.shows_again)
                response = route.handler(call)
        except CancelkitError as error:
            response = self._sorry(call, error)
        body = b"" if request.method == "HEAD" else response.body
        return evolve(response, body=body, headers=_with(call, response))

    def _check(self, call: Call) -> None:
        """Refuse a request that changes something, where it cannot come from a page of ours."""
        request = call.request
        if len(request.body) > self.body_limit:
            raise TooLarge(f"The body has more than {self.body_limit} bytes.")
        wanted = JSON if call.api else FORM
        if request.content_type != wanted or not request.utf8:
            raise NotTaken(f"The body must be {wanted}, in UTF-8.")
        if not security.own_origin(request, self.origins):
            raise Forged("The request came from another site.")

    def _protected(self, call: Call, shows_again: bool) -> Call:
        """Refuse a request that changes something, unless it has a good token.

        A form that a page of ours has sent for certain is only too old, or of before a log-in:
        where the address can do so, what was sent is shown again, and nothing is carried out.
        """
        request = call.request
        if self.host_token is not None:
            good = self.host_token.check(request) is True
        else:
            sent = (
                request.headers.get(security.HEADER.lower(), "") if call.api else call.sent_token()
            )
            good = security.good_token(self.secret, call.desk, call.now, sent)
        if good:
            return call
        forged = Forged("The request has no good token.")
        if shows_again and security.own_page(request, self.origins):
            return evolve(call, forged=forged)
        raise forged

    def _sorry(self, call: Call, error: CancelkitError) -> PanelResponse:
        hidden = NotFound("This user may not know of it.") if call.hides(error) else error
        problem = problem_of(hidden, call.desk.kit)
        if problem.status >= 500:
            call.desk.kit.report("the panel", error)
        sorry = answers.problem if call.api else pages.problem
        return sorry(call, problem)


def _with(call: Call, response: PanelResponse) -> tuple[tuple[str, str], ...]:
    """Return the headers, with the protecting ones that the response does not set itself."""
    own = {name.lower() for name, _ in response.headers}
    frames = call.panel.frames
    more = security.data_headers() if call.api else security.headers(call.nonce, frames)
    return (*response.headers, *(pair for pair in more if pair[0].lower() not in own))

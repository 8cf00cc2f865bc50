"""A call: one request at one desk, with everything that a handler needs to answer it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from cancelkit.adapters.languages import Formats
from cancelkit.adapters.web import security
from cancelkit.adapters.web.document import document
from cancelkit.adapters.web.values import Fields, PanelRequest
from cancelkit.asking import link, moment, new_id, or_none
from cancelkit.cancellation import Cancellation
from cancelkit.desk import Desk
from cancelkit.errors import CancelkitError, Invalid, NotAllowed
from cancelkit.looking import Look
from cancelkit.messages import Message, Value
from cancelkit.people import Customer

if TYPE_CHECKING:
    from cancelkit.adapters.web.panel import Panel


OPERATION = "_op"
"""The hidden field with the operation id."""

BASED_ON = "_view"
"""The hidden field with the token of the view, or of the plan, that the form was part of."""


@frozen
class Call:
    """What a handler is given.

    Attributes:
        desk: the host's, in the language of the reader.
        formats: how days, instants and numbers are written in that language.
        params: what the address says: "customer", "section".
        forged: why nothing may be carried out, where a page of ours sent a form with a token that
            is no good any more: what was sent is only shown again.
        nonce: of the Content-Security-Policy of the answer.
    """

    panel: Panel
    request: PanelRequest
    desk: Desk
    formats: Formats
    params: dict[str, str] = field(factory=dict)
    forged: CancelkitError | None = None
    nonce: str = field(factory=lambda: secrets.token_urlsafe(16))

    @property
    def api(self) -> bool:
        """Whether it is for the JSON API, and not for a page."""
        return self.request.api

    @property
    def now(self) -> datetime:
        """The instant, in UTC; asked of the host's clock each time."""
        return moment(self.desk)[0]

    @property
    def language(self) -> str:
        """The language of the reader, as a tag such as "en"."""
        return self.formats.tag

    @property
    def customer(self) -> str:
        """The id of the customer that the address names."""
        return self.params["customer"]

    @property
    def cancellation(self) -> Cancellation:
        """The workflow object of the customer that the address names."""
        return self.desk.get(self.customer)

    def query(self) -> Fields:
        """Return the fields of the query."""
        return Fields(self.request.query, "The address")

    def form(self) -> Fields:
        """Return the fields of the form that was sent, without the token that protects it."""
        sent = Fields(self._body(), "The form")
        sent.take(self._token_field)
        return sent

    def sent_token(self) -> str:
        """Return the token that protects the form that was sent."""
        return Fields(self._body(), "The form").take(self._token_field)

    def token(self) -> str:
        """Return a token that protects what this user sends: the panel's, or the host's own."""
        token = self.panel.host_token
        if token is None:
            return security.make_token(self.panel.secret, self.desk, self.now)
        return token.render(self.request)

    def hidden(self, based_on: str = "") -> dict[str, str]:
        """Return the hidden fields that every form of this page has.

        The operation id makes a double click harmless: both clicks send the same one.
        """
        always = {self._token_field: self.token(), OPERATION: new_id(self.desk)}
        return {**always, BASED_ON: based_on} if based_on else always

    def shown(self, look: Look) -> dict[str, Any]:
        """Return what was read as the document that pages and the API show."""
        return document(self.desk.kit, look, self._link(look), self.panel.stuck_after)

    def hides(self, error: CancelkitError) -> bool:
        """Say whether an error would tell of a customer of whom this user may not know."""
        if not isinstance(error, NotAllowed) or "customer" not in self.params:
            return False
        try:
            self.cancellation.view()
        except CancelkitError:
            return True
        return False

    def text(self, key: str, /, **values: Value) -> str:
        """Return the text of a message key, in the language of the reader."""
        return self.desk.kit.text(Message.of(key, **values))

    def _link(self, look: Look) -> str | None:
        links, view = self.desk.kit.links, look.view
        if links is None:
            return None
        customer = Customer(view.customer, view.name, tenant=self.desk.host.tenant)
        return or_none(self.desk, "Links.customer", lambda: link(links.customer(customer)))

    @property
    def _token_field(self) -> str:
        token = self.panel.host_token
        return security.FIELD if token is None else token.field

    def _body(self) -> str:
        try:
            return self.request.body.decode("ascii")
        except UnicodeDecodeError:
            raise Invalid("The form is not URL-encoded: it has bytes beyond ASCII.") from None

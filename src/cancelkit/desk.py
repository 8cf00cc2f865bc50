"""The desk: the kit at one host, for one actor. From here to the cancellation of one customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attrs import frozen

from cancelkit.cancellation import Cancellation
from cancelkit.looking import banner_of
from cancelkit.people import Person
from cancelkit.ports import Host
from cancelkit.records import State
from cancelkit.text import checked_id
from cancelkit.views import View

if TYPE_CHECKING:
    from cancelkit.kit import CancelKit


@frozen
class Desk:
    """What `CancelKit.at` returns. Cheap: make one for each request or job."""

    kit: CancelKit
    host: Host
    actor: Person

    def get(self, customer_id: str) -> Cancellation:
        """Return the cancellation of a customer, in whatever state; nothing is read yet.

        Raises:
            Invalid: the id is malformed.
        """
        return Cancellation(self, checked_id(customer_id, "the customer id"))

    def begin(self, customer_id: str, *, op: str = "") -> Cancellation:
        """Begin the cancellation of a customer, or open the one that is there.

        Args:
            customer_id: the host's id of the customer.
            op: the operation id; a new one where none is given.

        Raises:
            Refused: the actor may not, or the customer is cancelled already.
            Invalid: there is no such customer, or an id is malformed.
        """
        cancellation = self.get(customer_id)
        cancellation.begin(op=op)
        return cancellation

    def check(self, customer_id: str) -> View:
        """Return what would have to be done, without beginning anything."""
        return self.get(customer_id).view()

    def banners(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return the banner of each of these customers whose cancellation is pending.

        One question to the store, however many customers are asked for.
        """
        ids = [checked_id(one, "a customer id") for one in customer_ids]
        with self.host.reading() as unit:
            found = unit.cancellations.current(ids)
        return {
            key: self.kit.text(banner_of(self, record))
            for key, record in found.items()
            if record.state is State.PENDING
        }

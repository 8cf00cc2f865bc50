"""The desk: the kit at one host, for one actor. From here to the cancellation of one customer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cancelkit import looking
from cancelkit.asking import faults
from cancelkit.cancellation import Cancellation
from cancelkit.looking import banner_of
from cancelkit.people import Person
from cancelkit.ports import Host, Translator
from cancelkit.records import State
from cancelkit.text import checked_id, checked_ids
from cancelkit.times import checked_day
from cancelkit.views import View

if TYPE_CHECKING:
    from cancelkit.kit import CancelKit


@frozen
class Desk:
    """What `CancelKit.at` returns. Cheap: make one for each request or job."""

    kit: CancelKit
    host: Host
    actor: Person

    def speaking(self, translator: Translator) -> Desk:
        """Return the same desk in another language; what it is asked for is in that language."""
        return evolve(self, kit=self.kit.speaking(translator))

    def get(self, customer_id: str) -> Cancellation:
        """Return the cancellation of a customer, in whatever state; nothing is read yet."""
        return Cancellation(self, checked_id(customer_id, "the customer id"))

    def begin(self, customer_id: str, *, profile: str = "", op: str | None = None) -> Cancellation:
        """Begin the cancellation of a customer, or open the one that is there.

        Raises:
            Refused: the actor may not, or the customer is cancelled already.
            Invalid: there is no such customer, or an id is malformed.
        """
        cancellation = self.get(customer_id)
        cancellation.begin(profile=profile, op=op)
        return cancellation

    def check(
        self, customer_id: str, *, name: int = 0, on: date | None = None, profile: str = ""
    ) -> View:
        """Return what would have to be done, without beginning anything; see `view`."""
        key, on = checked_id(customer_id, "the customer id"), checked_day(on)
        self.kit.profile(profile)
        return looking.view(self, key, name=name, on=on, profile=profile)

    def banners(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return the banners of those customers that are pending, with one question for all.

        Neither roles nor customers are asked: ask for those that the host is showing.
        """
        ids = tuple(checked_ids(customer_ids, "a customer id"))
        with faults("looking for banners"), self.host.reading() as unit:
            found = unit.cancellations.current(ids)
        return {
            key: self.kit.text(banner_of(self, record))
            for key, record in found.items()
            if record.state is State.PENDING
        }

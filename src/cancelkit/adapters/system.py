"""The real clock, random identifiers, and a notifier that logs: what the machine itself offers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from uuid import uuid4

from attrs import field, frozen

from cancelkit.english import ENGLISH
from cancelkit.letters import Languages, write_letter
from cancelkit.records import Notification


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)


class RandomIds:
    """Random identifiers of 32 hexadecimal digits."""

    def new(self) -> str:
        """See `Ids.new`."""
        return uuid4().hex


@frozen
class LogNotifier:
    """A `Notifier` that logs, until there is a channel to people: one line for each recipient.

    At INFO it says who was told of which event of which customer, by ids: nothing that anybody
    wrote. The letter itself is logged at DEBUG.

    Attributes:
        languages: the translators, by language; English alone by default, without the titles of
            sections, which `Languages({}, kit.translator)` knows.
        logger: where to; it must let INFO through.
    """

    languages: Languages = field(factory=lambda: Languages({}, ENGLISH))
    logger: logging.Logger = field(factory=lambda: logging.getLogger("cancelkit.notifications"))

    def send(self, notification: Notification) -> None:
        """See `Notifier.send`."""
        told, who = notification, notification.recipient
        letter = write_letter(told, self.languages.of(who.language))
        self.logger.debug("%s\n%s", told.key, letter.body)
        self.logger.info(
            "%s: told %r, customer %r (%s)", told.event, who.id, told.customer, told.key
        )

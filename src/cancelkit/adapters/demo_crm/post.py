"""The letters of the demo CRM: handed over by the relay, and kept to be read on a page."""

from __future__ import annotations

from attrs import define, field

from cancelkit.kit import CancelKit
from cancelkit.letters import Letter, write_letter
from cancelkit.ports import Host
from cancelkit.records import Notification
from cancelkit.relay import Relay


@define
class PostBox:
    """A `Notifier` that keeps what it is given."""

    host: Host
    kit: CancelKit
    letters: list[Letter] = field(factory=list)

    def send(self, notification: Notification) -> None:
        """See `cancelkit.ports.Notifier`."""
        letter = write_letter(notification, self.kit.translator)
        to = notification.recipient.name
        self.letters.append(Letter(f"To {to}: {letter.subject}", letter.body))

    def read(self) -> list[Letter]:
        """Run the relay, and return all letters, the newest first."""
        Relay(self.host, self).run()
        return self.letters[::-1]

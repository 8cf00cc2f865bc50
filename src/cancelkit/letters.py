"""Letters: a notification as text, in the language of the one who is told.

Import it by its own name; `import cancelkit` does not load it. A `Notifier` of the host needs no
more than

    letter = write_letter(notification, languages.of(notification.recipient.language))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from attrs import frozen

from cancelkit.english import ENGLISH
from cancelkit.messages import Message
from cancelkit.ports import Translator
from cancelkit.records import Notification


@frozen
class Languages:
    """Translators by language tag: "de-AT" is looked up first, then "de", then the default."""

    translators: Mapping[str, Translator]
    default: Translator = ENGLISH

    def of(self, language: str) -> Translator:
        """Return the translator for a language tag, "" for the default one."""
        main = language.partition("-")[0]
        return self.translators.get(language) or self.translators.get(main) or self.default


class Letter(NamedTuple):
    """What somebody is told; plain text, for the channel to escape."""

    subject: str  # one line
    body: str


def write_letter(notification: Notification, translator: Translator) -> Letter:
    """Put a notification into words: what happened, the particulars, and where to look."""
    subject = " ".join(translator.text(notification.message).split())
    lines = [translator.text(line) for line in notification.lines]
    lines += [
        f"{_title(why.section, translator)}{translator.text(why.message)}"
        for why in notification.blocked
    ]
    return Letter(subject, "\n".join([subject, *lines, *filter(None, [notification.link])]))


def _title(section: str, translator: Translator) -> str:
    """Return the title of a section before what is said of it; the key where there is no text."""
    key = f"title.{section}"
    title = translator.text(Message(key)) if section else ""
    return f"{section if title == key else title}: " if section else ""

"""Letters: a notification as text, in the language of the one who is told.

Import it by its own name; `import cancelkit` does not load it. A `Notifier` of the host needs no
more than

    letter = write_letter(notification, languages.of(notification.recipient.language))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from attrs import field, frozen

from cancelkit.errors import BadSetup
from cancelkit.messages import in_words, title
from cancelkit.ports import Translator
from cancelkit.records import Notification
from cancelkit.text import checked_line


def _tag(language: str) -> str:
    """Return a language tag as it is compared: "de_AT" and "DE-at" are one."""
    checked_line(language, "the language tag")
    return language.replace("_", "-").casefold()


def _by_tag(translators: Mapping[str, Translator]) -> dict[str, Translator]:
    if not isinstance(translators, Mapping):
        raise BadSetup('Languages needs translators by language tag, such as {"de": ...}.')
    return {_tag(language): translator for language, translator in translators.items()}


@frozen
class Languages:
    """Translators by language tag: "de-AT" is looked up first, then "de", then the default.

    The default is best `CancelKit.translator`, which knows the titles of the sections.
    """

    translators: Mapping[str, Translator] = field(converter=_by_tag)
    default: Translator

    def of(self, language: str) -> Translator:
        """Return the translator for a language tag, "" for the default one."""
        tag = _tag(language)
        while tag and tag not in self.translators:
            tag = tag.rpartition("-")[0]
        return self.translators.get(tag, self.default)


class Letter(NamedTuple):
    """What somebody is told; plain text, for the channel to escape."""

    subject: str  # one line
    body: str


def write_letter(notification: Notification, translator: Translator) -> Letter:
    """Put a notification into words: what happened, the particulars, and where to look."""
    text = translator.text
    subject = " ".join(text(in_words(notification.message, text)).split())
    lines = [text(in_words(line, text)) for line in notification.lines]
    for why in notification.blocked:
        about = f"{title(why.section, text)}: " if why.section else ""
        lines.append(about + text(in_words(why.message, text)))
    body = [" ".join(line.split()) for line in lines]  # nobody's name makes a line of its own
    return Letter(subject, "\n".join([subject, *body, *filter(None, [notification.link])]))

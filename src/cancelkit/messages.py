"""Messages as data: a key and values. A translator turns them into text for one reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import TypeAlias

from attrs import evolve, frozen

Value: TypeAlias = str | int | date | datetime


_PLAIN = frozenset((str, int, date, datetime))


@frozen
class Message:
    """A text to show, before it is put into a language.

    Of the values, `count` also chooses the plural form; `more` beside it means "at least so many".
    Keys and labels that `in_words` puts into words are `section`, `moves`, `labels` and `status`.
    """

    key: str  # stable, such as "records.open"; a program may branch on it
    values: tuple[tuple[str, Value], ...] = ()  # what the text mentions, sorted by name

    def __attrs_post_init__(self) -> None:
        sound = type(self.key) is str
        for name, value in self.values:
            sound = sound and type(value) in _PLAIN and type(name) is str
            sound = sound and getattr(value, "tzinfo", value) is not None  # an instant has a zone
        if not sound:
            raise TypeError(
                "A message has a text as key; text, whole numbers, days or instants as values."
            )

    @classmethod
    def of(cls, key: str, /, **values: Value) -> Message:
        """Make a message from keyword values."""
        return cls(key, tuple(sorted(values.items()) if len(values) > 1 else values.items()))

    def __getitem__(self, name: str) -> Value:
        """Return one value; KeyError where the message has none of this name."""
        return dict(self.values)[name]


@frozen
class Refusal:
    """One reason why a command was refused."""

    code: str  # stable: a key of `cancelkit.errors.REFUSED_BY_CODE`
    message: Message
    section: str = ""  # the key of the section that stands in the way


def plural_of_english(count: int) -> str:
    """Return the plural category of a count in English: "one" or "other"."""
    return "one" if count == 1 else "other"


def show_plainly(value: Value) -> str:
    """Return a value as text, without a language: a day as 2026-03-02."""
    return f"{value:%Y-%m-%d %H:%M %Z}" if isinstance(value, datetime) else str(value)


@frozen
class Catalogue:
    """Texts by message key: the translator that ships; English is `cancelkit.english.ENGLISH`.

    For a message with a count, the key with the plural category behind it ("records.open.one") is
    looked up first.
    """

    texts: Mapping[str, str]  # key -> text with `{name}` places
    plural: Callable[[int], str] = plural_of_english  # count -> plural category of the language
    show: Callable[[Value], str] = show_plainly  # a language formats days and numbers its own way
    tag: str = ""  # the language tag of texts and formats, where it has those of a language

    def text(self, message: Message) -> str:
        """Return the text of a message; an unknown key is shown with its values, never lost."""
        values = dict(message.values)
        template = self._template(message.key, values)
        shown = _Lenient({name: self.show(value) for name, value in message.values})
        if template is None:
            listed = ", ".join(f"{name} {value}" for name, value in shown.items())
            return f"{message.key} ({listed})" if listed else message.key
        if values.get("more") and "count" in values:
            shown["count"] += "+"
        try:
            return template.format_map(shown)
        except (ValueError, LookupError, AttributeError):  # a translation with a wrong template
            return template

    def _template(self, key: str, values: Mapping[str, Value]) -> str | None:
        count = values.get("count")
        if isinstance(count, int):
            for category in (*(("other",) if values.get("more") else ()), self.plural(count)):
                if (found := self.texts.get(f"{key}.{category}")) is not None:
                    return found
        return self.texts.get(key)

    def with_texts(self, texts: Mapping[str, str]) -> Catalogue:
        """Return a catalogue with more texts (a plug-in's); those that are here win.

        A text that is here under "label." and its English is put into the language.
        """
        own = self.texts
        brought = {key: own.get(f"label.{text}", text) for key, text in texts.items()}
        return evolve(self, texts={**brought, **own})


class _Lenient(dict[str, str]):
    """Leave a place that no value fills as it is, so that a wrong text is seen, not raised."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


Text: TypeAlias = Callable[[Message], str]


def in_words(message: Message, text: Text, zone: tzinfo = UTC) -> Message:
    """Put keys and labels among the values into words, and instants into the time of a zone."""
    said: dict[str, Value] = {}
    for name, value in message.values:
        if name in _WORDS:
            said[name] = _WORDS[name](str(value), text)
        elif isinstance(value, datetime):
            said[name] = value.astimezone(zone)
    return Message.of(message.key, **{**dict(message.values), **said}) if said else message


def word(named: Message, text: Text, otherwise: str) -> str:
    """Return the text of a message; something else where it has none."""
    return otherwise if (said := text(named)) == named.key else said


def title(section: str, text: Text) -> str:
    """Return the title of a section; its key where there is none."""
    return word(Message(f"title.{section}"), text, section)


def status(shown: str, text: Text) -> str:
    """Return a status: the CRM's own label as it is, or one of cancelkit's under "state."."""
    if shown.endswith(PENDING_MARK):
        return text(Message.of("state.marked", label=shown.removesuffix(PENDING_MARK)))
    return word(Message(shown), text, shown) if shown.startswith("state.") else shown


def _labels(listed: str, text: Text) -> str:
    return "; ".join(word(Message(f"label.{one}"), text, one) for one in listed.split("; "))


def _moves(listed: str, text: Text) -> str:
    return ", ".join(word(Message(f"verb.{one}"), text, one) for one in listed.split(", "))


_WORDS = {"section": title, "labels": _labels, "moves": _moves, "status": status}
PENDING_MARK = " (PC)"
"""Behind the label of a status: pending cancellation."""

"""Messages as data: a key and values. A translator turns them into text for one reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from attrs import evolve, frozen

Value: TypeAlias = str | int | date


_PLAIN = frozenset((str, int, date))


@frozen
class Message:
    """A text to show, before it is put into a language.

    Of the values, `count` also chooses the plural form; `more` beside it means "at least so many".
    """

    key: str  # stable, such as "records.open"; a program may branch on it
    values: tuple[tuple[str, Value], ...] = ()  # what the text mentions, sorted by name

    def __attrs_post_init__(self) -> None:
        sound = type(self.key) is str
        for name, value in self.values:
            sound = sound and type(value) in _PLAIN and type(name) is str
        if not sound:
            raise TypeError("A message has a text as key; text, whole numbers or days as values.")

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


@frozen
class Catalogue:
    """Texts by message key: the translator that ships; English is `cancelkit.english.ENGLISH`.

    For a message with a count, the key with the plural category behind it ("records.open.one") is
    looked up first.
    """

    texts: Mapping[str, str]  # key -> text with `{name}` places
    plural: Callable[[int], str] = plural_of_english  # count -> plural category of the language
    show: Callable[[Value], str] = str  # a value as text; a language formats days and numbers

    def text(self, message: Message) -> str:
        """Return the text of a message; an unknown key is shown with its values, never lost."""
        values = dict(message.values)
        template = self._template(message.key, values)
        shown = _Lenient(values)
        if self.show is not str:
            shown.update((name, self.show(value)) for name, value in message.values)
        if template is None:
            listed = ", ".join(f"{name} {value}" for name, value in shown.items())
            return f"{message.key} ({listed})" if listed else message.key
        if values.get("more") and "count" in values:
            shown["count"] = f"{shown['count']}+"
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


class _Lenient(dict[str, Value]):
    """Leave a place that no value fills as it is, so that a wrong text is seen, not raised."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"

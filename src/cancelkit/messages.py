"""Messages as data: a key and values. A translator turns them into text for one reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from attrs import frozen

Value: TypeAlias = str | int | date


@frozen(cache_hash=True)
class Message:
    """A text to show, before it is put into a language.

    Attributes:
        key: the stable key, such as "records.open"; a program may branch on it.
        values: what the text mentions, as sorted pairs of a name and a str, int or date. `count`
            also chooses the plural form; `more` beside it means "at least so many" ("100+").
    """

    key: str
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, key: str, /, **values: Value) -> Message:
        """Make a message from keyword values."""
        return cls(key, tuple(sorted(values.items())))

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

    Attributes:
        texts: key -> text with `{name}` places. For a message with a count, the key with the
            plural category behind it ("records.open.one") is looked up first.
        plural: count -> plural category of the language.
    """

    texts: Mapping[str, str]
    plural: Callable[[int], str] = plural_of_english

    def text(self, message: Message) -> str:
        """Return the text of a message; an unknown key is shown with its values, never lost."""
        values = dict(message.values)
        template = self._template(message.key, values)
        if template is None:
            shown = ", ".join(f"{name} {value}" for name, value in values.items())
            return f"{message.key} ({shown})" if shown else message.key
        if values.pop("more", 0):
            values["count"] = f"{values['count']}+"
        return template.format_map(_Lenient(values))

    def _template(self, key: str, values: Mapping[str, Value]) -> str | None:
        count = values.get("count")
        if isinstance(count, int):
            category = "other" if values.get("more") else self.plural(count)
            if (found := self.texts.get(f"{key}.{category}")) is not None:
                return found
        return self.texts.get(key)

    def with_texts(self, texts: Mapping[str, str]) -> Catalogue:
        """Return a catalogue with more texts (a plug-in's); those that are here win."""
        return Catalogue({**texts, **self.texts}, self.plural)


class _Lenient(dict[str, Value]):
    """Leave a place that no value fills as it is, so that a wrong text is seen, not raised."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"

"""How a locale writes days, instants and numbers, and which plural forms it has: by Babel."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import lru_cache

from attrs import field, frozen
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from cancelkit.errors import Invalid
from cancelkit.messages import Value

USUAL = {"en": "en-GB"}
"""What a tag without a region means, where that is not the locale of this very name."""


@frozen
class Formats:
    """The formats of one locale; made by `formats("de-AT")`."""

    tag: str  # the language tag, such as "de-AT": for the `lang` of a page
    locale: Locale = field(repr=False)  # Babel's

    @property
    def direction(self) -> str:
        """The direction of the script: "ltr" or "rtl", for the `dir` of a page."""
        return self.locale.text_direction

    def day(self, day: date) -> str:
        """Return a day as it is written in a sentence: "2 March 2026"."""
        return format_date(day, "long", self.locale)

    def instant(self, at: datetime, zone: tzinfo | None = None) -> str:
        """Return an instant, in a zone where one is given: "2 March 2026, 09:14"."""
        local = at.astimezone(zone) if zone else at
        time = format_time(local.timetz(), "short", locale=self.locale)
        return str(self.locale.datetime_formats["medium"]).format(time, self.day(local.date()))

    def number(self, number: int) -> str:
        """Return a whole number: "10,000"."""
        if abs(number) >= 10**18:  # beyond what Babel can round
            return str(number)
        return format_decimal(number, locale=self.locale)

    def value(self, value: Value) -> str:
        """Return a value of a message as text; what is text already stays as it is."""
        if isinstance(value, datetime):
            return f"{self.instant(value)} {value:%Z}"
        if isinstance(value, date):
            return self.day(value)
        return self.number(value) if isinstance(value, int) else value

    def plural(self, count: int) -> str:
        """Return the plural category of a count, such as "one" or "other"."""
        return self.locale.plural_form(count)


@lru_cache(maxsize=256)
def formats(tag: str) -> Formats:
    """Return the formats of a language tag.

    Args:
        tag: such as "de-AT" or "de_AT"; "en" alone is British, with days before months.

    Raises:
        Invalid: there is no such locale.
    """
    try:
        locale = Locale.parse(USUAL.get(tag.casefold(), tag).replace("-", "_"))
    except (ValueError, TypeError, AttributeError, UnknownLocaleError) as error:
        raise Invalid(f"There is no locale {tag!r}; a tag is such as 'en-GB' or 'de'.") from error
    return Formats(str(locale).replace("_", "-"), locale)

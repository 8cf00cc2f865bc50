"""Instants and days. An instant is aware and in UTC; a day is a day in the host's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cancelkit.errors import Invalid


def checked_instant(value: object, what: str) -> datetime:
    """Return an aware datetime, in UTC; a naive one is `Invalid`: its zone would be a guess."""
    if not isinstance(value, datetime):
        raise Invalid(f"{what} must be a datetime, not {type(value).__name__}.")
    if value.utcoffset() is None:
        raise Invalid(f"{what} {value.isoformat()} has no time zone; an aware datetime is needed.")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Invalid(f"{what} {value.isoformat()} is beyond the calendar in UTC.") from None


def checked_day(value: object) -> date | None:
    """Return a day, or None; a datetime is `Invalid`: which day it is depends on the zone."""
    if value is None or type(value) is date:
        return value
    raise Invalid(f"The effective date must be a date without a time, not {type(value).__name__}.")


def checked_zone(value: str | tzinfo) -> tzinfo:
    """Return the time zone; a name is looked up, and `Invalid` where this machine has none such."""
    if isinstance(value, tzinfo):
        return value
    if value == "UTC":
        return UTC
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError) as error:
        raise Invalid(
            f"There is no time zone {value!r} on this machine; it must be a name such as "
            "'Europe/London' (where the system has no zone data, install the tzdata package)."
        ) from error


def day_of(instant: datetime, zone: tzinfo) -> date:
    """Return the day of an instant in a zone: what "today" means to the host (promise F30)."""
    return instant.astimezone(zone).date()

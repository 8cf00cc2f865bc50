"""Columns of dates, and of datetimes with the zone that says which day they are on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from attrs import frozen
from sqlalchemy import ColumnElement, Date, DateTime, bindparam
from sqlalchemy.sql.elements import BindParameter

from cancelkit.adapters.sqlalchemy.columns import Column, name_of
from cancelkit.errors import BadSetup
from cancelkit.times import checked_zone

AS_OF: BindParameter[date] = bindparam("as_of", type_=Date())


@frozen(eq=False)
class Day:
    """A column of dates, or of datetimes with a zone.

    A datetime without a zone of its own is taken as the zone's local time; one of a column
    `DateTime(timezone=True)` as an instant.
    """

    column: ColumnElement[Any]
    zone: tzinfo | None

    @classmethod
    def of(cls, value: Column, zone: Any, what: str) -> Day:
        """Check a column; one of datetimes needs a zone."""
        if isinstance(value.type, DateTime):
            if zone is None:
                raise BadSetup(
                    f"{what} ({name_of(value)}) has times: say zone='Europe/London' or the like, "
                    "to tell which day they are on."
                )
            return cls(value, checked_zone(zone))
        if not isinstance(value.type, Date):
            raise BadSetup(f"{what} ({name_of(value)}) has the type {value.type!r}, no date.")
        return cls(value, None)

    @property
    def after(self) -> ColumnElement[bool]:
        """The rows after the as-of day."""
        return self.column > AS_OF if self.zone is None else self.column >= self._midnight

    @property
    def come(self) -> ColumnElement[bool]:
        """The rows on the as-of day or before."""
        return self.column <= AS_OF if self.zone is None else self.column < self._midnight

    @property
    def name(self) -> str:
        """The name of the parameter that has the end of the as-of day."""
        zone = re.sub(r"\W", lambda found: f"_{ord(found[0])}_", str(self.zone))
        return f"after_{zone}_{'instant' if self._aware else 'local'}"

    @property
    def _aware(self) -> bool:
        return bool(getattr(self.column.type, "timezone", False))

    @property
    def _midnight(self) -> BindParameter[Any]:
        return bindparam(self.name, type_=self.column.type)

    def values(self, as_of: date) -> dict[str, Any]:
        """Return the parameters for an as-of day, beside the day itself."""
        if self.zone is None:
            return {}
        midnight = datetime.combine(as_of + timedelta(days=1), time(), self.zone)
        return {
            self.name: midnight.astimezone(UTC) if self._aware else midnight.replace(tzinfo=None)
        }

    def read(self, value: Any) -> date | None:
        """Return a value of the column as a day in the zone."""
        if self.zone is None or not isinstance(value, datetime):
            found: date | None = value
            return found
        if value.tzinfo is None:  # some databases give instants back without their zone: UTC
            value = value.replace(tzinfo=UTC if self._aware else self.zone)
        local: datetime = value.astimezone(self.zone)
        return local.date()

"""What goes into the panel and what comes out of it: plain values, of no framework."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl

from attrs import field, frozen

from cancelkit.errors import Invalid

API = "/api/"
"""Where the paths of the JSON API begin."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

MOST_FIELDS = 2_000
"""How many fields a form or a query may have."""


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@frozen
class PanelRequest:
    """One request, as a framework's shell hands it over."""

    method: str
    path: str  # below the mount point and percent-decoded: "/customers/C-1001"
    query: str = ""  # what stands behind the question mark, still encoded
    headers: Mapping[str, str] = field(factory=dict, converter=_lower, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def api(self) -> bool:
        """Whether it is for the JSON API, and not for a page."""
        return self.path.startswith(API)

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def utf8(self) -> bool:
        """Whether the body is in UTF-8, as far as Content-Type says anything of it."""
        more = self.headers.get("content-type", "").partition(";")[2].lower().replace('"', "")
        said = [one.partition("=") for one in more.split(";")]
        return all(value.strip() == "utf-8" for name, _, value in said if name.strip() == "charset")

    @property
    def root(self) -> str:
        """The relative address of the mount point, as seen from this page: "../../"."""
        return "../" * (self.path.count("/") - 1) or "./"


@frozen
class PanelResponse:
    """The answer: for the shell to send as it is."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = ()  # Content-Length is the shell's

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Fields:
    """The fields of a form or a query: each is taken once, and what is left over is refused."""

    def __init__(self, encoded: str, what: str) -> None:
        """Parse what was sent; raises `Invalid` where it is no list of fields in UTF-8."""
        try:
            pairs = parse_qsl(
                encoded, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
            )
        except ValueError as error:
            raise Invalid(f"{what} cannot be read: {error}.") from error
        self._what = what
        self._left: dict[str, list[str]] = {}
        for name, value in pairs:
            self._left.setdefault(name, []).append(value)

    def take(self, name: str, default: str = "") -> str:
        """Take the one value of a field; raises `Invalid` where there are several."""
        values = self._left.pop(name, [default])
        if len(values) > 1:
            raise Invalid(f"The field {name!r} is there {len(values)} times; expected once.")
        return values[0]

    def take_all(self, name: str) -> list[str]:
        """Take all values of a field, in order."""
        return self._left.pop(name, [])

    def take_prefixed(self, prefix: str) -> dict[str, str]:
        """Take all fields whose names begin with a prefix, by the rest of their names."""
        names = [name for name in self._left if name.startswith(prefix)]
        return {name.removeprefix(prefix): self.take(name) for name in names}

    def done(self) -> None:
        """Raise `Invalid` where a field is left that nobody knows."""
        if self._left:
            listed = ", ".join(repr(name) for name in sorted(self._left))
            raise Invalid(f"{self._what} has fields that are not known here: {listed}.")


def yes(value: str) -> bool:
    """Read a box: ticked or not; raises `Invalid` for anything but what a browser sends."""
    if value not in ("", "on"):
        raise Invalid(f"A box is 'on' or not there, not {value!r}.")
    return value == "on"


DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
"""How a day is written, in addresses, forms and JSON."""


def read_day(text: str, name: str = "on") -> date | None:
    """Read a day from a field, or None where it is empty; raises `Invalid`."""
    if not text:
        return None
    try:
        if re.match(DAY, text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # said below, as for what does not even look like a day
    raise Invalid(f"{name!r} must be a day such as 2026-03-02, not {text!r:.40}.")

"""The addresses of the panel, as a table: what a method and a path lead to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cancelkit.adapters.web.addresses import identifier
from cancelkit.adapters.web.problems import NotFound, NotHere
from cancelkit.adapters.web.values import PanelResponse

if TYPE_CHECKING:
    from cancelkit.adapters.web.call import Call

Handler = Callable[["Call"], PanelResponse]


class Route(NamedTuple):
    """One address. Of the segments of its path, `{name}` stands for an identifier."""

    method: str  # GET (and with it HEAD) or POST
    path: str  # below the mount point, without the slash at its beginning
    handler: Handler
    shows_again: bool = False  # it carries nothing out where `Call.forged`, but shows what was sent

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Return the identifiers of a path that this address fits; None where it does not."""
        wanted = self.path.split("/")
        if len(wanted) != len(segments):
            return None
        found: dict[str, str] = {}
        for want, have in zip(wanted, segments, strict=True):
            if not want.startswith("{"):
                if want != have:
                    return None
            elif (known := identifier(have)) is None or not known:
                return None
            else:
                found[want[1:-1]] = known
        return found


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the address for a request and its identifiers; raises `NotFound` or `NotHere`."""
    segments = path.removeprefix("/").split("/")
    fitting = [(route, match) for route in routes if (match := route.match(segments)) is not None]
    if not fitting:
        raise NotFound("There is nothing at this address.")
    one_path = fitting[0][0].path  # the first in the table: its methods are all that there are
    there = {route.method: (route, match) for route, match in fitting if route.path == one_path}
    wanted = "GET" if method == "HEAD" else method
    if wanted in there:
        return there[wanted]
    raise NotHere(tuple(sorted({*there, *(["HEAD"] if "GET" in there else [])})))

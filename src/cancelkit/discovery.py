"""Discovery of section plug-ins by entry point: only when asked, never at import.

A plug-in's distribution declares, in its pyproject.toml:

    [project.entry-points."cancelkit.sections"]
    equipment = "my_package:EQUIPMENT"

Import it by its own name; `import cancelkit` does not load it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from cancelkit.errors import CancelkitError, PluginError
from cancelkit.registration import check_section
from cancelkit.section import Section

GROUP = "cancelkit.sections"


class Found(NamedTuple):
    """What discovery found: the sections, by entry point name, and what could not be used."""

    sections: dict[str, Section]
    problems: tuple[PluginError, ...]


def discover(points: Iterable[EntryPoint] | None = None) -> Found:
    """Load the sections of entry points, or of all that installed distributions offer.

    One that does not import, is no section, or has the key of another one hurts no other: it is a
    problem that names the entry point and its distribution.
    """
    sections: dict[str, Section] = {}
    keys: dict[str, str] = {}
    problems: list[PluginError] = []
    offered = entry_points(group=GROUP) if points is None else points
    for point in sorted(offered, key=lambda one: (one.name, one.value)):
        try:
            section = _loaded(point)
            if (first := keys.setdefault(section.key, point.name)) != point.name:
                raise PluginError(
                    f"{_named(point)} has the key {section.key!r} of entry point {first!r}."
                )
        except PluginError as error:
            problems.append(error)
        else:
            sections[point.name] = section
    return Found(sections, tuple(problems))


def _loaded(point: EntryPoint) -> Section:
    try:
        section: Section = point.load()
        check_section(section)
    except CancelkitError as error:
        raise PluginError(f"{_named(point)} is not a section: {error}") from error
    except Exception as error:
        raise PluginError(
            f"{_named(point)} does not import: {type(error).__name__}: {error}."
        ) from error
    return section


def _named(point: EntryPoint) -> str:
    where = f" of {point.dist.name} {point.dist.version}" if point.dist else ""
    return f"The entry point {point.name!r} ({point.value}){where}"

"""Templates: Jinja2, with everything escaped; a host overrides them file by file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    select_autoescape,
)

from cancelkit.adapters.web.addresses import segment
from cancelkit.errors import BadSetup

STATIC = {"panel.css": "text/css; charset=utf-8", "panel.js": "text/javascript; charset=utf-8"}


@cache
def static_file(name: str) -> bytes:
    """Return the bytes of a static file."""
    return (files("cancelkit.adapters.web") / "static" / name).read_bytes()


@cache
def static_name(name: str) -> str:
    """Return the name under which a static file is served: it changes with the file."""
    return f"{sha256(static_file(name)).hexdigest()[:12]}.{name}"


def environment(folders: Iterable[str | Path]) -> Environment:
    """Return the environment: the host's folders come first, then the templates that ship.

    One of the host's extends the one that ships by its full name: "cancelkit/base.html".

    Raises `BadSetup` where a folder does not exist.
    """
    own = [Path(folder) for folder in folders]
    for folder in own:
        if not folder.is_dir():
            raise BadSetup(f"There is no folder of templates {str(folder)!r}.")
    shipped = PackageLoader("cancelkit.adapters.web")
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(own), shipped, PrefixLoader({"cancelkit": shipped})]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["segment"] = segment
    made.filters["iso"] = _iso
    made.globals["static_name"] = static_name
    return made


def _iso(value: date) -> str:
    return value.isoformat()


def template_for(made: Environment, names: Iterable[str], **values: Any) -> str:
    """Render the first template that exists."""
    return made.select_template(list(names)).render(**values)

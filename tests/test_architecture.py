"""The layers: who may import whom, and what the core may not touch.

Everything is read from the source text, so that imports under TYPE_CHECKING and inside functions
count as well. To add a module, add a line to RANKS; nothing else here needs to change.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cancelkit

# Module, or package with all that is in it -> rank. A module imports its own rank and lower ones.
RANKS = {
    # 0: what knows nothing else
    "cancelkit.errors": 0,
    "cancelkit.messages": 0,  # the errors carry refusals, which are messages
    "cancelkit.text": 0,
    "cancelkit.times": 0,
    # 1: records of the domain
    "cancelkit.effects": 1,
    "cancelkit.facts": 1,
    "cancelkit.needs": 1,
    "cancelkit.people": 1,
    "cancelkit.records": 1,
    "cancelkit.roles": 1,
    "cancelkit.section": 1,
    "cancelkit.states": 1,
    # 2: neither knows the other
    "cancelkit.ports": 2,
    "cancelkit.sections": 2,
    # 3: the rules
    "cancelkit.advance": 3,
    "cancelkit.checklist": 3,
    "cancelkit.decide": 3,
    "cancelkit.english": 3,
    "cancelkit.evaluate": 3,
    "cancelkit.lifecycle": 3,
    "cancelkit.plan": 3,
    "cancelkit.registration": 3,
    "cancelkit.serial": 3,
    # 4: the shell around them
    "cancelkit.asking": 4,
    "cancelkit.telling": 4,
    "cancelkit.cancellation": 4,
    "cancelkit.commands": 4,
    "cancelkit.desk": 4,
    "cancelkit.kit": 4,
    "cancelkit.looking": 4,
    "cancelkit.orders": 4,
    "cancelkit.reading": 4,
    "cancelkit.views": 4,
    "cancelkit.writing": 4,
    # 5: technologies; and what stands on the core, is imported by its own name, and nothing in the
    # core needs
    "cancelkit.adapters": 5,
    "cancelkit.bulk": 5,
    "cancelkit.discovery": 5,
    "cancelkit.guard": 5,
    "cancelkit.letters": 5,
    "cancelkit.queue": 5,
    "cancelkit.recipients": 5,
    "cancelkit.relay": 5,
    "cancelkit.retention": 5,
    "cancelkit.schedule": 5,
    "cancelkit.sections.creating_expiry": 5,
    "cancelkit.testing": 5,
    "cancelkit.timeline": 5,
    # 6: the front door; it does not know the technologies
    "cancelkit": 6,  # cancelkit/__init__.py alone
    "cancelkit.__main__": 6,
}
CORE = 4  # what everything else stands on
TECHNICAL = ("cancelkit.adapters", "cancelkit.testing", "cancelkit.__main__")
"""What knows the world outside: the clock, chance, files. Nothing else does."""

STRANGERS = [("cancelkit.sections", "cancelkit.ports")]

CORE_PACKAGES = {"attr", "attrs", "cattr", "cattrs", "typing_extensions"}
# Module -> the packages that only it may import, besides the ones above.
TECHNOLOGIES = {
    "cancelkit.adapters.cli": {"rich"},
    "cancelkit.adapters.demo_crm": {"jinja2", "sqlalchemy", "starlette", "uvicorn"},
    "cancelkit.adapters.fastapi": {"fastapi"},
    "cancelkit.adapters.flask": {"flask"},
    "cancelkit.adapters.languages": {"babel"},
    "cancelkit.adapters.sqlalchemy": {"sqlalchemy"},
    "cancelkit.adapters.starlette": {"starlette"},
    "cancelkit.adapters.web": {"jinja2"},
    "cancelkit.testing": {"hypothesis", "pytest"},
}

# What only comes through ports, or as a value: everywhere but in TECHNICAL. A package forbids all
# that is in it.
ONLY_BY_PORTS = {
    "asyncio",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "io.open",
    "open",
    "os.urandom",
    "random",
    "secrets",
    "smtplib",
    "socket",
    "sqlite3",
    "subprocess",
    "time.time",
    "time.time_ns",
    "urllib.request",
    "uuid.uuid1",
    "uuid.uuid4",
}

MAX_CORE_LINES = 4_320  # the aim is 3,500: not reached, and nothing is to be dropped for it
MAX_FILE_LINES = 350

ROOT = Path(cancelkit.__file__).parent


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def rank_of(name: str) -> int | None:
    """The rank of a module, by the longest entry it is in; None without one.

    The entry of cancelkit itself is for that one file, or every new module would be in it.
    """
    if name == "cancelkit":
        return RANKS["cancelkit"]
    entries = [entry for entry in RANKS if entry != "cancelkit" and within(name, entry)]
    return RANKS[max(entries, key=len)] if entries else None


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Every import, as line, what is imported with its full name, and the local name it gets."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield node.lineno, alias.name, alias.asname or ""
            case ast.ImportFrom(module=module, names=names, level=level):
                for alias in names:
                    full = "." * level + ".".join(filter(None, [module, alias.name]))
                    yield node.lineno, full, alias.asname or alias.name
            case ast.Call(
                func=ast.Attribute(attr="import_module")
                | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(full)), *_],
            ):
                yield node.lineno, full, ""
            case _:
                pass


def imported_module(full: str) -> str:
    """`cancelkit.text.checked_id` -> `cancelkit.text`, as far as the table can tell.

    `cancelkit.Kit` is a name of the front door; `cancelkit.text` is a module.
    """
    if full.count(".") and within(full, "cancelkit") and rank_of(full) is None:
        parent = full.rpartition(".")[0]
        return parent if parent == "cancelkit" and full not in SOURCES else full
    return full


def own_import(name: str, target: str) -> str | None:
    """What is wrong with an import of cancelkit's own module target in the module name."""
    rank, other = rank_of(name), rank_of(target)
    if rank is None:
        return None  # test_every_module_has_a_rank says so
    if other is None:
        return f"imports {target}, which has no rank"
    if other > rank:
        return f"rank {rank} imports {target} of rank {other}"
    if name == "cancelkit" and other > CORE:
        return f"the front door imports {target} of rank {other}"
    for one, two in STRANGERS:
        for mine, theirs in ((one, two), (two, one)):
            if within(name, mine) and within(target, theirs):
                return f"{mine} imports {theirs}"
    return None


def foreign_import(name: str, target: str) -> str | None:
    """What is wrong with an import of another package in the module name."""
    package = target.partition(".")[0]
    if package in sys.stdlib_module_names or package in CORE_PACKAGES:
        return None
    homes = sorted(home for home, theirs in TECHNOLOGIES.items() if package in theirs)
    if any(within(name, home) for home in homes):
        return None
    return f"imports {package}, which belongs into {' or '.join(homes) or 'its own adapter'}"


def dotted(node: ast.expr) -> str:
    """`a.b.c` as text; empty where it is anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{base}.{attr}" if (base := dotted(value)) else ""
        case _:
            return ""


def names_bound(tree: ast.AST) -> set[str]:
    """What the module calls by a name of its own: parameters, variables, functions."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case _:
                pass
    return bound


def forbidden_uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every use of something in ONLY_BY_PORTS, under whatever name, called or only handed on."""
    known = {"open": "open"} if "open" not in names_bound(tree) else {}
    for line, full, local in imports_of(tree):
        known |= {local or full.partition(".")[0]: full if local else full.partition(".")[0]}
        if any(within(full, banned) for banned in ONLY_BY_PORTS):
            yield line, full
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            first, dot, rest = dotted(node).partition(".")
            if (full := known.get(first, "") + dot + rest) in ONLY_BY_PORTS:
                yield node.lineno, full


def violations(name: str, source: str) -> list[str]:
    """All that is wrong with a module, each as a line number and a sentence.

    Args:
        name: the module's full name, as it would be imported.
        source: its text.
    """
    tree = ast.parse(source)
    found: set[tuple[int, str]] = set()
    for line, full, _ in imports_of(tree):
        if full.startswith("."):
            found.add((line, "relative import; write the full name"))
            continue
        target = imported_module(full)
        ours = within(target, "cancelkit")
        if problem := own_import(name, target) if ours else foreign_import(name, target):
            found.add((line, problem))
    if not any(within(name, package) for package in TECHNICAL):
        found |= {(line, f"uses {use}") for line, use in forbidden_uses(tree)}
    return [f"line {line}: {problem}" for line, problem in sorted(found)]


@pytest.mark.parametrize("name", SOURCES)
def test_module_keeps_to_its_layer(name: str) -> None:
    assert [] == violations(name, SOURCES[name].read_text(encoding="utf-8"))


def test_every_module_has_a_rank() -> None:
    unknown = [name for name in SOURCES if rank_of(name) is None]
    assert [] == unknown, f"add these modules to RANKS in {Path(__file__).name}: {unknown}"


def test_every_package_can_be_imported_as_one() -> None:
    folders = {path.parent for path in SOURCES.values()}
    assert [] == sorted(str(folder) for folder in folders if not (folder / "__init__.py").exists())


def test_core_can_be_read_in_an_afternoon() -> None:
    """Docstrings and comments are read as well: every line counts that is not blank.

    The English texts do not: they are a table to look things up in.
    """
    core = [path for name, path in SOURCES.items() if (rank_of(name) or 0) <= CORE]
    core = [path for path in core if path.name != "english.py"]
    texts = [path.read_text(encoding="utf-8") for path in core]
    assert sum(bool(line.strip()) for text in texts for line in text.splitlines()) <= MAX_CORE_LINES


def test_no_file_is_longer_than_a_sitting() -> None:
    long = {name: n for name, path in SOURCES.items() if (n := line_count(path)) > MAX_FILE_LINES}
    assert {} == long


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


# Module (without "cancelkit."), its text, and what is said about it.
PLANTED = [
    ("text", "import cancelkit.states", "rank 0 imports cancelkit.states of rank 1"),
    ("text", "from cancelkit import states", "of rank 1"),
    ("text", "from cancelkit.states import green", "of rank 1"),
    ("states", "from cancelkit import Kit", "imports cancelkit of rank 6"),
    ("plan", "if TYPE_CHECKING:\n    from cancelkit.kit import Kit", "of rank 4"),
    ("plan", "def f():\n    import cancelkit.kit as k", "of rank 4"),
    ("plan", "import_module('cancelkit.kit')", "of rank 4"),
    ("plan", "from cancelkit.unheard.of import it", "which has no rank"),
    ("sections.mood", "from cancelkit.ports.unit import Unit", "sections imports cancelkit.ports"),
    ("ports.unit", "from cancelkit import sections", "ports imports cancelkit.sections"),
    ("kit", "from cancelkit.adapters.memory import Crm", "rank 4 imports"),
    ("kit", "from cancelkit.relay import Relay", "of rank 5"),
    ("sections", "from cancelkit.sections import creating_expiry", "of rank 5"),
    ("", "from cancelkit.adapters import memory", "the front door imports"),
    ("", "import uuid\nuuid.uuid4()", "uses uuid.uuid4"),
    ("kit", "from . import views", "relative import"),
    ("kit", "import sqlalchemy.orm", "imports sqlalchemy"),
    ("kit", "from rich.table import Table", "belongs into cancelkit.adapters.cli"),
    ("adapters.memory", "import rich", "belongs into cancelkit.adapters.cli"),
    ("adapters.climate", "import rich as r", "belongs into cancelkit.adapters.cli"),
    ("adapters.cli", "import sqlalchemy as sa", "or cancelkit.adapters.sqlalchemy"),
    ("adapters.cli", "import django", "belongs into its own adapter"),
    ("times", "from datetime import datetime as dt\ndt.now()", "uses datetime.datetime.now"),
    ("times", "import datetime\ndatetime.datetime.utcnow()", "uses datetime.datetime.utcnow"),
    ("times", "import datetime as d\nd.datetime.today()", "uses datetime.datetime.today"),
    ("times", "from datetime import date\ndate.today()", "uses datetime.date.today"),
    ("times", "from datetime import datetime\nclock = datetime.now", "uses datetime.datetime.now"),
    ("relay", "import time\ntime.time()", "uses time.time"),
    ("relay", "from time import time", "uses time.time"),
    ("relay", "import random", "uses random"),
    ("relay", "from random import choice", "uses random.choice"),
    ("relay", "from uuid import uuid4 as new", "uses uuid.uuid4"),
    ("relay", "import sqlite3", "uses sqlite3"),
    ("relay", "import asyncio.events", "uses asyncio.events"),
    ("relay", "open('x')", "uses open"),
    ("relay", "read = open", "uses open"),
]
ALLOWED = [
    ("states", "from cancelkit.text import checked_id"),
    ("states", "from cancelkit import needs"),
    ("sections.mood", "from cancelkit.sections.reasons import Reason"),
    ("kit", "import attrs, cattrs.strategies, typing_extensions, attr"),
    ("kit", "from datetime import UTC, datetime\ndatetime.fromisoformat('')"),
    ("kit", "def f(facts, unit):\n    return facts.today, unit.clock.now(), unit.open()"),
    ("kit", "def f(open):\n    return open.n"),
    ("kit", "from uuid import UUID"),
    ("adapters.cli", "import rich.table, sys\nopen('x')"),
    ("adapters.cli.table", "from rich import table"),
    ("adapters.memory", "from uuid import uuid4\nuuid4()"),
    ("adapters.cli", "from cancelkit.adapters.memory import Crm"),
    ("", "from cancelkit.kit import CancelKit"),
    ("__main__", "from cancelkit.adapters.cli import main"),
]


@pytest.mark.parametrize(("name", "source", "said"), PLANTED)
def test_planted_violation_is_found(name: str, source: str, said: str) -> None:
    found = violations(f"cancelkit.{name}".rstrip("."), source)
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(("name", "source"), ALLOWED)
def test_what_is_allowed_is_not_found(name: str, source: str) -> None:
    assert [] == violations(f"cancelkit.{name}".rstrip("."), source)


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("cancelkit", 6),
        ("cancelkit.states", 1),
        ("cancelkit.sections.mood", 2),
        ("cancelkit.sections_of_mine", None),
        ("cancelkit.unheard", None),
    ],
)
def test_rank_is_of_the_entry_a_module_is_in(name: str, rank: int | None) -> None:
    assert rank == rank_of(name)

"""`cancelkit doctor` and `cancelkit db`: what a description and a database promise together.

SQLAlchemy is imported only when one of them runs.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cancelkit.adapters.cli.findings import show_findings
from cancelkit.adapters.cli.screen import Screen
from cancelkit.checklist import Checklist
from cancelkit.errors import BadSetup, CancelkitError, Invalid
from cancelkit.kit import CancelKit

if TYPE_CHECKING:
    from cancelkit.adapters.sqlalchemy import SqlHost
    from cancelkit.adapters.sqlalchemy.doctor import Finding

COMMANDS = {"doctor", "db"}
"""The commands of this module."""

_ADDRESS = "the database's address, such as sqlite:///crm.db or postgresql+psycopg://user@host/crm"


def add_commands(commands: Any) -> None:
    """Add the commands to a parser's subcommands."""
    told = "say which sections of a CRM's database are strict, and what would help"
    parser = commands.add_parser("doctor", help=told, description=_sentence(told))
    parser.epilog = (
        "Nothing is written. Exit codes: 0 nothing must be fixed, 1 something must be, 2 wrong use."
    )
    _add_host(parser)
    told = f"{_ADDRESS}, or MODULE:ENGINE"
    parser.add_argument("--database", required=True, metavar="URL", help=told)
    told = (
        "a Checklist in a module: judge its sections; a CancelKit: those of its profiles as well "
        "(default: each source)"
    )
    parser.add_argument("--checklist", metavar="MODULE:CHECKLIST", help=told)
    parser.add_argument("--tenant", default="", metavar="TENANT", help="whose customers")
    told = "report notifications that wait for longer (default: 1)"
    parser.add_argument("--hours", type=float, default=1.0, metavar="N", help=told)
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_db(commands)


def _sentence(told: str) -> str:
    return f"{told[:1].upper()}{told[1:]}."


def _add_host(parser: ArgumentParser) -> None:
    told = "an SqlHost in a module that can be imported from here, such as shop.crm:host"
    parser.add_argument("host", metavar="MODULE:HOST", help=told)


def _add_db(commands: Any) -> None:
    told = "create cancelkit's own tables, or print guard triggers"
    kinds = commands.add_parser("db", help=told, description=_sentence(told))
    kinds = kinds.add_subparsers(dest="db", required=True, metavar="WHAT")
    told = "create cancelkit's own tables where they are not there, or print the DDL"
    create = kinds.add_parser("create", help=told, description=_sentence(told))
    create.add_argument("--database", required=True, metavar="URL", help=_ADDRESS)
    create.add_argument("--prefix", default="cancelkit_", help="of the tables' names")
    create.add_argument("--schema", help="of the tables (default: the connection's own)")
    told = "print the DDL for this kind of database; no connection is made"
    create.add_argument("--print", dest="printing", action="store_true", help=told)
    told = "print triggers for PostgreSQL: no open record under a Cancelled customer"
    guard = kinds.add_parser("guard", help=told, description=_sentence(told))
    _add_host(guard)
    guard.add_argument("--database", required=True, metavar="URL", help=_ADDRESS)
    guard.add_argument("--drop", action="store_true", help="print what removes them")


def database(given: Namespace, out: TextIO) -> int:
    """Run one of the commands.

    Args:
        given: the arguments of the command line.
        out: where to write.

    Returns:
        0; 1 when something must be fixed.

    Raises:
        CancelkitError: wrong use, or a database that cannot be reached; the message says which.
    """
    _require_sqlalchemy()
    if given.command == "doctor":
        return _doctor(given, out)
    return _create(given, out) if given.db == "create" else _guard(given, out)


def _require_sqlalchemy() -> None:
    try:
        import_module("cancelkit.adapters.sqlalchemy")
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] == "cancelkit":
            raise
        raise BadSetup("This needs SQLAlchemy: pip install 'cancelkit[sql]'.") from error


def _doctor(given: Namespace, out: TextIO) -> int:
    from cancelkit.adapters.sqlalchemy import served
    from cancelkit.adapters.sqlalchemy.doctor import diagnose

    host, checklist = _host(given.host), _checklist(given.checklist)
    engine = _engine(given.database)
    found = diagnose(host, engine, checklist, given.tenant, hours=given.hours)
    if given.json:
        data = {"database": served.named(engine), "findings": [one.data() for one in found]}
        print(json.dumps(data, indent=2), file=out)
    else:
        show_findings(
            Screen(out), f"{given.host} on {served.named(engine)}", found, _titles(checklist)
        )
    return int(any(one.must_fix for one in found))


def _create(given: Namespace, out: TextIO) -> int:
    from cancelkit.adapters.sqlalchemy import served

    if given.printing:
        print(served.tables_ddl(given.database, given.prefix, given.schema), end="", file=out)
        return 0
    engine = served.opened(given.database, new=True)
    made, there, wrong = served.create_own(engine, given.prefix, given.schema)
    screen = Screen(out)
    for word, names in (("Created", made), ("There already", there)):
        if names:
            screen.wrapped(f"{word}: {', '.join(names)}.")
    return _complaints(screen, wrong)


def _complaints(screen: Screen, wrong: Sequence[Finding]) -> int:
    for one in wrong:
        screen.wrapped(one.sentence, "  !", indent=4, style="red")
    return int(bool(wrong))


def _guard(given: Namespace, out: TextIO) -> int:
    from cancelkit.adapters.sqlalchemy import served

    ddl = served.guard_ddl(_host(given.host), given.database, drop=given.drop)
    print(ddl, end="", file=out)
    return 0


# ---------------------------------------------------------------- MODULE:NAME


def _host(spec: str) -> SqlHost:
    from cancelkit.adapters.sqlalchemy import SqlHost

    found = _imported(spec)
    if not isinstance(found, SqlHost):
        raise Invalid(f"{spec} is no SqlHost, but {type(found).__name__}.")
    return found


def _checklist(spec: str | None) -> Checklist | CancelKit | None:
    found = _imported(spec) if spec is not None else None
    if found is None or isinstance(found, Checklist | CancelKit):
        return found
    raise Invalid(f"{spec} is no Checklist and no CancelKit, but {type(found).__name__}.")


def _titles(given: Checklist | CancelKit | None) -> dict[str, str]:
    """Return the sections' titles, where a checklist says them."""
    if given is None:
        return {}
    lists = [given.checklist, *given.profiles.values()] if isinstance(given, CancelKit) else [given]
    return {section.key: section.title for one in lists for section in one.sections}


def _engine(address: str) -> Any:
    from cancelkit.adapters.sqlalchemy import served

    if "://" in address or ":" not in address:
        return served.opened(address)
    return served.as_engine(_imported(address), address)


def _imported(spec: str) -> Any:
    """Return what "module:name" means, as `uvicorn` does: from the current folder too."""
    module, colon, name = spec.partition(":")
    if not (module and colon and name):
        raise Invalid(f"{spec!r} is not of the form MODULE:NAME, such as shop.crm:host.")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except CancelkitError as error:
        raise Invalid(f"{module} does not import: {error}") from error
    except Exception as error:  # the host's own code may raise anything
        raise Invalid(f"{spec} cannot be had: {type(error).__name__}: {error}.") from error
    return found

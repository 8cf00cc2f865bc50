"""`main`: the arguments, the exit code, and errors as one message on stderr."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import date

from cancelkit.adapters.cli.check import check
from cancelkit.adapters.cli.database import COMMANDS, add_commands, database
from cancelkit.adapters.cli.demo import demo
from cancelkit.adapters.cli.screen import Screen
from cancelkit.adapters.csv_folder.cells import parse_day
from cancelkit.errors import CancelkitError, Invalid

WRONG = 2
"""The exit code of wrong use and bad input."""

GONE = 141
"""The exit code when nobody reads the output any more, as a shell counts SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments without the program's name; those of the process where it is None.

    Returns:
        The exit code: of `check` 0 all ready, 1 something left to do; 2 wrong use or bad input.
    """
    try:
        given = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has written the help, or what is wrong
        return stop.code if isinstance(stop.code, int) else WRONG
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go()
        return GONE
    except OSError as error:
        _let_go()
        return _complain(f"the output cannot be written: {error.strerror}")
    except CancelkitError as error:
        return _complain(str(error))
    return code


def _run(given: Namespace) -> int:
    if given.command in COMMANDS:
        return database(given, sys.stdout)
    if given.command == "serve":
        return _serve(given)
    return check(given, sys.stdout) if given.command == "check" else demo(sys.stdout)


def _serve(given: Namespace) -> int:
    try:
        from cancelkit.adapters.demo_crm.serving import serve
    except ImportError as error:
        what = f"serve needs a package that is not installed ({error.name})"
        raise Invalid(f"{what}: pip install 'cancelkit[serve]'.") from error
    return serve(sys.stdout, port=given.port, file=given.database)


def _complain(message: str) -> int:
    screen = Screen(sys.stderr)
    for number, line in enumerate(message.split("\n")):
        screen.line(line if number else f"cancelkit: {line}")
    return WRONG


def _let_go() -> None:
    """Point stdout to nowhere, so that the interpreter does not fail to flush it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="cancelkit",
        description="Cancel a customer safely.",
        epilog="Exit codes: 0 all ready, 1 something left to do, 2 wrong use or bad input.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    told = "cancel a customer of a made-up telecoms reseller, step by step"
    commands.add_parser("demo", help=told, description=told)
    _add_check(commands.add_parser("check", help="what would have to be done, from CSV files"))
    add_commands(commands)
    told = "show the panel in a demo CRM in the browser, on this machine only"
    serving = commands.add_parser("serve", help=told, description=told)
    told = "default: 8000; 0 for any free one"
    serving.add_argument("--port", type=_port, default=8000, metavar="N", help=told)
    told = "a SQLite file to keep the demo CRM in (default: a temporary one)"
    serving.add_argument("--database", default="", metavar="FILE", help=told)
    return parser


def _add_check(parser: ArgumentParser) -> None:
    parser.description = "Print how ready every customer of a CSV folder is to be cancelled."
    parser.epilog = (
        "Files: customers.csv and, where there are such records, assets.csv, cases.csv, "
        "opportunities.csv, quotations.csv, sales_orders.csv, expiries.csv and users.csv. "
        "Exit codes: 0 all ready, 1 something left to do, 2 wrong use or bad input."
    )
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="the folder with the CSV files")
    add("--mapping", metavar="FILE", help="a TOML file: how somebody else's export is read")
    add("--customer", metavar="ID", help="explain this customer in full")
    add("--json", action="store_true", help="print JSON")
    told = "the effective date, YYYY-MM-DD: judge as of this day, and say what turns red before"
    add("--on", type=_day, metavar="DATE", help=told)
    told = "blocks, advises or off, as a profile would say; may be given again"
    add("--gate", dest="gates", action="append", type=_gate, metavar="SECTION=GATE", help=told)
    told = "the day that counts as today (default: what the clock says)"
    add("--today", type=_day, metavar="DATE", help=told)
    add("--zone", default="UTC", metavar="NAME", help="the time zone of today (default: UTC)")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise ArgumentTypeError(f"{text!r} is no port; expected 0 to 65535")
    return int(text)


def _day(text: str) -> date:
    try:
        day = parse_day(text, "")
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day; expected one such as 2026-03-02") from None
    if not 1900 <= day.year < 3000:
        raise ArgumentTypeError(f"{text} is too far away; expected 1900 to 2999")
    return day


def _gate(text: str) -> tuple[str, str]:
    section, equals, gate = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text!r} is no gate; expected one such as quotations=advises")
    return section, gate

"""Prints the table of races: Process against the CRM's own writes, and pairs of commands.

python -m tests.sql_races                    all three databases, in servers of its own
python -m tests.sql_races --database URL     one database: an empty one, tables are made in it
python -m tests.sql_races --few              some pause points only
python -m tests.sql_races --write            puts the tables into docs/races.md
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from tests import sql_pairs, sql_race_track
from tests.servers import Databases
from tests.sql_pairs import Arena, Ending, Two
from tests.sql_race_crm import WRITES
from tests.sql_race_track import Line, Points, Setting, Track, settings

PAGE = Path(__file__).parent.parent / "docs" / "races.md"
KINDS = {"postgresql": "postgres", "mysql": "mariadb", "mariadb": "mariadb", "sqlite": "sqlite"}
HEAD = ("records", "Process is in", "the CRM's", "doctor", *WRITES, "opened afterwards")
PAIRED = ("who comes first", "ends with", "who comes second", "ends with")


def lines(
    kind: str, engine: sa.Engine, chosen: Callable[[Setting], bool], points: Points
) -> Iterator[Line]:
    """Run the races of the chosen settings of a database."""
    tracks: dict[str, Track] = {}
    try:
        for setting in filter(chosen, settings(kind)):
            if setting.tables not in tracks:
                tracks[setting.tables] = Track(engine, setting.tables)
            yield tracks[setting.tables].line(setting, points)
    finally:
        for track in tracks.values():
            track.close()


def pairs(
    engine: sa.Engine, chosen: Sequence[Two], points: Callable[[int], Sequence[int]]
) -> Iterator[tuple[Two, list[Ending]]]:
    """Run pairs of commands."""
    arena = Arena(engine)
    try:
        for two in chosen:
            yield two, list(arena.endings(two, points))
    finally:
        arena.close()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def paired_rows(found: Sequence[tuple[Two, list[Ending]]]) -> list[tuple[str, ...]]:
    """Return the lines of pairs: each order once."""
    rows = dict.fromkeys(
        (f"{e.names[0]} ({two.start.__name__})", e.first, e.names[1], e.second)
        for two, endings in found
        for e in endings
    )
    return list(rows)


def put_into(page: str, name: str, new: Sequence[str]) -> str:
    """Return a page with other lines between the marks of a table."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(start)
    _, _, after = rest.partition(end)
    return before + start + "\n" + "\n".join(new) + "\n\n" + end + after


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sql_races")
    parser.add_argument("--database", help="an address, as SQLAlchemy has it")
    parser.add_argument("--few", action="store_true", help="some pause points only")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        try:
            return sum(
                _print(kind, engine, few=given.few, write=given.write)
                for kind, engine in _engines(databases, given.database)
            )
        finally:
            databases.close()


def _engines(databases: Databases, address: str | None) -> Iterator[tuple[str, sa.Engine]]:
    if address is None:
        for kind in ("sqlite", "postgres", "mariadb"):
            yield kind, databases.engine(kind, "races")
        return
    engine = sa.create_engine(address)
    yield KINDS[engine.dialect.name], engine
    engine.dispose()


def _print(kind: str, engine: sa.Engine, *, few: bool, write: bool) -> int:
    """Print the tables of a database; return how many things are wrong."""
    points = sql_race_track.few if few else sql_race_track.every
    done = list(lines(kind, engine, lambda setting: True, points))
    parts = {f"races on {kind}": table(HEAD, [line.cells()[1:] for line in done])}
    wrong = [f"lost, and called strict: {line.setting}" for line in done if line.is_wrong]
    count = sum(line.races for line in done)
    if kind != "sqlite":
        step = sql_pairs.few if few else sql_pairs.every
        chosen = [two for two in sql_pairs.PAIRS if not few or str(two) in sql_pairs.COMMON]
        found = list(pairs(engine, chosen, step))
        count += sum(len(endings) for _, endings in found)
        wrong += [w for _, endings in found for ending in endings for w in ending.wrong]
        if kind == "postgres":
            parts["pairs"] = table(PAIRED, paired_rows(found))
    for name, text in parts.items():
        _say(f"\n{name}:\n", *text)
        if write:
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(put_into(page, name, text), encoding="utf-8")
    _say(f"\n{count} races, {len(wrong)} that must not be.", *wrong)
    return len(wrong)


def _say(*text: str) -> None:
    sys.stdout.write("\n".join(text) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))

"""Process against the CRM's own writes, on real databases, at every pause point of Process.

The CRM inserts an open record, reopens a closed one, or moves an open one to the customer. It
writes when Process has executed so many statements (none, one, ... all but COMMIT), and commits at
once, or as late as it can: when Process waits for it, or before its COMMIT. *Lost* is a race after
which the customer is Cancelled although the open record was committed before that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import sqlalchemy as sa
from attrs import define, field, frozen

from cancelkit.errors import IsolationError
from tests.sql_race_crm import WRITES, Start, Tables
from tests.sql_sides import Monitor, Side, engine_like

Schedules = list[tuple[int, int]]
"""After how many statements of Process the CRM writes, and after how many it commits."""


@frozen
class Setting:
    """One line of the table.

    Attributes:
        database: "postgres", "mariadb" or "sqlite".
        tables: see `Tables`.
        writer: the isolation of the CRM's write; "" for the database's default.
        joined: the isolation of the transaction that Process joins; None for one of its own.
        early: a plain SELECT comes first in the joined transaction.
    """

    database: str
    tables: str
    writer: str = ""
    joined: str | None = None
    early: bool = False

    def __str__(self) -> str:
        return " ".join(self.cells())

    def cells(self) -> tuple[str, ...]:
        """Return the cells that say what this is."""
        own = "its own" if self.joined is None else f"joined {self.joined}".strip()
        return (
            NAMES[self.database],
            RECORDS[self.tables],
            own + (", after a read" if self.early else ""),
            self.writer or "default",
        )


NAMES = {"postgres": "PostgreSQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
RECORDS = {
    "fk": "foreign key",
    "plain": "index only",
    "bare": "no index",
    "guarded": "index, guard triggers",
}
LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


def settings(database: str) -> Iterator[Setting]:
    """Yield every line of a database."""
    if database == "sqlite":
        yield Setting("sqlite", "plain")
        yield Setting("sqlite", "plain", "", "")
        return
    kinds = ("fk", "plain", "guarded" if database == "postgres" else "bare")
    for tables in kinds:
        for level in LEVELS:
            yield Setting(database, tables, level)
    for tables in ("fk", "plain", *(("guarded",) if database == "postgres" else ())):
        for level in LEVELS:
            yield Setting(database, tables, "", level)
            if database == "mariadb" or level == "READ COMMITTED" or tables == "guarded":
                yield Setting(database, tables, "", level, early=True)


Points = Callable[[Schedules], Schedules]
"""Chooses among the schedules."""


def every(schedules: Schedules) -> Schedules:
    """All of them."""
    return schedules


def few(schedules: Schedules) -> Schedules:
    """Around the locks and the reads, and before COMMIT."""
    (start, _), (last, _) = schedules[0], schedules[-1]
    late = [(start, last), (start + 3, last)]
    return [*((at, at) for at in (*range(start, start + 6), last)), *late]


@frozen
class Race:
    """What came of one race.

    Attributes:
        lost: the customer became Cancelled over an open record that was committed before.
        after: an open record was committed after the customer became Cancelled.
        process: "done", "staged", or the class of the error.
        writer: "done", or the class of the error.
    """

    lost: bool
    after: bool
    process: str
    writer: str
    waits: str


@define
class Tally:
    """The races of one line and one write."""

    races: int = 0
    lost: int = 0
    after: int = 0
    ends: Counter[str] = field(factory=Counter)

    def add(self, race: Race) -> None:
        self.races += 1
        self.lost += race.lost
        self.after += race.after
        self.ends[f"{race.process} / {race.writer} / {race.waits}"] += 1


class Track:
    """Two sides and a start: runs the races of the settings of one kind of tables."""

    def __init__(self, engine: sa.Engine, tables: str) -> None:
        self.tables = Tables(tables)
        self.tables.create(engine)
        self.start: Start = self.tables.start(engine)
        self.strict = self.tables.doctor(engine)
        self.engine = engine
        self.process = Side(engine_like(engine))
        self.writer = Side(engine_like(engine))
        self.look = Monitor(engine)

    def close(self) -> None:
        """Close every connection, and drop the tables."""
        self.look.close()
        self.process.engine.dispose()
        self.writer.engine.dispose()
        self.tables.meta.drop_all(self.engine)

    # ------------------------------------------------------------ the two actors

    def processing(self, setting: Setting) -> Callable[[], object]:
        """Return the Process of a setting."""
        if setting.joined is None:
            return self.start.processing(self.process.engine)
        options = {"isolation_level": setting.joined} if setting.joined else {}
        engine = self.process.engine.execution_options(**options)

        def act() -> str:
            with engine.begin() as db:
                if setting.early:  # the first statement
                    db.execute(sa.select(sa.func.count()).select_from(self.tables.orders))
                return self.start.process(self.tables.host.joining(db))

        return act

    def writing(self, setting: Setting, how: str) -> Callable[[], object]:
        """Return the CRM's write: two statements, so that it can be stopped before its COMMIT."""
        options = {"isolation_level": setting.writer} if setting.writer else {}
        engine = self.writer.engine.execution_options(**options)

        def act() -> str:
            with engine.begin() as db:
                db.execute(self.tables.write(how))
            return "done"

        return act

    # ------------------------------------------------------------ one race

    def schedules(self, setting: Setting) -> Schedules:
        """Return after how many statements the CRM writes, and after how many it commits."""
        self.start.put_back()
        self.process.start(self.processing(setting))
        answer = self.process.result()
        if isinstance(answer, Exception):
            raise answer
        last = self.process.count
        points = range(int(setting.early), last + 1)
        return [(at, commit) for at in points for commit in dict.fromkeys((at, last))]

    def race(self, setting: Setting, how: str, at: int, commit: int) -> Race:
        """Let the CRM write after `at` statements, and commit after `commit` or when waited for."""
        process, writer, look = self.process, self.writer, self.look
        self.start.put_back()
        waits = ""
        if at:
            process.start(self.processing(setting), at)
            process.settle(writer, look)
        writer.start(self.writing(setting, how), 1)
        if writer.settle(process, look) == "waiting":
            waits = "the CRM waits"
            writer.go()
        elif commit == at:
            writer.result()
        else:
            self._go(setting, at, commit)
            waits = "Process waits" if process.settle(writer, look) == "waiting" else ""
            writer.result()
        if not at and not process.running:
            process.start(self.processing(setting))
        process.result()
        writer.result()
        return self._seen(waits)

    def _seen(self, waits: str) -> Race:
        """Look at what there is, and at who was first."""
        process, writer = self.process, self.writer
        cancelled = self.start.cancelled() and writer.answer == "done"
        left = cancelled and self.start.open_orders() > 0
        lost = left and writer.done < process.committing
        return Race(lost, left and not lost, _end(process), _end(writer), waits)

    def _go(self, setting: Setting, at: int, commit: int) -> None:
        if at:
            self.process.go(commit)
        else:
            self.process.start(self.processing(setting), commit)

    def line(self, setting: Setting, points: Points) -> Line:
        """Run the races of a setting."""
        try:
            schedules = points(self.schedules(setting))
        except IsolationError:
            return Line(setting, self.strict, refused=True)
        tallies = {how: Tally() for how in WRITES}
        for how, tally in tallies.items():
            for at, commit in schedules:
                tally.add(self.race(setting, how, at, commit))
        return Line(setting, self.strict, tallies)

    def first_lost(self, setting: Setting) -> str:
        """Return which race is lost first, or ""."""
        with suppress(IsolationError):
            for at, commit in few(self.schedules(setting)):
                for how in WRITES:
                    if self.race(setting, how, at, commit).lost:
                        return f"{how} after {at}, committed after {commit}"
        return ""


def _end(side: Side) -> str:
    answer = side.answer
    return type(answer).__name__ if isinstance(answer, Exception) else str(answer)


@frozen
class Line:
    """A setting, what the doctor says of its tables, and what came of its races."""

    setting: Setting
    doctor: str
    tallies: dict[str, Tally] = field(factory=dict)
    refused: bool = False

    @property
    def lost(self) -> int:
        """How many races were lost."""
        return sum(tally.lost for tally in self.tallies.values())

    @property
    def races(self) -> int:
        """How many races there were."""
        return sum(tally.races for tally in self.tallies.values())

    @property
    def is_wrong(self) -> bool:
        """Whether a race was lost, where the doctor says that none is."""
        return bool(self.lost) and self.doctor == "strict"

    def cells(self) -> tuple[str, ...]:
        """Return the line's cells."""
        head = (*self.setting.cells(), self.doctor)
        if self.refused:
            return (*head, *["refused"] * len(WRITES), "")
        cells = [f"{t.lost} of {t.races}" if t.lost else "none" for t in self.tallies.values()]
        after = any(tally.after for tally in self.tallies.values())
        return (*head, *cells, "possible" if after else "no")

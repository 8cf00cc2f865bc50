"""kill -9 in a loop: processes that begin, enter, process and send, killed at random points.

    python -m tests.sql_kill --cycles 1000 [--on postgres|mariadb] [--database URL] [--seed N]

Each cycle two processes give the same commands with the same operation ids to one customer, and
then relay; one of them, or both, are killed: by themselves at a chosen point (a statement, a
COMMIT, a sending; before or after it), or from outside after a chosen time. Then the commands are
repeated and the relay runs, and what is stored is judged: no transition is lost or doubled, no
notification is lost, and one is doubled only where a process was killed between sending it and
marking it, with the same key.

`--on`: in a server of its own. Without it and --database: an SQLite file of its own, in WAL mode.
The database must be an empty one.
"""

from __future__ import annotations

import argparse
import math
import os
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import sqlalchemy as sa
from attrs import define, evolve, field, frozen
from sqlalchemy import event

from cancelkit.adapters.memory import SetClock
from cancelkit.adapters.system import RandomIds
from cancelkit.errors import Busy, Conflict, Refused
from cancelkit.records import Delivery
from cancelkit.relay import Relay
from cancelkit.sections import NewOwner, Reasons
from tests.harness.stored import broken_by
from tests.harness.world import CUSTOMER, NOW, World, quiet
from tests.servers import Databases
from tests.sql_harness import SqlBackDoor, sql_host, sql_world

LATER = SetClock(NOW.replace(hour=NOW.hour + 1))
"""When every lease of a process that was killed has run out."""


@frozen
class Death:
    """How a process ends: at a point of its own, after a time (in seconds), or not before its end.

    Attributes:
        at: the number of the point, from 1; 0 for none.
        after: the time; 0 for none.
    """

    at: int = 0
    after: float = 0.0

    def __str__(self) -> str:
        if self.at:
            return f"killed at point {self.at}"
        return f"killed after {self.after * 1000:.0f} ms" if self.after else "not killed"


@define(eq=False)
class Points:
    """Counts the points of a process, and kills it at one of them."""

    at: int
    count: int = 0

    def __call__(self, *_: object) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, engine: sa.Engine) -> None:
        """Make points of every statement and COMMIT of an engine, before and after it."""
        event.listen(engine, "before_cursor_execute", self)
        event.listen(engine, "after_cursor_execute", self)
        dialect: Any = engine.dialect
        commit = dialect.do_commit

        def do_commit(db: Any) -> None:
            self()
            commit(db)
            self()

        dialect.do_commit = do_commit


@frozen
class ToFile:
    """A channel that sends by adding a line to a file: what is there was sent, whoever dies."""

    file: Path
    point: Callable[[], None] = lambda: None

    def send(self, notification: Any) -> None:
        self.point()
        line = f"{notification.key}\n".encode()
        to = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(to, line)
        finally:
            os.close(to)
        self.point()

    def sent(self) -> Counter[str]:
        """Return how often each key was sent."""
        return Counter(self.file.read_text().split()) if self.file.exists() else Counter()


@define
class Loop:
    """The cycles on one database.

    Attributes:
        duplicates: notifications that were sent twice.
        kills: processes that were killed before their end.
    """

    engine: sa.Engine
    file: Path
    random: Random
    duplicates: int = 0
    kills: int = 0
    points: int = 0
    seconds: float = 0.0
    world: World = field(init=False)
    put_back: Callable[[], None] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.world = sql_world(self.engine)
        self.world.close_records()
        host = sql_host(clock=SetClock(NOW), ids=RandomIds()).owning(self.engine)
        self.world = evolve(self.world, host=host)
        self.put_back = SqlBackDoor(self.engine).saved()
        self._measure()

    def cycle(self) -> list[str]:
        """Run one cycle, and return what is wrong after it."""
        self.put_back()
        self.file.unlink(missing_ok=True)
        self.engine.dispose()  # no connection is open when a process is forked
        deaths = [self._death(), self._death() if self.random.random() < 0.5 else Death()]
        ends = [self._run(death) for death in deaths]
        killed = sum(_killed(*one) for one in sorted(ends, key=itemgetter(1)))
        self.kills += killed
        wrong = self._recover(killed)
        told = " and ".join(map(str, deaths))
        return [f"{told}: {one}" for one in wrong]

    def _measure(self) -> None:
        """Learn how many points a process has, and how long it takes."""
        self.engine.dispose()
        points = Points(0)
        reader, writer = os.pipe()
        started = os.times().elapsed
        child = os.fork()
        if child == 0:
            self._live(points, lambda: os.write(writer, str(points.count).encode()))
        os.close(writer)
        self.points = int(os.read(reader, 20))
        os.close(reader)
        os.waitpid(child, 0)
        self.seconds = os.times().elapsed - started
        self._recover(0)

    def _death(self) -> Death:
        if self.random.random() < 0.6:
            return Death(at=self.random.randint(1, self.points))
        return Death(after=self.random.uniform(0.001, self.seconds * 1.2))

    def _run(self, death: Death) -> tuple[int, float]:
        """Start a process; return it, and the time at which it is killed."""
        child = os.fork()
        if child == 0:
            self._live(Points(death.at))
        return child, time.monotonic() + death.after if death.after else math.inf

    def _live(self, points: Points, then: Callable[[], object] = lambda: None) -> None:
        """What a process does: it never returns."""
        code = 1
        try:
            points.watch(self.engine)
            self._give()
            Relay(self.world.host, ToFile(self.file, points), report=quiet).run()
            then()
            code = 0
        except (Refused, Conflict, Busy):
            code = 0  # the other one was first
        except BaseException as error:  # noqa: BLE001 - nothing may get out of a forked process
            sys.stderr.write(f"{error!r} from {error.__cause__!r}\n")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _give(self) -> None:
        cancellation = self.world.desk().get(CUSTOMER)
        cancellation.begin(op="begin")
        cancellation.enter(Reasons("price", text="Moved"), op="reasons")
        cancellation.enter(NewOwner("t-7"), op="owner")
        cancellation.process(cancellation.plan().token, op="process")

    def _recover(self, killed: int) -> list[str]:
        """Repeat the commands, deliver what is left, and judge."""
        try:
            self._give()
        except Refused as refused:
            if "already_cancelled" not in refused.codes and "not_pending" not in refused.codes:
                return [f"the repeat was refused: {refused!r}"]
        channel = ToFile(self.file)
        Relay(sql_host(clock=LATER).owning(self.engine), channel, report=quiet).run()
        stored = self.world.back.stored()
        wrong = [str(one) for one in broken_by(stored)]
        customer, sent = stored.customers[CUSTOMER], channel.sent()
        if not (customer.status and customer.status.cancelled):
            wrong.append(f"the customer is {customer.status}")
        if {Delivery.SENT} != {row.delivery for row in stored.outbox}:
            wrong.append("a notification is left over")
        if sent.keys() != {row.notification.key for row in stored.outbox}:
            wrong.append(f"sent: {sent}")
        twice = sent.total() - len(sent)
        self.duplicates += twice
        if twice > killed:
            wrong.append(f"{twice} sent twice, and {killed} killed: {sent}")
        return wrong


def _killed(child: int, until: float) -> bool:
    """Wait for a process, kill it when its time is over, and say whether it was killed."""
    if until < math.inf:
        end = os.pidfd_open(child)
        if not select.select([end], [], [], max(0.0, until - time.monotonic()))[0]:
            os.kill(child, signal.SIGKILL)
        os.close(end)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a process has failed; see above")
    return os.WIFSIGNALED(status)


def database(address: str | None, folder: Path) -> sa.Engine:
    """Return the engine."""
    if address is not None:
        return sa.create_engine(address)
    engine = sa.create_engine(f"sqlite:///{folder / 'crm.db'}", connect_args={"timeout": 30.0})

    @event.listens_for(engine, "connect")
    def _(driver: Any, _: object) -> None:
        driver.execute("PRAGMA journal_mode = WAL")
        driver.execute("PRAGMA synchronous = OFF")  # a killed process loses nothing that it wrote
        driver.execute("PRAGMA foreign_keys = ON")

    return engine


def options(parser: argparse.ArgumentParser) -> None:
    """Add what commands of this kind have in common."""
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--on", choices=("postgres", "mariadb"), help="in a server of its own")
    parser.add_argument("--database", help="an address, as SQLAlchemy has it; else SQLite")
    parser.add_argument("--seed", type=int, default=SystemRandom().getrandbits(32))


@contextmanager
def place(given: argparse.Namespace) -> Generator[tuple[sa.Engine, Path]]:
    """Give the engine, and a folder, which end with the command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        servers = Databases(folder)
        try:
            on = given.on and servers.engine(given.on, "cycles")
            yield on or database(given.database, folder), folder
        finally:
            servers.close()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sql_kill")
    options(parser)
    given = parser.parse_args(arguments)
    with place(given) as (engine, folder):
        loop = Loop(engine, folder / "sent", Random(given.seed))
        wrong = [one for number in range(given.cycles) for one in _cycle(loop, number)]
    sys.stdout.write(
        f"{engine.dialect.name}: {given.cycles} cycles, {loop.kills} processes killed, at one of "
        f"{loop.points} points or in {loop.seconds:.2f} s; {loop.duplicates} notifications sent "
        f"twice, {len(wrong)} promises broken; seed {given.seed}\n"
    )
    return bool(wrong)


def _cycle(loop: Loop, number: int) -> list[str]:
    wrong = [f"cycle {number}: {one}" for one in loop.cycle()]
    for one in wrong:
        sys.stderr.write(f"{one}\n")
    if number % 100 == 99:
        sys.stderr.write(f"{number + 1} cycles, {loop.kills} processes killed\n")
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

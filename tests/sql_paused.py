"""Two relays, and one is stopped (SIGSTOP) past its lease, and goes on: its mark comes too late.

    python -m tests.sql_paused --cycles 1000 [--on postgres|mariadb] [--database URL] [--seed N]

Each cycle a process claims the notifications of a cancelled customer and stops itself: before it
sends one of them, or after that, before it marks it. When it is seen to stand still, another relay,
whose clock is past the lease, sends and marks them all. Then the first one goes on. It must be told
that it has lost the one it was at, and send none of the others; what was sent twice is at most that
one, with the same key. Where: as for `tests.sql_kill`.

`--unfenced` takes the fence away, so that the check is seen to fail.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import define, field, frozen

from cancelkit.adapters.memory import SetClock
from cancelkit.records import Delivery
from cancelkit.relay import Relay, Report
from tests.broken.sql_outbox import unfenced
from tests.harness.world import CUSTOMER, NOW, World, quiet
from tests.sql_harness import sql_host, sql_world
from tests.sql_kill import LATER, ToFile, options, place


@frozen
class Stops:
    """A channel on which a process stops itself, before or after it sends its n-th notification.

    Its clock goes on while it stands still.
    """

    to: ToFile
    clock: SetClock
    at: int
    after: bool
    sent: list[str] = field(factory=list)

    def send(self, notification: Any) -> None:
        self.sent.append(notification.key)
        mine = len(self.sent) == self.at
        if mine and not self.after:
            self._stop()
        self.to.send(notification)
        if mine and self.after:
            self._stop()

    def _stop(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)
        self.clock.set(LATER.now())


@define
class Pauses:
    """The cycles on one database.

    Attributes:
        duplicates: notifications that were sent twice.
    """

    engine: sa.Engine
    file: Path
    random: Random
    duplicates: int = 0
    world: World = field(init=False)

    def cycle(self) -> list[str]:
        """Run one cycle, and return what is wrong after it."""
        self.world = sql_world(self.engine)
        token = self.world.make_ready(owner="t-7")
        self.world.desk().get(CUSTOMER).process(token)
        self.file.unlink(missing_ok=True)
        keys = {row.notification.key for row in self.world.back.stored().outbox}
        at, after = self.random.randint(1, len(keys)), self.random.random() < 0.5
        self.engine.dispose()  # no connection is open when a process is forked
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            self._relay(Stops(ToFile(self.file), SetClock(NOW), at, after), writer)
        os.close(writer)
        told = self._meanwhile(child, at - 1)
        report = os.read(reader, 100).decode()
        os.close(reader)
        return [
            f"stopped {at}, after it: {after}: {w}" for w in (*told, *self._judge(report, keys))
        ]

    def _relay(self, channel: Stops, writer: int) -> None:
        """What the process does that is stopped; it never returns."""
        code = 1
        try:
            host = sql_host(clock=channel.clock).owning(self.engine)
            done: Report = Relay(host, channel, report=quiet).run()
            os.write(writer, f"{done.sent} {done.lost} {len(channel.sent)}".encode())
            code = 0
        finally:
            os._exit(code)

    def _meanwhile(self, child: int, before: int) -> list[str]:
        """Wait until the process stands still, deliver all, and let it go on to its end."""
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        Relay(sql_host(clock=LATER).owning(self.engine), ToFile(self.file), report=quiet).run()
        left = [r for r in self.world.back.stored().outbox if r.delivery is not Delivery.SENT]
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        return [] if not left and status == 0 else [f"left over: {left}; it ended with {status}"]

    def _judge(self, report: str, keys: set[str]) -> list[str]:
        done, lost, tried = map(int, report.split())
        sent, rows = ToFile(self.file).sent(), self.world.back.stored().outbox
        self.duplicates += sent.total() - len(sent)
        wrong = []
        if lost != len(keys) - done or tried != done + 1:
            wrong.append(f"of {len(keys)} it marked {done}, lost {lost}, and sent {tried}")
        if set(sent) != keys or sent.total() - len(sent) > 1:
            wrong.append(f"sent: {sent}")
        if sum(row.attempts == 2 for row in rows) != len(keys) - done:
            wrong.append(f"tries: {[row.attempts for row in rows]}")
        return wrong


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sql_paused")
    options(parser)
    parser.add_argument("--unfenced", action="store_true", help="without the fence: must fail")
    given = parser.parse_args(arguments)
    if given.unfenced:
        unfenced(pytest.MonkeyPatch())
    with place(given) as (engine, folder):
        pauses = Pauses(engine, folder / "sent", Random(given.seed))
        wrong = [one for _ in range(given.cycles) for one in pauses.cycle()]
        engine.dispose()
    sys.stderr.write("".join(f"{one}\n" for one in wrong))
    sys.stdout.write(
        f"{engine.dialect.name}: {given.cycles} relays stopped past their lease, "
        f"{pauses.duplicates} notifications sent twice, {len(wrong)} promises broken; "
        f"seed {given.seed}\n"
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The relay: claim, send, mark. It delivers what committed commands have put into the outbox.

Import it by its own name; `import cancelkit` does not load it. Run it from a job of the host:

    Relay(host, notifier).run()

A notification is delivered at least once, with the same key however often; it can be delivered
twice only when a process dies, or its lease runs out, between the sending and the marking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from attrs import evolve, field, frozen

from cancelkit.asking import faults
from cancelkit.errors import BadSetup, Busy, Conflict
from cancelkit.kit import log_fault
from cancelkit.ports import Host, Notifier
from cancelkit.records import Delivery, OutboxRow
from cancelkit.times import checked_instant


@frozen
class Report:
    """What one run of the relay has done."""

    sent: int = 0
    again: int = 0  # failed, and due again later
    dead: int = 0  # failed for the last time; visible in the outbox until somebody puts it back
    lost: int = 0  # tried, but somebody else has claimed the row meanwhile


@frozen
class Relay:
    """Delivers notifications of one host; several may run at once.

    Attributes:
        host: whose outbox.
        notifier: the channel.
        lease: how long a claimed row is nobody else's; the notifier must give up sooner.
        tries: after so many failures a notification is dead.
        first_wait, longest_wait: after the first failure, doubled with each one up to the longest.
        report: called with a description and the exception of each failed delivery.
    """

    host: Host
    notifier: Notifier
    lease: timedelta = field(default=timedelta(seconds=60), kw_only=True)
    tries: int = field(default=10, kw_only=True)
    first_wait: timedelta = field(default=timedelta(seconds=30), kw_only=True)
    longest_wait: timedelta = field(default=timedelta(hours=6), kw_only=True)
    report: Callable[[str, BaseException], None] = field(default=log_fault, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.host.joined:
            raise BadSetup("The relay needs a host with its own units of work, not a joined one.")
        if isinstance(self.notifier, type) or not callable(getattr(self.notifier, "send", None)):
            raise BadSetup(
                f"{self.notifier!r} is no notifier: it has no method send(notification)."
            )
        if self.tries < 1 or self.lease <= timedelta(0):
            raise BadSetup("The relay needs at least one try and a lease longer than nothing.")

    def run(self, limit: int = 500) -> Report:
        """Claim up to `limit` rows that are due, send each, and mark what became of it."""
        return Report(**Counter(self._deliver(row) for row in self._claim(limit)))

    def put_back(self, row_id: str) -> bool:
        """Make a dead notification due again, with all its tries; False where it is not dead."""
        with self.host.writing() as unit:
            for row in unit.outbox.unsent():
                if row.id == row_id and row.delivery is Delivery.DEAD:
                    waiting = evolve(row, delivery=Delivery.WAITING, due=self._now(), error="")
                    return unit.outbox.settle(evolve(waiting, spared=row.attempts), row.attempts)
        return False

    def _claim(self, limit: int) -> tuple[OutboxRow, ...]:
        now = self._now()
        try:
            with faults("claiming notifications"), self.host.writing() as unit:
                return tuple(unit.outbox.claim(limit, now, now + self.lease))
        except Conflict:  # another relay was first
            return ()

    def _deliver(self, row: OutboxRow) -> str:
        """Send one notification, outside any unit of work, and mark it."""
        if row.leased_until is not None and self._now() >= row.leased_until:
            untried = evolve(row, spared=row.spared + 1, leased_until=None)
            self._settle(untried, row)  # those before it took too long; not a try of this one
            return "lost"
        try:
            if row.attempts - row.spared > self.tries:
                raise TimeoutError("nobody lived to say what became of the last try")
            self.notifier.send(row.notification)
        except Exception as error:  # noqa: BLE001 - a channel may fail in any way: try again
            self.report(f"notification {row.notification.key}", error)
            settled = self._failed(row, type(error).__name__)
            kind = "dead" if settled.delivery is Delivery.DEAD else "again"
        else:
            settled = evolve(row, delivery=Delivery.SENT, leased_until=None, error="")
            kind = "sent"
        return kind if self._settle(settled, row) else "lost"

    def _settle(self, settled: OutboxRow, row: OutboxRow) -> bool:
        try:
            with faults(f"marking notification {row.id!r}"), self.host.writing() as unit:
                return unit.outbox.settle(settled, row.attempts)
        except (Conflict, Busy):
            return False

    def _failed(self, row: OutboxRow, error: str) -> OutboxRow:
        last = row.attempts - row.spared >= self.tries
        then = Delivery.DEAD if last else Delivery.WAITING
        due = self._now() + wait_after(row, self.first_wait, self.longest_wait)
        return evolve(row, delivery=then, due=due, leased_until=None, error=error)

    def _now(self) -> datetime:
        return checked_instant(self.host.clock.now(), "the clock's time")


def wait_after(row: OutboxRow, first: timedelta, longest: timedelta) -> timedelta:
    """Return how long to wait after a failed try: exponential, capped, with full jitter.

    The jitter comes from the row's id and the number of the try: the same in every run.
    """
    tried = min(max(row.attempts - row.spared - 1, 0), 64)
    share = sha256(f"{row.id}:{row.attempts}".encode()).digest()[0] / 255
    return timedelta(seconds=share * min(first.total_seconds() * 2**tried, longest.total_seconds()))

"""cancelkit's own storage, which comes with each adapter: four small stores.

They are bound to one unit of work and one tenant. What they are given, they give back equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from cancelkit.records import CancellationRecord, HistoryEntry, Operation, OutboxRow, Verb


class Opened(NamedTuple):
    """The open cancellations of a tenant; each that was found is in one of the two."""

    records: Sequence[CancellationRecord]
    damaged: Sequence[str] = ()  # the customers whose open one is there, but cannot be read


class Cancellations(Protocol):
    """The cancellations; of a customer, at most one is open: its state is PENDING."""

    def current(self, customer_ids: Sequence[str]) -> Mapping[str, CancellationRecord]:
        """Return for each customer the open cancellation, or else the one that was begun last.

        Must:
            K1: leave out customers that never had one; never return another tenant's.
            K2: give back what was stored, equal to it, and what this unit itself has written.
            K5: of several, return the open one, or else the one that was begun last.
        """

    def add(self, record: CancellationRecord) -> None:
        """Store a new cancellation.

        Must:
            K3: refuse a second open one of the same customer, with `Conflict`, here or when the
                unit of work ends: one open cancellation per (tenant, customer) is a constraint.
        """

    def save(self, record: CancellationRecord, expected: int) -> bool:
        """Store a new version of a cancellation.

        Must:
            K4: write only when the stored version is `expected`, and return True exactly then.
        """

    def due(self, day: date, limit: int) -> Sequence[str]:
        """Return the ids of the customers whose scheduled cancellation is due on a day.

        Must:
            K6: return those of this tenant whose open cancellation, as it was stored last, has a
                `schedule` with `due` on or before the day; the longest due first, at most `limit`.

        Called: outside commands, by the job that processes what is due.
        """

    def opened(self, limit: int) -> Opened:
        """Return the open cancellations, for the queue of all that is pending.

        Must:
            K7: return those of this tenant that are open, equal to what was stored last, in the
                order in which they were added, at most `limit`; one that cannot be read hurts no
                other: it counts, and its customer is among the `damaged`.

        Called: outside commands, with a limit of up to 10,001; one question, however many.
        """


class History(Protocol):
    """The append-only history."""

    def append(self, entry: HistoryEntry) -> None:
        """Add an entry.

        Must:
            H1: never change or drop an earlier one.
        """

    def of(self, customer_id: str) -> Sequence[HistoryEntry]:
        """Return all entries of a customer.

        Must:
            H2: return them in the order in which they were committed, equal to what was
                appended, of this tenant only.
        """


class Operations(Protocol):
    """The operation ids that accepted commands have used up."""

    def find(self, customer_id: str, verb: Verb, op: str) -> Operation | None:
        """Return the operation, or None.

        Must:
            O1: compare ids character by character: "a", "A" and "a " are three; give back
                what was stored, equal to it.
        """

    def add(self, operation: Operation) -> None:
        """Store an operation.

        Must:
            O2: refuse a second one of the same (tenant, customer, verb, op), with `Conflict`,
                here or when the unit of work ends.
        """

    def purge(self, before: datetime) -> int:
        """Forget the operations whose outcome was before an instant; return how many.

        Must:
            O3: forget those of this tenant only, and none of Process: these are kept for ever.
        """


class Outbox(Protocol):
    """Notifications on their way; written with the command, sent by the relay.

    Must:
        X7: let a row that cannot be read hurt no other: `claim` and `unsent` pass it over, and it
            stays as it is, unclaimed, until it can be read.
    """

    def add(self, rows: Sequence[OutboxRow]) -> None:
        """Store rows.

        Must:
            X1: keep nothing when the unit of work is rolled back.
        """

    def claim(self, limit: int, now: datetime, lease_until: datetime) -> Sequence[OutboxRow]:
        """Claim waiting rows that are due and not leased (or whose lease has run out).

        Must:
            X2: raise `attempts` by one, set `leased_until`, and return the rows as they are then.
            X3: give a row to one claimer only, also when two claim at once; a claimer may get
                nothing, or `Conflict` when its unit of work ends.
            X5: claim only rows of this tenant that are waiting, due and not leased, the longest
                due first, at most `limit`.
        """

    def settle(self, row: OutboxRow, attempts: int) -> bool:
        """Store what became of a claimed row.

        Must:
            X4: write only when the stored row still has this number of attempts and was not
                sent, and return True exactly then: who lost the lease cannot mark it.
        """

    def unsent(self) -> Sequence[OutboxRow]:
        """Return what has not been sent.

        Must:
            X6: return the rows of this tenant that are waiting or dead, equal to what was stored,
                the longest due first.
        """

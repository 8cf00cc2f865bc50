"""A capability of many hosts: the cancellation is mirrored into the customer's own status."""

from __future__ import annotations

from typing import Protocol

from cancelkit.people import Status


class StatusMirror(Protocol):
    """Compare-and-set on the customer's status, inside the unit of work.

    "The expected one" has the same `value`, `pending` and `cancelled`. A host without such a
    status has no mirror; one whose status has no place for "pending" has `pending=None`.
    """

    def mark_pending(self, customer_id: str, expected: Status) -> bool:
        """Mark the customer as pending, keeping the value.

        Must:
            S1: write only when the status is the expected one, and return True exactly then.
            S2: keep the host's own value: the customer shows as "Live (PC)", not as something new.
        """

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        """Put the former status, the one before `mark_pending`, back: for Remove and Reinstate.

        Must:
            S3: write only when the status is the expected one, be that pending or Cancelled, and
                return True exactly then.
            S4: leave exactly the former status, whatever its value ("live", "prospect"), with
                nothing of pending or Cancelled.
        """

    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        """Set the status that means Cancelled, and take the pending mark away.

        Must:
            S5: write only when the status is the expected one, and return True exactly then.
            S6: leave a status that reads back with `cancelled=True`.
        """

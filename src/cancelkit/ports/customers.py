"""The port that a host must write: its customers and their records, read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from cancelkit.needs import Need
from cancelkit.people import Customer, NamedRecord


class CustomerRepo(Protocol):
    """The host's customers, bound to one unit of work (its session, tenant and user).

    It never writes. A customer that is absent, soft-deleted, or another tenant's is not there:
    the three look the same from outside.
    """

    def lock(self, customer_id: str) -> Customer | None:
        """Lock one customer until the unit of work ends, and return it as it is now.

        Must:
            C1: return the customer as committed when the lock was obtained, not as seen earlier.
            C2: hold the lock until the unit of work ends; a second `lock` of the same customer by
                another unit waits for it, or raises `Busy` after a bounded time.
            C3: return None for who is absent (as in another spelling), deleted or another tenant's.

        Called: first in every command, once; never in a view.
        """

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Return customers by id, without locking them.

        Must:
            C4: return exactly those that are there, under the very id asked for ("7", not "07").

        Order: unspecified. Called: once in a view; with up to 10,000 ids by the bulk check.
        """

    def answers(self, need: Need[Any]) -> bool:
        """Say whether `facts` can answer a need at all.

        Need not: look at any data. Called: when a kit is verified with a host; in no command.
        """

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        """Answer all needs for all the customers, with as few round trips as the store allows.

        Args:
            customer_ids: visible customers; one in a command or view, up to 10,000 in bulk.
            needs: each once.
            as_of: the day as of which dates are judged.

        Must:
            C5: answer every need for every customer asked for, with what the need's `read` takes.
            C6: count only that customer's own records, without soft-deleted ones, each once.
            C7: take a record for closed exactly when its status was declared closed: one with a
                status that nobody declared, or with none at all, is open.
            C8: answer `Unknown(why)` where it cannot see: never 0, None or nothing.
            C9: in a unit of work that writes, answer as of now: what was committed before the
                customer was locked is seen, whatever was read earlier.
            C10: judge dates against `as_of`: a date equal to it has come.
            C12: in a unit of work that writes, keep the answer true until the unit ends: who
                adds, reopens or moves a record waits, or the unit ends with `Conflict`. A host
                that cannot (no foreign keys, no guard) declares it.
            C13: take up to 10,000 customers at once, and answer for each as for it alone.

        Order: unspecified. Called: once in a command that judges sections, after `lock`.
        """

    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        """Name the records that keep a section red, for a person to find them.

        Must:
            C11: name the records that `facts` counts for this need, each once, at most `limit`.

        Order: the host's choice, but stable. Called: only when somebody looks, in a view.
        """

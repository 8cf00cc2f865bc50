"""The unit of work, and the host that makes it: what `CancelKit.at` is given."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from cancelkit.effects import AnyPerformer
from cancelkit.ports.customers import CustomerRepo
from cancelkit.ports.status import StatusMirror
from cancelkit.ports.stores import Cancellations, History, Operations, Outbox


class Unit(NamedTuple):
    """The ports of one unit of work. All or nothing of what is written through them stays.

    Attributes:
        performers: effect class -> performer, bound to this unit of work.
        status: the host's mirror of the status; None for a host that has none.

    Must (for `AssignOwner`, where there is a performer of it):
        E1: give the customer exactly the new owners, and return True.
        E2: return False and write nothing where the owners are not those expected.
    """

    customers: CustomerRepo
    cancellations: Cancellations
    history: History
    operations: Operations
    outbox: Outbox
    performers: Mapping[type, AnyPerformer] = MappingProxyType({})
    status: StatusMirror | None = None


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Return the current instant; called once per command or view.

        Must:
            D1: return an aware datetime, of any zone.
        """


class Ids(Protocol):
    """Identifiers."""

    def new(self) -> str:
        """Return an identifier.

        Must:
            Y1: return 1 to 64 printable characters that were never returned before.
        """


class Host(Protocol):
    """A host's data, bound to its connection and tenant: makes units of work.

    Must:
        U1: leaving a unit of work without an exception keeps all of its writes; leaving it with
            one keeps none.
        U2: what a unit has written is seen by nobody else before it was left.
        U3: an error of the COMMIT itself surfaces on leaving: as `Conflict` when nothing was kept
            and the command may be tried again, as `OutcomeUnknown` when the reply was lost.
        U4: in the host's own transaction: no commit, no rollback, nothing sent.
    """

    @property
    def tenant(self) -> str:
        """The tenant whose customers are seen, "" for none."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def ids(self) -> Ids:
        """Identifiers."""

    @property
    def performs(self) -> frozenset[type[Any]]:
        """The effect classes that the units of work have performers for."""

    @property
    def joined(self) -> bool:
        """Whether this is the host's own transaction: then an outcome is "staged", not "done"."""

    def reading(self) -> AbstractContextManager[Unit]:
        """Begin a unit of work for a view: nothing is written or locked."""

    def writing(self) -> AbstractContextManager[Unit]:
        """Begin a unit of work that writes. The first call of a command is `customers.lock`."""

"""What a host gives the contract: the adapter, and a back door that goes around it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from attrs import frozen

from cancelkit.ports import Host

RecordState: TypeAlias = Literal["open", "closed", "odd", "empty", "deleted"]
"""How a record stands: open; closed; with a status that nobody declared; with no status at all
(NULL, where the column allows it, else as "odd"); soft-deleted, and open."""


class RawStatus(NamedTuple):
    """A customer's status as it lies in the host's tables."""

    value: str  # everything of it that `restore` must put back, as one text
    pending: bool
    cancelled: bool


class Arrange(Protocol):
    """The back door in: what people do in the CRM, around the adapter, committed at once.

    It is called from other threads too, so each method opens a connection of its own. A method
    for what a host does not have (see the flags of `HostContract`) is never called.
    """

    def customer(self) -> str:
        """Add a live customer, with one owner where there are owners; return the id as text."""

    def remove(self, customer_id: str) -> None:
        """Soft-delete a customer."""

    def rename(self, customer_id: str, name: str) -> None:
        """Give a customer another name."""

    def other_status(self, customer_id: str) -> None:
        """Give a customer another live status than the one of a new customer."""

    def other_owner(self, customer_id: str) -> None:
        """Give a customer another owner than the one of a new customer."""

    def record(self, customer_id: str, kind: str, state: RecordState, record: Any = None) -> Any:
        """Add a record of a kind ("cases"), or change and move the given one; return its key."""

    def asset(
        self,
        customer_id: str,
        kind: str,
        ceased_on: date | None,
        live: bool,
        *,
        deleted: bool = False,
    ) -> None:
        """Add an asset, soft-deleted where `deleted`."""

    def date(self, customer_id: str, kind: str, on: date, *, deleted: bool = False) -> None:
        """Add a dated record ("expiries"), soft-deleted where `deleted`."""


class Inspect(Protocol):
    """The back door out: what lies in the host's tables, read around the adapter."""

    def status(self, customer_id: str) -> RawStatus:
        """Return the status."""

    def owners(self, customer_id: str) -> tuple[str, ...]:
        """Return the ids of the owners, as the adapter gives them in `Person.id`."""


@frozen(eq=False)
class World:
    """A host with its back door, new for each test: data of other tests is not in it.

    Attributes:
        host: the adapter, bound to a store.
        arrange, inspect: its back door; one object may be both.
        other: the same store as another tenant sees it; needed for the flag `tenants`.
        joined: begins a transaction of the host's own and returns the adapter in it; leaving it
            commits, leaving it with an exception rolls back. Needed for the flag `joined`.
        refuse_commit: inside it, the store refuses the COMMIT of every unit of work that writes.
        lose_commit: inside it, the store commits, but the reply is lost. One of these two is
            needed for the flag `commit_faults`.
        damaged: inside it, the stored row of the outbox, or the stored cancellation, with this id
            cannot be read; leaving it puts back what was damaged, and nothing else. Needed for
            the flag `damaged_rows`.
        blind: the adapter bound in such a way that it cannot see the records: no tenant set, no
            right to read. Where it is given, promise C8 is checked with it too.
    """

    host: Host
    arrange: Arrange
    inspect: Inspect
    other: World | None = None
    joined: Callable[[], AbstractContextManager[Host]] | None = None
    refuse_commit: Callable[[], AbstractContextManager[object]] | None = None
    lose_commit: Callable[[], AbstractContextManager[object]] | None = None
    damaged: Callable[[str], AbstractContextManager[object]] | None = None
    blind: Host | None = None

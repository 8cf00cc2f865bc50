"""A small standard world: a CRM with two customers, people, a kit and a host."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from attrs import define, evolve, field

from cancelkit import STANDARD, CancelKit, Customer, Desk, EitherRole, Person, Status, User
from cancelkit.adapters.memory import (
    CLOSED,
    Asset,
    CountingIds,
    Expiry,
    Memory,
    MemoryCrm,
    MemoryHost,
    MemoryLinks,
    MemoryRecipients,
    MemoryUsers,
    Record,
    SetClock,
)
from cancelkit.ports import Host
from cancelkit.sections import NewOwner, Reasons
from tests.harness.stored import TOLD_OF, Stored
from tests.harness.watch import Watch, WatchedHost, watched_kit

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
CUSTOMER = "C-1"
"""Has closed and open records of every kind."""
OTHER = "C-2"
"""Has no records."""
RECORD_KINDS = tuple(CLOSED)
PROFILE = "insolvency"
"""A checklist without Customer Mood, in which Ownership blocks."""

ALICE = Person("alice", "Alice")
"""May do everything."""
BOB = Person("bob", "Bob")
"""Likewise, with the other role."""
MALLORY = Person("mallory", "Mallory")
"""May do nothing."""
ANN = Person("u-1", "Ann")
"""The owner of the customers."""
Outside = Callable[[CancelKit, Host], tuple[CancelKit, Host]]


class BackDoor(Protocol):
    """The host's own screens and tables: around the adapter, its locks and its units of work."""

    def stored(self) -> Stored:
        """Return everything that is committed."""
        ...

    def customer(self, customer_id: str) -> Customer:
        """Return a customer as committed."""
        ...

    def delete_customer(self, customer_id: str) -> None:
        """Delete a customer at once."""
        ...

    def put_customer(self, customer: Customer) -> None:
        """Change a customer at once."""
        ...

    def set_open(self, kind: str, customer_id: str, *, to: bool) -> None:
        """Open or close the record of a kind that may be open."""
        ...

    def insert_open(self, kind: str, customer_id: str) -> None:
        """Insert one more open record at once."""
        ...

    def open_kinds(self, customer_id: str) -> frozenset[str]:
        """Return the kinds of which the customer has an open record or an unceased asset."""
        ...

    def saved(self) -> Callable[[], None]:
        """Return a function that puts everything back as it is now, with nothing locked."""
        ...


class MemoryBackDoor:
    """The back door of a `MemoryCrm`."""

    def __init__(self, crm: MemoryCrm) -> None:
        self.crm = crm
        self._inserted = 0

    def stored(self) -> Stored:
        memory = self.crm.memory
        return Stored(
            {key[-1]: one for key, one in memory.rows("customers")},
            tuple(one for _, one in memory.rows("cancellations")),
            tuple(one for _, one in memory.rows("history")),
            tuple(one for _, one in memory.rows("operations")),
            tuple(one for _, one in memory.rows("outbox")),
        )

    def customer(self, customer_id: str) -> Customer:
        return self.crm.customer(customer_id)

    def put_customer(self, customer: Customer) -> None:
        self.crm.put_customer(customer)

    def delete_customer(self, customer_id: str) -> None:
        self.crm.delete_customer(customer_id)

    def saved(self) -> Callable[[], None]:
        """See `BackDoor.saved`. All values are frozen: copies of the tables are enough."""
        memory, crm = self.crm.memory, self.crm
        tables = {name: dict(rows) for name, rows in memory._tables.items()}
        revisions, kinds, inserted = dict(memory._revisions), deepcopy(crm._kinds), self._inserted

        def put_back() -> None:
            memory._tables = {name: dict(rows) for name, rows in tables.items()}
            memory._revisions, memory._locks = dict(revisions), {}
            crm._kinds, self._inserted = deepcopy(kinds), inserted

        return put_back

    def set_open(self, kind: str, customer_id: str, *, to: bool) -> None:
        key = f"{customer_id}:{kind}:1"
        if kind == "assets":
            self.crm.put(kind, Asset(key, customer_id, None if to else TODAY, live=to))
        else:
            self.crm.put(kind, Record(key, customer_id, "open" if to else min(CLOSED[kind])))

    def insert_open(self, kind: str, customer_id: str) -> None:
        self._inserted += 1
        key = f"{customer_id}:{kind}:new-{self._inserted}"
        new = Asset(key, customer_id) if kind == "assets" else Record(key, customer_id, "open")
        self.crm.put(kind, new)

    def open_kinds(self, customer_id: str) -> frozenset[str]:
        found = {
            kind
            for kind in RECORD_KINDS
            for record in self.crm.records(kind, customer_id)
            if isinstance(record, Record) and record.status.lower() not in CLOSED[kind]
        }
        assets = self.crm.records("assets", customer_id)
        if any(isinstance(one, Asset) and not _ceased(one) for one in assets):
            found.add("assets")
        return frozenset(found)


def _ceased(asset: Asset) -> bool:
    return asset.ceased_on is not None and asset.ceased_on <= TODAY and not asset.live


@define
class World:
    """One world. `desk` is where a test acts; the rest is what it may change meanwhile.

    Attributes:
        kit: the kit.
        host: the host.
        back: its back door.
        clock: the host's clock.
        users: who may own customers.
        roles: actor id -> names of roles; to be changed at any time.
        outside: puts something between cancelkit and the watched host: how a test simulates a
            cancelkit that is broken.
    """

    kit: CancelKit
    host: Host
    back: BackDoor
    clock: SetClock
    users: MemoryUsers
    roles: dict[str, set[str]]
    outside: Outside = field(default=lambda kit, host: (kit, host))

    def desk(self, actor: Person = ALICE, *, watch: Watch | None = None) -> Desk:
        """Return a desk; with `watch`, every port call goes through it."""
        kit, host = self.kit, self.host
        if watch is not None:
            kit, host = watched_kit(kit, watch), WatchedHost(host, watch)
        kit, host = self.outside(kit, host)
        return kit.at(host, actor=actor)

    def saved(self) -> Callable[[], None]:
        """Return a function that puts the world back as it is now: cheaper than to make another.

        Users are not put back: no test of this kind changes them.

        The function takes what makes the new locks.
        """
        back, instant, outside = self.back.saved(), self.clock.now(), self.outside
        roles = {actor: set(names) for actor, names in self.roles.items()}
        ids = self.host.ids
        made = dict(vars(ids))

        def put_back() -> None:
            back()
            self.clock.set(instant)
            self.outside = outside
            self.roles.update({actor: set(names) for actor, names in roles.items()})
            vars(ids).update(made)

        return put_back

    def close_records(self, customer_id: str = CUSTOMER) -> None:
        """Close everything that the host's own screens can close."""
        for kind in ("assets", *RECORD_KINDS):
            self.back.set_open(kind, customer_id, to=False)

    def make_ready(self, customer_id: str = CUSTOMER, *, owner: str = "") -> str:
        """Begin, give a reason, plan an owner, close all records; return the plan's token."""
        self.close_records(customer_id)
        cancellation = self.desk().begin(customer_id, op="begin-0")
        cancellation.enter(Reasons("price", text="Moved"), op="enter-0")
        if owner:
            cancellation.enter(NewOwner(owner), op="enter-1")
        return cancellation.plan().token

    def change_status(self, status: Status, customer_id: str = CUSTOMER) -> None:
        """Change the status in the CRM, around cancelkit."""
        self.back.put_customer(evolve(self.back.customer(customer_id), status=status))


def quiet(what: str, error: BaseException) -> None:
    """Take reports of faults and drop them: the tests look at what happens, not at the log."""


def memory_world(
    *,
    memory: Memory | None = None,
    wrap: Callable[[MemoryHost], Host] = lambda host: host,
    outside: Outside = lambda kit, host: (kit, host),
) -> World:
    """Make the standard world in memory.

    Args:
        memory: where it is kept; one that does not wait for locks where none is given.
        wrap: puts something around the host: how a test simulates a host that is broken.
        outside: see `World`.
    """
    crm = MemoryCrm(
        [Customer(key, f"Customer {key}", Status("live"), (ANN,)) for key in (CUSTOMER, OTHER)],
        memory=memory or Memory(patience=0.0),
    )
    back = MemoryBackDoor(crm)
    crm.put("assets", Asset("A-0", CUSTOMER, TODAY, live=False, label="Old router"))
    crm.put("expiries", Expiry("E-0", CUSTOMER, TODAY + timedelta(days=30)))
    for kind in RECORD_KINDS:
        crm.put(kind, Record(f"{kind}-0", CUSTOMER, max(CLOSED[kind]).upper()))
    for kind in ("assets", *RECORD_KINDS):
        back.set_open(kind, CUSTOMER, to=True)
    roles = {"alice": {"CRM Admin"}, "bob": {"Customer Cancellation"}, "mallory": {"Reader"}}
    users = MemoryUsers(
        [User("u-1", "Ann"), User("t-7", "Tom"), User("t-8", "Tess"), User("x-9", "Gone", False)],
        telesales=("t-7", "t-8"),
    )
    kit = CancelKit(
        STANDARD,
        profiles={PROFILE: STANDARD.without("mood").with_gates(ownership="blocks")},
        roles=EitherRole(lambda actor: roles.get(actor, set())),
        users=users,
        recipients=MemoryRecipients({event: (*to, to[0]) for event, to in TOLD_OF.items()}),
        links=MemoryLinks("/c/{customer}", "/c/{customer}/{section}"),
        zone="Europe/London",
        report=quiet,
    )
    clock = SetClock(NOW)
    host = wrap(MemoryHost(crm, clock=clock, ids=CountingIds()))
    return World(kit, host, back, clock, users, roles, outside)

"""A small CRM with one customer, and a desk at it: what the tests of the workflow stand on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from attrs import define, field

from cancelkit import (
    STANDARD,
    CancelKit,
    Cancellation,
    Checklist,
    Customer,
    Desk,
    EitherRole,
    Person,
    Reasons,
    Status,
    User,
)
from cancelkit.adapters.memory import (
    Asset,
    CountingIds,
    MemoryCrm,
    MemoryHost,
    MemoryRecipients,
    MemoryUsers,
    Record,
    SetClock,
)
from cancelkit.effects import AnyPerformer
from cancelkit.ports import Fixers, Links, RoleChecker, Translator
from cancelkit.records import CancellationRecord, HistoryEntry

NINE_O_CLOCK = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
BOSS = Person("boss", "The Boss")


def admins(*actors: str) -> EitherRole:
    """Return a role checker that lets these actors do everything; without any, everybody."""
    return EitherRole(lambda actor: ["CRM Admin"] if not actors or actor in actors else [])


@define
class World:
    """Everything that a test looks at or turns."""

    crm: MemoryCrm
    host: MemoryHost
    kit: CancelKit
    clock: SetClock
    users: MemoryUsers
    recipients: MemoryRecipients
    reports: list[tuple[str, BaseException]] = field(factory=list)

    def desk(self, actor: str = "alice") -> Desk:
        """Return a desk for an actor whose name is the id in capitals at the start."""
        return self.kit.at(self.host, actor=Person(actor, actor.capitalize()))

    def get(self, actor: str = "alice") -> Cancellation:
        """Return the workflow object of the one customer."""
        return self.desk(actor).get("C-1")

    def begun(self, actor: str = "alice") -> Cancellation:
        """Begin the cancellation of the one customer."""
        return self.desk(actor).begin("C-1")

    def ready(self, actor: str = "alice") -> Cancellation:
        """Begin, and enter what blocks: after it, nothing stands in the way."""
        cancellation = self.begun(actor)
        cancellation.enter(Reasons("price"))
        return cancellation

    @property
    def customer(self) -> Customer:
        """The one customer as committed."""
        return self.crm.customer("C-1")

    @property
    def status(self) -> Status | None:
        """The one customer's status as committed."""
        return self.customer.status

    def record(self) -> CancellationRecord:
        """Return the newest cancellation of the one customer as committed."""
        newest = self.crm.memory.get("newest", (self.crm.tenant, "C-1"))
        found: CancellationRecord = self.crm.memory.get("cancellations", (self.crm.tenant, newest))
        return found

    def put_record(self, record: CancellationRecord) -> None:
        """Overwrite a stored cancellation, behind everybody's back."""
        self.crm.memory.put("cancellations", (record.tenant, record.id), record)

    def history(self) -> list[HistoryEntry]:
        """Return the history as committed, whatever the role checker says."""
        return [entry for _, entry in self.crm.memory.rows("history")]

    def tables(self) -> dict[str, dict[Any, Any]]:
        """Return a copy of everything stored but the history, to compare before and after."""
        return {
            name: dict(rows)
            for name, rows in self.crm.memory._tables.items()
            if name != "history" and rows
        }

    def add_order(self, status: str = "open", order: str = "SO-1") -> None:
        """Give the customer a sales order."""
        self.crm.put("sales_orders", Record(order, "C-1", status, order))

    def add_asset(self, ceased_on: date | None, *, live: bool, asset: str = "A-1") -> None:
        """Give the customer an asset."""
        self.crm.put("assets", Asset(asset, "C-1", ceased_on, live, asset))


def world(  # every setting has a default: a test names what it is about
    checklist: Checklist = STANDARD,
    *,
    status: Status | None = Status("live"),  # noqa: B008 - frozen
    roles: RoleChecker | None = None,
    zone: str = "UTC",
    now: datetime = NINE_O_CLOCK,
    told: Iterable[Person] = (),
    mirrored: bool | None = None,
    answers: Mapping[type, Any] | None = None,
    performers: Iterable[AnyPerformer] = (),
    kinds: Iterable[str] | None = None,
    translator: Translator | None = None,
    links: Links | None = None,
    fixers: Fixers | None = None,
    profiles: Mapping[str, Checklist] | None = None,
) -> World:
    """Return a world with the customer C-1 (owner Ann) and the users Ann, Tom, Sue and Gone."""
    customer = Customer("C-1", "Harbour Café", status, (Person("u-1", "Ann"),))
    own: dict[str, Any] = {} if kinds is None else {"kinds": kinds}
    crm = MemoryCrm([customer], answers=answers, **own)
    clock = SetClock(now)
    users = MemoryUsers(
        [User("u-1", "Ann"), User("t-7", "Tom"), User("s-8", "Sue"), User("x", "Gone", False)],
        telesales=["t-7"],
    )
    recipients = MemoryRecipients({"processed": tuple(told)})
    reports: list[tuple[str, BaseException]] = []
    texts: dict[str, Any] = {} if translator is None else {"translator": translator}
    kit = CancelKit(
        checklist,
        roles=roles or admins(),
        users=users,
        recipients=recipients,
        zone=zone,
        links=links,
        fixers=fixers,
        profiles=profiles or {},
        report=lambda what, error: reports.append((what, error)),
        **texts,
    )
    host = MemoryHost(
        crm,
        clock=clock,
        ids=CountingIds(),
        performers=performers,
        mirrored=status is not None if mirrored is None else mirrored,
    )
    return World(crm, host, kit, clock, users, recipients, reports)

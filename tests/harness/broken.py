"""Hosts and kits that are broken on purpose: a harness that does not catch them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import evolve, frozen

from cancelkit import (
    STANDARD,
    CancelKit,
    Customer,
    EitherRole,
    Person,
    Status,
    decide,
    reading,
    writing,
)
from cancelkit.adapters.memory import MemoryHost
from cancelkit.adapters.memory.store import Writes
from cancelkit.lifecycle import ACTIONS
from cancelkit.needs import Count, Need, NextDate, OpenRecords, UnceasedAssets
from cancelkit.ports import Host, Unit
from cancelkit.records import CancellationRecord, Delivery, HistoryEntry, OutboxRow, Schedule, Verb
from cancelkit.states import RED
from tests.harness.watch import AnyHost


class CommitsAnyway(AnyHost):
    """Leaving with an exception keeps what was written."""

    @contextmanager
    def writing(self) -> Generator[Unit]:
        inner = self.inner.writing()
        unit = inner.__enter__()
        try:
            yield unit
        finally:
            inner.__exit__(None, None, None)


class NeverUnlocks(AnyHost):
    """Leaving with an exception forgets to end the unit, and with it the lock."""

    def __init__(self, inner: Host) -> None:
        super().__init__(inner)
        self._forgotten: list[AbstractContextManager[Unit]] = []

    @contextmanager
    def writing(self) -> Generator[Unit]:
        inner = self.inner.writing()
        unit = inner.__enter__()
        self._forgotten.append(inner)
        yield unit
        inner.__exit__(None, None, None)


class OwnUnits(AnyHost):
    """Some ports write in a unit of work of their own, at once."""

    def __init__(self, inner: Host, ports: Collection[str]) -> None:
        super().__init__(inner)
        self._ports = ports

    @contextmanager
    def writing(self) -> Generator[Unit]:
        with self.inner.writing() as unit:
            own: dict[str, Any] = {name: _Own(self.inner, name) for name in self._ports}
            yield unit._replace(**own)


class _Own:
    def __init__(self, host: Host, port: str) -> None:
        self._host = host
        self._port = port

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            with self._host.writing() as unit:
                return getattr(getattr(unit, self._port), method)(*args)

        return call


class Forgets(AnyHost):
    """One method of one port does nothing, and says that all is well."""

    def __init__(self, inner: Host, port: str, method: str) -> None:
        super().__init__(inner)
        self._port = port
        self._method = method

    @contextmanager
    def writing(self) -> Generator[Unit]:
        with self.inner.writing() as unit:
            port = Replaced(getattr(unit, self._port), {self._method: _yes})
            changed: dict[str, Any] = {self._port: port}
            yield unit._replace(**changed)


def _yes(*args: Any) -> bool:
    return True


class Replaced:
    """A port with other functions in the places of some of its methods."""

    def __init__(self, port: object, methods: Mapping[str, Callable[..., Any]]) -> None:
        self._port = port
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._port, name)


class OverwritesStatus(AnyHost):
    """The mirror sets the status without comparing: whatever is there is overwritten."""

    @contextmanager
    def writing(self) -> Generator[Unit]:
        with self.inner.writing() as unit:
            mirror = unit.status
            assert mirror is not None

            def status(customer_id: str) -> Status:
                found = unit.customers.load((customer_id,))[customer_id].status
                assert found is not None
                return found

            yield unit._replace(
                status=Replaced(
                    mirror,
                    {
                        "mark_cancelled": lambda key, was: mirror.mark_cancelled(key, status(key)),
                        "restore": lambda key, was, old: mirror.restore(key, status(key), old),
                    },
                )
            )


class Changes(AnyHost):
    """Each unit of work is changed by a function."""

    def __init__(self, inner: Host, change: Callable[[Unit], Unit]) -> None:
        super().__init__(inner)
        self._change = change

    def writing(self) -> AbstractContextManager[Unit]:
        return self.changed(self.inner.writing())

    @contextmanager
    def changed(self, inner: AbstractContextManager[Unit]) -> Generator[Unit]:
        with inner as unit:
            yield self._change(unit)


def guesses_the_former_status(unit: Unit) -> Unit:
    """Remove makes every customer "live", whatever it was before."""
    mirror = unit.status
    assert mirror is not None
    live = Status("live")
    restore = {"restore": lambda key, was, old: mirror.restore(key, was, live)}
    return unit._replace(status=Replaced(mirror, restore))


def forgets_refusals(unit: Unit) -> Unit:
    """Refused commands are not recorded."""
    history = unit.history

    def append(entry: HistoryEntry) -> None:
        if entry.accepted:
            history.append(entry)

    return unit._replace(history=Replaced(history, {"append": append}))


def tells_half(unit: Unit) -> Unit:
    """Only the first recipient gets a row."""
    outbox = unit.outbox
    return unit._replace(outbox=Replaced(outbox, {"add": lambda rows: outbox.add(rows[:1])}))


def judges_too_late(unit: Unit) -> Unit:
    """The facts are asked for as of a later day than today."""
    repo = unit.customers

    def facts(ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Any:
        return repo.facts(ids, needs, as_of + timedelta(days=60))

    return unit._replace(customers=Replaced(repo, {"facts": facts}))


class JudgesBeforeLocking(AnyHost):
    """The facts are read in a unit of their own before the customer is locked, and kept."""

    @contextmanager
    def writing(self) -> Generator[Unit]:
        with self.inner.writing() as unit:
            kept: dict[str, Customer | None] = {}
            repo = unit.customers
            facts: list[Any] = []

            def early(customer_id: str) -> None:
                with self.inner.reading() as other:
                    facts.append(other.customers.facts((customer_id,), _NEEDS, _DAY))

            def lock(customer_id: str) -> Customer | None:
                early(customer_id)
                kept[customer_id] = repo.lock(customer_id)
                return kept[customer_id]

            def answer(ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Any:
                fresh = repo.load(ids)
                return {key: {n: facts[-1][key].get(n) for n in needs} for key in fresh}

            yield unit._replace(customers=Replaced(repo, {"lock": lock, "facts": answer}))


_DAY = date(2026, 3, 2)
_NEEDS: tuple[Need[Any], ...] = (
    UnceasedAssets(),
    NextDate("expiries"),
    *(OpenRecords(kind) for kind in ("cases", "opportunities", "quotations", "sales_orders")),
)


class Unchecked(MemoryHost):
    """COMMIT does not look whether somebody else was first."""

    def writing(self) -> AbstractContextManager[Unit]:
        return self._unit(_commit_anyway)


def _commit_anyway(writes: Writes) -> None:
    writes._seen.clear()
    writes._judged.clear()
    writes.commit()


class SavesAnyVersion(AnyHost):
    """A cancellation is saved whatever its version."""

    @contextmanager
    def writing(self) -> Generator[Unit]:
        with self.inner.writing() as unit:
            store = unit.cancellations

            def save(record: CancellationRecord, expected: int) -> bool:
                stored = store.current((record.customer,))[record.customer]
                return store.save(record, stored.version)

            yield unit._replace(cancellations=Replaced(store, {"save": save}))


def claims_nothing(unit: Unit) -> Unit:
    """Rows are given to whoever asks; that they are claimed is not written."""
    outbox = unit.outbox

    def claim(limit: int, now: datetime, lease_until: datetime) -> list[OutboxRow]:
        due = [row for row in outbox.unsent() if row.delivery is Delivery.WAITING]
        return [evolve(row, leased_until=lease_until) for row in due[:limit]]

    return unit._replace(outbox=Replaced(outbox, {"claim": claim}))


def forgets_the_first_day(unit: Unit) -> Unit:
    """The CRM's customers have no first day: a date before it is not noticed."""
    repo = unit.customers

    def lock(customer_id: str) -> Customer | None:
        found = repo.lock(customer_id)
        return found and evolve(found, since=None)

    return unit._replace(customers=Replaced(repo, {"lock": lock}))


# ---------------------------------------------------------------- broken kits: outside


@frozen
class _Grants:
    """A role checker that grants when it cannot ask, as a truthy default would."""

    asked: Any

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        try:
            return bool(self.asked.allows(actor, action, customer))
        except Exception:  # noqa: BLE001 - that is the bug
            return True


class _Remembers:
    """A role checker that asks once and remembers."""

    def __init__(self, asked: Any, answers: dict[str, bool]) -> None:
        self._asked = asked
        self._answers = answers

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        if actor.id not in self._answers:
            self._answers[actor.id] = self._asked.allows(actor, action, customer)
        return self._answers[actor.id]


def grants_when_in_doubt(kit: CancelKit, host: Host) -> tuple[CancelKit, Host]:
    """The kit takes a failing role checker for a positive answer."""
    return evolve(kit, roles=_Grants(kit.roles)), host


def grants_everybody(kit: CancelKit, host: Host) -> tuple[CancelKit, Host]:
    """The kit takes any answer of the role checker for a positive one."""
    return evolve(kit, roles=EitherRole(lambda actor: {"CRM Admin"})), host


def remembers_roles() -> Callable[[CancelKit, Host], tuple[CancelKit, Host]]:
    """Return a kit that asks the role checker only when a role was never asked about."""
    answers = {"alice": True}
    return lambda kit, host: (evolve(kit, roles=_Remembers(kit.roles, answers)), host)


def green_when_in_doubt(kit: CancelKit, host: Host) -> tuple[CancelKit, Host]:
    """The kit takes facts that could not be read for nothing left to do."""

    def change(unit: Unit) -> Unit:
        def facts(ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Any:
            try:
                return unit.customers.facts(ids, needs, as_of)
            except Exception:  # noqa: BLE001 - that is the bug
                return {key: {need: _nothing(need, as_of) for need in needs} for key in ids}

        return unit._replace(customers=Replaced(unit.customers, {"facts": facts}))

    return kit, Changes(host, change)


def _nothing(need: Need[Any], as_of: date) -> object:
    if isinstance(need, UnceasedAssets):
        return (0, 0, 0)
    return Count(0) if isinstance(need, OpenRecords) else as_of + timedelta(days=1)


def ignores_the_mirror(kit: CancelKit, host: Host) -> tuple[CancelKit, Host]:
    """The kit does not look whether the status was written."""

    def change(unit: Unit) -> Unit:
        def swallow(method: str) -> Callable[..., bool]:
            def call(*args: Any) -> bool:
                try:
                    getattr(unit.status, method)(*args)
                except Exception:  # noqa: BLE001 - that is the bug
                    return True
                return True

            return call

        names = ("mark_pending", "restore", "mark_cancelled")
        return unit._replace(status=Replaced(unit.status, {n: swallow(n) for n in names}))

    return kit, Changes(host, change)


class _SwallowsCommit(AnyHost):
    @contextmanager
    def writing(self) -> Generator[Unit]:
        inner = self.inner.writing()
        unit = inner.__enter__()
        try:
            yield unit
        except BaseException as error:
            inner.__exit__(type(error), error, error.__traceback__)
            raise
        try:
            inner.__exit__(None, None, None)
        except Exception:  # noqa: BLE001 - that is the bug
            return


def ignores_commit(kit: CancelKit, host: Host) -> tuple[CancelKit, Host]:
    """The kit does not look whether the unit of work was committed."""
    return kit, _SwallowsCommit(host)


class _RetriesBlindly(AnyHost):
    """A unit that runs the history twice: what a blind retry after a lost reply does."""

    @contextmanager
    def writing(self) -> Generator[Unit]:
        with self.inner.writing() as unit:
            history = unit.history

            def append(entry: Any) -> None:
                try:
                    history.append(entry)
                except Exception:  # noqa: BLE001 - that is the bug
                    history.append(evolve(entry, id=f"{entry.id}-again"))

            yield unit._replace(history=Replaced(history, {"append": append}))


def retries_blindly(kit: CancelKit, host: Host) -> tuple[CancelKit, Host]:
    """The kit appends to the history again when the first append failed."""
    return kit, _RetriesBlindly(host)


def swallows_interrupts(kit: CancelKit, host: Host) -> tuple[CancelKit, Host]:
    """The kit takes an interrupt for a fault like another."""

    class Swallows(AnyHost):
        @contextmanager
        def writing(self) -> Generator[Unit]:
            try:
                with self.inner.writing() as unit:
                    yield unit
            except KeyboardInterrupt as error:
                raise RuntimeError("interrupted") from error

    return kit, Swallows(host)


# ---------------------------------------------------------------- a broken core


Plant = Callable[[pytest.MonkeyPatch], None]
"""Breaks the core until the end of a test."""


def sound(patch: pytest.MonkeyPatch) -> None:
    """Leave the core as it is."""


def _instead(module: object, name: str, make: Callable[[Any], Any]) -> Plant:
    """Put what is made of the core's own function in its place."""
    return lambda patch: patch.setattr(module, name, make(getattr(module, name)))


def _advances_to(verb: Verb, change: Callable[[Any, Any], Mapping[str, Any]]) -> Plant:
    """After a verb the cancellation is another one, made of those before and after it."""

    def make(real: Callable[..., Any]) -> Callable[..., Any]:
        def advanced(record: Any, seen: Any, move: Verb, *args: Any) -> Any:
            after = real(record, seen, move, *args)
            return evolve(after, **change(record, after)) if move is verb else after

        return advanced

    return _instead(writing, "advanced", make)


def _mirrors(verb: Verb, write: Callable[[Any, Any, Any], object]) -> Plant:
    """For a verb something else is written into the CRM: a function of mirror, seen, former."""

    def make(real: Callable[..., None]) -> Callable[..., None]:
        def mirror(unit: Any, move: Verb, seen: Any, former: Any) -> None:
            if move is verb:
                write(unit.status, seen, former)
            else:
                real(unit, move, seen, former)

        return mirror

    return _instead(writing, "_mirror", make)


def _end_restores(mirror: Any, seen: Any, former: Any) -> None:
    if seen.customer.status is not None:
        mirror.restore(seen.customer.id, seen.customer.status, former)


def _adopt_overwrites(mirror: Any, seen: Any, former: Any) -> None:
    before = seen.record.former
    mirror.restore(seen.customer.id, seen.customer.status, evolve(before, pending=True))


def _adopt_looks_on(mirror: Any, seen: Any, former: Any) -> None:
    """Nothing is marked."""


def _guesses(mirror: Any, seen: Any, former: Any) -> None:
    mirror.restore(seen.customer.id, seen.customer.status, Status("live"))


def _only_recorded(real: Callable[..., Any]) -> Callable[..., Any]:
    """The blocked day is recorded, and nothing else is done."""

    def refusal(desk: Any, unit: Any, seen: Any, decision: Any) -> Any:
        return real(desk, unit, evolve(seen, ask=evolve(seen.ask, due=False)), decision)

    return refusal


def _only_postponed(real: Callable[..., Any]) -> Callable[..., Any]:
    """Nobody is told of a blocked day."""

    def tell(desk: Any, unit: Any, seen: Any, record: Any, event: str, **more: Any) -> Any:
        return () if event == "blocked" else real(desk, unit, seen, record, event, **more)

    return tell


def _tells_twice(real: Callable[..., Any]) -> Callable[..., Any]:
    def tell(*args: Any, **more: Any) -> Any:
        real(*args, **more)
        return real(*args, **more)

    return tell


def _unchecked_when_due(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda seen: () if seen.ask.due else real(seen)


def _on_any_day(real: object) -> property:
    """It does not matter whether a schedule is there, or whether its day has come."""

    def scheduled(seen: Any) -> Schedule | None:
        if not seen.ask.due or seen.record is None:
            return None
        return Schedule(seen.today, seen.today, seen.record.begun)

    return property(scheduled)


def _whatever_it_says(real: Callable[..., Any]) -> Callable[..., Any]:
    """An override stays in force whatever the section says meanwhile."""

    def with_overrides(judged: Any, record: Any, ids: Any) -> Any:
        red = {s.key for s, state in judged.pairs if state.light is RED}
        kept = {one.section: one for one in record.overrides if one.section in red}
        return judged._replace(overridden=kept)

    return with_overrides


def _without_the_date(real: Callable[..., Any]) -> Callable[..., Any]:
    def make_token(record: Any, judged: Any, effects: Any, told: Any, *when: Any) -> Any:
        return real(record, judged, effects, told)

    return make_token


def _by_the_kit(real: Callable[..., Any]) -> Callable[..., Any]:
    """The kit's own checklist is copied, whatever the profile."""
    return lambda key, checklist, seen: real(
        key, STANDARD, evolve(seen, ask=evolve(seen.ask, profile=""))
    )


CORE: Mapping[str, Plant] = {
    "Enter drops the schedule": _advances_to(Verb.ENTER, lambda old, new: {"schedule": None}),
    "Override drops the schedule": _advances_to(Verb.OVERRIDE, lambda old, new: {"schedule": None}),
    "Remove keeps the schedule": _advances_to(
        Verb.REMOVE, lambda old, new: {"schedule": old.schedule}
    ),
    "Reinstate wipes the entries": _advances_to(Verb.REINSTATE, lambda old, new: {"entries": ()}),
    "the effective date is not kept": _advances_to(
        Verb.PROCESS, lambda old, new: {"effective": None}
    ),
    "Reinstate makes everybody live": _mirrors(Verb.REINSTATE, _guesses),
    "End writes the CRM's status": _mirrors(Verb.END, _end_restores),
    "Adopt overwrites the CRM's status": _mirrors(Verb.ADOPT, _adopt_overwrites),
    "Adopt does not mark as pending": _mirrors(Verb.ADOPT, _adopt_looks_on),
    "a blocked day is not postponed": _instead(writing, "refusal", _only_recorded),
    "nobody is told of a blocked day": _instead(writing, "tell", _only_postponed),
    "everybody is told twice": _instead(writing, "tell", _tells_twice),
    "what is due is not checked afresh": _instead(decide, "_not_processed", _unchecked_when_due),
    "what is due needs no schedule": _instead(decide.Seen, "scheduled", _on_any_day),
    "an override outlives what it was for": _instead(reading, "with_overrides", _whatever_it_says),
    "whoever may edit may override": lambda patch: patch.setitem(
        cast("dict[Verb, str]", ACTIONS), Verb.OVERRIDE, "edit"
    ),
    "the token does not know the date": _instead(reading, "make_token", _without_the_date),
    "the profile is not copied": _instead(writing, "begun", _by_the_kit),
}
"""Bugs of the core, by what is wrong."""

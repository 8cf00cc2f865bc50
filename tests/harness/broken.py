"""Hosts and kits that are broken on purpose: a harness that does not catch them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from typing import Any

from attrs import evolve, frozen

from cancelkit import CancelKit, Customer, EitherRole, Person, Status
from cancelkit.adapters.memory import MemoryHost
from cancelkit.adapters.memory.store import Writes
from cancelkit.needs import Count, Need, NextDate, OpenRecords, UnceasedAssets
from cancelkit.ports import Host, Unit
from cancelkit.records import CancellationRecord, HistoryEntry
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
            port = _Replaced(getattr(unit, self._port), {self._method: _yes})
            changed: dict[str, Any] = {self._port: port}
            yield unit._replace(**changed)


def _yes(*args: Any) -> bool:
    return True


class _Replaced:
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
                status=_Replaced(
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

    @contextmanager
    def writing(self) -> Generator[Unit]:
        with self.inner.writing() as unit:
            yield self._change(unit)


def guesses_the_former_status(unit: Unit) -> Unit:
    """Remove makes every customer "live", whatever it was before."""
    mirror = unit.status
    assert mirror is not None
    live = Status("live")
    restore = {"restore": lambda key, was, old: mirror.restore(key, was, live)}
    return unit._replace(status=_Replaced(mirror, restore))


def forgets_refusals(unit: Unit) -> Unit:
    """Refused commands are not recorded."""
    history = unit.history

    def append(entry: HistoryEntry) -> None:
        if entry.accepted:
            history.append(entry)

    return unit._replace(history=_Replaced(history, {"append": append}))


def tells_half(unit: Unit) -> Unit:
    """Only the first recipient gets a row."""
    outbox = unit.outbox
    return unit._replace(outbox=_Replaced(outbox, {"add": lambda rows: outbox.add(rows[:1])}))


def judges_too_late(unit: Unit) -> Unit:
    """The facts are asked for as of a later day than today."""
    repo = unit.customers

    def facts(ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Any:
        return repo.facts(ids, needs, as_of + timedelta(days=60))

    return unit._replace(customers=_Replaced(repo, {"facts": facts}))


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

            yield unit._replace(customers=_Replaced(repo, {"lock": lock, "facts": answer}))


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

            yield unit._replace(cancellations=_Replaced(store, {"save": save}))


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

        return unit._replace(customers=_Replaced(unit.customers, {"facts": facts}))

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
        return unit._replace(status=_Replaced(unit.status, {n: swallow(n) for n in names}))

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

            yield unit._replace(history=_Replaced(history, {"append": append}))


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

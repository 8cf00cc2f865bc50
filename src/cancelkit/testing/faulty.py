"""A host in which one call of a unit of work fails, just after it has taken effect."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from attrs import evolve, frozen

from cancelkit.effects import AnyPerformer
from cancelkit.ports import Clock, Host, Ids, Unit

T = TypeVar("T")


class Fault(Exception):
    """What goes wrong."""


POINTS = (
    "customers.lock",
    "operations.find",
    "cancellations.current",
    "customers.facts",
    "performers.perform",
    "status.mark_pending",
    "status.restore",
    "status.mark_cancelled",
    "cancellations.add",
    "cancellations.save",
    "history.append",
    "operations.add",
    "outbox.add",
)
"""The calls after which a command may fail, as "port.method"."""


class Failing:
    """A port one of whose methods raises `Fault` after it has done its work."""

    def __init__(self, port: object, method: str) -> None:
        self._port = port
        self._method = method

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name != self._method:
            return found

        def call(*values: Any) -> Any:
            found(*values)
            raise Fault(name)

        return call


@frozen(eq=False)
class _Unit:
    """A unit of work with another port in the place of one."""

    customers: Any
    status: Any
    performers: Mapping[type, AnyPerformer]
    cancellations: Any
    history: Any
    operations: Any
    outbox: Any


class FaultyHost:
    """A host that can be told to fail; until then, and after one unit, it is as the inner one."""

    def __init__(self, inner: Host) -> None:
        self.inner = inner
        self.tenant: str = inner.tenant
        self.clock: Clock = inner.clock
        self.ids: Ids = inner.ids
        self.performs: frozenset[type[Any]] = inner.performs
        self.joined: bool = inner.joined
        self.point: str = ""
        """One of `POINTS`; "" for none."""

    def reading(self) -> AbstractContextManager[Unit]:
        """See `Host.reading`."""
        return self.inner.reading()

    def failing(self, point: str, call: Callable[..., T], *values: Any) -> T:
        """Call something while the units of work fail at a point; "" for none."""
        self.point = point
        try:
            return call(*values)
        finally:
            self.point = ""

    @contextmanager
    def writing(self) -> Generator[Unit]:
        """See `Host.writing`."""
        with self.inner.writing() as unit:
            yield self._failing(unit) if self.point else unit

    def _failing(self, unit: Unit) -> Unit:
        port, _, method = self.point.partition(".")
        names = ("status", "performers", "cancellations", "history", "operations", "outbox")
        made = _Unit(unit.customers, *(getattr(unit, name) for name in names))
        if port == "performers":
            failing = {
                effect: performer._replace(perform=Failing(performer, "perform").perform)
                for effect, performer in unit.performers.items()
            }
            return evolve(made, performers=failing)
        inner = getattr(unit, port)
        changed: dict[str, Any] = {port: Failing(inner, method)}
        return made if inner is None else evolve(made, **changed)

"""A host in which one call of a unit of work fails, just after it has taken effect."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

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
        if port == "performers":
            failing = {
                effect: performer._replace(perform=Failing(performer, "perform").perform)
                for effect, performer in unit.performers.items()
            }
            return unit._replace(performers=failing)
        inner = getattr(unit, port)
        changed: dict[str, Any] = {port: Failing(inner, method)}
        return unit if inner is None else unit._replace(**changed)

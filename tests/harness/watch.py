"""A host and a kit whose every port call goes through one function first.

The function may count the call, refuse it, change the answer, or wait. It works on any `Host`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from types import TracebackType
from typing import Any, Protocol, cast

from attrs import frozen

from cancelkit import CancelKit
from cancelkit.effects import Performer
from cancelkit.ports import Clock, Host, Ids, Unit

ENTER = "unit.enter"
COMMIT = "unit.commit"
READING = "reading"
"""What is given to the entering and leaving of a unit that only reads."""


@frozen
class Call:
    """One call of a port: its name, such as "customers.lock", and what it was given."""

    port: str
    args: tuple[Any, ...] = ()


class Watch(Protocol):
    """What every call goes through."""

    def __call__(self, call: Call, do: Callable[[], Any], /) -> Any:
        """Make the call with `do()`, or not, and return what the caller shall get."""


class Watched:
    """A port whose methods are watched."""

    def __init__(self, name: str, port: object, watch: Watch) -> None:
        self._name = name
        self._port = port
        self._watch = watch

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)
        if not callable(found):
            return found
        return watched(f"{self._name}.{method}", found, self._watch)


def watched(name: str, function: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    """Return the function, watched under a name."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return watch(Call(name, args), lambda: function(*args, **kwargs))

    return call


def watched_unit(unit: Unit, watch: Watch) -> Unit:
    """Return the unit with all of its ports watched."""
    names = ("customers", "cancellations", "history", "operations", "outbox")
    ports: dict[str, Any] = {name: Watched(name, getattr(unit, name), watch) for name in names}
    if unit.status is not None:
        ports["status"] = Watched("status", unit.status, watch)
    ports["performers"] = {
        cls: Performer(
            cls,
            watched("performer.perform", performer.perform, watch),
            watched("performer.refuses", performer.refuses, watch),
        )
        for cls, performer in unit.performers.items()
    }
    return unit._replace(**ports)


class AnyHost:
    """A host around another one. Subclasses change its units of work."""

    def __init__(self, inner: Host) -> None:
        self.inner = inner

    @property
    def tenant(self) -> str:
        return self.inner.tenant

    @property
    def clock(self) -> Clock:
        return self.inner.clock

    @property
    def ids(self) -> Ids:
        return self.inner.ids

    @property
    def performs(self) -> frozenset[type[Any]]:
        return self.inner.performs

    @property
    def joined(self) -> bool:
        return self.inner.joined

    def reading(self) -> AbstractContextManager[Unit]:
        return self.inner.reading()

    def writing(self) -> AbstractContextManager[Unit]:
        return self.inner.writing()


class WatchedHost(AnyHost):
    """A host whose ports, clock, ids, and the entering and leaving of units are watched."""

    def __init__(self, inner: Host, watch: Watch) -> None:
        super().__init__(inner)
        self._watch = watch

    @property
    def clock(self) -> Clock:
        return cast("Clock", Watched("clock", self.inner.clock, self._watch))

    @property
    def ids(self) -> Ids:
        return cast("Ids", Watched("ids", self.inner.ids, self._watch))

    def reading(self) -> AbstractContextManager[Unit]:
        return _WatchedUnit(self.inner.reading(), self._watch, (READING,))

    def writing(self) -> AbstractContextManager[Unit]:
        return _WatchedUnit(self.inner.writing(), self._watch, ())


class _WatchedUnit:
    """A unit of work, being entered and left. Whatever happens, the inner one is left too."""

    def __init__(
        self, inner: AbstractContextManager[Unit], watch: Watch, args: tuple[str, ...]
    ) -> None:
        self._inner = inner
        self._watch = watch
        self._args = args
        self._entered = False

    def __enter__(self) -> Unit:
        try:
            return cast("Unit", self._watch(Call(ENTER, self._args), self._enter))
        except BaseException as error:
            self._roll_back(error)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> bool | None:
        if error is not None:
            self._entered = False
            return self._inner.__exit__(kind, error, at)
        try:
            self._watch(Call(COMMIT, self._args), self._leave)
        except BaseException as late:
            self._roll_back(late)
            raise
        return None

    def _enter(self) -> Unit:
        unit = self._inner.__enter__()
        self._entered = True
        return watched_unit(unit, self._watch)

    def _leave(self) -> None:
        self._entered = False
        self._inner.__exit__(None, None, None)

    def _roll_back(self, error: BaseException) -> None:
        if self._entered:
            self._entered = False
            self._inner.__exit__(type(error), error, error.__traceback__)


def watched_kit(kit: CancelKit, watch: Watch) -> CancelKit:
    """Return the kit with its ports watched. It is copied as it is: to set it up anew is dear."""
    watching = copy(kit)
    for name in ("roles", "users", "recipients", "links"):
        port = getattr(kit, name)
        if port is not None:
            object.__setattr__(watching, name, Watched(name, port, watch))
    return watching

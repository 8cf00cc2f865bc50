"""The numbered promises, read from the docstrings of the ports, and whether a port is all there."""

from __future__ import annotations

import re
from inspect import cleandoc, iscoroutinefunction
from types import FunctionType
from typing import Any, NamedTuple

from typing_extensions import get_protocol_members, is_protocol

from cancelkit.errors import AdapterContractError
from cancelkit.ports import (
    Cancellations,
    Clock,
    CustomerRepo,
    Fixers,
    History,
    Host,
    Ids,
    Links,
    Notifier,
    Operations,
    Outbox,
    Recipients,
    RoleChecker,
    Sampler,
    StatusMirror,
    Translator,
    Unit,
    Users,
)

PORTS: tuple[type[Any], ...] = (
    CustomerRepo,
    StatusMirror,
    Unit,
    Host,
    Cancellations,
    History,
    Operations,
    Outbox,
    RoleChecker,
    Users,
    Recipients,
    Notifier,
    Sampler,
    Clock,
    Ids,
    Links,
    Fixers,
    Translator,
)
"""The ports whose docstrings have numbered promises."""

_NUMBERED = re.compile(r"^ +([A-Z]\d+): (.+(?:\n {8,}.+)*)", re.MULTILINE)


class Promise(NamedTuple):
    """One numbered promise of a port."""

    number: str  # "C1"
    port: str  # "CustomerRepo"
    method: str  # "lock"; "" for a promise of the port as a whole
    text: str


def promises() -> tuple[Promise, ...]:
    """Return every numbered promise of the ports, in the order of their docstrings."""
    return tuple(promise for port in PORTS for promise in _of(port))


def _of(port: type[Any]) -> list[Promise]:
    members = get_protocol_members(port) if is_protocol(port) else ()
    documented = {"": port.__doc__, **{name: vars(port)[name].__doc__ for name in members}}
    return [
        Promise(number, port.__name__, method, " ".join(text.split()))
        for method, doc in documented.items()
        for number, text in _NUMBERED.findall(cleandoc(doc or ""))
    ]


def check_port(thing: object, port: type[Any]) -> None:
    """Check that an object has every member of a port.

    Raises:
        AdapterContractError: one is missing or no method; the message names the port, the method
            and its promises, and lists what the object has.
    """
    for name in sorted(get_protocol_members(port)):
        method = isinstance(vars(port).get(name), FunctionType)
        found = getattr(thing, name, _MISSING)
        if found is _MISSING:
            raise AdapterContractError(_sentence("is missing", thing, port, name))
        if method and not callable(found):
            raise AdapterContractError(_sentence("is no method", thing, port, name))
        if method and iscoroutinefunction(found):
            wrong = "is a coroutine function, and the ports are synchronous"
            raise AdapterContractError(_sentence(wrong, thing, port, name))


def check_host(host: Any) -> None:
    """Check that a host, and each port of the units of work that it makes, has every member.

    Raises:
        AdapterContractError: see `check_port`.
    """
    check_port(host, Host)
    with host.reading() as unit:
        if not isinstance(unit, Unit):
            raise AdapterContractError(
                f"The unit of work is a {type(unit).__name__}, not a cancelkit.ports.Unit: give "
                f"that one the ports: {', '.join(Unit._fields)}."
            )
        check_port(unit.customers, CustomerRepo)
        check_port(unit.cancellations, Cancellations)
        check_port(unit.history, History)
        check_port(unit.operations, Operations)
        check_port(unit.outbox, Outbox)
        if unit.status is not None:
            check_port(unit.status, StatusMirror)


_MISSING = object()


def _sentence(wrong: str, thing: object, port: type[Any], name: str) -> str:
    promised = [promise for promise in _of(port) if promise.method == name]
    must = "".join(f" {promise.number}: {promise.text}" for promise in promised)
    there = ", ".join(one for one in dir(thing) if not one.startswith("_")) or "nothing"
    return f"{port.__name__}.{name} {wrong}: {type(thing).__name__} has {there}." + (
        f" What it must do:{must}" if must else ""
    )

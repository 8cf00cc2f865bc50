"""What cancelkit needs from a host: small structural Protocols; no base class to inherit.

A host must write `CustomerRepo`, a `RoleChecker` and a `Notifier`. The rest has defaults or comes
with each adapter. A port's docstring is a contract; its numbered promises are proved by the
contract tests.
"""

from __future__ import annotations

from cancelkit.ports.customers import CustomerRepo
from cancelkit.ports.people import (
    Fixers,
    Links,
    Notifier,
    Recipients,
    RoleChecker,
    Translator,
    Users,
)
from cancelkit.ports.status import StatusMirror
from cancelkit.ports.stores import Cancellations, History, Operations, Outbox
from cancelkit.ports.unit import Clock, Host, Ids, Unit

__all__ = [
    "Cancellations",
    "Clock",
    "CustomerRepo",
    "Fixers",
    "History",
    "Host",
    "Ids",
    "Links",
    "Notifier",
    "Operations",
    "Outbox",
    "Recipients",
    "RoleChecker",
    "StatusMirror",
    "Translator",
    "Unit",
    "Users",
]

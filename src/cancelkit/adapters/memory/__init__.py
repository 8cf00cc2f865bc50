"""In-memory adapters: obvious and complete. For demos and tests, and as the model of an adapter."""

from __future__ import annotations

from cancelkit.adapters.memory.clock import CountingIds, SetClock
from cancelkit.adapters.memory.crm import CLOSED, Asset, Expiry, MemoryCrm, MemoryCustomers, Record
from cancelkit.adapters.memory.host import MemoryHost
from cancelkit.adapters.memory.people import (
    MemoryLinks,
    MemoryNotifier,
    MemoryRecipients,
    MemoryUsers,
)
from cancelkit.adapters.memory.store import Memory

__all__ = [
    "CLOSED",
    "Asset",
    "CountingIds",
    "Expiry",
    "Memory",
    "MemoryCrm",
    "MemoryCustomers",
    "MemoryHost",
    "MemoryLinks",
    "MemoryNotifier",
    "MemoryRecipients",
    "MemoryUsers",
    "Record",
    "SetClock",
]

"""A host on plain sqlite3: write a `CustomerRepo` over your tables, `SqliteHost` does the rest."""

from __future__ import annotations

from cancelkit.adapters.sqlite.host import SqliteHost, mirror_of
from cancelkit.adapters.sqlite.stores import TABLES

__all__ = ["TABLES", "SqliteHost", "mirror_of"]

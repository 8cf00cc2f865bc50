"""A tiny CRM on plain sqlite3: its tables, as they were before cancelkit came."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT, state TEXT NOT NULL DEFAULT 'active',
                     leaving INTEGER NOT NULL DEFAULT 0, keeper TEXT, deleted INTEGER DEFAULT 0);
CREATE TABLE ticket (id INTEGER PRIMARY KEY, client INTEGER, subject TEXT, state TEXT,
                     deleted INTEGER DEFAULT 0);
CREATE TABLE device (id INTEGER PRIMARY KEY, client INTEGER, serial TEXT, ceased TEXT,
                     live INTEGER, deleted INTEGER DEFAULT 0);
CREATE TABLE reminder (id INTEGER PRIMARY KEY, client INTEGER, due TEXT, deleted INTEGER DEFAULT 0);
CREATE INDEX ticket_client ON ticket (client);
CREATE INDEX device_client ON device (client);
CREATE INDEX reminder_client ON reminder (client);
"""

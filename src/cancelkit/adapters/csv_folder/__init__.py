"""A folder of CSV files as a `MemoryCrm`: for a check of real data before anything is connected.

    loaded = load_folder("export")
    kit = CancelKit(loaded.checklist, roles=may, users=loaded.users)
    desk = kit.at(MemoryHost(loaded.crm), actor=alice)

Each kind of records has a file of its own, in UTF-8, with a header. A column that is not listed is
refused: it might be a misspelt one. Spaces around a cell do not count; days are written 2026-03-02,
boxes yes or no.

    customers.csv       id, name; if wanted status, owner (a user's id), since (a day)
    users.csv           id, name; if wanted active, telesales (boxes), roles (separated by ;)
    assets.csv          id, customer, ceased_on; if wanted live (a box), label
    cases.csv           id, customer, status; if wanted label
    opportunities.csv   likewise
    quotations.csv      likewise
    sales_orders.csv    likewise
    expiries.csv        id, customer, on (a day); if wanted label

Only customers.csv must be there. Where another one is missing, its section is absent: it is not in
the checklist, named in the report, and never counted as evidence. Exports with other names are read
through a mapping file; see `cancelkit.adapters.csv_folder.mapping`.
"""

from __future__ import annotations

from cancelkit.adapters.csv_folder.load import load_folder
from cancelkit.adapters.csv_folder.mapping import read_mapping
from cancelkit.adapters.csv_folder.problems import BadFile, Problem
from cancelkit.adapters.csv_folder.report import LeftOut, Loaded, LoadReport
from cancelkit.adapters.csv_folder.sources import KINDS, Kind, Source

__all__ = [
    "KINDS",
    "BadFile",
    "Kind",
    "LeftOut",
    "LoadReport",
    "Loaded",
    "Problem",
    "Source",
    "load_folder",
    "read_mapping",
]

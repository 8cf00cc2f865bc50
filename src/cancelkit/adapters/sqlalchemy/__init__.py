"""The CRM's own database through SQLAlchemy 2: SQLite, PostgreSQL, MariaDB (extra "sql")."""

from cancelkit.adapters.sqlalchemy.description import Assets as Assets
from cancelkit.adapters.sqlalchemy.description import Customers as Customers
from cancelkit.adapters.sqlalchemy.description import Dates as Dates
from cancelkit.adapters.sqlalchemy.description import Records as Records
from cancelkit.adapters.sqlalchemy.description import Status as Status
from cancelkit.adapters.sqlalchemy.host import SqlHost as SqlHost
from cancelkit.adapters.sqlalchemy.tables import OwnTables as OwnTables
from cancelkit.adapters.sqlalchemy.tables import include_object as include_object
from cancelkit.adapters.sqlalchemy.tables import own_tables as own_tables
from cancelkit.adapters.sqlalchemy.tables import render_item as render_item

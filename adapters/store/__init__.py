"""The store: snapshots, journal, inbox and outbox.

:class:`Store` is what every store promises. :class:`SqlStore` keeps everything in a database of its
own, :class:`TableStore` in tables of yours, and :class:`MemoryStore` in memory. Only what the extra
``store`` is for imports SQLAlchemy, when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from relink.adapters.extras import needed_for

from .codec import Codec
from .errors import (
    ConcurrentChangeError,
    DatabaseFileError,
    ForeignSchemaError,
    SchemaAheadError,
    SchemaBehindError,
    SchemaError,
    StoreDefectError,
    StoreError,
    StoreUnavailableError,
    UnreadableRecordError,
    UnstorableError,
)
from .journal import JournalEntry
from .location import DatabaseLocation, LocationError, locate
from .meaning import Meaning
from .memory import MemoryStore
from .outbox import DeadLetter, DueCommand, Overdue, Party, StuckCommand
from .protocol import History, Store
from .readable import Unreadable
from .table_check import WrongTablesError, verify_tables
from .table_store import TableStore
from .tables import Row, TableName, Tables, Where
from .unit_of_work import Applied, InboxMessage

if TYPE_CHECKING:
    from .backend import Backend, backend_for
    from .migrating import migrate
    from .store import SqlStore

_OF_SQLALCHEMY = {
    "Backend": "backend",
    "SqlStore": "store",
    "backend_for": "backend",
    "migrate": "migrating",
}
"""The modules of the names that need the extra ``store``."""


def __getattr__(name: str) -> Any:
    """Import what needs SQLAlchemy.

    Raises:
        MissingExtraError: the extra ``store`` is not installed.
    """
    if name not in _OF_SQLALCHEMY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needed_for(f"relink.adapters.store.{name}", "store"):
        module = importlib.import_module(f"{__name__}.{_OF_SQLALCHEMY[name]}")
    found = getattr(module, name)
    globals()[name] = found
    return found


__all__ = [
    "Applied",
    "Backend",
    "Codec",
    "ConcurrentChangeError",
    "DatabaseFileError",
    "DatabaseLocation",
    "DeadLetter",
    "DueCommand",
    "ForeignSchemaError",
    "History",
    "InboxMessage",
    "JournalEntry",
    "LocationError",
    "Meaning",
    "MemoryStore",
    "Overdue",
    "Party",
    "Row",
    "SchemaAheadError",
    "SchemaBehindError",
    "SchemaError",
    "SqlStore",
    "Store",
    "StoreDefectError",
    "StoreError",
    "StoreUnavailableError",
    "StuckCommand",
    "TableName",
    "TableStore",
    "Tables",
    "Unreadable",
    "UnreadableRecordError",
    "UnstorableError",
    "Where",
    "WrongTablesError",
    "backend_for",
    "locate",
    "migrate",
    "verify_tables",
]

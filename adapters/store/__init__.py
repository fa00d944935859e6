"""The store: snapshots, journal, inbox and outbox.

:class:`Store` is what every store promises; :class:`SqlStore` keeps everything in a database, and
:class:`MemoryStore` in memory.
"""

from .backend import Backend, backend_for
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
from .migrate import migrate
from .outbox import DeadLetter, DueCommand, Overdue, Party, StuckCommand
from .protocol import History, Store
from .store import SqlStore
from .unit_of_work import Applied, InboxMessage

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
    "SchemaAheadError",
    "SchemaBehindError",
    "SchemaError",
    "SqlStore",
    "Store",
    "StoreDefectError",
    "StoreError",
    "StoreUnavailableError",
    "StuckCommand",
    "UnreadableRecordError",
    "UnstorableError",
    "backend_for",
    "locate",
    "migrate",
]

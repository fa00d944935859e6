"""The store: snapshots, journal, inbox and outbox.

:class:`Store` is what every store promises; :class:`SqlStore` keeps everything in a database, and
:class:`MemoryStore` in memory.
"""

from .backend import Backend, backend_for
from .codec import Codec
from .errors import (
    ConcurrentChangeError,
    DatabaseFileError,
    SchemaAheadError,
    SchemaBehindError,
    SchemaError,
    StoreError,
    StoreUnavailableError,
    UnreadableRecordError,
)
from .journal import JournalEntry
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
    "DeadLetter",
    "DueCommand",
    "History",
    "InboxMessage",
    "JournalEntry",
    "MemoryStore",
    "Overdue",
    "Party",
    "SchemaAheadError",
    "SchemaBehindError",
    "SchemaError",
    "SqlStore",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "StuckCommand",
    "UnreadableRecordError",
    "backend_for",
    "migrate",
]

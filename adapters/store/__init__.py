"""The store: snapshots, journal, inbox and outbox in one database, by SQLAlchemy Core."""

from .codec import Codec
from .errors import (
    ConcurrentChangeError,
    SchemaBehindError,
    StoreError,
    StoreUnavailableError,
    UnreadableRecordError,
)
from .journal import JournalEntry
from .memory import MemoryStore
from .migrate import migrate
from .outbox import DeadLetter, DueCommand
from .store import Store
from .unit_of_work import Applied, InboxMessage

__all__ = [
    "Applied",
    "Codec",
    "ConcurrentChangeError",
    "DeadLetter",
    "DueCommand",
    "InboxMessage",
    "JournalEntry",
    "MemoryStore",
    "SchemaBehindError",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "UnreadableRecordError",
    "migrate",
]

"""The store: snapshots, journal, inbox and outbox in one database, by SQLAlchemy Core."""

from .unit_of_work import Applied, InboxMessage
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

__all__ = [
    "Applied",
    "InboxMessage",
    "Codec",
    "ConcurrentChangeError",
    "DeadLetter",
    "DueCommand",
    "JournalEntry",
    "MemoryStore",
    "SchemaBehindError",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "UnreadableRecordError",
    "migrate",
]

"""The store: snapshots, journal, inbox and outbox in one database, by SQLAlchemy Core."""

from .codec import Codec
from .errors import (
    ConcurrentChangeError,
    StoreError,
    UnknownCommandError,
    UnreadableRecordError,
)
from .journal import JournalEntry
from .memory import MemoryStore
from .outbox import DueCommand
from .store import Applied, Arrival, Store

__all__ = [
    "Applied",
    "Arrival",
    "Codec",
    "ConcurrentChangeError",
    "DueCommand",
    "JournalEntry",
    "MemoryStore",
    "Store",
    "StoreError",
    "UnknownCommandError",
    "UnreadableRecordError",
]

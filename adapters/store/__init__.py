"""The store: snapshots, journal, inbox and outbox in one database, by SQLAlchemy Core."""

from .codec import Codec
from .errors import (
    ConcurrentChangeError,
    StoreError,
    UnknownCommandError,
    UnreadableRecordError,
)
from .journal import JournalEntry
from .outbox import DueCommand
from .store import Applied, Arrival, Store

__all__ = [
    "Applied",
    "Arrival",
    "Codec",
    "ConcurrentChangeError",
    "DueCommand",
    "JournalEntry",
    "Store",
    "StoreError",
    "UnknownCommandError",
    "UnreadableRecordError",
]

"""Errors of the store, each by its own name."""


class StoreError(Exception):
    """Base of every error of the store."""


class ConcurrentChangeError(StoreError):
    """A machine was changed by others as often as the store was willing to try again."""


class StoreUnavailableError(StoreError):
    """The database is away, busy for too long, or full. Nothing was stored; try again later."""


class SchemaBehindError(StoreError):
    """The database's schema is not the one of this release; the text says what to do."""


class UnreadableRecordError(StoreError):
    """A stored record that this release can't read: an unknown name, or fields that don't fit."""

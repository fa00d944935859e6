"""What an error of the database means, and what follows from it: one table for every caller.

Drivers sort errors by classes that mix what is different (a read-only server is psycopg's
``InternalError``) and part what is alike. So an error is sorted by its code alone: the SQLSTATE of
PostgreSQL, or SQLite's result code. Two have no code, and there the text stands for one: a
connection that is refused, and a table or column that SQLite does not find. Its meaning then
settles four things: how a request is answered, what becomes of the connection, whether the work is
tried again at once, and what ``/healthz`` says. The store, the workers' connections, the command
line and the checks at start all ask this table.
"""

import re
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Fate(Enum):
    """What becomes of the connection on which an error occurred."""

    KEEP = auto()
    """It is as good as before, once its transaction is rolled back."""
    DROP = auto()
    """It is closed. The others are kept."""
    DROP_ALL = auto()
    """It is closed, and so is every other one: all lead to the same server."""


class Meaning(Enum):
    """What an error says about the database. Closed: every error has exactly one meaning."""

    LOST = "lost"
    """The connection ended, or none could be made: the server is down, restarts, or is silent."""
    READ_ONLY = "read_only"
    """The server takes no writes: it is a standby, or the file may not be written."""
    FULL = "full"
    """The disk or the memory is used up."""
    EXHAUSTED = "exhausted"
    """All connections are in use, at the server or in this process."""
    BUSY = "busy"
    """A lock or a statement took longer than its bound."""
    CONFLICT = "conflict"
    """Another transaction changed the same rows first."""
    FORGOTTEN = "forgotten"
    """The connection's prepared statements are gone: something between here and the server gave it
    another session."""
    MISCONFIGURED = "misconfigured"
    """An operator has to act: a password, a permission, a missing database, schema or table."""
    GONE = "gone"
    """SQLite's file was removed or replaced while the process had it open."""
    DAMAGED = "damaged"
    """The stored data cannot be read: a damaged file or index, or a disk that fails."""
    DEFECT = "defect"
    """relink's own statement is wrong, or a value that it stores."""

    @property
    def treatment(self) -> "Treatment":
        """What follows from it."""
        return TREATMENTS[self]


@dataclass(frozen=True, slots=True)
class Treatment:
    """What follows from a meaning."""

    fate: Fate
    """What becomes of the connection."""
    retry_after: int | None
    """``Retry-After`` of a 503, in seconds; None for a 500, where waiting alone does not help."""
    again: bool
    """Whether the same work is tried once more at once, on another connection."""
    sentence: str
    """What is wrong, for operators: in ``/healthz`` and in the log."""
    cure: str
    """What an operator does about it."""


TREATMENTS: Mapping[Meaning, Treatment] = {
    Meaning.LOST: Treatment(
        *(Fate.DROP_ALL, 5, True),
        "The database does not answer.",
        "Check that it runs, and host and port of RELINK_DATABASE_URL.",
    ),
    Meaning.READ_ONLY: Treatment(
        *(Fate.DROP_ALL, 5, True),
        "The database takes no writes.",
        "Let RELINK_DATABASE_URL lead to the primary, or make the file writable.",
    ),
    Meaning.FULL: Treatment(
        *(Fate.KEEP, 30, False),
        "The database has no room left.",
        "Free disk space or memory where the database is, or raise its quota.",
    ),
    Meaning.EXHAUSTED: Treatment(
        *(Fate.KEEP, 5, False),
        "All connections to the database are in use.",
        "Run fewer processes, or raise max_connections. Each uses up to 32 connections.",
    ),
    Meaning.BUSY: Treatment(
        *(Fate.KEEP, 5, False),
        "The database is too slow, or something holds a lock for too long.",
        "Look for a transaction that stays open, and for load on the database.",
    ),
    Meaning.CONFLICT: Treatment(
        *(Fate.KEEP, 1, True),
        "Other transactions keep changing the same rows.",
        "Nothing, unless it lasts.",
    ),
    Meaning.FORGOTTEN: Treatment(
        *(Fate.DROP, 5, True),
        "The database forgot prepared statements.",
        "Let the pooler in front of it keep a session for each connection, or pool transactions.",
    ),
    Meaning.MISCONFIGURED: Treatment(
        *(Fate.DROP, None, False),
        "The database refuses relink.",
        "Check user, password, database, schema and permissions. relink doctor tries them.",
    ),
    Meaning.GONE: Treatment(
        *(Fate.DROP, 5, False),
        "The database's file was removed or replaced.",
        "Restart relink. To restore a backup, stop relink first.",
    ),
    Meaning.DAMAGED: Treatment(
        *(Fate.DROP, None, False),
        "The database's data is damaged.",
        "Stop relink, and restore the latest backup.",
    ),
    Meaning.DEFECT: Treatment(
        *(Fate.KEEP, None, False),
        "The database refuses a statement of relink.",
        "Report it: this is a defect in relink.",
    ),
}

SQLSTATES: Mapping[str, Meaning] = {
    # Classes, by their first two characters. A full code below takes precedence. PgBouncer gives
    # all of its own errors 08P01, and mostly means that it does not reach the server.
    "08": Meaning.LOST,
    # The plan of a prepared statement no longer fits its table: a migration changed it.
    "0A": Meaning.FORGOTTEN,
    "25": Meaning.DEFECT,
    "26": Meaning.FORGOTTEN,
    "28": Meaning.MISCONFIGURED,
    "3D": Meaning.MISCONFIGURED,
    "3F": Meaning.MISCONFIGURED,
    "40": Meaning.CONFLICT,
    "42": Meaning.DEFECT,
    "53": Meaning.FULL,
    "55": Meaning.BUSY,
    "57": Meaning.LOST,
    "58": Meaning.DAMAGED,
    "F0": Meaning.MISCONFIGURED,
    "XX": Meaning.DAMAGED,
    "23505": Meaning.CONFLICT,
    "25006": Meaning.READ_ONLY,
    # The server ended the session: idle within a transaction, or a transaction too long.
    "25P03": Meaning.LOST,
    "25P04": Meaning.LOST,
    "40003": Meaning.LOST,
    # A permission, a table, a column or a function is missing.
    "42501": Meaning.MISCONFIGURED,
    "42703": Meaning.MISCONFIGURED,
    "42704": Meaning.MISCONFIGURED,
    "42883": Meaning.MISCONFIGURED,
    "42P01": Meaning.MISCONFIGURED,
    "42P05": Meaning.FORGOTTEN,
    "53300": Meaning.EXHAUSTED,
    "53400": Meaning.EXHAUSTED,
    "57014": Meaning.BUSY,
    "57P04": Meaning.MISCONFIGURED,
    "58P01": Meaning.DAMAGED,
    "XX000": Meaning.DEFECT,
}
"""Meanings by SQLSTATE. Everything else is a :attr:`Meaning.DEFECT`."""

SQLITE_CODES: Mapping[int, Meaning] = {
    sqlite3.SQLITE_PERM: Meaning.MISCONFIGURED,
    sqlite3.SQLITE_BUSY: Meaning.BUSY,
    sqlite3.SQLITE_LOCKED: Meaning.BUSY,
    sqlite3.SQLITE_NOMEM: Meaning.FULL,
    sqlite3.SQLITE_READONLY: Meaning.READ_ONLY,
    sqlite3.SQLITE_IOERR: Meaning.DAMAGED,
    sqlite3.SQLITE_CORRUPT: Meaning.DAMAGED,
    sqlite3.SQLITE_FULL: Meaning.FULL,
    sqlite3.SQLITE_CANTOPEN: Meaning.LOST,
    sqlite3.SQLITE_PROTOCOL: Meaning.BUSY,
    sqlite3.SQLITE_AUTH: Meaning.MISCONFIGURED,
    sqlite3.SQLITE_NOTADB: Meaning.DAMAGED,
    # Extended codes take precedence. A quota is used up: only a disk that is full has a code of
    # its own. Nothing of the file has changed.
    sqlite3.SQLITE_IOERR_WRITE: Meaning.FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: Meaning.FULL,
    sqlite3.SQLITE_IOERR_NOMEM: Meaning.FULL,
    sqlite3.SQLITE_IOERR_LOCK: Meaning.BUSY,
    sqlite3.SQLITE_IOERR_RDLOCK: Meaning.BUSY,
    sqlite3.SQLITE_IOERR_SHMLOCK: Meaning.BUSY,
}
"""Meanings by SQLite's result code. Everything else is a :attr:`Meaning.DEFECT`."""


REFUSALS: Mapping[str, str] = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "[Aa]uthentication failed for user": "28000",
    "no pg_hba.conf entry": "28000",
    "pg_hba.conf rejects connection": "28000",
    'role ".*" does not exist': "28000",
    'role ".*" is not permitted to log in': "28000",
    'database ".*" does not exist': "3D000",
    "no such database": "3D000",
    "permission denied for database": "42501",
    "too many clients already": "53300",
    "remaining connection slots are reserved": "53300",
    "too many connections for (database|role)": "53300",
    "invalid (sslmode|channel_binding|gssencmode|require_auth|target_session_attrs) value": "F0000",
    "server does not support SSL, but SSL was required": "28000",
}
"""The SQLSTATE of a server that refuses a connection, by its text (a regular expression): libpq
passes on the text alone. A server that speaks another language (``lc_messages``) counts as lost."""

_MISSING = re.compile("no such (table|column): |table .* has no column named ")
"""SQLite's words for a table or a column that is missing, which has no code of its own."""

_ATTEMPT = re.compile("^.*(?:failed|bad): (.*)$", re.MULTILINE)
"""A host that was tried, and why it gave no connection: after the last colon of its kind, because
the address comes before it."""


def meaning_of(error: BaseException) -> Meaning | None:
    """What an error of a database means; None for an error of anything else.

    Args:
        error: raised by psycopg, by sqlite3, or by SQLAlchemy around either.
    """
    # An error of a library that was never imported can't be here.
    exc = sys.modules.get("sqlalchemy.exc")
    if exc is not None:
        if isinstance(error, exc.DBAPIError) and error.orig is not None:
            error = error.orig
        if isinstance(error, exc.TimeoutError):
            return Meaning.EXHAUSTED
        if isinstance(error, exc.DisconnectionError | exc.InvalidRequestError):
            # The pool's own words for connections that keep being lost as they are taken.
            return Meaning.LOST
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    return _of_psycopg(error)


def _of_sqlite(error: sqlite3.Error) -> Meaning:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Meaning.DEFECT
    if code == sqlite3.SQLITE_ERROR and _MISSING.match(str(error)):
        return Meaning.MISCONFIGURED
    return SQLITE_CODES.get(code) or SQLITE_CODES.get(code & 0xFF, Meaning.DEFECT)


def _of_psycopg(error: BaseException) -> Meaning | None:
    drivers = [sys.modules[name] for name in ("psycopg", "psycopg2") if name in sys.modules]
    driver = next((driver for driver in drivers if isinstance(error, driver.Error)), None)
    if driver is None:
        return None
    code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if code is not None:
        return SQLSTATES.get(code) or SQLSTATES.get(code[:2], Meaning.DEFECT)
    if not isinstance(error, driver.OperationalError):
        return Meaning.DEFECT
    # libpq gives no code where no server answered, or none of its sessions began.
    return _of_refusals(str(error)) or Meaning.LOST


def _of_refusals(text: str) -> Meaning | None:
    """The meaning of a connection that was refused, if every host refused it for one reason."""
    attempts = _ATTEMPT.findall(text)
    codes = {_refusal(attempt) for attempt in attempts}
    meanings = {SQLSTATES.get(code) or SQLSTATES[code[:2]] for code in codes if code}
    return meanings.pop() if None not in codes and len(meanings) == 1 else None


def _refusal(text: str) -> str | None:
    return next((code for said, code in REFUSALS.items() if re.search(said, text)), None)


def is_missing_table(error: BaseException) -> bool:
    """Whether a table or a column is missing: the schema is not the one that is expected.

    Args:
        error: of a driver.
    """
    if isinstance(error, sqlite3.Error):
        return _MISSING.match(str(error)) is not None
    code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return code in ("42P01", "42703")

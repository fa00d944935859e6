"""The files that SQLite has open, told apart by device and inode and not by name.

A name can come to mean another file while a process runs: a restore moves a backup over
``relink.db``, a clean-up removes ``relink.db-wal``. SQLite does not notice. It goes on writing into
files that no name leads to any more, and everything that it commits there is lost. So
:class:`FileWatch` notes which files were opened. It is asked before each use of a connection, and
again after each commit that is about to be answered.

The files are the database, its write-ahead log and the index of that log. The log holds all
commits since the last checkpoint, so losing it loses them.
"""

import logging
import os
import stat
import threading
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from ..errors import DatabaseFileError, SchemaBehindError
from ..meaning import Meaning

MODE = 0o600
"""Only the user who runs relink may read the database. SQLite gives the log the same mode."""

LOG, INDEX = LOGS = ("-wal", "-shm")
"""What is appended to the database's name for the write-ahead log and its index."""

log = logging.getLogger(__name__)

ASIDE = ".replaced"
"""What is appended to the log's name while another file is at the database's name."""


class Identity(NamedTuple):
    """What a file is, whatever it is called."""

    device: int
    inode: int


held: dict[Path, Identity] = {}
"""The files whose lock this process holds, by their paths; see :mod:`.lock`."""


def real_path(database: str) -> Path:
    """The path of the database's file, without symbolic links, as SQLite resolves it."""
    return Path(os.path.realpath(database))


def uri(path: Path, mode: str) -> str:
    """The database as SQLite's URI.

    Args:
        path: its file.
        mode: ``rw`` or ``ro``. Neither creates a file.
    """
    return f"file:{quote(str(path))}?mode={mode}"


def identity(path: Path | str) -> Identity | None:
    """What is at a path; None if nothing is, or if it cannot be looked at."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Identity(found.st_dev, found.st_ino)


def create(path: Path) -> bool:
    """Create an empty database, unless there is one.

    An existing file is not opened. Closing it again would drop the locks that SQLite holds on it
    in this process.

    Returns:
        Whether it was created.

    Raises:
        DatabaseFileError: it cannot be created.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, MODE))
    except FileExistsError:
        return False
    except OSError as error:
        raise DatabaseFileError(
            f"unable to open or create the database file {path.name}: {error.strerror}",
            "Its folder has to exist, and relink's user has to be able to write to it",
        ) from None
    return True


def refuse_other_names(path: Path) -> None:
    """Refuse a file that has several names.

    SQLite keeps the log beside the name that was used. Whoever uses another name does not see it,
    and the two of them damage the database.

    Raises:
        DatabaseFileError: it has hard links, or is no file.
    """
    try:
        found = path.stat()
    except OSError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise DatabaseFileError(
            f"the database {path.name} is not a file", "Let RELINK_DATABASE_URL name one"
        )
    if found.st_nlink > 1:
        raise DatabaseFileError(
            f"the database file {path.name} has {found.st_nlink} names (hard links). SQLite would "
            "keep a log for each name, and damage it",
            "Remove the other names",
        )


class FileWatch:
    """Tells whether the files of one database are still those that were opened.

    Args:
        path: the database's file, without symbolic links.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: Identity | None = None
        self._logs: dict[str, Identity] = {}
        self._set_aside: Identity | None = None
        self._open = 0
        self._lock = threading.Lock()

    def opening(self) -> None:
        """Call it before each connection is opened.

        Raises:
            SchemaBehindError: there is no file.
            DatabaseFileError: the connection would open another file than those before.
        """
        if self._database is None:
            refuse_other_names(self._path)
            self._database = held.get(self._path) or identity(self._path)
        if self._database is None and self._path.parent.is_dir():
            raise SchemaBehindError(
                f"the database file {self._path.name} does not exist", "Run relink migrate"
            )
        self._check_database()

    def opened(self) -> None:
        """Call it after each connection was opened, and has opened the log."""
        with self._lock:
            if self._open == 0:
                # The last connection that is closed removes them.
                self._logs.clear()
            self._open += 1

    @property
    def is_in_use(self) -> bool:
        """Whether any connection is open."""
        return self._open > 0

    def closed(self) -> None:
        """Call it after each connection was closed."""
        with self._lock:
            self._open -= 1

    def check(self) -> None:
        """Check that whatever was written through an open connection is in the database.

        Raises:
            DatabaseFileError: the files at their names are others.
        """
        self._check_database()
        for suffix in LOGS:
            found = identity(f"{self._path}{suffix}")
            known = self._logs.setdefault(suffix, found) if found else self._logs.get(suffix)
            if found != known:
                # The pool closes this connection now. When the last one is closed, SQLite copies
                # the log that it has open into the database, so nothing is lost.
                raise _gone(f"{self._path.name}{suffix}", found, "The database is opened again")

    def _check_database(self) -> None:
        found = identity(self._path)
        if self._database is None:
            return
        if found == self._database:
            if self._set_aside is not None:
                self._put_log_back()
            return
        if found is not None:
            self._set_log_aside()
        cure = "Nothing is stored until the file is back, or this process is restarted"
        raise _gone(self._path.name, found, cure)

    def _set_log_aside(self) -> None:
        """Rename the log of the file that was there before.

        Otherwise whoever opens the new file next would apply the old log to it.
        """
        name = f"{self._path}{LOG}"
        with self._lock:
            if LOG in self._logs and identity(name) == self._logs[LOG]:
                os.replace(name, f"{name}{ASIDE}")
                self._set_aside = self._logs[LOG]
                log.warning("%s was replaced: its log is now %s%s", self._path.name, name, ASIDE)

    def _put_log_back(self) -> None:
        """The file is back: give it its log again, which holds its newest commits.

        SQLite leaves them there when it closes a database that was moved.
        """
        name = f"{self._path}{LOG}"
        with self._lock:
            if self._set_aside is not None and identity(f"{name}{ASIDE}") == self._set_aside:
                if identity(name) is not None:
                    # Of the other file: it must not be applied to this one.
                    os.replace(name, f"{name}.other")
                os.replace(f"{name}{ASIDE}", name)
                log.warning("%s is back, and %s beside it", self._path.name, name)
            self._set_aside = None


def _gone(name: str, found: Identity | None, cure: str) -> DatabaseFileError:
    what = "was removed" if found is None else "was replaced by another file"
    return DatabaseFileError(
        f"the database's file {name} {what} while this process had it open", cure, Meaning.GONE
    )

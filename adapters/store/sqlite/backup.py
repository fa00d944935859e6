"""Backups of an SQLite database: one file that is complete by itself, and how it is put back.

A plain copy of the file is not a backup. The newest changes are in the log beside it, and a backup
that is moved over a database would get the log of the other one applied to it. So
:func:`back_up` lets SQLite copy what one transaction sees, and :func:`restore` puts a database into
place together with the absence of a log.
"""

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..errors import StoreError
from ..schema import journal, outbox, snapshots
from .files import INDEX, LOG, uri

BUSY_WAIT = 10.0
"""Seconds to wait for a lock of another process."""


class BackupError(StoreError):
    """A backup cannot be made or restored. The text says why."""


def back_up(database: Path, target: Path) -> None:
    """Copy a database into a new file. It may be in use, and nobody waits for the copy.

    The copy appears under its name when it is complete, checked and on the disk. Only its owner may
    read it.

    Args:
        database: its file.
        target: the new file.

    Raises:
        BackupError: the target exists or cannot be written, or the database is damaged.
    """
    if os.path.lexists(target):
        raise _taken(target)
    with _new_file_beside(target) as made:
        _copy(uri(database, "rw"), database, made)
        _move(made, target)
    _sync(target.parent)


def restore(backup: Path, database: Path, prepare: Callable[[Path], None]) -> Path | None:
    """Put a backup in the place of a database. Hold the database's lock meanwhile.

    Until the last step the database stays as it is, and that step is a rename: whenever the process
    dies, the database is the old one or the new one.

    Args:
        backup: the file to restore. It is not changed.
        database: the file to replace.
        prepare: called with the file that will be the database, to be brought up to date.

    Returns:
        Where the database from before is now; None if there was none, or an empty one.

    Raises:
        BackupError: the backup is missing, damaged, or no database of relink's.
    """
    if not backup.exists():
        raise BackupError(f"the backup {backup} does not exist")
    if not backup.is_file():
        raise BackupError(f"the backup {backup} is not a file. Name one that relink backup made")
    if backup.resolve() == database:
        raise BackupError(f"{backup} is the database itself")
    with _new_file_beside(database) as made:
        # Without a log beside it, nothing needs to be created beside it either.
        is_alone = not Path(f"{backup}{LOG}").exists()
        _copy(uri(backup, "ro") + "&immutable=1" * is_alone, backup, made)
        _refuse_others(made, backup)
        prepare(made)
        kept = _keep(database)
        for suffix in (LOG, INDEX):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        os.replace(made, database)
    _sync(database.parent)
    return kept


def _move(made: Path, target: Path) -> None:
    """Give a complete file its name, unless another one has it by now: a second backup, for one.

    Raises:
        BackupError: the name is taken.
    """
    try:
        os.link(made, target)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:
        # A file system without hard links, such as FAT, has no step that checks and names.
        if os.path.lexists(target):
            raise _taken(target) from None
        os.replace(made, target)


def _taken(target: Path) -> BackupError:
    return BackupError(f"{target} exists already. Name a new file")


@contextmanager
def _new_file_beside(path: Path) -> Iterator[Path]:
    """A new file in the same folder, which is removed unless it was renamed."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}") from None
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for suffix in ("", LOG, INDEX, "-journal"):
            Path(f"{name}{suffix}").unlink(missing_ok=True)


def _copy(source_uri: str, source: Path, target: Path) -> None:
    """Copy a database into an empty file, and check the copy."""
    try:
        with (
            closing(sqlite3.connect(source_uri, uri=True, timeout=BUSY_WAIT)) as read,
            closing(sqlite3.connect(uri(target, "rw"), uri=True)) as written,
        ):
            read.backup(written)
            # Whoever copies the backup needs this one file.
            written.execute("PRAGMA journal_mode = DELETE")
            (found,) = written.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied: {error}") from None
    if found != "ok":
        raise BackupError(f"{source} is damaged: {found}")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _refuse_others(copied: Path, backup: Path) -> None:
    with closing(sqlite3.connect(uri(copied, "ro"), uri=True)) as database:
        found = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    if not found >= {journal.name, outbox.name, snapshots.name}:
        raise BackupError(f"{backup} is no database of relink's")


def _keep(database: Path) -> Path | None:
    """Give the database a second name, with all that belongs to it."""
    if not database.exists() or database.stat().st_size == 0:
        return None
    # It may be damaged: then its log is kept beside it.
    with (
        contextlib.suppress(sqlite3.Error),
        closing(sqlite3.connect(uri(database, "rw"), uri=True, timeout=BUSY_WAIT)) as old,
    ):
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = Path(f"{database}.before-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    log = Path(f"{database}{LOG}")
    if log.exists() and log.stat().st_size:
        os.replace(log, f"{kept}{LOG}")
    os.link(database, kept)
    return kept


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

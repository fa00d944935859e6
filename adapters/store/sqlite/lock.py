"""One process at a time serves an SQLite database.

SQLite itself would let a second process in, and both would perform the same commands.

**What is locked** is the file that SQLite opens, by its inode: a symbolic link leads to the same
lock, a lock file that somebody deletes does not exist, and a database that is moved stays locked.
The lock is an open file description lock on a byte far beyond the data. SQLite's own locks are on
other bytes, so the two do not meet. Where the system has no such locks, a file ``<database>.lock``
beside the database is locked instead.

**Whoever comes second waits.** Somebody who holds the lock is mostly a predecessor that is
stopping, as in each restart and rolling update. It may take as long as requests and attempts in
progress take. Only after that is the database taken to be in use.

**The descriptor is never closed.** When a process closes any descriptor of a file, the system drops
all classic locks of the process on it, those of SQLite too. So a released lock keeps its
descriptor, and the next one of the same file takes it over.
"""

import errno
import fcntl
import logging
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..backend import backend_for
from ..location import DatabaseLocation
from .files import Identity, create, held, identity, refuse_other_names

PREDECESSOR_WAIT = 90.0
"""Seconds to wait for the process that serves the database to stop, by default."""

POLL = 0.1
"""Seconds between two tries."""

SAY_AFTER = 1.0
"""Seconds of waiting after which the log says so."""

BYTE = 2**62
"""The byte that is locked. No database is as large."""

HELD_BY_ANOTHER = (errno.EAGAIN, errno.EACCES)

_descriptors: dict[tuple[int, Identity], int] = {}
"""Open descriptors by process and file. A forked process has to open its own: it would share the
lock of the process that it comes from."""

log = logging.getLogger(__name__)


class InUseError(Exception):
    """Another process serves the database."""


@contextmanager
def exclusive(database: str | DatabaseLocation, wait: float = PREDECESSOR_WAIT) -> Iterator[None]:
    """Hold the lock of a database. Its file is created if there is none.

    A file that was created and is still empty in the end is removed again: a restore that is
    refused leaves no empty database behind.

    The operating system releases the lock when the process ends, however it ends. Close the store
    before you release it.

    Args:
        database: the location or URL of an SQLite database.
        wait: the longest time to wait for another process that holds the lock (seconds).

    Raises:
        ValueError: the URL is of no SQLite database.
        InUseError: another process still holds it.
        DatabaseFileError: the file cannot be created, or has hard links.
        OSError: it cannot be locked.
    """
    path = backend_for(database).file
    if path is None:
        raise ValueError("only an SQLite database has a file to lock")
    release, is_new = _acquire(path, wait)
    found = identity(path)
    assert found is not None, "its descriptor is open"
    held[path] = found
    try:
        yield
    finally:
        # While it is ours. Whoever waits for the lock looks at the path again before taking it.
        if is_new and identity(path) == found and path.stat().st_size == 0:
            path.unlink()
        del held[path]
        release()


def _acquire(path: Path, wait: float) -> tuple[Callable[[], object], bool]:
    """Take the lock of whatever file is at the path once the lock is ours.

    Returns:
        What releases it, and whether the file was created here.
    """
    began = time.monotonic()
    said = is_new = False
    while True:
        is_new = create(path) or is_new
        refuse_other_names(path)
        release = _try(path)
        if release is not None:
            return release, is_new
        waited = time.monotonic() - began
        if waited >= wait:
            if wait == 0:
                raise InUseError(f"another process serves {path}: stop it first")
            raise InUseError(
                f"another process serves {path}, and did not stop within {wait:g} s: stop it first"
            )
        if waited >= SAY_AFTER and not said:
            said = True
            log.warning(
                "another process serves %s: waiting up to %g s for it to stop", path.name, wait
            )
        time.sleep(POLL)


def _try(path: Path) -> Callable[[], object] | None:
    """Lock the file at a path; None if another process holds it, or the file was just replaced."""
    if path in held:
        return None
    if not hasattr(fcntl, "F_OFD_SETLK"):
        return _try_beside(path)
    before = identity(path)
    if before is None:
        return None
    descriptor = _descriptor(path, before)
    if descriptor is None:
        return None
    try:
        _set(descriptor, fcntl.F_WRLCK)
    except OSError as error:
        if error.errno in HELD_BY_ANOTHER:
            return None
        raise
    if identity(path) != before:
        _set(descriptor, fcntl.F_UNLCK)
        return None
    return lambda: _set(descriptor, fcntl.F_UNLCK)


def _descriptor(path: Path, wanted: Identity) -> int | None:
    """Our descriptor of a file; None if there is another file at the path by now."""
    known = _descriptors.get((os.getpid(), wanted))
    if known is not None:
        return known
    opened = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    found = os.fstat(opened)
    _descriptors[os.getpid(), Identity(found.st_dev, found.st_ino)] = opened
    return opened if (found.st_dev, found.st_ino) == wanted else None


def _set(descriptor: int, kind: int) -> None:
    """Lock or unlock our byte. The layout is that of ``struct flock``, with a process id of 0."""
    if sys.platform == "darwin":
        described = struct.pack("@qqihh", BYTE, 1, 0, kind, os.SEEK_SET)
    else:
        described = struct.pack("@hhqqi4x", kind, os.SEEK_SET, BYTE, 1, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, described)


def _try_beside(database: Path) -> Callable[[], object] | None:
    lock_file = Path(f"{database}.lock")
    file = lock_file.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    if identity(database) is None:
        file.close()
        return None
    return file.close

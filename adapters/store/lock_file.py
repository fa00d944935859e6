"""A lock file, so that only one process serves an SQLite database.

SQLite itself would let a second process in, and both would perform the same commands.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url


class InUseError(Exception):
    """Another process serves the database."""


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Hold the lock of a database: the file ``<database>.lock`` beside it.

    The operating system releases it when the process ends, however it ends.

    Args:
        url: the SQLAlchemy URL of an SQLite database.

    Raises:
        InUseError: another process holds it.
        OSError: the lock file cannot be created.
    """
    database = make_url(url).database
    path = Path(f"{database}.lock")
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = f"another process serves {database} (it holds {path}): stop it first"
        else:
            yield
            return
    raise InUseError(held)

"""One process for one SQLite database.

SQLite itself would let a second one in, and both would carry out the same commands.
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
    """Hold the lock of a database, a file beside it; it goes with the process, however it ends.

    Args:
        url: the SQLAlchemy URL of an SQLite database.

    Raises:
        InUseError: another process holds it.
        OSError: the lock file can't be made.
    """
    database = make_url(url).database
    path = Path(f"{database}.lock")
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = f"another process serves {database} (it holds {path})"
        else:
            yield
            return
    raise InUseError(held)

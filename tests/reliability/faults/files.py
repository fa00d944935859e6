"""What can become of an SQLite database."""

import contextlib
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ..fault import Fault, Layout
from ..site import Site


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Another program writes, and does not commit."""
    with closing(sqlite3.connect(site.file, isolation_level=None, timeout=10)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        yield
        stranger.execute("ROLLBACK")


@contextmanager
def read_for_long(site: Site) -> Iterator[None]:
    """Another program reads, and does not end its transaction: the log grows."""
    with closing(sqlite3.connect(site.file, isolation_level=None, timeout=10)) as stranger:
        stranger.execute("BEGIN")
        stranger.execute("SELECT count(*) FROM journal").fetchone()
        yield
        stranger.execute("ROLLBACK")


@contextmanager
def removed(site: Site) -> Iterator[None]:
    """Somebody moves the file away, and back."""
    away = site.file.rename(site.file.with_name("away.db"))
    yield
    away.rename(site.file)


@contextmanager
def replaced(site: Site) -> Iterator[None]:
    """Somebody puts a copy in its place, and later the file itself again."""
    away = site.file.rename(site.file.with_name("away.db"))
    shutil.copy(away, site.file)
    yield
    away.rename(site.file)


@contextmanager
def filled(site: Site) -> Iterator[None]:
    """Something else uses up the disk."""
    filler = site.file.with_name("filler")
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b" ")
    yield
    filler.unlink()


@contextmanager
def limited(site: Site) -> Iterator[None]:
    """No file of the process may grow, as under a quota."""
    pid = site.at.serve.pid
    _, hard = before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    log = site.file.with_name(f"{site.file.name}-wal")
    size = max(each.stat().st_size for each in (site.file, log) if each.exists())
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


FILES = (
    Fault(
        name="file_locked",
        text="another program holds the database's write lock",
        layout=Layout.SQLITE,
        happens=locked,
        seconds=12.0,
        cuts_attempts=True,
    ),
    Fault(
        name="file_read_for_long",
        text="another program keeps a read transaction open",
        layout=Layout.SQLITE,
        happens=read_for_long,
    ),
    Fault(
        name="file_removed",
        text="the database's file is moved away, and put back",
        layout=Layout.SQLITE,
        happens=removed,
        cuts_attempts=True,
    ),
    Fault(
        name="file_replaced",
        text="a copy takes the place of the database's file, which is put back later",
        layout=Layout.SQLITE,
        happens=replaced,
        cuts_attempts=True,
    ),
    Fault(
        name="disk_full",
        text="something else uses up the disk",
        layout=Layout.SMALL_DISK,
        happens=filled,
        cuts_attempts=True,
    ),
    Fault(
        name="quota_used_up",
        text="no file of the process may grow any more (RLIMIT_FSIZE)",
        layout=Layout.SMALL_DISK,
        happens=limited,
        cuts_attempts=True,
    ),
)

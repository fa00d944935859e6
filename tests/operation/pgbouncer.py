"""PgBouncer in front of a database, pooling transactions."""

import getpass
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from relink.adapters.store.location import PostgresLocation, locate

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
MISSING = "pgbouncer is not installed. On Debian: apt-get install pgbouncer"

CONFIGURATION = """
[databases]
{name} = host={socket} dbname={name} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 500
server_round_robin = 1
server_login_retry = 1
"""
"""The next transaction of a client mostly gets another session, as under load."""


class Pooler:
    """PgBouncer in front of a database.

    Args:
        url: of a database on the tests' server.
        folder: for its configuration. PostgreSQL's user may read it.
        mode: what PgBouncer pools.
        size: the number of sessions that all clients share.
    """

    def __init__(self, url: str, folder: Path, mode: str = "transaction", size: int = 8) -> None:
        if PROGRAM is None:
            pytest.skip(MISSING)
        location = locate(url)
        assert isinstance(location, PostgresLocation)
        name, host = location.parameters["dbname"], location.parameters["host"]
        self._port = _free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/{name}"
        configured = folder / "pgbouncer.ini"
        configured.write_text(
            CONFIGURATION.format(name=name, socket=host, port=self._port, mode=mode, size=size)
        )
        # As root it would refuse to run, and only the server's user may use its socket.
        user = ["-u", Path(host).owner()] if getpass.getuser() == "root" else []
        self._command = [PROGRAM, "-q", *user, str(configured)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it listens when this returns."""
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=null, stderr=null)
        _wait_for(self._port)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal: SIGUSR1 pauses it, and SIGUSR2 lets it go on."""
        assert self._process
        self._process.send_signal(number)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None


@contextmanager
def pooled(url: str, mode: str = "transaction", size: int = 8) -> Iterator[str]:
    """The URL of the same database behind PgBouncer; the arguments are a :class:`Pooler`'s."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        pooler = Pooler(url, Path(folder), mode, size)
        try:
            pooler.start()
            yield pooler.url
        finally:
            pooler.stop()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, "PgBouncer does not listen"
            time.sleep(0.02)
        else:
            return

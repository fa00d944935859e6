"""PgBouncer in front of a database, pooling transactions."""

import getpass
import shutil
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
"""
"""The next transaction of a client mostly gets another session, as under load."""


@contextmanager
def pooled(url: str, mode: str = "transaction", size: int = 8) -> Iterator[str]:
    """The URL of the same database behind PgBouncer.

    Args:
        url: of a database on the tests' server.
        mode: what PgBouncer pools.
        size: the number of sessions that all clients share.
    """
    if PROGRAM is None:
        pytest.skip(MISSING)
    location = locate(url)
    assert isinstance(location, PostgresLocation)
    name, port = location.parameters["dbname"], _free_port()
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        configured = Path(folder) / "pgbouncer.ini"
        configured.write_text(
            CONFIGURATION.format(
                name=name, socket=location.parameters["host"], port=port, mode=mode, size=size
            )
        )
        # As root it would refuse to run, and only the server's user may use its socket.
        owner = Path(location.parameters["host"]).owner()
        user = ["-u", owner] if getpass.getuser() == "root" else []
        process = subprocess.Popen(
            [PROGRAM, "-q", *user, str(configured)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield f"postgresql://postgres@127.0.0.1:{port}/{name}"
        finally:
            process.terminate()
            process.wait(10)


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

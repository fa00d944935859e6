"""Servers in processes of their own, and the webhooks that are sent to them."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]

from .webhooks import Stripe

CONNECTIONS = 16
PATH = "/webhooks/stripe"
ROOT = Path(__file__).resolve().parent.parent


class Server:
    """A server that takes webhooks.

    Args:
        process: it.
        port: where it listens.
        accounts: of how many accounts webhooks are sent to it.
    """

    def __init__(self, process: "subprocess.Popen[str]", port: int, accounts: int) -> None:
        self._process = psutil.Process(process.pid)
        self._port = port
        self._stripe = Stripe(accounts)

    def cpu(self) -> float:
        """Seconds of CPU time that it used so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def send(self, count: int) -> float:
        """Send so many webhooks; returns the seconds that it took."""
        return asyncio.run(_send(self._port, self._stripe.requests(PATH, count)))


@contextmanager
def started(kind: str, url: str, accounts: int, python: str = sys.executable) -> Iterator[Server]:
    """Start a server.

    Args:
        kind: a module of :mod:`.servers`: ``relink``, ``plain`` or ``tuned``.
        url: its database.
        accounts: of how many accounts webhooks are sent to it.
        python: the interpreter of an environment that has relink.
    """
    process = subprocess.Popen(
        [python, "-m", "benchmarks.servers", kind, url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        port = process.stdout.readline()
        if not port:
            raise RuntimeError(f"the server {kind!r} did not start; its error is above")
        yield Server(process, int(port), accounts)
        process.stdin.close()
        process.wait(30)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def _send(port: int, requests: list[bytes]) -> float:
    """Send requests over all connections; returns the seconds that it took."""
    waiting = iter(requests)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for each in waiting:
            writer.write(each)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200") or b"applied" not in body:
                raise RuntimeError(f"{head.decode()}{body.decode()}")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began

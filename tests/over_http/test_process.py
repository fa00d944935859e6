"""``relink serve`` as a process, against clients that are idle, slow, or gone."""

import json
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from relink.adapters.http.connections import MAX_CONNECTIONS

from ..kill.processes import free_port, kept_of_ours
from .served import EVENT, SECRET, signed

HEAD = b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
LARGE = HEAD + b" " * 999_000


class Service:
    """The process, and what clients do to it."""

    def __init__(self, folder: Path, clients: ExitStack) -> None:
        self._port = free_port()
        self._clients = clients
        environment = {
            **kept_of_ours(),
            "STRIPE_API_KEY": "sk_test_process",
            "STRIPE_API_BASE": "http://127.0.0.1:9",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "RELINK_API_TOKEN": "token-of-the-process",
            "RELINK_DATABASE_URL": f"sqlite:///{folder / 'relink.db'}",
        }
        serve = [sys.executable, "-m", "relink.adapters.cli", "serve", "--port", str(self._port)]
        # As most systems have it: fewer files than the connections below.
        command = ["sh", "-c", 'ulimit -n 1024 && exec "$@"', "sh", *serve]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stderr=log, stdout=log)
        self._log = folder / "log"
        self._http = clients.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{self._port}", trust_env=False, timeout=10)
        )

    def wait_until_it_answers(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                assert self._http.get("/healthz").status_code == 200
                return
            except httpx.TransportError:
                assert self.process.poll() is None, self._log.read_text()
                assert time.monotonic() < until
                time.sleep(0.1)

    def connect(self, sent: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        self._clients.enter_context(connection)
        connection.sendall(sent)
        return connection

    def deliver(self, name: str) -> str:
        """Deliver a webhook as Stripe does; its outcome."""
        content = json.dumps({**EVENT, "id": name}).encode()
        # Over a connection of its own, as from a sender that was not there before.
        headers = {"stripe-signature": signed(content, time.time()), "connection": "close"}
        answer = self._http.post("/webhooks/stripe", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        outcome: str = answer.json()["outcome"]
        return outcome

    def memory(self) -> float:
        """What the process holds in memory (MB)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with ExitStack() as clients:
        running = Service(tmp_path, clients)
        try:
            running.wait_until_it_answers()
            yield running
        finally:
            running.process.kill()
            running.process.wait()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_webhooks_get_through_whatever_other_clients_do_and_the_stop_is_not_delayed(
    service: Service,
) -> None:
    assert service.deliver("evt_0") == "applied"
    for _ in range(MAX_CONNECTIONS + 100):
        service.connect()
    assert service.deliver("evt_1") == "applied"

    for _ in range(300):
        service.connect(b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert service.deliver("evt_2") == "applied"

    measured = Path("/proc/self/status").exists()
    before = service.memory() if measured else 0
    for _ in range(100):
        try:
            service.connect(LARGE)
        except ConnectionError:
            continue  # It was refused while it was sent.
    assert service.deliver("evt_3") == "applied"
    if measured:
        assert service.memory() - before < 60

    service.connect(LARGE[:500])
    time.sleep(0.2)
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(30) in (0, -signal.SIGTERM)
    assert time.monotonic() - began < 25

"""The embedding service: it receives notifications, and refuses some at first."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from relink.adapters.notifications import verify

REFUSED = 0.1
"""The part of notifications that it does not take the first time."""


class Receiver:
    """Listens from when it is made until it is stopped.

    Args:
        secret: what signs the notifications.
        seed: which ones are refused.
    """

    def __init__(self, secret: str, seed: int) -> None:
        self.told: dict[str, dict[str, Any]] = {}
        """The notifications that were taken, by the id of the command."""
        self.is_well = False
        """Whether it takes everything."""
        self.arrivals: list[tuple[str, float]] = []
        """Each time that a notification was taken: its id, and when (Unix seconds)."""
        self.refuses_with: int | None = None
        """The status to refuse everything with."""
        self._secret = secret
        self._dice = Random(f"receiver {seed}")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/relink"

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, payload: bytes, signature: str) -> int:
        """The status to answer a notification with.

        Raises:
            BadSignatureError: it is not from the service.
        """
        verify(payload, signature, self._secret, time.time())
        if self.refuses_with is not None:
            return self.refuses_with
        if self._dice.random() < REFUSED and not self.is_well:
            return 503
        told = json.loads(payload)
        self.arrivals.append((told["id"], time.time()))
        self.told[told["id"]] = told
        return 204

    def named(self, kind: str, account: str) -> dict[str, Any] | None:
        """The notification of this kind about an account, if there was one."""
        for told in list(self.told.values()):
            if told["type"] == kind and told["data"].get("account") == account:
                data: dict[str, Any] = told["data"]
                return data
        return None


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(payload, self.headers["Relink-Signature"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    return Handler

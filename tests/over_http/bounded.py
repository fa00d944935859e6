"""A server with small bounds, in a thread of the test."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import Receive, Scope, Send

from relink.adapters.gateway import DryRunGateway
from relink.adapters.http import Metrics, application
from relink.adapters.http.connections import Limits
from relink.adapters.http.server import server_options
from relink.adapters.service import Service
from relink.adapters.store import MemoryStore
from relink.adapters.stripe import StripeWebhooks
from relink.machines import relink_system

from .served import SECRET, TOKEN

Asgi = Callable[[Scope, Receive, Send], object]


def relink() -> Asgi:
    """The application, with a store that is always there."""
    service = Service(
        MemoryStore(relink_system()),
        DryRunGateway(),
        webhooks=StripeWebhooks([SECRET], livemode=False),
    )
    return application(service, token=TOKEN, ready=lambda: None, metrics=Metrics())


class Running:
    """A server with small bounds, in a thread."""

    def __init__(self, app: Asgi, limits: Limits, drain: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.address = self._listening.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=drain,
            **server_options(limits),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listening]}
        )
        self._thread.start()
        self._open = ExitStack()

    def connect(self, *sent: bytes) -> socket.socket:
        """A connection on which something was sent."""
        connection = socket.create_connection(self.address, timeout=5)
        self._open.enter_context(connection)
        for part in sent:
            connection.sendall(part)
        return connection

    def stop(self) -> float:
        """Stop; how long that took (seconds)."""
        began = time.monotonic()
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()
        return time.monotonic() - began

    def close(self) -> None:
        self._open.close()
        self.stop()
        self._listening.close()


@contextmanager
def running(limits: Limits, app: Asgi | None = None, drain: int = 10) -> Iterator[Running]:
    server = Running(app or relink(), limits, drain)
    try:
        yield server
    finally:
        server.close()

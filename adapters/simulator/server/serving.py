"""A server: in a thread, for tests and demos, or in the foreground."""

import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import uvicorn

from ..simulator import Simulator
from .app import application
from .hosts import OwnHosts
from .posting import Poster

LOOPBACK = "127.0.0.1"


class SimulatorServer:
    """Serves a simulator over HTTP; a context manager that starts and stops the server.

    Args:
        simulator: the simulator. While the server runs, use it only within ``with server.lock``.
        host: the address to bind.
        port: the port; 0 takes a free one.
        names: further hosts by which requests may reach the server, such as a container's name.
            ``host`` and loopback hosts always may; any other is refused with 421.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(
        self,
        simulator: Simulator | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        names: Iterable[str] = (),
    ) -> None:
        self.simulator = simulator or Simulator(start=None)
        self.lock = threading.RLock()
        """Must be held while the simulator is used."""
        self._poster = Poster(self.simulator, self.lock)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family)
        # Head and body are written separately. Without this option the body waits 40 ms for the
        # delayed acknowledgement of the head. Accepted connections inherit the option.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        """The address, for the SDK's ``base_addresses["api"]``."""
        self.simulator.base_url = self.url
        app = OwnHosts(application(self.simulator, self.lock, self._poster), host, names)
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
            date_header=False,  # the answers have the simulator's date
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def start(self) -> Self:
        """Serve in a thread. Returns once the server accepts requests."""
        self._poster.start()
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"the simulator did not start at {self.url}")
            self._thread.join(0.01)
        return self

    def stop(self) -> None:
        """Stop serving. Requests that a fault holds are dropped."""
        self._poster.stop()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def run(self) -> None:
        """Serve in the foreground, until interrupted."""
        self._poster.start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._poster.stop()
            self._socket.close()

    def settle(self, timeout: float = 10.0) -> None:
        """Wait until all due webhooks are posted.

        Raises:
            TimeoutError: this takes longer than ``timeout`` seconds.
        """
        if not self._poster.settle(timeout):
            raise TimeoutError(f"webhooks are still in transit after {timeout} s")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

"""A forwarder in front of a database: it can lead elsewhere, or swallow everything."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

SOCKET = ".s.PGSQL.5432"
"""The name of PostgreSQL's socket within its folder."""


class Forwarder:
    """Takes TCP connections on 127.0.0.1 to a server's socket.

    Args:
        folder: the folder of the socket.
    """

    def __init__(self, folder: str) -> None:
        self._target = folder
        self._flows = threading.Event()
        self._flows.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._flows.set()
        self.cut()

    def lead_to(self, folder: str) -> None:
        """Take new connections to another server. Those that are open stay where they are."""
        self._target = folder

    def cut(self) -> None:
        """Close all connections."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    @contextmanager
    def swallowing(self) -> Iterator[None]:
        """Let nothing through: no byte, no end. What was sent meanwhile arrives later."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._flows.wait()
        server = socket.socket(socket.AF_UNIX)
        with client, server:
            try:
                server.connect(str(Path(self._target) / SOCKET))
            except OSError:
                return
            self._open += [client, server]
            back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
            back.start()
            self._pump(client, server)
            back.join()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

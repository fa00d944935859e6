"""A forwarder in front of a server, which can do what a network does at its worst."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

SOCKET = ".s.PGSQL.5432"
"""The name of PostgreSQL's socket within its folder."""

Target = str | tuple[str, int]
"""A folder with PostgreSQL's socket, or a host and a port."""

AT_ONCE = struct.pack("ii", 1, 0)
"""A connection with this ``SO_LINGER`` ends with a reset."""


class Forwarder:
    """Takes TCP connections on 127.0.0.1 to a server.

    Args:
        target: the server.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._delay = 0.0
        self._drip = 0.0
        self._resets = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self._flows.set()
        self.cut()

    def lead_to(self, target: Target) -> None:
        """Take new connections to another server. Those that are open stay where they are."""
        self._target = target

    def cut(self) -> None:
        """Close all connections."""
        for each in list(self._open):
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

    @contextmanager
    def delaying(self, seconds: float) -> Iterator[None]:
        """Take so long for everything, in either direction."""
        self._delay = seconds
        try:
            yield
        finally:
            self._delay = 0.0

    @contextmanager
    def dripping(self, every: float) -> Iterator[None]:
        """Pass answers on byte by byte, with so many seconds between two of them."""
        self._drip = every
        try:
            yield
        finally:
            self._drip = 0.0

    @contextmanager
    def resetting(self) -> Iterator[None]:
        """Reset each connection, the new ones as soon as they are made."""
        self._resets = True
        self.cut()
        try:
            yield
        finally:
            self._resets = False

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Listen no more, and close each connection."""
        self._close()
        self.cut()
        try:
            yield
        finally:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _close(self) -> None:
        # Closing alone does not wake the thread that accepts.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._resets:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                client.close()
            else:
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        self._flows.wait()
        with client:
            try:
                server = connected(self._target)
            except OSError:
                return
            with server:
                self._open += [client, server]
                back = threading.Thread(target=self._pump, args=(server, client, True), daemon=True)
                back.start()
                self._pump(client, server, False)
                back.join()
                for each in (client, server):
                    with contextlib.suppress(ValueError):
                        self._open.remove(each)

    def _pump(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                if self._delay:
                    time.sleep(self._delay)
                while is_answer and self._drip and data:
                    sink.sendall(data[:1])
                    data = data[1:]
                    time.sleep(self._drip)
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def connected(target: Target) -> socket.socket:
    """A connection to a server.

    Raises:
        OSError: there is none.
    """
    if not isinstance(target, str):
        made = socket.create_connection(target)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    made = socket.socket(socket.AF_UNIX)
    try:
        made.connect(str(Path(target) / SOCKET))
    except OSError:
        made.close()
        raise
    return made

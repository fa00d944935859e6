"""Parties that behave badly on the wire: they freeze, drip, flood, or send elsewhere."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behave = Callable[[socket.socket, threading.Event], None]
"""What a party does with a connection, once a request's head has arrived; the event is set when the
test is over."""


class Peer:
    """A server on 127.0.0.1 that behaves as it is told, each connection in a thread of its own."""

    def __init__(self, behave: Behave) -> None:
        self._behave = behave
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.heads: list[bytes] = []
        """The heads of the requests that arrived."""
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._over.set()
        socket.create_connection(self._listening.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            connection, _ = self._listening.accept()
            self._threads.append(threading.Thread(target=self._converse, args=(connection,)))
            self._threads[-1].start()

    def _converse(self, connection: socket.socket) -> None:
        received = b""
        # The caller may hang up at any moment: that is what the tests are about.
        with connection, suppress(OSError):
            connection.settimeout(5)
            while b"\r\n\r\n" not in received:
                chunk = connection.recv(65536)
                if not chunk:
                    return
                received += chunk
            self.heads.append(received.partition(b"\r\n\r\n")[0])
            self._behave(connection, self._over)


@contextmanager
def peer(behave: Behave) -> Iterator[Peer]:
    """Run a party."""
    running = Peer(behave)
    try:
        yield running
    finally:
        running.close()


def freeze(connection: socket.socket, over: threading.Event) -> None:
    """Never answer."""
    over.wait(20)


def drip(connection: socket.socket, over: threading.Event, text: bytes, every: float) -> None:
    """Send an answer byte by byte."""
    for at in range(len(text)):
        connection.sendall(text[at : at + 1])
        if over.wait(every):
            return


def flood(connection: socket.socket, over: threading.Event, head: bytes, size: int) -> int:
    """Send a body as fast as it is read; how much of it was taken."""
    sent, block = 0, b" " * 65536
    with suppress(OSError):
        connection.sendall(head)
        while sent < size and not over.is_set():
            sent += connection.send(block)
    return sent

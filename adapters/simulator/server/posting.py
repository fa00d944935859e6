"""Webhooks over HTTP: one thread posts those that are due."""

import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from ..simulator import Simulator
from ..webhooks import Delivery

TIMEOUT = 10.0
"""How long an endpoint may take to answer (seconds)."""
_LONGEST_SLEEP = 0.2


class Poster:
    """Posts webhooks to the endpoints with a URL, in order of arrival.

    Args:
        simulator: the source of the webhooks.
        lock: is held while the simulator is used. It is not held during a POST, because the
            endpoint may call the API before it answers.
    """

    def __init__(self, simulator: Simulator, lock: threading.RLock) -> None:
        self._simulator = simulator
        self._lock = lock
        self._wake = threading.Event()
        self._stopped = False
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, after the current POST has finished."""
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def notify(self) -> None:
        """Wake the thread up, because a webhook may be due."""
        self._idle.clear()
        self._wake.set()

    def settle(self, timeout: float) -> bool:
        """Wait until all due webhooks are posted; False after ``timeout`` seconds."""
        self.notify()
        return self._idle.wait(timeout)

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            with self._lock:
                self._simulator.advance_to(self._simulator.now)
                outbox = self._simulator.webhooks.to_post
                delivery = outbox.take(self._simulator.now)
                if delivery is None and not self._wake.is_set():
                    self._idle.set()
            if delivery is None:
                self._wake.wait(_LONGEST_SLEEP)
            elif not post(delivery):
                with self._lock:
                    self._simulator.webhooks.failed(delivery, self._simulator.now)


def post(delivery: Delivery) -> bool:
    """Deliver a webhook to its endpoint's URL. Returns whether the answer was a 2xx."""
    url = urlsplit(delivery.endpoint.url or "")
    make = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = make(url.hostname or "", url.port, timeout=TIMEOUT)
    path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    try:
        connection.request("POST", path, delivery.payload, delivery.headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()

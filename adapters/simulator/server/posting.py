"""Webhooks on their way over HTTP: one thread that posts what is due."""

import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from ..simulator import Simulator
from ..webhooks import Delivery

TIMEOUT = 10.0
"""How long an endpoint may take to answer (seconds)."""
_LONGEST_SLEEP = 0.2


class Poster:
    """Posts webhooks to the endpoints that have a URL, in order of arrival.

    Args:
        simulator: where they come from.
        lock: held while the simulator is touched, and never while one is posted, as the
            endpoint may ask the API before it answers.
    """

    def __init__(self, simulator: Simulator, lock: threading.RLock) -> None:
        self._simulator = simulator
        self._lock = lock
        self._news = threading.Event()
        self._stopped = False
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Post no more; one that is being posted is waited for."""
        self._stopped = True
        self._news.set()
        self._thread.join()

    def look(self) -> None:
        """Something may be due: don't sleep on."""
        self._idle.clear()
        self._news.set()

    def settle(self, timeout: float) -> bool:
        """Wait until all that is due has been posted; False when that takes too long."""
        self.look()
        return self._idle.wait(timeout)

    def _run(self) -> None:
        while not self._stopped:
            self._news.clear()
            with self._lock:
                self._simulator.advance_to(self._simulator.now)
                outbox = self._simulator.webhooks.to_post
                delivery = outbox.take(self._simulator.now)
                if delivery is None and not self._news.is_set():
                    self._idle.set()
            if delivery is None:
                self._news.wait(_LONGEST_SLEEP)
            elif not post(delivery):
                with self._lock:
                    self._simulator.webhooks.failed(delivery, self._simulator.now)


def post(delivery: Delivery) -> bool:
    """Deliver a webhook to its endpoint's URL; whether it was answered with a 2xx."""
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

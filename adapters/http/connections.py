"""Connections: how many may be open, and how long each may wait for its client.

A connection waits for its client at three times. Each wait has a bound:

=====================  =======================================================================
Wait                   Bound
=====================  =======================================================================
for a request's head   :data:`CLIENT_TIMEOUT`, from the connection or from the last answer.
                       After an answer, the first byte must come within :data:`KEEP_ALIVE`
for a request's body   :data:`~.body.BODY_TIMEOUT`. The application keeps it, and answers 408
for the client to      :data:`CLIENT_TIMEOUT`
take the answer
=====================  =======================================================================

At most :data:`MAX_CONNECTIONS` are open. One more replaces the connection that has waited longest
for its client. So idle and slow clients, however many, do not keep out a client that sends its
request at once. A new connection gets a 503 only while the application works on a request of every
other.

uvicorn has options for a part of this: ``timeout_keep_alive`` applies only after an answer, and a
single byte ends it; ``h11_max_incomplete_event_size`` lets a larger head pass if it arrives whole
(:mod:`.edge` refuses it); ``limit_concurrency`` counts idle connections too, and then refuses
requests, so idle connections would be an outage. This class adds the rest to uvicorn's protocol.
The time of a TLS handshake is bounded in :mod:`.server`; the number of handshakes is not.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 1000
"""How many connections may be open."""

CLIENT_TIMEOUT = 10.0
"""The longest wait for a client to send the head of a request, or to take an answer (seconds)."""

KEEP_ALIVE = 5
"""How long a connection stays open after an answer without a byte of a next request (seconds)."""

UNFINISHED = 2.0
"""How long a body may take that is incomplete when the process stops (seconds)."""

WARN_EVERY = 60.0
"""Seconds between two warnings that all connections are in use."""

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one server."""

    connections: int = MAX_CONNECTIONS
    client: float = CLIENT_TIMEOUT
    unfinished: float = UNFINISHED


def guarded(limits: Limits) -> type["GuardedProtocol"]:
    """Make the protocol for one server: uvicorn's ``http`` option.

    Args:
        limits: its bounds.
    """

    class Guarded(GuardedProtocol):
        room = Room(limits)

    return Guarded


class Room:
    """The connections of one server that wait for their clients, the longest wait first.

    Args:
        limits: the bounds.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._waiting: OrderedDict[GuardedProtocol, float] = OrderedDict()
        self._is_sweeping = False
        self._warned_at = float("-inf")

    def waits(self, connection: "GuardedProtocol") -> None:
        """A connection begins to wait for its client."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = connection.loop.time()
        if not self._is_sweeping:
            self._is_sweeping = True
            self._sweep_later(connection)

    def waits_no_more(self, connection: "GuardedProtocol") -> None:
        """A connection has what it waited for, or is gone."""
        self._waiting.pop(connection, None)

    def make(self, newcomer: "GuardedProtocol") -> bool:
        """Make room for a connection; whether that was possible."""
        now = newcomer.loop.time()
        if now - self._warned_at >= WARN_EVERY:
            self._warned_at = now
            log.warning(
                "%d connections are open, which is the limit: those that wait longest for their "
                "clients are closed",
                self.limits.connections,
            )
        if not self._waiting:
            return False
        longest, _ = self._waiting.popitem(last=False)
        longest.drop()
        return True

    def _sweep_later(self, connection: "GuardedProtocol") -> None:
        connection.loop.call_later(min(1.0, self.limits.client / 4), self._sweep, connection)

    def _sweep(self, last: "GuardedProtocol") -> None:
        """Close the connections whose clients have taken too long."""
        overdue = last.loop.time() - self.limits.client
        for connection, since in list(self._waiting.items()):
            if since > overdue:
                break
            if connection.wait != BODY:
                del self._waiting[connection]
                connection.drop()
        self._is_sweeping = bool(self._waiting)
        if self._is_sweeping:
            self._sweep_later(last)


HEAD, BODY, ANSWER = "head", "body", "answer"


class GuardedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, with bounds on what a client may cost."""

    room: ClassVar[Room]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.wait: str | None = None
        """What the connection waits for; None while the application works on an answer."""
        self._request: object = None
        """The request to which that applies."""
        self._is_paused = False
        self._is_lost = False

    def connection_made(self, transport: Any) -> None:
        """Take a connection, if there is room for it."""
        super().connection_made(transport)
        if len(self.connections) > self.room.limits.connections and not self.room.make(self):
            self.transport.write(FULL)
            self.transport.close()
            return
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        # Over TLS, data still arrives on a connection that is being closed.
        if not self.transport.is_closing():
            super().data_received(data)
            self._look()

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """The client does not take the answer as fast as it comes."""
        super().pause_writing()
        self._is_paused = True
        self._look()

    def resume_writing(self) -> None:
        """The client takes the answer."""
        super().resume_writing()
        self._is_paused = False
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._is_lost = True
        self.room.waits_no_more(self)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Stop after the request under way. An incomplete body has little time left: relink has not
        accepted its request, so the client has to send it again anyway."""
        super().shutdown()
        if self.wait == BODY:
            self.loop.call_later(self.room.limits.unfinished, self._abandon)

    def drop(self) -> None:
        """Close the connection, at once: what its client has not taken is discarded."""
        self.transport.abort()

    def _abandon(self) -> None:
        if self.wait == BODY:
            self.drop()

    def _awaited(self) -> str | None:
        if self._is_paused:
            return ANSWER
        if self.cycle is None or self.cycle.response_complete:
            return HEAD
        return BODY if self.cycle.more_body else None

    def _look(self) -> None:
        """See whose turn it is."""
        cycle, wait = self.cycle, self._awaited()
        if self._is_lost or (wait, cycle) == (self.wait, self._request):
            return
        self.wait, self._request = wait, cycle
        if wait is None:
            self.room.waits_no_more(self)
        else:
            self.room.waits(self)

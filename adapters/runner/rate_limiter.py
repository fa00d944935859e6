"""Stripe's rate limit, kept by spacing requests evenly.

A rate limiter hands out slots, one interval apart, and each request waits for its own: the
generic cell rate algorithm without bursts. Retries are requests too, so the limit applies where
requests are sent, in the transport.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from relink.adapters.gateway import RateLimitedError
from relink.adapters.gateway.reading import failure
from relink.adapters.gateway.transport import Call, Reply, Transport

LIVE_RATE = 80.0
"""Requests a second with a live key: 20 % below Stripe's limit."""

TEST_RATE = 20.0
"""The same in test mode."""

LONGEST_SLEEP = 3.0
"""The longest time that a request waits for its slot, in seconds. A request that would wait longer
fails and is retried later, so the thread can do something else."""

LONGEST_HOLD = 60.0
"""The longest time for which one answer from Stripe can hold up all requests, in seconds."""


class RateLimiter(Protocol):
    """Slots for requests, shared by all who send some."""

    def wait(self, longest: float) -> float:
        """Take the next slot, if it is near.

        Args:
            longest: the longest acceptable wait, in seconds. A later slot is not taken.

        Returns:
            The seconds until that slot, taken or not.
        """
        ...

    def hold(self, seconds: float) -> None:
        """Hand out no slot within the next ``seconds``."""
        ...


class LocalRateLimiter:
    """A rate limiter for one process.

    Args:
        rate: requests a second.
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._next_at = float("-inf")
        self._lock = threading.Lock()

    def wait(self, longest: float) -> float:
        """Take the next slot, if it is near; see :class:`RateLimiter`."""
        with self._lock:
            now = self._clock()
            slot = max(self._next_at, now)
            if slot - now <= longest:
                self._next_at = slot + self._interval
            return slot - now

    def hold(self, seconds: float) -> None:
        """Hand out no slot within the next ``seconds``."""
        with self._lock:
            self._next_at = max(self._next_at, self._clock() + seconds)


class RateLimitedTransport:
    """A transport that keeps to a rate limit.

    Args:
        transport: sends the requests.
        rate_limiter: hands out the slots.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        transport: Transport,
        rate_limiter: RateLimiter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = transport
        self._rate_limiter = rate_limiter
        self._sleep = sleep

    def send(self, call: Call) -> Reply:
        """Send one request, once, in its slot.

        Raises:
            RateLimitedError: the next slot is too far away; nothing was sent.
            TransientError: no reply came. The request may have arrived.
        """
        wait = self._rate_limiter.wait(LONGEST_SLEEP)
        if wait > LONGEST_SLEEP:
            raise RateLimitedError(
                f"{call.method} {call.path} was not sent: the rate limit is used up", wait=wait
            )
        if wait > 0:
            self._sleep(wait)
        reply = self._transport.send(call)
        if reply.status == 429:
            self._hold_after(reply, call)
        return reply

    def _hold_after(self, reply: Reply, call: Call) -> None:
        """If Stripe says how long to wait, all requests wait."""
        error = failure(reply, call)
        if isinstance(error, RateLimitedError) and error.wait:
            self._rate_limiter.hold(min(error.wait, LONGEST_HOLD))

"""Stripe's rate limit, kept by spacing requests evenly.

A rate limiter hands out time slots, one interval apart, and each request waits for its own. This is
the generic cell rate algorithm without bursts. Retries are requests too, so the limit is applied
where requests are sent: at the transport.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from .errors import RateLimitedError
from .failures import failure
from .transport import Call, Reply, Transport

LIVE_RATE = 80.0
"""Requests per second with a live key: 20 % below Stripe's limit."""

TEST_RATE = 20.0
"""Requests per second in test mode: 20 % below Stripe's limit."""

LONGEST_SLEEP = 3.0
"""The longest time that a request waits for its slot (seconds). If its slot is later than that, the
request fails as rate limited, so that the thread is free for other work."""

LONGEST_HOLD = 60.0
"""The longest time for which one answer from Stripe stops all requests (seconds)."""


class RateLimiter(Protocol):
    """Hands out time slots, shared by everything that sends requests."""

    def wait(self, longest: float) -> float:
        """Take the next slot, unless it is too far away.

        Args:
            longest: take the slot only if it comes within this time (seconds).

        Returns:
            The time until the slot (seconds), whether it was taken or not.
        """
        ...

    def hold(self, seconds: float) -> None:
        """Hand out no slot within the next ``seconds``."""
        ...


class LocalRateLimiter:
    """A rate limiter for one process.

    Args:
        rate: requests per second.
        clock: a monotonic clock (seconds).
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._next_at = float("-inf")
        self._lock = threading.Lock()

    def wait(self, longest: float) -> float:
        """Take the next slot, unless it is too far away; see :class:`RateLimiter`."""
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
        rate_limiter: says when.
        sleep: waits for a number of seconds.
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
        """Wait for a slot, then send one request, once.

        Raises:
            RateLimitedError: the slot is too far away. Nothing was sent.
            TransientError: no reply came. It is not known whether the request arrived.
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
            self._hold_all(reply, call)
        return reply

    def _hold_all(self, reply: Reply, call: Call) -> None:
        """Where Stripe names a wait, it applies to every request."""
        error = failure(reply, call)
        if isinstance(error, RateLimitedError) and error.wait:
            self._rate_limiter.hold(min(error.wait, LONGEST_HOLD))

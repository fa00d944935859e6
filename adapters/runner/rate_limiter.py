"""Stripe's rate limit, kept by spacing requests evenly.

A pace gives out moments, one after the other, each an interval after the last; a request waits
for its own. That is the generic cell rate algorithm without bursts. Retries are requests too, so
the pace is kept where requests are sent, at the transport.
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
"""Seconds that a request waits for its moment. Whoever has to wait longer is told to come
again, so that nobody is held up who has something else to do."""

LONGEST_HOLD = 60.0
"""Seconds for which one answer of Stripe's can hold up everyone; then somebody tries again."""


class RateLimiter(Protocol):
    """Moments for requests, shared by all who send some."""

    def wait(self, longest: float) -> float:
        """Take the next moment, if it is near.

        Args:
            longest: in so many seconds at most; if it is farther, it is not taken.

        Returns:
            the seconds until that moment, taken or not.
        """
        ...

    def hold(self, seconds: float) -> None:
        """Give out no moment before so many seconds have passed."""
        ...


class LocalRateLimiter:
    """A pace of one process.

    Args:
        rate: requests a second.
        clock: in seconds from anywhere.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._next_at = float("-inf")
        self._lock = threading.Lock()

    def wait(self, longest: float) -> float:
        """Take the next moment, if it is near; see :class:`Pace`."""
        with self._lock:
            now = self._clock()
            moment = max(self._next_at, now)
            if moment - now <= longest:
                self._next_at = moment + self._interval
            return moment - now

    def hold(self, seconds: float) -> None:
        """Give out no moment before so many seconds have passed."""
        with self._lock:
            self._next_at = max(self._next_at, self._clock() + seconds)


class RateLimitedTransport:
    """A transport that keeps to a pace.

    Args:
        transport: sends the requests.
        pace: when.
        sleep: waits, in seconds.
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
        """Send one request, once, when its moment has come.

        Raises:
            RateLimitedError: that would take too long; nothing was sent.
            TransientError: no reply came, and whether the request arrived is not known.
        """
        wait = self._rate_limiter.wait(LONGEST_SLEEP)
        if wait > LONGEST_SLEEP:
            raise RateLimitedError(f"{call.method} {call.path} was kept back", wait=wait)
        if wait > 0:
            self._sleep(wait)
        reply = self._transport.send(call)
        if reply.status == 429:
            self._heed(reply, call)
        return reply

    def _heed(self, reply: Reply, call: Call) -> None:
        """Where Stripe says for how long to stay away, everyone does."""
        error = failure(reply, call)
        if isinstance(error, RateLimitedError) and error.wait:
            self._rate_limiter.hold(min(error.wait, LONGEST_HOLD))

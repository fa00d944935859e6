"""Stripe's rate limit, kept by spacing requests evenly, in two lanes.

A rate limiter hands out time slots, one interval apart, and each request waits for its own. This is
the generic cell rate algorithm without bursts. Retries are requests too, so the limit is applied
where requests are sent: at the transport.

A customer who waits comes first. So the rate is divided into two lanes, one for requests that a
caller waits for and one for the background. Each lane is guaranteed its share, and lends the other
one a slot that nobody has taken when its time has nearly come. So a backlog of background work
never keeps a caller waiting for longer than :data:`LENDS_WITHIN`, a crowd of callers does not stop
the background, and neither leaves a slot unused.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from relink.adapters.deadline import remaining

from .errors import HeldBackError, RateLimitedError
from .failures import failure
from .transport import Call, Reply, Transport

LIVE_RATE = 80.0
"""Requests per second with a live key: 20 % below Stripe's limit."""

TEST_RATE = 20.0
"""Requests per second in test mode: 20 % below Stripe's limit."""

CALLERS_SHARE = 0.75
"""The part of the rate that is guaranteed to callers who wait. The background has the rest, and
what callers leave."""

LENDS_WITHIN = 0.25
"""Seconds ahead within which a lane lends a slot to the other one."""

LONGEST_SLEEP = 3.0
"""How far ahead a request takes a slot (seconds)."""

SLOT_TIMEOUT = 6.0
"""The longest time that a request waits until a slot is so near (seconds). Then it is not sent, so
that the thread is free for other work."""

LONGEST_HOLD = 60.0
"""The longest time for which one answer from Stripe stops all requests (seconds)."""


class Lane(StrEnum):
    """Who waits for a request. The value names the lane where it is stored."""

    CALLERS = "stripe_callers"
    BACKGROUND = "stripe"

    @property
    def other(self) -> "Lane":
        """The lane that lends to this one."""
        return Lane.BACKGROUND if self is Lane.CALLERS else Lane.CALLERS

    def interval(self, rate: float) -> float:
        """The seconds between two slots of this lane.

        Args:
            rate: requests per second, in both lanes together.
        """
        share = CALLERS_SHARE if self is Lane.CALLERS else 1 - CALLERS_SHARE
        return 1 / (rate * share)


class RateLimiter(Protocol):
    """Hands out time slots, shared by everything that sends requests."""

    def wait(self, longest: float) -> float:
        """Take the next slot, unless it is too far away.

        Args:
            longest: take the slot only if it comes within this time (seconds).

        Returns:
            The time until the slot (seconds). If it is longer than ``longest``, none was taken.
        """
        ...

    def hold(self, seconds: float) -> None:
        """Hand out no slot within the next ``seconds``, to nobody."""
        ...


@dataclass(frozen=True, slots=True)
class RateLimiters:
    """The lanes of one rate limit."""

    callers: RateLimiter
    """For requests that a caller waits for."""
    background: RateLimiter
    """For everything else."""


class LocalRateLimits:
    """A rate limit for one process.

    Args:
        rate: requests per second, in both lanes together.
        clock: a monotonic clock (seconds).
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = {lane: lane.interval(rate) for lane in Lane}
        self._next_at = dict.fromkeys(Lane, float("-inf"))
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def lanes(self) -> RateLimiters:
        """Its lanes."""
        return RateLimiters(
            callers=_LocalLane(self, Lane.CALLERS), background=_LocalLane(self, Lane.BACKGROUND)
        )

    def wait(self, lane: Lane, longest: float) -> float:
        """Take the next slot that is open to a lane; see :class:`RateLimiter`."""
        with self._lock:
            now = self._clock()
            slots = {each: max(self._next_at[each], now) for each in Lane}
            limits = {lane: longest, lane.other: min(longest, LENDS_WITHIN)}
            found = [each for each in limits if slots[each] - now <= limits[each]]
            if not found:
                return slots[lane] - now
            taken = min(found, key=slots.__getitem__)
            self._next_at[taken] = slots[taken] + self._interval[taken]
            return slots[taken] - now

    def hold(self, seconds: float) -> None:
        """Hand out no slot within the next ``seconds``."""
        with self._lock:
            until = self._clock() + seconds
            self._next_at = {lane: max(at, until) for lane, at in self._next_at.items()}


@dataclass(frozen=True, slots=True)
class _LocalLane:
    limits: LocalRateLimits
    lane: Lane

    def wait(self, longest: float) -> float:
        return self.limits.wait(self.lane, longest)

    def hold(self, seconds: float) -> None:
        self.limits.hold(seconds)


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
            HeldBackError: no slot was near for too long. Nothing was sent.
            TransientError: no reply came. It is not known whether the request arrived.
        """
        self._wait(call)
        reply = self._transport.send(call)
        if reply.status == 429:
            self._hold_all(reply, call)
        return reply

    def _wait(self, call: Call) -> None:
        """Wait for a slot. A thread that gave up at once would only come back with the next
        request, and load the database with putting them off."""
        left = remaining(SLOT_TIMEOUT)
        while True:
            longest = min(LONGEST_SLEEP, left)
            wait = self._rate_limiter.wait(longest)
            if wait <= longest:
                break
            if left <= 0:
                raise HeldBackError(
                    f"{call.method} {call.path} was not sent: the rate limit is used up", wait=wait
                )
            pause = min(wait, LONGEST_SLEEP, left)
            left -= pause
            self._sleep(pause)
        if wait > 0:
            self._sleep(wait)

    def _hold_all(self, reply: Reply, call: Call) -> None:
        """Where Stripe names a wait, it applies to every request."""
        error = failure(reply, call)
        if isinstance(error, RateLimitedError) and error.wait:
            self._rate_limiter.hold(min(error.wait, LONGEST_HOLD))

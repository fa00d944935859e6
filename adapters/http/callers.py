"""Requests that wait for Stripe.

They have threads of their own: when Stripe hangs, they fill up, and webhooks and reads of what
relink knows do not wait behind them. Each is answered within its time, however many there are. The
time begins when the request arrives, and includes the wait for a thread. A request that gets none
soon is turned away with a 503.
"""

import math
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, fail_after
from anyio.to_thread import run_sync

from relink.adapters.gateway import Deadline, TransientError
from relink.adapters.service import RETRY_FOR

SEATS = 128
"""How many requests may wait for Stripe at once."""

WAIT_FOR_SEAT = 2.0
"""The longest time that a request waits until others are answered (seconds)."""

T = TypeVar("T")


class Callers:
    """Runs what callers wait for, in threads.

    Args:
        seats: how many run at once.
        timer: a clock that is never set back (seconds).
    """

    def __init__(self, timer: Callable[[], float], seats: int = SEATS) -> None:
        self._timer = timer
        self._seats = CapacityLimiter(seats)
        self._threads = CapacityLimiter(math.inf)  # there are as many as there are seats

    async def run(self, work: Callable[[], T]) -> T:
        """Run it in a thread, within :data:`RETRY_FOR` seconds from now.

        Raises:
            TransientError: too many others wait.
        """
        seat = object()
        with Deadline(RETRY_FOR, self._timer):
            try:
                with fail_after(WAIT_FOR_SEAT):
                    await self._seats.acquire_on_behalf_of(seat)
            except TimeoutError:
                raise TransientError("too many requests wait for Stripe") from None
            try:
                return await run_sync(work, limiter=self._threads)
            finally:
                self._seats.release_on_behalf_of(seat)

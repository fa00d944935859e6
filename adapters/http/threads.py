"""Requests that wait for Stripe: in threads of their own, and each within one deadline.

They have few threads, so that a slow Stripe cannot take up the whole process: webhooks and reads do
not queue behind these requests. The requests queue behind each other, and the time in the queue
counts. So each is answered in time, however many came before it: it may spend on Stripe what is
left of its time once a thread is free, and gets a 503 if none is free in time.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, fail_after
from anyio.to_thread import run_sync

from relink.adapters.deadline import within
from relink.adapters.service import requests

from .errors import unavailable

THREADS = 32
"""How many requests may wait for Stripe at once."""

T = TypeVar("T")


class StripeThreads:
    """The threads of one router.

    Args:
        count: how many.
    """

    def __init__(self, count: int = THREADS) -> None:
        self._limiter = CapacityLimiter(count)

    async def run(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Do work that waits for Stripe in a thread, within ``RETRY_FOR`` seconds from now.

        Raises:
            Problem: no thread was free in time.
        """
        try:
            # Only the wait for a thread is interrupted. The deadline goes with the work.
            with fail_after(requests.RETRY_FOR), within(requests.RETRY_FOR):
                return await run_sync(partial(work, *args, **options), limiter=self._limiter)
        except TimeoutError:
            pass
        raise unavailable("Stripe is slow, and too many other requests wait for it.")

"""Failures in a row: each party's attempts are watched, and a party that only fails is a warning.

One failed attempt is nothing: it is retried. When nothing succeeds any more at Stripe or at the
embedding service, an operator should know, and what to look at. The first warning comes after
:data:`FAILURES` failures in a row, and further ones :data:`WARN_EVERY` seconds apart, so that a
storm of failures does not flood the log. A success ends the streak.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from relink.adapters.store import Party

FAILURES = 5
"""Failures in a row that are a warning."""

WARN_EVERY = 60.0
"""Seconds between two warnings about one streak."""

CURES = {
    Party.STRIPE: "Check https://status.stripe.com, the network, and `relink doctor`",
    Party.SERVICE: "Check that RELINK_NOTIFY_URL is reachable, and answers with 2xx in time",
    Party.CLOCK: "The code failed: the log has the errors",
}
"""What to do, for operators."""

NAMES = {
    Party.STRIPE: "Stripe",
    Party.SERVICE: "the notification URL",
    Party.CLOCK: "timers",
}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Streak:
    failures: int = 0
    began_at: float = 0.0
    warn_at: float = 0.0


class Streaks:
    """The failures in a row at each party. It can be used from several threads.

    Args:
        timer: a clock that is never set back (seconds).
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._of = {party: _Streak() for party in Party}
        self._lock = threading.Lock()

    def failures_at(self, party: Party) -> int:
        """The number of failures at a party since its last success."""
        with self._lock:
            return self._of[party].failures

    def succeeded(self, party: Party) -> None:
        """Note that an attempt succeeded, or was answered."""
        with self._lock:
            ended, self._of[party] = self._of[party], _Streak()
        if ended.failures >= FAILURES:
            log.warning(
                "attempts at %s succeed again, after %d failures in %.0f s",
                *(NAMES[party], ended.failures, self._timer() - ended.began_at),
            )

    def failed(self, party: Party, error: str | None) -> None:
        """Note that an attempt failed.

        Args:
            party: where.
            error: why, for operators.
        """
        now = self._timer()
        with self._lock:
            streak = self._of[party]
            if not streak.failures:
                streak.began_at = now
            streak.failures += 1
            if streak.failures < FAILURES or now < streak.warn_at:
                return
            streak.warn_at = now + WARN_EVERY
            failures, seconds = streak.failures, now - streak.began_at
        log.warning(
            "%d attempts in a row failed at %s, for %.0f s; the last one: %s. %s",
            *(failures, NAMES[party], seconds, error, CURES[party]),
        )

"""Commands that somebody waits for: performed within a request, and repeated for a while.

What may pass (429, a failure of Stripe's, no answer in time, a key that is in use) is tried again
with backoff, and never before Stripe says; all attempts have the same idempotency key, the
command's id. Nobody is kept waiting for an attempt that would come too late.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from relink.adapters.gateway import (
    Answer,
    Attempt,
    Gateway,
    GatewayError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.runner import WatchCommand
from relink.adapters.runner.backoff import delay_before_next
from relink.engine import Command

log = logging.getLogger(__name__)


class RetryingGateway:
    """A gateway for callers who wait.

    Args:
        gateway: makes the attempts.
        clock: the time (Unix seconds).
        sleep: waits so many seconds.
        watch: is shown every attempt.
    """

    def __init__(
        self,
        gateway: Gateway,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        watch: WatchCommand,
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._sleep = sleep
        self._watch = watch

    def perform(self, command: Command, first: Attempt, until: float) -> tuple[Answer, float]:
        """Perform a command now.

        Args:
            command: one for Stripe.
            first: what the first attempt depends on.
            until: when to begin no more attempts (Unix seconds).

        Returns:
            The answer, and when the attempt that brought it began (Unix seconds).

        Raises:
            TransientError: there was no answer in time.
            PermanentError: Stripe refuses it.
        """
        asked_at, number = self._clock(), 1
        while True:
            now = self._clock()
            attempt = replace(first, number=number, asked_at=asked_at)
            try:
                answer = self._gateway.perform(command, now, attempt)
            except GatewayError as error:
                delay = _delay(error, command, number)
                is_over = delay is None or self._clock() + delay > until
                self._watch(command, "failed" if is_over else "postponed", self._clock() - asked_at)
                if delay is None or is_over:
                    raise
                extra = {"command_id": command.id, "attempt": number, "wait": delay}
                log.warning("%s will be repeated: %s", command.name, error, extra=extra)
            else:
                self._watch(command, "done", self._clock() - asked_at)
                return answer, now
            self._sleep(delay)
            number += 1


def _delay(error: GatewayError, command: Command, number: int) -> float | None:
    """Seconds until an attempt that failed is repeated; None when that changes nothing."""
    if not isinstance(error, TransientError):
        return None
    wait = error.wait if isinstance(error, RateLimitedError) else None
    return delay_before_next(command.id, number, wait)

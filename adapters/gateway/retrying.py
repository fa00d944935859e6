"""Commands performed within a request: retried for a while, because a caller waits.

Temporary failures (429, 5xx, timeouts, an idempotency key in use) are retried with backoff, and
never before Stripe allows it. What an operator has to mend is not: nobody mends it in time. All
attempts use the same idempotency keys. The caller's :class:`~.deadline.Deadline` bounds all of it:
no attempt begins after it, and one that is under way gives up with it.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from relink.machines.commands import AnyStripeCommand

from .backoff import delay_before_next
from .deadline import time_left
from .errors import GatewayError, OperatorError, RateLimitedError, TransientError
from .protocol import Answer, Attempt, Gateway, WatchCommand

SHORTEST_ATTEMPT = 0.25
"""Seconds. With less time left, no further attempt begins: it could only be cut off."""

log = logging.getLogger(__name__)


class RetryingGateway:
    """Performs commands for callers who wait.

    Args:
        gateway: makes the attempts.
        clock: the time (Unix seconds).
        sleep: waits for a number of seconds.
        watch: is called after every attempt.
        timer: a clock that is never set back (seconds).
    """

    def __init__(
        self,
        gateway: Gateway,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        watch: WatchCommand,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._sleep = sleep
        self._watch = watch
        self._timer = timer

    def perform(self, command: AnyStripeCommand, first: Attempt) -> tuple[Answer, float]:
        """Perform a command now, within the deadline in force.

        Args:
            command: the command.
            first: what the first attempt depends on.

        Returns:
            The answer, and when the attempt that brought it began (Unix seconds).

        Raises:
            TransientError: no attempt succeeded in time, or an operator has to mend something
                first (:class:`~.errors.OperatorError`).
            PermanentError: Stripe refuses the command.
        """
        began, asked_at, number = self._timer(), self._clock(), 1
        while True:
            now = self._clock()
            attempt = replace(first, number=number, asked_at=asked_at)
            try:
                answer = self._gateway.perform(command, now, attempt)
            except GatewayError as error:
                delay = _delay(error, command, number)
                is_over = delay is None or delay + SHORTEST_ATTEMPT > time_left()
                self._watch(command, _result(error, is_over), self._timer() - began)
                if delay is None or is_over:
                    raise
                extra = {"command_id": command.id, "attempt": number, "wait": delay}
                log.warning("%s failed and is retried: %s", command.name, error, extra=extra)
            else:
                self._watch(command, "done", self._timer() - began)
                return answer, now
            self._sleep(delay)
            number += 1


def _result(error: GatewayError, is_over: bool) -> str:
    """What the metrics call a failed attempt."""
    if isinstance(error, OperatorError):
        return "stuck"
    return "failed" if is_over else "postponed"


def _delay(error: GatewayError, command: AnyStripeCommand, number: int) -> float | None:
    """The delay before the next attempt (seconds); None where a retry is useless."""
    if not isinstance(error, TransientError) or isinstance(error, OperatorError):
        return None
    wait = error.wait if isinstance(error, RateLimitedError) else None
    return delay_before_next(command.id, number, wait)

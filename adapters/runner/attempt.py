"""One attempt at a command, and what follows from how it went.

A plain function over the gateway, the embedding service and the clock. It stores nothing and
waits for nothing, so any scheduler can call it.

Only a refusal by Stripe is final (F1). It comes back to the machines as an event. After any other
failure the command is retried, soon at first. When its retry budget is spent it is retried at long
intervals, and is *stuck*: an operator has to look at it. So it is at once where the operator is at
fault, as with a wrong API key, or where the code is.

Rules kept here: F1.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, assert_never, cast

from relink.adapters.gateway import (
    Attempt,
    Fault,
    Gateway,
    HeldBackError,
    OperatorError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.backoff import delay_before_next, jitter
from relink.adapters.store import DueCommand, StoreUnavailableError
from relink.machines.commands import (
    AnyStripeCommand,
    Notification,
    StripeCommand,
    Timer,
    Wake,
)
from relink.machines.events import CommandFailed, DomainEvent, TimerFired
from relink.machines.policy import RelinkPolicy

from .stuck import RETRY_BUDGET_SPENT, UNEXPECTED

Notify = Callable[[Notification, str], None]
"""Delivers a notification, such as ``NotifyCustomer``, to the embedding service, with the command's
id. The same one may be delivered twice; the id tells. Raises if the delivery fails."""

RETRY_BUDGET = 6 * 60 * 60.0
"""Seconds for which a command that keeps failing is retried soon. Time during which nobody made an
attempt that was due does not count."""

RETRY_ATTEMPTS = 20
"""Attempts that it has in any case, however long they were apart."""

SLOWER = 4
"""By how much its pauses are longer when both are used up: up to an hour."""

DOUBTS = 10
"""Attempts for which a missing object alarms no operator: it is mostly proved to be gone as soon
as the API key has reached another one (F1)."""

HELD_BACK_SPREAD = 3.0
"""Seconds over which commands are spread that relink's own rate limiter put off together."""

Result = Literal["done", "held_back", "postponed", "stuck", "failed"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. It holds no secret, whatever the answer held."""

    at: float
    """When it ended (Unix seconds)."""
    events: tuple[DomainEvent, ...] = ()
    """For the machines: Stripe's answer, or that the command failed for good."""
    retry_at: float | None = None
    """When to try again (Unix seconds); None when the command is complete."""
    gave_up: bool = False
    """Whether the command failed for good."""
    error: str | None = None
    """Why the attempt failed, for operators; it names the request."""
    stuck_on: str | None = None
    """What an operator has to look at, as a code; None where nobody has to."""
    is_held_back: bool = False
    """Whether it was no attempt: relink's own rate limiter had no slot for it."""

    @property
    def result(self) -> Result:
        """The outcome as :data:`WatchCommand` gets it."""
        if self.retry_at is None:
            return "failed" if self.gave_up else "done"
        if self.is_held_back:
            return "held_back"
        return "postponed" if self.stuck_on is None else "stuck"


def attempt(
    due: DueCommand,
    gateway: Gateway,
    notify: Notify,
    clock: Callable[[], float],
    policy: RelinkPolicy,
) -> Outcome:
    """Make one attempt at a command.

    Args:
        due: the command, and how far it is.
        gateway: carries out commands for Stripe.
        notify: delivers notifications to the embedding service.
        clock: the time (Unix seconds).
        policy: the service's choices, which the events carry.

    Raises:
        StoreUnavailableError: the rate limit is kept in a database that is down.
    """
    try:
        events = _carry_out(due, gateway, notify, clock(), policy)
        return Outcome(clock(), events)
    except StoreUnavailableError:
        raise
    except PermanentError as error:
        return _given_up(due, clock(), error, policy)
    except OperatorError as error:
        in_doubt = error.code is Fault.MISSING and due.attempts < DOUBTS
        return after_failure(due, clock(), str(error), None if in_doubt else error.code)
    except HeldBackError as error:
        return _held_back(due, clock(), error)
    except TransientError as error:
        wait = error.wait if isinstance(error, RateLimitedError) else None
        return after_failure(due, clock(), str(error), wait=wait)
    except Exception as error:
        # A later release may fix it, so the command is retried.
        log.exception("attempt %d at %s failed unexpectedly", due.attempts + 1, due.id)
        return after_unexpected(due, clock(), error)


def _held_back(due: DueCommand, at: float, error: HeldBackError) -> Outcome:
    """What follows where nothing was sent: the command is put off, and nothing has failed."""
    wait = (error.wait or 0.0) + HELD_BACK_SPREAD * jitter(due.id, due.attempts + 1)
    return Outcome(at, retry_at=at + wait, is_held_back=True)


def after_failure(
    due: DueCommand,
    at: float,
    error: str,
    stuck_on: str | None = None,
    wait: float | None = None,
) -> Outcome:
    """What follows from a failure that is not final: another attempt, later.

    Args:
        due: the command, and how far it is.
        at: when it failed (Unix seconds).
        error: why, for operators.
        stuck_on: what an operator has to look at at once, as a code.
        wait: the seconds that Stripe asked to wait, if it did.
    """
    number = due.attempts + 1
    delay = delay_before_next(due.id, number, wait)
    if number >= RETRY_ATTEMPTS and due.retried_for >= RETRY_BUDGET:
        delay = max(delay, SLOWER * delay_before_next(due.id, number))
        stuck_on = stuck_on or RETRY_BUDGET_SPENT
    return Outcome(at, retry_at=at + delay, error=error, stuck_on=stuck_on)


def after_unexpected(due: DueCommand, at: float, error: Exception) -> Outcome:
    """What follows where the code failed. The error's own text may quote anything: it is left out.

    Args:
        due: the command, and how far it is.
        at: when it failed (Unix seconds).
        error: what was raised.
    """
    what = f"unexpected {type(error).__name__}; the log has more"
    return after_failure(due, at, what, UNEXPECTED)


def _carry_out(
    due: DueCommand, gateway: Gateway, notify: Notify, at: float, policy: RelinkPolicy
) -> tuple[DomainEvent, ...]:
    match due.command:
        case Timer() as timer:
            return (_fired(timer, at, policy),)
        case StripeCommand() as command:
            # Every Stripe command is in the closed type: the commands' module requires it.
            known = cast("AnyStripeCommand", command)
            return gateway.perform(known, at, _attempt(due, policy)).events
        case Notification() as notification:
            notify(notification, due.id)
            return ()
    assert_never(due.command)


def _attempt(due: DueCommand, policy: RelinkPolicy) -> Attempt:
    return Attempt(
        number=due.attempts + 1,
        asked_at=due.created_at,
        generation=due.generation,
        connected_account=due.connected_account,
        policy=policy,
    )


def _fired(timer: Timer, at: float, policy: RelinkPolicy) -> TimerFired:
    if not isinstance(timer, Wake):
        raise TypeError(f"{timer.name} is a timer that the runner does not know. Use Wake")
    event = timer.event
    assert isinstance(event, DomainEvent), "a timer carries an event for a machine"
    return TimerFired(
        causation_id=timer.id,
        # The process that scheduled it may have a clock ahead of ours. The machine must not see
        # an earlier time than it asked for.
        at=max(at, timer.due),
        policy=policy,
        machine=timer.machine,
        key=timer.key,
        event=event,
    )


def _given_up(due: DueCommand, at: float, error: PermanentError, policy: RelinkPolicy) -> Outcome:
    failed = CommandFailed(
        causation_id=due.id,
        at=at,
        policy=policy,
        command=due.command.name,
        subject=due.command.subject,
        error=error.code,
    )
    return Outcome(at, (failed,), gave_up=True, error=str(error))

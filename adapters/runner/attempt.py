"""One attempt at a command, and what follows from how it went.

A plain function over the gateway, the embedding service and the clock: it stores nothing and
waits for nothing, so that any scheduler can call it. What may pass is tried again until patience
with the command ends; what Stripe refuses is over at once. Either way nothing is lost: a command
that failed for good comes back to the machines as an event.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from relink.adapters.gateway import (
    Attempt,
    Gateway,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.backoff import delay_before_next
from relink.adapters.store import DueCommand, StoreUnavailableError
from relink.engine import Command
from relink.machines.commands import Notification, StripeCommand, Wake
from relink.machines.events import CommandFailed, DomainEvent, TimerFired
from relink.machines.policy import RelinkPolicy

Notify = Callable[[Notification, str], None]
"""Sends a notification with its id to the embedding service, which tells a repeat by the id.
Raises where that fails."""

RETRY_BUDGET_SPENT = "no_success_in_time"
"""The ``error`` of a command that was given up because it only ever failed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went. It holds no secret, whatever the answer held."""

    at: float
    """When it was over (Unix seconds)."""
    events: tuple[DomainEvent, ...] = ()
    """For the machines: what Stripe answered, or that the command failed for good."""
    retry_at: float | None = None
    """When to try again (Unix seconds); None when the command is over."""
    gave_up: bool = False
    """Whether it failed for good."""
    error: str | None = None
    """Why there was no answer, for operators; it names the request."""

    @property
    def result(self) -> Literal["done", "postponed", "failed"]:
        """In one word."""
        if self.retry_at is not None:
            return "postponed"
        return "failed" if self.gave_up else "done"


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
        gateway: carries out those for Stripe.
        notify: takes those for the embedding service.
        clock: the time (Unix seconds).
        policy: the service's choices, which travel in the events.

    Raises:
        StoreUnavailableError: the pace is kept in a database that is away.
    """
    try:
        events = _carry_out(due, gateway, notify, clock(), policy)
        return Outcome(clock(), events)
    except StoreUnavailableError:
        raise
    except PermanentError as error:
        return _given_up(due, clock(), error.code, str(error), policy)
    except TransientError as error:
        wait = error.wait if isinstance(error, RateLimitedError) else None
        return after_failure(due, clock(), str(error), policy, wait)
    except Exception as error:
        # Nobody foresaw it. It may pass with the next release, and until then it is not lost.
        log.exception("attempt %d at %s broke off", due.attempts + 1, due.id)
        return after_failure(due, clock(), unforeseen(error), policy)


def after_failure(
    due: DueCommand, at: float, error: str, policy: RelinkPolicy, wait: float | None = None
) -> Outcome:
    """What follows from a failure that may pass: another attempt, unless patience has ended.

    Args:
        due: the command, and how far it is.
        at: when it failed (Unix seconds).
        error: why, for operators.
        policy: the service's choices.
        wait: the seconds that Stripe asked for, if it did.
    """
    if at >= due.give_up_at:
        return _given_up(due, at, RETRY_BUDGET_SPENT, error, policy)
    delay = delay_before_next(due.id, due.attempts + 1, wait)
    return Outcome(at, retry_at=at + delay, error=error)


def unforeseen(error: Exception) -> str:
    """Such an error in words that can be kept: its own may quote anything."""
    return f"unforeseen {type(error).__name__}; the log has more"


def _carry_out(
    due: DueCommand, gateway: Gateway, notify: Notify, at: float, policy: RelinkPolicy
) -> tuple[DomainEvent, ...]:
    command = due.command
    if isinstance(command, Wake):
        return (_fired(command, at, policy),)
    if isinstance(command, StripeCommand):
        how = Attempt(
            number=due.attempts + 1,
            asked_at=due.created_at,
            generation=due.round,
            connected_account=due.connected_account,
            policy=policy,
        )
        return gateway.perform(command, at, how).events
    assert isinstance(command, Notification), "a command is of one of the families"
    notify(command, due.id)
    return ()


def _fired(timer: Wake, at: float, policy: RelinkPolicy) -> TimerFired:
    event = timer.event
    assert isinstance(event, DomainEvent), "timers bring back what machines are told"
    return TimerFired(
        causation_id=timer.id,
        # Who scheduled it may have a clock ahead of ours; a machine must not find it early.
        at=max(at, timer.due),
        policy=policy,
        machine=timer.machine,
        key=timer.key,
        event=event,
    )


def _given_up(due: DueCommand, at: float, code: str, error: str, policy: RelinkPolicy) -> Outcome:
    failed = CommandFailed(
        causation_id=due.id,
        at=at,
        policy=policy,
        command=due.command.name,
        subject=due.command.subject,
        error=code,
    )
    return Outcome(at, (failed,), gave_up=True, error=error)

"""One attempt at a command, and what follows from how it went.

A plain function of the command, the gateway and the time: no clock, no store, no randomness.
What is due when is for its caller to keep; the same attempt always ends in the same time for
the next one, and two commands that fail together do not come back together.
"""

import hashlib
from dataclasses import dataclass

from relink.engine import Command
from relink.machines.commands import RetrieveAuthorization, RetrieveSession
from relink.machines.events import CommandFailed, Happening

from .gateway import Attempt, Gateway, PermanentError, RateLimitedError, TransientError

FIRST_DELAY = 1.0
"""Seconds before the second attempt. Each further one waits twice as long, …"""

LONGEST_DELAY = 15 * 60.0
"""… up to this many."""

PATIENCE = 3 * 24 * 60 * 60.0
"""Seconds after which a command that only ever failed is given up: as long as Stripe itself
goes on delivering a webhook."""

OUT_OF_PATIENCE = "no_success_in_time"
"""The ``error`` of a command that was given up for that."""


@dataclass(frozen=True, slots=True)
class Performed:
    """How an attempt went. It holds no secret, whatever the answer held."""

    events: tuple[Happening, ...] = ()
    """For the machines: what Stripe answered, or that the command failed for good."""
    retry_at: float | None = None
    """When to try again (Unix seconds); None when the command is over."""
    gave_up: bool = False
    """Whether it failed for good."""
    error: str | None = None
    """Why there was no answer, for operators; it names the request."""


def perform(
    command: Command, gateway: Gateway, at: float, attempt: Attempt | None = None
) -> Performed:
    """Make one attempt at a command.

    Args:
        command: a command for Stripe.
        gateway: who carries it out.
        at: now (Unix seconds).
        attempt: the how-manieth it is, since when, in whose name; None is the first.

    Raises:
        UnsupportedCommandError: it is not a command for Stripe.
    """
    attempt = attempt or Attempt()
    try:
        return Performed(gateway.perform(command, at, attempt).events)
    except TransientError as error:
        asked_at = attempt.asked_at if attempt.asked_at is not None else at
        if at - asked_at >= PATIENCE:
            return _given_up(command, at, attempt, OUT_OF_PATIENCE, str(error))
        wait = error.wait if isinstance(error, RateLimitedError) else None
        delay = delay_before_next(command.id, attempt.number, wait)
        return Performed(retry_at=at + delay, error=str(error))
    except PermanentError as error:
        return _given_up(command, at, attempt, error.code, str(error))


def delay_before_next(command_id: str, number: int, wait: float | None = None) -> float:
    """Seconds from a failed attempt to the next: exponential backoff with jitter.

    Args:
        command_id: sets the jitter, with the number.
        number: the how-manieth attempt failed, from 1.
        wait: what Stripe asked for, in seconds. It is never gone below.
    """
    backoff = min(FIRST_DELAY * 2.0 ** min(number - 1, 30), LONGEST_DELAY)
    digest = hashlib.sha256(f"{command_id}:{number}".encode()).digest()
    jitter = int.from_bytes(digest[:4]) / 2**32
    return backoff * (1 + jitter) / 2 if wait is None else wait + backoff * jitter


def _given_up(command: Command, at: float, attempt: Attempt, code: str, error: str) -> Performed:
    failed = CommandFailed(
        cause=command.id,
        at=at,
        policy=attempt.policy,
        command=command.name,
        subject=_subject(command),
        error=code,
    )
    return Performed((failed,), gave_up=True, error=error)


def _subject(command: Command) -> str:
    """What it is about: the object that it reads, or the account that it is for."""
    match command:
        case RetrieveAuthorization(authorization=name) | RetrieveSession(session=name):
            return name
        case _:
            return str(getattr(command, "account", ""))

"""The gateway protocol: one command in, one attempt made, events out.

A gateway makes one attempt. When to make the next one is decided elsewhere
(:mod:`relink.adapters.runner` for the outbox, :mod:`.retrying` within a request). The gateway only
has to make retries safe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from relink.engine import Command
from relink.machines.commands import AnyStripeCommand
from relink.machines.events import DomainEvent
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

from .secret import ClientSecret, HostedUrl

WatchCommand = Callable[[Command, str, float], None]
"""Is called after every attempt with the command, the result (``done``, ``postponed``, ``stuck``,
``failed``, or ``held_back`` by relink's own rate limiter), and the seconds since the command was
issued."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The context of one attempt at a command."""

    number: int = 1
    """The attempt's number, from 1."""
    asked_at: float | None = None
    """When the command was issued (Unix seconds); None: just now."""
    connected_account: str | None = None
    """The connected account (``acct_…``) to call Stripe for, if any."""
    policy: RelinkPolicy = DEFAULT_POLICY
    """The policy in force, which the events carry."""
    generation: int = 0
    """How often an operator has retried the command after it failed for good."""


FIRST = Attempt()


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a command."""

    events: tuple[DomainEvent, ...] = ()
    """What the machines learn. Their ``causation_id`` is the command's id."""
    secret: ClientSecret | None = None
    """The client secret, for the caller of a ``CallerCommand`` about a session."""
    url: HostedUrl | None = None
    """The URL of a hosted session, for the same caller."""


@runtime_checkable
class Gateway(Protocol):
    """Carries out commands at Stripe, or at a stand-in for it."""

    def perform(self, command: AnyStripeCommand, at: float, attempt: Attempt = FIRST) -> Answer:
        """Make one attempt at a command. Repeating it is always safe.

        Args:
            command: the command.
            at: now (Unix seconds, our clock). It is when a read began, and earlier than any time
                at which Stripe answers it.
            attempt: the context of the attempt.

        Raises:
            TransientError: a temporary failure. :class:`RateLimitedError` may name the wait,
                :class:`MalformedAnswerError` means that the answer could not be read, and
                :class:`OperatorError` that an operator has to mend something first (F1).
            PermanentError: Stripe says that the object of the command does not allow it.
        """
        ...

"""What relink may ask of Stripe: one command at a time, answered with events.

A gateway makes one attempt. When to make another one is not its business but that of
:mod:`relink.adapters.runner`; it only has to make repeating safe.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from relink.machines.commands import AnyStripeCommand
from relink.machines.events import DomainEvent
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

from .secret import ClientSecret, HostedUrl


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt at a command depends on beside the command."""

    number: int = 1
    """The how-manieth attempt it is."""
    asked_at: float | None = None
    """When the command was first asked for (Unix seconds); None: just now."""
    connected_account: str | None = None
    """The connected account (``acct_…``) in whose name Stripe is called, if any."""
    policy: RelinkPolicy = DEFAULT_POLICY
    """The service's choices, which travel in the events."""
    round: int = 0
    """How often the command was taken up again after it had failed for good."""


FIRST = Attempt()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command."""

    events: tuple[DomainEvent, ...] = ()
    """What it tells the machines. Their ``causation_id`` is the command's id."""
    secret: ClientSecret | None = None
    """For the caller of ``CreateRelinkSession`` and of a ``RetrieveSession`` for the caller."""
    url: HostedUrl | None = None
    """The same, of a hosted session."""


@runtime_checkable
class Gateway(Protocol):
    """Carries out commands at Stripe, or somewhere that stands in for it."""

    def perform(self, command: AnyStripeCommand, at: float, attempt: Attempt = FIRST) -> Answer:
        """Make one attempt at a command. Repeating it is safe, whatever came of it.

        Args:
            command: what to do.
            at: now (Unix seconds, our clock).
            attempt: what else it depends on.

        Raises:
            TransientError: it may pass; :class:`RateLimitedError` says for how long to wait,
                :class:`MalformedAnswerError` that the answer made no sense.
            PermanentError: Stripe refuses it, or it can't be done.
        """
        ...

"""What the service returns."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from relink.adapters.gateway import ClientSecret, HostedUrl
from relink.engine import Snapshot
from relink.machines import Assessment, NextAction
from relink.machines.account.facts import AccountFacts
from relink.machines.vocabulary import Mode

WebhookOutcome = Literal["applied", "duplicate", "ignored"]

ResultOutcome = Literal[
    "relinked", "new_account_linked", "known_account_linked", "failed", "cancelled", "pending"
]


@dataclass(frozen=True, slots=True)
class RelinkSession:
    """An open session. Its ``repr`` shows neither the secret nor the URL."""

    id: str
    mode: Mode
    is_new: bool
    """Whether this request opened it; otherwise it was open already (R1)."""
    secret: ClientSecret | None
    url: HostedUrl | None


class AssessedAccount(NamedTuple):
    """An account, whether its link works, and whether you may debit it."""

    snapshot: Snapshot[AccountFacts]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class SessionResult:
    """The result of a session (R3), and what to do next."""

    outcome: ResultOutcome
    """``pending`` while the customer can still finish the session, even an abandoned or superseded
    one (R2), and while an ownership check is pending."""
    failure_reason: str | None
    """A code: Stripe's own, ``other_holder`` or ``account_disconnected``."""
    account: str
    """The linked account; without one, the account that the session was opened for."""
    next: tuple[NextAction, ...]
    """What to do for that account."""

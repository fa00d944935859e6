"""What is remembered of a relink session, and what its report returns."""

from relink.engine import Facts

from ..commands import CreateRelinkSession
from ..messages import SessionSucceeded
from ..vocabulary import SessionOutcome


class SessionFacts(Facts):
    """A session's memory."""

    id: str
    request: CreateRelinkSession | None = None
    """What it was opened with."""
    opened_at: float = 0.0
    """When we learned that it is open (our clock): the line between known and new (K7)."""
    overdue: bool = False
    """It has been open for as long as the policy allows."""
    asked: str | None = None
    """The account that was returned instead of the expected one, while it is asked."""
    has_ended: bool = False
    """It was given up, and has ended at Stripe since."""
    outcome: SessionOutcome | None = None
    failure_reason: str | None = None
    linked: str | None = None
    """The account that the customer linked."""


def returned(trigger: SessionSucceeded) -> tuple[str, ...]:
    """The returned accounts, the relinked one first."""
    relinked = (trigger.relinked_account,) if trigger.relinked_account else ()
    return relinked + (trigger.accounts or ())

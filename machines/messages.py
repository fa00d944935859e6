"""Messages: what the machines are told, by routing and by each other.

Words about accounts, authorizations and numbers, sorted by what they say; then what sessions,
accounts, authorizations, numbers, payment methods and outages tell each other. Each is delivered
within the step of the outside event that caused it.
"""

from typing import ClassVar, Literal

from pydantic import Field

from .commands import CreateRelinkSession, RelinkReason
from .events import Happening
from .word import Holder, Word

# ── words, for accounts, authorizations and account numbers ──────────────────


class Heard(Happening):
    """Stripe's word, sorted by what it says."""

    says: ClassVar[str] = ""
    as_of: int
    read: bool
    word: Word


class HeardActive(Heard):
    """It works."""

    says = "active"


class HeardRelinkable(Heard):
    """Inactive, and the customer can repair it."""

    says = "relinkable"


class HeardUnrepairable(Heard):
    """Inactive, and nobody can repair it now; or with an action that we don't know (S2)."""

    says = "unrepairable"


class HeardInactive(Heard):
    """Inactive, without an action: repairable or not is left open (K5)."""

    says = "inactive"


class HeardDisconnected(Heard):
    """The customer or the service ended it for good."""

    says = "disconnected"


class HeardUnclear(Happening):
    """Only "look" (K6), or a status that is missing or that we don't know (K5)."""

    as_of: int
    read: bool
    status: str | None = None


class HeardTransactable(Heard):
    """An account number can pay, or none is listed."""

    says = "transactable"


class HeardPending(Heard):
    """A number is coming."""

    says = "pending"


class HeardExpiring(Heard):
    """The number still pays, and is known to stop."""

    says = "expiring"


class HeardLapsed(Heard):
    """No number pays."""

    says = "lapsed"


# ── between the machines ─────────────────────────────────────────────────────


class SessionOpened(Happening):
    """To session, account and authorization: a relink session is open."""

    session: str
    request: CreateRelinkSession


class SessionSuperseded(Happening):
    """To the session: another was opened in its stead."""

    by: str


class SessionPending(Happening):
    """To the session: the customer is not through."""

    as_of: int
    read: bool


class SessionSucceeded(Happening):
    """To the session: the customer linked these accounts."""

    as_of: int
    read: bool
    relinked_account: str | None
    accounts: tuple[str, ...] | None


class SessionFailed(Happening):
    """To the session: Stripe says why not."""

    as_of: int
    failure_reason: str


class SessionCancelled(Happening):
    """To the session: the customer closed it."""

    as_of: int


class SessionUnclear(Happening):
    """To the session: only "look", or a status that we don't know."""

    as_of: int
    read: bool
    status: str | None


class SessionDeadline(Happening):
    """To the session: it has been open for as long as the policy lets it."""


class ReadFailed(Happening):
    """To account, authorization or session: Stripe refused the read for good."""

    error: str


class ReturnedBySession(Happening):
    """To the account: a session returned it in place of the one that was expected."""

    session: str
    expected: str
    holder: Holder | None
    opened_at: float
    as_of: int
    read: bool


class ReturnedAccountJudged(Happening):
    """To the session: the account that came back is known, new, or somebody else's (K7, R6)."""

    account: str
    verdict: Literal["known", "new", "other_holder"]
    as_of: int
    read: bool


class MemberSessionEnded(Happening):
    """To the authorization: a session for an account of it is over, without its repair."""

    session: str


class SessionRelinked(Happening):
    """To account and authorization: the expected account was relinked."""

    session: str
    account: str
    as_of: int
    read: bool


class SessionUnsuccessful(Happening):
    """To the account: the session ended, or was given up, without a repair."""

    session: str
    outcome: Literal["failed", "cancelled", "abandoned"]
    failure_reason: str | None


class KnownAccountLinked(Happening):
    """To the account: the customer picked another account that we hold."""

    session: str
    other: str
    as_of: int


class NewAccountLinkedInstead(Happening):
    """To the account: the customer linked an account that is new to us."""

    session: str
    new: str
    as_of: int
    read: bool


class MemberReported(Happening):
    """To the authorization: an account of it was heard of."""

    account: str
    inactive: bool
    as_of: int


class MemberLeft(Happening):
    """To the authorization: an account of it came back under another one (K8)."""

    account: str
    as_of: int


class NumberChanged(Happening):
    """To the account: how its tokenized number fares."""

    state: str
    expires_on: int | None


class ReviewDue(Happening):
    """To the account itself: all that this report tells is known by now, so tell the outage."""


class NumberBlocked(Happening):
    """To the account number: a payment method or external account says it was deactivated."""

    as_of: int


class RefreshStarted(Happening):
    """To the account number: a relink session of the account is open, which may bring a new one."""


class RefreshEnded(Happening):
    """To the account number: that session is over, and brought none."""


class RefreshSucceeded(Happening):
    """To the account number: that session relinked the account, and a new number is to come."""

    as_of: int


class NeedsChanged(Happening):
    """To the outage: who needs a relink, and what for, has changed."""

    subject: str
    is_account: bool = True
    """False: it is the authorization itself."""
    needs: tuple[RelinkReason, ...]
    """Empty: nothing any more."""
    cause_of_it: str | None = None
    """Stripe's ``cause`` of the inactivity."""
    ask: Literal["relink", "new_payment_method"] = "relink"
    relink_by: int | None = None
    prompted_since: float | None = None
    """Set when the account brings a prompted outage along from where it was (K8)."""
    in_peace: bool = False
    """And its customer was not to be reminded there."""


class NeedsMoved(Happening):
    """To the outage: this account's needs go on elsewhere (K8)."""

    subject: str
    to: str
    successor: NeedsChanged


class StripeWrites(Happening):
    """To the outage: Stripe itself sent the customer the link, so we don't (P2)."""


class PromptDue(Happening):
    """To the outage: it is time for the first prompt of an announced one."""

    outage: int
    """Which outage of its authorization the timer was set for."""


class ReminderDue(Happening):
    """To the outage: it is time for reminder ``number``."""

    outage: int
    number: int = Field(ge=1)


class BuildRequested(Happening):
    """To the payment method: a new account was linked; build on it if that can be done."""

    session: str
    holder: Holder | None
    obstacle: str | None
    """Why it can't be built on; None when it can (N1)."""


class BuildResumed(Happening):
    """To the payment method: the service supplied the name; go on if that can still be done."""

    holder: Holder | None
    """Whose account it is by now."""
    obstacle: str | None
    billing_name: str = Field(default="", exclude=True, repr=False)
    """Never journaled."""


class PaymentMethodChecked(Happening):
    """To the payment method: is it blocked?"""

    as_of: int
    blocked: str | None


class BuildFailed(Happening):
    """To the payment method: Stripe refused for good."""

    error: str


class PaymentMethodChanged(Happening):
    """To the account: how what was built on it fares."""

    state: str
    reason: str | None

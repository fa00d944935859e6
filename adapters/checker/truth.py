"""What is true at Stripe and at the bank, as plain values; and the reports that tell of it.

Everything here is a named tuple of strings and numbers, so that states of the search can be
compared and numbered quickly.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from relink.machines.commands import CreateRelinkSession
from relink.machines.policy import DAY
from relink.machines.report import AccountNumber, Holder, PaymentMethodReport, StatusReport
from relink.machines.vocabulary import NUMBER_DEACTIVATED

SOON, LATER = 3 * DAY, 20 * DAY
"""How far announced days are ahead: within the policy's lead, and beyond it."""
BETWEEN = LATER - SOON

LOGIN, OTHER_LOGIN = "fcauth_1", "fcauth_2"
OTHER_ACCOUNT = "fca_other"
CUSTOMER = Holder(field="customer", id="cus_1")
CONNECTED = Holder(field="account", id="acct_1")
STRANGER = Holder(field="customer", id="cus_stranger")


class Link(StrEnum):
    """What is true of a link. The value tells it, for people."""

    WORKS = "works"
    EXPIRED = "stopped: access expired"
    REVOKED = "stopped: the customer revoked access"
    CLOSED = "stopped: closed"
    BARRED = "stopped, with an action that relink does not know"
    UNSAID = "stopped, and Stripe does not say what to do"
    GONE = "is disconnected"

    @property
    def is_repairable(self) -> bool:
        """Whether it stopped, and a relink mends it."""
        return self in (Link.EXPIRED, Link.REVOKED)


_DETAILS: dict[Link, dict[str, str | None]] = {
    Link.WORKS: {"status": "active"},
    Link.EXPIRED: {
        "status": "inactive",
        "action": "relink_required",
        "cause": "access_expired",
    },
    Link.REVOKED: {"status": "inactive", "action": "relink_required", "cause": "access_denied"},
    Link.CLOSED: {"status": "inactive", "action": "none", "cause": "account_closed"},
    Link.BARRED: {"status": "inactive", "action": "call_the_bank", "cause": "unspecified"},
    Link.UNSAID: {"status": "inactive", "cause": "unspecified"},
    Link.GONE: {"status": "disconnected"},
}


NO_DAY = 0
"""In the place of a day: the end is announced, and no day is."""

IN_TURN = "expiring in turn"
"""Two numbers pay: the one until the third day, and the other one until its own."""


class Account(NamedTuple):
    """An account at Stripe."""

    link: Link = Link.WORKS
    authorization: str | None = LOGIN
    holder: Holder = CUSTOMER
    announced_for: int | None = None
    """The day on which it is announced to stop (Unix seconds), or :data:`NO_DAY`."""
    numbers: str | None = None
    """``transactable``, ``expiring``, :data:`IN_TURN`, ``deactivated`` or ``pending``; None: none
    are listed, and only payment methods tell whether it pays."""
    numbers_until: int | None = None


class Authorization(NamedTuple):
    """An authorization at Stripe."""

    link: Link = Link.WORKS
    announced_for: int | None = None


class Session(NamedTuple):
    """A relink session at Stripe."""

    account: str
    request: CreateRelinkSession
    status: str = "pending"
    failure: str | None = None
    linked: str | None = None
    began_in: int | None = None
    """In which outage of the account it was created; None while the account needed nothing."""


class Method(NamedTuple):
    """A payment method or an external account."""

    account: str
    blocked: str | None = None
    is_gone: bool = False
    has_mandate: bool = True
    is_external: bool = False

    @property
    def can_pay(self) -> bool:
        """Whether it can be charged, apart from the account's number (C3)."""
        return not self.is_gone and self.blocked in (None, NUMBER_DEACTIVATED)


def account_report(account: Account, *, is_thin: bool = False) -> StatusReport:
    """An account object.

    Args:
        account: What is true.
        is_thin: Whether it leaves out what a GA version has no fields for.
    """
    said: dict[str, Any] = dict(_DETAILS[account.link])
    if is_thin:
        said = {"status": said["status"]}
    else:
        if account.authorization is not None:
            said["authorization"] = account.authorization
        if account.link is Link.WORKS:
            said |= _announcement(account.announced_for)
        if account.numbers is not None:
            said["numbers"] = _numbers(account.numbers, account.numbers_until)
    return StatusReport.model_validate(
        {
            **said,
            "holder": account.holder,
            "permissions": ("payment_method",),
            "subcategory": "checking",
            "payment_method_types": ("us_bank_account",),
        }
    )


def authorization_report(authorization: Authorization) -> StatusReport:
    """An authorization object."""
    said: dict[str, Any] = dict(_DETAILS[authorization.link])
    if authorization.link is Link.WORKS:
        said |= _announcement(authorization.announced_for)
    return StatusReport.model_validate(said)


def method_report(method: Method) -> PaymentMethodReport:
    """A payment method."""
    return PaymentMethodReport(blocked=method.blocked, gone=method.is_gone)


def _announcement(day: int | None) -> dict[str, Any]:
    if day is None:
        return {}
    said: dict[str, Any] = {"deactivation_action": "relink_required"}
    return said if day == NO_DAY else {**said, "deactivates_on": day}


def _numbers(status: str, until: int | None) -> tuple[AccountNumber, ...]:
    if status == IN_TURN and until is not None:
        return _number("expiring", until - BETWEEN), _number("expiring", until)
    return (_number(status, until),)


def _number(status: str, until: int | None) -> AccountNumber:
    is_expiring = status == "expiring"
    return AccountNumber(
        identifier_type="tokenized_account_number",
        status="transactable" if is_expiring else status,
        expires_on=until if is_expiring else None,
        networks=("ach",),
    )


def needs_relink(
    account: Account, authorization: Authorization | None, has_lapsed: bool, now: int, lead: int
) -> bool:
    """Whether a relink mends something, or prevents it within the policy's lead (S3, P3).

    Args:
        account: What is true of it.
        authorization: And of its credentials.
        has_lapsed: Whether its number was deactivated, by what its payment methods say.
        now: When (Unix seconds).
        lead: How long before a day it is a need (seconds).
    """
    if account.authorization is None:
        # It would be refused (R9).
        return False
    if account.link is not Link.WORKS:
        return account.link.is_repairable
    login_day = authorization.announced_for if authorization else None
    expiry = account.numbers_until if account.numbers in ("expiring", IN_TURN) else None
    days = (account.announced_for, login_day, expiry)
    is_ahead = any(day is not None and now >= day - lead for day in days)
    return is_ahead or account.numbers == "deactivated" or (account.numbers is None and has_lapsed)

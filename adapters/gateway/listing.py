"""Listing accounts: for those that were linked before relink was installed.

A list is read page by page, newest account first, and each account in it counts as read. A gateway
that can list accounts has one more method, see :class:`AccountLister`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from relink.adapters.stripe import reduce_account
from relink.machines.events import AccountReported
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy
from relink.machines.report import Holder

from .failures import failure
from .reading import PAGE_SIZE, EventFields, StripeAnswer, is_success, items, read, reported
from .transport import Call, Transport

ACCOUNTS = "/v1/financial_connections/accounts"


@dataclass(frozen=True, slots=True)
class AccountListing:
    """Which accounts to list, and where the page begins."""

    causation_id: str
    """The id of what asks for the list. A report's causation id is this and the account's id."""
    holder: Holder | None = None
    """Whose accounts; None: everybody's."""
    connected_account: str | None = None
    """The connected account (``acct_…``) that the accounts were linked for, if any."""
    after: str | None = None
    """The last account of the previous page; None for the first page."""
    policy: RelinkPolicy = DEFAULT_POLICY
    """The policy in force, which the reports carry."""


class AccountPage(NamedTuple):
    """One page of a list of accounts."""

    reports: tuple[AccountReported, ...]
    """What the page says about each account, as a read of it would; or only that it is to be read,
    if something in it is unreadable."""
    after: str | None
    """The account after which the next page begins; None on the last page."""


@runtime_checkable
class AccountLister(Protocol):
    """A gateway that can list accounts."""

    def list_accounts(self, listing: AccountListing, at: float) -> AccountPage:
        """Read one page, once.

        Args:
            listing: which accounts.
            at: now (Unix seconds, our clock).

        Raises:
            TransientError: a temporary failure, as for ``Gateway.perform``.
        """
        ...


def list_accounts(transport: Transport, listing: AccountListing, at: float) -> AccountPage:
    """Read one page at Stripe; see :meth:`AccountLister.list_accounts`."""
    call = Call("GET", ACCOUNTS, _params(listing), connected_account=listing.connected_account)
    reply = transport.send(call)
    if not is_success(reply):
        raise failure(reply, call)
    page = read(reply, call)
    reports = tuple(_report(found, listing, at) for found in items(page, ACCOUNTS))
    has_more = bool(reports) and page.object.get("has_more") is True
    return AccountPage(reports, reports[-1].account if has_more else None)


def _params(listing: AccountListing) -> Mapping[str, Any]:
    params: dict[str, Any] = {"limit": PAGE_SIZE}
    if listing.holder:
        params["account_holder"] = {listing.holder.field: listing.holder.id}
    if listing.after:
        params["starting_after"] = listing.after
    return params


def _report(found: StripeAnswer, listing: AccountListing, at: float) -> AccountReported:
    common: EventFields = {
        "causation_id": listing.causation_id,
        "at": at,
        "policy": listing.policy,
    }
    report: AccountReported = reported(reduce_account, found, common)
    said = {"causation_id": f"{listing.causation_id}:{report.account}"}
    # An unreadable field is not "none" (K5): the account has to be read alone.
    look = {"report": None, "read": False, "begun_at": None}
    return report.model_copy(update=said if report.complete else said | look)

"""The bank's world: what happens to links without anybody asking.

Each method is one happening, at the simulator's present time. Ids are checked; what can't
happen (closing a closed account) raises :class:`.errors.CannotHappen`.
"""

from .clock import Clock
from .errors import CannotHappen
from .links import NUMBER_DEACTIVATED, Links, Tell
from .resources import Account, Announcement, Authorization, Number
from .world import World, known

BLOCKS = (
    "bank_account_closed",
    "bank_account_frozen",
    "bank_account_invalid_details",
    "bank_account_restricted",
    "bank_account_unusable",
    "debit_not_authorized",
    NUMBER_DEACTIVATED,
)
"""Why a payment method can be blocked."""


class Bank:
    """DomainEvents at the banks."""

    def __init__(self, world: World, links: Links, clock: Clock, tell: Tell) -> None:
        self._world = world
        self._links = links
        self._clock = clock
        self._tell = tell

    # ── the whole connection ─────────────────────────────────────────────────

    def expire_consent(self, authorization: str) -> None:
        """The customer's consent runs out: a relink is required."""
        self._deactivate_all(authorization, "access_expired")

    def change_password(self, authorization: str) -> None:
        """The customer's password changes, so the stored credentials fail."""
        self._deactivate_all(authorization, "institution_requirement")

    def revoke_access(self, authorization: str) -> None:
        """The customer revokes access in the bank's own portal."""
        self._deactivate_all(authorization, "access_denied")

    def _deactivate_all(self, name: str, cause: str) -> None:
        authorization = self._authorization(name)
        if authorization.status != "active":
            raise CannotHappen(f"{name} is {authorization.status} already")
        self._links.deactivate_all(authorization, cause, "relink_required")

    def merge(self, authorization: str, into: str) -> None:
        """Two connections to one bank become one: the accounts move, the old one is gone.

        Accounts take the state of the connection that they come to. No event tells that an
        account moved.
        """
        old, new = self._authorization(authorization), self._authorization(into)
        if old is new:
            raise CannotHappen(f"{into} can't be merged into itself")
        if any(getattr(old, of) != getattr(new, of) for of in ("institution", "owner", "holder")):
            raise CannotHappen(f"{authorization} and {into} are not of one bank and holder")
        for account in list(old.accounts):
            self._links.move(account, new)
            if new.status == "inactive" and account.status == "active":
                self._links.deactivate(account, "unspecified", new.action or "none")
            elif new.status == "active" and account.open and account.relinkable:
                self._links.activate(account)
        old.status = "disconnected"
        old.action = old.announced = None

    def forget_authorization(self, account: str) -> None:
        """The account has no authorization any more, and can't be relinked."""
        self._links.move(self._account(account), None)

    # ── one account ──────────────────────────────────────────────────────────

    def close_account(self, account: str) -> None:
        """The customer closes the account at the bank: nothing can repair it."""
        found = self._account(account)
        if not found.open:
            raise CannotHappen(f"{account} is closed already")
        found.open = False
        self._links.deactivate(found, "account_closed", "none")

    def reopen_account(self, account: str, *, needs_relink: bool = False) -> None:
        """A closed account is opened again.

        It works again by itself, unless its connection broke in the meantime (or
        ``needs_relink``): then it can be relinked.
        """
        found = self._account(account)
        if found.open:
            raise CannotHappen(f"{account} is not closed")
        found.open = True
        self._restore(found, needs_relink)

    def suspend_account(self, account: str) -> None:
        """The bank stops serving the account for a while; no relink helps."""
        found = self._account(account)
        if found.status != "active":
            raise CannotHappen(f"{account} is {found.status} already")
        self._links.deactivate(found, "account_unavailable", "none")

    def restore_account(self, account: str) -> None:
        """The bank serves a suspended account again."""
        found = self._account(account)
        if not found.inactive or found.inactive.cause != "account_unavailable":
            raise CannotHappen(f"{account} is not suspended")
        self._restore(found, needs_relink=False)

    def _restore(self, account: Account, needs_relink: bool) -> None:
        authorization = account.authorization
        works = authorization is not None and authorization.status == "active"
        if works and not needs_relink:
            self._links.activate(account)
        else:
            self._links.deactivate(account, "access_expired", "relink_required")

    def disconnect(self, account: str) -> None:
        """The account is disconnected, by the customer or in the dashboard. It is final."""
        self._links.disconnect(self._account(account))

    def refresh_data(self, account: str) -> None:
        """Stripe reads the balance, and says so in an event that carries the account."""
        kind = "financial_connections.account.refreshed_balance"
        self._tell(kind, self._account(account))

    def change_payment_support(self, account: str, types: tuple[str, ...]) -> None:
        """The account can be paid from with these types of payment method, and no others."""
        found = self._account(account)
        found.payment_method_types = types
        kind = "financial_connections.account.supported_payment_method_types_updated"
        self._tell(kind, found)

    # ── announced deactivations ──────────────────────────────────────────────

    def announce_deactivation(
        self, about: str, on: int, *, cause: str = "access_expired", action: str = "relink_required"
    ) -> None:
        """An account, or an authorization with its accounts, is to stop working on a day.

        Args:
            about: ``fca_…`` or ``fcauth_…``.
            on: when (Unix seconds, in the future). A later announcement replaces it; on the
                day it happens, unless a relink prevented it.
            cause: ``access_expired``, ``institution_requirement`` or ``unspecified``.
            action: ``relink_required`` or ``none``.
        """
        if on <= self._clock.now:
            raise CannotHappen(f"{on} is past, and can't be announced")
        found = self._either(about)
        if found.status != "active":
            raise CannotHappen(f"{about} is {found.status} already")
        self._links.announce(found, Announcement(on, cause, action))

    def withdraw_announcement(self, about: str) -> None:
        """What was announced will not happen."""
        found = self._either(about)
        if not found.announced:
            raise CannotHappen(f"nothing is announced of {about}")
        self._links.announce(found, None)

    # ── tokenized account numbers ────────────────────────────────────────────

    def expire_number_on(self, account: str, on: int) -> None:
        """The tokenized number is to expire on a day (Unix seconds)."""
        found, number = self._number(account)
        if on <= self._clock.now:
            raise CannotHappen(f"{on} is past, and can't be announced")
        self._links.expire_number_on(found, number, on)

    def expire_number(self, account: str) -> None:
        """The tokenized number expires, now."""
        self._links.lapse_number(*self._number(account), "expired")

    def revoke_number(self, account: str) -> None:
        """The bank takes the tokenized number back."""
        self._links.lapse_number(*self._number(account), "deactivated")

    def refresh_number(self, account: str) -> None:
        """The bank gives a new tokenized number by itself."""
        found = self._account(account)
        if not any(number.tokenized for number in found.numbers or ()):
            raise CannotHappen(f"{account} has no tokenized number")
        self._links.refresh_numbers(found)

    # ── what was built on accounts ───────────────────────────────────────────

    def block_payment_method(self, payment_method: str, reason: str) -> None:
        """A debit came back, and Stripe blocks the payment method for one of ``BLOCKS``."""
        found = known(self._world.payment_methods, "payment method", payment_method)
        if reason not in BLOCKS:
            raise CannotHappen(f"{reason!r} is no reason to block; one of {', '.join(BLOCKS)}")
        found.blocked = reason
        self._tell("payment_method.automatically_updated", found)

    def unblock_payment_method(self, payment_method: str) -> None:
        """Stripe lets it be used again."""
        found = known(self._world.payment_methods, "payment method", payment_method)
        if found.blocked is None:
            raise CannotHappen(f"{payment_method} is not blocked")
        found.blocked = None
        self._tell("payment_method.automatically_updated", found)

    # ── finding things ───────────────────────────────────────────────────────

    def _account(self, name: str) -> Account:
        found = known(self._world.accounts, "account", name)
        if found.status == "disconnected":
            raise CannotHappen(f"{name} is disconnected")
        return found

    def _authorization(self, name: str) -> Authorization:
        found = known(self._world.authorizations, "authorization", name)
        if found.status == "disconnected":
            raise CannotHappen(f"{name} is disconnected")
        return found

    def _either(self, name: str) -> Account | Authorization:
        if name.startswith("fcauth_"):
            return self._authorization(name)
        return self._account(name)

    def _number(self, account: str) -> tuple[Account, Number]:
        found = self._account(account)
        for number in found.numbers or ():
            if number.tokenized and number.status == "transactable":
                return found, number
        raise CannotHappen(f"{account} has no tokenized number that is in use")

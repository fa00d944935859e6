"""Bank events: what happens to links, and to what was made from them, without a request.

Each method is one event at the simulator's current time: at the bank, at Stripe, or in a dashboard.
What is not possible, such as closing a closed account, raises :class:`.errors.NotPossibleError`.
"""

from .clock import Clock
from .errors import NotPossibleError
from .links import NUMBER_DEACTIVATED, Links, Publish
from .resources import (
    Account,
    Announcement,
    Authorization,
    ExternalAccount,
    Number,
    PaymentMethod,
)
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
"""The reasons for which a payment method can be blocked."""


class Bank:
    """The events at all banks."""

    def __init__(self, world: World, links: Links, clock: Clock, publish: Publish) -> None:
        self._world = world
        self._links = links
        self._clock = clock
        self._publish = publish

    # ── the whole connection ─────────────────────────────────────────────────

    def expire_consent(self, authorization: str) -> None:
        """The customer's consent expires, so a relink is required."""
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
            raise NotPossibleError(f"{name} is already {authorization.status}")
        self._links.deactivate_all(authorization, cause, "relink_required")

    def merge(self, authorization: str, into: str) -> None:
        """Two authorizations at one bank become one: the accounts move, and the old one is closed.

        The accounts take over the state of the new authorization. No event reports the move.
        """
        old, new = self._authorization(authorization), self._authorization(into)
        if old is new:
            raise NotPossibleError(f"{into} cannot be merged into itself")
        if any(getattr(old, of) != getattr(new, of) for of in ("institution", "owner", "holder")):
            raise NotPossibleError(
                f"{authorization} and {into} must have the same bank, owner and holder"
            )
        for account in list(old.accounts):
            self._links.move(account, new)
            if new.status == "inactive" and account.status == "active":
                self._links.deactivate(account, "unspecified", new.action or "none")
            elif new.status == "active" and account.open and account.relinkable:
                self._links.activate(account)
        old.status = "disconnected"
        old.action = old.announced = None

    def forget_authorization(self, account: str) -> None:
        """The account loses its authorization, and can no longer be relinked. No event is sent."""
        self._links.move(self._account(account), None)

    # ── one account ──────────────────────────────────────────────────────────

    def close_account(self, account: str) -> None:
        """The customer closes the account at the bank. A relink cannot repair it."""
        found = self._account(account)
        if not found.open:
            raise NotPossibleError(f"{account} is already closed")
        found.open = False
        self._links.deactivate(found, "account_closed", "none")

    def reopen_account(self, account: str, *, needs_relink: bool = False) -> None:
        """A closed account is opened again.

        It becomes active, unless its authorization broke in the meantime or ``needs_relink`` is
        set: then it can be relinked.
        """
        found = self._account(account)
        if found.open:
            raise NotPossibleError(f"{account} is not closed")
        found.open = True
        self._restore(found, needs_relink)

    def suspend_account(self, account: str) -> None:
        """The bank makes the account unavailable for a while. A relink does not help."""
        found = self._account(account)
        if found.status != "active":
            raise NotPossibleError(f"{account} is already {found.status}")
        self._links.deactivate(found, "account_unavailable", "none")

    def restore_account(self, account: str) -> None:
        """The bank makes a suspended account available again."""
        found = self._account(account)
        if not found.inactive or found.inactive.cause != "account_unavailable":
            raise NotPossibleError(f"{account} is not suspended")
        self._restore(found, needs_relink=False)

    def _restore(self, account: Account, needs_relink: bool) -> None:
        authorization = account.authorization
        works = authorization is not None and authorization.status == "active"
        if works and not needs_relink:
            self._links.activate(account)
        else:
            self._links.deactivate(account, "access_expired", "relink_required")

    def disconnect(self, account: str) -> None:
        """The account is disconnected for good, by the customer or in the dashboard."""
        self._links.disconnect(self._account(account))

    def refresh_data(self, account: str, *, fails: bool = False) -> None:
        """Stripe refreshes the balance, and sends an event that carries the account.

        Args:
            account: which one.
            fails: whether the refresh fails. Only endpoints for thin notifications are told.
        """
        found = self._account(account)
        if not fails:
            self._publish("financial_connections.account.refreshed_balance", found)
        ended = "failed" if fails else "succeeded"
        self._publish(f"financial_connections.account.balance_refresh_{ended}", found)

    def change_payment_support(self, account: str, types: tuple[str, ...]) -> None:
        """The account supports exactly these types of payment method from now on."""
        found = self._account(account)
        if types and found.category != "cash":
            raise NotPossibleError(f"{account} is a {found.subcategory}, which cannot pay")
        found.payment_method_types = types
        kind = "financial_connections.account.supported_payment_method_types_updated"
        self._publish(kind, found)

    # ── announced deactivations ──────────────────────────────────────────────

    def announce_deactivation(
        self,
        about: str,
        on: int | None = None,
        *,
        cause: str = "access_expired",
        action: str = "relink_required",
    ) -> None:
        """Announce that an account, or an authorization with its accounts, becomes inactive.

        Args:
            about: ``fca_…`` or ``fcauth_…``.
            on: when (Unix seconds, in the future). It becomes inactive then, unless a relink
                prevents it. A later announcement replaces this one. None announces no day, which
                Stripe's documents do not provide for.
            cause: ``access_expired``, ``institution_requirement`` or ``unspecified``.
            action: ``relink_required`` or ``none``.
        """
        if on is not None and on <= self._clock.now:
            raise NotPossibleError(f"{on} is in the past; only a later time can be announced")
        found = self._either(about)
        if found.status != "active":
            raise NotPossibleError(f"{about} is already {found.status}")
        self._links.announce(found, Announcement(on, cause, action))

    def withdraw_announcement(self, about: str) -> None:
        """The announced deactivation is cancelled."""
        found = self._either(about)
        if not found.announced:
            raise NotPossibleError(f"no deactivation of {about} is announced")
        self._links.announce(found, None)

    # ── tokenized account numbers ────────────────────────────────────────────

    def expire_number_on(self, account: str, on: int) -> None:
        """Announce that the tokenized number expires at a time (Unix seconds)."""
        found, number = self._number(account)
        if on <= self._clock.now:
            raise NotPossibleError(f"{on} is in the past; only a later time can be announced")
        self._links.expire_number_on(found, number, on)

    def expire_number(self, account: str) -> None:
        """The tokenized number expires now."""
        self._links.lapse_number(*self._number(account), "expired")

    def revoke_number(self, account: str) -> None:
        """The bank deactivates the tokenized number."""
        self._links.lapse_number(*self._number(account), "deactivated")

    def refresh_number(self, account: str) -> None:
        """The bank issues a new tokenized number."""
        found = self._account(account)
        if not any(number.tokenized for number in found.numbers or ()):
            raise NotPossibleError(f"{account} has no tokenized number")
        self._links.refresh_numbers(found)

    def change_numbers(self, account: str, numbers: tuple[Number, ...]) -> None:
        """The account has exactly these numbers from now on, in any status."""
        self._links.change_numbers(self._account(account), numbers)

    # ── payment methods and mandates ─────────────────────────────────────────

    def block_payment_method(self, payment_method: str, reason: str) -> None:
        """A debit is returned, and Stripe blocks the payment method for one of ``BLOCKS``."""
        found = self._payment_method(payment_method)
        if reason not in BLOCKS:
            raise NotPossibleError(f"reason must be one of {', '.join(BLOCKS)}, got {reason!r}")
        found.blocked = reason
        self._publish("payment_method.automatically_updated", found)

    def unblock_payment_method(self, payment_method: str) -> None:
        """Stripe unblocks the payment method."""
        found = self._payment_method(payment_method)
        if found.blocked is None:
            raise NotPossibleError(f"{payment_method} is not blocked")
        found.blocked = None
        self._publish("payment_method.automatically_updated", found)

    def detach_payment_method(self, payment_method: str) -> None:
        """The customer removes the payment method. It can never be attached again."""
        found = self._payment_method(payment_method)
        if not (found.customer or found.customer_account):
            raise NotPossibleError(f"{payment_method} is not attached")
        self._links.detach(found)

    def revoke_mandate(self, mandate: str) -> None:
        """The customer, or their bank, revokes a mandate."""
        found = known(self._world.mandates, "mandate", mandate)
        if found.status == "inactive":
            raise NotPossibleError(f"{mandate} is already inactive")
        found.status = "inactive"
        self._publish("mandate.updated", found)

    # ── external accounts ────────────────────────────────────────────────────

    def change_external_account(self, external_account: str, status: str) -> None:
        """Stripe changes the status of a connected account's bank account.

        Args:
            external_account: ``ba_…``.
            status: ``new``, ``validated``, ``verified``, ``verification_failed``, ``errored`` (a
                payout was returned), ``tokenized_account_number_deactivated``, or a value that is
                not documented.
        """
        found = self._external_account(external_account)
        if found.status == status:
            raise NotPossibleError(f"{external_account} is already {status}")
        self._links.change_external_account(found, status)

    def delete_external_account(self, external_account: str) -> None:
        """The connected account removes its bank account in the dashboard."""
        self._links.delete_external_account(self._external_account(external_account))

    # ── sessions ─────────────────────────────────────────────────────────────

    def change_session_status(self, session: str, status: str) -> None:
        """Stripe gives an unfinished session another status, and sends an event.

        Args:
            session: ``fcsess_…``.
            status: any text. After ``expired``, which is not documented, no customer can complete
                the flow.
        """
        found = known(self._world.sessions, "session", session)
        if found.status == "succeeded":
            raise NotPossibleError(f"{session} has already succeeded")
        found.status = status
        self._publish("financial_connections.session.updated", found)

    # ── look-ups ─────────────────────────────────────────────────────────────

    def _account(self, name: str) -> Account:
        found = known(self._world.accounts, "account", name)
        if found.status == "disconnected":
            raise NotPossibleError(f"{name} is disconnected")
        return found

    def _authorization(self, name: str) -> Authorization:
        found = known(self._world.authorizations, "authorization", name)
        if found.status == "disconnected":
            raise NotPossibleError(f"{name} is disconnected")
        return found

    def _payment_method(self, name: str) -> PaymentMethod:
        found = known(self._world.payment_methods, "payment method", name)
        if found.detached:
            raise NotPossibleError(f"{name} is detached")
        return found

    def _external_account(self, name: str) -> ExternalAccount:
        return known(self._world.external_accounts, "external account", name)

    def _either(self, name: str) -> Account | Authorization:
        if name.startswith("fcauth_"):
            return self._authorization(name)
        return self._account(name)

    def _number(self, account: str) -> tuple[Account, Number]:
        found = self._account(account)
        for number in found.numbers or ():
            if number.tokenized and number.status == "transactable":
                return found, number
        raise NotPossibleError(f"{account} has no transactable tokenized number")

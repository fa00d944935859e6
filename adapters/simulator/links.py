"""How links break and are repaired: the rules shared by banks, customers and the clock.

Events are sent where Stripe sends them. Stripe has no event for an authorization that becomes
inactive, active or disconnected, and none for an account that moves to another authorization. If
the reason of an inactive account changes, ``deactivated`` is sent again; Stripe's documentation
leaves that open.
"""

from collections.abc import Iterable
from typing import Protocol

from .clock import Clock, Timetable
from .resources import (
    Account,
    Announcement,
    Authorization,
    ExternalAccount,
    InactiveDetails,
    Number,
    PaymentMethod,
    Resource,
)

NOTICE = 30 * 86400
"""How long in advance Stripe sends an ``upcoming_…`` event (seconds)."""
NUMBER_DEACTIVATED = "tokenized_account_number_deactivated"
"""Without a usable number: the reason of a blocked payment method, and the status of an external
account."""


class Publish(Protocol):
    """Sends an event."""

    def __call__(self, kind: str, about: Resource) -> None:
        """Send an event.

        Args:
            kind: the event's type.
            about: the object in its current state.
        """


class Links:
    """Changes accounts and authorizations, and all that depends on them."""

    def __init__(
        self,
        external_accounts: dict[str, ExternalAccount],
        clock: Clock,
        timetable: Timetable,
        publish: Publish,
    ) -> None:
        self._external_accounts = external_accounts
        self._clock = clock
        self._timetable = timetable
        self._publish = publish

    # ── accounts ─────────────────────────────────────────────────────────────

    def deactivate(self, account: Account, cause: str, action: str) -> None:
        """Make the account inactive, or change the reason."""
        broken = InactiveDetails(cause, action)
        if account.status == "disconnected" or account.inactive == broken:
            return
        account.status = "inactive"
        account.inactive = broken
        account.announced = None
        self._publish("financial_connections.account.deactivated", account)

    def activate(self, account: Account) -> None:
        """Make the account active, and cancel an announced deactivation."""
        if account.announced:
            account.announced = None
            if account.status == "active":
                kind = "financial_connections.account.expected_deactivation_date_updated"
                self._publish(kind, account)
        if account.status != "active":
            account.status = "active"
            account.inactive = None
            self._publish("financial_connections.account.reactivated", account)

    def disconnect(self, account: Account) -> None:
        """Disconnect the account for good, and its authorization if no other account uses it."""
        if account.status == "disconnected":
            return
        account.status = "disconnected"
        account.inactive = account.announced = None
        self._publish("financial_connections.account.disconnected", account)
        if account.authorization:
            self._close_if_empty(account.authorization)

    def move(self, account: Account, to: Authorization | None) -> None:
        """Move the account to another authorization."""
        old = account.authorization
        if old is to:
            return
        if old:
            old.accounts.remove(account)
            self._close_if_empty(old)
        if to:
            to.accounts.append(account)
        account.authorization = to

    # ── authorizations ───────────────────────────────────────────────────────

    def deactivate_all(self, authorization: Authorization, cause: str, action: str) -> None:
        """Make the authorization inactive, with all its active accounts."""
        authorization.status = "inactive"
        authorization.action = action
        authorization.announced = None
        for account in list(authorization.accounts):
            if account.status == "active":
                self.deactivate(account, cause, action)

    def activate_all(self, authorization: Authorization, others: Iterable[Account]) -> None:
        """Make the authorization active, with those of ``others`` that can be relinked."""
        authorization.status = "active"
        authorization.action = None
        if authorization.announced:
            authorization.announced = None
            kind = "financial_connections.authorization.expected_deactivation_date_updated"
            self._publish(kind, authorization)
        for account in list(others):
            if account.open and (account.relinkable or account.announced):
                self.activate(account)

    @staticmethod
    def _close_if_empty(authorization: Authorization) -> None:
        if all(account.status == "disconnected" for account in authorization.accounts):
            authorization.status = "disconnected"
            authorization.action = authorization.announced = None

    # ── announced deactivations ──────────────────────────────────────────────

    def announce(self, about: Account | Authorization, announcement: Announcement | None) -> None:
        """Announce a deactivation; None cancels it.

        The event ``upcoming_deactivation`` is sent 30 days before, and the deactivation follows on
        the day. Without a day, neither happens.
        """
        about.announced = announcement
        kind = "account" if isinstance(about, Account) else "authorization"
        prefix = f"financial_connections.{kind}"
        self._publish(f"{prefix}.expected_deactivation_date_updated", about)
        if announcement and announcement.date is not None:
            due = max(self._clock.now, announcement.date - NOTICE)
            upcoming = f"{prefix}.upcoming_deactivation"
            if due == self._clock.now:
                self._publish(upcoming, about)
            else:
                self._timetable.add(due, self._remind, upcoming, about, announcement)
            self._timetable.add(
                announcement.date, self._deactivate_as_announced, about, announcement
            )
        if isinstance(about, Authorization):
            for account in about.accounts:
                if account.status == "active":
                    self.announce(account, announcement)

    def _remind(
        self, kind: str, about: Account | Authorization, announcement: Announcement
    ) -> None:
        if about.announced is announcement:
            self._publish(kind, about)

    def _deactivate_as_announced(
        self, about: Account | Authorization, announcement: Announcement
    ) -> None:
        if about.announced is not announcement:
            return
        if isinstance(about, Account):
            self.deactivate(about, announcement.cause, announcement.action)
        else:
            self.deactivate_all(about, announcement.cause, announcement.action)

    # ── account numbers ──────────────────────────────────────────────────────

    def expire_number_on(self, account: Account, number: Number, when: int) -> None:
        """Announce that a number expires; an event is sent 30 days before."""
        number.expires_on = when
        self._publish("financial_connections.account.account_numbers_updated", account)
        self._schedule_expiry(account, number, when)

    def _schedule_expiry(self, account: Account, number: Number, when: int) -> None:
        due = max(self._clock.now, when - NOTICE)
        self._timetable.add(due, self._remind_of_number, account, number, when)
        self._timetable.add(when, self._expire_number, account, number, when)

    def _remind_of_number(self, account: Account, number: Number, when: int) -> None:
        if number in (account.numbers or ()) and number.expires_on == when:
            self._publish("financial_connections.account.upcoming_account_number_expiry", account)

    def _expire_number(self, account: Account, number: Number, when: int) -> None:
        current = number in (account.numbers or ()) and number.expires_on == when
        if current and number.status == "transactable":
            self.lapse_number(account, number, "expired")

    def lapse_number(self, account: Account, number: Number, status: str) -> None:
        """Make a number unusable, and with the last one what was built on the account."""
        number.status = status
        self._publish_numbers(account)

    def refresh_numbers(self, account: Account) -> None:
        """Issue a new tokenized number if the current one is unusable or expires."""
        numbers = account.numbers or []
        if not any(number.tokenized for number in numbers) or all(
            number.status == "transactable" and number.expires_on is None for number in numbers
        ):
            return
        account.numbers = [Number(tokenized=True)]
        self._publish_numbers(account)

    def change_numbers(self, account: Account, numbers: Iterable[Number]) -> None:
        """Replace all numbers. Those that pay expire on their days."""
        account.numbers = list(numbers)
        self._publish_numbers(account)
        for number in account.numbers:
            if number.expires_on is not None and number.expires_on > self._clock.now:
                self._schedule_expiry(account, number, number.expires_on)

    def _publish_numbers(self, account: Account) -> None:
        """Report the account's numbers, and block or unblock what was built on it."""
        self._publish("financial_connections.account.account_numbers_updated", account)
        numbers = account.numbers or ()
        lapsed = bool(numbers) and all(n.status in ("expired", "deactivated") for n in numbers)
        was, becomes = (None, NUMBER_DEACTIVATED) if lapsed else (NUMBER_DEACTIVATED, None)
        for method in account.payment_methods:
            if method.blocked == was:
                method.blocked = becomes
                self._publish("payment_method.automatically_updated", method)
        for external in account.external_accounts:
            if lapsed or external.status == NUMBER_DEACTIVATED:
                self.change_external_account(external, becomes or "new")

    # ── what was made from an account ────────────────────────────────────────

    def detach(self, method: PaymentMethod) -> None:
        """Detach a payment method from its customer, for good."""
        method.customer = method.customer_account = None
        method.detached = True
        if method.account:
            method.account.payment_methods.remove(method)
        self._publish("payment_method.detached", method)

    def change_external_account(self, external: ExternalAccount, status: str) -> None:
        """Change the status of an external account."""
        if external.status != status:
            external.status = status
            self._publish("account.external_account.updated", external)

    def delete_external_account(self, external: ExternalAccount) -> None:
        """Delete an external account. The oldest one that remains becomes the default."""
        external.account.external_accounts.remove(external)
        del self._external_accounts[external.id]
        others = (e for e in self._external_accounts.values() if e.owner == external.owner)
        if external.is_default and (other := next(others, None)):
            other.is_default = True
        self._publish("account.external_account.deleted", external)

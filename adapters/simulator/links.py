"""How links break and mend: the rules that bank, customer and time all go by.

What Stripe announces is announced here. It has no event for an authorization that became
inactive, active or disconnected, and none for an account that moved to another one. Where an
inactive account becomes inactive for another reason, ``deactivated`` is sent again; Stripe's
documentation leaves that open.
"""

from collections.abc import Iterable
from typing import Protocol

from .clock import Clock, Timetable
from .resources import Account, Announcement, Authorization, Broken, Number, Resource

NOTICE = 30 * 86400
"""How long before it happens Stripe sends an ``upcoming_…`` event, in seconds."""
NUMBER_DEACTIVATED = "tokenized_account_number_deactivated"
"""Why a payment method is blocked, and the status of an external account, without a number."""


class Tell(Protocol):
    """Announces something as an event."""

    def __call__(self, kind: str, about: Resource) -> None:
        """``kind`` is the event's type; ``about``, the object as it is now."""


class Links:
    """Changes accounts and authorizations, with all that follows from it."""

    def __init__(self, clock: Clock, timetable: Timetable, tell: Tell) -> None:
        self._clock = clock
        self._timetable = timetable
        self._tell = tell

    # ── accounts ─────────────────────────────────────────────────────────────

    def deactivate(self, account: Account, cause: str, action: str) -> None:
        """The account becomes inactive, or inactive for another reason."""
        broken = Broken(cause, action)
        if account.status == "disconnected" or account.inactive == broken:
            return
        account.status = "inactive"
        account.inactive = broken
        account.announced = None
        self._tell("financial_connections.account.deactivated", account)

    def activate(self, account: Account) -> None:
        """The account works again, or still; an announced deactivation is off."""
        if account.announced:
            account.announced = None
            if account.status == "active":
                kind = "financial_connections.account.expected_deactivation_date_updated"
                self._tell(kind, account)
        if account.status != "active":
            account.status = "active"
            account.inactive = None
            self._tell("financial_connections.account.reactivated", account)

    def disconnect(self, account: Account) -> None:
        """The account is let go for good; so is an authorization without any other."""
        if account.status == "disconnected":
            return
        account.status = "disconnected"
        account.inactive = account.announced = None
        self._tell("financial_connections.account.disconnected", account)
        if account.authorization:
            self._close_if_empty(account.authorization)

    def move(self, account: Account, to: Authorization | None) -> None:
        """The account belongs to another authorization from now on."""
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
        """The credentials stop working, and with them all accounts that did work."""
        authorization.status = "inactive"
        authorization.action = action
        authorization.announced = None
        for account in list(authorization.accounts):
            if account.status == "active":
                self.deactivate(account, cause, action)

    def activate_all(self, authorization: Authorization, others: Iterable[Account]) -> None:
        """The credentials work again, and with them those of the accounts that can."""
        authorization.status = "active"
        authorization.action = None
        if authorization.announced:
            authorization.announced = None
            kind = "financial_connections.authorization.expected_deactivation_date_updated"
            self._tell(kind, authorization)
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
        """It is expected to stop working on a day; None takes that back.

        The event ``upcoming_deactivation`` follows 30 days before, and on the day it stops.
        """
        about.announced = announcement
        kind = "account" if isinstance(about, Account) else "authorization"
        prefix = f"financial_connections.{kind}"
        self._tell(f"{prefix}.expected_deactivation_date_updated", about)
        if announcement:
            due = max(self._clock.now, announcement.date - NOTICE)
            upcoming = f"{prefix}.upcoming_deactivation"
            if due == self._clock.now:
                self._tell(upcoming, about)
            else:
                self._timetable.add(due, self._remind, upcoming, about, announcement)
            self._timetable.add(announcement.date, self._keep_word, about, announcement)
        if isinstance(about, Authorization):
            for account in about.accounts:
                if account.status == "active":
                    self.announce(account, announcement)

    def _remind(
        self, kind: str, about: Account | Authorization, announcement: Announcement
    ) -> None:
        if about.announced is announcement:
            self._tell(kind, about)

    def _keep_word(self, about: Account | Authorization, announcement: Announcement) -> None:
        if about.announced is not announcement:
            return
        if isinstance(about, Account):
            self.deactivate(about, announcement.cause, announcement.action)
        else:
            self.deactivate_all(about, announcement.cause, announcement.action)

    # ── account numbers ──────────────────────────────────────────────────────

    def expire_number_on(self, account: Account, number: Number, when: int) -> None:
        """A tokenized number is to expire on a day; an event follows 30 days before."""
        number.expires_on = when
        self._tell("financial_connections.account.account_numbers_updated", account)
        due = max(self._clock.now, when - NOTICE)
        self._timetable.add(due, self._remind_of_number, account, number, when)
        self._timetable.add(when, self._expire_number, account, number, when)

    def _remind_of_number(self, account: Account, number: Number, when: int) -> None:
        if number in (account.numbers or ()) and number.expires_on == when:
            self._tell("financial_connections.account.upcoming_account_number_expiry", account)

    def _expire_number(self, account: Account, number: Number, when: int) -> None:
        current = number in (account.numbers or ()) and number.expires_on == when
        if current and number.status == "transactable":
            self.lapse_number(account, number, "expired")

    def lapse_number(self, account: Account, number: Number, status: str) -> None:
        """A number stops paying, and what was built on the account says so."""
        number.status = status
        self._tell("financial_connections.account.account_numbers_updated", account)
        if any(other.status == "transactable" for other in account.numbers or ()):
            return
        for method in account.payment_methods:
            if method.blocked is None:
                method.blocked = NUMBER_DEACTIVATED
                self._tell("payment_method.automatically_updated", method)
        for external in account.external_accounts:
            if external.status != NUMBER_DEACTIVATED:
                external.status = NUMBER_DEACTIVATED
                self._tell("account.external_account.updated", external)

    def refresh_numbers(self, account: Account) -> None:
        """The bank gives a new tokenized number where the old one fails or is about to."""
        numbers = account.numbers or []
        if not any(number.tokenized for number in numbers) or all(
            number.status == "transactable" and number.expires_on is None for number in numbers
        ):
            return
        account.numbers = [Number(tokenized=True)]
        self._tell("financial_connections.account.account_numbers_updated", account)
        for method in account.payment_methods:
            if method.blocked == NUMBER_DEACTIVATED:
                method.blocked = None
                self._tell("payment_method.automatically_updated", method)
        for external in account.external_accounts:
            if external.status == NUMBER_DEACTIVATED:
                external.status = "new"
                self._tell("account.external_account.updated", external)

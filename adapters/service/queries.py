"""Questions to the store: what is known of an account, and what would follow from an event."""

from typing import Any, cast

from relink.adapters.store import JournalEntry, Store
from relink.adapters.story import Story, tell
from relink.engine import Address, Snapshot, Step
from relink.machines import assess, relink_system
from relink.machines.account.facts import AccountFacts
from relink.machines.authorization import AuthorizationFacts
from relink.machines.events import DomainEvent

from .errors import UnknownAccountError, UnknownAuthorizationError
from .results import AssessedAccount

MAX_MEMBERS = 1000
"""Accounts that are listed for one authorization. No customer has more behind one login."""


class Queries:
    """The part of the service that changes nothing.

    Args:
        store: where everything is kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def account(self, account: str, payment_method: str | None = None) -> AssessedAccount:
        """Return an account, whether its link works, and whether you may debit it.

        Args:
            account: ``fca_…``.
            payment_method: judge this payment method (``pm_…``, or ``ba_…`` for a connected
                account) instead of all that relink knows of the account (C1).

        Raises:
            UnknownAccountError: relink knows no account with this id.
        """
        snapshot = self._store.snapshot(Address("account", account))
        if snapshot is None:
            raise UnknownAccountError(account)
        found = cast("Snapshot[AccountFacts]", snapshot)
        return AssessedAccount(found, assess(found, payment_method))

    def accounts(self, **filters: Any) -> list[AssessedAccount]:
        """List accounts in the order of their ids.

        Args:
            filters: ``state``, ``holder``, ``authorization``, ``institution``, and for pages
                ``after`` (an id) and ``limit``; see ``Store.accounts``.
        """
        found = self._store.accounts(**filters)
        return [AssessedAccount(account, assess(account)) for account in found]

    def history(self, account: str, after: int = 0, limit: int = 100) -> list[JournalEntry]:
        """List an account's decisions, oldest first.

        Args:
            account: ``fca_…``.
            after: skip decisions up to this version.
            limit: return at most this many.

        Raises:
            UnknownAccountError: relink knows no account with this id.
        """
        self.account(account)
        return self._store.journal(Address("account", account), after=after, limit=limit)

    def story(self, account: str, who: str = "the customer") -> Story:
        """Tell what became of an account, from the journals of all its machines.

        Args:
            account: ``fca_…``.
            who: what its customer is called.

        Raises:
            UnknownAccountError: relink knows no account with this id.
        """
        self.account(account)
        return tell(self._store, [account], who)

    def authorization(
        self, authorization: str
    ) -> tuple[Snapshot[AuthorizationFacts], tuple[str, ...]]:
        """Return an authorization, and the ids of its accounts.

        Raises:
            UnknownAuthorizationError: relink knows no authorization with this id.
        """
        snapshot = self._store.snapshot(Address("authorization", authorization))
        if snapshot is None:
            raise UnknownAuthorizationError(authorization)
        accounts = self._store.accounts(authorization=authorization, limit=MAX_MEMBERS)
        return cast("Snapshot[AuthorizationFacts]", snapshot), tuple(a.facts.id for a in accounts)

    def what_if(self, account: str, event: DomainEvent) -> Step:
        """Decide a hypothetical event. Nothing is stored, and no command is performed.

        Raises:
            UnknownAccountError: relink knows no account with this id.
            EngineError: the event carries a message for a machine that does not take it.
        """
        self.account(account)
        return relink_system().step(event, self._store.snapshot)

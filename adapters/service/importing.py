"""Importing: makes the accounts known that Stripe lists, each as if it had been read alone.

relink learns of accounts from webhooks, so it does not know those that were linked before it was
installed. An import reads them page by page, newest first. The store holds how far it is: an import
that was interrupted continues where it stopped, and reads at most one page twice.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from relink.adapters.gateway import (
    AccountLister,
    AccountListing,
    AccountPage,
    OperatorError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.backoff import delay_before_next
from relink.adapters.store import Applied, InboxMessage, Store, StoreUnavailableError
from relink.engine import Address
from relink.machines.commands import Notification
from relink.machines.events import AccountReported, AccountRetired, DomainEvent, ReadRequested
from relink.machines.policy import RelinkPolicy
from relink.machines.report import Holder

RETRY_PAGE_FOR = 120.0
"""Seconds for which a page is read again while Stripe is unavailable."""

MAX_FAILED = 100
"""Accounts that may fail before an import stops: by then it is not about single accounts."""

SOON = 0.001
"""Seconds from the reading of a list to the read of one of its accounts."""

Apply = Callable[[InboxMessage, tuple[DomainEvent, ...]], Applied]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportScope:
    """Which accounts to import."""

    holder: Holder | None = None
    """Whose accounts; None: everybody's."""
    connected_account: str | None = None
    """The connected account (``acct_…``) that they were linked for, if any."""

    @property
    def cursor(self) -> str:
        """The name of the cursor of its import in the store."""
        text = json.dumps([self.holder and self.holder.model_dump(), self.connected_account])
        return f"import:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


EVERYBODY = ImportScope()
"""All accounts that the key's Stripe account linked."""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is."""

    generation: int
    """How many imports of the same accounts have begun so far, this one included."""
    after: str | None = None
    """The last account of the last page that was applied."""
    pages: int = 0
    """Pages that were applied."""
    new: int = 0
    """Accounts that were not known before."""
    known: int = 0
    """Accounts that were known already."""
    held: int = 0
    """New accounts that were retired, so that nobody is written to at once."""
    failed: tuple[str, ...] = ()
    """Accounts that could not be applied, by id. The log says why."""
    is_over: bool = False
    states: dict[str, int] = field(default_factory=dict)
    """The states that accounts are in now, and of how many."""

    @property
    def accounts(self) -> int:
        """How many accounts were read."""
        return self.new + self.known + len(self.failed)


class AccountImport:
    """Imports accounts, see :meth:`run`.

    Args:
        store: holds the accounts, and the cursor.
        lister: reads the pages.
        apply: decides events and stores what follows, once for each message id.
        policy: the service's choices, which travel in the events.
        clock: the time (Unix seconds).
        timer: a clock that is never set back (seconds).
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        store: Store,
        lister: AccountLister,
        apply: Apply,
        policy: RelinkPolicy,
        clock: Callable[[], float],
        timer: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._store = store
        self._lister = lister
        self._apply = apply
        self._policy = policy
        self._clock = clock
        self._timer = timer
        self._sleep = sleep

    def run(self, scope: ImportScope, restart: bool, hold: bool) -> Iterator[ImportProgress]:
        """Import page by page; see :meth:`.Service.import_accounts`."""
        here = self._begin(scope, restart)
        yield here
        while not here.is_over:
            page = self._read(scope, here)
            here = self._applied(scope, here, page, hold)
            self._store.set_cursor(scope.cursor, asdict(here))
            yield here

    def _begin(self, scope: ImportScope, restart: bool) -> ImportProgress:
        stored = self._store.cursor(scope.cursor)
        if stored is None:
            return ImportProgress(1)
        before = _from_cursor(stored)
        if before.is_over or restart:
            return ImportProgress(before.generation + 1)
        return before

    def _read(self, scope: ImportScope, here: ImportProgress) -> AccountPage:
        began, number = self._timer(), 1
        listing = AccountListing(
            causation_id=f"{scope.cursor}:{here.generation}",
            holder=scope.holder,
            connected_account=scope.connected_account,
            after=here.after,
            policy=self._policy,
        )
        while True:
            try:
                return self._lister.list_accounts(listing, self._clock())
            except OperatorError:
                raise
            except TransientError as error:
                wait = error.wait if isinstance(error, RateLimitedError) else None
                delay = delay_before_next(f"{listing.causation_id}:{here.after}", number, wait)
                if self._timer() + delay > began + RETRY_PAGE_FOR:
                    raise
                log.warning("a page of accounts is read again in %.1f s: %s", delay, error)
            self._sleep(delay)
            number += 1

    def _applied(
        self, scope: ImportScope, here: ImportProgress, page: AccountPage, hold: bool
    ) -> ImportProgress:
        states, new, held, failed = Counter(here.states), 0, 0, list(here.failed)
        for report in page.reports:
            address = Address("account", report.account)
            is_new = self._store.snapshot(address) is None
            try:
                writes = self._would_write(report, is_new)
                is_held = hold and is_new and writes
                self._take(scope, report, _events(report, writes, is_held))
            except StoreUnavailableError:
                raise
            except Exception:
                if len(failed) == MAX_FAILED:
                    raise
                log.exception("%s could not be imported", report.account)
                failed.append(report.account)
                continue
            new, held = new + is_new, held + is_held
            snapshot = self._store.snapshot(address)
            if snapshot is not None:
                states[snapshot.state] += 1
        read = here.accounts + len(page.reports)
        return replace(
            here,
            after=page.after or here.after,
            pages=here.pages + 1,
            new=here.new + new,
            known=read - len(failed) - here.new - new,
            held=here.held + held,
            failed=tuple(failed),
            is_over=page.after is None,
            states=dict(states),
        )

    def _would_write(self, report: AccountReported, is_new: bool) -> bool:
        """Whether somebody would be written to at once.

        A new account is decided as if it were the only one: others can delay its message, but not
        prevent it.
        """
        step = self._store.system.step(report, _nothing if is_new else self._store.snapshot)
        return any(isinstance(command, Notification) for command in step.commands)

    def _take(
        self, scope: ImportScope, report: AccountReported, events: tuple[DomainEvent, ...]
    ) -> None:
        """Apply the events of one account."""
        now = self._clock()
        causation_id = report.causation_id
        message = InboxMessage(causation_id, "import", report.as_of, now, scope.connected_account)
        self._apply(message, events)


def _events(report: AccountReported, writes: bool, is_held: bool) -> tuple[DomainEvent, ...]:
    """What is applied for one account.

    Args:
        report: what Stripe lists.
        writes: whether somebody would be written to at once. The account is then read once more,
            alone. Messages wait for that read (K9), so that one message names all accounts of a
            customer at a bank that need a relink.
        is_held: whether the account is retired before the report of it is applied.
    """
    if not writes:
        return (report,)
    # The read has to begin after the list was read; otherwise the list would be its answer.
    at = report.at + SOON
    common: dict[str, Any] = {
        "causation_id": report.causation_id,
        "at": at,
        "policy": report.policy,
    }
    read = ReadRequested(kind="account", id=report.account, **common)
    if not is_held:
        return read, report
    return read, AccountRetired(account=report.account, **common), report


def _nothing(address: Address) -> None:
    """A store in which nothing is known."""


def _from_cursor(stored: dict[str, Any]) -> ImportProgress:
    return ImportProgress(**{**stored, "failed": tuple(stored["failed"])})

"""The reconciliation sweep: accounts that nothing was heard of for long are read.

Webhooks can be lost, and then only a look tells. The sweep walks through all accounts in the
order of their ids, and takes a whole period for it, so that the reads are spread evenly. How far
it is stands in the database: any worker goes on where the last one stopped, and a round that was
slow or interrupted is finished before the next begins.

A look is an arrival like any other that says nothing but "look" (K6), once for each account and
round; the account's machine asks for the read.
"""

import logging
from dataclasses import asdict, dataclass, replace
from math import ceil

from relink.adapters.store import InboxMessage, Store, StoreUnavailableError
from relink.machines.events import AccountReported
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

DAY = 24 * 60 * 60.0

CURSOR = "reconcile"
"""The name of the sweep's place in the store."""

MOST = 2000
"""Accounts of one call, which are then as many transactions."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Round:
    """One walk through all accounts, and how far it is."""

    round: int
    began_at: float
    accounts: int
    """How many there were when it began."""
    after: str = ""
    """The last account that was walked past."""
    passed: int = 0
    """How many were."""
    is_over: bool = False


def reconcile(
    store: Store, now: float, period: float = DAY, policy: RelinkPolicy = DEFAULT_POLICY
) -> int:
    """Walk on, as far as the time since the round began asks for; call it every minute or so.

    Args:
        store: whose accounts.
        now: Unix seconds.
        period: seconds that one round takes, and after which an account is to be read again.
        policy: the service's choices, which travel in the events.

    Returns:
        how many accounts are to be read.

    Raises:
        StoreUnavailableError: what is left of this slice is for the next call.
    """
    stored = store.cursor(CURSOR)
    here = _Round(**stored) if stored else _begin(store, 1, now)
    if here.is_over and now >= here.began_at + period:
        here = _begin(store, here.round + 1, now)
    share = (now - here.began_at) / period
    # Those that came since the round began are walked past at its end.
    limit = MOST if share >= 1 else min(ceil(here.accounts * share) - here.passed, MOST)
    found = [] if here.is_over or limit <= 0 else store.accounts(after=here.after, limit=limit)
    looks = 0
    for account in found:
        if account.state != "disconnected" and account.facts.as_of <= now - period:
            looks += _look(store, account.facts.id, here.round, now, policy)
    there = replace(
        here,
        after=found[-1].facts.id if found else here.after,
        passed=here.passed + len(found),
        is_over=here.is_over or (share >= 1 and len(found) < limit),
    )
    store.set_cursor(CURSOR, asdict(there))
    return looks


def _begin(store: Store, number: int, now: float) -> _Round:
    return _Round(number, now, sum(store.count_by_state().values()))


def _look(store: Store, account: str, round: int, now: float, policy: RelinkPolicy) -> bool:
    """Have it read; one that can't be decided must not keep the sweep from the others."""
    causation_id = f"reconcile:{round}:{account}"
    look = AccountReported(
        causation_id=causation_id,
        at=now,
        policy=policy,
        account=account,
        as_of=int(now),
        read=False,
        report=None,
    )
    try:
        store.apply(InboxMessage(causation_id, "reconcile", int(now), now), (look,))
    except StoreUnavailableError:
        raise
    except Exception:
        log.exception("%s could not be reconciled", account)
        return False
    return True

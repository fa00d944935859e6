"""The reconciliation sweep: reads accounts that no report has come about for long.

Webhooks can be lost, and then only reading the account tells. The sweep visits all accounts in
the order of their ids and takes a whole period for it, so that the reads are spread evenly. The
store holds how far it is: any worker continues where the last one stopped, and a generation that
was slow or interrupted is finished before the next one begins.

A visit is a message that says only "look at the account" (K6), once for each account and
generation. The account's machine then asks for the read.
"""

import logging
from dataclasses import asdict, dataclass, replace
from math import ceil

from relink.adapters.store import InboxMessage, Store, StoreUnavailableError
from relink.machines.events import AccountReported
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

DAY = 24 * 60 * 60.0

CURSOR = "reconcile"
"""The name of the sweep's cursor in the store."""

MOST = 2000
"""The largest number of accounts that one call visits, each in a transaction of its own."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sweep:
    """One sweep over all accounts, and how far it is."""

    generation: int
    began_at: float
    accounts: int
    """The number of accounts when it began."""
    after: str = ""
    """The last account that it visited."""
    passed: int = 0
    """The number of accounts that it visited."""
    is_over: bool = False


def reconcile(
    store: Store, now: float, period: float = DAY, policy: RelinkPolicy = DEFAULT_POLICY
) -> int:
    """Continue the sweep as far as the time since it began requires. Call it every minute or so.

    Args:
        store: holds the accounts.
        now: Unix seconds.
        period: the seconds that one sweep takes, and the age of a report that makes it due for a
            read.
        policy: the service's choices, which the events carry.

    Returns:
        The number of accounts that are to be read.

    Raises:
        StoreUnavailableError: the database is down. The next call visits the accounts that are
            left.
    """
    stored = store.cursor(CURSOR)
    here = _Sweep(**stored) if stored else _begin(store, 1, now)
    if here.is_over and now >= here.began_at + period:
        here = _begin(store, here.generation + 1, now)
    share = (now - here.began_at) / period
    # Accounts that were added since the sweep began are visited at its end.
    limit = MOST if share >= 1 else min(ceil(here.accounts * share) - here.passed, MOST)
    found = [] if here.is_over or limit <= 0 else store.accounts(after=here.after, limit=limit)
    reads = 0
    for account in found:
        if account.state != "disconnected" and account.facts.as_of <= now - period:
            reads += _look(store, account.facts.id, here.generation, now, policy)
    there = replace(
        here,
        after=found[-1].facts.id if found else here.after,
        passed=here.passed + len(found),
        is_over=here.is_over or (share >= 1 and len(found) < limit),
    )
    store.set_cursor(CURSOR, asdict(there))
    return reads


def _begin(store: Store, generation: int, now: float) -> _Sweep:
    return _Sweep(generation, now, sum(store.count_by_state().values()))


def _look(store: Store, account: str, generation: int, now: float, policy: RelinkPolicy) -> bool:
    """Have an account read. If that can't be decided, the sweep goes on with the others."""
    causation_id = f"reconcile:{generation}:{account}"
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

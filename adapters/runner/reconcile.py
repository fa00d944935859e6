"""The reconciliation sweep: reads again everything that a lost webhook could tell of (K11).

Webhooks can be lost, and then only reading the object tells. The sweep visits accounts,
authorizations, relink sessions, and what was built on the accounts, in this order, and each kind in
the order of its ids. It takes a whole period for it, so that the reads are spread evenly. The store
holds how far it is: any worker continues where the last one stopped, and a sweep that was slow or
interrupted is finished before the next one begins.

A visit is a message that asks for a read, once for each object and sweep. The machines coalesce it
with reads that are due already (K10). ``docs/sweep.md`` says what a sweep costs.

Rules kept here: K11.
"""

import logging
from dataclasses import asdict, dataclass, replace
from math import ceil, inf
from typing import NamedTuple

from relink.adapters.store import InboxMessage, Store, StoreUnavailableError
from relink.engine import Facts, Snapshot
from relink.machines.account.facts import AccountFacts, included_at
from relink.machines.authorization import AuthorizationFacts
from relink.machines.events import ReadRequested
from relink.machines.payment_method import PaymentMethodFacts
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy
from relink.machines.session import SessionFacts
from relink.machines.vocabulary import ObjectKind

DAY = 24 * 60 * 60.0

CURSOR = "reconcile"
"""The name of the sweep's cursor in the store."""

SWEPT = ("account", "authorization", "session", "payment_method")
"""The machines whose objects are read."""

MOST = 3000
"""The largest number of objects that one call visits, each in a transaction of its own. At one call
a minute, their reads stay well below Stripe's rate limit, also when the sweep has to catch up."""

PAGE = 500
"""Machines that are loaded at a time."""

RECENT = 1 / 24
"""The share of a period for which a complete report makes the read unnecessary: an hour of a day.
It is short, because a webhook can be lost just after the report."""

LATE_SUCCESS = 30 * DAY
"""Seconds for which a session that was given up is read: it can still succeed (R2)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sweep:
    """One sweep over everything, and how far it is."""

    generation: int
    began_at: float
    objects: int
    """The number of objects when it began."""
    machine: str = SWEPT[0]
    """Which kind it visits."""
    after: str = ""
    """The last one of that kind that it visited."""
    passed: int = 0
    """The number of objects that it visited."""
    is_over: bool = False
    is_complete: bool = False
    """Whether no report makes a read unnecessary, and the sweep does not take its time."""


class _Visit(NamedTuple):
    """An object that is due for a read."""

    kind: ObjectKind
    id: str
    connected_account: str | None


def reconcile(
    store: Store, now: float, period: float = DAY, policy: RelinkPolicy = DEFAULT_POLICY
) -> int:
    """Continue the sweep as far as the time since it began requires. Call it every minute or so.

    Args:
        store: holds the objects.
        now: Unix seconds.
        period: the seconds that one sweep takes.
        policy: the service's choices, which the events carry.

    Returns:
        The number of objects that are to be read.

    Raises:
        StoreUnavailableError: the database is down. The next call visits the objects that are
            left.
    """
    stored = store.cursor(CURSOR)
    here = _Sweep(**stored) if stored else None
    if here is None or (here.is_over and now >= here.began_at + period):
        here = _begin(store, here.generation + 1 if here else 1, now)
    if now < here.began_at:  # the clock was set back: go on from here at the same rate
        here = replace(here, began_at=now - period * min(1, here.passed / max(1, here.objects)))
        store.set_cursor(CURSOR, asdict(here))
    share = 1.0 if here.is_complete else (now - here.began_at) / period
    covered = inf if here.is_complete else now - period * RECENT
    # Objects that were added since the sweep began are visited at its end.
    left = MOST if share >= 1 else min(ceil(here.objects * share) - here.passed, MOST)
    reads = 0
    is_at_end = here.is_over
    while left > 0 and not is_at_end:
        limit = min(left, PAGE)
        page = store.machines_named(here.machine, after=here.after, limit=limit)
        for key, machine in page:
            kind = _due(machine.snapshot, now, covered)
            if kind:
                visit = _Visit(kind, key, machine.connected_account)
                reads += _ask(store, visit, here.generation, now, policy)
        left -= len(page)
        here = replace(
            here, after=page[-1][0] if page else here.after, passed=here.passed + len(page)
        )
        if len(page) < limit:
            is_at_end = here.machine == SWEPT[-1]
            here = replace(here, is_over=share >= 1) if is_at_end else _next_kind(here)
        store.set_cursor(CURSOR, asdict(here))
    return reads


def sweep_everything(store: Store, now: float) -> int:
    """Begin a sweep that leaves nothing out and does not take its time.

    For a database that was restored: what was reported since the backup is lost, and Stripe does
    not deliver it again. A sweep that is under way is given up.

    Args:
        store: holds the objects.
        now: Unix seconds.

    Returns:
        The number of objects that it visits.

    Raises:
        StoreUnavailableError: the database is down.
    """
    stored = store.cursor(CURSOR)
    generation = _Sweep(**stored).generation + 1 if stored else 1
    return _begin(store, generation, now, is_complete=True).objects


def _begin(store: Store, generation: int, now: float, *, is_complete: bool = False) -> _Sweep:
    objects = sum(store.count_machines(name) for name in SWEPT)
    sweep = _Sweep(generation, now, objects, is_complete=is_complete)
    store.set_cursor(CURSOR, asdict(sweep))
    return sweep


def _next_kind(here: _Sweep) -> _Sweep:
    return replace(here, machine=SWEPT[SWEPT.index(here.machine) + 1], after="")


def _due(snapshot: Snapshot[Facts], now: float, covered: float) -> ObjectKind | None:
    """What an object is at Stripe, if it is to be read now.

    Args:
        snapshot: its machine.
        now: Unix seconds.
        covered: a complete report after this time makes the read unnecessary.
    """
    match snapshot.facts:
        case AccountFacts() as account:
            # Only a complete object says whether there is an authorization (K5).
            said_at = min(account.as_of, included_at(account, "authorization"))
            is_due = snapshot.state != "disconnected" and said_at <= covered
            return "account" if is_due else None
        case AuthorizationFacts() as authorization:
            is_used = snapshot.state != "disconnected" and authorization.members
            # Webhooks tell of announcements alone.
            is_covered = authorization.by_read and authorization.as_of > covered
            return "authorization" if is_used and not is_covered else None
        case SessionFacts() as session:
            is_given_up = snapshot.state in ("abandoned", "superseded")
            can_succeed = is_given_up and now < session.opened_at + LATE_SUCCESS
            return "session" if snapshot.state == "open" or can_succeed else None
        case PaymentMethodFacts() as method:
            is_due = snapshot.state != "gone" and method.as_of <= covered
            return method.kind if is_due and method.is_readable else None
    return None


def _ask(store: Store, visit: _Visit, generation: int, now: float, policy: RelinkPolicy) -> bool:
    """Have an object read. If that can't be decided, the sweep goes on with the others."""
    causation_id = f"{CURSOR}:{generation}:{visit.kind}:{visit.id}"
    asked = ReadRequested(
        causation_id=causation_id, at=now, policy=policy, kind=visit.kind, id=visit.id
    )
    message = InboxMessage(causation_id, CURSOR, int(now), now, visit.connected_account)
    try:
        store.apply(message, (asked,))
    except StoreUnavailableError:
        raise
    except Exception:
        log.exception("%s could not be reconciled", visit.id)
        return False
    return True

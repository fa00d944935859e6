"""What the service asks for and says: requests for sessions, and what only it knows (P4)."""

from collections.abc import Iterator
from typing import Any

from relink.machines.events import (
    AccountReplaced,
    AccountResumed,
    AccountRetired,
    MandateCollected,
    ReadRequested,
)

from .around import Around, Sweep, counted, get, put, sent
from .bank import Change
from .bounds import Ask, Bounds
from .events import Events
from .truth import OTHER_ACCOUNT, Link

REQUESTS: dict[Ask, dict[str, Any]] = {
    "a relink": {},
    "any account": {"mode": "any_eligible"},
    "by email": {"delivery": "email"},
    "new permissions": {"reason": "new_permissions"},
    "new permissions, any account": {"reason": "new_permissions", "mode": "any_eligible"},
}
"""What each request says."""


def requests(state: Around, bounds: Bounds, events: Events) -> Iterator[Change]:
    """The service asks for a relink session."""
    for name, _ in state.told:
        if name.startswith("fca_of_"):
            continue
        for what in bounds.asks:
            event = events.request(name, what, REQUESTS[what], state.now)
            yield Change(f"the service asks for a relink of {name} ({what})", state, event)


def service(state: Around, bounds: Bounds, events: Events) -> Iterator[Change]:
    """The service says what only it knows."""
    for name, told in state.told:
        if name.startswith("fca_of_"):
            continue
        head = events.head(f"word_{state.now}", state.now)
        if told.is_retired:
            after = _told(state, name, is_retired=False, requests=())
            event = events.kept(AccountResumed, account=name, **head)
            yield Change(f"the service takes {name} up again", after, event)
        else:
            after = _told(state, name, is_retired=True)
            retired = events.kept(AccountRetired, account=name, **head)
            yield Change(f"the service retires {name}", after, retired)
        if bounds.has_other and told.replaced == "no":
            account = get(state.accounts, name)
            works = account is not None and account.link is Link.WORKS
            after = _told(state, name, replaced="working" if works else "stopped")
            replaced = events.kept(AccountReplaced, account=name, by=OTHER_ACCOUNT, **head)
            yield Change(f"the service uses {OTHER_ACCOUNT} instead of {name}", after, replaced)
        if any(not m.has_mandate and m.account == name for _, m in state.methods):
            methods = tuple(
                (key, m._replace(has_mandate=True) if m.account == name else m)
                for key, m in state.methods
            )
            collected = events.kept(MandateCollected, account=name, **head)
            yield Change(
                f"the customer authorizes debits of {name}",
                state._replace(methods=methods),
                collected,
            )
        read = events.kept(ReadRequested, kind="account", id=name, **head)
        yield Change(f"the service has {name} read", state, read)


def sweep(state: Around) -> Change:
    """The reconciliation sweep reads everything that can be lost (K11)."""
    items = [Sweep("account", name) for name, _ in state.accounts]
    items += [Sweep("authorization", name) for name, _ in state.authorizations]
    items += [Sweep("session", name) for name, _ in state.sessions]
    items += [
        Sweep("external_account" if m.is_external else "payment_method", name)
        for name, m in state.methods
    ]
    swept = sent(state, items)
    memory = swept.memory._replace(is_tainted=False)
    return Change("the sweep reads everything", swept._replace(memory=memory))


def _told(state: Around, name: str, **changes: Any) -> Around:
    told = get(state.told, name)
    if told is None:
        return state
    return counted(state._replace(told=put(state.told, name, told._replace(**changes))))

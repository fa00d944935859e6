"""The steps of a history: what the service asks for, and what only it can say (P4)."""

from typing import Any

from relink.machines.commands import RetrieveSessionForCaller
from relink.machines.events import (
    AccountReplaced,
    AccountResumed,
    AccountRetired,
    MandateCollected,
    ReadRequested,
)

from .service import OPEN_SESSIONS, Service
from .steps import STEPS as STEPS
from .steps import account_of, act_in_session, known_account, pick, post, step


def _asked(b: int, c: int) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "mode": pick((None, None, None, "specific", "any_eligible", "any_eligible"), b),
        "delivery": pick(("modal", "modal", "modal", "email"), b // 6),
    }
    if c % 4 == 0:
        asked["reason"] = "new_permissions"
    if c // 4 % 6 == 0:
        asked["permissions"] = ("payment_method", "balances")
    return asked


@step(3)
def relink_is_asked(service: Service, a: int, b: int, c: int) -> None:
    created = service.request(account_of(service, a), **_asked(b, c))
    if created is not None and not isinstance(created, str):
        if b // 24 % 3:
            service.open(created, shy=c // 24 % 8 == 0)
        else:
            service.asked.append(created)


@step(1)
def session_opens(service: Service, a: int, b: int, c: int) -> None:
    if service.asked:
        created = service.asked.pop(a % len(service.asked))
        service.open(created, shy=0)


@step(4)
def customer_is_asked(service: Service, a: int, b: int, c: int) -> None:
    """A session from the request for it to its end."""
    down = [n for n, it in service.stripe.accounts.items() if it.status == "inactive"]
    name = pick(down, a) if down and a % 4 else account_of(service, a)
    session = service.request(str(name), **_asked(b // 3, c))
    if session is None:
        return
    if not isinstance(session, str):
        session = service.open(session, shy=c // 24 % 8 == 0)
    service.advance(60)
    if service.stripe.sessions[session].status == "pending":
        act_in_session(service, session, b)
    post(service, c)


@step(2)
def result_is_read(service: Service, a: int, b: int, c: int) -> None:
    if name := pick(service.stripe.sessions, a):
        key = f"result_{service.steps}"
        service.for_caller(RetrieveSessionForCaller(session=name, reason="result", dedup_key=key))


@step(0.4)
def account_is_retired(service: Service, a: int, b: int, c: int) -> None:
    name = known_account(service, a)
    service.take(AccountRetired(account=name, **service.head(f"retire_{service.steps}")))


@step(0.4)
def account_is_resumed(service: Service, a: int, b: int, c: int) -> None:
    name = known_account(service, a)
    service.take(AccountResumed(account=name, **service.head(f"resume_{service.steps}")))


@step(0.3)
def account_is_replaced(service: Service, a: int, b: int, c: int) -> None:
    name, by = known_account(service, a), known_account(service, b)
    if name != by:
        service.take(AccountReplaced(account=name, by=by, **service.head(f"by_{service.steps}")))


@step(0.4)
def mandate_is_collected(service: Service, a: int, b: int, c: int) -> None:
    name = known_account(service, a)
    made = service.known_made(f"pm_{name[4:]}_")
    only = pick([None, None, *made], b)
    for each in made if only is None else [str(only)]:
        service.stripe.payment_methods[each].mandate = "active"
    head = service.head(f"mandate_{service.steps}")
    service.take(MandateCollected(account=name, payment_method=only, **head))


@step(0.5)
def account_is_refreshed(service: Service, a: int, b: int, c: int) -> None:
    name = account_of(service, a)
    service.take(ReadRequested(kind="account", id=name, **service.head(f"look_{service.steps}")))


@step(1)
def sweep(service: Service, a: int, b: int, c: int) -> None:
    """The reconciliation asks for reads of everything that it knows (K11)."""
    wanted = [
        (address.machine, address.key)
        for address in service.snapshots
        if address.machine in ("account", "authorization")
    ]
    wanted += [
        ("session", key)
        for (machine, key), state in service.states.items()
        if machine == "session" and state in OPEN_SESSIONS
    ]
    wanted += [("payment_method", name) for name in service.known_made("pm_")]
    wanted += [("external_account", name) for name in service.known_made("ba_")]
    for kind, name in wanted:
        service.take(ReadRequested(kind=kind, id=name, **service.head(f"sweep_{service.steps}")))

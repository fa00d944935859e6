"""What a customer does in a relink session: every result that Stripe knows."""

from collections.abc import Iterator

from relink.machines.vocabulary import NUMBER_DEACTIVATED

from .around import Around, Told, counted, get, linked, put, sent, webhook
from .bank import Change
from .truth import CUSTOMER, STRANGER, Account, Authorization, Link, Session

FAILURES = ("no_account", "other")
ENDS = ("cancelled", "expired")
"""``expired`` is a status of which relink knows nothing (K12)."""


def customer(state: Around, attempts: int) -> Iterator[Change]:
    """How the sessions that are open at Stripe can end.

    Args:
        state: Of what is around.
        attempts: After how many failures the policy gives up.
    """
    for name, session in state.sessions:
        if session.status != "pending":
            continue
        for reason in FAILURES:
            ended = session._replace(status="failed", failure=reason)
            yield Change(f"{name} fails ({reason})", _ended(state, name, ended, attempts))
        for status in ENDS:
            ended = session._replace(status=status)
            yield Change(f"{name} is {status}", _ended(state, name, ended, attempts))
        old = get(state.accounts, session.account)
        if old is not None and old.link is not Link.GONE:
            after = _relinked(state, name, session, session.account, old)
            yield Change(f"the customer relinks {session.account} in {name}", after)
        if session.request.mode == "any_eligible":
            yield from _others(state, name, session)


def _others(state: Around, name: str, session: Session) -> Iterator[Change]:
    for other, account in state.accounts:
        if other not in (session.account, f"fca_of_{name}") and account.link is not Link.GONE:
            after = _relinked(state, name, session, other, account)
            yield Change(f"the customer picks {other}, which is known, in {name}", after)
    new = f"fca_of_{name}"
    holder = session.request.holder or CUSTOMER
    for what, whose in (("new", holder), ("another holder's", STRANGER)):
        login = session.request.authorization
        account = Account(authorization=login, holder=whose)
        after = _relinked(state, name, session, new, account)
        yield Change(f"the customer links {new}, which is {what}, in {name}", after)
    gone = Account(Link.GONE, authorization=session.request.authorization, holder=holder)
    after = _gone_by_now(state, name, session, new, gone)
    yield Change(f"the customer links {new} in {name}, and disconnects it", after)


def _gone_by_now(state: Around, name: str, session: Session, new: str, gone: Account) -> Around:
    """The session succeeds, and there is nothing to use (R6)."""
    state = linked(state, new, gone)
    ended = session._replace(status="succeeded", linked=new)
    state = state._replace(
        told=put(state.told, new, Told()), sessions=put(state.sessions, name, ended)
    )
    return sent(state, [webhook(state, "account", new), webhook(state, "session", name)])


def _ended(state: Around, name: str, session: Session, attempts: int) -> Around:
    state = _finished(state, name, session, attempts)
    return sent(state, [webhook(state, "session", name)])


def _finished(state: Around, name: str, session: Session, attempts: int) -> Around:
    state = state._replace(sessions=put(state.sessions, name, session))
    told = get(state.told, session.account)
    last = max(key for key, each in state.sessions if each.account == session.account)
    is_failure = session.status in ("failed", "cancelled") and name == last
    if told is not None and is_failure and told.needs and session.began_in == told.begun:
        failures = told.failures + 1
        told = told._replace(failures=failures, is_used_up=failures >= attempts)
        state = state._replace(told=put(state.told, session.account, told))
    return state


def _relinked(state: Around, name: str, session: Session, account: str, link: Account) -> Around:
    """The customer linked an account: it works, and so do its credentials and its siblings.

    A sibling that stopped with the credentials comes back without a webhook (R5).
    """
    is_new = get(state.accounts, account) is None
    login = link.authorization or session.request.authorization
    logins = put(state.authorizations, login, Authorization())
    state = state._replace(authorizations=logins)
    numbers = None if link.numbers is None else "transactable"
    repaired = link._replace(
        link=Link.WORKS, authorization=login, announced_for=None, numbers=numbers
    )
    state = linked(state, account, repaired)
    if is_new:
        state = state._replace(told=put(state.told, account, Told()))
    for method, known in state.methods:
        if known.account == account and known.blocked == NUMBER_DEACTIVATED:
            lifted = known._replace(blocked=None)
            state = state._replace(methods=put(state.methods, method, lifted))
    for sibling, other in state.accounts:
        if sibling != account and other.authorization == login and other.link.is_repairable:
            state = linked(state, sibling, other._replace(link=Link.WORKS))
            told = get(state.told, sibling)
            if told is not None:
                silent = told._replace(is_silent=True)
                state = state._replace(told=put(state.told, sibling, silent))
    ended = session._replace(status="succeeded", linked=account)
    state = state._replace(sessions=put(state.sessions, name, ended))
    is_ours = repaired.holder == (session.request.holder or CUSTOMER)
    told = get(state.told, session.account)
    if told is not None and is_new and is_ours:
        old = get(state.accounts, session.account)
        works = old is not None and old.link is Link.WORKS
        told = told._replace(replaced="working" if works else "stopped")
        state = state._replace(told=put(state.told, session.account, told))
    hooks = [webhook(state, "account", account), webhook(state, "session", name)]
    return counted(sent(state, hooks))

"""What changes at the bank and at Stripe: links, announcements, numbers, payment methods."""

from collections.abc import Iterator
from typing import NamedTuple

from relink.engine import Event
from relink.machines.vocabulary import NUMBER_DEACTIVATED

from .around import Around, counted, get, linked, put, sent, spent, webhook
from .bounds import Bounds
from .truth import (
    IN_TURN,
    LATER,
    NO_DAY,
    OTHER_ACCOUNT,
    OTHER_LOGIN,
    SOON,
    Account,
    Authorization,
    Link,
    Method,
)


class Change(NamedTuple):
    """Something that can happen."""

    label: str
    after: Around
    event: Event | None = None


def bank(state: Around, bounds: Bounds) -> Iterator[Change]:
    """What can change, other than by a customer in a session."""
    if "stops" in bounds.kinds:
        yield from _links(state)
    elif "expires" in bounds.kinds:
        yield from _expires(state)
    if "announcements" in bounds.kinds:
        yield from _announcements(state)
    if "numbers" in bounds.kinds:
        yield from _numbers(state)
    if "methods" in bounds.kinds:
        yield from _methods(state)
    if "moves" in bounds.kinds:
        yield from _moves(state)


def access_ends(state: Around, authorization: str, how: Link) -> Around:
    """Every account of an authorization stops, and the authorization too."""
    logins = put(state.authorizations, authorization, Authorization(how))
    state = state._replace(authorizations=logins)
    hooks = []
    for name, account in state.accounts:
        if account.authorization == authorization and account.link is Link.WORKS:
            state = linked(state, name, account._replace(link=how, announced_for=None))
            hooks.append(webhook(state, "account", name))
    return counted(sent(state, hooks))


def _expires(state: Around) -> Iterator[Change]:
    for login, authorization in state.authorizations:
        if not _may_end(state, login, authorization):
            continue
        after = access_ends(spent(state, outages=1), login, Link.EXPIRED)
        yield Change(f"access to {login} expires", after)
    for name, account in state.accounts:
        if account.link.is_repairable:
            yield Change(f"{name} works again", works(state, name, account))


def _may_end(state: Around, login: str, authorization: Authorization) -> bool:
    is_ours = login != OTHER_LOGIN and authorization.link is Link.WORKS
    return (
        is_ours
        and state.left.outages > 0
        and any(a.authorization == login and a.link is Link.WORKS for _, a in state.accounts)
    )


def _links(state: Around) -> Iterator[Change]:
    for login, authorization in state.authorizations:
        if not _may_end(state, login, authorization):
            continue
        begun = spent(state, outages=1)
        yield Change(f"access to {login} expires", access_ends(begun, login, Link.EXPIRED))
        revoked = access_ends(begun, login, Link.REVOKED)
        yield Change(f"the customer revokes access to {login}", revoked)
    for name, account in state.accounts:
        if name == OTHER_ACCOUNT or account.link is Link.GONE:
            continue
        if account.link is Link.WORKS and state.left.outages > 0:
            yield Change(
                f"{name} stops, and its authorization works",
                _stopped(spent(state, outages=1), name, account, Link.EXPIRED),
            )
        if account.link is not Link.CLOSED:
            yield Change(f"{name} is closed", _stopped(state, name, account, Link.CLOSED))
        if account.link is Link.WORKS:
            yield Change(
                f"{name} stops, with an action that relink does not know",
                _stopped(state, name, account, Link.BARRED),
            )
            yield Change(
                f"{name} stops, and Stripe does not say what to do",
                _stopped(state, name, account, Link.UNSAID),
            )
        else:
            yield Change(f"{name} works again", works(state, name, account))
        yield Change(f"{name} is disconnected", _stopped(state, name, account, Link.GONE))


def _stopped(state: Around, name: str, account: Account, how: Link) -> Around:
    state = linked(state, name, account._replace(link=how, announced_for=None))
    return counted(sent(state, [webhook(state, "account", name)]))


def works(state: Around, name: str, account: Account) -> Around:
    """An account works again, and so does its authorization."""
    login = account.authorization
    if login is not None:
        known = get(state.authorizations, login) or Authorization()
        known = known if known.link is Link.WORKS else Authorization()
        state = state._replace(authorizations=put(state.authorizations, login, known))
    state = linked(state, name, account._replace(link=Link.WORKS, announced_for=None))
    return counted(sent(state, [webhook(state, "account", name)]))


def _announcements(state: Around) -> Iterator[Change]:
    for name, account in state.accounts:
        if name == OTHER_ACCOUNT or account.link is not Link.WORKS:
            continue
        for what, day in _days(state, account.announced_for):
            after = linked(state, name, account._replace(announced_for=day))
            hook = webhook(after, "account", name)
            yield Change(f"the end of {name} is {what}", counted(sent(after, [hook])))
    for login, authorization in state.authorizations:
        if login == OTHER_LOGIN or authorization.link is not Link.WORKS:
            continue
        for what, day in _days(state, authorization.announced_for):
            changed = authorization._replace(announced_for=day)
            after = state._replace(authorizations=put(state.authorizations, login, changed))
            hook = webhook(after, "authorization", login)
            yield Change(f"the end of {login} is {what}", counted(sent(after, [hook])))


def _days(state: Around, known: int | None) -> Iterator[tuple[str, int | None]]:
    if known is not None:
        yield "taken back", None
        return
    yield "announced for the third day", state.now + SOON
    yield "announced for the twentieth day", state.now + LATER
    yield "announced without a day", NO_DAY


def _numbers(state: Around) -> Iterator[Change]:
    for name, account in state.accounts:
        if name == OTHER_ACCOUNT or account.link is Link.GONE or account.numbers is None:
            continue
        for what, numbers, until in (
            ("number pays", "transactable", None),
            ("number lapses", "deactivated", None),
            ("number will expire in three days", "expiring", state.now + SOON),
            ("numbers will expire, one in three days, one in twenty", IN_TURN, state.now + LATER),
            ("new number is pending", "pending", None),
        ):
            if numbers != account.numbers:
                changed = account._replace(numbers=numbers, numbers_until=until)
                after = _without_request(linked(state, name, changed), name)
                hook = webhook(after, "account", name)
                yield Change(f"{name}: the {what}", counted(sent(after, [hook])))


def _without_request(state: Around, name: str) -> Around:
    """A number in trouble that no relink mends is another cause each time."""
    told = get(state.told, name)
    if told is None or "no_authorization" not in told.requests:
        return state
    others = tuple(each for each in told.requests if each != "no_authorization")
    return state._replace(told=put(state.told, name, told._replace(requests=others)))


def _methods(state: Around) -> Iterator[Change]:
    for name, method in state.methods:
        if method.is_gone:
            continue
        yield Change(f"{name} goes away", _checked(state, name, method._replace(is_gone=True)))
        if method.blocked is None:
            bad = "errored" if method.is_external else "bank_account_closed"
            after = _checked(state, name, method._replace(blocked=bad))
            yield Change(f"{name} is blocked ({bad})", after)
            lost = _checked(state, name, method._replace(blocked=NUMBER_DEACTIVATED))
            yield Change(f"{name} is blocked, since its number was deactivated", lost)
        else:
            after = _checked(state, name, method._replace(blocked=None))
            yield Change(f"{name} is well again", after)
        if method.has_mandate and not method.is_external:
            changed = method._replace(has_mandate=False)
            after = state._replace(methods=put(state.methods, name, changed))
            hook = webhook(after, "mandate", name)
            yield Change(f"{name} loses its mandate", sent(after, [hook]))


def _checked(state: Around, name: str, method: Method) -> Around:
    """A payment method changes; its account's number goes with a block that is about it, also
    where the account lists none."""
    before = get(state.methods, name)
    state = state._replace(methods=put(state.methods, name, method))
    account = get(state.accounts, method.account)
    told = get(state.told, method.account)
    if told is not None:
        state = state._replace(told=put(state.told, method.account, told._replace(requests=())))
    hooks = [webhook(state, "payment_method", name)]
    is_about_number = NUMBER_DEACTIVATED in (method.blocked, before and before.blocked)
    if is_about_number and account is not None and not method.is_gone:
        number = "transactable" if method.blocked is None else "deactivated"
        if account.link is not Link.GONE and account.numbers is not None:
            state = linked(state, method.account, account._replace(numbers=number))
            hooks.append(webhook(state, "account", method.account))
    return counted(sent(state, hooks))


def _moves(state: Around) -> Iterator[Change]:
    for name, account in state.accounts:
        if name == OTHER_ACCOUNT or account.link is Link.GONE:
            continue
        for login, what in (
            (None, "loses its authorization"),
            (OTHER_LOGIN, f"comes under {OTHER_LOGIN}"),
        ):
            if account.authorization != login:
                logins = state.authorizations
                if login and get(logins, login) is None:
                    logins = put(logins, login, Authorization())
                moved = state._replace(authorizations=logins)
                after = linked(moved, name, account._replace(authorization=login))
                hook = webhook(after, "account", name)
                yield Change(f"{name} {what}", counted(sent(after, [hook])))

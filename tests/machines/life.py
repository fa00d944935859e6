"""What can happen at the bank and to its customers, as data that Hypothesis can draw.

An act that is impossible at the moment, such as closing a disconnected account, does nothing.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from relink.machines.report import Holder

from .bank import DAY, REAL, Bank, Shape, tokenized

CUSTOMER = Holder(field="customer", id="cus_1")
CONNECTED = Holder(field="account", id="acct_1")
STRANGER = Holder(field="customer", id="cus_2")

ACCOUNTS = ["fca_1", "fca_2", "fca_3"]
"""The accounts at the beginning; new ones follow."""


class Act(NamedTuple):
    """What happens, to which account or session, and how."""

    what: str
    which: Any
    how: Any = None


def happens(bank: Bank, act: Act) -> None:
    """Let the act happen."""
    acts: dict[str, Callable[[Bank, Any, Any], None]] = {
        "account": _account,
        "consent": _consent,
        "disconnected": _disconnected,
        "announced": _announced,
        "number": _number,
        "merged": _merged,
        "checked": _checked,
        "failed": _failed,
        "relinked": _relinked,
        "linked": _linked,
        "time": _time,
    }
    acts[act.what](bank, act.which, act.how)


def chosen(bank: Bank, which: int) -> str:
    """One of the bank's accounts, counted around."""
    names = list(bank.accounts)
    return names[which % len(names)]


def _acts(what: str, which: st.SearchStrategy[Any], how: list[Any]) -> st.SearchStrategy[Act]:
    return st.tuples(st.just(what), which, st.sampled_from(how)).map(Act._make)


accounts = st.integers(0, 5)
"""An index of an account, counted around."""
sessions = st.integers(0, 3)
"""An index of a session that is pending at Stripe, counted around."""

NUMBERS = ["transactable", "expiring", "pending", "expired"]
BLOCKS = [None, "bank_account_closed", "tokenized_account_number_deactivated"]

AT_THE_BANK = st.one_of(
    _acts("account", accounts, ["stop", "close", "work"]),
    _acts("consent", accounts, ["access_denied", "unspecified", "for good"]),
    _acts("announced", accounts, [None, 1, 30]),
    _acts("number", accounts, NUMBERS),
    _acts("merged", st.booleans(), ["inactive", "disconnected"]),
    _acts("checked", accounts, BLOCKS),
)
RARELY = _acts("disconnected", accounts, [None])
BY_CUSTOMERS = st.one_of(
    _acts("failed", sessions, ["no_account", "no_authorization", "other", "cancelled"]),
    _acts("relinked", sessions, ["alone", "siblings", "elsewhere"]),
    _acts("linked", sessions, ["new", "new", "known", "stranger", "credit_card"]),
)
TIME = _acts("time", st.sampled_from([1, 1, 2, 3, 60, DAY]), [None])

SHAPES: st.SearchStrategy[Shape] = st.sampled_from(["full", "full", "ga", "sparse", "thin"])


# ── at the bank ──────────────────────────────────────────────────────────────


def _account(bank: Bank, which: int, turn: str) -> None:
    account = chosen(bank, which)
    if bank.accounts[account].status == "disconnected":
        return
    match turn:
        case "stop":
            bank.stop(account, "relink_required", "access_expired")
        case "close":
            bank.stop(account, "none", "account_closed")
        case "work":
            bank.work(account)


def _consent(bank: Bank, which: int, cause: str) -> None:
    authorization = bank.accounts[chosen(bank, which)].authorization
    if authorization and not _is_gone(bank, authorization):
        action = "none" if cause == "for good" else "relink_required"
        bank.stop_all(authorization, action, cause)


def _disconnected(bank: Bank, which: int, _: None) -> None:
    account = chosen(bank, which)
    if bank.accounts[account].status != "disconnected":
        bank.disconnect(account)


def _announced(bank: Bank, which: int, days: int | None) -> None:
    account = chosen(bank, which)
    link = bank.accounts[account]
    day = None if days is None else bank.now + days * DAY
    if link.status == "active":
        bank.announce(account, day, "relink_required")
    if link.authorization and bank.authorizations[link.authorization].status == "active":
        bank.announce_all(link.authorization, day)


def _number(bank: Bank, which: int, status: str) -> None:
    account = chosen(bank, which)
    if bank.accounts[account].status == "disconnected":
        return
    if status == "expiring":
        bank.renumber(account, tokenized("transactable", bank.now + 5 * DAY))
    else:
        bank.renumber(account, tokenized(status))


def _merged(bank: Bank, back: bool, status: str) -> None:
    old, new = ("fcauth_3", "fcauth_1") if back else ("fcauth_1", "fcauth_3")
    if bank.members(old) and not _is_gone(bank, new):
        bank.merge(old, new, status)


def _checked(bank: Bank, which: int, reason: str | None) -> None:
    account = chosen(bank, which)
    if reason == "tokenized_account_number_deactivated":
        if bank.accounts[account].numbers == (REAL,):
            return
        bank.accounts[account].numbers = (tokenized("deactivated"),)
    bank.block(account, reason)


# ── by customers ─────────────────────────────────────────────────────────────


def _is_gone(bank: Bank, authorization: str) -> bool:
    """Whether it is disconnected: nothing comes back under it."""
    credentials = bank.authorizations.get(authorization)
    return credentials is not None and credentials.status == "disconnected"


def _open(bank: Bank, which: int) -> str | None:
    pending = [name for name, session in bank.sessions.items() if session.status == "pending"]
    return pending[which % len(pending)] if pending else None


def _failed(bank: Bank, which: int, how: str) -> None:
    session = _open(bank, which)
    if session is None:
        return
    if how == "cancelled":
        bank.cancel(session)
    else:
        bank.fail(session, how)


def _relinked(bank: Bank, which: int, how: str) -> None:
    session = _open(bank, which)
    if session is None:
        return
    request = bank.sessions[session].request
    authorization = "fcauth_3" if how == "elsewhere" else request.authorization
    if bank.accounts[request.account].status == "disconnected" or _is_gone(bank, authorization):
        return
    siblings = [
        account
        for account in bank.members(request.authorization)
        if account != request.account and bank.accounts[account].action == "relink_required"
    ]
    bank.succeed(
        session,
        request.account,
        holder=request.holder,
        authorization=authorization,
        silent=siblings if how == "siblings" else (),
    )


def _linked(bank: Bank, which: int, how: str) -> None:
    session = _open(bank, which)
    if session is None:
        return
    request = bank.sessions[session].request
    if request.mode == "specific":
        bank.fail(session, "no_account")
        return
    if _is_gone(bank, request.authorization):
        return
    account = f"fca_new_{len(bank.accounts)}"
    if how == "known":
        account = next(each for each in ACCOUNTS if each != request.account)
        if bank.accounts[account].status == "disconnected":
            return
    bank.succeed(
        session,
        account,
        holder=STRANGER if how == "stranger" else request.holder,
        subcategory="credit_card" if how == "credit_card" else "checking",
    )


def _time(bank: Bank, seconds: int, _: None) -> None:
    bank.now += seconds

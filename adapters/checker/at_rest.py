"""At rest: once everything has arrived and was read, what relink knows is true (K1).

Nothing is under way or late, and what got lost was found by a sweep (K11). Then each machine is
compared with what is true at Stripe. *For good* it is at rest if no timer is left either.
"""

from collections.abc import Iterator
from typing import cast

from relink.engine import Address, Snapshot
from relink.engine.explore import SystemState
from relink.machines import assess
from relink.machines.account import AccountFacts
from relink.machines.outage import OutageFacts
from relink.machines.session import SessionFacts
from relink.machines.vocabulary import NUMBER_DEACTIVATED

from .around import Around, Told, get
from .bounds import SHORT
from .truth import CUSTOMER, Account, Link

State = SystemState[Around]

ANOTHER_METHOD = "pm_another"
"""A payment method that relink does not know. No report is about it."""


def is_at_rest(around: Around) -> bool:
    """Whether relink has been told everything that is true."""
    return around.is_at_rest and not around.memory.is_tainted


def is_over(around: Around) -> bool:
    """Whether nothing happens any more by itself."""
    return is_at_rest(around) and not around.timers and not around.days


def accounts(state: State) -> Iterator[tuple[str, Account, Told, Snapshot[AccountFacts] | None]]:
    """Each account that is judged: what is true of it, what was said, and what relink knows."""
    around = state.environment
    for name, told in around.told:
        account = get(around.accounts, name)
        machine = state.machines.get(Address("account", name))
        if account is not None:
            yield name, account, told, cast("Snapshot[AccountFacts] | None", machine)


def account_is_not_true(state: State) -> str | None:
    """What is not as it is at Stripe."""
    around = state.environment
    if not is_at_rest(around):
        return None
    for name, account, told, machine in accounts(state):
        if machine is None:
            return f"{name} is not known"
        allowed = _states(account, told, machine.facts, around.memory.has_lost)
        if machine.state not in allowed:
            return f"{name} {account.link}, and is {machine.state}"
        is_gone = machine.state == "disconnected"
        if not is_gone and machine.facts.authorization != account.authorization:
            authorization = machine.facts.authorization
            return f"{name} belongs to {account.authorization}, and relink knows {authorization}"
    return None


def _states(account: Account, told: Told, facts: AccountFacts, has_lost: bool) -> set[str]:
    if account.link is Link.GONE:
        return {"disconnected"}
    states = {"new_account_linked"} if told.replaced != "no" else set()
    if has_lost or not states:
        if has_lost and facts.replaced_by is not None:
            # Whether it had stopped and come back, relink may never have learned (S6).
            states.add("new_account_linked")
        if account.link is Link.WORKS:
            states |= {"active"} | ({"relinking"} if facts.session else set())
        elif account.link.is_repairable and account.authorization is not None:
            states |= {"relinking" if facts.session else "inactive_relinkable"}
        elif account.link.is_repairable:
            states |= {"inactive_relinkable", "inactive_unrepairable", "relinking"}
        else:
            states |= {"inactive_unrepairable"}
    return states


def authorization_is_not_true(state: State) -> str | None:
    """An authorization that counts as inactive, although it works (K1).

    Nobody tells when an authorization changes: relink reads it when an account stops or comes back,
    and does not if it never learned that the account had. So when one stops to work whose accounts
    have all stopped before, nothing tells that.
    """
    around = state.environment
    if not is_at_rest(around) or around.memory.has_lost:
        return None
    for login, authorization in around.authorizations:
        machine = state.machines.get(Address("authorization", login))
        works = authorization.link is Link.WORKS
        if machine and works and machine.state not in ("active", "relinking"):
            return f"{login} works, and is {machine.state}"
    return None


def charge_is_not_true(state: State) -> str | None:
    """Whether an account counts as chargeable although it is not, or the other way round (C1)."""
    around = state.environment
    if not is_at_rest(around):
        return None
    for name, account, _, machine in accounts(state):
        if machine is None or (machine.state == "disconnected" and account.link is Link.GONE):
            continue
        methods = [m for _, m in around.methods if m.account == name]
        pays = account.numbers not in ("deactivated", "pending")
        is_well = account.link is Link.WORKS and pays
        is_true = is_well and (not methods or any(m.can_pay for m in methods))
        lost_number = any(m.blocked and not m.is_gone and m.can_pay for m in methods)
        judged = assess(machine)
        if judged.chargeable != is_true and not lost_number:
            said = "counts as chargeable" if judged.chargeable else "does not count as chargeable"
            return f"{name} {account.link}, and {said} ({', '.join(judged.reasons)})"
        has_lapsed = any(m.blocked == NUMBER_DEACTIVATED for m in methods)
        if assess(machine, ANOTHER_METHOD).chargeable != is_well and not has_lapsed:
            return f"{name} {account.link}, and the answer about one payment method is another's"
        if judged.may_debit and methods and not any(m.can_pay and m.has_mandate for m in methods):
            return f"{name} may be debited, and none of its payment methods has a mandate"
    return None


def session_is_not_true(state: State) -> str | None:
    """A session that is open for relink, and over at Stripe (R3)."""
    around = state.environment
    if not is_at_rest(around):
        return None
    for name, session in around.sessions:
        known = state.machines.get(Address("session", name))
        if known is None:
            continue
        if session.status in ("failed", "cancelled") and known.state == "open":
            return f"{name} is {session.status}, and relink takes it for open"
        if session.status == "succeeded" and known.state == "open":
            return f"{name} succeeded, and relink takes it for open"
        linked = get(around.accounts, session.linked) or Account(Link.GONE)
        is_usable = linked.link is not Link.GONE
        is_ours = is_usable and linked.holder == (session.request.holder or CUSTOMER)
        if is_ours and known.state in ("failed", "cancelled"):
            return f"{name} succeeded, and relink takes it for {known.state}"
        if session.status == "pending" and known.state in ("succeeded", "failed", "cancelled"):
            return f"{name} is open at Stripe, and relink takes it for {known.state}"
    return None


def unheard(state: State) -> str | None:
    """An account that needs a relink, and nobody was asked for anything since that began."""
    around = state.environment
    for name, account, told, machine in accounts(state):
        if machine is None or not told.needs or machine.state == "relinking":
            continue
        # Where Stripe itself writes, its mail is the prompt (P2).
        is_mailed = any(
            each.account == name and each.request.delivery == "email" for _, each in around.sessions
        )
        # What was late may have hidden from relink that one outage ended, and another began.
        is_named = told.is_named or (told.was_named and around.memory.has_deviated)
        if not (is_named or told.requests or is_mailed):
            return f"{name} {account.link}, and nobody was asked for anything"
    return None


def outage_goes_unheard(state: State) -> str | None:
    """The same once nothing happens any more (P1)."""
    return unheard(state) if is_over(state.environment) else None


def given_up_goes_unheard(state: State) -> str | None:
    """An account whose attempts are used up, and the service was not asked for another way (R4)."""
    if not is_at_rest(state.environment):
        return None
    for name, _, told, machine in accounts(state):
        if machine is None or not told.needs or "attempts_used_up" in told.requests:
            continue
        if told.is_used_up:
            return f"{told.failures} sessions of {name} failed, and another way was not asked for"
        if machine.facts.given_up:
            return f"{name} counts as given up, and another way to pay was not asked for"
    return None


def attempts_are_not_true(state: State) -> str | None:
    """More attempts that count than sessions were created in the outage of an account (R4)."""
    around = state.environment
    if not is_at_rest(around):
        return None
    for name, _, told, machine in accounts(state):
        outage = machine.facts.outage if machine else None
        ours = [s for _, s in around.sessions if (s.account, s.began_in) == (name, told.begun)]
        if outage and told.needs and outage.failures > len(ours):
            return f"{outage.failures} attempts of {name} count, and {len(ours)} sessions were open"
    return None


def reminder_is_missing(state: State) -> str | None:
    """An account that was prompted for, and not reminded of as the policy says (P1, P2)."""
    around = state.environment
    if not is_over(around) or around.memory.has_deviated:
        return None
    for name, account, told, machine in accounts(state):
        if machine is None or not (told.needs and told.is_named) or machine.facts.given_up:
            continue
        if account.link is Link.EXPIRED and told.reminders < len(SHORT.reminders):
            return f"{name} {account.link}, and got {told.reminders} reminders"
    return None


def outage_is_not_true(state: State) -> str | None:
    """An outage that runs although nothing needs a relink, or the other way round (P1)."""
    around = state.environment
    if not is_at_rest(around):
        return None
    needing = {
        account.authorization
        for name, account, told, _ in accounts(state)
        if told.needs and account.link is not Link.WORKS
    }
    for address, machine in state.machines.items():
        if address.machine != "outage":
            continue
        outage = cast("Snapshot[OutageFacts]", machine)
        if address.key in needing and outage.state == "none":
            return f"an account of {address.key} needs a relink, and no outage runs"
        is_used = any(t.needs and a.authorization == address.key for _, a, t, _ in accounts(state))
        if outage.state != "none" and not is_used and address.key.startswith("fcauth"):
            return f"no account of {address.key} needs a relink, and its outage runs"
    return None


def session_has_no_end(state: State) -> str | None:
    """An open session that nothing will end: no timer, no read, no message (R2)."""
    around = state.environment
    if not around.is_at_rest:
        return None
    timed = {timer.key for timer in around.timers if timer.machine in ("session", "read")}
    for address, machine in state.machines.items():
        if address.machine != "session" or machine.state != "open" or address.key in timed:
            continue
        return f"{address.key} is open, and no timer ends it"
    return None


def several_sessions_are_open(state: State) -> str | None:
    """Two open sessions of one account (R1)."""
    seen: dict[str, str] = {}
    for address, machine in state.machines.items():
        if address.machine != "session" or machine.state != "open":
            continue
        facts = cast("Snapshot[SessionFacts]", machine).facts
        account = facts.request.account if facts.request else ""
        known = state.machines.get(Address("account", account))
        if known is not None and known.state == "disconnected":
            continue
        if account in seen:
            return f"{seen[account]} and {address.key} of {account} are open"
        seen[account] = address.key
    return None


def result_is_not_true(state: State) -> str | None:
    """An account that is taken for replaced, repaired or built on, and is not (S6, R6)."""
    around = state.environment
    built = around.memory.built
    if len(set(built)) != len(built):
        return f"something was built twice on one of {', '.join(built)}"
    for name in built:
        account = get(around.accounts, name)
        expected = next((a.holder for n, a in around.accounts if n != name), None)
        if account is not None and expected is not None and account.holder != expected:
            return f"something was built on {name}, which belongs to {account.holder.id}"
    for name, _, told, machine in accounts(state):
        if machine is None or machine.state != "new_account_linked":
            continue
        if told.replaced == "no" and not around.memory.has_lost and is_at_rest(around):
            return f"{name} counts as replaced, and nothing took its place"
    return None


def gone_goes_unheard(state: State) -> str | None:
    """A payment method that is gone, and the service was not told (N4)."""
    around = state.environment
    if not is_at_rest(around):
        return None
    for name, method in around.methods:
        known = state.machines.get(Address("payment_method", name))
        if method.is_gone and known is not None and name not in around.memory.gone_told:
            account = state.machines.get(Address("account", method.account))
            if account is not None and account.state != "disconnected":
                return f"{name} is gone, and the service was not told"
    return None

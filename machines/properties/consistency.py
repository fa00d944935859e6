"""Machines that mirror each other: what one remembers about another is what the other is."""

from collections.abc import Iterator

from ..account import AccountFacts
from ..account_number import AccountNumberFacts
from ..events import DomainEvent
from ..outage import OutageFacts
from ..payment_method import PaymentMethodFacts
from .property import always
from .step_view import StepView


@always
def account_knows_its_number(view: StepView) -> Iterator[str]:
    """C1, C3: What an account remembers about its numbers is what they were last reported to be."""
    for key, now in view.touched(AccountFacts):
        number = view.after(AccountNumberFacts, key)
        status = number.facts.reported_status if number else None
        if now.state == "disconnected":
            continue
        if (now.facts.number or "transactable") != (status or "transactable"):
            yield f"account {key} takes its number for {now.facts.number}, and it is {status}"


@always
def account_knows_its_payment_methods(view: StepView) -> Iterator[str]:
    """C1, C3: What an account remembers of a payment method is the state that it is in."""
    for key, now in view.touched(PaymentMethodFacts):
        account = view.after(AccountFacts, now.facts.account or "")
        if account is None or account.state == "disconnected":
            continue
        known = account.facts.payment_methods.get(key)
        is_unheard = known is None and now.facts.as_of < 0
        if not is_unheard and (known is None or known.state != now.state):
            yield f"account {now.facts.account} takes {key} for {known}, and it is {now.state}"


@always
def outage_knows_what_its_account_needs(view: StepView) -> Iterator[str]:
    """P1: What an account reported to its outage is what the outage remembers."""
    for key, now in view.touched(AccountFacts):
        outage = view.after(OutageFacts, _outage(now.facts))
        remembered = outage.facts.needing.get(key) if outage else None
        if (remembered.needs if remembered else ()) != now.facts.needs:
            yield f"account {key} needs {now.facts.needs}, and its outage remembers {remembered}"


@always
def account_that_moved_left_its_outage(view: StepView) -> Iterator[str]:
    """K8: An account that moved to another authorization no longer counts in its old outage."""
    for key, now in view.touched(AccountFacts):
        earlier = view.before(AccountFacts, key)
        if earlier is None or _outage(earlier.facts) == _outage(now.facts):
            continue
        left = view.after(OutageFacts, _outage(earlier.facts))
        if left and key in left.facts.needing:
            yield f"account {key} has moved, and {_outage(earlier.facts)} still counts it"


@always
def account_reports_what_it_needs(view: StepView) -> Iterator[str]:
    """S3, P1, P3: What an account reports that it needs is what a relink repairs or prevents."""
    trigger = view.step.trigger
    for key, now in view.touched(AccountFacts):
        if not isinstance(trigger, DomainEvent) or _awaits_a_read(now.facts):
            continue
        lead = trigger.policy.announcement_lead
        needed: tuple[str, ...] = ()
        if now.state in ("active", "inactive_relinkable", "relinking") and not now.facts.retired:
            needed = tuple(
                need
                for need, day in _repaired_by_a_relink(now.facts)
                if day is None or trigger.at >= day - lead
            )
        told = needed if now.facts.authorization else ()
        if now.facts.needs != told:
            yield f"account {key} reports that it needs {now.facts.needs}, and needs {needed}"
        if (now.facts.outage is not None) != bool(needed):
            yield f"account {key} needs {needed}, and its outage is {now.facts.outage}"


def _outage(facts: AccountFacts) -> str:
    """Whose outage it counts in: the authorization's, or its own where it has none (P1)."""
    return facts.id if facts.authorization is None else facts.authorization


def _repaired_by_a_relink(facts: AccountFacts) -> Iterator[tuple[str, int | None]]:
    """What a relink repairs or prevents, the most urgent first, and by when (S3, P3)."""
    if facts.reported_status in ("relinkable", "inactive") and facts.repairable:
        yield "inactive", None
    if facts.reported_status != "active":
        return
    if facts.number == "lapsed":
        yield "number_lapsed", None
    own = (facts.deactivates_on, facts.deactivation_action)
    days: list[int | None] = []
    login_day = facts.login_deactivates_on
    if own[1] == "relink_required" or (own[0] is not None and own[1] != "none"):
        days.append(own[0])
    if facts.login_announced and (login_day is None or login_day > facts.login_as_of):
        days.append(login_day)
    standing = [day for day in days if day is None or day > facts.as_of]
    if standing:
        dated = [day for day in standing if day is not None]
        yield "announced_deactivation", min(dated) if len(dated) == len(standing) else None
    if facts.number == "expiring":
        yield "number_expiring", facts.number_expires_on


def _awaits_a_read(facts: AccountFacts) -> bool:
    """Whether a read is to tell if it can be repaired, or by which authorization (K5)."""
    if facts.reported_status == "inactive":
        return True
    never_told = facts.included_at.get("authorization", facts.as_of) < 0
    return facts.authorization is None and never_told

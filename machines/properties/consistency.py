"""Machines that mirror each other: what one remembers about another is what the other is."""

from collections.abc import Iterator

from ..account import AccountFacts
from ..account_number import AccountNumberFacts
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
def account_knows_its_payment_method(view: StepView) -> Iterator[str]:
    """C1, C3: What an account remembers about its payment method is the state that it is in."""
    for key, now in view.touched(AccountFacts):
        built = view.after(PaymentMethodFacts, key)
        state = built.state if built else "none"
        if now.state != "disconnected" and (now.facts.payment_method or "none") != state:
            taken = now.facts.payment_method
            yield f"account {key} takes its payment method for {taken}, and it is {state}"


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
    """S3, P1: What an account reports that it needs is what a relink repairs or prevents."""
    for key, now in view.touched(AccountFacts):
        if now.state not in ("active", "inactive_relinkable", "relinking"):
            continue
        needed = tuple(_repaired_by_a_relink(now.facts))
        if not now.facts.given_up and not _awaits_a_read(now.facts) and now.facts.needs != needed:
            yield f"account {key} reports that it needs {now.facts.needs}, and needs {needed}"


def _outage(facts: AccountFacts) -> str:
    """Whose outage it counts in: the authorization's, or its own where it has none (P1)."""
    return facts.id if facts.authorization is None else facts.authorization


def _repaired_by_a_relink(facts: AccountFacts) -> Iterator[str]:
    """What a relink repairs or prevents, the most urgent first (S3)."""
    if facts.reported_status == "relinkable":
        yield "inactive"
    if facts.reported_status != "active":
        return
    if facts.number == "lapsed":
        yield "number_lapsed"
    if facts.deactivates_on is not None and facts.deactivation_action != "none":
        yield "announced_deactivation"
    if facts.number == "expiring":
        yield "number_expiring"


def _awaits_a_read(facts: AccountFacts) -> bool:
    """Whether a read is to tell if it can be repaired, or by which authorization (K5)."""
    if facts.reported_status == "inactive":
        return True
    return (
        facts.reported_status == "relinkable" and facts.authorization is None and not facts.by_read
    )

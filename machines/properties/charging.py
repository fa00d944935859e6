"""The C rules: what the assessment of an account says. Its subject is :func:`~.assess` itself."""

from collections.abc import Iterator

from ..account import AccountFacts
from ..assessment import assess
from .property import always
from .step_view import StepView


@always
def chargeable_means_that_nothing_speaks_against_it(view: StepView) -> Iterator[str]:
    """C1: A chargeable account is active, can be used for payments, pays and is not blocked."""
    for key, now in view.touched(AccountFacts):
        against = _what_speaks_against(now.facts)
        if against and assess(now).chargeable:
            yield f"account {key} counts as chargeable: {', '.join(against)}"


@always
def not_chargeable_has_a_cause(view: StepView) -> Iterator[str]:
    """C1: An account is refused only for a cause that the rules name, and the reasons say it."""
    for key, now in view.touched(AccountFacts):
        judged = assess(now)
        if not judged.chargeable and not _what_speaks_against(now.facts):
            yield f"account {key} is not chargeable, and nothing speaks against it"
        if judged.chargeable == bool(judged.reasons):
            yield f"account {key}: chargeable is {judged.chargeable}, for {judged.reasons}"


@always
def may_debit_means_that_nothing_is_to_be_done_first(view: StepView) -> Iterator[str]:
    """C1, N3: An account may be debited if it is chargeable and has a way to pay with a mandate."""
    for key, now in view.touched(AccountFacts):
        judged, facts = assess(now), now.facts
        methods = facts.payment_methods.values()
        is_authorized = any(
            m.state == "ready" or (m.lost_number and not m.is_external and not m.mandate_due)
            for m in methods
        )
        is_there = is_authorized if methods else facts.build in (None, "none", "built")
        if judged.may_debit != (judged.chargeable and is_there):
            yield f"account {key}: may_debit is {judged.may_debit}, for {judged.chargeable}"
        is_over = facts.retired or now.state in ("new_account_linked", "disconnected")
        if judged.chargeable and not judged.may_debit and not judged.next and not is_over:
            yield f"account {key} must not be debited yet, and nothing is next"


@always
def relink_is_next_only_where_it_is_possible(view: StepView) -> Iterator[str]:
    """C2, R4, R9: The next step is a relink only where one is possible and attempts are left."""
    for key, now in view.touched(AccountFacts):
        facts = now.facts
        if not any(following.action == "relink" for following in assess(now).next):
            continue
        if now.state not in ("active", "inactive_relinkable"):
            yield f"account {key} should be relinked next, and is {now.state}"
        if not facts.authorization or facts.given_up:
            yield (
                f"account {key} should be relinked next: its authorization is "
                f"{facts.authorization}, its attempts are used up: {facts.given_up}"
            )


def _what_speaks_against(facts: AccountFacts) -> list[str]:
    """Why it cannot be charged, by the rules and by what is known."""
    is_connect = facts.holder is not None and facts.holder.field == "account"
    causes = {
        f"the latest report is {facts.reported_status}": facts.reported_status == "active",
        f"it is {facts.subcategory}": facts.subcategory in ("checking", "savings"),
        f"it permits {facts.permissions}": "payment_method" in (facts.permissions or ()),
        f"it supports {facts.payment_method_types}": (
            is_connect or "us_bank_account" in (facts.payment_method_types or ())
        ),
        f"its number is {facts.number}": facts.number in (None, "transactable", "expiring"),
        "all its payment methods are blocked or gone": (
            not facts.payment_methods
            or any(
                m.state not in ("blocked", "gone") or (m.lost_number and not m.is_external)
                for m in facts.payment_methods.values()
            )
        ),
    }
    return [cause for cause, is_well in causes.items() if not is_well]

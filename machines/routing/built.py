"""Reports about what is built on accounts, and what the service says about it.

Rules kept here: K6, N1, N3, P4.
"""

from relink.engine import Load, Send

from ..account.eligibility import build_obstacle
from ..account.facts import AccountFacts
from ..asking import read
from ..events import (
    BillingNameGiven,
    ExternalAccountReported,
    MandateCollected,
    MandateReported,
    PaymentMethodReported,
)
from ..messages import (
    BuildResumed,
    MandateEnded,
    MandateGiven,
    PaymentMethodBlocked,
    PaymentMethodDetached,
    PaymentMethodUnclear,
    PaymentMethodWorks,
)
from ..reasons import ReadReason
from ..vocabulary import BAD_STATUSES, PAYABLE_STATUSES, PaymentMethodState
from .known import account_facts, payment_method_facts
from .times import answered, as_of_report, is_in_future


def built_reports(
    trigger: PaymentMethodReported | ExternalAccountReported, load: Load
) -> list[Send]:
    """What was made from an account works, is blocked or gone (C3, N4), or has to be read (K6)."""
    key = (
        trigger.payment_method
        if isinstance(trigger, PaymentMethodReported)
        else trigger.external_account
    )
    known = payment_method_facts(key, load)
    account = trigger.account or (known.account if known else None)
    sends = answered(trigger, key, load)
    is_unclear = trigger.report is None or (
        isinstance(trigger, ExternalAccountReported)
        and trigger.report.status is None
        and not trigger.report.gone
    )
    if is_in_future(trigger) or is_unclear:
        is_external = isinstance(trigger, ExternalAccountReported)
        if is_external and (known is None or known.connected_account is None):
            # Nobody can read it: it is not known whose it is.
            return sends
        unclear = trigger.follow(
            PaymentMethodUnclear,
            as_of=int(trigger.at),
            read=trigger.read,
            in_future=is_in_future(trigger),
        )
        sends.append(Send(machine="payment_method", key=key, event=unclear))
        if is_unclear or not trigger.read:
            return sends
    if account is None:
        # It was not made from an account.
        return sends
    if trigger.read and trigger.report is not None and trigger.report.gone and known is None:
        # It has no owner yet: relink is just making it.
        return sends
    checked = _checked(trigger, account)
    sends.append(Send(machine="payment_method", key=key, event=checked))
    if account_facts(account, load) is None:
        sends.append(read(account, "account", ReadReason.LOOK, trigger))
    return sends


def _checked(
    trigger: PaymentMethodReported | ExternalAccountReported, account: str
) -> PaymentMethodWorks | PaymentMethodBlocked | PaymentMethodDetached:
    """Whether it can be charged, by what the report says (C3, K12)."""
    common = {"account": account, "as_of": as_of_report(trigger), "read": trigger.read}
    if trigger.report is not None and trigger.report.gone:
        return trigger.follow(PaymentMethodDetached, **common)
    if isinstance(trigger, PaymentMethodReported):
        blocked = trigger.report.blocked if trigger.report else None
        if blocked is None:
            return trigger.follow(PaymentMethodWorks, **common)
        return trigger.follow(PaymentMethodBlocked, reason=blocked, **common)
    status = (trigger.report.status if trigger.report else None) or "unknown"
    if status in PAYABLE_STATUSES:
        return trigger.follow(PaymentMethodWorks, **common)
    is_unknown = status not in BAD_STATUSES
    return trigger.follow(PaymentMethodBlocked, reason=status, is_unknown=is_unknown, **common)


def mandate_reports(trigger: MandateReported, load: Load) -> list[Send]:
    """A mandate that is not active any more has to be collected again (N3)."""
    if trigger.status != "inactive" or payment_method_facts(trigger.payment_method, load) is None:
        return []
    ended = trigger.follow(MandateEnded, as_of=min(trigger.as_of, int(trigger.at)))
    return [Send(machine="payment_method", key=trigger.payment_method, event=ended)]


def mandate_collected(trigger: MandateCollected, load: Load) -> list[Send]:
    """The mandate of one payment method, or of all of the account that need one."""
    known = account_facts(trigger.account, load)
    methods = known.payment_methods if known else {}
    given = trigger.follow(MandateGiven)
    return [
        Send(machine="payment_method", key=key, event=given)
        for key, method in methods.items()
        if (trigger.payment_method is None and method.state is not PaymentMethodState.GONE)
        or key == trigger.payment_method
    ]


def name_given(trigger: BillingNameGiven, load: Load) -> Send:
    """The name, and whether the account can still be built on (N1)."""
    facts = account_facts(trigger.account, load) or AccountFacts(id=trigger.account)
    resumed = trigger.follow(
        BuildResumed,
        holder=facts.holder,
        obstacle=build_obstacle(facts),
        billing_name=trigger.billing_name,
    )
    return Send(machine="build", key=trigger.account, event=resumed)

"""What an outside event means, and for whom.

Stripe reports objects; the machines hear words. Here a reported object is sorted by what it
says, and each machine that it concerns is sent its event. Whether the word is believed is the
machine's to decide.

Rules kept here: K2, K5, K6 and R6.
"""

from typing import cast

from relink.engine import Address, Event, Load, Send, Snapshot

from .account.facts import AccountFacts
from .account.outgoing import obstacle
from .events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    ExternalAccountMade,
    ExternalAccountReported,
    DomainEvent,
    MandateCollected,
    PaymentMethodMade,
    PaymentMethodReported,
    RelinkRequested,
    RelinkSessionCreated,
    SessionReported,
    TimerFired,
)
from .messages import (
    BuildFailed,
    BuildResumed,
    Reported,
    ReportedActive,
    ReportedDisconnected,
    ReportedExpiring,
    ReportedInactive,
    ReportedLapsed,
    ReportedPending,
    ReportedRelinkable,
    ReportedTransactable,
    ReportedUnclear,
    ReportedUnrepairable,
    PaymentMethodChecked,
    ReadFailed,
    SessionCancelled,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionSucceeded,
    SessionUnclear,
)
from .payment_method import NUMBER_DEACTIVATED
from .report import StatusReport

READS = {
    "retrieve_account": "account",
    "retrieve_authorization": "authorization",
    "retrieve_session": "session",
}
BUILDS = ("create_payment_method", "attach_external_account")


def route(trigger: Event, load: Load) -> list[Send]:
    """The events that an outside event means, each for one machine.

    Raises:
        TypeError: it is not an outside event.
    """
    match trigger:
        case AccountReported():
            return account_reports(
                trigger, trigger.account, trigger.as_of, trigger.read, trigger.report
            )
        case AuthorizationReported():
            key, report = trigger.authorization, trigger.report
            heard = link_report(trigger, trigger.as_of, trigger.read, report)
            return [Send(machine="authorization", key=key, event=heard)]
        case SessionReported():
            return _session(trigger, load)
        case PaymentMethodReported() | ExternalAccountReported():
            return _built(trigger, load)
        case RelinkRequested():
            if load(Address("account", trigger.account)) is None:
                return []
            return [Send(machine="account", key=trigger.account, event=trigger)]
        case RelinkSessionCreated():
            return _session_created(trigger)
        case PaymentMethodMade() | ExternalAccountMade() | MandateCollected():
            return [Send(machine="payment_method", key=trigger.account, event=trigger)]
        case BillingNameAbsent():
            return [Send(machine="payment_method", key=trigger.account, event=trigger)]
        case BillingNameGiven():
            return [_name_given(trigger, load)]
        case CommandFailed():
            return _failed(trigger)
        case TimerFired():
            now = {"at": trigger.at, "causation_id": trigger.causation_id, "policy": trigger.policy}
            event = trigger.event.model_copy(update=now)
            return [Send(machine=trigger.machine, key=trigger.key, event=event)]
    raise TypeError(f"{type(trigger).__name__} is not an outside event of relink")


def account_reports(
    trigger: DomainEvent, account: str, as_of: int, read: bool, report: StatusReport | None
) -> list[Send]:
    """What an account object says: about its numbers if it lists any, and about the account.

    The numbers come first, so that the account learns what has become of them before it acts on
    its own word.
    """
    sends = []
    if report is not None and report.includes("numbers"):
        number = number_report(trigger, as_of, read, report)
        sends.append(Send(machine="account_number", key=account, event=number))
    heard = link_report(trigger, as_of, read, report)
    return [*sends, Send(machine="account", key=account, event=heard)]


def link_report(
    trigger: DomainEvent, as_of: int, read: bool, report: StatusReport | None
) -> Reported | ReportedUnclear:
    """Sort a word about an account or authorization by what it says (S2, K5, K6)."""
    kind: type[Reported]
    match report:
        case StatusReport(status="active"):
            kind = ReportedActive
        case StatusReport(status="disconnected"):
            kind = ReportedDisconnected
        case StatusReport(status="inactive", action=None):
            kind = ReportedInactive
        case StatusReport(status="inactive", action="relink_required"):
            kind = ReportedRelinkable
        case StatusReport(status="inactive"):
            kind = ReportedUnrepairable
        case _:
            status = report.status if report else None
            return trigger.follow(ReportedUnclear, as_of=as_of, read=read, status=status)
    return trigger.follow(kind, as_of=as_of, read=read, report=report)


def number_report(trigger: DomainEvent, as_of: int, read: bool, report: StatusReport) -> Reported:
    """Sort what is listed of an account's numbers: one that pays is enough (C1)."""
    numbers = report.numbers or ()
    paying = [n for n in numbers if n.can_pay]
    lasting = [
        n
        for n in paying
        if n.expires_on is None or n.expires_on > as_of + trigger.policy.number_notice
    ]
    kind: type[Reported]
    if lasting or not numbers:
        kind = ReportedTransactable
    elif paying:
        kind = ReportedExpiring
    elif all(n.status in ("expired", "deactivated") for n in numbers):
        kind = ReportedLapsed
    else:
        kind = ReportedPending
    return trigger.follow(kind, as_of=as_of, read=read, report=report)


def _session(trigger: SessionReported, load: Load) -> list[Send]:
    """A result, and the accounts inside it; nothing for a session that we did not create (R6)."""
    if load(Address("session", trigger.session)) is None:
        return []
    accounts = trigger.accounts
    sends = []
    for reported in accounts or ():
        sends += account_reports(
            trigger, reported.account, trigger.as_of, trigger.read, reported.report
        )
    event: DomainEvent
    as_of = trigger.as_of
    succeeded = trigger.status == "succeeded" or trigger.relinked_account is not None
    if trigger.failure_reason is not None:
        event = trigger.follow(SessionFailed, as_of=as_of, failure_reason=trigger.failure_reason)
    elif succeeded:
        event = trigger.follow(
            SessionSucceeded,
            as_of=as_of,
            read=trigger.read,
            relinked_account=trigger.relinked_account,
            accounts=None if accounts is None else tuple(a.account for a in accounts),
        )
    elif trigger.status == "pending":
        event = trigger.follow(SessionPending, as_of=as_of, read=trigger.read)
    elif trigger.status == "failed":
        event = trigger.follow(SessionFailed, as_of=as_of, failure_reason="other")
    elif trigger.status == "cancelled":
        event = trigger.follow(SessionCancelled, as_of=as_of)
    else:
        event = trigger.follow(
            SessionUnclear, as_of=as_of, read=trigger.read, status=trigger.status
        )
    return [*sends, Send(machine="session", key=trigger.session, event=event)]


def _session_created(trigger: RelinkSessionCreated) -> list[Send]:
    request = trigger.request
    opened = trigger.follow(SessionOpened, session=trigger.session, request=request)
    return [
        Send(machine="session", key=trigger.session, event=opened),
        Send(machine="authorization", key=request.authorization, event=opened),
        Send(machine="account", key=request.account, event=opened),
    ]


def _built(trigger: PaymentMethodReported | ExternalAccountReported, load: Load) -> list[Send]:
    """What was built on an account was blocked or let go; an account that is new is looked at."""
    if isinstance(trigger, PaymentMethodReported):
        blocked = trigger.blocked
    else:
        lost = trigger.status == NUMBER_DEACTIVATED
        blocked = NUMBER_DEACTIVATED if lost else None
    checked = trigger.follow(PaymentMethodChecked, as_of=trigger.as_of, blocked=blocked)
    sends = [Send(machine="payment_method", key=trigger.account, event=checked)]
    if load(Address("account", trigger.account)) is None:
        look = trigger.follow(ReportedUnclear, as_of=trigger.as_of, read=False)
        sends.insert(0, Send(machine="account", key=trigger.account, event=look))
    return sends


def _name_given(trigger: BillingNameGiven, load: Load) -> Send:
    """The name, and whether the account can still be built on (N1)."""
    account = cast("Snapshot[AccountFacts] | None", load(Address("account", trigger.account)))
    facts = account.facts if account else AccountFacts(id=trigger.account)
    resumed = trigger.follow(
        BuildResumed,
        holder=facts.holder,
        obstacle=obstacle(facts),
        billing_name=trigger.billing_name,
    )
    return Send(machine="payment_method", key=trigger.account, event=resumed)


def _failed(trigger: CommandFailed) -> list[Send]:
    """Reads and builds that failed for good matter to a machine; the rest to operators."""
    if trigger.command in READS:
        machine, event = READS[trigger.command], trigger.follow(ReadFailed, error=trigger.error)
        return [Send(machine=machine, key=trigger.subject, event=event)]
    if trigger.command in BUILDS:
        failed = trigger.follow(BuildFailed, error=trigger.error)
        return [Send(machine="payment_method", key=trigger.subject, event=failed)]
    return []

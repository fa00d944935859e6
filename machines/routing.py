"""Routing: what an outside event means, and for which machines.

Stripe reports on objects. Here each report is sorted by what it says, and each machine that it
concerns is sent a message. Whether the report counts is for the machine to decide
(:mod:`relink.machines.freshness`).

Rules kept here: K2, K5, K6 and R6.
"""

from typing import assert_never, cast

from relink.engine import Address, Event, Load, Send, Snapshot

from . import commands
from .account.eligibility import build_obstacle
from .account.facts import AccountFacts
from .events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    DomainEvent,
    ExternalAccountMade,
    ExternalAccountReported,
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
    LinkReported,
    NumbersReported,
    PaymentMethodChecked,
    ReadFailed,
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
    SessionCancelled,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionSucceeded,
    SessionUnclear,
)
from .report import AccountNumber, StatusReport
from .vocabulary import NUMBER_DEACTIVATED, NumberStatus, ReportedStatus


def route(trigger: Event, load: Load) -> list[Send]:
    """The messages that an outside event means, each for one machine.

    Args:
        trigger: an event of :mod:`relink.machines.events`.
        load: gives the snapshot of a machine, or None.

    Raises:
        TypeError: it is not an outside event.
    """
    match trigger:
        case AccountReported(account=account, as_of=as_of, read=read, report=report):
            return account_reports(trigger, account, as_of, read, report)
        case AuthorizationReported(authorization=key, as_of=as_of, read=read, report=report):
            reported = link_report(trigger, as_of, read, report)
            return [Send(machine="authorization", key=key, event=reported)]
        case SessionReported():
            return _session_reports(trigger, load)
        case PaymentMethodReported(account=account, as_of=as_of, blocked=blocked):
            return _blocked(trigger, account, as_of, blocked, load)
        case ExternalAccountReported(account=account, as_of=as_of, status=status):
            blocked = status if status == NUMBER_DEACTIVATED else None
            return _blocked(trigger, account, as_of, blocked, load)
        case RelinkRequested():
            if load(Address("account", trigger.account)) is None:
                return []
            return [Send(machine="account", key=trigger.account, event=trigger)]
        case RelinkSessionCreated():
            return _session_created(trigger)
        case PaymentMethodMade() | ExternalAccountMade() | MandateCollected() | BillingNameAbsent():
            return [Send(machine="payment_method", key=trigger.account, event=trigger)]
        case BillingNameGiven():
            return [_name_given(trigger, load)]
        case CommandFailed():
            return _failed(trigger)
        case TimerFired():
            now = {
                "at": trigger.at,
                "causation_id": trigger.causation_id,
                "policy": trigger.policy,
            }
            event = trigger.event.model_copy(update=now)
            return [Send(machine=trigger.machine, key=trigger.key, event=event)]
    raise TypeError(f"{type(trigger).__name__} is not an outside event of relink")


# ── accounts, authorizations and account numbers ─────────────────────────────


def account_reports(
    trigger: DomainEvent, account: str, as_of: int, read: bool, report: StatusReport | None
) -> list[Send]:
    """What an account object says: about its numbers if it lists any, and about the account.

    The numbers come first, so that the account knows their status before it acts on its own.
    """
    sends = []
    if report is not None and report.includes("numbers"):
        numbers = number_report(trigger, as_of, read, report)
        sends.append(Send(machine="account_number", key=account, event=numbers))
    reported = link_report(trigger, as_of, read, report)
    return [*sends, Send(machine="account", key=account, event=reported)]


def link_report(
    trigger: DomainEvent, as_of: int, read: bool, report: StatusReport | None
) -> LinkReported | ReportedUnclear:
    """Sort a report about an account or an authorization by what it says (S2, K5, K6)."""
    status = None if report is None else ReportedStatus.of(report.status, report.action)
    if status is None:
        unknown = report.status if report else None
        return trigger.follow(ReportedUnclear, as_of=as_of, read=read, status=unknown)
    return trigger.follow(_link_message(status), as_of=as_of, read=read, report=report)


def _link_message(status: ReportedStatus) -> type[LinkReported]:
    match status:
        case ReportedStatus.ACTIVE:
            return ReportedActive
        case ReportedStatus.RELINKABLE:
            return ReportedRelinkable
        case ReportedStatus.UNREPAIRABLE:
            return ReportedUnrepairable
        case ReportedStatus.INACTIVE:
            return ReportedInactive
        case ReportedStatus.DISCONNECTED:
            return ReportedDisconnected
    assert_never(status)


def number_report(
    trigger: DomainEvent, as_of: int, read: bool, report: StatusReport
) -> NumbersReported:
    """Sort the listed numbers of an account: one that pays is enough (C1)."""
    last_day = as_of + trigger.policy.number_notice
    status = _number_status(report.numbers or (), last_day)
    return trigger.follow(_number_message(status), as_of=as_of, read=read, report=report)


def _number_status(numbers: tuple[AccountNumber, ...], last_day: int) -> NumberStatus:
    """Args: the numbers, and the time until which one has to pay to count as lasting."""
    paying = [n for n in numbers if n.can_pay]
    if not numbers or any(n.expires_on is None or n.expires_on > last_day for n in paying):
        return NumberStatus.TRANSACTABLE
    if paying:
        return NumberStatus.EXPIRING
    if all(n.status in ("expired", "deactivated") for n in numbers):
        return NumberStatus.LAPSED
    return NumberStatus.PENDING


def _number_message(status: NumberStatus) -> type[NumbersReported]:
    match status:
        case NumberStatus.TRANSACTABLE:
            return ReportedTransactable
        case NumberStatus.PENDING:
            return ReportedPending
        case NumberStatus.EXPIRING:
            return ReportedExpiring
        case NumberStatus.LAPSED:
            return ReportedLapsed
    assert_never(status)


# ── sessions ─────────────────────────────────────────────────────────────────


def _session_reports(trigger: SessionReported, load: Load) -> list[Send]:
    """A result and the accounts inside it; nothing for a session that we did not create (R6)."""
    if load(Address("session", trigger.session)) is None:
        return []
    sends = []
    for found in trigger.accounts or ():
        sends += account_reports(trigger, found.account, trigger.as_of, trigger.read, found.report)
    return [*sends, Send(machine="session", key=trigger.session, event=_result(trigger))]


def _result(trigger: SessionReported) -> DomainEvent:
    """Sort a session's report by its result (R3)."""
    as_of, read, accounts = trigger.as_of, trigger.read, trigger.accounts
    if trigger.failure_reason is not None:
        return trigger.follow(SessionFailed, as_of=as_of, failure_reason=trigger.failure_reason)
    if trigger.status == "succeeded" or trigger.relinked_account is not None:
        return trigger.follow(
            SessionSucceeded,
            as_of=as_of,
            read=read,
            relinked_account=trigger.relinked_account,
            accounts=None if accounts is None else tuple(found.account for found in accounts),
        )
    match trigger.status:
        case "pending":
            return trigger.follow(SessionPending, as_of=as_of, read=read)
        case "failed":
            return trigger.follow(SessionFailed, as_of=as_of, failure_reason="other")
        case "cancelled":
            return trigger.follow(SessionCancelled, as_of=as_of)
        case unknown:
            return trigger.follow(SessionUnclear, as_of=as_of, read=read, status=unknown)


def _session_created(trigger: RelinkSessionCreated) -> list[Send]:
    request = trigger.request
    opened = trigger.follow(SessionOpened, session=trigger.session, request=request)
    return [
        Send(machine="session", key=trigger.session, event=opened),
        Send(machine="authorization", key=request.authorization, event=opened),
        Send(machine="account", key=request.account, event=opened),
    ]


# ── what is built on an account ──────────────────────────────────────────────


def _blocked(
    trigger: DomainEvent, account: str, as_of: int, blocked: str | None, load: Load
) -> list[Send]:
    """What was built on an account is blocked, or not; an account that is new to us is read."""
    checked = trigger.follow(PaymentMethodChecked, as_of=as_of, blocked=blocked)
    sends = [Send(machine="payment_method", key=account, event=checked)]
    if load(Address("account", account)) is None:
        look = trigger.follow(ReportedUnclear, as_of=as_of, read=False)
        sends.insert(0, Send(machine="account", key=account, event=look))
    return sends


def _name_given(trigger: BillingNameGiven, load: Load) -> Send:
    """The name, and whether the account can still be built on (N1)."""
    account = cast("Snapshot[AccountFacts] | None", load(Address("account", trigger.account)))
    facts = account.facts if account else AccountFacts(id=trigger.account)
    resumed = trigger.follow(
        BuildResumed,
        holder=facts.holder,
        obstacle=build_obstacle(facts),
        billing_name=trigger.billing_name,
    )
    return Send(machine="payment_method", key=trigger.account, event=resumed)


# ── commands that failed for good ────────────────────────────────────────────


def _failed(trigger: CommandFailed) -> list[Send]:
    """Reads and builds matter to a machine; the rest matters to operators."""
    kind = commands.BY_NAME.get(trigger.command)
    event: DomainEvent
    if kind is None or not issubclass(kind, commands.StripeCommand):
        return []
    if issubclass(kind, commands.Build):
        event = trigger.follow(BuildFailed, error=trigger.error)
    elif issubclass(kind, commands.Read):
        event = trigger.follow(ReadFailed, error=trigger.error)
    else:
        return []
    return [Send(machine=kind.machine, key=trigger.subject, event=event)]

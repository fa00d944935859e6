"""Reports about accounts, authorizations and account numbers, sorted by what they say.

Rules kept here: K2, K5, K6.
"""

from typing import assert_never

from relink.engine import Load, Send

from ..events import (
    AccountReported,
    AuthorizationReported,
    DomainEvent,
    SessionReported,
)
from ..report import AccountNumber, StatusReport
from ..reported import (
    LinkReported,
    NumbersReported,
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
)
from ..vocabulary import NumberStatus, ReportedStatus
from .times import as_of_report, decides_contradiction, is_in_future, is_unusable


def account_reports(
    trigger: AccountReported | SessionReported,
    account: str,
    report: StatusReport | None,
    load: Load,
) -> list[Send]:
    """What an account object says: about its numbers if it lists any, and about the account.

    The numbers come first, so that the account knows their status before it acts on its own.
    """
    sends = []
    if report is not None and report.includes("numbers") and not is_unusable(trigger):
        decides = decides_contradiction(trigger, "account_number", account, load)
        numbers = number_report(
            trigger, as_of_report(trigger), trigger.read, report, decides=decides
        )
        sends.append(Send(machine="account_number", key=account, event=numbers))
    return [*sends, *link_reports(trigger, account, "account", report, load)]


def link_reports(
    trigger: AccountReported | AuthorizationReported | SessionReported,
    key: str,
    machine: str,
    report: StatusReport | None,
    load: Load,
) -> list[Send]:
    """What an account or authorization object says about it, or why it says nothing (K2, K5).

    Args:
        trigger: the report.
        key: the object's id.
        machine: ``account`` or ``authorization``.
        report: what the object says; None where there is none.
        load: gives the snapshot of a machine, or None.
    """
    sends = []
    if is_in_future(trigger):
        ahead = trigger.follow(
            ReportedUnclear, as_of=int(trigger.at), read=trigger.read, in_future=True
        )
        sends.append(Send(machine=machine, key=key, event=ahead))
        if not trigger.read:
            return sends
    if report is not None and (trigger.read or trigger.complete):
        report = report.completed()
    decides = decides_contradiction(trigger, machine, key, load)
    reported = link_report(trigger, as_of_report(trigger), trigger.read, report, decides=decides)
    return [*sends, Send(machine=machine, key=key, event=reported)]


def link_report(
    trigger: DomainEvent,
    as_of: int,
    read: bool,
    report: StatusReport | None,
    *,
    decides: bool = False,
) -> LinkReported | ReportedUnclear:
    """Sort a report about an account or an authorization by what it says (S2, K5, K6)."""
    status = None
    if report is not None:
        status = ReportedStatus.of(report.status, report.action, report.includes("action"))
    if status is None:
        unknown = report.status if report else None
        return trigger.follow(ReportedUnclear, as_of=as_of, read=read, status=unknown)
    return trigger.follow(
        _link_message(status), as_of=as_of, read=read, decides=decides, report=report
    )


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
    trigger: DomainEvent, as_of: int, read: bool, report: StatusReport, *, decides: bool = False
) -> NumbersReported:
    """Sort the listed numbers of an account: one that pays is enough (C1)."""
    status = _number_status(report.numbers or ())
    return trigger.follow(
        _number_message(status), as_of=as_of, read=read, decides=decides, report=report
    )


def _number_status(numbers: tuple[AccountNumber, ...]) -> NumberStatus:
    paying = [n for n in numbers if n.can_pay]
    if not numbers or any(n.expires_on is None for n in paying):
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

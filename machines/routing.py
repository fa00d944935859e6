"""Routing: what an outside event means, and for which machines.

Stripe reports on objects. Here each report is sorted by what it says, and each machine that it
concerns is sent a message. Whether the report counts is for the machine to decide
(:mod:`relink.machines.freshness`).

Rules kept here: K2, K5, K6, K10, R6, N3, P4.
"""

from typing import Any, assert_never, cast

from relink.engine import Address, Event, Load, Send, Snapshot

from . import commands
from .account.eligibility import build_obstacle
from .account.facts import AccountFacts
from .events import (
    AccountReplaced,
    AccountReported,
    AccountResumed,
    AccountRetired,
    AuthorizationReported,
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    DomainEvent,
    ExternalAccountMade,
    ExternalAccountReported,
    FromStripe,
    MandateCollected,
    MandateReported,
    PaymentMethodMade,
    PaymentMethodReported,
    ReadRequested,
    RelinkRequested,
    RelinkSessionCreated,
    SessionReported,
    TimerFired,
)
from .freshness import READ_WINDOW, ReportFacts, ambiguous
from .messages import (
    BuildFailed,
    BuildResumed,
    LinkReported,
    MandateEnded,
    MandateGiven,
    NewAccountLinkedInstead,
    NumbersReported,
    PaymentMethodBlocked,
    PaymentMethodDetached,
    PaymentMethodUnclear,
    PaymentMethodWorks,
    ReadAnswered,
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
from .payment_method import PaymentMethodFacts
from .read import ReadFacts, has_waited_long_enough, read
from .reasons import ReadReason
from .report import AccountNumber, StatusReport
from .session import SessionFacts
from .vocabulary import (
    BAD_STATUSES,
    PAYABLE_STATUSES,
    AccountState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

MOST_AHEAD = 300
"""Seconds by which a report's time may be ahead of our clock (K2)."""


def route(trigger: Event, load: Load) -> list[Send]:
    """The messages that an outside event means, each for one machine.

    Args:
        trigger: an event of :mod:`relink.machines.events`.
        load: gives the snapshot of a machine, or None.

    Raises:
        TypeError: it is not an outside event.
    """
    match trigger:
        case AccountReported(account=account, report=report):
            return [*_answered(trigger, account, load), *_account(trigger, account, report, load)]
        case AuthorizationReported(authorization=key, report=report):
            reported = _link(trigger, key, "authorization", report, load)
            return [*_answered(trigger, key, load), *reported]
        case SessionReported():
            return _session_reports(trigger, load)
        case PaymentMethodReported() | ExternalAccountReported():
            return _payment_method(trigger, load)
        case MandateReported():
            return _mandate(trigger, load)
        case ReadRequested():
            return _read_requested(trigger, load)
        case AccountRetired() | AccountResumed() | RelinkRequested():
            if load(Address("account", trigger.account)) is None:
                return []
            return [Send(machine="account", key=trigger.account, event=trigger)]
        case AccountReplaced(account=account, by=by):
            if load(Address("account", account)) is None:
                return []
            replaced = trigger.follow(
                NewAccountLinkedInstead, session=None, attempt=None, new=by, as_of=int(trigger.at)
            )
            return [Send(machine="account", key=account, event=replaced)]
        case MandateCollected():
            return _mandate_collected(trigger, load)
        case RelinkSessionCreated():
            return _session_created(trigger, load)
        case PaymentMethodMade() | ExternalAccountMade() | BillingNameAbsent():
            return [Send(machine="build", key=trigger.account, event=trigger)]
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


# ── times and reads (K2, K10) ────────────────────────────────────────────────


def _is_in_future(trigger: FromStripe) -> bool:
    """Whether its time lies so far ahead of our clock that it would make a machine deaf (K2)."""
    return trigger.as_of > trigger.at + MOST_AHEAD


def _as_of(trigger: FromStripe) -> int:
    """When it was true; a read whose time lies ahead counts from when it began (K2)."""
    if trigger.read and _is_in_future(trigger):
        return int(trigger.at if trigger.begun_at is None else trigger.begun_at)
    return trigger.as_of


def _read_of(key: str, load: Load) -> ReadFacts | None:
    """The read of an object, if one is due."""
    found = load(Address("read", key))
    if found is None or found.state != "due":
        return None
    return cast("Snapshot[ReadFacts]", found).facts


def _answered(trigger: FromStripe, key: str, load: Load) -> list[Send]:
    """Tell the read of an object that Stripe has answered, before what it answered."""
    if not trigger.read or _read_of(key, load) is None:
        return []
    answered = trigger.follow(ReadAnswered, begun_at=trigger.begun_at)
    return [Send(machine="read", key=key, event=answered)]


def _decides(trigger: FromStripe, machine: str, key: str, load: Load) -> bool:
    """Whether it answers the read that is to settle a contradiction (K10).

    It settles nothing that was reported after the read had begun.
    """
    begun_at = trigger.begun_at
    asked = _read_of(key, load) if trigger.read else None
    if begun_at is None or asked is None or not asked.settles:
        return False
    known = load(Address(machine, key))
    latest = cast(ReportFacts, known.facts).as_of if known else -1
    if has_waited_long_enough(asked):
        return begun_at >= max(asked.asked_at, latest)
    return begun_at >= max(asked.not_before, latest + READ_WINDOW)


# ── accounts, authorizations and account numbers ─────────────────────────────


def _account(
    trigger: AccountReported | SessionReported,
    account: str,
    report: StatusReport | None,
    load: Load,
) -> list[Send]:
    """What an account object says: about its numbers if it lists any, and about the account.

    The numbers come first, so that the account knows their status before it acts on its own.
    """
    sends = []
    if report is not None and report.includes("numbers") and not _is_unusable(trigger):
        numbers = number_report(trigger, _as_of(trigger), trigger.read, report)
        if _decides(trigger, "account_number", account, load):
            numbers = numbers.model_copy(update={"decides": True})
        sends.append(Send(machine="account_number", key=account, event=numbers))
    return [*sends, *_link(trigger, account, "account", report, load)]


def _is_unusable(trigger: FromStripe) -> bool:
    """Whether it changes nothing, because of its time (K2)."""
    return not trigger.read and _is_in_future(trigger)


def _link(
    trigger: AccountReported | AuthorizationReported | SessionReported,
    key: str,
    machine: str,
    report: StatusReport | None,
    load: Load,
) -> list[Send]:
    sends = []
    if _is_in_future(trigger):
        ahead = trigger.follow(
            ReportedUnclear, as_of=int(trigger.at), read=trigger.read, in_future=True
        )
        sends.append(Send(machine=machine, key=key, event=ahead))
        if not trigger.read:
            return sends
    if report is not None and (trigger.read or trigger.complete):
        report = report.completed()
    decides = _decides(trigger, machine, key, load)
    reported = link_report(trigger, _as_of(trigger), trigger.read, report, decides=decides)
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
    trigger: DomainEvent, as_of: int, read: bool, report: StatusReport
) -> NumbersReported:
    """Sort the listed numbers of an account: one that pays is enough (C1)."""
    status = _number_status(report.numbers or ())
    return trigger.follow(_number_message(status), as_of=as_of, read=read, report=report)


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


# ── sessions ─────────────────────────────────────────────────────────────────


def _session_reports(trigger: SessionReported, load: Load) -> list[Send]:
    """A result and the accounts inside it; nothing for a session that we did not create (R6)."""
    session = load(Address("session", trigger.session))
    if session is None:
        return []
    facts = cast("Snapshot[SessionFacts]", session).facts
    sends = _answered(trigger, trigger.session, load)
    for found in trigger.accounts or ():
        sends += _answered(trigger, found.account, load)
        sends += _account(trigger, found.account, found.report, load)
    if _is_unusable(trigger):
        unclear = trigger.follow(SessionUnclear, as_of=int(trigger.at), read=False, status=None)
        return [Send(machine="session", key=trigger.session, event=unclear)]
    result = Send(machine="session", key=trigger.session, event=_result(trigger, facts, load))
    return [*sends, result, *_dated_earlier(trigger, facts, load)]


def _result(trigger: SessionReported, facts: SessionFacts, load: Load) -> DomainEvent:
    """Sort a session's report by its result (R3)."""
    as_of, read, accounts = _as_of(trigger), trigger.read, trigger.accounts
    if trigger.failure_reason is not None:
        return trigger.follow(SessionFailed, as_of=as_of, failure_reason=trigger.failure_reason)
    if trigger.status == "succeeded" or trigger.relinked_account is not None:
        return trigger.follow(
            SessionSucceeded,
            as_of=as_of,
            read=read,
            relinked_account=trigger.relinked_account,
            accounts=None if accounts is None else tuple(found.account for found in accounts),
            gone=_gone(trigger, load),
            old_holder=_holder(facts.request.account if facts.request else "", load),
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


def _gone(trigger: SessionReported, load: Load) -> frozenset[str]:
    """The returned accounts that are disconnected by now: a final state answers nobody (R6)."""
    gone = set()
    reports = {found.account: found.report for found in trigger.accounts or ()}
    relinked = [trigger.relinked_account] if trigger.relinked_account else []
    for account in sorted({*reports, *relinked}):
        known = cast("Snapshot[AccountFacts] | None", load(Address("account", account)))
        if known is not None and known.state == AccountState.DISCONNECTED:
            gone.add(account)
        report = reports.get(account)
        if report is None or report.status != "disconnected":
            continue
        decides = _decides(trigger, "account", account, load)
        said = link_report(trigger, _as_of(trigger), trigger.read, report, decides=decides)
        is_clear = isinstance(said, LinkReported) and (
            known is None or not (ambiguous(known.facts, said) or said.as_of < known.facts.as_of)
        )
        if is_clear:
            gone.add(account)
    return frozenset(gone)


def _holder(account: str, load: Load) -> Any:
    """Whose an account is, as far as is known."""
    known = cast("Snapshot[AccountFacts] | None", load(Address("account", account)))
    return known.facts.holder if known else None


def _dated_earlier(trigger: SessionReported, facts: SessionFacts, load: Load) -> list[Send]:
    """A late report of a known replacement: the time of its earliest report counts (S6).

    The session itself has succeeded and takes no more reports.
    """
    is_replaced = facts.outcome == "new_account_linked" and facts.linked is not None
    if not is_replaced or facts.request is None or trigger.status != "succeeded":
        return []
    account = facts.request.account
    known = cast("Snapshot[AccountFacts] | None", load(Address("account", account)))
    is_earlier = (
        known is not None
        and known.facts.replaced_by == facts.linked
        and _as_of(trigger) < known.facts.replaced_as_of
    )
    if not is_earlier:
        return []
    earlier = trigger.follow(
        NewAccountLinkedInstead,
        session=trigger.session,
        attempt=facts.request.attempt,
        new=facts.linked,
        as_of=_as_of(trigger),
    )
    return [Send(machine="account", key=account, event=earlier)]


def _session_created(trigger: RelinkSessionCreated, load: Load) -> list[Send]:
    """A session is open; one that is created again by the same key may be over by now (R1)."""
    request = trigger.request
    opened = trigger.follow(SessionOpened, session=trigger.session, request=request)
    known = load(Address("session", trigger.session))
    if known is not None and known.state != "open":
        return [Send(machine="session", key=trigger.session, event=opened)]
    return [
        Send(machine="session", key=trigger.session, event=opened),
        Send(machine="authorization", key=request.authorization, event=opened),
        Send(machine="account", key=request.account, event=opened),
    ]


# ── what is built on an account ──────────────────────────────────────────────


def _payment_method(
    trigger: PaymentMethodReported | ExternalAccountReported, load: Load
) -> list[Send]:
    """What was made from an account works, is blocked or gone (C3, N4), or has to be read (K6)."""
    key = (
        trigger.payment_method
        if isinstance(trigger, PaymentMethodReported)
        else trigger.external_account
    )
    known = _payment_method_facts(key, load)
    account = trigger.account or (known.account if known else None)
    sends = _answered(trigger, key, load)
    is_unclear = trigger.report is None or (
        isinstance(trigger, ExternalAccountReported)
        and trigger.report.status is None
        and not trigger.report.gone
    )
    if _is_in_future(trigger) or is_unclear:
        is_external = isinstance(trigger, ExternalAccountReported)
        if is_external and (known is None or known.connected_account is None):
            # Nobody can read it: it is not known whose it is.
            return sends
        unclear = trigger.follow(
            PaymentMethodUnclear,
            as_of=int(trigger.at),
            read=trigger.read,
            in_future=_is_in_future(trigger),
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
    if load(Address("account", account)) is None:
        sends.append(read(account, "account", ReadReason.LOOK, trigger))
    return sends


def _checked(
    trigger: PaymentMethodReported | ExternalAccountReported, account: str
) -> PaymentMethodWorks | PaymentMethodBlocked | PaymentMethodDetached:
    common = {"account": account, "as_of": _as_of(trigger), "read": trigger.read}
    report = trigger.report
    if report is not None and report.gone:
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


def _payment_method_facts(key: str, load: Load) -> PaymentMethodFacts | None:
    found = cast("Snapshot[PaymentMethodFacts] | None", load(Address("payment_method", key)))
    return found.facts if found else None


def _mandate(trigger: MandateReported, load: Load) -> list[Send]:
    """A mandate that is not active any more has to be collected again (N3)."""
    if trigger.status != "inactive" or _payment_method_facts(trigger.payment_method, load) is None:
        return []
    ended = trigger.follow(MandateEnded, as_of=min(trigger.as_of, int(trigger.at)))
    return [Send(machine="payment_method", key=trigger.payment_method, event=ended)]


def _mandate_collected(trigger: MandateCollected, load: Load) -> list[Send]:
    """The mandate of one payment method, or of all of the account that need one."""
    known = cast("Snapshot[AccountFacts] | None", load(Address("account", trigger.account)))
    methods = known.facts.payment_methods if known else {}
    given = trigger.follow(MandateGiven)
    return [
        Send(machine="payment_method", key=key, event=given)
        for key, method in methods.items()
        if (trigger.payment_method is None and method.state is not PaymentMethodState.GONE)
        or key == trigger.payment_method
    ]


def _read_requested(trigger: ReadRequested, load: Load) -> list[Send]:
    """Something is read again (K11); an external account, if it is known whose it is."""
    connected = None
    if trigger.kind == "external_account":
        known = _payment_method_facts(trigger.id, load)
        connected = known.connected_account if known else None
        if connected is None:
            return []
    return [
        read(
            trigger.id,
            trigger.kind,
            ReadReason.RECONCILIATION,
            trigger,
            connected_account=connected,
        )
    ]


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
    return Send(machine="build", key=trigger.account, event=resumed)


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

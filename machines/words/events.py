"""What happened: every event in words, with its values.

``{it}`` stands for what the deciding machine is about. :func:`event_words` knows every event that a
chart takes; a test holds that.
"""

from relink.engine import Event

from ..events import (
    AccountResumed,
    AccountRetired,
    BillingNameAbsent,
    ExternalAccountMade,
    PaymentMethodMade,
    RelinkRequested,
)
from ..messages import (
    AnnouncementChanged,
    BuildChanged,
    BuildFailed,
    BuildRequested,
    BuildResumed,
    Built,
    KnownAccountLinked,
    MandateEnded,
    MandateGiven,
    MayPrompt,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    MembersReviewDue,
    NeedsChanged,
    NeedsMoved,
    NewAccountLinkedInstead,
    NumberBlocked,
    NumberChanged,
    NumberUnblocked,
    OwnershipChecked,
    PaymentMethodBlocked,
    PaymentMethodChanged,
    PaymentMethodDetached,
    PaymentMethodUnclear,
    PaymentMethodWorks,
    PromptAllowed,
    ReadAnswered,
    ReadAwaited,
    ReadDueChanged,
    ReadFailed,
    ReadWanted,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
    ReturnedBySession,
    ReviewDue,
    SessionCancelled,
    SessionDeadline,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionRelinked,
    SessionSucceeded,
    SessionSuperseded,
    SessionUnclear,
    SessionUnsuccessful,
)
from ..reported import (
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
from ..vocabulary import Mode
from .codes import because, clause
from .names import Names, short_id
from .states import state_words
from .times import clock, day, duration, listed

OWNERSHIPS = {
    "known": "is known already",
    "new": "is new",
    "other_holder": "belongs to somebody else",
    "disconnected": "is disconnected by now",
}

FAILURES = {
    "account_disconnected": "the customer picked an account that was disconnected since",
    "no_account": "the customer did not pick {it}",
    "no_authorization": "the customer could not sign in",
    "other": "something went wrong at the bank",
    "other_holder": "the customer picked an account of somebody else",
}
"""Why a session failed, by Stripe's code or relink's."""


def event_words(event: Event, names: Names) -> str | None:
    """An event in words; None for one that no machine of relink takes.

    Args:
        event: what a machine decided about.
        names: who is who.
    """
    found = (
        _of_reports(event)
        or _of_sessions(event, names)
        or _of_numbers_and_methods(event)
        or _of_messages(event, names)
        or _of_the_service(event)
    )
    return None if found is None else names.of_customer(found)


def mode_words(mode: Mode, account: str) -> str:
    """Which account a session accepts.

    Args:
        mode: of the session.
        account: what the expected account is called.
    """
    return account if mode == "specific" else "any account"


def why_unsuccessful(event: SessionUnsuccessful) -> str:
    """Why a session ended without a repair."""
    match event.outcome:
        case "cancelled":
            return "the customer closed the bank's page"
        case "abandoned":
            waited = duration(event.policy.session_open_for)
            return f"the customer did not finish the session within {waited}"
        case "failed":
            code = event.failure_reason or "other"
            return FAILURES.get(code) or f"the session failed: {because(code)}"


def _of_reports(event: Event) -> str | None:
    match event:
        case ReportedActive():
            return f"Stripe reports that {{it}} works{_announced(event)}"
        case ReportedRelinkable():
            return f"Stripe reports that the customer can repair {{it}}{_cause(event)}"
        case ReportedUnrepairable():
            return f"Stripe reports that nobody can repair {{it}}{_cause(event)}"
        case ReportedInactive():
            return "Stripe reports that {it} stopped working, and not whether a relink repairs it"
        case ReportedDisconnected():
            return "Stripe reports that {it} is disconnected for good"
        case ReportedUnclear(in_future=True):
            return "a report about {it} is dated more than five minutes ahead of our clock"
        case ReportedUnclear(status=str(status)):
            return f"Stripe reports the unknown status {status!r} for {{it}}"
        case ReportedUnclear():
            return "Stripe says only that something about {it} changed"
        case ReadWanted():
            later = f", not before {clock(event.after)}" if event.after else ""
            return f"{{it}} is to be read at Stripe{later}: {clause(event.reason.sentence)}"
        case ReadAnswered():
            return "Stripe answered about {it}"
        case ReadDueChanged(since=None):
            return "no read holds up messages about {it} any more"
        case ReadDueChanged():
            return "a read is due, and messages about {it} wait for it"
        case ReadFailed():
            return f"Stripe refuses to tell about {{it}}: {because(event.error)}"
        case MemberReported(inactive=True):
            return "Stripe reported an account of {it} inactive"
        case MemberReported():
            return "Stripe reported an account of {it} active"
        case MemberLeft():
            return "an account of {it} moved to another bank login"
        case AnnouncementChanged(announced=True):
            when = f" on {day(event.day)}" if event.day else " soon"
            return f"the bank login of {{it}} will stop working{when}"
        case AnnouncementChanged():
            return "nothing is announced for the bank login of {it}"
    return None


def _of_sessions(event: Event, names: Names) -> str | None:
    match event:
        case SessionOpened(request=request):
            which = mode_words(request.mode, names.account(request.account))
            return f"a relink session is open, in which the customer may pick {which}" + (
                ", and Stripe writes to the customer" if request.delivery == "email" else ""
            )
        case SessionSuperseded():
            return f"session {short_id(event.by)} takes the place of {{it}}"
        case SessionPending():
            return "the customer has not finished {it}"
        case SessionSucceeded(relinked_account=str(account)):
            return f"the customer finished {{it}} with {names.account(account)}"
        case SessionSucceeded(accounts=(str(account), *_)):
            return f"the customer finished {{it}} with {names.account(account)}"
        case SessionSucceeded():
            return "the customer finished {it}, and Stripe does not say with which account"
        case SessionFailed():
            code = event.failure_reason
            known = FAILURES.get(code)
            if known is None:
                return f"the session failed: {because(code)}"
            return known.replace("{it}", "the expected account")
        case SessionCancelled():
            return "the customer closed the bank's page"
        case SessionUnclear(in_future=True):
            return "a report about {it} is dated more than five minutes ahead of our clock"
        case SessionUnclear(status=str(status)):
            return f"Stripe reports the unknown status {status!r} for {{it}}"
        case SessionUnclear():
            return "Stripe says only that {it} changed"
        case SessionDeadline():
            return f"{{it}} has been open for {duration(event.policy.session_open_for)}"
        case OwnershipChecked():
            return f"{names.account(event.account)} {OWNERSHIPS[event.ownership]}"
        case ReturnedBySession():
            return f"the customer picked {{it}} in session {short_id(event.session)}"
        case SessionRelinked():
            return f"the customer signed in and picked {names.account(event.account)}"
        case SessionUnsuccessful():
            return why_unsuccessful(event)
        case KnownAccountLinked():
            return f"the customer picked {names.account(event.other)}, which is linked already"
        case NewAccountLinkedInstead(session=None):
            return f"the service uses {names.account(event.new)} in place of {{it}}"
        case NewAccountLinkedInstead():
            return f"the customer linked {names.account(event.new)} instead of {{it}}"
        case MemberSessionEnded():
            return f"session {short_id(event.session)} ended without a repair"
    return None


def _of_numbers_and_methods(event: Event) -> str | None:
    match event:
        case NumbersReported():
            return _numbers(event)
        case NumberChanged():
            on = f" on {day(event.expires_on)}" if event.expires_on else ""
            words = state_words("account_number", event.status).name.lower()
            return f"the account number of {{it}} changed: {words}{on}"
        case NumberBlocked():
            return "a payment method reports that the bank deactivated the number of {it}"
        case NumberUnblocked():
            return "a payment method reports that the number of {it} works again"
        case RefreshStarted():
            return "a relink session is open, which may bring {it} a new number"
        case RefreshEnded():
            return "the relink session is over, and brought {it} no new number"
        case RefreshSucceeded():
            return "{it} was relinked, and a new number follows"
        case BuildRequested(obstacle=str(obstacle)):
            return f"{{it}} is new, and no payment method can be made from it: {because(obstacle)}"
        case BuildRequested():
            return "{it} is new, and needs a payment method"
        case BuildResumed():
            return "the service gave the name of the holder of {it}"
        case BillingNameAbsent():
            return "Stripe has no name of the holder of {it}, which the payment method needs"
        case PaymentMethodMade():
            return f"Stripe made payment method {short_id(event.payment_method)} from {{it}}"
        case ExternalAccountMade():
            return f"Stripe attached {{it}} as {short_id(event.external_account)}"
        case BuildFailed():
            return f"Stripe refused to make a payment method from {{it}}: {because(event.error)}"
        case BuildChanged():
            why = f": {because(event.reason)}" if event.reason else ""
            words = state_words("build", event.state).name.lower()
            return f"the payment method for {{it}}: {words}{why}"
        case Built():
            return "relink made {it}"
        case PaymentMethodWorks():
            return "Stripe reports nothing against {it}"
        case PaymentMethodBlocked():
            return f"Stripe reports that {{it}} cannot be charged: {because(event.reason)}"
        case PaymentMethodDetached():
            return "{it} was removed at Stripe"
        case PaymentMethodUnclear(in_future=True):
            return "a report about {it} is dated more than five minutes ahead of our clock"
        case PaymentMethodUnclear():
            return "{it} may have changed, and is looked at"
        case MandateEnded():
            return "the customer's authorization to debit {it} has ended"
        case MandateGiven():
            return "the service collected the customer's authorization to debit {it}"
        case PaymentMethodChanged():
            why = f": {because(event.reason)}" if event.reason else ""
            words = state_words("payment_method", event.state).name.lower()
            return f"payment method {short_id(event.payment_method)}: {words}{why}"
    return None


def _of_messages(event: Event, names: Names) -> str | None:
    match event:
        case NeedsChanged(needs=()):
            return f"{names.account(event.subject)} needs nothing of the customer any more"
        case NeedsChanged(standing="suspended"):
            return f"{names.account(event.subject)} may need a relink, and Stripe is asked first"
        case NeedsChanged(standing="given_up"):
            return f"{names.account(event.subject)} needs a relink, and no attempt is left"
        case NeedsChanged():
            why = because(event.cause or event.needs)
            return f"{names.account(event.subject)} needs a relink: {why}"
        case NeedsMoved():
            return f"{names.account(event.subject)} moved to another bank login"
        case PromptAllowed():
            return "nothing stands in the way of a message to the customer about {it}"
        case ReadAwaited(since=None):
            return f"no read of {names.account(event.account)} is due any more"
        case ReadAwaited():
            return f"a read of {names.account(event.account)} is due"
        case MayPrompt():
            return f"a message to the customer about {names.thing(event.outage)} is ready"
        case MembersReviewDue():
            return "an account of {it} needs a relink, so all of its accounts are reviewed"
        case ReviewDue():
            return "all is taken in, and {it} is reviewed"
    return None


def _of_the_service(event: Event) -> str | None:
    match event:
        case RelinkRequested(mode="any_eligible"):
            return "the service asks for a relink session for any account at this bank"
        case RelinkRequested(mode="specific"):
            return "the service asks for a relink session for {it} only"
        case RelinkRequested():
            return "the service asks for a relink session for {it}"
        case AccountRetired():
            return "the service has no use for {it} any more"
        case AccountResumed():
            return "the service uses {it} again"
    return None


def _numbers(event: NumbersReported) -> str | None:
    match event:
        case ReportedTransactable():
            listed_any = bool(event.report.numbers)
            if not listed_any:
                return "Stripe lists no number of {it}, and payments need none"
            return "Stripe lists a number of {it} that works"
        case ReportedPending():
            return "Stripe reports that a new number of {it} is pending"
        case ReportedExpiring():
            days = [n.expires_on for n in event.report.numbers or () if n.expires_on]
            when = f" until {day(max(days))}" if days else " for now"
            return f"Stripe reports that the number of {{it}} works only{when}"
        case ReportedLapsed():
            statuses = sorted({n.status for n in event.report.numbers or ()})
            why = f": {listed(statuses)}" if statuses else ""
            return f"Stripe reports that no number of {{it}} can be paid{why}"
    return None


def _announced(event: ReportedActive) -> str:
    when = event.report.deactivates_on
    return f", and will stop on {day(when)}" if when else ""


def _cause(event: ReportedRelinkable | ReportedUnrepairable) -> str:
    cause = event.report.cause
    return f": {because(cause)}" if cause else ""

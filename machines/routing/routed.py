"""Routed: the messages that outside events become, by the machine that gets them.

Pictures of the system show them, and debug mode refuses others. Reviews and deadlines are among
them: a timer brings them back to the machine that asked for it.
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
    BuildFailed,
    BuildResumed,
    MandateEnded,
    MandateGiven,
    NewAccountLinkedInstead,
    PaymentMethodBlocked,
    PaymentMethodDetached,
    PaymentMethodUnclear,
    PaymentMethodWorks,
    ReadAnswered,
    ReadFailed,
    ReadWanted,
    ReviewDue,
    SessionCancelled,
    SessionDeadline,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionSucceeded,
    SessionUnclear,
)
from ..reported import (
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

LINK = (
    ReportedActive,
    ReportedRelinkable,
    ReportedUnrepairable,
    ReportedInactive,
    ReportedDisconnected,
    ReportedUnclear,
)
"""What a report says about an account or an authorization."""

ROUTED: dict[str, tuple[type[Event], ...]] = {
    "account": (
        *LINK,
        RelinkRequested,
        SessionOpened,
        NewAccountLinkedInstead,
        AccountRetired,
        AccountResumed,
        ReviewDue,
    ),
    "authorization": (*LINK, SessionOpened),
    "session": (
        SessionOpened,
        SessionPending,
        SessionSucceeded,
        SessionFailed,
        SessionCancelled,
        SessionUnclear,
        SessionDeadline,
    ),
    "account_number": (ReportedTransactable, ReportedPending, ReportedExpiring, ReportedLapsed),
    "build": (
        BillingNameAbsent,
        BuildResumed,
        PaymentMethodMade,
        ExternalAccountMade,
        BuildFailed,
    ),
    "payment_method": (
        PaymentMethodWorks,
        PaymentMethodBlocked,
        PaymentMethodDetached,
        PaymentMethodUnclear,
        MandateEnded,
        MandateGiven,
    ),
    "outage": (ReviewDue,),
    "holder": (ReviewDue,),
    "read": (ReadWanted, ReadAnswered, ReadFailed),
}

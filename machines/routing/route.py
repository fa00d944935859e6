"""Routing: what an outside event means, and for which machines.

Stripe reports on objects. Each report is sorted by what it says (:mod:`.links`, :mod:`.sessions`,
:mod:`.built`), and each machine that it concerns is sent a message. Whether the report counts is
for the machine to decide (:mod:`relink.machines.freshness`).

Rules kept here: K11, P4.
"""

from relink.engine import Address, Event, Load, Send

from .. import commands
from ..asking import read
from ..events import (
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
from ..messages import BuildFailed, NewAccountLinkedInstead, ReadFailed
from ..reasons import ReadReason
from .built import built_reports, mandate_collected, mandate_reports, name_given
from .known import payment_method_facts
from .links import account_reports, link_reports
from .sessions import session_created, session_reports
from .times import answered


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
            reports = account_reports(trigger, account, report, load)
            return [*answered(trigger, account, load), *reports]
        case AuthorizationReported(authorization=key, report=report):
            reports = link_reports(trigger, key, "authorization", report, load)
            return [*answered(trigger, key, load), *reports]
        case SessionReported():
            return session_reports(trigger, load)
        case PaymentMethodReported() | ExternalAccountReported():
            return built_reports(trigger, load)
        case MandateReported():
            return mandate_reports(trigger, load)
        case ReadRequested():
            return read_requested(trigger, load)
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
            return mandate_collected(trigger, load)
        case RelinkSessionCreated():
            return session_created(trigger, load)
        case PaymentMethodMade() | ExternalAccountMade() | BillingNameAbsent():
            return [Send(machine="build", key=trigger.account, event=trigger)]
        case BillingNameGiven():
            return [name_given(trigger, load)]
        case CommandFailed():
            return command_failed(trigger)
        case TimerFired():
            now = {
                "at": trigger.at,
                "causation_id": trigger.causation_id,
                "policy": trigger.policy,
            }
            event = trigger.event.model_copy(update=now)
            return [Send(machine=trigger.machine, key=trigger.key, event=event)]
    raise TypeError(f"{type(trigger).__name__} is not an outside event of relink")


def read_requested(trigger: ReadRequested, load: Load) -> list[Send]:
    """Something is read again (K11); an external account, if it is known whose it is."""
    connected = None
    if trigger.kind == "external_account":
        known = payment_method_facts(trigger.id, load)
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


def command_failed(trigger: CommandFailed) -> list[Send]:
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

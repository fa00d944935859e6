"""What is asked of the world: every command in words."""

from typing import assert_never

from ..commands import (
    BY_NAME,
    AnyStripeCommand,
    AttachExternalAccount,
    CollectMandate,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    PaymentMethodBuilt,
    PaymentMethodGone,
    ReportAnomaly,
    RequestBillingName,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
    Wake,
)
from .codes import because, clause
from .names import Names, short_id
from .states import MACHINES
from .times import day, moment

AnyNotification = (
    NotifyCustomer
    | RequestNewPaymentMethod
    | PaymentMethodBuilt
    | PaymentMethodGone
    | CollectMandate
    | RequestBillingName
    | ReportAnomaly
)
"""Every notification, as a closed type."""

AnyCommand = AnyStripeCommand | AnyNotification | Wake
"""Every command, as a closed type. A test holds that none is missing."""


def asked(command: AnyCommand, names: Names) -> str:
    """What a command does, as the end of a sentence about relink: ``asks Ben to relink ••2275``.

    Args:
        command: the command.
        names: who is who.
    """
    return names.of_customer(_asked(command, names))


def _asked(command: AnyCommand, names: Names) -> str:
    match command:
        case NotifyCustomer():
            return _prompt(command, names)
        case RequestNewPaymentMethod():
            why = because(command.reason)
            it = names.account(command.account)
            return f"asks you for another payment method than {it}: {why}"
        case RequestBillingName():
            return f"asks you for the name of the holder of {names.account(command.account)}"
        case PaymentMethodBuilt():
            made = short_id(command.payment_method)
            return f"tells you that {made} was made from {names.account(command.account)}"
        case PaymentMethodGone():
            return f"tells you that {short_id(command.payment_method)} is gone"
        case CollectMandate():
            method = short_id(command.payment_method)
            return f"asks you for a mandate for {method}: {because(command.reason)}"
        case ReportAnomaly():
            what, stop, more = command.anomaly.sentence.partition(". ")
            value = f" ({command.value})" if command.value else ""
            found = f"{clause(what)}{value}{stop}{more.removesuffix('.')}"
            return f"alerts the operators about {_about(command, names)}: {found}"
        case CreatePaymentMethod():
            return f"makes a payment method from {names.account(command.account)}"
        case AttachExternalAccount():
            return f"attaches {names.account(command.account)} to {short_id(command.holder.id)}"
        case CreateRelinkSession():
            it = names.account(command.account)
            which = it if command.mode == "specific" else f"any account in place of {it}"
            return f"opens a relink session for {which}: {because(command.reason)}"
        case RetrieveAccount() | RetrieveAccountForCaller():
            return f"reads account {names.account(command.account)} at Stripe{_why(command)}"
        case RetrieveAuthorization():
            return f"reads bank login {short_id(command.authorization)} at Stripe{_why(command)}"
        case RetrieveSession() | RetrieveSessionForCaller():
            return f"reads session {short_id(command.session)} at Stripe{_why(command)}"
        case RetrievePaymentMethod():
            return f"reads {short_id(command.payment_method)} at Stripe{_why(command)}"
        case RetrieveExternalAccount():
            return f"reads {short_id(command.external_account)} at Stripe{_why(command)}"
        case Wake():
            about = MACHINES.get(command.machine, command.machine.replace("_", " "))
            return f"sets a timer for the {about} on {moment(command.due)}"
    assert_never(command)


def named(command_id: str) -> str:
    """What a command is, by its id alone: ``retrieve account``."""
    names = [name for name in BY_NAME if command_id.startswith(f"{name}_")]
    return max(names, key=len, default=command_id.rpartition("_")[0]).replace("_", " ")


def _prompt(command: NotifyCustomer, names: Names) -> str:
    what = names.all_of(command.accounts)
    verb = "reminds the customer" if command.reminder else "asks the customer"
    which = f", reminder {command.reminder}" if command.reminder else ""
    by = f" by {day(command.relink_by)}" if command.relink_by else ""
    return f"{verb} to relink {what}{by}{which}"


def _about(command: ReportAnomaly, names: Names) -> str:
    is_account = command.about.startswith("fca_")
    return names.account(command.about) if is_account else short_id(command.about)


def _why(command: AnyStripeCommand) -> str:
    match command:
        case RetrieveAccountForCaller():
            return ", while the service waits"
        case RetrieveSessionForCaller(reason="asked_again"):
            return ", to return it again"
        case RetrieveSessionForCaller():
            return ", for its result"
        case (
            RetrieveAccount()
            | RetrieveAuthorization()
            | RetrieveSession()
            | RetrievePaymentMethod()
            | RetrieveExternalAccount()
        ):
            return f": {clause(command.reason.sentence)}"
        case CreatePaymentMethod() | AttachExternalAccount() | CreateRelinkSession():
            return ""
    assert_never(command)

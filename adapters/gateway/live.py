"""The gateway to Stripe: each command as requests, each answer as events.

What is read goes through the same allow-list as webhooks (:mod:`relink.adapters.stripe.reduce`),
so that no balance, owner or secret gets beyond here.

====================== ================================================================
Command                Requests
====================== ================================================================
CreateRelinkSession    POST session. There is neither list nor metadata of sessions: when
                       its key is spent, another session is made. The first one may then
                       exist, but nobody has its secret; what a customer makes of it (one
                       whom Stripe wrote to, say) is heard through the account's webhooks.
RetrieveAccount        GET account
RetrieveAuthorization  GET authorization
RetrieveSession        GET session; the accounts inside are reads too
CreatePaymentMethod    GET customer (where no name is given), POST payment method, POST attach
AttachExternalAccount  GET session (for its token), POST external account
====================== ================================================================
"""

from collections.abc import Callable, Iterable
from typing import Any, assert_never

from relink.adapters.stripe import (
    Origin,
    UnreadableObject,
    fields,
    reduce_account,
    reduce_authorization,
    reduce_session,
)
from relink.engine import Command
from relink.machines.commands import (
    AnyStripeCommand,
    AttachExternalAccount,
    CallerCommand,
    CreatePaymentMethod,
    CreateRelinkSession,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    ExternalAccountMade,
    PaymentMethodMade,
    RelinkSessionCreated,
    SessionReported,
)

from . import params
from .api import StripeApi, path
from .errors import MalformedAnswerError, PermanentError
from .protocol import FIRST, Answer, Attempt
from .reading import Found
from .secret import BankAccountToken, ClientSecret, HostedUrl
from .transport import Transport

LOOK_BACK = 10 * 60.0
"""Seconds by which Stripe's clock may be behind ours, when looking for what was made since."""


class StripeGateway:
    """Carries out commands at Stripe.

    Args:
        transport: how to reach it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def perform(self, command: AnyStripeCommand, at: float, attempt: Attempt = FIRST) -> Answer:
        """Make one attempt at a command; see :meth:`relink.adapters.gateway.Gateway.perform`."""
        told = {"causation_id": command.id, "at": at, "policy": attempt.policy}
        api = StripeApi(self._transport, command, at, attempt)
        match command:
            case CreateRelinkSession():
                return _create_session(api, command, told)
            case RetrieveAccount() | RetrieveAccountForCaller():
                return _retrieve_account(api, command, told)
            case RetrieveAuthorization():
                return _retrieve_authorization(api, command, told)
            case RetrieveSession() | RetrieveSessionForCaller():
                return _retrieve_session(api, command, told)
            case CreatePaymentMethod():
                since = attempt.asked_at if attempt.asked_at is not None else at
                return _create_payment_method(api, command, told, since)
            case AttachExternalAccount():
                return _attach_external_account(api, command, told)
        assert_never(command)


Told = dict[str, Any]
"""The fields that every event of an answer has: cause, time and policy."""

SESSIONS = "financial_connections", "sessions"


def _create_session(api: StripeApi, command: CreateRelinkSession, told: Told) -> Answer:
    made = api.post("create", path(*SESSIONS), params.session(command))
    name = _id(made, "financial_connections.session")
    secret, url = _secrets(made)
    if (command.delivery == "modal" and not secret) or (command.delivery == "url" and not url):
        raise MalformedAnswerError(f"{name} came without what opens it", made.request_id)
    created = RelinkSessionCreated(session=name, request=command, **told)
    return Answer((created,), secret, url)


def _retrieve_account(
    api: StripeApi, command: RetrieveAccount | RetrieveAccountForCaller, told: Told
) -> Answer:
    found = api.get(path("financial_connections", "accounts", command.account))
    report: AccountReported = _report(reduce_account, found, told)
    _check(report.account, command.account, found)
    return Answer((report,))


def _retrieve_authorization(api: StripeApi, command: RetrieveAuthorization, told: Told) -> Answer:
    found = api.get(path("financial_connections", "authorizations", command.authorization))
    report: AuthorizationReported = _report(reduce_authorization, found, told)
    _check(report.authorization, command.authorization, found)
    return Answer((report,))


def _retrieve_session(
    api: StripeApi, command: RetrieveSession | RetrieveSessionForCaller, told: Told
) -> Answer:
    found = api.get(path(*SESSIONS, command.session))
    report: SessionReported = _report(reduce_session, found, told)
    _check(report.session, command.session, found)
    secret, url = _secrets(found) if isinstance(command, CallerCommand) else (None, None)
    return Answer((report,), secret, url)


def _create_payment_method(
    api: StripeApi, command: CreatePaymentMethod, told: Told, since: float
) -> Answer:
    name = command.billing_name or _customer_name(api, command)
    if name is None:
        return Answer((BillingNameAbsent(account=command.account, **told),))
    made = api.post(
        "create",
        path("payment_methods"),
        params.payment_method(command, name),
        look=lambda: _created(api, command, since),
    )
    method = _id(made, "payment_method")
    if not _belongs(made, command):
        attached = api.post(
            "attach",
            path("payment_methods", method, "attach"),
            params.owner(command.holder),
            look=lambda: _attached(api, command, method),
        )
        _check(_id(attached, "payment_method"), method, attached)
    return Answer((PaymentMethodMade(account=command.account, payment_method=method, **told),))


def _attach_external_account(api: StripeApi, command: AttachExternalAccount, told: Told) -> Answer:
    accounts = path("accounts", command.holder.id, "external_accounts")

    def look() -> Found | None:
        return _of_command(api.objects(accounts, {"object": "bank_account"}), command)

    token = api.get(path(*SESSIONS, command.session)).object.get("bank_account_token")
    if isinstance(token, BankAccountToken):
        made = api.post("create", accounts, params.external_account(command, token), look)
    elif (found := look()) is not None:
        made = found  # The token went with it.
    else:
        raise PermanentError(
            f"session {command.session} has no bank account token", code="no_bank_account_token"
        )
    name = _id(made, "bank_account")
    return Answer((ExternalAccountMade(account=command.account, external_account=name, **told),))


# ── payment methods ──────────────────────────────────────────────────────────


def _customer_name(api: StripeApi, command: CreatePaymentMethod) -> str | None:
    """The name on the customer object; an account that represents a customer has none (N1)."""
    if command.holder.field != "customer":
        return None
    customer = api.get(path("customers", command.holder.id)).object
    if customer.get("deleted") is True:
        raise PermanentError(f"{command.holder.id} is deleted", code="customer_deleted")
    return fields.text((fields.text(customer.get("name")) or "").strip())


def _created(api: StripeApi, command: CreatePaymentMethod, since: float) -> Found | None:
    """The payment method that this command made: among the customer's, or, where it was not
    attached yet, among the newest of all."""
    kind = {"type": "us_bank_account"}
    methods = path("payment_methods")
    of_customer = api.objects(methods, {**params.owner(command.holder), **kind})
    if (found := _of_command(of_customer, command)) is not None:
        return found
    for method in api.objects(methods, kind):
        if (fields.moment(method.object.get("created")) or 0) < since - LOOK_BACK:
            return None
        if _is_of_command(method, command):
            return method
    return None


def _attached(api: StripeApi, command: CreatePaymentMethod, method: str) -> Found | None:
    """The payment method, once it belongs to its customer."""
    found = api.get(path("payment_methods", method))
    return found if _belongs(found, command) else None


def _belongs(method: Found, command: CreatePaymentMethod) -> bool:
    return fields.reference(method.object.get(command.holder.field)) == command.holder.id


# ── what every command does with an answer ───────────────────────────────────


def _of_command(objects: Iterable[Found], command: Command) -> Found | None:
    return next((found for found in objects if _is_of_command(found, command)), None)


def _is_of_command(found: Found, command: Command) -> bool:
    metadata = found.object.get("metadata")
    return isinstance(metadata, dict) and metadata.get(params.COMMAND) == command.id


def _id(made: Found, kind: str) -> str:
    name = fields.identifier(made.object.get("id"))
    if name is None or made.object.get("object", kind) != kind:
        raise MalformedAnswerError(f"what was made is no {kind} with a valid id", made.request_id)
    return name


def _secrets(session: Found) -> tuple[ClientSecret | None, HostedUrl | None]:
    secret, url = session.object.get("client_secret"), session.object.get("url")
    return (
        secret if isinstance(secret, ClientSecret) else None,
        url if isinstance(url, HostedUrl) else None,
    )


def _report(reduce: Callable[[dict[str, Any], Origin], Any], found: Found, told: Told) -> Any:
    """What a read tells.

    Raises:
        MalformedAnswerError: it is of another kind, has no id, or does not say when it was so.
    """
    if found.as_of is None:
        raise MalformedAnswerError("the answer to a read has no valid Date", found.request_id)
    try:
        return reduce(found.object, Origin(as_of=found.as_of, read=True, **told))
    except UnreadableObject as error:
        unreadable = str(error)
    raise MalformedAnswerError(f"a read was answered wrongly: {unreadable}", found.request_id)


def _check(told: str, asked: str, found: Found) -> None:
    if told != asked:
        raise MalformedAnswerError(f"{asked} was asked for, and {told} answered", found.request_id)

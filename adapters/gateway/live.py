"""The gateway to Stripe: each command becomes requests, each answer becomes events.

Every object that is read passes the same allow-list as webhooks
(:mod:`relink.adapters.stripe.reduce`), so no balance, owner or secret leaves this module.

=======================  =======================================================================
Command                  Requests
=======================  =======================================================================
CreateRelinkSession      POST session. Sessions can be neither listed nor found by metadata:
                         if the key is spent, another session is created. The first one may
                         exist too, but nobody has its secret. If a customer completes it (from
                         an email by Stripe, for example), the account's webhooks report it.
RetrieveAccount          GET account; also RetrieveAccountForCaller
RetrieveAuthorization    GET authorization
RetrieveSession          GET session, whose accounts count as read too; also
                         RetrieveSessionForCaller, which returns the secret
RetrievePaymentMethod    GET payment method; one that does not exist any more is gone
RetrieveExternalAccount  GET external account of the connected account; likewise
CreatePaymentMethod      GET customer (if no name is given), POST payment method, POST attach
AttachExternalAccount    GET session (for the token), POST external account
=======================  =======================================================================
"""

import time
from collections.abc import Callable, Iterable
from typing import assert_never

from relink.adapters.deadline import Deadline
from relink.adapters.stripe import (
    fields,
    reduce_account,
    reduce_authorization,
    reduce_external_account,
    reduce_payment_method,
    reduce_session,
)
from relink.adapters.stripe.metadata import COMMAND
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
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    ExternalAccountMade,
    ExternalAccountReported,
    PaymentMethodMade,
    PaymentMethodReported,
    RelinkSessionCreated,
    SessionReported,
)

from . import params
from .api import StripeApi, path
from .errors import MalformedAnswerError, PermanentError
from .listing import AccountListing, AccountPage, list_accounts
from .protocol import FIRST, Answer, Attempt
from .reach import Reach
from .reading import EventFields, StripeAnswer, reported
from .secret import BankAccountToken, ClientSecret, HostedUrl
from .transport import Transport

ATTEMPT_TIMEOUT = 40.0
"""The longest time for all requests of one attempt (seconds): a process that stops waits for it."""

CLOCK_SKEW = 10 * 60.0
"""How far Stripe's clock may be behind ours (seconds), when objects are searched by time."""


class StripeGateway:
    """Carries out commands at Stripe.

    Args:
        transport: sends the requests, all with one API key.
        reach: what that key has reached; None for nothing so far.
        timer: a clock that is never set back (seconds), for the time that an attempt may take.
    """

    def __init__(
        self,
        transport: Transport,
        reach: Reach | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._reach = reach or Reach()
        self._timer = timer

    def perform(self, command: AnyStripeCommand, at: float, attempt: Attempt = FIRST) -> Answer:
        """Make one attempt at a command; see :meth:`relink.adapters.gateway.Gateway.perform`."""
        with Deadline(ATTEMPT_TIMEOUT, self._timer):
            return self._perform(command, at, attempt)

    def _perform(self, command: AnyStripeCommand, at: float, attempt: Attempt) -> Answer:
        common: EventFields = {"causation_id": command.id, "at": at, "policy": attempt.policy}
        api = StripeApi(self._transport, command, at, attempt, self._reach)
        match command:
            case CreateRelinkSession():
                return _create_session(api, command, common)
            case RetrieveAccount() | RetrieveAccountForCaller():
                return _retrieve_account(api, command, common)
            case RetrieveAuthorization():
                return _retrieve_authorization(api, command, common)
            case RetrieveSession() | RetrieveSessionForCaller():
                return _retrieve_session(api, command, common)
            case RetrievePaymentMethod():
                return _retrieve_payment_method(api, command, common)
            case RetrieveExternalAccount():
                return _retrieve_external_account(api, command, common)
            case CreatePaymentMethod():
                since = attempt.asked_at if attempt.asked_at is not None else at
                return _create_payment_method(api, command, common, since)
            case AttachExternalAccount():
                return _attach_external_account(api, command, common)
        assert_never(command)

    def list_accounts(self, listing: AccountListing, at: float) -> AccountPage:
        """Read one page of accounts; see :class:`~relink.adapters.gateway.AccountLister`."""
        return list_accounts(self._transport, listing, at)


SESSIONS = "financial_connections", "sessions"


def _create_session(api: StripeApi, command: CreateRelinkSession, common: EventFields) -> Answer:
    made = api.post("create", path(*SESSIONS), params.session(command))
    name = _id(made, "financial_connections.session")
    secret, url = _secrets(made)
    if (command.delivery == "modal" and not secret) or (command.delivery == "url" and not url):
        raise MalformedAnswerError(
            f"session {name} has neither a client secret nor a URL that opens it", made.request_id
        )
    created = RelinkSessionCreated(session=name, request=command, **common)
    return Answer((created,), secret, url)


def _retrieve_account(
    api: StripeApi, command: RetrieveAccount | RetrieveAccountForCaller, common: EventFields
) -> Answer:
    found = api.get(path("financial_connections", "accounts", command.account))
    report: AccountReported = reported(reduce_account, found, common)
    _check(report.account, command.account, found)
    _check_complete(report.complete, found)
    return Answer((report,))


def _retrieve_authorization(
    api: StripeApi, command: RetrieveAuthorization, common: EventFields
) -> Answer:
    found = api.get(path("financial_connections", "authorizations", command.authorization))
    report: AuthorizationReported = reported(reduce_authorization, found, common)
    _check(report.authorization, command.authorization, found)
    _check_complete(report.complete, found)
    return Answer((report,))


def _retrieve_session(
    api: StripeApi, command: RetrieveSession | RetrieveSessionForCaller, common: EventFields
) -> Answer:
    found = api.get(path(*SESSIONS, command.session))
    report: SessionReported = reported(reduce_session, found, common)
    _check(report.session, command.session, found)
    secret, url = _secrets(found) if isinstance(command, CallerCommand) else (None, None)
    return Answer((report,), secret, url)


def _retrieve_payment_method(
    api: StripeApi, command: RetrievePaymentMethod, common: EventFields
) -> Answer:
    found = api.get_or_deleted("payment_methods", command.payment_method)
    report: PaymentMethodReported = reported(reduce_payment_method, found, common)
    _check(report.payment_method, command.payment_method, found)
    return Answer((report,))


def _retrieve_external_account(
    api: StripeApi, command: RetrieveExternalAccount, common: EventFields
) -> Answer:
    name = command.external_account
    found = api.get_or_deleted("accounts", command.connected_account, "external_accounts", name)
    report: ExternalAccountReported = reported(reduce_external_account, found, common)
    _check(report.external_account, name, found)
    return Answer((report,))


def _create_payment_method(
    api: StripeApi, command: CreatePaymentMethod, common: EventFields, since: float
) -> Answer:
    name = command.billing_name or _customer_name(api, command)
    if name is None:
        return Answer((BillingNameAbsent(account=command.account, **common),))
    made = api.post(
        "create",
        path("payment_methods"),
        params.payment_method(command, name),
        find_effect=lambda: _created(api, command, since),
    )
    method = _id(made, "payment_method")
    if not _belongs(made, command):
        attached = api.post(
            "attach",
            path("payment_methods", method, "attach"),
            params.owner(command.holder),
            find_effect=lambda: _attached(api, command, method),
        )
        _check(_id(attached, "payment_method"), method, attached)
    return Answer((PaymentMethodMade(account=command.account, payment_method=method, **common),))


def _attach_external_account(
    api: StripeApi, command: AttachExternalAccount, common: EventFields
) -> Answer:
    accounts = path("accounts", command.holder.id, "external_accounts")

    def find_effect() -> StripeAnswer | None:
        return _of_command(api.objects(accounts, {"object": "bank_account"}), command)

    token = api.get(path(*SESSIONS, command.session)).object.get("bank_account_token")
    if isinstance(token, BankAccountToken):
        made = api.post("create", accounts, params.external_account(command, token), find_effect)
    elif (found := find_effect()) is not None:
        made = found  # Creating it used the token up.
    else:
        raise PermanentError(
            f"session {command.session} has no bank account token", code="no_bank_account_token"
        )
    name = _id(made, "bank_account")
    return Answer((ExternalAccountMade(account=command.account, external_account=name, **common),))


# ── payment methods ──────────────────────────────────────────────────────────


def _customer_name(api: StripeApi, command: CreatePaymentMethod) -> str | None:
    """The name on the customer object. An account that represents a customer has none (N1)."""
    if command.holder.field != "customer":
        return None
    customer = api.get(path("customers", command.holder.id)).object
    if customer.get("deleted") is True:
        raise PermanentError(f"customer {command.holder.id} is deleted", code="customer_deleted")
    return fields.text((fields.text(customer.get("name")) or "").strip())


def _created(api: StripeApi, command: CreatePaymentMethod, since: float) -> StripeAnswer | None:
    """The payment method that this command created: one of the customer's or, if it is not attached
    yet, one of the latest of all."""
    kind = {"type": "us_bank_account"}
    methods = path("payment_methods")
    of_customer = api.objects(methods, {**params.owner(command.holder), **kind})
    if (found := _of_command(of_customer, command)) is not None:
        return found
    for method in api.objects(methods, kind):
        if (fields.moment(method.object.get("created")) or 0) < since - CLOCK_SKEW:
            return None
        if _is_of_command(method, command):
            return method
    return None


def _attached(api: StripeApi, command: CreatePaymentMethod, method: str) -> StripeAnswer | None:
    """The payment method, if it belongs to the customer already."""
    found = api.get(path("payment_methods", method))
    return found if _belongs(found, command) else None


def _belongs(method: StripeAnswer, command: CreatePaymentMethod) -> bool:
    return fields.reference(method.object.get(command.holder.field)) == command.holder.id


# ── reading answers ──────────────────────────────────────────────────────────


def _of_command(objects: Iterable[StripeAnswer], command: Command) -> StripeAnswer | None:
    return next((found for found in objects if _is_of_command(found, command)), None)


def _is_of_command(found: StripeAnswer, command: Command) -> bool:
    metadata = found.object.get("metadata")
    return isinstance(metadata, dict) and metadata.get(COMMAND) == command.id


def _id(made: StripeAnswer, kind: str) -> str:
    name = fields.identifier(made.object.get("id"))
    if name is None or made.object.get("object", kind) != kind:
        raise MalformedAnswerError(
            f"the created object is not a {kind} with a valid id", made.request_id
        )
    return name


def _secrets(session: StripeAnswer) -> tuple[ClientSecret | None, HostedUrl | None]:
    secret, url = session.object.get("client_secret"), session.object.get("url")
    return (
        secret if isinstance(secret, ClientSecret) else None,
        url if isinstance(url, HostedUrl) else None,
    )


def _check_complete(is_complete: bool, found: StripeAnswer) -> None:
    """Refuse an object with an unreadable field whose absence would mean "none" (K5).

    Raises:
        MalformedAnswerError: it has one.
    """
    if not is_complete:
        raise MalformedAnswerError("the answer to a read has an unreadable field", found.request_id)


def _check(returned: str, requested: str, found: StripeAnswer) -> None:
    if returned != requested:
        raise MalformedAnswerError(
            f"{requested} was requested, but {returned} was returned", found.request_id
        )

"""Customers, payment methods, and the external accounts of connected accounts."""

from collections.abc import Callable
from typing import Any

from ..api import Call, Route, route
from ..errors import ApiError, missing, no_such, refused
from ..links import Publish
from ..parameters import EXPAND, PAGE, Hash, Kind, Metadata, Text, Truth
from ..render import Rendered, render
from ..resources import Account, Customer, ExternalAccount, PaymentMethod
from ..world import World, own
from .paging import page

CUSTOMER: dict[str, Kind] = {
    **EXPAND,
    "description": Text(may_unset=True),
    "email": Text(may_unset=True),
    "metadata": Metadata(),
    "name": Text(may_unset=True),
    "phone": Text(may_unset=True),
}
PAYMENT_METHOD: dict[str, Kind] = {
    **EXPAND,
    "billing_details": Hash(
        {
            "email": Text(may_unset=True),
            "name": Text(may_unset=True),
            "phone": Text(may_unset=True),
        }
    ),
    "metadata": Metadata(),
    "type": Text(("us_bank_account",)),
    "us_bank_account": Hash({"financial_connections_account": Text()}),
}
ATTACH: dict[str, Kind] = {**EXPAND, "customer": Text(), "customer_account": Text()}
OWNED: dict[str, Kind] = {**PAGE, "type": Text()}
PAYMENT_METHODS: dict[str, Kind] = {**OWNED, "customer": Text(), "customer_account": Text()}
EXTERNAL_ACCOUNT: dict[str, Kind] = {
    **EXPAND,
    "default_for_currency": Truth(),
    "external_account": Text(),
    "metadata": Metadata(),
}
EXTERNAL_ACCOUNTS: dict[str, Kind] = {**PAGE, "object": Text(("bank_account", "card"))}


class Payments:
    """The endpoints for customers, payment methods and external accounts."""

    def __init__(
        self,
        world: World,
        now: Callable[[], float],
        publish: Publish,
        note: Callable[[str, str], None],
    ) -> None:
        self._world = world
        self._now = now
        self._publish = publish
        self._note = note

    def routes(self) -> list[Route]:
        """All endpoints of this class."""
        return [
            route("POST", "/v1/customers", self.create_customer),
            route("GET", "/v1/customers", self.list_customers),
            route("GET", "/v1/customers/{}", self.retrieve_customer),
            route("POST", "/v1/customers/{}", self.update_customer),
            route("DELETE", "/v1/customers/{}", self.delete_customer),
            route("GET", "/v1/customers/{}/payment_methods", self.list_of_customer),
            route("POST", "/v1/payment_methods", self.create_payment_method),
            route("GET", "/v1/payment_methods", self.list_payment_methods),
            route("GET", "/v1/payment_methods/{}", self.retrieve_payment_method),
            route("POST", "/v1/payment_methods/{}/attach", self.attach_payment_method),
            route("POST", "/v1/accounts/{}/external_accounts", self.create_external_account),
            route("GET", "/v1/accounts/{}/external_accounts", self.list_external_accounts),
            route("GET", "/v1/accounts/{}/external_accounts/{}", self.retrieve_external_account),
        ]

    # ── customers ────────────────────────────────────────────────────────────

    def create_customer(self, call: Call) -> Rendered:
        """Create a customer."""
        params = call.params(CUSTOMER)
        customer = Customer(
            id=self._world.ids.new("cus"), owner=call.owner, created=int(self._now())
        )
        self._world.customers[customer.id] = customer
        _update(customer, params)
        self._publish("customer.created", customer)
        return render(customer)

    def list_customers(self, call: Call) -> Rendered:
        """List the customers, newest first."""
        params = call.params({**PAGE, "email": Text()})
        found = [
            customer
            for customer in self._world.customers.values()
            if customer.owner == call.owner
            and not customer.deleted
            and params.get("email") in (None, customer.email)
        ]
        return page(found, render, params, call.path)

    def retrieve_customer(self, call: Call) -> Rendered:
        """Read a customer. A deleted one has only its id and ``deleted``."""
        call.params(EXPAND)
        return render(self._customer(call))

    def update_customer(self, call: Call) -> Rendered:
        """Update a customer."""
        params = call.params(CUSTOMER)
        customer = self._customer(call)
        if customer.deleted:
            raise no_such("customer", customer.id, "customer", in_path=True)
        _update(customer, params)
        self._publish("customer.updated", customer)
        return render(customer)

    def delete_customer(self, call: Call) -> Rendered:
        """Delete a customer."""
        call.params({})
        customer = self._customer(call)
        customer.deleted = True
        self._publish("customer.deleted", customer)
        return render(customer)

    def _customer(self, call: Call) -> Customer:
        return own(self._world.customers, "customer", call.names[0], call.owner, "id", in_path=True)

    # ── payment methods ──────────────────────────────────────────────────────

    def create_payment_method(self, call: Call) -> Rendered:
        """Create a payment method from an account that supports it."""
        params = call.params(PAYMENT_METHOD, required=("type",))
        bank = params.get("us_bank_account", {})
        billing = {k: v for k, v in params.get("billing_details", {}).items() if v is not None}
        if "name" not in billing:
            raise missing("billing_details[name]")
        param = "us_bank_account[financial_connections_account]"
        if "financial_connections_account" not in bank:
            raise missing(param)
        account = own(
            self._world.accounts,
            "financial connections account",
            bank["financial_connections_account"],
            call.owner,
            param,
        )
        _check_payable(account, param)
        method = PaymentMethod(
            id=self._world.ids.new("pm"),
            owner=call.owner,
            created=int(self._now()),
            account=account,
            billing=billing,
            metadata=_merged({}, params.get("metadata")),
        )
        account.payment_methods.append(method)
        self._world.payment_methods[method.id] = method
        self._note("payment_method.created", method.id)
        return render(method)

    def attach_payment_method(self, call: Call) -> Rendered:
        """Attach a payment method to a customer."""
        params = call.params(ATTACH)
        method = self._payment_method(call)
        named = [name for name in ("customer", "customer_account") if name in params]
        if not named:
            raise missing("customer")
        if len(named) > 1:
            raise refused("Only one of customer and customer_account can be given.")
        field, value = named[0], params[named[0]]
        if field == "customer":
            customer = own(self._world.customers, "customer", value, call.owner, "customer")
            if customer.deleted:
                raise no_such("customer", value, "customer")
        elif value not in self._world.connected_accounts:
            raise no_such("account", value, "customer_account")
        attached = method.customer or method.customer_account
        if attached not in (None, value):
            raise refused("The payment method has already been attached to a customer.")
        if attached is None:
            setattr(method, field, value)
            self._publish("payment_method.attached", method)
        return render(method)

    def retrieve_payment_method(self, call: Call) -> Rendered:
        """Read a payment method."""
        call.params(EXPAND)
        return render(self._payment_method(call))

    def list_payment_methods(self, call: Call) -> Rendered:
        """List the payment methods, attached or not, newest first."""
        return self._payment_methods(call, call.params(PAYMENT_METHODS))

    def list_of_customer(self, call: Call) -> Rendered:
        """List the payment methods of one customer."""
        params = call.params(OWNED)
        return self._payment_methods(call, {**params, "customer": self._customer(call).id})

    def _payment_methods(self, call: Call, params: dict[str, Any]) -> Rendered:
        if "customer" in params:
            own(self._world.customers, "customer", params["customer"], call.owner, "customer")
        found = [
            method
            for method in self._world.payment_methods.values()
            if method.owner == call.owner
            and params.get("customer") in (None, method.customer)
            and params.get("customer_account") in (None, method.customer_account)
            and params.get("type") in (None, "us_bank_account")
        ]
        return page(found, render, params, call.path)

    def _payment_method(self, call: Call) -> PaymentMethod:
        return own(
            self._world.payment_methods,
            "PaymentMethod",
            call.names[0],
            call.owner,
            "payment_method",
            in_path=True,
        )

    # ── external accounts ────────────────────────────────────────────────────

    def create_external_account(self, call: Call) -> Rendered:
        """Create a bank account for a connected account. This uses up the token."""
        params = call.params(EXTERNAL_ACCOUNT, required=("external_account",))
        owner = self._connected_account(call)
        token = own(
            self._world.tokens, "token", params["external_account"], call.owner, "external_account"
        )
        if token.used:
            raise refused(
                f"The token {token.id} has already been used.",
                code="token_already_used",
                param="external_account",
            )
        others = self._of_account(owner)
        is_default = params.get("default_for_currency", False) or not others
        for other in others:
            other.is_default = other.is_default and not is_default
        external = ExternalAccount(
            id=token.bank_account_id,
            owner=owner,
            account=token.account,
            metadata=_merged({}, params.get("metadata")),
            is_default=is_default,
        )
        token.used = True
        token.account.external_accounts.append(external)
        self._world.external_accounts[external.id] = external
        self._publish("account.external_account.created", external)
        return render(external)

    def list_external_accounts(self, call: Call) -> Rendered:
        """List the bank accounts of a connected account, newest first."""
        params = call.params(EXTERNAL_ACCOUNTS)
        found = self._of_account(self._connected_account(call))
        if params.get("object") == "card":
            found = []
        return page(found, render, params, call.path)

    def retrieve_external_account(self, call: Call) -> Rendered:
        """Read a bank account of a connected account."""
        call.params(EXPAND)
        owner = self._connected_account(call)
        return render(
            own(
                self._world.external_accounts,
                "external account",
                call.names[1],
                owner,
                "id",
                in_path=True,
            )
        )

    def _of_account(self, owner: str) -> list[ExternalAccount]:
        return [e for e in self._world.external_accounts.values() if e.owner == owner]

    def _connected_account(self, call: Call) -> str:
        """The connected account in the path, which must match the header's if there is one."""
        name = call.names[0]
        if name not in self._world.connected_accounts or call.owner not in (None, name):
            raise ApiError(
                f"The provided key does not have access to account '{name}' "
                "(or that account does not exist).",
                status=403,
                code="account_invalid",
                executed=True,
            )
        return name


def _check_payable(account: Account, param: str) -> None:
    """Refuse an account from which no payment method can be created now."""
    if account.status != "active":
        raise refused(
            f"The account {account.id} is not active.",
            code="financial_connections_account_inactive",
            param=param,
        )
    if "payment_method" not in account.permissions:
        raise refused(f"The account {account.id} lacks the permission payment_method.", param=param)
    if "us_bank_account" not in account.payment_method_types:
        raise refused(f"The account {account.id} does not support us_bank_account.", param=param)
    statuses = {number.status for number in account.numbers or ()}
    if statuses and "transactable" not in statuses:
        pending = "pending" in statuses
        code = "pending" if pending else "unavailable"
        raise refused(
            f"The account {account.id} has no transactable account number.",
            code=f"financial_connections_account_{code}_account_numbers",
            param=param,
        )


def _update(customer: Customer, params: dict[str, Any]) -> None:
    for name in ("description", "email", "name", "phone"):
        if name in params:
            setattr(customer, name, params[name])
    if "metadata" in params:
        customer.metadata = _merged(customer.metadata, params["metadata"])


def _merged(old: dict[str, str], new: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: an empty text removes its key, None removes all."""
    return {name: value for name, value in {**old, **new}.items() if value} if new else {}

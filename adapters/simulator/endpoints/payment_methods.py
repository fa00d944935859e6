"""Payment methods of type ``us_bank_account``, and the mandates to debit with them."""

from collections.abc import Callable
from typing import Any

from ..api import Call, Route, route
from ..errors import invalid, missing, refused
from ..links import Links, Publish
from ..parameters import ADDRESS, EXPAND, PAGE, Hash, Kind, MayUnset, Metadata, Text
from ..render import Rendered, render
from ..resources import Account, BankNumbers, PaymentMethod
from ..world import World, own
from .holders import check_exists
from .metadata import merged
from .paging import page

TYPE = "us_bank_account"
TYPES = (
    *("acss_debit", "affirm", "afterpay_clearpay", "alipay", "alma", "amazon_pay"),
    *("au_becs_debit", "bacs_debit", "bancontact", "billie", "bizum", "blik", "boleto", "card"),
    *("cashapp", "crypto", "custom", "customer_balance", "eps", "fpx", "giropay", "gopay"),
    *("grabpay", "id_bank_transfer", "ideal", "kakao_pay", "klarna", "konbini", "kr_card", "link"),
    *("mb_way", "mobilepay", "multibanco", "naver_pay", "nz_bank_account", "oxxo", "p24"),
    *("pay_by_bank", "payco", "paynow", "paypal", "paypay", "payto", "pix", "promptpay", "qris"),
    *("rechnung", "revolut_pay", "samsung_pay", "satispay", "scalapay", "sepa_debit", "sequra"),
    *("shopeepay", "sofort", "stripe_balance", "sunbit", "swish", "twint", "upi", TYPE),
    *("wechat_pay", "zip"),
)
"""The types of payment methods at Stripe. Only one of them is simulated."""

ALLOW_REDISPLAY = Text(("always", "limited", "unspecified"))

PAYMENT_METHOD: dict[str, Kind] = {
    **EXPAND,
    "allow_redisplay": ALLOW_REDISPLAY,
    "billing_details": Hash(
        {
            "address": MayUnset(ADDRESS),
            "email": Text(may_unset=True),
            "name": Text(may_unset=True),
            "phone": Text(may_unset=True),
            "tax_id": Text(),
        }
    ),
    "customer": Text(),
    "metadata": Metadata(),
    "payment_method": Text(),
    "radar_options": Hash({"session": Text()}),
    "type": Text(TYPES),
    TYPE: Hash(
        {
            "account_holder_type": Text(("company", "individual")),
            "account_number": Text(),
            "account_type": Text(("checking", "savings")),
            "financial_connections_account": Text(),
            "routing_number": Text(),
        }
    ),
}
ATTACH: dict[str, Kind] = {**EXPAND, "customer": Text(), "customer_account": Text()}
OF_CUSTOMER: dict[str, Kind] = {
    **PAGE,
    "allow_redisplay": ALLOW_REDISPLAY,
    "type": Text(TYPES),
}
PAYMENT_METHODS: dict[str, Kind] = {
    **OF_CUSTOMER,
    "customer": Text(),
    "customer_account": Text(),
}


class PaymentMethods:
    """The endpoints under ``/v1/payment_methods`` and ``/v1/mandates``."""

    def __init__(
        self,
        world: World,
        links: Links,
        now: Callable[[], float],
        publish: Publish,
        note: Callable[[str, str], None],
    ) -> None:
        self._world = world
        self._links = links
        self._now = now
        self._publish = publish
        self._note = note

    def routes(self) -> list[Route]:
        """All endpoints of this class."""
        kind, prefix = "payment_method", "/v1/payment_methods"
        return [
            route("POST", prefix, self.create_payment_method, kind),
            route("GET", prefix, self.list_payment_methods, kind),
            route("GET", f"{prefix}/{{}}", self.retrieve_payment_method, kind),
            route("POST", f"{prefix}/{{}}/attach", self.attach_payment_method, kind),
            route("POST", f"{prefix}/{{}}/detach", self.detach_payment_method, kind),
            route("GET", "/v1/customers/{}/payment_methods", self.list_of_customer, kind),
            route("GET", "/v1/mandates/{}", self.retrieve_mandate, "mandate"),
        ]

    # ── creating ─────────────────────────────────────────────────────────────

    def create_payment_method(self, call: Call) -> Rendered:
        """Create a payment method from an account that supports it, or from typed numbers."""
        params = call.params(PAYMENT_METHOD, required=("type",))
        _check_simulated(params)
        bank = params.get(TYPE, {})
        billing = {k: v for k, v in params.get("billing_details", {}).items() if v is not None}
        if "name" not in billing:
            raise missing("billing_details[name]")
        account = None
        if "financial_connections_account" in bank:
            account = self._payable(call, bank["financial_connections_account"])
        method = PaymentMethod(
            id=self._world.ids.new("pm"),
            owner=call.owner,
            created=int(self._now()),
            account=account,
            numbers=account.bank_numbers if account else _typed(bank),
            billing=billing,
            metadata=merged({}, params.get("metadata")),
            allow_redisplay=params.get("allow_redisplay", "unspecified"),
        )
        if account:
            account.payment_methods.append(method)
        self._world.payment_methods[method.id] = method
        self._note("payment_method.created", method.id)
        return render(method)

    def _payable(self, call: Call, name: str) -> Account:
        param = f"{TYPE}[financial_connections_account]"
        kind = "financial connections account"
        account = own(self._world.accounts, kind, name, call.owner, param)
        _check_payable(account, param)
        return account

    # ── attaching and detaching ──────────────────────────────────────────────

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
        check_exists(self._world, call.owner, field, value, field)
        if method.detached:
            raise refused(
                f"The payment method {method.id} was detached from a customer, and can never be "
                "attached again."
            )
        attached = method.customer or method.customer_account
        if attached not in (None, value):
            raise refused("The payment method has already been attached to a customer.")
        if attached is None:
            setattr(method, field, value)
            self._publish("payment_method.attached", method)
        return render(method)

    def detach_payment_method(self, call: Call) -> Rendered:
        """Detach a payment method from its customer, for good."""
        call.params(EXPAND)
        method = self._payment_method(call)
        if not (method.customer or method.customer_account):
            raise refused(f"The payment method {method.id} is not attached to a customer.")
        self._links.detach(method)
        return render(method)

    # ── reading ──────────────────────────────────────────────────────────────

    def retrieve_payment_method(self, call: Call) -> Rendered:
        """Read a payment method."""
        call.params(EXPAND)
        return render(self._payment_method(call))

    def list_payment_methods(self, call: Call) -> Rendered:
        """List the payment methods, attached or not, newest first."""
        return self._listed(call, call.params(PAYMENT_METHODS))

    def list_of_customer(self, call: Call) -> Rendered:
        """List the payment methods of one customer."""
        params = call.params(OF_CUSTOMER)
        customer = call.own(self._world.customers, "customer", "customer")
        return self._listed(call, {**params, "customer": customer.id})

    def retrieve_mandate(self, call: Call) -> Rendered:
        """Read a mandate."""
        call.params(EXPAND)
        return render(call.own(self._world.mandates, "mandate", "mandate"))

    def _listed(self, call: Call, params: dict[str, Any]) -> Rendered:
        if "customer" in params:
            own(self._world.customers, "customer", params["customer"], call.owner, "customer")
        found = [
            method
            for method in self._world.payment_methods.values()
            if method.owner == call.owner
            and params.get("customer") in (None, method.customer)
            and params.get("customer_account") in (None, method.customer_account)
            and params.get("allow_redisplay") in (None, method.allow_redisplay)
            and params.get("type") in (None, TYPE)
        ]
        return page(found, render, params, call.path)

    def _payment_method(self, call: Call) -> PaymentMethod:
        return call.own(self._world.payment_methods, "PaymentMethod", "payment_method")


def _check_simulated(params: dict[str, Any]) -> None:
    """Refuse what Stripe can do and the simulator cannot."""
    if params["type"] != TYPE:
        raise invalid("type", f"Not simulated: a payment method of type {params['type']}.")
    for name in ("customer", "payment_method"):
        if name in params:
            raise invalid(name, "Not simulated: cloning a payment method.")


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
    if TYPE not in account.payment_method_types:
        raise refused(f"The account {account.id} does not support {TYPE}.", param=param)
    statuses = {number.status for number in account.numbers or ()}
    if statuses and "transactable" not in statuses:
        pending = "pending" in statuses
        code = "pending" if pending else "unavailable"
        raise refused(
            f"The account {account.id} has no transactable account number.",
            code=f"financial_connections_account_{code}_account_numbers",
            param=param,
        )


def _typed(bank: dict[str, str]) -> BankNumbers:
    """What is shown of numbers that the customer typed."""
    for name in ("account_number", "routing_number"):
        if name not in bank:
            raise missing(f"{TYPE}[{name}]")
    last4 = bank["account_number"][-4:]
    return BankNumbers(
        last4=last4,
        account_type=bank.get("account_type", "checking"),
        bank_name="STRIPE TEST BANK",
        routing_number=bank["routing_number"],
        fingerprint=f"typed{bank['routing_number'][-7:]}{last4}",
        holder_type=bank.get("account_holder_type", "individual"),
    )

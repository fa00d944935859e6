"""Customers."""

from collections.abc import Callable
from typing import Any

from ..api import Call, Route, route
from ..errors import no_such
from ..links import Publish
from ..parameters import (
    ADDRESS,
    EXPAND,
    PAGE,
    Each,
    Hash,
    Kind,
    MayUnset,
    Metadata,
    Text,
    Truth,
    Whole,
)
from ..render import Rendered, render
from ..resources import Customer
from ..world import World
from .metadata import merged
from .paging import page

SHOWN: dict[str, Kind] = {
    "balance": Whole(low=-(10**12)),
    "business_name": Text(may_unset=True),
    "individual_name": Text(may_unset=True),
    "invoice_prefix": Text(),
    "next_invoice_sequence": Whole(low=1),
    "preferred_locales": Each(Text()),
    "tax_exempt": Text(("exempt", "none", "reverse"), may_unset=True),
}
"""Parameters that have no other effect than that the customer shows them."""

WITHOUT_EFFECT: dict[str, Kind] = {
    "address": MayUnset(ADDRESS),
    "cash_balance": Hash({"settings": Hash({"reconciliation_mode": Text()})}),
    "invoice_settings": Hash(
        {
            "custom_fields": Each(Hash({"name": Text(), "value": Text()})),
            "default_payment_method": Text(),
            "footer": Text(),
            "rendering_options": MayUnset(Hash({"amount_tax_display": Text(), "template": Text()})),
        }
    ),
    "payment_method": Text(),
    "shipping": MayUnset(Hash({"address": ADDRESS, "name": Text(), "phone": Text()})),
    "source": Text(),
    "tax": Hash({"ip_address": Text(), "validate_location": Text()}),
    "tax_id_data": Each(Hash({"type": Text(), "value": Text()})),
    "test_clock": Text(),
    "validate": Truth(),
}
"""Parameters that are checked, and change nothing."""

CUSTOMER: dict[str, Kind] = {
    **EXPAND,
    **SHOWN,
    **WITHOUT_EFFECT,
    "description": Text(may_unset=True),
    "email": Text(may_unset=True),
    "metadata": Metadata(),
    "name": Text(may_unset=True),
    "phone": Text(may_unset=True),
}


class Customers:
    """The endpoints under ``/v1/customers``."""

    def __init__(self, world: World, now: Callable[[], float], publish: Publish) -> None:
        self._world = world
        self._now = now
        self._publish = publish

    def routes(self) -> list[Route]:
        """All endpoints of this class."""
        return [
            route("POST", "/v1/customers", self.create_customer, "customer"),
            route("GET", "/v1/customers", self.list_customers, "customer"),
            route("GET", "/v1/customers/{}", self.retrieve_customer, "customer"),
            route("POST", "/v1/customers/{}", self.update_customer, "customer"),
            route("DELETE", "/v1/customers/{}", self.delete_customer, "customer"),
        ]

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
        return call.own(self._world.customers, "customer", "id")


def _update(customer: Customer, params: dict[str, Any]) -> None:
    for name in ("description", "email", "name", "phone"):
        if name in params:
            setattr(customer, name, params[name])
    if "metadata" in params:
        customer.metadata = merged(customer.metadata, params["metadata"])
    given = {name: params[name] for name in SHOWN if name in params}
    customer.shown = {k: v for k, v in {**customer.shown, **given}.items() if v is not None}

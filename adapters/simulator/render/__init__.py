"""Stripe's objects as JSON, in the preview version, which has all fields.

:mod:`..versions` removes the fields that other versions lack. The SDK's types are the reference for
every key, and a test compares them. They do not tell a key that is left out from one that is null;
Stripe's OpenAPI documents do, and the same test has their rules.
"""

from collections.abc import Callable
from typing import Any

from ..resources import (
    Account,
    Authorization,
    Customer,
    ExternalAccount,
    Institution,
    Mandate,
    PaymentMethod,
    Resource,
    Session,
)
from . import connections, payments
from .common import Rendered, as_json, leaves_out_empty, listed

__all__ = ["Rendered", "as_json", "leaves_out_empty", "listed", "render"]


def render(resource: Resource | Institution) -> Rendered:
    """The object as JSON, with all fields of the preview version."""
    return _RENDERERS[type(resource)](resource)


_RENDERERS: dict[type, Callable[[Any], Rendered]] = {
    Account: connections.account,
    Authorization: connections.authorization,
    Customer: payments.customer,
    ExternalAccount: payments.external_account,
    Institution: connections.institution,
    Mandate: payments.mandate,
    PaymentMethod: payments.payment_method,
    Session: connections.session,
}

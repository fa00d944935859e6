"""Stripe's webhooks and objects, reduced to what the machines may know."""

from .body import Payload
from .built import reduce_external_account, reduce_payment_method
from .errors import UnreadableObject, WebhookRefused
from .ignored import ON_PURPOSE, IgnoreReason
from .reduce import (
    Origin,
    account_report,
    authorization_report,
    reduce_account,
    reduce_authorization,
    reduce_mandate,
    reduce_session,
)
from .webhook import Accepted, Ignored, Received, StripeWebhooks

__all__ = [
    "ON_PURPOSE",
    "Accepted",
    "IgnoreReason",
    "Ignored",
    "Origin",
    "Payload",
    "Received",
    "StripeWebhooks",
    "UnreadableObject",
    "WebhookRefused",
    "account_report",
    "authorization_report",
    "reduce_account",
    "reduce_authorization",
    "reduce_external_account",
    "reduce_mandate",
    "reduce_payment_method",
    "reduce_session",
]

"""Webhooks that change nothing, and why.

A webhook that is ignored is genuine: it is answered with 200 and not stored. Operators should see
the difference between a type that relink does not need, one that it does not know (Stripe may have
added it), and a wrong configuration. So each has a code, in the log and in a metric, and the types
that are ignored on purpose are listed here with the reason.
"""

from enum import StrEnum


class IgnoreReason(StrEnum):
    """Why a webhook is ignored."""

    OTHER_MODE = "other_mode"
    ON_PURPOSE = "on_purpose"
    UNKNOWN_TYPE = "unknown_type"
    TOO_THIN = "too_thin"
    FOREIGN = "foreign"

    @property
    def sentence(self) -> str:
        """The reason in a sentence, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    IgnoreReason.OTHER_MODE: "The event is live and STRIPE_API_KEY is a test key, or the reverse.",
    IgnoreReason.ON_PURPOSE: "relink knows the type, and learns nothing from it.",
    IgnoreReason.UNKNOWN_TYPE: "relink does not know the type.",
    IgnoreReason.TOO_THIN: (
        "A thin notification of this type names nothing that relink can read. "
        "Its snapshot tells the same."
    ),
    IgnoreReason.FOREIGN: "The object has nothing to do with a linked account.",
}

_INTENT = (
    "Mandates are collected by the service, which says so (`POST /accounts/{id}/mandate`). The end "
    "of one comes as `mandate.updated`."
)
_PAYMENT = (
    "Payments are the service's. That the bank account is the reason comes as "
    "`payment_method.automatically_updated`."
)
_PAYOUT = (
    "Payouts are the service's. That the bank account is the reason comes as "
    "`account.external_account.updated`."
)
_SOURCE = "Sources are not made from linked accounts."

ON_PURPOSE: dict[str, str] = {
    "payment_method.attached": (
        "It says whose the payment method is, not whether it can be charged. relink attaches "
        "itself what it builds."
    ),
    "account.external_account.created": (
        "A new external account says nothing about an existing one. relink knows from Stripe's "
        "answer what it built itself."
    ),
    "account.updated": "It is about the connected account as a whole, not about its bank link.",
    "account.application.authorized": "It is about access to a connected account, not about links.",
    "account.application.deauthorized": (
        "Reads are refused from then on, which operators are told: commands are stuck on "
        "`permission`."
    ),
    "capability.updated": "It is about what a connected account may do, not about its bank link.",
    "customer.created": "An account names its holder.",
    "customer.updated": "The customer's name is read when a payment method needs it.",
    "customer.deleted": "It is noticed when something is to be built for the customer.",
    **dict.fromkeys(
        (f"customer.source.{what}" for what in ("created", "deleted", "expiring", "updated")),
        _SOURCE,
    ),
    **dict.fromkeys(
        (
            f"setup_intent.{what}"
            for what in ("canceled", "created", "requires_action", "setup_failed", "succeeded")
        ),
        _INTENT,
    ),
    **dict.fromkeys(("payment_intent.payment_failed", "charge.failed"), _PAYMENT),
    "payout.failed": _PAYOUT,
}
"""Types that relink ignores on purpose, without the ``v1.`` of thin notifications, and why."""

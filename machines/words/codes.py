"""Codes in words: why something does not work, or why something has to be done.

They are relink's own codes, and those of Stripe that relink passes on. Stripe's are open: one that
is not listed is shown as it is.
"""

from collections.abc import Iterable

REASONS = {
    "access_denied": "the customer revoked access",
    "access_expired": "the customer's consent expired",
    "account_closed": "the account was closed",
    "account_disconnected": "the account was disconnected for good",
    "account_unavailable": "the bank no longer offers the account",
    "announced_deactivation": "the link is about to stop working",
    "attempts_used_up": "every try to relink it failed",
    "bank_account_closed": "Stripe blocked it, because the account was closed",
    "bank_account_frozen": "Stripe blocked it, because the account is frozen",
    "bank_account_invalid_details": "Stripe blocked it, because its details are invalid",
    "bank_account_restricted": "Stripe blocked it, because the account allows no debits",
    "bank_account_unusable": "Stripe blocked it, because the account cannot be used",
    "billing_name_missing": "the payment method needs the name of its holder",
    "blocked": "Stripe blocked it",
    "customer_deleted": "the customer was deleted at Stripe",
    "debit_not_authorized": "Stripe blocked it, because a debit was not authorized",
    "disconnected": "the account was disconnected for good",
    "errored": "a payout to it was returned",
    "gone": "its payment method was removed at Stripe",
    "inactive": "the link is broken",
    "institution_requirement": "the bank wants a new sign-in",
    "mandate_inactive": "the customer's authorization of debits has ended",
    "new_account": "no mandate covers the new account",
    "new_permissions": "the service needs more permissions",
    "no_account": "the customer did not pick this account",
    "no_authorization": "Stripe names no bank login for it",
    "no_bank_account_token": "Stripe gave no token to make an external account from",
    "no_customer": "it belongs to no customer",
    "no_payment_method_permission": "the customer did not permit payments from it",
    "not_active": "the account does not work",
    "not_checking_or_savings": "it is neither a checking nor a savings account",
    "nothing_reported_yet": "Stripe has not reported on it yet",
    "number_expiring": "its account number is about to expire",
    "number_lapsed": "its account number lapsed",
    "number_pending": "its new account number is not ready yet",
    "other_holder": "it belongs to somebody else",
    "payment_method_in_progress": "its payment method is being made",
    "refused": "Stripe refused to make a payment method from it",
    "relinkable": "the link is broken",
    "session_open": "a relink session is open",
    "stripe_confirms_repair": "Stripe has not confirmed the repair yet",
    "stripe_was_asked": "Stripe was asked about it",
    "tokenized_account_number_deactivated": "the bank deactivated its account number",
    "unrepairable": "nobody can repair the link",
    "unspecified": "the bank gives no reason",
    "us_bank_account_not_supported": "it does not support bank debits",
    "verification_failed": "Stripe could not verify the account",
}
"""By code. A test holds that every code that relink can give is here."""


def because(codes: str | Iterable[str | None] | None) -> str:
    """One code in words, or several; without one, that no reason is known."""
    given = [codes] if codes is None or isinstance(codes, str) else list(codes)
    words = [REASONS.get(code, code.replace("_", " ")) for code in given if code]
    return ", and ".join(words) or "Stripe gives no reason"


def clause(sentence: str) -> str:
    """A sentence as the end of another one: without its full stop, and with a small letter."""
    body = sentence.rstrip(".")
    return body if body.startswith("Stripe") else body[:1].lower() + body[1:]

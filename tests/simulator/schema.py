"""Which keys of Stripe's objects are always there, and which can be null.

The SDK types both a key that is left out and one that is null as optional. Stripe's OpenAPI
documents (``required`` and ``nullable``) tell them apart; this table repeats them for the objects
that the simulator has. ``?`` marks a key that can be null; every other key is never null.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Keys:
    required: frozenset[str]
    """Always there."""
    nullable: frozenset[str]
    """Null at times."""


def keys(required: str = "", optional: str = "") -> Keys:
    always, sometimes = required.split(), optional.split()
    nullable = frozenset(key.rstrip("?") for key in always + sometimes if key.endswith("?"))
    return Keys(frozenset(key.rstrip("?") for key in always), nullable)


_REQUIREMENTS = keys("currently_due? errors? past_due? pending_verification?")
_FC = "financial_connections"

SCHEMA = {
    f"{_FC}.account": keys(
        "id object account_holder? account_numbers? balance? balance_refresh? category created "
        "display_name? institution_name last4? livemode ownership? ownership_refresh? permissions? "
        "status subcategory subscriptions? supported_payment_method_types transaction_refresh?",
        "authorization institution? inferred_balances_refresh? status_details",
    ),
    f"{_FC}.account.AccountHolder": keys("type"),
    f"{_FC}.account.AccountNumber": keys(
        "expected_expiry_date? identifier_type status supported_networks"
    ),
    f"{_FC}.account.Balance": keys("as_of current type", "cash credit"),
    f"{_FC}.account.Balance.Cash": keys("available?"),
    f"{_FC}.account.Balance.Credit": keys("used?"),
    f"{_FC}.account.StatusDetails": keys(),
    f"{_FC}.account.StatusDetails.Active": keys("action cause expected_deactivation_date"),
    f"{_FC}.account.StatusDetails.Inactive": keys("action cause"),
    f"{_FC}.authorization": keys(
        "id object institution_name livemode status status_details", "account_holder? institution?"
    ),
    f"{_FC}.authorization.AccountHolder": keys("type"),
    f"{_FC}.authorization.StatusDetails": keys(),
    f"{_FC}.authorization.StatusDetails.Active": keys("action expected_deactivation_date"),
    f"{_FC}.authorization.StatusDetails.Inactive": keys("action"),
    f"{_FC}.institution": keys(
        "id object countries features livemode name routing_numbers status url?"
    ),
    f"{_FC}.session": keys(
        "id object account_holder? accounts client_secret? livemode permissions prefetch?",
        "bank_account_token filters hosted? limits manual_entry relink_options relink_result "
        "return_url status status_details ui_mode url?",
    ),
    f"{_FC}.session.AccountHolder": keys("type"),
    f"{_FC}.session.Filters": keys(
        "account_subcategories? country?", "institution require_payment_method_support"
    ),
    f"{_FC}.session.Hosted": keys("return_url?", "delivery_method"),
    f"{_FC}.session.Limits": keys("accounts"),
    f"{_FC}.session.ManualEntry": keys("", "mode"),
    f"{_FC}.session.RelinkOptions": keys("authorization", "account?"),
    f"{_FC}.session.RelinkResult": keys("account? authorization? failure_reason?"),
    f"{_FC}.session.StatusDetails": keys("", "cancelled"),
    f"{_FC}.session.StatusDetails.Cancelled": keys("reason"),
    "account": keys("id object"),
    "bank_account": keys(
        "id object account_holder_name? account_holder_type? account_type? bank_name? country "
        "currency fingerprint? last4 routing_number? status",
        "account? available_payout_methods? customer? default_for_currency? future_requirements? "
        "metadata? requirements?",
    ),
    "bank_account.FutureRequirements": _REQUIREMENTS,
    "bank_account.Requirements": _REQUIREMENTS,
    "customer": keys(
        "id object balance created default_source? description? email? invoice_settings livemode "
        "metadata shipping?",
        "address? cash_balance? currency? customer_account? delinquent? discount? invoice_prefix? "
        "name? phone? preferred_locales? redaction? tax_exempt? test_clock?",
    ),
    "customer.InvoiceSettings": keys(
        "custom_fields? default_payment_method? footer? rendering_options?"
    ),
    "event": keys(
        "id object api_version? created data livemode pending_webhooks request? type", "reason?"
    ),
    "event.Request": keys("id? idempotency_key?"),
    "mandate": keys(
        "id object customer_acceptance livemode payment_method payment_method_details status type"
    ),
    "mandate.CustomerAcceptance": keys("accepted_at? type"),
    "mandate.CustomerAcceptance.Online": keys("ip_address? user_agent?"),
    "mandate.PaymentMethodDetails": keys("type"),
    "payment_method": keys(
        "id object billing_details created customer? customer_account? livemode metadata? type",
        "latest_active_mandate? redaction? shared_payment_granted_token?",
    ),
    "payment_method.BillingDetails": keys("address? email? name? phone? tax_id?"),
    "payment_method.BillingDetails.Address": keys(
        "city? country? line1? line2? postal_code? state?"
    ),
    "payment_method.UsBankAccount": keys(
        "account_holder_type? account_type? bank_name? financial_connections_account? fingerprint? "
        "last4? networks? routing_number? status_details?",
        "account_number?",
    ),
    "payment_method.UsBankAccount.Networks": keys("preferred? supported"),
    "payment_method.UsBankAccount.StatusDetails": keys("", "blocked"),
    "payment_method.UsBankAccount.StatusDetails.Blocked": keys("network_code? reason?"),
    "token": keys("id object client_ip? created livemode type used", "redaction?"),
}
"""By kind of object, and by the SDK's class for each hash within."""

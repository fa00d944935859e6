"""Reports of accounts, as the example tests write them."""

from collections.abc import Mapping
from typing import Any

from relink.machines.report import AccountNumber, Holder, StatusReport

DAY = 24 * 60 * 60
CUSTOMER = Holder(field="customer", id="cus_1")
CONNECTED = Holder(field="account", id="acct_1")

USUAL: Mapping[str, Any] = {
    "authorization": "fcauth_1",
    "holder": CUSTOMER,
    "permissions": ("payment_method",),
    "subcategory": "checking",
    "payment_method_types": ("us_bank_account",),
    "numbers": (),
    "deactivates_on": None,
}
"""What an account object contains beside its status, unless a test says otherwise."""


def account_report(
    status: str | None, without: tuple[str, ...] = (), **details: Any
) -> StatusReport:
    """A report about an account. Fields named in ``without`` are absent from it."""
    fields = {"status": status, **USUAL, **details}
    return StatusReport(**{field: value for field, value in fields.items() if field not in without})


def active(**details: Any) -> StatusReport:
    return account_report("active", **details)


def relinkable(**details: Any) -> StatusReport:
    return account_report(
        "inactive", **{"action": "relink_required", "cause": "access_expired", **details}
    )


def unrepairable(**details: Any) -> StatusReport:
    return account_report("inactive", **{"action": "none", "cause": "account_closed", **details})


def inactive(**details: Any) -> StatusReport:
    """Inactive, and the payload does not say whether it can be repaired (K5)."""
    return account_report("inactive", **details)


def disconnected(**details: Any) -> StatusReport:
    return account_report("disconnected", **details)


def number(status: str, expires_on: int | None = None, ach: bool = True) -> AccountNumber:
    """A tokenized account number, as an account lists it."""
    return AccountNumber(
        identifier_type="tokenized_account_number",
        status=status,
        expires_on=expires_on,
        networks=("ach",) if ach else (),
    )

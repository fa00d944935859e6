"""Reports: what one webhook or one read says about an account or an authorization.

A report keeps only what decisions need: no balances, owners or names of people, and no secrets.
A field is *absent* where the payload lacked it, which is not the same as ``None`` (K5);
``model_fields_set`` says which were there. Stripe's enumerations are open, so they are plain
strings here; :mod:`relink.machines.vocabulary` sorts them into closed types.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Holder(BaseModel):
    """Whose account it is (Stripe's ``account_holder``), by the field that names them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: Literal["customer", "customer_account", "account"]
    id: str

    @property
    def is_connect(self) -> bool:
        """A connected account: payouts instead of payments."""
        return self.field == "account"


class AccountNumber(BaseModel):
    """One entry of an account's ``account_numbers``; never the number itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    identifier_type: str = "account_number"
    status: str
    """``transactable``, ``pending``, ``expired``, ``deactivated``, or an unknown value."""
    expires_on: int | None = None
    """``expected_expiry_date`` (Unix seconds)."""
    networks: tuple[str, ...] = ()
    """``supported_networks``."""

    @property
    def can_pay(self) -> bool:
        """Transactable over ACH."""
        return self.status == "transactable" and "ach" in self.networks


class StatusReport(BaseModel):
    """The reduced account or authorization.

    For an authorization, the fields that only accounts have stay absent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: str | None = None
    action: str | None = None
    """``status_details.inactive.action`` of an inactive one."""
    cause: str | None = None
    """``status_details.inactive.cause``."""
    deactivates_on: int | None = None
    """``status_details.active.expected_deactivation_date`` (Unix seconds); ``None`` when Stripe
    says that there is none."""
    deactivation_action: str | None = None
    """``status_details.active.action``."""
    authorization: str | None = None
    holder: Holder | None = None
    permissions: tuple[str, ...] | None = None
    category: str | None = None
    subcategory: str | None = None
    payment_method_types: tuple[str, ...] | None = None
    """``supported_payment_method_types``."""
    numbers: tuple[AccountNumber, ...] | None = None
    """``account_numbers``."""
    institution_name: str | None = None
    last4: str | None = None

    def includes(self, field: str) -> bool:
        """Whether the payload had this field at all."""
        return field in self.model_fields_set

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

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    field: Literal["customer", "customer_account", "account"]
    id: str

    @property
    def is_connect(self) -> bool:
        """A connected account: payouts instead of payments."""
        return self.field == "account"


class AccountNumber(BaseModel):
    """One entry of an account's ``account_numbers``; never the number itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    identifier_type: str = "account_number"
    status: str
    """``transactable``, ``pending``, ``expired``, ``deactivated``, or an unknown value."""
    expires_on: int | None = None
    """``expected_expiry_date`` (Unix seconds)."""
    networks: tuple[str, ...] = ()
    """``supported_networks``."""

    @property
    def can_pay(self) -> bool:
        """Transactable over ACH; one that does not name its networks is not refused for it (C1)."""
        return self.status == "transactable" and (not self.networks or "ach" in self.networks)


class StatusReport(BaseModel):
    """The reduced account or authorization.

    For an authorization, the fields that only accounts have stay absent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
        """Whether the payload said something about this field, if only that there is none."""
        return field in self.model_fields_set

    def completed(self) -> "StatusReport":
        """The same report, of a *complete* object: what it leaves out is known to be none (K5).

        Under the preview version, ``authorization`` and ``status_details`` are optional and not
        nullable, so Stripe says "none" by leaving them out. ``status_details`` belongs to the
        ``status`` beside it: an active object says nothing about a later inactivity.
        """
        said = {"authorization", *_DETAILS_OF.get(self.status or "", ())}
        left_out = said - self.model_fields_set
        return self.model_copy(update=dict.fromkeys(left_out)) if left_out else self


_DETAILS_OF = {
    "active": ("deactivates_on", "deactivation_action"),
    "inactive": ("action", "cause"),
}
"""The parts of ``status_details`` that each ``status`` has."""


class PaymentMethodReport(BaseModel):
    """The reduced payment method."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    blocked: str | None = None
    """``us_bank_account.status_details.blocked.reason``; None when it is not blocked."""
    gone: bool = False
    """It is detached from its customer, so it can no longer be used (N4)."""


class ExternalAccountReport(BaseModel):
    """The reduced external account of a connected account."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    status: str | None = None
    """``new``, ``validated``, ``verified``, ``errored``, or another value; None where the payload
    lacked it."""
    gone: bool = False
    """It was deleted (N4)."""

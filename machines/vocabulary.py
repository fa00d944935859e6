"""Closed types for what decisions branch on, and Stripe's literals.

Stripe's enumerations are open: a new value can appear at any time. They enter as plain strings
and are sorted here, once, into closed types. Whatever decides on one of these ends its ``match``
with ``assert_never``, so a new member fails the type check in every place that has to say
something about it.
"""

from enum import StrEnum
from functools import cached_property
from typing import Literal, assert_never

# ── Stripe's literals ────────────────────────────────────────────────────────

RELINK_REQUIRED = "relink_required"
"""``status_details.*.action``: a relink repairs the link, or keeps it from breaking."""

NO_ACTION = "none"
"""``status_details.*.action``: nobody can repair the link now."""

ACCESS_DENIED = "access_denied"
"""``status_details.inactive.cause``: the customer revoked access at the bank."""

NUMBER_DEACTIVATED = "tokenized_account_number_deactivated"
"""``blocked.reason`` of a payment method, ``status`` of an external account: the one that a
relink fixes (C3)."""

US_BANK_ACCOUNT = "us_bank_account"
"""The payment method type that is made from an account."""

PAYMENT_METHOD = "payment_method"
"""The permission without which nothing can be built on an account."""

ELIGIBLE_SUBCATEGORIES = ("checking", "savings")
"""The account subcategories that can pay or be paid."""

Permission = Literal["balances", "ownership", "payment_method", "transactions"]

Mode = Literal["specific", "any_eligible"]
"""A relink of exactly this account, or of any eligible one at the same institution."""

Delivery = Literal["modal", "email", "url"]
"""In the service's own page, or hosted by Stripe (with ``email`` Stripe writes to the customer)."""

ObjectKind = Literal["account", "authorization", "session", "payment_method", "external_account"]
"""What can be read at Stripe."""

# ── what a report says ───────────────────────────────────────────────────────


class Status(StrEnum):
    """What a report says about something: the base of the closed types below."""

    @property
    def leaves_open(self) -> bool:
        """Whether the report says less than it could (K5)."""
        return False

    def agrees_with(self, other: "Status") -> bool:
        """Whether both can be true at once."""
        return self is other


class ReportedStatus(Status):
    """What a report says about an account or an authorization."""

    ACTIVE = "active"
    RELINKABLE = "relinkable"
    """Inactive, and the customer can repair it."""
    UNREPAIRABLE = "unrepairable"
    """Inactive, and nobody can repair it now; or with an action that is not known (S2)."""
    INACTIVE = "inactive"
    """Inactive, and the report leaves open whether it can be repaired (K5)."""
    DISCONNECTED = "disconnected"

    @classmethod
    def of(cls, status: str | None, action: str | None, says: bool) -> "ReportedStatus | None":
        """Sort Stripe's ``status`` and ``status_details.inactive.action`` (S2, K5).

        Args:
            status: as in Stripe's object.
            action: as in Stripe's object.
            says: whether the object says anything about the action, if only that there is none.

        Returns:
            None for a status that is missing or not known.
        """
        match status, action:
            case "active", _:
                return cls.ACTIVE
            case "disconnected", _:
                return cls.DISCONNECTED
            case "inactive", None if not says:
                return cls.INACTIVE
            case "inactive", str(required) if required == RELINK_REQUIRED:
                return cls.RELINKABLE
            case "inactive", _:
                return cls.UNREPAIRABLE
        return None

    @cached_property
    def works(self) -> bool:
        """It can be used."""
        match self:
            case ReportedStatus.ACTIVE:
                return True
            case (
                ReportedStatus.RELINKABLE
                | ReportedStatus.UNREPAIRABLE
                | ReportedStatus.INACTIVE
                | ReportedStatus.DISCONNECTED
            ):
                return False
        assert_never(self)

    @cached_property
    def needs_relink(self) -> bool:
        """It is down, and the customer can repair it."""
        match self:
            case ReportedStatus.RELINKABLE:
                return True
            case (
                ReportedStatus.ACTIVE
                | ReportedStatus.UNREPAIRABLE
                | ReportedStatus.INACTIVE
                | ReportedStatus.DISCONNECTED
            ):
                return False
        assert_never(self)

    @cached_property
    def is_inactive(self) -> bool:
        """It is down, and can come back."""
        match self:
            case ReportedStatus.RELINKABLE | ReportedStatus.UNREPAIRABLE | ReportedStatus.INACTIVE:
                return True
            case ReportedStatus.ACTIVE | ReportedStatus.DISCONNECTED:
                return False
        assert_never(self)

    @cached_property
    def leaves_open(self) -> bool:
        """It is down, and the report does not say whether the customer can repair it (K5)."""
        match self:
            case ReportedStatus.INACTIVE:
                return True
            case (
                ReportedStatus.ACTIVE
                | ReportedStatus.RELINKABLE
                | ReportedStatus.UNREPAIRABLE
                | ReportedStatus.DISCONNECTED
            ):
                return False
        assert_never(self)

    @cached_property
    def repairable(self) -> bool | None:
        """Whether the customer can repair it; None where that is no question, or left open."""
        match self:
            case ReportedStatus.RELINKABLE:
                return True
            case ReportedStatus.UNREPAIRABLE | ReportedStatus.DISCONNECTED:
                return False
            case ReportedStatus.ACTIVE | ReportedStatus.INACTIVE:
                return None
        assert_never(self)

    @cached_property
    def needs_another_way(self) -> bool:
        """It is down, and it is known that the customer cannot repair it."""
        match self:
            case ReportedStatus.UNREPAIRABLE:
                return True
            case (
                ReportedStatus.ACTIVE
                | ReportedStatus.RELINKABLE
                | ReportedStatus.INACTIVE
                | ReportedStatus.DISCONNECTED
            ):
                return False
        assert_never(self)

    def agrees_with(self, other: Status) -> bool:
        """Whether both can be true at once: ``INACTIVE`` agrees with every inactive status."""
        if self is other:
            return True
        left_open = self.leaves_open or other.leaves_open
        return (
            left_open
            and self.is_inactive
            and isinstance(other, ReportedStatus)
            and (other.is_inactive)
        )


class NumberStatus(Status):
    """What a report says about the numbers of an account, taken together (C1)."""

    TRANSACTABLE = "transactable"
    """One of them can pay; or none is listed, and Stripe needs none."""
    PENDING = "pending"
    """One is coming."""
    EXPIRING = "expiring"
    """One pays, and is known to stop."""
    LAPSED = "lapsed"
    """None pays."""

    @property
    def can_pay(self) -> bool:
        """A payment reaches the account."""
        match self:
            case NumberStatus.TRANSACTABLE | NumberStatus.EXPIRING:
                return True
            case NumberStatus.PENDING | NumberStatus.LAPSED:
                return False
        assert_never(self)


class AccountState(StrEnum):
    """The states of an account; its chart's, by the same names."""

    ACTIVE = "active"
    INACTIVE_RELINKABLE = "inactive_relinkable"
    INACTIVE_UNREPAIRABLE = "inactive_unrepairable"
    RELINKING = "relinking"
    RELINKED = "relinked"
    NEW_ACCOUNT_LINKED = "new_account_linked"
    DISCONNECTED = "disconnected"


class BuildState(StrEnum):
    """The states of the making of a payment method; its chart's, by the same names."""

    NONE = "none"
    CREATING = "creating"
    NAME_NEEDED = "name_needed"
    BUILT = "built"
    REFUSED = "refused"


MandateReason = Literal["new_account", "mandate_inactive"]
"""Why a mandate is missing: relink built the payment method, or Stripe ended its mandate (N3)."""


class PaymentMethodState(StrEnum):
    """The states of what is built on an account; its chart's, by the same names."""

    READY = "ready"
    MANDATE_NEEDED = "mandate_needed"
    BLOCKED = "blocked"
    GONE = "gone"

    @property
    def can_pay(self) -> bool:
        """Nothing that Stripe reports speaks against charging it."""
        match self:
            case PaymentMethodState.READY | PaymentMethodState.MANDATE_NEEDED:
                return True
            case PaymentMethodState.BLOCKED | PaymentMethodState.GONE:
                return False
        assert_never(self)


NUMBER_STATUSES = ("transactable", "pending", "expired", "deactivated")
"""The statuses of an account number that relink knows; no other one can pay (K12)."""

PAYABLE_STATUSES = ("new", "validated", "verified")
"""The statuses of an external account that can be paid out to (C3); no other one can (K12)."""

BAD_STATUSES = ("verification_failed", "errored", NUMBER_DEACTIVATED)
"""The statuses of an external account that are known to be bad."""

# ── what relink asks for ─────────────────────────────────────────────────────

RelinkReason = Literal[
    "inactive", "number_lapsed", "number_expiring", "announced_deactivation", "new_permissions"
]
"""What a relink is for."""

Ask = Literal["relink"]
"""What a prompt asks of the customer. For another way to pay, the service is asked (C4)."""

NeedStanding = Literal["needed", "suspended", "given_up"]
"""Whether a need may be named in a message: not while Stripe has still to say what it is (K5), and
not any more once the policy's attempts are used up (R4)."""

SessionOutcome = Literal[
    "relinked", "known_account_linked", "new_account_linked", "failed", "cancelled", "abandoned"
]
"""How a relink session ended (R3)."""

Ownership = Literal["known", "new", "other_holder", "disconnected"]
"""Whose a returned account is, and whether it was held before the session (K7, R6)."""

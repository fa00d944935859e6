"""The objects of the simulated world, as Stripe and the banks know them.

Tests compare relink's decisions with these objects, which refer to each other directly. Each object
has an *owner*: the id of a connected account, or None for the platform.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

HolderField = Literal["customer", "customer_account", "account"]

_ROUTING_NUMBER = "110000000"


@dataclass(frozen=True, slots=True)
class Holder:
    """The ``account_holder``."""

    field: HolderField
    id: str

    @property
    def type(self) -> str:
        """``account`` for Connect, else ``customer``."""
        return "account" if self.field == "account" else "customer"


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank."""

    id: str
    name: str
    tokenizes: bool = False
    """Whether it issues tokenized account numbers instead of real ones."""
    deactivates: bool = False
    """Whether accounts are deactivated as soon as they are linked, for tests."""


@dataclass(frozen=True, slots=True)
class InactiveDetails:
    """``status_details.inactive``."""

    cause: str
    action: str


@dataclass(frozen=True, slots=True, eq=False)
class Announcement:
    """``status_details.active``: an announced deactivation. Compared by identity."""

    date: int | None
    """Unix seconds; None where no day is announced."""
    cause: str
    action: str


@dataclass(slots=True, eq=False)
class Number:
    """One of ``account_numbers``."""

    tokenized: bool
    status: str = "transactable"
    expires_on: int | None = None
    """Unix seconds."""


@dataclass(slots=True, eq=False)
class Customer:
    """A customer object at Stripe."""

    id: str
    owner: str | None
    created: int
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    """Other fields, as they were set."""
    deleted: bool = False


@dataclass(slots=True, eq=False)
class Authorization:
    """The credentials for the accounts of one holder at one bank."""

    id: str
    owner: str | None
    holder: Holder | None
    institution: Institution
    status: str = "active"
    action: str | None = None
    """``status_details.inactive.action``, while it is inactive."""
    announced: Announcement | None = None
    accounts: list["Account"] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class BankNumbers:
    """What Stripe shows of a bank account in what was made from it."""

    last4: str
    account_type: str
    bank_name: str
    routing_number: str
    fingerprint: str
    holder_type: str = "individual"


@dataclass(slots=True, eq=False)
class Account:
    """A linked bank account."""

    id: str
    owner: str | None
    created: int
    holder: Holder | None
    institution: Institution
    authorization: Authorization | None
    last4: str
    subcategory: str = "checking"
    category: str = "cash"
    permissions: tuple[str, ...] = ("payment_method",)
    payment_method_types: tuple[str, ...] = ("us_bank_account",)
    status: str = "active"
    inactive: InactiveDetails | None = None
    announced: Announcement | None = None
    numbers: list[Number] | None = None
    open: bool = True
    """Whether the account is open at the bank, independently of its status at Stripe."""
    payment_methods: list["PaymentMethod"] = field(default_factory=list, repr=False)
    external_accounts: list["ExternalAccount"] = field(default_factory=list, repr=False)

    @property
    def fingerprint(self) -> str:
        """The same for everything that was made from one bank account, however often it is
        linked."""
        return f"{self.institution.id[-12:]}{self.last4}"

    @property
    def bank_numbers(self) -> BankNumbers:
        """What is shown of it in what was made from it."""
        return BankNumbers(
            last4=self.last4,
            account_type=self.subcategory,
            bank_name=self.institution.name,
            routing_number=_ROUTING_NUMBER,
            fingerprint=self.fingerprint,
        )

    @property
    def relinkable(self) -> bool:
        """Whether it is inactive and a relink can repair it."""
        return self.inactive is not None and self.inactive.action == "relink_required"


@dataclass(slots=True, eq=False)
class Session:
    """One authentication flow, for relinking or for the first link."""

    id: str
    owner: str | None
    client_secret: str
    holder: Holder | None
    permissions: tuple[str, ...]
    filters: dict[str, Any] | None = None
    limit: int | None = None
    prefetch: tuple[str, ...] = ()
    manual_entry: str | None = None
    authorization: Authorization | None = None
    """``relink_options.authorization``."""
    account: Account | None = None
    """``relink_options.account``: only this account may be relinked."""
    return_url: str | None = None
    ui_mode: str = "modal"
    delivery_method: str | None = None
    hosted_url: str | None = None
    status: str = "pending"
    failure_reason: str | None = None
    linked: list[Account] = field(default_factory=list)
    token: "Token | None" = None

    @property
    def ended(self) -> bool:
        """Whether a customer completed the flow with some result."""
        return self.status in ("succeeded", "failed", "cancelled")

    @property
    def is_relink(self) -> bool:
        """Whether the session repairs a link, instead of creating the first one."""
        return self.authorization is not None


@dataclass(slots=True, eq=False)
class Token:
    """A bank account token, which can be used for one external account."""

    id: str
    owner: str | None
    created: int
    account: Account
    bank_account_id: str
    used: bool = False


@dataclass(slots=True, eq=False)
class PaymentMethod:
    """A payment method of type ``us_bank_account``."""

    id: str
    owner: str | None
    created: int
    account: Account | None
    """The linked account that it was made from; None if it was made from typed numbers."""
    numbers: BankNumbers
    billing: dict[str, Any]
    metadata: dict[str, str]
    allow_redisplay: str = "unspecified"
    customer: str | None = None
    customer_account: str | None = None
    blocked: str | None = None
    """The reason for which it is blocked; None if it is not."""
    detached: bool = False
    """Whether it was attached once, and can never be attached again."""


@dataclass(slots=True, eq=False)
class Mandate:
    """A customer's authorization of debits with a payment method."""

    id: str
    owner: str | None
    created: int
    payment_method: PaymentMethod
    status: str = "active"


@dataclass(slots=True, eq=False)
class ExternalAccount:
    """A bank account for the payouts of a connected account."""

    id: str
    owner: str
    account: Account
    metadata: dict[str, str]
    is_default: bool
    status: str = "new"
    """``new``, ``validated``, ``verified``, ``errored``, ``verification_failed``,
    ``tokenized_account_number_deactivated``, or a value that is not documented."""


Resource = Customer | Authorization | Account | Session | PaymentMethod | ExternalAccount | Mandate

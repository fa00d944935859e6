"""What exists in the simulated world, as Stripe and the banks know it.

These objects are the truth that a test can compare decisions with. They name each other
directly. Every one belongs to an *owner*: a connected account's id, or None for the platform.
"""

from dataclasses import dataclass, field
from typing import Literal

HolderField = Literal["customer", "customer_account", "account"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose bank account it is: ``account_holder``."""

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
    """Whether it gives out tokenized account numbers in place of the real ones."""
    deactivates: bool = False
    """Whether accounts that are linked here are deactivated at once, for tests."""


@dataclass(frozen=True, slots=True)
class Broken:
    """``status_details.inactive``."""

    cause: str
    action: str


@dataclass(frozen=True, slots=True, eq=False)
class Announcement:
    """``status_details.active``: it works, and is known to stop. Each is one of a kind."""

    date: int
    """Unix seconds."""
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
    """A customer of the service, at Stripe."""

    id: str
    owner: str | None
    created: int
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    deleted: bool = False


@dataclass(slots=True, eq=False)
class Authorization:
    """The credentials behind accounts of one holder at one bank."""

    id: str
    owner: str | None
    holder: Holder | None
    institution: Institution
    status: str = "active"
    action: str | None = None
    """Of an inactive one."""
    announced: Announcement | None = None
    accounts: list["Account"] = field(default_factory=list, repr=False)


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
    inactive: Broken | None = None
    announced: Announcement | None = None
    numbers: list[Number] | None = None
    open: bool = True
    """Whether it is open at the bank, whatever Stripe knows."""
    payment_methods: list["PaymentMethod"] = field(default_factory=list, repr=False)
    external_accounts: list["ExternalAccount"] = field(default_factory=list, repr=False)

    @property
    def relinkable(self) -> bool:
        """Inactive, and a relink would mend it."""
        return self.inactive is not None and self.inactive.action == "relink_required"


@dataclass(slots=True, eq=False)
class Session:
    """One authentication flow, for relinking or for linking the first time."""

    id: str
    owner: str | None
    client_secret: str
    holder: Holder | None
    permissions: tuple[str, ...]
    filters: dict[str, object] | None = None
    limit: int | None = None
    prefetch: tuple[str, ...] = ()
    manual_entry: str | None = None
    authorization: Authorization | None = None
    """``relink_options.authorization``."""
    account: Account | None = None
    """``relink_options.account``: only this one may be linked."""
    return_url: str | None = None
    ui_mode: str = "modal"
    delivery_method: str | None = None
    hosted_url: str | None = None
    status: str = "pending"
    failure_reason: str | None = None
    linked: list[Account] = field(default_factory=list)
    token: "Token | None" = None

    @property
    def is_relink(self) -> bool:
        """Whether it mends a link, rather than making the first one."""
        return self.authorization is not None


@dataclass(slots=True, eq=False)
class Token:
    """A bank account token: good for one external account."""

    id: str
    owner: str | None
    created: int
    account: Account
    bank_account_id: str
    used: bool = False


@dataclass(slots=True, eq=False)
class PaymentMethod:
    """A ``us_bank_account`` made from an account."""

    id: str
    owner: str | None
    created: int
    account: Account
    billing: dict[str, str]
    metadata: dict[str, str]
    customer: str | None = None
    customer_account: str | None = None
    blocked: str | None = None
    """Why it is blocked; None when it isn't."""


@dataclass(slots=True, eq=False)
class ExternalAccount:
    """A bank account that a connected account is paid out to."""

    id: str
    owner: str
    account: Account
    metadata: dict[str, str]
    is_default: bool
    status: str = "new"


Resource = Customer | Authorization | Account | Session | PaymentMethod | ExternalAccount

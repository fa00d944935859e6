"""All objects of the simulated world, by id."""

from typing import Protocol, TypeVar

from .errors import NotPossibleError, no_such
from .ids import Ids
from .resources import (
    Account,
    Authorization,
    Customer,
    ExternalAccount,
    Holder,
    Institution,
    Mandate,
    PaymentMethod,
    Session,
    Token,
)

INACTIVE_ACCOUNTS = "Inactive accounts"
"""The test institution whose accounts are deactivated as soon as they are linked."""
TOKENIZED_NUMBERS = "Tokenized Account Numbers"
"""The test institution that issues tokenized account numbers."""
STRIPE_BANK = "StripeBank"
"""The institution without special behaviour."""


class Owned(Protocol):
    """Anything that belongs to the platform or to a connected account."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def owner(self) -> str | None:
        """The connected account; None for the platform."""


T = TypeVar("T", bound=Owned)

_Login = tuple[str | None, Holder | None, str]


class World:
    """All objects. The dictionaries are in order of creation."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.institutions: dict[str, Institution] = {}
        self.connected_accounts: dict[str, str] = {}
        """The names of connected accounts, and of accounts that represent customers, by id."""
        self.customers: dict[str, Customer] = {}
        self.authorizations: dict[str, Authorization] = {}
        self._logins: dict[_Login, list[Authorization]] = {}
        self.accounts: dict[str, Account] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[str, Token] = {}
        self.payment_methods: dict[str, PaymentMethod] = {}
        self.mandates: dict[str, Mandate] = {}
        self.external_accounts: dict[str, ExternalAccount] = {}
        for name in (STRIPE_BANK, INACTIVE_ACCOUNTS, TOKENIZED_NUMBERS):
            self.institution(name)

    def has(self, name: str) -> bool:
        """Whether an object with this id exists, whoever owns it."""
        return any(
            name in store
            for store in (
                self.customers,
                self.authorizations,
                self.accounts,
                self.sessions,
                self.tokens,
                self.payment_methods,
                self.mandates,
                self.external_accounts,
            )
        )

    def institution(self, name: str) -> Institution:
        """The bank with a name. It is created when it is first used."""
        found = next((bank for bank in self.institutions.values() if bank.name == name), None)
        if found is None:
            found = Institution(
                id=self.ids.new("fcinst"),
                name=name,
                tokenizes=name == TOKENIZED_NUMBERS,
                deactivates=name == INACTIVE_ACCOUNTS,
            )
            self.institutions[found.id] = found
        return found

    def add_authorization(
        self, holder: Holder | None, institution: Institution, owner: str | None
    ) -> Authorization:
        """The holder signs in at the bank, which creates an authorization."""
        made = Authorization(
            id=self.ids.new("fcauth"), owner=owner, holder=holder, institution=institution
        )
        self.authorizations[made.id] = made
        self._logins.setdefault((owner, holder, institution.id), []).append(made)
        return made

    def accounts_at(
        self, holder: Holder | None, institution: Institution, owner: str | None
    ) -> list[Account]:
        """The linked accounts that the bank shows to a holder."""
        logins = self._logins.get((owner, holder, institution.id), ())
        return [account for login in logins for account in login.accounts]


def own(
    store: dict[str, T], kind: str, name: str, owner: str | None, param: str, in_path: bool = False
) -> T:
    """The owner's object with an id.

    Raises:
        ApiError: it does not exist, or belongs to another owner; the error is the same.
    """
    found = store.get(name)
    if found is None or found.owner != owner:
        raise no_such(kind, name, param, in_path=in_path)
    return found


def known(store: dict[str, T], kind: str, name: str) -> T:
    """The object with an id, for bank events and customers' choices.

    Raises:
        NotPossibleError: it does not exist.
    """
    found = store.get(name)
    if found is None:
        raise NotPossibleError(f"there is no {kind} {name!r}")
    return found

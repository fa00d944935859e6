"""What is answered, as pydantic models: the contract that OpenAPI shows.

Every field of an account is named here, so that a fact that the machines begin to remember does
not become part of the contract by itself.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from relink.adapters.service import AssessedAccount, ResultOutcome, SessionResult
from relink.engine import Snapshot
from relink.machines import NextAction
from relink.machines.account.facts import AccountFacts
from relink.machines.authorization import AuthorizationFacts
from relink.machines.report import Holder
from relink.machines.vocabulary import Mode

AccountState = Literal[
    "active",
    "inactive_relinkable",
    "inactive_unrepairable",
    "relinking",
    "relinked",
    "new_account_linked",
    "disconnected",
]

NEXT = {"action": "relink", "mode": "specific", "reason": "inactive"}
ACCOUNT: dict[str, Any] = {
    "id": "fca_1",
    "state": "inactive_relinkable",
    "chargeable": False,
    "reasons": ["access_expired"],
    "next": [NEXT],
    "version": 7,
    "as_of": 1767225598,
    "authorization": "fcauth_1",
    "holder": {"field": "customer", "id": "cus_1"},
    "institution_name": "StripeBank",
    "last4": "6789",
    "subcategory": "checking",
    "permissions": ["payment_method"],
    "payment_method_types": ["us_bank_account"],
    "action": "relink_required",
    "cause": "access_expired",
    "number": "transactable",
}


def shown(example: Mapping[str, Any]) -> ConfigDict:
    """The configuration of a model that shows an example, and says what its fields mean."""
    return ConfigDict(
        json_schema_extra={"examples": [dict(example)]}, use_attribute_docstrings=True
    )


class RelinkSessionAnswer(BaseModel):
    """An open session. The secret or the URL is for the customer alone, and not to be kept."""

    model_config = shown(
        {
            "session": "fcsess_1",
            "mode": "specific",
            "client_secret": "fcsess_client_secret_for_the_customer_alone",
        }
    )

    session: str
    mode: Mode
    client_secret: str | None = None
    """For the modal in the service's own page."""
    url: str | None = None
    """Where Stripe hosts it, if that was asked for."""


class SessionResultAnswer(BaseModel):
    """What the customer made of a session, and what follows."""

    model_config = shown(
        {
            "session": "fcsess_1",
            "outcome": "failed",
            "failure_reason": "no_account",
            "account": "fca_1",
            "next": [{"action": "relink", "mode": "any_eligible", "reason": "inactive"}],
        }
    )

    session: str
    outcome: ResultOutcome
    failure_reason: str | None = None
    account: str
    """The account that was linked, or else the one that was to be."""
    next: tuple[NextAction, ...]
    """What is due for that account."""

    @classmethod
    def of(cls, session: str, result: SessionResult) -> "SessionResultAnswer":
        """The answer for a result."""
        return cls(
            session=session,
            outcome=result.outcome,
            failure_reason=result.failure_reason,
            account=result.account,
            next=result.next,
        )


class AccountAnswer(BaseModel):
    """An account, whether it may be charged, and what to do next."""

    model_config = shown(ACCOUNT)

    id: str
    state: AccountState
    chargeable: bool
    """By relink's conservative view of the link; it is no mandate."""
    reasons: tuple[str, ...]
    """Why it is not chargeable."""
    next: tuple[NextAction, ...]
    version: int
    """How many events led here."""
    as_of: int
    """Stripe's time of its latest word (Unix seconds); -1 before the first."""
    authorization: str | None = None
    holder: Holder | None = None
    institution_name: str | None = None
    last4: str | None = None
    subcategory: str | None = None
    permissions: tuple[str, ...] | None = None
    payment_method_types: tuple[str, ...] | None = None
    action: str | None = None
    cause: str | None = None
    deactivates_on: int | None = None
    deactivation_action: str | None = None
    number: str | None = None
    """How its tokenized number fares."""
    number_expires_on: int | None = None
    payment_method: str | None = None
    """How the payment method that was built on it fares."""
    payment_method_reason: str | None = None
    session: str | None = None
    """The relink session that is open for it."""
    failure_reason: str | None = None
    """Of its last unsuccessful session."""
    replaced_by: str | None = None
    """The new account that the customer linked in its stead."""
    known_linked: str | None = None
    """Another known account that the customer picked in its stead."""

    @classmethod
    def of(cls, account: AssessedAccount) -> "AccountAnswer":
        """The answer for an account."""
        (state, facts, version), assessment = account
        told = {name: getattr(facts, name) for name in _TOLD}
        return cls(state=state, version=version, **told, **dict(assessment))


_TOLD = [name for name in AccountAnswer.model_fields if name in AccountFacts.model_fields]


class AccountsAnswer(BaseModel):
    """A page of accounts, in the order of their ids."""

    model_config = shown({"accounts": [ACCOUNT]})

    accounts: tuple[AccountAnswer, ...]
    next_after: str | None = None
    """The next page comes after it; null when this is the last."""


class AuthorizationAnswer(BaseModel):
    """An authorization, and the accounts behind it."""

    model_config = shown(
        {
            "id": "fcauth_1",
            "state": "inactive_relinkable",
            "accounts": ["fca_1", "fca_2"],
            "version": 3,
            "as_of": 1767225598,
            "institution_name": "StripeBank",
            "sessions": [],
        }
    )

    id: str
    state: Literal[
        "active",
        "inactive_relinkable",
        "inactive_unrepairable",
        "relinking",
        "relinked",
        "disconnected",
    ]
    accounts: tuple[str, ...]
    version: int
    as_of: int
    """Stripe's time of its latest word (Unix seconds); -1 before the first."""
    institution_name: str | None = None
    deactivates_on: int | None = None
    """When Stripe expects it to stop working (Unix seconds)."""
    sessions: tuple[str, ...]
    """The relink sessions that are open for accounts of it."""

    @classmethod
    def of(
        cls, snapshot: Snapshot[AuthorizationFacts], accounts: tuple[str, ...]
    ) -> "AuthorizationAnswer":
        """The answer for an authorization."""
        facts = snapshot.facts
        return cls.model_validate(
            {
                "id": facts.id,
                "state": snapshot.state,
                "accounts": accounts,
                "version": snapshot.version,
                "as_of": facts.as_of,
                "institution_name": facts.institution_name,
                "deactivates_on": facts.deactivates_on,
                "sessions": tuple(sorted(facts.sessions)),
            }
        )

"""Response bodies, as pydantic models: the contract that OpenAPI shows.

Every field of an account is listed here, so that a new fact of the machines does not become part
of the contract by itself.
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
from relink.machines.vocabulary import BuildState, Mode, PaymentMethodState

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
    "may_debit": False,
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
    "outage": {
        "number": 1,
        "since": 1767225598.5,
        "failures": 0,
        "next_mode": "specific",
        "given_up": False,
    },
}


def shown(example: Mapping[str, Any]) -> ConfigDict:
    """Return the configuration of a model that has an example and documents its fields."""
    return ConfigDict(
        json_schema_extra={"examples": [dict(example)]}, use_attribute_docstrings=True
    )


class RelinkSessionAnswer(BaseModel):
    """An open session. The secret or URL is for the customer alone; do not store it."""

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
    """Opens the modal on the service's own page."""
    url: str | None = None
    """Where Stripe hosts the session, for the deliveries email and url."""


class SessionResultAnswer(BaseModel):
    """The result of a session, and what to do next."""

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
    """A code: Stripe's own, other_holder or account_disconnected."""
    account: str
    """The linked account; without one, the account that the session was opened for."""
    next: tuple[NextAction, ...]
    """What to do for that account."""

    @classmethod
    def of(cls, session: str, result: SessionResult) -> "SessionResultAnswer":
        """Make the response for a result."""
        return cls(
            session=session,
            outcome=result.outcome,
            failure_reason=result.failure_reason,
            account=result.account,
            next=result.next,
        )


class OutageAnswer(BaseModel):
    """The time during which the account needs a relink, and how it went so far."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    number: int
    """Which outage of the account, from 1."""
    since: float
    """When it began to need a relink (Unix seconds)."""
    failures: int
    """Unsuccessful sessions in this outage."""
    next_mode: Mode
    """The kind of session that is due."""
    failure_reason: str | None = None
    """Why the last of them failed, as a code."""
    given_up: bool
    """The policy's attempts are used up, so nobody is prompted any more."""


class PaymentMethodAnswer(BaseModel):
    """What is built on the account: a payment method, or an external account."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    state: PaymentMethodState
    reason: str | None = None
    """Why it is blocked, or needs a mandate, as a code."""


class AccountAnswer(BaseModel):
    """An account: whether its link works, whether you may debit it, and what to do next."""

    model_config = shown(ACCOUNT)

    id: str
    state: AccountState
    chargeable: bool
    """The link works, by relink's conservative view. It does not replace a mandate."""
    may_debit: bool
    """It is chargeable, and relink knows of a payment method that needs nothing first, or of none
    at all; next can still name work for another one. For a connected account: you may pay out
    to it."""
    reasons: tuple[str, ...]
    """Why it is not chargeable, as codes."""
    next: tuple[NextAction, ...]
    version: int
    """The number of events decided so far."""
    as_of: int
    """When the latest report was true, by Stripe's clock (Unix seconds); -1 before the first."""
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
    """Whether its tokenized number can pay."""
    number_expires_on: int | None = None
    payment_methods: dict[str, PaymentMethodAnswer] = {}
    """What is built on it, by id: the latest that relink knows."""
    build: BuildState | None = None
    """How far the making of its own payment method is, if it was linked as a new account."""
    build_reason: str | None = None
    """Why that was refused, as a code."""
    session: str | None = None
    """The open relink session."""
    outage: OutageAnswer | None = None
    """The outage that it is in; null while it needs no relink."""
    retired: bool = False
    """You said that nobody has a use for it."""
    replaced_by: str | None = None
    """The new account that the customer linked instead."""
    known_linked: str | None = None
    """The known account that the customer picked instead."""

    @classmethod
    def of(cls, account: AssessedAccount) -> "AccountAnswer":
        """Make the response for an account."""
        (state, facts, version), assessment = account
        shared = facts.model_dump(include=_SHARED)
        return cls(state=state, version=version, **shared, **dict(assessment))


_SHARED = set(AccountAnswer.model_fields) & set(AccountFacts.model_fields)


class AccountsAnswer(BaseModel):
    """A page of accounts, in the order of their ids."""

    model_config = shown({"accounts": [ACCOUNT]})

    accounts: tuple[AccountAnswer, ...]
    next_after: str | None = None
    """Pass it as after to get the next page; null on the last page."""


class AuthorizationAnswer(BaseModel):
    """An authorization, and its accounts."""

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
    """When the latest report was true, by Stripe's clock (Unix seconds); -1 before the first."""
    institution_name: str | None = None
    deactivates_on: int | None = None
    """When Stripe expects it to stop working (Unix seconds)."""
    sessions: tuple[str, ...]
    """Open relink sessions of its accounts."""

    @classmethod
    def of(
        cls, snapshot: Snapshot[AuthorizationFacts], accounts: tuple[str, ...]
    ) -> "AuthorizationAnswer":
        """Make the response for an authorization."""
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

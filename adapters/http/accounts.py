"""Routes that read accounts and authorizations."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from relink.adapters.service import Service

from . import ids
from .answers import AccountAnswer, AccountsAnswer, AccountState, AuthorizationAnswer
from .problems import documented

MAX_PAGE = 100
"""Accounts on a page."""


InstitutionName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,255}$")]


class AccountFilters(BaseModel):
    """Which accounts to list: those that match every given filter."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    state: AccountState | None = None
    holder: ids.Holder | None = None
    """cus_… or acct_…"""
    authorization: ids.Authorization | None = None
    institution: InstitutionName | None = None
    """The institution's name."""
    after: ids.Account | None = None
    """The last id of the previous page."""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


class Question(BaseModel):
    """What is asked about an account."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    payment_method: ids.PaymentMethod | None = None
    """Ask about this payment method: pm_…, or ba_… of a connected account. By default, the answer
    is about any of the account's."""


def add_account_routes(router: APIRouter, service: Service) -> None:
    """Add the routes to a guarded router."""

    @router.get(
        "/accounts",
        response_description="A page of accounts.",
        responses=documented(401, 422, 503),
        tags=["accounts"],
    )
    def list_accounts(filters: Annotated[AccountFilters, Query()]) -> AccountsAnswer:
        """List accounts in the order of their ids."""
        found = service.accounts(**filters.model_dump())
        accounts = tuple(AccountAnswer.of(account) for account in found)
        is_full = len(accounts) == filters.limit
        return AccountsAnswer(accounts=accounts, next_after=accounts[-1].id if is_full else None)

    @router.get(
        "/accounts/{id}",
        response_description="The account.",
        responses=documented(401, 404, 422, 503),
        tags=["accounts"],
    )
    def get_account(id: ids.AccountInPath, question: Annotated[Question, Query()]) -> AccountAnswer:
        """Return an account: does its link work, may you debit it, and what to do next."""
        return AccountAnswer.of(service.account(id, question.payment_method))

    @router.get(
        "/authorizations/{id}",
        response_description="The authorization.",
        responses=documented(401, 404, 422, 503),
        tags=["accounts"],
    )
    def get_authorization(id: ids.AuthorizationInPath) -> AuthorizationAnswer:
        """Return an authorization, and the ids of its accounts."""
        return AuthorizationAnswer.of(*service.authorization(id))

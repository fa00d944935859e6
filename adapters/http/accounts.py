"""Accounts and authorizations, as they are."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from relink.adapters.service import Service

from . import ids
from .answers import AccountAnswer, AccountsAnswer, AccountState, AuthorizationAnswer
from .problems import documented

MOST = 100
"""Accounts on a page."""


InstitutionName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,255}$")]


class Which(BaseModel):
    """Which accounts: all, or those that fit everything that is given."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    state: AccountState | None = None
    holder: ids.Holder | None = None
    """cus_… or acct_…"""
    authorization: ids.Authorization | None = None
    institution: InstitutionName | None = None
    """Its name."""
    after: ids.Account | None = None
    """The last id of the page before."""
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST


def add_account_routes(router: APIRouter, service: Service) -> None:
    """Add the routes to a router that asks for the token."""

    @router.get(
        "/accounts",
        response_description="A page of accounts.",
        responses=documented(401, 422, 503),
        tags=["accounts"],
    )
    def list_accounts(which: Annotated[Which, Query()]) -> AccountsAnswer:
        """List accounts in the order of their ids."""
        found = service.accounts(**which.model_dump())
        accounts = tuple(AccountAnswer.of(account) for account in found)
        is_full = len(accounts) == which.limit
        return AccountsAnswer(accounts=accounts, next_after=accounts[-1].id if is_full else None)

    @router.get(
        "/accounts/{id}",
        response_description="The account.",
        responses=documented(401, 404, 422, 503),
        tags=["accounts"],
    )
    def get_account(id: ids.AccountInPath) -> AccountAnswer:
        """Tell how an account is, whether it may be charged, and what to do next."""
        return AccountAnswer.of(service.account(id))

    @router.get(
        "/authorizations/{id}",
        response_description="The authorization.",
        responses=documented(401, 404, 422, 503),
        tags=["accounts"],
    )
    def get_authorization(id: ids.AuthorizationInPath) -> AuthorizationAnswer:
        """Tell how an authorization is, and which accounts are behind it."""
        return AuthorizationAnswer.of(*service.authorization(id))

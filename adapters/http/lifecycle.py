"""Routes by which the service says what only it knows of an account, or has it read at Stripe (P4).

Each answers with the account as ``GET /accounts/{id}`` does. Saying the same twice changes nothing.
"""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict

from relink.adapters.service import Service

from . import ids
from .answers import AccountAnswer
from .callers import Callers
from .errors import fault
from .problems import documented


class NoDetails(BaseModel):
    """Nothing: the path says it all."""

    model_config = ConfigDict(extra="forbid")


class Replacement(BaseModel):
    """The account that the customer linked instead."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"account": "fca_2"}]},
    )

    account: ids.Account
    """The account that is used from now on. If relink does not know it, it is read at Stripe."""


class CollectedMandate(BaseModel):
    """What the customer authorized debits of."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    payment_method: ids.PaymentMethod | None = None
    """By default, every payment method of the account that needs a mandate."""


def _examples(**examples: dict[str, Any]) -> Any:
    return {name: {"value": value} for name, value in examples.items()}


Nothing = Annotated[NoDetails | None, Body(openapi_examples=_examples(nothing={}))]
Mandate = Annotated[
    CollectedMandate | None,
    Body(openapi_examples=_examples(every={}, one={"payment_method": "pm_1"})),
]


def add_lifecycle_routes(router: APIRouter, service: Service, callers: Callers) -> None:
    """Add the routes.

    Args:
        router: a guarded router.
        service: the service behind the API.
        callers: runs the requests that wait for Stripe.
    """
    statuses = (401, 404, 413, 422, 503)
    common: dict[str, Any] = {"response_description": "The account.", "tags": ["accounts"]}

    @router.post("/accounts/{id}/refresh", responses=documented(*statuses, 502), **common)
    async def refresh_account(id: ids.AccountInPath, details: Nothing = None) -> AccountAnswer:
        """Read an account at Stripe now. An account that relink does not know becomes known."""
        return AccountAnswer.of(await callers.run(partial(service.refresh, id)))

    @router.post("/accounts/{id}/retire", responses=documented(*statuses), **common)
    def retire_account(id: ids.AccountInPath, details: Nothing = None) -> AccountAnswer:
        """Say that nobody has a use for the account: no prompts and no requests until it is
        resumed."""
        return AccountAnswer.of(service.retire(id))

    @router.post("/accounts/{id}/resume", responses=documented(*statuses), **common)
    def resume_account(id: ids.AccountInPath, details: Nothing = None) -> AccountAnswer:
        """Take up a retired account again."""
        return AccountAnswer.of(service.resume(id))

    @router.post("/accounts/{id}/replaced-by", responses=documented(*statuses, 502), **common)
    async def replace_account(id: ids.AccountInPath, replacement: Replacement) -> AccountAnswer:
        """Say that the customer linked another account instead, outside of a relink."""
        if replacement.account == id:
            raise fault("body", "account", rule="must be another account than that of the path")
        replaced = await callers.run(partial(service.replaced_by, id, replacement.account))
        return AccountAnswer.of(replaced)

    @router.post("/accounts/{id}/mandate", responses=documented(*statuses), **common)
    def collect_mandate(id: ids.AccountInPath, mandate: Mandate = None) -> AccountAnswer:
        """Say that the customer authorized debits of the account."""
        payment_method = mandate.payment_method if mandate else None
        return AccountAnswer.of(service.collect_mandate(id, payment_method))

"""Routes that open relink sessions and read their results."""

from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.responses import JSONResponse

from relink.adapters.return_url import ReturnUrls
from relink.adapters.service import RelinkSession, Service
from relink.machines.vocabulary import Delivery, Mode, Permission, RelinkReason

from .answers import RelinkSessionAnswer, SessionResultAnswer
from .callers import Callers
from .errors import fault
from .ids import AccountInPath, SessionInPath
from .problems import documented

NO_STORE = {"Cache-Control": "no-store"}

BillingName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]


class RelinkWishes(BaseModel):
    """Options for a relink session. relink chooses those that are left out."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    mode: Mode | None = None
    """By default, the policy chooses."""
    reason: RelinkReason | None = None
    """By default, it is inferred from the account."""
    permissions: Annotated[tuple[Permission, ...], Field(max_length=4)] | None = None
    """By default, the account's own; payment_method is always added."""
    delivery: Delivery = "modal"
    return_url: str | None = None
    """Where the customer returns to from a hosted session, which requires it: an https URL at an
    origin that RELINK_RETURN_ORIGINS allows."""

    @model_validator(mode="after")
    def _require_return_url(self) -> Self:
        if self.delivery != "modal" and self.return_url is None:
            raise ValueError("deliveries email and url need a return_url")
        return self


class ResultDetails(BaseModel):
    """What the service knows about the new account."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    billing_name: BillingName | None = None
    """The customer's name, for the payment method of a new account."""


def _examples(**examples: dict[str, Any]) -> Any:
    return {name: {"value": value} for name, value in examples.items()}


Wishes = Annotated[
    RelinkWishes | None,
    Body(
        openapi_examples=_examples(
            by_policy={},
            hosted={"delivery": "url", "return_url": "https://shop.example/bank"},
            for_a_reason={"mode": "specific", "reason": "number_expiring"},
        )
    ),
]
Details = Annotated[
    ResultDetails | None,
    Body(openapi_examples=_examples(nothing={}, name={"billing_name": "Jenny Rosen"})),
]


def add_session_routes(
    router: APIRouter, service: Service, return_urls: ReturnUrls, callers: Callers
) -> None:
    """Add the routes.

    Args:
        router: a guarded router.
        service: the service behind the API.
        return_urls: the URLs that customers may return to.
        callers: runs the requests that wait for Stripe.
    """

    @router.post(
        "/accounts/{id}/relink-sessions",
        status_code=201,
        response_model=RelinkSessionAnswer,
        response_description="A new session.",
        responses={
            200: {
                "model": RelinkSessionAnswer,
                "description": "The session that is open.",
            },
            **documented(401, 404, 409, 413, 422, 502, 503),
        },
        tags=["relink sessions"],
    )
    async def create_relink_session(id: AccountInPath, wishes: Wishes = None) -> JSONResponse:
        """Open a relink session for an account, or return the one that is open.

        The secret or URL is stored nowhere but in this response. Repeating the request is safe: it
        returns the same session until the customer has finished it.
        """
        wanted = (wishes or RelinkWishes()).model_dump()
        if wanted["return_url"] is not None:
            _check(return_urls, wanted["return_url"])
        session = await callers.run(partial(service.request_relink, id, **wanted))
        return JSONResponse(_opened(session), 201 if session.is_new else 200, NO_STORE)

    @router.post(
        "/relink-sessions/{id}/result",
        response_description="The result so far.",
        responses=documented(401, 404, 413, 422, 502, 503),
        tags=["relink sessions"],
    )
    async def read_session_result(
        id: SessionInPath, details: Details = None
    ) -> SessionResultAnswer:
        """Read a session at Stripe, apply its result and return it.

        Webhooks do the same later. Call this when a page needs the result at once.
        """
        name = details.billing_name if details else None
        result = await callers.run(partial(service.session_result, id, name))
        return SessionResultAnswer.of(id, result)


def _check(return_urls: ReturnUrls, url: str) -> None:
    try:
        return_urls.check(url)
        return
    except ValueError as error:
        rule = str(error)
    raise fault("body", "return_url", rule=rule)


def _opened(session: RelinkSession) -> dict[str, str]:
    """Make the response body, the only place where secret and URL are revealed."""
    answer = {"session": session.id, "mode": session.mode}
    if session.secret:
        answer["client_secret"] = session.secret.reveal()
    if session.url:
        answer["url"] = session.url.reveal()
    return answer

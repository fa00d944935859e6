"""``POST /webhooks/stripe``: the one public route, and the busiest.

Its endpoint gets the raw request, without FastAPI's validation in between, so OpenAPI's description
of it stands here.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from relink.adapters.stripe import WebhookRefused
from relink.adapters.stripe.body import LONGEST_BODY

from .body import Memory
from .errors import answer
from .problems import Problem, documented

OUTCOMES = ("applied", "duplicate", "ignored")

_ANSWERS = {outcome: f'{{"outcome":"{outcome}"}}'.encode() for outcome in OUTCOMES}

_DONE = {
    "description": "The event was applied, was a duplicate, or is not for relink.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["outcome"],
                "properties": {"outcome": {"enum": list(OUTCOMES)}},
            },
            "example": {"outcome": "applied"},
        }
    },
}
_BODY = {
    "required": True,
    "description": "An event from Stripe.",
    "content": {
        "application/json": {
            "schema": {"type": "object"},
            "example": {
                "id": "evt_1",
                "object": "event",
                "type": "financial_connections.account.deactivated",
                "data": {"object": {"id": "fca_1", "object": "financial_connections.account"}},
            },
        }
    },
}
_SIGNATURE = {
    "name": "Stripe-Signature",
    "in": "header",
    "required": True,
    "description": "Stripe's signature of the body.",
    "schema": {"type": "string"},
    "example": "t=1767225600,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
}


class _RawRoute(APIRoute):
    """A route that hands the raw request to its endpoint."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint


def add_webhook_route(
    router: APIRouter,
    handle: Callable[[bytes, str | None], Coroutine[Any, Any, str]],
    count: Callable[[str], None],
) -> None:
    """Add the route.

    Args:
        router: the router.
        handle: :meth:`relink.adapters.service.Service.handle_webhook_async`.
        count: called with the outcome of each webhook: ``applied``, ``duplicate``, ``ignored``,
            ``refused``, or ``unavailable`` when Stripe has to deliver it again.
    """

    memory = Memory()

    async def receive_webhook(request: Request) -> Response:
        """Apply a webhook from Stripe, once. Delivering it again is always safe."""
        outcome, payload = "unavailable", b""
        try:
            payload = await memory.read(request, LONGEST_BODY)
            outcome = await handle(payload, request.headers.get("stripe-signature"))
            return Response(_ANSWERS[outcome], media_type="application/json")
        except Exception as error:
            problem = answer(_refused(error))
            if problem is None:
                raise
            if problem.status_code < 500:
                outcome = "refused"
            return problem
        finally:
            memory.release(payload)
            count(outcome)

    router.add_api_route(
        "/webhooks/stripe",
        receive_webhook,
        methods=["POST"],
        route_class_override=_RawRoute,
        response_model=None,
        responses={200: _DONE, **documented(400, 503)},
        openapi_extra={"requestBody": _BODY, "parameters": [_SIGNATURE]},
        tags=["webhooks"],
    )


def _refused(error: Exception) -> Exception:
    """A body that is too large or incomplete is refused as every other malformed webhook is."""
    if isinstance(error, Problem) and error.status_code in (413, 422):
        return WebhookRefused(error.detail)
    return error

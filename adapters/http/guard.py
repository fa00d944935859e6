"""The routes that only the embedding service may use: a token first, then all else."""

import hmac
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from .body import StrictRequest
from .errors import answer
from .problems import UNAUTHORIZED, Problem

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def guarded_router(token: str | None) -> APIRouter:
    """A router whose routes ask for a token and answer every error with a problem.

    The token is looked at before anything else of a request is. All of it stands in the routes
    themselves, so that the router can be part of any application.

    Args:
        token: which bearer token opens them; None: they are open, for demonstrations.

    Raises:
        ValueError: the token is empty.
    """
    if token is not None and not token.strip():
        raise ValueError("the token must not be empty")

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    if token is not None:
                        _check(request, token)
                    return await handle(StrictRequest(request.scope, request.receive))
                except Exception as error:
                    problem = answer(error)
                    if problem is None:
                        raise
                    return problem

            return answered

    # For OpenAPI; the route has checked the token when a dependency is asked.
    scheme = HTTPBearer(auto_error=False, scheme_name="token", description="RELINK_API_TOKEN")
    return APIRouter(route_class=GuardedRoute, dependencies=[Security(scheme)] if token else [])


def _check(request: Request, token: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        raise Problem(UNAUTHORIZED, "no bearer token", {"WWW-Authenticate": "Bearer"})
    # Headers come as Latin-1. Compared are bytes, in a time that does not tell how many agree.
    if not hmac.compare_digest(given.strip().encode("latin-1"), token.encode()):
        raise Problem(
            UNAUTHORIZED,
            "this is not the token",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )

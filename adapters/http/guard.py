"""Routes for the embedding service alone: they require the bearer token.

Without a token, as in the demo, the browser of whoever tries it is the way in for pages of other
origins. So requests that change something are then refused if such a page sent them.
"""

import hmac
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from .body import StrictRequest
from .errors import answer, fault
from .problems import FORBIDDEN, UNAUTHORIZED, Problem

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing. What they answer, a page of another origin cannot see."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def guarded_router(token: str | None) -> APIRouter:
    """Make a router whose routes require a token and answer errors with problem details.

    The token is checked before anything else in a request. The routes do it themselves, so that
    the router can be mounted in any application.

    Args:
        token: the bearer token; None leaves the routes open, for demonstrations.

    Raises:
        ValueError: the token is empty.
    """
    if token is not None and not token.strip():
        raise ValueError("the token is empty: pass a token, or None to leave the routes open")

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    if token is not None:
                        _check(request, token)
                    elif request.method not in READING:
                        _check_origin(request)
                    _check_query(request)
                    return await handle(StrictRequest(request.scope, request.receive))
                except Exception as error:
                    problem = answer(error)
                    if problem is None:
                        raise
                    return problem

            return answered

    # Only documents the token in OpenAPI; the route has checked it by then.
    scheme = HTTPBearer(auto_error=False, scheme_name="token", description="RELINK_API_TOKEN")
    return APIRouter(route_class=GuardedRoute, dependencies=[Security(scheme)] if token else [])


def _check(request: Request, token: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        raise Problem(UNAUTHORIZED, UNAUTHORIZED.detail, {"WWW-Authenticate": "Bearer"})
    # Headers are Latin-1. The comparison takes constant time.
    if not hmac.compare_digest(given.strip().encode("latin-1"), token.encode()):
        raise Problem(
            UNAUTHORIZED,
            "The bearer token is wrong: it must be RELINK_API_TOKEN.",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )


def _check_origin(request: Request) -> None:
    """Refuse a page of another origin. Browsers name the origin of every request that is not a
    GET; other clients name none."""
    own = f"{request.url.scheme}://{request.url.netloc}"
    if request.headers.get("origin", own) != own:
        raise Problem(FORBIDDEN, FORBIDDEN.detail)


def _check_query(request: Request) -> None:
    """Refuse repeated parameters: which of the values counts would be a guess."""
    names = [name for name, _ in request.query_params.multi_items()]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            raise fault("query", name, rule="must be given once")

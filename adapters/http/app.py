"""The application: the router, health, metrics and the OpenAPI document."""

import logging
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relink.adapters.service import Service
from relink.adapters.store import DatabaseFileError

from .edge import Edge
from .errors import answer, unavailable
from .guard import guarded_router
from .metrics import Metrics
from .problems import documented
from .router import relink_router

DESCRIPTION = """What to do when a customer's linked bank account stops working.

Errors are problem details (RFC 9457). A 503 says in `Retry-After` when to try again. Every `reason`
is a code to compare; the sentence beside it is for people, and its wording may change."""

_METRICS = {
    "description": "Metrics for Prometheus.",
    "content": {"text/plain": {"example": 'relink_webhooks_total{outcome="applied"} 1.0\n'}},
}
_WELL = {
    "description": "The database answers, and its schema is the one of this release.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["status"],
                "properties": {"status": {"const": "ok"}},
            },
            "example": {"status": "ok"},
        }
    },
}

log = logging.getLogger(__name__)


def application(
    service: Service,
    *,
    token: str | None,
    ready: Callable[[], None],
    metrics: Metrics,
    return_origins: Iterable[str] = (),
    lifespan: Any = None,
) -> FastAPI:
    """Make an application to run.

    Args:
        service: the service behind the API.
        token: the bearer token that every route but the webhook and ``/healthz`` requires; None
            leaves them open, for demonstrations.
        ready: raises unless the database answers and its schema is current.
        metrics: counts webhooks, and is served at ``/metrics``. Pass its ``watch_step`` and
            ``watch_command`` to the service to count decisions and commands too.
        return_origins: origins that customers may return to after a hosted session.
        lifespan: FastAPI's ``lifespan``.

    Raises:
        ValueError: the token is empty, or an origin is invalid.
    """
    # FastAPI's own documentation pages load scripts from elsewhere.
    app = FastAPI(
        title="relink",
        version=version("relink-engine"),
        description=DESCRIPTION,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    router = relink_router(
        service, token=token, return_origins=return_origins, count_webhook=metrics.count_webhook
    )
    app.include_router(router)
    _add_health(app, ready)
    app.include_router(_operators(app, token, metrics))
    app.add_exception_handler(HTTPException, _answer)
    app.add_middleware(Edge)
    return app


def _add_health(app: FastAPI, ready: Callable[[], None]) -> None:
    @app.get(
        "/healthz",
        response_class=JSONResponse,
        responses={200: _WELL, **documented(503)},
        tags=["operation"],
    )
    def check_health() -> Response:
        """Check that requests can be answered."""
        try:
            ready()
        except DatabaseFileError as error:
            found = answer(error)
            assert found is not None, "every error of the store has an answer"
            return found
        except Exception as error:
            log.warning("not ready: %s", type(error).__name__)
            return unavailable(
                "The database does not answer, or its schema is not the one of this release."
            ).response()
        return JSONResponse({"status": "ok"})


def _operators(app: FastAPI, token: str | None, metrics: Metrics) -> Any:
    router = guarded_router(token)

    @router.get(
        "/metrics",
        response_class=Response,
        responses={200: _METRICS, **documented(401)},
        tags=["operation"],
    )
    def get_metrics() -> Response:
        """Return the metrics."""
        return Response(metrics.page(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/openapi.json", include_in_schema=False)
    def get_openapi_document() -> dict[str, Any]:
        return app.openapi()

    return router


async def _answer(_request: Request, error: Exception) -> Response:
    """Answer errors of HTTP itself, such as an unknown path."""
    found = answer(error)
    assert found is not None, "every HTTP error has an answer"
    return found

"""The application: the router, health, metrics and the OpenAPI document."""

from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from relink.adapters.service import Service

from .edge import Edge
from .errors import answer
from .guard import guarded_router
from .health import add_health
from .metrics import Metrics
from .problems import documented
from .router import relink_router

DESCRIPTION = """What to do when a customer's linked bank account stops working.

Errors are problem details (RFC 9457). A 503 says in `Retry-After` when to try again. Every `reason`
is a code to compare; the sentence beside it is for people, and its wording may change.

Any request may also get a 408, if its body takes more than 10 seconds, or a 431, if its head is
larger than 16 kB."""

_METRICS = {
    "description": "Metrics for Prometheus.",
    "content": {"text/plain": {"example": 'relink_webhooks_total{outcome="applied"} 1.0\n'}},
}


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
        token: the bearer token that every route requires but the webhook and the health checks;
            None leaves them open, for demonstrations.
        ready: raises unless a webhook could be stored right now.
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
    add_health(app, ready)
    app.include_router(_operators(app, token, metrics))
    app.add_exception_handler(HTTPException, _answer)
    app.add_middleware(Edge)
    return app


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

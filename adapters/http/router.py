"""The router: relink's routes, to mount in an application."""

from collections.abc import Callable, Iterable

from fastapi import APIRouter

from relink.adapters.return_url import ReturnUrls
from relink.adapters.service import Service

from .accounts import add_account_routes
from .callers import Callers
from .decisions import add_decision_routes
from .guard import guarded_router
from .lifecycle import add_lifecycle_routes
from .machines import add_machine_routes
from .sessions import add_session_routes
from .webhooks import add_webhook_route


def relink_router(
    service: Service,
    *,
    token: str | None,
    return_origins: Iterable[str] = (),
    count_webhook: Callable[[str], None] = lambda outcome: None,
) -> APIRouter:
    """Make the router. Its routes answer their own errors, with problem details.

    Args:
        service: the service behind the API.
        token: the bearer token that every route but the webhook requires; None leaves them open,
            for demonstrations.
        return_origins: origins that customers may return to after a hosted session, such as
            ``https://shop.example``.
        count_webhook: called with the outcome of each webhook: ``applied``, ``duplicate``,
            ``ignored``, ``refused`` or ``unavailable``.

    Raises:
        ValueError: the token is empty, or an origin is invalid.
    """
    router = APIRouter()
    add_webhook_route(router, service.handle_webhook_async, count_webhook)
    guarded = guarded_router(token)
    callers = Callers(service.timer)
    add_session_routes(guarded, service, ReturnUrls(return_origins), callers)
    add_account_routes(guarded, service)
    add_lifecycle_routes(guarded, service, callers)
    add_decision_routes(guarded, service)
    add_machine_routes(guarded)
    router.include_router(guarded)
    return router

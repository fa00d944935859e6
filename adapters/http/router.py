"""The router: relink's routes, to mount in an application."""

from collections.abc import Callable, Iterable

from fastapi import APIRouter

from relink.adapters.service import Service

from .accounts import add_account_routes
from .decisions import add_decision_routes
from .guard import guarded_router
from .machines import add_machine_routes
from .return_url import ReturnUrls
from .sessions import add_session_routes
from .webhooks import add_webhook_route


def relink_router(
    service: Service,
    *,
    token: str | None,
    return_origins: Iterable[str] = (),
    count_webhook: Callable[[str], None] = lambda outcome: None,
) -> APIRouter:
    """relink's routes; they answer their own errors, with problem details.

    Args:
        service: what answers.
        token: the bearer token that all but the webhook ask for; None: they are open, for
            demonstrations.
        return_origins: where customers may be sent after a hosted session, such as
            ``https://shop.example``.
        count_webhook: is told what became of each webhook.

    Raises:
        ValueError: the token is empty, or an origin is none.
    """
    router = APIRouter()
    add_webhook_route(router, service.handle_webhook_async, count_webhook)
    guarded = guarded_router(token)
    add_session_routes(guarded, service, ReturnUrls(return_origins))
    add_account_routes(guarded, service)
    add_decision_routes(guarded, service)
    add_machine_routes(guarded)
    router.include_router(guarded)
    return router

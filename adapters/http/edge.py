"""What all requests to the application have in common, whatever becomes of them.

Each has an id, which its answer and all that is logged meanwhile carry. Each answer has the
headers that keep browsers from doing anything with it but showing it. Each leaves a line in the
log, with the route instead of the path. An error that nobody foresaw is logged in full, and
answered with no more than that it happened.
"""

import logging
from time import perf_counter
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relink.adapters.logs import correlated

from .problems import FAILED, Problem

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)

QUIET = ("/healthz", "/metrics", "/webhooks/stripe")
"""Routes that are asked for all the time, or leave lines of their own."""

log = logging.getLogger(__name__)


class Edge:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id = perf_counter(), uuid4().hex
        added = [*HEADERS, (b"x-request-id", request_id.encode())]
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        with correlated(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception:
                log.exception("a request broke off")
                if status:
                    raise
                failure = Problem(FAILED, "nobody foresaw this; the log tells more").response()
                await failure(scope, receive, send_with_headers)
            finally:
                route = getattr(scope.get("route"), "path", "(none)")
                is_quiet = route in QUIET and 0 < status < 400
                log.log(
                    logging.DEBUG if is_quiet else logging.INFO,
                    "request answered",
                    extra={
                        "method": scope["method"],
                        "route": route,
                        "status": status,
                        "seconds": round(perf_counter() - began, 4),
                    },
                )

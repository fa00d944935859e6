"""What every request to the application gets, whatever its outcome.

A request id in the response and in every log line. Headers that keep browsers from interpreting
the response. One log line, with the route in place of the path. For an unexpected error, the full
traceback in the log and a plain 500 in the response. A head of limited size. HEAD, wherever GET is
answered.
"""

import logging
from time import perf_counter
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relink.adapters.logs import correlated

from .problems import FAILED, HEAD_TOO_LARGE, Problem

LONGEST_HEAD = 16 * 1024
"""Bytes of a request's head: its path and its headers."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)

QUIET = ("/healthz", "/livez", "/metrics", "/webhooks/stripe")
"""Routes that are polled, or log lines of their own: successes are logged at DEBUG."""

log = logging.getLogger(__name__)


class Edge:
    """The outermost ASGI middleware of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id = perf_counter(), uuid4().hex
        added = [*HEADERS, (b"x-request-id", request_id.encode())]
        status, method = 0, scope["method"]
        if method == "HEAD":
            # The route is that of GET. The scope of the server stays as it is.
            scope = {**scope, "method": "GET"}

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                # A picture has a policy of its own, which allows its style sheet.
                more = [header for header in added if header[0] not in own]
                message = {**message, "headers": [*message["headers"], *more]}
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        with correlated(request_id=request_id):
            try:
                if _size(scope) > LONGEST_HEAD:
                    detail = f"The request's head is longer than {LONGEST_HEAD} bytes."
                    problem = Problem(HEAD_TOO_LARGE, detail).response()
                    await problem(scope, receive, send_with_headers)
                    return
                await self._app(scope, receive, send_with_headers)
            except Exception:
                log.exception("unexpected error in a request")
                if status:
                    raise
                failure = Problem(FAILED, FAILED.detail).response()
                await failure(scope, receive, send_with_headers)
            finally:
                route = getattr(scope.get("route"), "path", "(none)")
                is_quiet = route in QUIET and 0 < status < 400
                log.log(
                    logging.DEBUG if is_quiet else logging.INFO,
                    "request answered",
                    extra={
                        "method": method,
                        "route": route,
                        "status": status,
                        "seconds": round(perf_counter() - began, 4),
                    },
                )


def _size(scope: Scope) -> int:
    """The bytes of a request's head, as far as the server hands them on."""
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    return headers + len(scope["query_string"]) + len(scope.get("raw_path") or scope["path"])

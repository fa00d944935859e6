"""The application: Stripe's API, the control API and the pages, at one address."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from ..errors import SimulatedTimeout
from ..message import Request
from ..simulator import Simulator
from .control import Control
from .posting import Poster

API = ("/v1", "/v1/{path:path}", "/v2", "/v2/{path:path}")
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH")
"""Those that the API does not have are answered by it, with its kind of error."""

PAGES = Path(__file__).parent / "pages"
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"


class NoAnswer(Response):
    """Holds the connection for a while, or until the caller gives up, and then drops it."""

    def __init__(self, hold: float) -> None:
        super().__init__()
        self._hold = hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send no answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._hold):
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
        # The server closes the connection after a head that announces a missing body.
        promised = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": promised})


def application(simulator: Simulator, lock: threading.RLock, poster: Poster) -> Starlette:
    """The application that serves a simulator.

    Args:
        simulator: the simulator.
        lock: is held while the simulator is used.
        poster: is notified when webhooks may be due.
    """

    async def api(http: HttpRequest) -> Response:
        request = Request(
            method=http.method,
            path=http.url.path,
            body=await http.body(),
            query=http.url.query.encode(),
            headers=dict(http.headers),
        )
        try:
            with lock:
                answer = simulator.handle(request)
        except SimulatedTimeout:
            poster.notify()
            return NoAnswer(simulator.faults.caller_timeout)
        poster.notify()
        await asyncio.sleep(answer.wait)
        return Response(answer.body, answer.status, answer.headers)

    control = Control(simulator, lock, poster)
    page = _page("flow.html")
    return Starlette(
        routes=[
            *(Route(path, api, methods=METHODS) for path in API),
            Mount("/_simulator", routes=control.routes()),
            Route("/", lambda _: RedirectResponse("/stripebank")),
            Route("/healthz", lambda _: PlainTextResponse("ok")),
            Route("/stripebank", _page("bank.html")),
            Mount("/stripebank/static", StaticFiles(directory=PAGES / "static")),
            Route("/stripebank/{name}", page),
        ]
    )


def _page(name: str) -> Callable[[HttpRequest], Response]:
    """A page that loads its data from the control API. No site may frame it."""

    def show(_: HttpRequest) -> Response:
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
        }
        return FileResponse(PAGES / name, headers=headers)

    return show

"""The service's webhook endpoint, over HTTP."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from relink.adapters.stripe import WebhookRefused


def webhook_endpoint(handle: Callable[[bytes, str], str]) -> Starlette:
    """An application with the one route ``POST /webhooks/stripe``.

    Args:
        handle: :meth:`relink.adapters.service.Service.handle_webhook`.
    """

    async def endpoint(request: Request) -> JSONResponse:
        payload, signature = await request.body(), request.headers.get("stripe-signature", "")
        try:
            return JSONResponse({"outcome": await run_in_threadpool(handle, payload, signature)})
        except WebhookRefused as refused:
            return JSONResponse({"error": str(refused)}, status_code=400)

    return Starlette(routes=[Route("/webhooks/stripe", endpoint, methods=["POST"])])


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an application on a free port of 127.0.0.1, in a thread, and yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()

"""The service as an application for any ASGI server, such as uvicorn or gunicorn.

::

    gunicorn --worker-class relink.adapters.gunicorn_worker.BoundedWorker \\
        "relink.adapters.asgi:application()"

It takes its settings from the environment, as ``relink serve`` does. The startup opens the
database, and the shutdown closes it.

On SQLite, use one worker process. During a reload there are two for a while: the new one waits in
its startup until the old one has stopped, and connections wait in the listening socket meanwhile.
gunicorn takes a startup that fails for a mistake in the application, and ends all workers. So a
process that never gets the database ends itself, and gunicorn starts another one in its place.
"""

import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from relink.adapters.bootstrap import Parts, assemble, opened, serving
from relink.adapters.logs import log_json
from relink.adapters.settings import Settings, SettingsError, hide_secrets

SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


def application(log_level: str = "INFO") -> FastAPI:
    """Make the application.

    Args:
        log_level: the level of relink's log lines, which are JSON.

    Raises:
        SettingsError: a setting is missing or invalid.
    """
    settings = Settings.from_environment(os.environ)
    require_served(settings)
    log_json(log_level, hide=hide_secrets(os.environ))
    parts = assemble(settings)
    app = serving(parts)
    run = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with ExitStack() as stack:
            await _open(stack, parts)
            async with run(app):
                yield
            await run_in_threadpool(stack.close)

    app.router.lifespan_context = lifespan
    return app


def require_served(settings: Settings) -> None:
    """Check the settings that only a server needs.

    Raises:
        SettingsError: one of them is missing.
    """
    if settings.api_token is None:
        raise SettingsError(
            "RELINK_API_TOKEN is not set. Set it to a long random string: without it, anyone who "
            "can reach the API could open relink sessions."
        )
    if not settings.webhook_secrets:
        raise SettingsError(
            "STRIPE_WEBHOOK_SECRET is not set. Set it to the endpoint's signing secret."
        )


async def _open(stack: ExitStack, parts: Parts) -> None:
    from relink.adapters.store.sqlite.lock import InUseError

    with _ended_by_signals():
        try:
            await run_in_threadpool(stack.enter_context, opened(parts))
        except InUseError as error:
            log.error("%s. This process ends, for its server to start another one", error)
            os._exit(1)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Have signals end the process at once, while it has nothing to finish.

    The server would heed them only after the startup.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: os._exit(0)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

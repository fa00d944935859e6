"""relink's routes in FastAPI, in one process: ``uvicorn --factory fastapi_app:create_app``."""

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from relink_setup import maintain, performer, service, settings, store

from relink.adapters.http import relink_router
from relink.adapters.runner import Loop, PeriodicTask
from relink.adapters.store import migrate
from relink.adapters.store.sqlite.lock import exclusive
from relink.engine import Command


def notify(command: Command, command_id: str) -> None:
    """Replace this: write to the customer, ask for a name or alert someone, by ``command.name``."""
    logging.getLogger("shop").info("%s: %r", command_id, command)


@asynccontextmanager
async def working(_: FastAPI) -> AsyncGenerator[None]:
    """Perform commands in threads of this process, for as long as it serves."""
    with exclusive(settings().database):  # a second process would repeat the commands
        loop = Loop(store(), performer(notify), [PeriodicTask("maintain", 60, maintain)])
        loop.start()
        try:
            yield
        finally:
            loop.stop()


def create_app() -> FastAPI:
    """The application: your own routes, and relink's below ``/relink``.

    Your backend calls them with the token. ``POST /relink/webhooks/stripe`` is for Stripe.
    """
    migrate(settings().database)
    app = FastAPI(lifespan=working)
    router = relink_router(service(), token=os.environ["RELINK_API_TOKEN"])
    app.include_router(router, prefix="/relink")
    return app

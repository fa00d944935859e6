"""The service as an application for any ASGI server, such as uvicorn or gunicorn.

::

    gunicorn --worker-class uvicorn_worker.UvicornWorker "relink.adapters.asgi:application()"

It takes its settings from the environment, as ``relink serve`` does. On SQLite, use one worker
process. During a reload there are two for a while: the new one waits in its startup until the old
one has stopped, and connections wait in the listening socket meanwhile.
"""

import os

from fastapi import FastAPI

from relink.adapters.bootstrap import assemble, opened, serving
from relink.adapters.logs import log_json
from relink.adapters.settings import Settings, SettingsError


def application(log_level: str = "INFO") -> FastAPI:
    """Make the application. It opens the database in its startup, and closes it in its shutdown.

    Args:
        log_level: the level of relink's log lines, which are JSON.

    Raises:
        SettingsError: a setting is missing or invalid.
    """
    settings = Settings.from_environment(os.environ)
    require_served(settings)
    log_json(log_level)
    parts = assemble(settings)
    return serving(parts, opened(parts))


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

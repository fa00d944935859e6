"""The server under gunicorn."""

from ..kill.installation import Installation
from ..kill.processes import Process

APPLICATION = "relink.adapters.asgi:application()"


def under_gunicorn(at: Installation, *options: str) -> Process:
    """The installation's server, under gunicorn.

    Args:
        at: where it is to serve.
        options: gunicorn's.
    """
    address = at.address.removeprefix("http://")
    command = [
        *("--worker-class", "relink.adapters.gunicorn_worker.BoundedWorker", "--bind", address),
        *("--no-control-socket", *options, APPLICATION),
    ]
    environment = at.serve.environment
    return Process(
        "gunicorn", at.logs, command, environment, lambda _: at.is_well(), module="gunicorn"
    )

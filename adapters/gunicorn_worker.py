"""gunicorn's worker, with the bounds of ``relink serve`` on what clients may cost.

::

    gunicorn --worker-class relink.adapters.gunicorn_worker.BoundedWorker \\
        "relink.adapters.asgi:application()"

It needs the packages ``gunicorn`` and ``uvicorn-worker``.
"""

from typing import Any

from gunicorn.config import Config  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from relink.adapters.http.server import server_options


class BoundedWorker(UvicornWorker):  # type: ignore[misc]
    """A worker that serves with :func:`~relink.adapters.http.server.server_options`.

    gunicorn makes it before it forks, so a limit for open files that is too low is an error at the
    start. The arguments are gunicorn's.

    Raises:
        ValueError: the limit for open files is too low to serve.
    """

    def __init__(
        self,
        age: int,
        ppid: int,
        sockets: list[Any],
        app: Any,
        timeout: float,
        cfg: Config,
        log: Any,
    ) -> None:
        self.CONFIG_KWARGS: dict[str, Any] = {
            **UvicornWorker.CONFIG_KWARGS,
            **server_options(tls=cfg.is_ssl),
        }
        super().__init__(age, ppid, sockets, app, timeout, cfg, log)

"""The server's options: what uvicorn is told, so that no client can cost more than its share."""

import asyncio
import logging
import sys
from dataclasses import replace
from typing import Any

from .connections import KEEP_ALIVE, Limits, guarded
from .edge import LONGEST_HEAD

RESERVED_FILES = 128
"""Open files that are kept for everything but clients: the database, Stripe, notifications."""

FEWEST_CONNECTIONS = 32
"""A process that may open fewer files than these connections need does not start."""

TLS_TIMEOUT = 10.0
"""The longest time for a client's TLS handshake (seconds). asyncio's default is 60."""

log = logging.getLogger(__name__)


def server_options(limits: Limits | None = None, *, tls: bool = False) -> dict[str, Any]:
    """Options for ``uvicorn.run`` and ``uvicorn.Config`` that bound what clients may cost.

    Args:
        limits: the bounds; the number of connections is lowered to what the limit for open files
            allows.
        tls: whether the server terminates TLS.

    Raises:
        ValueError: the limit for open files is too low to serve.
    """
    limits = limits or Limits()
    allowed = _allowed(limits.connections)
    if allowed < limits.connections:
        log.warning(
            "the limit for open files allows %d connections in place of %d. Raise it (ulimit -n, "
            "or LimitNOFILE= of systemd) to %d",
            *(allowed, limits.connections, limits.connections + RESERVED_FILES),
        )
        limits = replace(limits, connections=allowed)
    options: dict[str, Any] = {
        "http": guarded(limits),
        "ws": "none",
        "h11_max_incomplete_event_size": LONGEST_HEAD,
        "timeout_keep_alive": KEEP_ALIVE,
    }
    if tls:
        options["loop"] = f"{__name__}:TlsLoop"
    return options


class TlsLoop(asyncio.SelectorEventLoop):
    """The event loop of a server that terminates TLS. uvicorn has no option for the handshake."""

    async def create_server(self, *args: Any, **options: Any) -> Any:
        """Listen, with a bound on TLS handshakes."""
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", TLS_TIMEOUT)
        return await super().create_server(*args, **options)


def _allowed(wanted: int) -> int:
    """How many connections the limit for open files allows, once it is raised as far as it can be.

    Args:
        wanted: how many are enough.

    Raises:
        ValueError: too few to serve.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        raised = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        soft = raised
    allowed = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - RESERVED_FILES)
    if allowed < min(wanted, FEWEST_CONNECTIONS):
        raise ValueError(
            f"the limit for open files is {soft}. Raise it (ulimit -n, or LimitNOFILE= of systemd) "
            f"to {needed}, or at least to {FEWEST_CONNECTIONS + RESERVED_FILES}"
        )
    return allowed

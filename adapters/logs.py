"""Structured logs: one JSON object per line, with the ids that it belongs to.

Code logs with the standard library. Within :func:`correlated` every line carries the given ids,
also in threads that are started there. Only :func:`log_json` needs structlog.

relink logs no bodies, headers or query strings. As a last defence, what looks like a secret of
Stripe's is removed from every line, exceptions and other libraries' lines included.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO

OURS = ("relink", "uvicorn", "uvicorn.error", "procrastinate")
"""Loggers that log at the chosen level. All others log warnings only: below that, HTTP clients log
URLs with their query strings. gunicorn's worker gives ``uvicorn.error`` handlers of its own."""

_IDS: ContextVar[Mapping[str, str]] = ContextVar("relink_ids", default=MappingProxyType({}))

_SECRET = re.compile(
    r"(fcsess_client_secret|whsec|[sr]k(?:_org)?_(?:live|test))_[A-Za-z0-9_.%~+/=-]+"
)


@contextmanager
def correlated(**ids: str) -> Iterator[None]:
    """Add ids to every line that is logged within.

    Args:
        ids: such as ``request_id``, ``event_id``, ``command_id``.
    """
    token = _IDS.set({**_IDS.get(), **ids})
    try:
        yield
    finally:
        _IDS.reset(token)


def log_json(
    level: str = "INFO", stream: TextIO | None = None, hide: Callable[[str], str] = str
) -> None:
    """Write all logs of this process as JSON lines.

    Args:
        level: the lowest level that is written for relink, the server and the job queue.
        stream: where to write; standard error by default.
        hide: removes the secrets of this installation from each line.

    Raises:
        ValueError: the level is unknown.
    """
    import structlog

    chain: list[Any] = [
        _add_ids,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _drop_colours,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
            _hide_secrets,
            lambda _logger, _method, line: hide(str(line)),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(level)
    # It has two lines for each job, and relink's own logs say what became of the command.
    queue = logging.getLogger("procrastinate")
    if queue.level == logging.INFO:
        queue.setLevel(logging.WARNING)
    # Its lines hold query strings, and the application logs requests itself.
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)


Entry = MutableMapping[str, Any]


def _add_ids(_logger: object, _method: str, entry: Entry) -> Entry:
    entry.update(_IDS.get())
    return entry


def _drop_colours(_logger: object, _method: str, entry: Entry) -> Entry:
    """Drop the second copy of each message, which uvicorn makes for terminals in colour."""
    entry.pop("color_message", None)
    return entry


def _hide_secrets(_logger: object, _method: str, line: Any) -> str:
    """Remove what looks like a secret. Nothing should ever match."""
    return _SECRET.sub(r"\1_…", line)

"""Structured logs: one JSON object a line, each with the ids of what it belongs to.

Code logs with the standard library and says with :func:`correlated` what it is about; all
that is logged within carries these ids, in the threads that are started for it too. Only
:func:`log_json` needs structlog.

What is logged is chosen line by line, and is never a body, a header or a query string. Text
from elsewhere (an exception's, a library's) is searched for what looks like a secret of
Stripe's all the same.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO

OURS = ("relink", "uvicorn", "procrastinate")
"""Loggers that are heard from the chosen level on. From all others, only warnings are: at lower
levels HTTP clients and the like log URLs with their queries."""

_IDS: ContextVar[Mapping[str, str]] = ContextVar("relink_ids", default=MappingProxyType({}))

_SECRET = re.compile(
    r"(fcsess_client_secret|whsec|[sr]k(?:_org)?_(?:live|test))_[A-Za-z0-9_.%~+/=-]+"
)


@contextmanager
def correlated(**ids: str) -> Iterator[None]:
    """All that is logged within carries these ids: ``request_id``, ``event_id``, ``command_id``."""
    token = _IDS.set({**_IDS.get(), **ids})
    try:
        yield
    finally:
        _IDS.reset(token)


def log_json(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Write all logs of this process as JSON lines.

    Args:
        level: the lowest that is written of relink, the server and the job queue.
        stream: where to; the standard error output by default.

    Raises:
        ValueError: there is no such level.
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
    # It has the query strings; the application logs requests itself.
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)


Entry = MutableMapping[str, Any]


def _add_ids(_logger: object, _method: str, entry: Entry) -> Entry:
    entry.update(_IDS.get())
    return entry


def _drop_colours(_logger: object, _method: str, entry: Entry) -> Entry:
    """uvicorn says everything twice, for terminals in colour."""
    entry.pop("color_message", None)
    return entry


def _hide_secrets(_logger: object, _method: str, line: Any) -> str:
    """The last line of defence; it is there to have nothing to do."""
    return _SECRET.sub(r"\1_…", line)

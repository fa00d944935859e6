"""Which error is answered with which problem."""

import logging
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from relink.adapters.gateway import GatewayError, PermanentError, RateLimitedError, TransientError
from relink.adapters.service import (
    RelinkRefusedError,
    UnknownAccountError,
    UnknownAuthorizationError,
    UnknownSessionError,
)
from relink.adapters.store import ConcurrentChangeError, SchemaError, StoreUnavailableError
from relink.adapters.stripe import WebhookRefused

from .problems import (
    INVALID,
    MEDIA_TYPE,
    NOTHING_TO_RELINK,
    RETRY_AFTER,
    STRIPE_REFUSED,
    UNAVAILABLE,
    UNKNOWN,
    WEBHOOK_REFUSED,
    Problem,
)

COME_BACK_IN = 5
"""Seconds to wait before a request is repeated, where nobody knows better."""

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def answer(error: Exception) -> JSONResponse | None:
    """The answer to an error; None for one that nobody foresaw."""
    if isinstance(error, HTTPException) and not isinstance(error, Problem):
        return _plain(error)
    problem = _problem(error)
    if problem is None:
        return None
    if problem.status_code in (400, 502, 503):
        # What operators may have to put right: the secret of webhooks, Stripe, the database.
        level = logging.INFO if problem.status_code == 400 else logging.WARNING
        log.log(level, "answered with %d: %s", problem.status_code, error)
    return problem.response()


def _problem(error: Exception) -> Problem | None:
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return invalid(error.errors())
        case WebhookRefused():
            return Problem(WEBHOOK_REFUSED, error.reason)
        case UnknownAccountError():
            return Problem(UNKNOWN, "no account has this id")
        case UnknownAuthorizationError():
            return Problem(UNKNOWN, "no authorization has this id")
        case UnknownSessionError():
            return Problem(UNKNOWN, "no relink session of ours has this id")
        case RelinkRefusedError():
            todo = [action.model_dump() for action in error.assessment.next]
            told, state = error.reason, error.state
            return Problem(NOTHING_TO_RELINK, told, state=state, reason=told, next=todo)
        case RateLimitedError() if error.wait is not None:
            return unavailable(str(error), error.wait)
        case TransientError():
            return unavailable(str(error))
        case PermanentError():
            return Problem(STRIPE_REFUSED, str(error), code=error.code)
        case GatewayError():
            return Problem(STRIPE_REFUSED, str(error), code="unusable_answer")
        case StoreUnavailableError() | SchemaError():
            return unavailable("the database can't be used; nothing was stored")
        case ConcurrentChangeError():
            return unavailable("others keep changing the same; nothing was stored")
    return None


def unavailable(detail: str, wait: float = COME_BACK_IN) -> Problem:
    """It may pass: the request can be repeated in so many seconds."""
    return Problem(UNAVAILABLE, detail, {RETRY_AFTER: str(max(1, ceil(wait)))})


def invalid(faults: Iterable[Mapping[str, Any]]) -> Problem:
    """What pydantic found wrong with a request: where and by which rule, without the values."""
    errors = [
        {"where": _where(fault["loc"]), "rule": fault["msg"].removeprefix("Value error, ")}
        for fault in faults
    ]
    detail = "; ".join(f"{error['where']}: {error['rule']}" for error in errors)
    return Problem(INVALID, detail, errors=errors)


def fault(*where: str, rule: str) -> Problem:
    """One thing that is wrong with a request."""
    return invalid([{"loc": where, "msg": rule}])


def _where(loc: Iterable[object]) -> str:
    """``body.mode``. A name that was sent is repeated only where it can be one."""
    return ".".join(part if _NAME.fullmatch(part := str(name)) else "…" for name in loc)


def _plain(error: HTTPException) -> JSONResponse:
    """An error of HTTP itself, such as a path that leads nowhere."""
    title = HTTPStatus(error.status_code).phrase
    content = {"type": "about:blank", "title": title, "status": error.status_code}
    return JSONResponse(content, error.status_code, error.headers, MEDIA_TYPE)

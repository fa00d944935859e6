"""Maps errors to problems."""

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
    MissingAtStripeError,
    RelinkRefusedError,
    UnknownAccountError,
    UnknownAuthorizationError,
    UnknownSessionError,
)
from relink.adapters.store import (
    ConcurrentChangeError,
    DatabaseFileError,
    SchemaError,
    StoreUnavailableError,
    UnstorableError,
)
from relink.adapters.stripe import WebhookRefused

from .problems import (
    FAILED,
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

DEFAULT_RETRY_AFTER = 5
"""``Retry-After`` in seconds, when Stripe does not ask for another delay."""

log = logging.getLogger(__name__)

_LEVELS = {400: logging.INFO, 500: logging.ERROR}

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def answer(error: Exception) -> JSONResponse | None:
    """Make the response to an error; None for an unexpected one."""
    if isinstance(error, HTTPException) and not isinstance(error, Problem):
        return _plain(error)
    problem = _problem(error)
    if problem is None:
        return None
    if problem.status_code in (400, 500, 502, 503):
        # Operators may have to act: on the webhook secret, on Stripe, on the database.
        level = _LEVELS.get(problem.status_code, logging.WARNING)
        cause = problem.detail if error is problem else getattr(error, "advice", error)
        log.log(level, "answered with %d: %s", problem.status_code, cause)
    return problem.response()


def _problem(error: Exception) -> Problem | None:
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return invalid(error.errors())
        case WebhookRefused():
            return Problem(WEBHOOK_REFUSED, error.reason)
        case MissingAtStripeError():
            return Problem(
                UNKNOWN,
                "Stripe has no account with this id, or its mode (live or test) is not the key's.",
            )
        case UnknownAccountError():
            return Problem(UNKNOWN, "No account has this id. A refresh reads it at Stripe.")
        case UnknownAuthorizationError():
            return Problem(UNKNOWN, "No authorization has this id.")
        case UnknownSessionError():
            return Problem(UNKNOWN, "relink created no session with this id.")
        case RelinkRefusedError():
            return Problem(
                NOTHING_TO_RELINK,
                error.sentence,
                state=error.state,
                reason=error.reason,
                next=[action.model_dump() for action in error.assessment.next],
            )
        case RateLimitedError() if error.wait is not None:
            return unavailable(str(error), error.wait)
        case TransientError():
            return unavailable(str(error))
        case PermanentError():
            return Problem(STRIPE_REFUSED, str(error), code=error.code)
        case GatewayError():
            return Problem(STRIPE_REFUSED, str(error), code="unusable_answer")
        case DatabaseFileError():
            return unavailable(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        case StoreUnavailableError(retry_after=None):
            return Problem(FAILED, f"{error.meaning.treatment.sentence} Nothing was stored.")
        case StoreUnavailableError(retry_after=int(wait)):
            return unavailable(f"{error.meaning.treatment.sentence} Nothing was stored.", wait)
        case SchemaError():
            return unavailable(UNAVAILABLE.detail)
        case UnstorableError():
            return Problem(INVALID, str(error), errors=[])
        case ConcurrentChangeError():
            return unavailable("Other requests keep changing the same account. Nothing was stored.")
    return None


def unavailable(detail: str, wait: float = DEFAULT_RETRY_AFTER) -> Problem:
    """Make a problem that may pass.

    Args:
        detail: what is unavailable, in a sentence.
        wait: when to retry, in seconds from now.
    """
    return Problem(UNAVAILABLE, detail, {RETRY_AFTER: str(max(1, ceil(wait)))})


def invalid(faults: Iterable[Mapping[str, Any]]) -> Problem:
    """Make a problem of pydantic's errors: where and by which rule, without the values."""
    errors = [{"where": _where(found["loc"]), "rule": _rule(found)} for found in faults]
    detail = "; ".join(f"{error['where']}: {error['rule']}" for error in errors)
    return Problem(INVALID, detail, errors=errors)


def fault(*where: str, rule: str) -> Problem:
    """Make a problem of one invalid field.

    Args:
        where: the path of the field, such as ``"body", "mode"``.
        rule: what it must be.
    """
    return invalid([{"loc": where, "msg": rule}])


def _rule(found: Mapping[str, Any]) -> str:
    """The rule that a validator of ours names, or else pydantic's own text."""
    raised = found.get("ctx", {}).get("error")
    return str(raised) if isinstance(raised, ValueError) else str(found["msg"])


def _where(loc: Iterable[object]) -> str:
    """``body.mode``. A name from the request is repeated only if it looks like a name."""
    return ".".join(part if _NAME.fullmatch(part := str(name)) else "…" for name in loc)


def _plain(error: HTTPException) -> JSONResponse:
    """Answer an error of HTTP itself, such as an unknown path."""
    title = HTTPStatus(error.status_code).phrase
    content = {"type": "about:blank", "title": title, "status": error.status_code}
    return JSONResponse(content, error.status_code, error.headers, MEDIA_TYPE)

"""The meaning of a reply: an object with its time, or one of the documented errors.

No part of a reply is taken for granted. A proxy, a fault or a new API release can truncate a body,
drop a header or change a type.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from relink.adapters.stripe import fields

from .errors import (
    GatewayError,
    MalformedAnswerError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from .transport import Call, Reply

LONGEST_WAIT = 24 * 60 * 60.0
"""The longest delay that an answer can impose on a command (seconds)."""

_TEMPORARY = {
    401: "Stripe does not accept the API key",
    408: "Stripe timed out waiting for the request",
    409: "the request conflicts with another one",
    425: "too early",
}
"""4xx statuses after which the same request may succeed later. A wrong API key can be corrected."""

_TEMPORARY_CODES = {
    "financial_connections_account_pending_account_numbers",
    "financial_connections_institution_unavailable",
    "lock_timeout",
}
"""Stripe's error codes after which the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class StripeAnswer:
    """An object from Stripe."""

    object: dict[str, Any] = field(repr=False)
    """The object as Stripe sent it, with its secrets wrapped."""
    as_of: int | None
    """The time of the answer, from its ``Date`` (Unix seconds); None where that is unreadable."""
    request_id: str | None
    """The id of the request that returned it."""


def read(reply: Reply, call: Call) -> StripeAnswer:
    """The object in a reply.

    Raises:
        TransientError, PermanentError: the request failed.
        MalformedAnswerError: the reply holds no JSON object.
    """
    if not is_success(reply):
        raise failure(reply, call)
    found = reply.body.read()
    if found is None:
        raise MalformedAnswerError(
            f"the answer to {_request(call)} is not a JSON object", _id(reply)
        )
    date = _moment(reply.headers.get("date"))
    return StripeAnswer(found, None if date is None else int(date.timestamp()), _id(reply))


def is_success(reply: Reply) -> bool:
    """Whether the request succeeded."""
    return 200 <= reply.status < 300


def failure(reply: Reply, call: Call) -> GatewayError:
    """The error for the reply to a failed request."""
    error = _error(reply)
    what, request = f"{_request(call)} returned {_summary(reply.status, error)}", _id(reply)
    # Rate limits were once a 400 with this code, and the SDK still handles both.
    if reply.status == 429 or error.get("code") == "rate_limit":
        return RateLimitedError(what, request, _wait(reply.headers))
    if reply.status >= 500 or reply.headers.get("stripe-should-retry") == "true":
        return TransientError(what, request)
    if reply.status in _TEMPORARY:
        return TransientError(f"{what}: {_TEMPORARY[reply.status]}", request)
    if error.get("code") in _TEMPORARY_CODES:
        return TransientError(what, request)
    if reply.status >= 400:
        code = error.get("code") or error.get("type") or f"http_{reply.status}"
        return PermanentError(what, request, code)
    return MalformedAnswerError(f"{what}, which is neither a success nor an error", request)


def is_replay(reply: Reply) -> bool:
    """Whether the reply was stored under the idempotency key and is replayed."""
    return reply.headers.get("idempotent-replayed") == "true"


def is_spent_key(reply: Reply, error: GatewayError) -> bool:
    """Whether every further request with this idempotency key gets the same failure.

    Stripe replays the stored answer, and marks it as a replay, so a temporary failure becomes
    permanent under its key. A key that was used with other parameters is refused.
    """
    if is_replay(reply):
        return isinstance(error, TransientError)
    return reply.status == 400 and _error(reply).get("type") == "idempotency_error"


def _request(call: Call) -> str:
    return f"{call.method} {call.path}"


def _id(reply: Reply) -> str | None:
    return fields.identifier(reply.headers.get("request-id"))


def _error(reply: Reply) -> Mapping[str, str]:
    """The parts of an error body that can be shown: type, code and parameter."""
    error = (reply.body.read() or {}).get("error")
    if not isinstance(error, dict):
        return {}
    parts = {key: _code(error.get(key)) for key in ("type", "code", "param")}
    return {key: part for key, part in parts.items() if part}


def _code(raw: object) -> str | None:
    """A value in the form of Stripe's codes and parameters; any other text may quote a secret."""
    if not isinstance(raw, str) or len(raw) > 100:
        return None
    return raw if raw.replace("[", "").replace("]", "").replace("_", "").isalnum() else None


def _summary(status: int, error: Mapping[str, str]) -> str:
    parts = [error[key] for key in ("type", "code") if key in error]
    if "param" in error:
        parts.append(f"parameter {error['param']}")
    return f"{status} ({', '.join(parts)})" if parts else str(status)


def _wait(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds. A date is compared with the answer's own ``Date``."""
    raw = headers.get("retry-after")
    if raw is None:
        return None
    try:
        wait = float(raw)
    except ValueError:
        until, date = _moment(raw), _moment(headers.get("date"))
        if until is None or date is None:
            return None
        wait = (until - date).total_seconds()
    return min(max(wait, 0.0), LONGEST_WAIT) if math.isfinite(wait) else None


@functools.lru_cache(maxsize=256)
def _moment(raw: str | None) -> datetime | None:
    """An HTTP date. Answers within one second share it, so it is cached."""
    try:
        found = parsedate_to_datetime(raw) if raw else None
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found

"""What a reply means: an object and when it was so, or one of the documented errors.

Nothing of a reply is believed to be there: a proxy, a fault or a new release can cut off a
body, drop a header or change a type.
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
"""Seconds. No answer makes a command wait for longer."""

_PASSING = {
    401: "Stripe does not accept the API key",
    408: "Stripe waited too long for the request",
    409: "the request collides with another one, or with itself",
    425: "too early",
}
"""Refusals that are not the command's fault: the same request may succeed later. With a wrong
API key, it will once the key is put right."""

_PASSING_CODES = {
    "financial_connections_account_pending_account_numbers",
    "financial_connections_institution_unavailable",
    "lock_timeout",
}
"""The same, by Stripe's code: the bank has still to answer."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object that Stripe answered with."""

    object: dict[str, Any] = field(repr=False)
    """Its secrets are wrapped; all else is as it came."""
    as_of: int | None
    """When it was so: the answer's ``Date`` (Unix seconds); None without a readable one."""
    request_id: str | None
    """Of the answer that it came in."""


def read(reply: Reply, call: Call) -> Found:
    """The object in a reply.

    Raises:
        TransientError, PermanentError: it is not a success.
        MalformedAnswerError: there is no object in it.
    """
    if not is_success(reply):
        raise failure(reply, call)
    found = reply.body.read()
    if found is None:
        raise MalformedAnswerError(f"{_asked(call)} was answered with no JSON object", _id(reply))
    date = _moment(reply.headers.get("date"))
    return Found(found, None if date is None else int(date.timestamp()), _id(reply))


def is_success(reply: Reply) -> bool:
    """Whether Stripe did what was asked."""
    return 200 <= reply.status < 300


def failure(reply: Reply, call: Call) -> GatewayError:
    """The error that a reply stands for which is not a success."""
    error = _error(reply)
    what, request = f"{_asked(call)} got {_told(reply.status, error)}", _id(reply)
    # Rate limits were once a 400 with this code, and the SDK still expects them so.
    if reply.status == 429 or error.get("code") == "rate_limit":
        return RateLimitedError(what, request, _wait(reply.headers))
    if reply.status >= 500 or reply.headers.get("stripe-should-retry") == "true":
        return TransientError(what, request)
    if reply.status in _PASSING:
        return TransientError(f"{what}: {_PASSING[reply.status]}", request)
    if error.get("code") in _PASSING_CODES:
        return TransientError(what, request)
    if reply.status >= 400:
        code = error.get("code") or error.get("type") or f"http_{reply.status}"
        return PermanentError(what, request, code)
    return MalformedAnswerError(f"{what}, which is neither success nor failure", request)


def is_replay(reply: Reply) -> bool:
    """Whether it is what was stored under the idempotency key."""
    return reply.headers.get("idempotent-replayed") == "true"


def is_spent_key(reply: Reply, error: GatewayError) -> bool:
    """Whether the idempotency key can bring no other answer than this failure.

    What was answered once is stored under the key and replayed, which the answer says: a
    failure that would have passed passes no more. And a key that was used with other
    parameters serves those alone.
    """
    if is_replay(reply):
        return isinstance(error, TransientError)
    return reply.status == 400 and _error(reply).get("type") == "idempotency_error"


def _asked(call: Call) -> str:
    return f"{call.method} {call.path}"


def _id(reply: Reply) -> str | None:
    return fields.identifier(reply.headers.get("request-id"))


def _error(reply: Reply) -> Mapping[str, str]:
    """What of an error body can be shown: kind, code and the parameter at fault."""
    error = (reply.body.read() or {}).get("error")
    if not isinstance(error, dict):
        return {}
    said = {key: _word(error.get(key)) for key in ("type", "code", "param")}
    return {key: report for key, report in said.items() if report}


def _word(raw: object) -> str | None:
    """A name, in the form of Stripe's codes and parameters; anything else could hold a value."""
    if not isinstance(raw, str) or len(raw) > 100:
        return None
    return raw if raw.replace("[", "").replace("]", "").replace("_", "").isalnum() else None


def _told(status: int, error: Mapping[str, str]) -> str:
    words = [error[key] for key in ("type", "code") if key in error]
    if "param" in error:
        words.append(f"parameter {error['param']}")
    return f"{status} ({', '.join(words)})" if words else str(status)


def _wait(headers: Mapping[str, str]) -> float | None:
    """``Retry-After``, in seconds or as a date, which is compared with the answer's own."""
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
    """A time as HTTP gives it. Answers within one second have the same."""
    try:
        found = parsedate_to_datetime(raw) if raw else None
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found

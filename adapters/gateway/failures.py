"""The meaning of a reply that is not a success, and what of it is final (F1).

An operator's fault is never the customer's. So a failure is final only where Stripe's own error
body says so about the object of the command:

- by a code that is about an object, see :data:`FINAL_CODES`;
- without a code, by naming the parameter that holds the object's id, see :data:`OBJECT_PARAMETERS`.

Everything else passes by itself or has to be mended by an operator. That includes codes that are
not known here: Stripe's codes are an open enumeration, and a new one may be about the key.
``resource_missing`` says too little by itself, because a key of another account or mode finds
nothing either: :mod:`.api` makes it final where :mod:`.reach` confirms it.

Rules kept here: F1.
"""

import math
from collections.abc import Mapping

from .errors import (
    GatewayError,
    MalformedAnswerError,
    OperatorError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from .faults import Fault
from .reading import moment, name, request_id
from .transport import Call, Reply

LONGEST_WAIT = 24 * 60 * 60.0
"""The longest delay that an answer can impose on a command (seconds)."""

RESOURCE_MISSING = "resource_missing"
"""Stripe's code for an object that does not exist for this key."""

FINAL_CODES = frozenset(
    {
        "account_closed",
        "account_number_invalid",
        "bank_account_bad_routing_numbers",
        "bank_account_declined",
        "bank_account_exists",
        "bank_account_restricted",
        "bank_account_unusable",
        "bank_account_unverified",
        "bank_account_verification_failed",
        "debit_not_authorized",
        "financial_connections_account_inactive",
        "financial_connections_account_unavailable_account_numbers",
        "payment_method_bank_account_blocked",
        "payment_method_restricted",
        "payment_method_unexpected_state",
        "routing_number_invalid",
        "token_already_used",
    }
)
"""Stripe's error codes that are about a bank account, a payment method or a token: of those that
Stripe's types list, all that a command of relink can meet."""

OBJECT_PARAMETERS = frozenset(
    {
        "customer",
        "customer_account",
        "external_account",
        "relink_options[account]",
        "relink_options[authorization]",
        "us_bank_account[financial_connections_account]",
    }
)
"""The parameters of relink's requests that hold the id of the command's object."""

_TEMPORARY = {
    408: "Stripe timed out waiting for the request",
    409: "the request conflicts with another one",
    425: "too early",
}
"""4xx statuses after which the same request may succeed later."""

_TEMPORARY_CODES = {
    "financial_connections_account_pending_account_numbers",
    "financial_connections_institution_unavailable",
    "lock_timeout",
    "token_in_use",
}
"""Stripe's error codes after which the same request may succeed later."""

_KEY_CODES = {
    "api_key_expired",
    "platform_api_key_expired",
    "secret_key_required",
}

_SIMILAR_OBJECT = "a similar object exists in"
"""Part of Stripe's message about an object of the other mode, which has no code of its own."""


def failure(reply: Reply, call: Call) -> GatewayError:
    """The error for the reply to a failed request. A missing object is never final here."""
    error, what, request = _error(reply), _what(reply, call), request_id(reply)
    # Rate limits were once a 400 with this code, and the SDK still handles both.
    if reply.status == 429 or error.get("code") == "rate_limit":
        return RateLimitedError(what, request, _wait(reply.headers))
    if reply.status >= 500 or reply.headers.get("stripe-should-retry") == "true":
        return TransientError(what, request)
    if reply.status in _TEMPORARY:
        return TransientError(f"{what}: {_TEMPORARY[reply.status]}", request)
    if error.get("code") in _TEMPORARY_CODES:
        return TransientError(what, request)
    if reply.status < 300:
        return MalformedAnswerError(f"{what}, which is neither a success nor an error", request)
    fault = _fault(reply, error)
    if fault is None:
        return PermanentError(what, request, error.get("code", "refused"))
    return fault.error(what, request)


def missing_for_good(reply: Reply, call: Call) -> PermanentError:
    """The error for a missing object where the API key is proved."""
    what = f"{_what(reply, call)}: Stripe has no such object, in this account and mode"
    return PermanentError(what, request_id(reply), RESOURCE_MISSING)


def may_be_missing(reply: Reply, call: Call) -> set[str]:
    """The ids of which one is the missing object: the one that Stripe names, if it names one."""
    named = call.value_of(_error(reply).get("param", ""))
    return call.names if named is None else {named}


def is_refusal(error: GatewayError) -> bool:
    """Whether Stripe refused the request for what is in it. The effect of the request may exist
    already, and be the reason."""
    if isinstance(error, OperatorError):
        return error.code in (Fault.REQUEST, Fault.MISSING)
    return isinstance(error, PermanentError)


def is_replay(reply: Reply) -> bool:
    """Whether the reply was stored under the idempotency key and is replayed."""
    return reply.headers.get("idempotent-replayed") == "true"


def is_spent_key(reply: Reply, error: GatewayError) -> bool:
    """Whether every further request with this idempotency key gets the same failure.

    Stripe replays the stored answer, and marks it as a replay, so a failure that would pass
    becomes permanent under its key. A key that was used with other parameters is refused.
    """
    if is_replay(reply):
        return isinstance(error, TransientError)
    return reply.status == 400 and _error(reply).get("type") == "idempotency_error"


def _fault(reply: Reply, error: Mapping[str, str]) -> Fault | None:
    """What an operator has to mend; None where Stripe's error is about the object."""
    code = error.get("code")
    if "type" not in error or reply.status < 400 or reply.status == 407:
        return Fault.NOT_STRIPE
    if reply.status == 401 or code in _KEY_CODES:
        return Fault.API_KEY
    if reply.status == 403:
        return Fault.PERMISSION
    if code == RESOURCE_MISSING:
        return Fault.OTHER_MODE if _exists_in_other_mode(reply) else Fault.MISSING
    is_final = code in FINAL_CODES if code else error.get("param") in OBJECT_PARAMETERS
    return None if is_final else Fault.REQUEST


def _exists_in_other_mode(reply: Reply) -> bool:
    error = (reply.body.read() or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return isinstance(message, str) and _SIMILAR_OBJECT in message


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


def _what(reply: Reply, call: Call) -> str:
    return f"{name(call)} returned {_summary(reply.status, _error(reply))}"


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
        until, date = moment(raw), moment(headers.get("date"))
        if until is None or date is None:
            return None
        wait = (until - date).total_seconds()
    return min(max(wait, 0.0), LONGEST_WAIT) if math.isfinite(wait) else None

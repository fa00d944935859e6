"""The meaning of a successful reply: an object with its time.

No part of a reply is taken for granted. A proxy, a fault or a new API release can truncate a body,
drop a header or change a type.
"""

import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from relink.adapters.stripe import fields

from .errors import MalformedAnswerError
from .faults import Fault
from .transport import Call, Reply


@dataclass(frozen=True, slots=True)
class StripeAnswer:
    """An object from Stripe."""

    object: dict[str, Any] = field(repr=False)
    """The object as Stripe sent it, with its secrets wrapped."""
    as_of: int | None
    """The time of the answer, from its ``Date`` (Unix seconds); None where that is unreadable."""
    request_id: str | None
    """The id of the request that returned it."""


def is_success(reply: Reply) -> bool:
    """Whether the request succeeded."""
    return 200 <= reply.status < 300


def read(reply: Reply, call: Call) -> StripeAnswer:
    """The object in a successful reply.

    Raises:
        MalformedAnswerError: the reply holds no JSON object.
        OperatorError: nor does it come from Stripe, which marks each answer with a request id.
    """
    found = reply.body.read()
    if found is not None:
        return StripeAnswer(found, answered_at(reply), request_id(reply))
    what = f"the answer to {name(call)} is not a JSON object"
    if request_id(reply) is None:
        raise Fault.NOT_STRIPE.error(what, None)
    raise MalformedAnswerError(what, request_id(reply))


def name(call: Call) -> str:
    """A request as errors name it."""
    return f"{call.method} {call.path}"


def request_id(reply: Reply) -> str | None:
    """The id that Stripe gave the request."""
    return fields.identifier(reply.headers.get("request-id"))


def answered_at(reply: Reply) -> int | None:
    """The ``Date`` of a reply (Unix seconds)."""
    date = moment(reply.headers.get("date"))
    return None if date is None else int(date.timestamp())


@functools.lru_cache(maxsize=256)
def moment(raw: str | None) -> datetime | None:
    """An HTTP date. Answers within one second share it, so it is cached."""
    try:
        found = parsedate_to_datetime(raw) if raw else None
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found

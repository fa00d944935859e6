"""The meaning of a successful reply: an object with its time, a list of them, or a report.

No part of a reply is taken for granted. A proxy, a fault or a new API release can truncate a body,
drop a header or change a type.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from relink.adapters.stripe import Origin, UnreadableObject, fields

from .errors import MalformedAnswerError
from .faults import Fault
from .transport import Call, Reply

PAGE_SIZE = 100
"""The number of objects on a page of a list: Stripe's limit."""

EventFields = dict[str, Any]
"""The fields that all events of an answer share: causation id, time and policy."""


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


def items(page: StripeAnswer, path: str) -> list[StripeAnswer]:
    """The objects on a page of a list, each with the time of the page.

    Args:
        page: the answer to a request for it.
        path: the path of that request, for the error.

    Raises:
        MalformedAnswerError: the answer is not a list of objects.
    """
    found = page.object.get("data")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise MalformedAnswerError(f"the answer to GET {path} is not a list", page.request_id)
    return [replace(page, object=item) for item in found]


def reported(
    reduce: Callable[[dict[str, Any], Origin], Any], found: StripeAnswer, common: EventFields
) -> Any:
    """The report on an object that was read.

    Args:
        reduce: makes it from the object.
        found: the object.
        common: the fields that it shares with other events.

    Raises:
        MalformedAnswerError: the object is of another kind or has no id, or the answer has no time.
    """
    if found.as_of is None:
        raise MalformedAnswerError(
            "the answer to a read has no valid Date header", found.request_id
        )
    try:
        origin = Origin(as_of=found.as_of, read=True, begun_at=common["at"], **common)
        return reduce(found.object, origin)
    except UnreadableObject as error:
        unreadable = str(error)
    raise MalformedAnswerError(f"the answer to a read is invalid: {unreadable}", found.request_id)


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

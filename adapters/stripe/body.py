"""The body of a webhook: a JSON object, parsed strictly and of limited size.

The signature covers the raw bytes. Frameworks hand them over in several types, or as text that they
decoded from UTF-8; all of these are taken. A body that was parsed already is not the one that was
signed, and is refused.
"""

import json
from typing import Any, NoReturn

from .errors import WebhookRefused

LONGEST_BODY = 1024 * 1024
"""The maximum size (bytes). An event about a session with a hundred accounts is much smaller."""


Payload = bytes | bytearray | memoryview | str
"""The types in which frameworks hand over a body."""


def decode(payload: Payload) -> str:
    """The body as text.

    Raises:
        WebhookRefused: it is of another type, too large, or not UTF-8.
    """
    if not isinstance(payload, Payload):
        raise WebhookRefused("the body must be the raw bytes of the request, or its text")
    # A character takes a byte at least.
    size = payload.nbytes if isinstance(payload, memoryview) else len(payload)
    if size > LONGEST_BODY:
        raise WebhookRefused(f"the body is larger than {LONGEST_BODY} bytes")
    text = _decoded(payload)
    if text is None:
        raise WebhookRefused("the body is not UTF-8")
    return text


def parse(body: str) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        WebhookRefused: it is not a JSON object, is nested too deeply, or has NaN or a repeated key.
    """
    parsed = _parsed(body)
    if not isinstance(parsed, dict):
        raise WebhookRefused("the body is not a JSON object")
    return parsed


# Python's errors below hold the payload. They are caught and dropped, so that no chained exception
# shows it.


def _decoded(payload: Payload) -> str | None:
    try:
        if isinstance(payload, str):
            payload.encode()  # fails where it did not come from UTF-8
            return payload
        return bytes(payload).decode()
    except UnicodeError:
        return None


def _parsed(body: str) -> object:
    try:
        return _DECODER.decode(body)
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse repeated keys: parsers disagree about which value counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)

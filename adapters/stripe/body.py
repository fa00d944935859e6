"""The body of a webhook: a JSON object, parsed strictly and of limited size."""

import json
from typing import Any, NoReturn

from .errors import WebhookRefused

LONGEST_BODY = 1024 * 1024
"""The maximum size (bytes). An event about a session with a hundred accounts is much smaller."""


def decode(payload: bytes) -> str:
    """The body as text.

    Raises:
        WebhookRefused: it is too large, or not UTF-8.
    """
    if len(payload) > LONGEST_BODY:
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


def _decoded(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def _parsed(body: str) -> object:
    try:
        return json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
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

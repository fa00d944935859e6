"""The body of a webhook: strict JSON, of a bounded size, an object at the top."""

import json
from typing import Any, NoReturn

from .errors import WebhookRefused

LONGEST_BODY = 1024 * 1024
"""Bytes. An event with a session of a hundred accounts is well below."""


def decode(payload: bytes) -> str:
    """The body as text.

    Raises:
        WebhookRefused: it is too long, or not UTF-8.
    """
    if len(payload) > LONGEST_BODY:
        raise WebhookRefused(f"the body is longer than {LONGEST_BODY} bytes")
    text = _decoded(payload)
    if text is None:
        raise WebhookRefused("the body is not UTF-8")
    return text


def parse(body: str) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        WebhookRefused: it is no JSON object, is nested too deeply, or has NaN or a repeated key.
    """
    found = _parsed(body)
    if not isinstance(found, dict):
        raise WebhookRefused("the body is not a JSON object")
    return found


# The errors that Python raises below hold the payload. They are let go before ours is raised,
# so that it does not lead to them.


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
    """Two readers of a repeated key may take different values; so none may."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)

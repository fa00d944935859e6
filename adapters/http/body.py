"""Request bodies: limited in size, and strict JSON.

Python's parser accepts what the standard and databases do not: NaN, repeated names, numbers of any
size. Refusing it here makes it a 422; further inside it would become a 500.
"""

import json
from math import isfinite
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from .errors import fault
from .problems import TOO_LARGE, Problem

LONGEST_BODY = 64 * 1024
"""Bytes."""

_LARGEST = 2**53
"""Beyond it, JSON parsers disagree on whole numbers."""


async def read(request: Request, longest: int) -> bytes:
    """Read the body of a request.

    Args:
        request: the request.
        longest: the limit in bytes. The rest of a longer body is not read.

    Raises:
        Problem: the body is longer, or the client disconnected.
    """
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > longest:
                raise Problem(TOO_LARGE, f"The body is longer than {longest} bytes.")
            chunks.append(chunk)
    except ClientDisconnect:
        raise fault("body", rule="must be complete") from None
    return b"".join(chunks)


class StrictRequest(Request):
    """A request whose body is limited in size, and strict JSON."""

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            Problem: the body is longer than :data:`LONGEST_BODY`.
        """
        if not hasattr(self, "_body"):
            self._body = await read(self, LONGEST_BODY)
        return self._body

    async def json(self) -> Any:
        """Parse the body.

        Raises:
            Problem: the body is not strict JSON in UTF-8.
        """
        body = await self.body()
        try:
            return json.loads(
                body.decode(),
                object_pairs_hook=_unique,
                parse_constant=_refuse,
                parse_float=_finite,
                parse_int=_bounded,
            )
        except (ValueError, RecursionError):
            pass  # The error quotes the body, so it is not chained.
        rule = "must be JSON in UTF-8, without repeated names, NaN, or numbers beyond 2^53"
        raise fault("body", rule=rule)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated name")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value) or abs(value) > _LARGEST:
        raise ValueError(text)
    return value


def _bounded(text: str) -> int:
    value = int(text)
    if abs(value) > _LARGEST:
        raise ValueError(text)
    return value

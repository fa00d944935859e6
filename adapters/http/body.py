"""Bodies of requests: of a bounded size, and strict JSON.

Python's own JSON is more lenient than the standard and than databases are: it knows NaN, lets
a key be there twice, and numbers have no bounds. What is not accepted here is an error of whoever
sent it, and would otherwise become one of ours.
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
"""Whole numbers beyond it are not the same for all who read JSON."""


async def read(request: Request, longest: int) -> bytes:
    """The body of a request.

    Raises:
        Problem: it is longer than so many bytes (the rest is not read), or broke off.
    """
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > longest:
                raise Problem(TOO_LARGE, f"the body is longer than {longest} bytes")
            chunks.append(chunk)
    except ClientDisconnect:
        raise fault("body", rule="must not break off") from None
    return b"".join(chunks)


class StrictRequest(Request):
    """A request whose body is bounded, and JSON by the letter."""

    async def body(self) -> bytes:
        """The body.

        Raises:
            Problem: it is longer than :data:`LONGEST_BODY`.
        """
        if not hasattr(self, "_body"):
            self._body = await read(self, LONGEST_BODY)
        return self._body

    async def json(self) -> Any:
        """What is in the body.

        Raises:
            Problem: it is not JSON in UTF-8, or has what JSON leaves open.
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
            pass  # It quotes the body.
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

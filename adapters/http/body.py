"""Request bodies: limited in size, time and memory, and strict JSON.

The memory of unfinished bodies is bounded without keeping out small ones: the first
:data:`SMALL_BODY` bytes of each are bounded by the number of connections, and everything beyond
them, in all bodies together, by :data:`LARGE_BODIES`. Stripe's webhooks are small, so large ones
that do not end cannot keep them out.

Python's parser accepts what the standard and databases do not: NaN, repeated names, numbers of any
size or depth. Refusing it here makes it a 422; further inside it would become a 500.
"""

import asyncio
import json
from math import isfinite
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from .errors import fault, unavailable
from .problems import TOO_LARGE, TOO_SLOW, Problem

LONGEST_BODY = 64 * 1024
"""Bytes of a body of the API. Webhooks may be longer."""

BODY_TIMEOUT = 10.0
"""The longest time for a body to arrive (seconds)."""

SMALL_BODY = 64 * 1024
"""Bytes of each body that do not count as large."""

LARGE_BODIES = 16 * 1024 * 1024
"""Bytes beyond :data:`SMALL_BODY` that all bodies that have not been handled may hold together."""

DEEPEST = 32
"""How many objects and lists may be nested in each other."""

_LARGEST = 2**53
"""Beyond it, JSON parsers disagree on whole numbers."""


class Memory:
    """What large bodies may hold together.

    Args:
        limit: bytes beyond :data:`SMALL_BODY`.
    """

    def __init__(self, limit: int = LARGE_BODIES) -> None:
        self._limit = limit
        self._held = 0

    async def read(self, request: Request, longest: int) -> bytes:
        """Read the body of a request. Call :meth:`release` once it is handled.

        Args:
            request: the request.
            longest: the limit in bytes. The rest of a longer body is not read.

        Raises:
            Problem: the body is longer, takes too long, or finds no memory; or the client
                disconnected.
        """
        chunks, size, held, is_whole = [], 0, 0, False
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > longest:
                        raise Problem(TOO_LARGE, f"The body is longer than {longest} bytes.")
                    more = max(0, size - SMALL_BODY) - held
                    if self._held + more > self._limit:
                        raise unavailable("Too many large bodies are arriving at once.")
                    held, self._held = held + more, self._held + more
                    chunks.append(chunk)
            is_whole = True
            return b"".join(chunks)
        except TimeoutError:
            detail = f"The body took longer than {BODY_TIMEOUT:g} seconds."
            raise Problem(TOO_SLOW, detail) from None
        except ClientDisconnect:
            raise fault("body", rule="must be complete") from None
        finally:
            if not is_whole:
                self._held -= held

    def release(self, body: bytes) -> None:
        """Free the memory of a body that was read."""
        self._held -= max(0, len(body) - SMALL_BODY)


async def read(request: Request, longest: int) -> bytes:
    """Read the body of a request whose limit is at most :data:`SMALL_BODY`.

    Args:
        request: the request.
        longest: the limit in bytes. The rest of a longer body is not read.

    Raises:
        Problem: the body is longer, takes too long, or the client disconnected.
    """
    return await Memory(0).read(request, min(longest, SMALL_BODY))


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
            found = json.loads(
                body.decode(),
                object_pairs_hook=_unique,
                parse_constant=_refuse,
                parse_float=_finite,
                parse_int=_bounded,
            )
        except (ValueError, RecursionError):
            found = _UNREADABLE  # The error quotes the body, so it is not chained.
        if found is _UNREADABLE:
            rule = "must be JSON in UTF-8, without repeated names, NaN, or numbers beyond 2^53"
            raise fault("body", rule=rule)
        if _is_deeper(found, DEEPEST):
            raise fault("body", rule=f"must not be nested more than {DEEPEST} deep")
        return found


_UNREADABLE = object()


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether more objects and lists are nested in each other, the value included."""
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, (dict, list)) for inner in level)


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

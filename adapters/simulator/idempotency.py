"""Idempotency keys: a POST with a key runs once, and its first answer is replayed.

Answers are stored for 24 hours, a 500 too. A request that did not reach its endpoint (invalid
parameters, a rate limit) stores nothing. The same key with other parameters is an error, and so is
a key whose request is still running.
"""

from dataclasses import dataclass
from typing import Any

from .errors import ApiError

STORED_FOR = 24 * 3600
"""Seconds."""
LONGEST = 255


@dataclass(slots=True)
class Stored:
    """The first answer for a key."""

    request: tuple[str, dict[str, Any]]
    """Path and parameters."""
    at: float
    busy_until: float
    request_id: str
    status: int
    body: bytes
    headers: dict[str, str]


class IdempotencyKeys:
    """The keys of the last 24 hours. Each connected account has keys of its own."""

    def __init__(self) -> None:
        self._stored: dict[tuple[str | None, str], Stored] = {}

    def find(
        self, owner: str | None, key: str, request: tuple[str, dict[str, Any]], now: float
    ) -> Stored | None:
        """The answer to replay; None for a new key.

        Raises:
            ApiError: the key is too long, was used for another request, or is in use.
        """
        if len(key) > LONGEST:
            raise ApiError(
                f"Idempotency keys can be up to {LONGEST} characters long.",
                kind="idempotency_error",
            )
        stored = self._stored.get((owner, key))
        if stored is None or stored.at + STORED_FOR <= now:
            return None
        if stored.request != request:
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters that "
                f"they were first used with; '{key}' was used for another request.",
                kind="idempotency_error",
            )
        if now < stored.busy_until:
            raise ApiError(
                f"Another request with the key '{key}' is still in progress. Try again later.",
                status=409,
                kind="idempotency_error",
                code="idempotency_key_in_use",
                headers={"stripe-should-retry": "true"},
            )
        return stored

    def store(self, owner: str | None, key: str, stored: Stored) -> None:
        """Store the first answer for a key."""
        self._stored[owner, key] = stored

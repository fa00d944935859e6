"""All requests to the simulator, and all effects.

A test can assert that exactly one payment method was created, however often it was requested:
``ledger.count("payment_method.created") == 1``. Entries are in order, with the simulator's time.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and its answer."""

    at: float
    request_id: str
    method: str
    path: str
    query: bytes
    body: bytes
    """The bytes as received."""
    version: str | None
    """The header ``Stripe-Version``."""
    account: str | None
    """The header ``Stripe-Account``."""
    idempotency_key: str | None
    status: int | None
    """The status of the answer; None when no answer came."""
    replayed: bool
    """Whether the answer was replayed for an idempotency key."""
    fault: str | None
    """The fault of the request, if any."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A change, such as ``payment_method.created``."""

    at: float
    kind: str
    subject: str
    """The id of the object that changed."""
    request_id: str | None
    """The request that caused it; None for banks and customers."""


class Ledger:
    """All entries, in order."""

    def __init__(self) -> None:
        self.entries: list[Asked | Effect] = []

    def requests(self, method: str | None = None, path: str | None = None) -> list[Asked]:
        """The requests with a method, to paths with a prefix."""
        return [
            entry
            for entry in self.entries
            if isinstance(entry, Asked)
            and method in (None, entry.method)
            and entry.path.startswith(path or "")
        ]

    def effects(self, kind: str | None = None, subject: str | None = None) -> list[Effect]:
        """The effects of one kind, on one object."""
        return [
            entry
            for entry in self.entries
            if isinstance(entry, Effect)
            and kind in (None, entry.kind)
            and subject in (None, entry.subject)
        ]

    def count(self, kind: str, subject: str | None = None) -> int:
        """The number of effects of one kind."""
        return len(self.effects(kind, subject))

    def __iter__(self) -> Iterator[Asked | Effect]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

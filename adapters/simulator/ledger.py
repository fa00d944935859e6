"""Everything that was asked of the simulator, and everything that came of it.

A test can say "exactly one payment method was made": ``ledger.count("payment_method.created")``,
whatever was asked how often. Entries are kept in order, with the simulator's time.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and how it was answered."""

    at: float
    request_id: str
    method: str
    path: str
    query: bytes
    body: bytes
    """As they arrived."""
    version: str | None
    """``Stripe-Version``, as sent."""
    account: str | None
    """``Stripe-Account``, as sent."""
    idempotency_key: str | None
    status: int | None
    """Of the answer; None when none came."""
    replayed: bool
    """Whether it was the stored result of an idempotency key."""
    fault: str | None
    """The fault that was injected."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that changed, such as ``payment_method.created``."""

    at: float
    kind: str
    subject: str
    """The id of what changed."""
    request_id: str | None
    """The request that did it; None for the bank and the customer."""


class Ledger:
    """All entries, in order."""

    def __init__(self) -> None:
        self.entries: list[Asked | Effect] = []

    def requests(self, method: str | None = None, path: str | None = None) -> list[Asked]:
        """The requests, of one method and of paths that begin so."""
        return [
            entry
            for entry in self.entries
            if isinstance(entry, Asked)
            and method in (None, entry.method)
            and entry.path.startswith(path or "")
        ]

    def effects(self, kind: str | None = None, subject: str | None = None) -> list[Effect]:
        """The effects, of one kind and on one object."""
        return [
            entry
            for entry in self.entries
            if isinstance(entry, Effect)
            and kind in (None, entry.kind)
            and subject in (None, entry.subject)
        ]

    def count(self, kind: str, subject: str | None = None) -> int:
        """How often this happened."""
        return len(self.effects(kind, subject))

    def __iter__(self) -> Iterator[Asked | Effect]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

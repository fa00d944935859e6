"""What goes wrong between Stripe and its callers: by seed and rate, or on demand.

``Faults`` gives a probability for each kind. Webhooks and requests draw from two streams of
their own, so that the world itself is the same whatever goes wrong around it. For a single
test, :meth:`FaultSource.inject` lets one fault happen to the next request that fits.
"""

from collections import deque
from dataclasses import dataclass, fields
from enum import StrEnum
from random import Random
from typing import Self


class ApiFault(StrEnum):
    """What can happen to a request."""

    RATE_LIMITED = "rate_limited"
    """429, without saying how long to wait."""
    RATE_LIMITED_WITH_WAIT = "rate_limited_with_wait"
    """429 with ``Retry-After``."""
    ERROR_BEFORE = "error_before"
    """500, and nothing was done."""
    ERROR_AFTER = "error_after"
    """500, although it was done."""
    TIMEOUT_BEFORE = "timeout_before"
    """No answer; it never arrived."""
    TIMEOUT_AFTER = "timeout_after"
    """No answer; it was done."""
    SLOW = "slow"
    """The right answer, late."""
    TRUNCATED = "truncated"
    """The right answer, cut off in the middle."""


@dataclass(frozen=True)
class Faults:
    """The probability of each fault, from 0 to 1. By default nothing goes wrong."""

    duplicate: float = 0.0
    """Of a webhook: it comes twice."""
    reorder: float = 0.0
    """Of a webhook: up to a minute late, so that later ones overtake it."""
    delay: float = 0.0
    """Of a webhook: hours or days late, as after failed attempts."""
    lose: float = 0.0
    """Of a webhook: it never comes."""

    rate_limited: float = 0.0
    rate_limited_with_wait: float = 0.0
    error_before: float = 0.0
    error_after: float = 0.0
    timeout_before: float = 0.0
    timeout_after: float = 0.0
    slow: float = 0.0
    truncated: float = 0.0

    patience: float = 30.0
    """How long a caller waits for an answer that does not come (seconds)."""

    def __post_init__(self) -> None:
        for name in (*(f.name for f in fields(self) if f.name != "patience"),):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a probability, got {getattr(self, name)}")
        if sum(self.of_requests().values()) > 1:
            raise ValueError("the probabilities of what can happen to a request exceed 1")
        if self.patience <= 0:
            raise ValueError(f"patience must be positive, got {self.patience}")

    @classmethod
    def everywhere(cls, rate: float) -> Self:
        """Every fault at one rate; a request can have only one, so at most 0.125."""
        return cls(**{f.name: rate for f in fields(cls) if f.name != "patience"})

    def of_requests(self) -> dict[ApiFault, float]:
        """The probabilities of what can happen to a request."""
        return {fault: getattr(self, fault.value) for fault in ApiFault}


@dataclass(slots=True)
class _Injected:
    fault: ApiFault
    method: str | None
    path: str
    times: int


class FaultSource:
    """Draws the faults."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._of_webhooks = Random(f"webhooks {seed}")
        self._of_requests = Random(f"requests {seed}")
        self._injected: deque[_Injected] = deque()
        self.faults = faults

    @property
    def faults(self) -> Faults:
        """The rates; they can be changed at any time."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._steps = [(f, rate) for f, rate in faults.of_requests().items() if rate]

    def inject(
        self, fault: ApiFault | str, *, method: str | None = None, path: str = "", times: int = 1
    ) -> None:
        """Let a fault happen to the next requests of this method to paths that begin so.

        Raises:
            ValueError: there is no such fault, or ``times`` is below 1.
        """
        if times < 1:
            raise ValueError(f"a fault happens at least once, got times={times}")
        self._injected.append(_Injected(ApiFault(fault), method, path, times))

    def of_request(self, method: str, path: str) -> ApiFault | None:
        """What happens to this request; mostly nothing."""
        for item in self._injected:
            if item.method in (None, method) and path.startswith(item.path):
                item.times -= 1
                if not item.times:
                    self._injected.remove(item)
                return item.fault
        if not self._steps:
            return None
        drawn = self._of_requests.random()
        for fault, rate in self._steps:
            if drawn < rate:
                return fault
            drawn -= rate
        return None

    def wait(self) -> int:
        """What a 429 asks for (seconds)."""
        return self._of_requests.randint(1, 10)

    def slowness(self) -> float:
        """How long a slow answer takes (seconds); less than callers wait."""
        return self._of_requests.uniform(0.1, 0.9) * self._faults.patience

    def still_busy(self) -> float:
        """How long a request goes on after its caller gave up (seconds)."""
        return self._of_requests.uniform(0.0, 3.0)

    def of_webhook(self) -> list[float]:
        """How late each copy of a webhook comes (seconds); none when it is lost."""
        faults, draw = self._faults, self._of_webhooks
        if faults.lose and draw.random() < faults.lose:
            return []
        copies = 2 if faults.duplicate and draw.random() < faults.duplicate else 1
        return [self._lateness(copy) for copy in range(copies)]

    def _lateness(self, copy: int) -> float:
        faults, draw = self._faults, self._of_webhooks
        late = draw.uniform(0, 600) if copy else 0.0
        if faults.reorder and draw.random() < faults.reorder:
            late += draw.uniform(0, 60)
        if faults.delay and draw.random() < faults.delay:
            late += draw.uniform(3600, 2 * 86400)
        return late

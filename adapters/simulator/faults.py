"""Faults between Stripe and its callers: random by seed and rate, or on demand.

``Faults`` has a probability for each fault of Stripe. Webhooks and requests draw from two random
streams of their own, so faults do not change the ids and secrets of the simulated world.
:meth:`FaultSource.inject` adds a fault to the next matching requests, or to all until further
notice; only so does the caller's own installation go wrong.
"""

from collections import deque
from dataclasses import dataclass, fields
from enum import StrEnum
from random import Random
from typing import Self


class ApiFault(StrEnum):
    """A fault of a request."""

    RATE_LIMITED = "rate_limited"
    """429 without ``Retry-After``."""
    RATE_LIMITED_WITH_WAIT = "rate_limited_with_wait"
    """429 with ``Retry-After``."""
    ERROR_BEFORE = "error_before"
    """500, and the request had no effect."""
    ERROR_AFTER = "error_after"
    """500, although the request took effect."""
    TIMEOUT_BEFORE = "timeout_before"
    """No answer, and the request had no effect."""
    TIMEOUT_AFTER = "timeout_after"
    """No answer, although the request took effect."""
    SLOW = "slow"
    """The correct answer, late."""
    TRUNCATED = "truncated"
    """The correct answer, truncated."""


class SetupFault(StrEnum):
    """A fault of the caller's installation. It lasts until somebody corrects it, and says nothing
    about the object of the request. :class:`.keys.Keys` has those of API keys."""

    PROXY_FORBIDS = "proxy_forbids"
    """A proxy answers 403 with a page."""
    PROXY_NEEDS_LOGIN = "proxy_needs_login"
    """A proxy answers 407 with a page."""
    VERSION_NOT_OPEN = "version_not_open"
    """Stripe answers 400 without a code: the Stripe account may not use the API version."""


Fault = ApiFault | SetupFault


def fault_named(name: str) -> Fault:
    """The fault with a name.

    Raises:
        ValueError: there is none.
    """
    for kind in (ApiFault, SetupFault):
        if name in [fault.value for fault in kind]:
            return kind(name)
    names = ", ".join([*ApiFault, *SetupFault])
    raise ValueError(f"fault must be one of {names}, got {name!r}")


@dataclass(frozen=True)
class Faults:
    """The probability of each fault, from 0 to 1. By default there are no faults."""

    duplicate: float = 0.0
    """A webhook is delivered twice."""
    reorder: float = 0.0
    """A webhook is up to a minute late, so that later ones overtake it."""
    delay: float = 0.0
    """A webhook is hours or days late, as after failed deliveries."""
    lose: float = 0.0
    """A webhook is never delivered."""

    rate_limited: float = 0.0
    rate_limited_with_wait: float = 0.0
    error_before: float = 0.0
    error_after: float = 0.0
    timeout_before: float = 0.0
    timeout_after: float = 0.0
    slow: float = 0.0
    truncated: float = 0.0

    caller_timeout: float = 30.0
    """How long a caller waits for an answer that does not come (seconds)."""

    def __post_init__(self) -> None:
        for name in (*(f.name for f in fields(self) if f.name != "caller_timeout"),):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a probability, got {getattr(self, name)}")
        if sum(self.of_requests().values()) > 1:
            raise ValueError("the probabilities of all request faults must not exceed 1 together")
        if self.caller_timeout <= 0:
            raise ValueError(f"caller_timeout must be positive, got {self.caller_timeout}")

    @classmethod
    def everywhere(cls, rate: float) -> Self:
        """All faults at one rate: at most 0.125, since a request can have only one fault."""
        return cls(**{f.name: rate for f in fields(cls) if f.name != "caller_timeout"})

    def of_requests(self) -> dict[ApiFault, float]:
        """The probabilities of the request faults."""
        return {fault: getattr(self, fault.value) for fault in ApiFault}


@dataclass(slots=True)
class _Injected:
    fault: Fault
    method: str | None
    path: str
    times: int | None


class FaultSource:
    """Decides which faults occur."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._of_webhooks = Random(f"webhooks {seed}")
        self._of_requests = Random(f"requests {seed}")
        self._injected: deque[_Injected] = deque()
        self.faults = faults

    @property
    def faults(self) -> Faults:
        """The rates. They can be changed at any time."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._steps = [(f, rate) for f, rate in faults.of_requests().items() if rate]

    def inject(
        self,
        fault: Fault | str,
        *,
        method: str | None = None,
        path: str = "",
        times: int | None = 1,
    ) -> None:
        """Add a fault to matching requests.

        Args:
            fault: the fault.
            method: the HTTP method to match; None matches all.
            path: the prefix of the paths to match.
            times: the number of requests; None: all, until :meth:`clear`.

        Raises:
            ValueError: there is no such fault, or ``times`` is below 1.
        """
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, got {times}")
        self._injected.append(_Injected(fault_named(fault), method, path, times))

    def clear(self) -> None:
        """Remove all faults that were added. The rates stay."""
        self._injected.clear()

    def of_request(self, method: str, path: str) -> Fault | None:
        """The fault of a request; None for most."""
        for item in self._injected:
            if item.method in (None, method) and path.startswith(item.path):
                if item.times is not None:
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
        """The ``Retry-After`` of a 429 (seconds)."""
        return self._of_requests.randint(1, 10)

    def slow_for(self) -> float:
        """The duration of a slow answer (seconds), shorter than callers wait."""
        return self._of_requests.uniform(0.1, 0.9) * self._faults.caller_timeout

    def busy_for(self) -> float:
        """How long a request keeps running after its caller gave up (seconds)."""
        return self._of_requests.uniform(0.0, 3.0)

    def of_webhook(self) -> list[float]:
        """The delay of each copy of a webhook (seconds); empty when it is lost."""
        faults, draw = self._faults, self._of_webhooks
        if faults.lose and draw.random() < faults.lose:
            return []
        copies = 2 if faults.duplicate and draw.random() < faults.duplicate else 1
        return [self._delay(copy) for copy in range(copies)]

    def _delay(self, copy: int) -> float:
        faults, draw = self._faults, self._of_webhooks
        late = draw.uniform(0, 600) if copy else 0.0
        if faults.reorder and draw.random() < faults.reorder:
            late += draw.uniform(0, 60)
        if faults.delay and draw.random() < faults.delay:
            late += draw.uniform(3600, 2 * 86400)
        return late

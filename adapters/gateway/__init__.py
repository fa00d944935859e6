"""Gateways: commands go to Stripe, and the answers come back as events.

:class:`Gateway` is the protocol, and :func:`load_gateway` makes a gateway by its name. Gateways
that need the extra ``stripe`` are not imported here: :mod:`.live`, :mod:`.sdk` and
:mod:`.in_process`.
"""

from .deadline import Deadline, time_left
from .dry_run import DryRunGateway, Recorded
from .errors import (
    GatewayConfigurationError,
    GatewayError,
    HeldBackError,
    MalformedAnswerError,
    OperatorError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from .faults import Fault
from .listing import AccountLister, AccountListing, AccountPage
from .protocol import Answer, Attempt, Gateway, WatchCommand
from .rate_limiter import (
    LIVE_RATE,
    TEST_RATE,
    LocalRateLimits,
    RateLimitedTransport,
    RateLimiter,
    RateLimiters,
)
from .registry import gateway_names, load_gateway
from .secret import ApiKey, ClientSecret, HostedUrl
from .settings import GatewaySettings

__all__ = [
    "LIVE_RATE",
    "TEST_RATE",
    "AccountLister",
    "AccountListing",
    "AccountPage",
    "Answer",
    "ApiKey",
    "Attempt",
    "ClientSecret",
    "Deadline",
    "DryRunGateway",
    "Fault",
    "Gateway",
    "GatewayConfigurationError",
    "GatewayError",
    "GatewaySettings",
    "HeldBackError",
    "HostedUrl",
    "LocalRateLimits",
    "MalformedAnswerError",
    "OperatorError",
    "PermanentError",
    "RateLimitedError",
    "RateLimitedTransport",
    "RateLimiter",
    "RateLimiters",
    "Recorded",
    "TransientError",
    "WatchCommand",
    "gateway_names",
    "load_gateway",
    "time_left",
]

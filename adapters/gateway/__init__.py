"""The gateway: what relink asks of Stripe, and how the answers come back as events.

:class:`Gateway` is the one protocol; :func:`load_gateway` makes one by its name. The gateways
themselves stand in modules of their own, since they need extras: :mod:`.live` and :mod:`.sdk`
the extra ``stripe``, :mod:`.in_process` too.
"""

from .dry_run import DryRunGateway, Recorded
from .errors import (
    GatewayConfigurationError,
    GatewayError,
    MalformedAnswerError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from .protocol import Answer, Attempt, Gateway
from .registry import gateway_names, load_gateway
from .secret import ApiKey, ClientSecret, HostedUrl
from .settings import GatewaySettings

__all__ = [
    "Answer",
    "ApiKey",
    "Attempt",
    "ClientSecret",
    "DryRunGateway",
    "Gateway",
    "GatewayConfigurationError",
    "GatewayError",
    "GatewaySettings",
    "HostedUrl",
    "MalformedAnswerError",
    "PermanentError",
    "RateLimitedError",
    "Recorded",
    "TransientError",
    "gateway_names",
    "load_gateway",
]

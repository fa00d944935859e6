"""The gateways that relink registers itself.

Each one imports its dependencies when it is made, so that it works without the extras of another.
"""

from relink.adapters.extras import needed_for

from .dry_run import DryRunGateway
from .errors import GatewayConfigurationError
from .protocol import Gateway
from .rate_limiter import RateLimitedTransport
from .settings import GatewaySettings
from .transport import Transport


def stripe(settings: GatewaySettings) -> Gateway:
    """The gateway to Stripe, or to a server with Stripe's protocol, over Stripe's SDK.

    Raises:
        GatewayConfigurationError: no API key is set.
    """
    if settings.api_key is None:
        raise GatewayConfigurationError(
            "STRIPE_API_KEY is not set. Set it to a secret or restricted key: "
            "the gateway 'stripe' needs one"
        )
    with needed_for("the gateway 'stripe'", "stripe"):
        from .live import StripeGateway
        from .sdk import SdkTransport

    transport: Transport = SdkTransport(
        settings.api_key,
        settings.api_base,
        settings.api_version,
        timeout=settings.timeout,
    )
    if settings.rate_limiter is not None:
        transport = RateLimitedTransport(transport, settings.rate_limiter)
    return StripeGateway(transport, settings.reach)


def simulator(settings: GatewaySettings) -> Gateway:
    """A gateway with a new simulator in this process, reached as ``gateway.simulator``."""
    from .in_process import SimulatorGateway

    return SimulatorGateway(api_version=settings.api_version)


def dry_run(settings: GatewaySettings) -> Gateway:
    """A gateway that calls nothing, and records the commands."""
    return DryRunGateway()

"""relink's own gateways, as they are registered.

Each imports what it needs when it is made, so that one works without the extras of another.
"""

from .dry_run import DryRunGateway
from .errors import GatewayConfigurationError
from .protocol import Gateway
from .settings import GatewaySettings


def stripe(settings: GatewaySettings) -> Gateway:
    """Stripe itself, or a server that stands in for it, with Stripe's SDK."""
    if settings.api_key is None:
        raise GatewayConfigurationError("the gateway 'stripe' needs STRIPE_API_KEY")
    from .live import StripeGateway
    from .sdk import SdkTransport

    return StripeGateway(SdkTransport(settings.api_key, settings.api_base, settings.api_version))


def simulator(settings: GatewaySettings) -> Gateway:
    """A simulator of its own in this process; ``gateway.simulator`` is the way to its bank."""
    from .in_process import SimulatorGateway

    return SimulatorGateway(api_version=settings.api_version)


def dry_run(settings: GatewaySettings) -> Gateway:
    """Nothing at all: it records what would be done."""
    return DryRunGateway()

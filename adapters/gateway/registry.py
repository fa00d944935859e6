"""Gateways by name: relink's own, and those that other distributions register.

A gateway is registered as an entry point of the group ``relink.gateways``: a function of
:class:`~relink.adapters.gateway.settings.GatewaySettings` that returns a
:class:`~relink.adapters.gateway.protocol.Gateway`. relink's own are registered the same way.
"""

from importlib.metadata import EntryPoint, entry_points

from .errors import GatewayConfigurationError
from .protocol import Gateway
from .settings import GatewaySettings

GROUP = "relink.gateways"


def gateway_names() -> list[str]:
    """The names of all registered gateways, in alphabetical order."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def load_gateway(name: str, settings: GatewaySettings) -> Gateway:
    """Make the gateway that is registered under this name.

    Args:
        name: such as ``stripe``, ``simulator`` or ``dry-run``.
        settings: what it is made from.

    Raises:
        GatewayConfigurationError: there is none of this name or more than one, a package that
            it needs is not installed, the settings lack something, or it makes no gateway.
    """
    point = _registered(name)
    try:
        gateway = point.load()(settings)
    except (ImportError, AttributeError) as error:
        raise GatewayConfigurationError(
            f"gateway {name!r} can't be made by {point.value}: {error}"
        ) from error
    if not isinstance(gateway, Gateway):
        raise GatewayConfigurationError(
            f"{point.value}, registered as gateway {name!r}, made no gateway but a "
            f"{type(gateway).__name__}"
        )
    return gateway


def _registered(name: str) -> EntryPoint:
    # The same entry point can be seen twice, where a distribution is on the path twice.
    points = {point.value: point for point in entry_points(group=GROUP, name=name)}
    if not points:
        known = ", ".join(gateway_names()) or "none"
        raise GatewayConfigurationError(f"no gateway is named {name!r}; there are: {known}")
    if len(points) > 1:
        raise GatewayConfigurationError(
            f"more than one gateway is named {name!r}: {', '.join(sorted(points))}"
        )
    return next(iter(points.values()))

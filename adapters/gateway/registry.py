"""Gateways by name: relink's own, and those of other distributions.

A gateway is registered as an entry point in the group ``relink.gateways``: a function that takes
:class:`~relink.adapters.gateway.settings.GatewaySettings` and returns a
:class:`~relink.adapters.gateway.protocol.Gateway`. relink registers its own in the same way.
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
    """Make the gateway that is registered under a name.

    Args:
        name: such as ``stripe``, ``simulator`` or ``dry-run``.
        settings: the settings for the gateway.

    Raises:
        GatewayConfigurationError: no gateway or more than one has this name, a package that it
            needs is not installed, a setting is missing, or the entry point returns no gateway.
    """
    point = _registered(name)
    try:
        gateway = point.load()(settings)
    except (ImportError, AttributeError) as error:
        raise GatewayConfigurationError(
            f"gateway {name!r} ({point.value}) could not be loaded: {error}"
        ) from error
    if not isinstance(gateway, Gateway):
        raise GatewayConfigurationError(
            f"gateway {name!r} ({point.value}) must return an object with a method perform(), "
            f"got {type(gateway).__name__}"
        )
    return gateway


def _registered(name: str) -> EntryPoint:
    # An entry point appears twice where its distribution is on the path twice.
    points = {point.value: point for point in entry_points(group=GROUP, name=name)}
    if not points:
        known = ", ".join(gateway_names()) or "none"
        raise GatewayConfigurationError(
            f"no gateway is registered as {name!r}; registered gateways: {known}"
        )
    if len(points) > 1:
        raise GatewayConfigurationError(
            f"several gateways are registered as {name!r}: {', '.join(sorted(points))}. "
            "Uninstall all but one"
        )
    return next(iter(points.values()))

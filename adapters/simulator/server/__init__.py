"""The simulator over HTTP: Stripe's API, webhooks, the pages of StripeBank, and a control API."""

from relink.adapters.extras import needed_for

with needed_for("relink.adapters.simulator.server", "simulator"):
    from .hosts import OwnHosts
    from .serving import SimulatorServer

__all__ = ["OwnHosts", "SimulatorServer"]

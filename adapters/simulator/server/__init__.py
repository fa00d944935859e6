"""The simulator over HTTP: Stripe's API, webhooks, StripeBank for people, and a control API."""

from .serving import SimulatorServer

__all__ = ["SimulatorServer"]

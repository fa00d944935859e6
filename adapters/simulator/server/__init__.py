"""The simulator over HTTP: Stripe's API, webhooks, the pages of StripeBank, and a control API."""

from .serving import SimulatorServer

__all__ = ["SimulatorServer"]

"""The demo: customers whose bank links break, played against a simulated Stripe."""

from .play import Played, play
from .summary import summary

__all__ = ["Played", "play", "summary"]

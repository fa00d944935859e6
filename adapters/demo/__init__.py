"""The demo: customers whose bank links break, each in one of the situations that relink handles."""

from .play import play

__all__ = ["play"]

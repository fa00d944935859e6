"""The demo: a cast of customers, each in one of the situations that links get into."""

from .play import play

__all__ = ["play"]

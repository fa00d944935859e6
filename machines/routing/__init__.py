"""Routing of outside events to the machines. Begin with :mod:`.route`."""

from .route import route

__all__ = ["route"]

"""Routing of outside events to the machines. Begin with :mod:`.route`."""

from .route import route
from .routed import ROUTED

__all__ = ["ROUTED", "route"]

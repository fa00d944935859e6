"""The authorization machine. Begin with :mod:`.chart`; it says where to read on."""

from .chart import AuthorizationChart
from .facts import AuthorizationFacts

__all__ = ["AuthorizationChart", "AuthorizationFacts"]

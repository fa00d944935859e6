"""The account machine. Begin with :mod:`.chart`; it says where to read on."""

from .chart import AccountChart
from .facts import AccountFacts

__all__ = ["AccountChart", "AccountFacts"]

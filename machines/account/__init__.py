"""The account machine, in reading order: ``chart``, ``guards``, ``facts``, ``effects``, ``outgoing``."""

from .chart import AccountChart
from .facts import AccountFacts

__all__ = ["AccountChart", "AccountFacts"]

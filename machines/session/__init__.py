"""The session machine. Begin with :mod:`.chart`; it says where to read on."""

from .chart import SessionChart
from .facts import SessionFacts

__all__ = ["SessionChart", "SessionFacts"]

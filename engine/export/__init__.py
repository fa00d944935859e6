"""Exports: a compiled table in the formats of other tools, XState and SCXML.

An export holds all that the table holds: states, events, conditions, the names of effects, and why
an event is ignored. What guards and effects do stays in Python. So whoever plays an export answers
the guards: each event carries their answers as data. The text depends on the table alone.
"""

from .scxml import scxml
from .xstate import xstate_json

__all__ = ["scxml", "xstate_json"]

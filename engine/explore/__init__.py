"""Exploring: every state that a chart or a system can reach, and proof of what holds in all of
them.

Where :mod:`relink.engine.fuzz` tries many histories, this tries all of them, up to bounds that the
caller states. :func:`table_graph` is what a table says by itself. :class:`MachineModel` is a chart
with the events that can reach it, :class:`SystemModel` a system with its environment.
:func:`explore` searches either of them breadth first, and checks properties; a counterexample is a
shortest :class:`Way`, which :func:`story` and :func:`sequence_diagram` tell.

Facts hold times and ids, of which there is no end. An :class:`Abstraction` says which states count
as one, so that a search can end: see :mod:`.abstraction` for what it does and when it is sound, and
:func:`stray_move` for a test of it. All of it is public: see docs/exploring.md.
"""

from .abstraction import Abstraction, Unordered
from .graph import TableGraph, table_graph
from .machine import MachineModel
from .model import Environment, Model, Move
from .paths import (
    MachinePath,
    all_pairs,
    all_transitions,
    paths_to_states,
    paths_to_transitions,
    unreached,
)
from .properties import Fairness, Property, always, each_move, leads_to, never_stuck, sometimes
from .reached import ModelError, Way
from .search import Exploration, Progress, Verdict, explore
from .soundness import stray_move
from .story import sequence_diagram, story
from .system import SystemModel, SystemState

__all__ = [
    "Abstraction",
    "Environment",
    "Exploration",
    "Fairness",
    "MachineModel",
    "MachinePath",
    "Model",
    "ModelError",
    "Move",
    "Progress",
    "Property",
    "SystemModel",
    "SystemState",
    "TableGraph",
    "Unordered",
    "Verdict",
    "Way",
    "all_pairs",
    "all_transitions",
    "always",
    "each_move",
    "explore",
    "leads_to",
    "never_stuck",
    "paths_to_states",
    "paths_to_transitions",
    "sequence_diagram",
    "sometimes",
    "story",
    "stray_move",
    "table_graph",
    "unreached",
]

"""Diagrams: a compiled table drawn, as SVG, and as text for Mermaid and Graphviz.

A diagram shows the table, not the class: every arrow stands for paths through the decision trees
that python-statemachine gave, so a picture shows exactly what the machine does. A chart's story
(:mod:`relink.engine.story`) adds plain words; without one, they follow from the names.
"""

from .dot_text import dot
from .mermaid_text import mermaid
from .overlay import Overlay, walked
from .pictures import svg

__all__ = ["Overlay", "dot", "mermaid", "svg", "walked"]

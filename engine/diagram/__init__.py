"""Diagrams: a compiled table, or a system, drawn as SVG, and as text for Mermaid and Graphviz.

A diagram shows the table, not the class: every arrow stands for paths through the decision trees
that python-statemachine gave, so a picture shows exactly what the machine does. A chart's story
(:mod:`relink.engine.story`) adds plain words; without one, they follow from the names.
"""

from .dot_text import dot
from .lanes import system_svg
from .mermaid_text import mermaid
from .overlay import Overlay, walked
from .pictures import svg
from .system_text import system_mermaid

__all__ = ["Overlay", "dot", "mermaid", "svg", "system_mermaid", "system_svg", "walked"]

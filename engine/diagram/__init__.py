"""Diagrams: a compiled table drawn as text, for Mermaid and for Graphviz.

A diagram shows the table, not the class: every arrow stands for paths through the decision trees
that python-statemachine gave, so a picture shows exactly what the machine does. The output is
text; an adapter turns DOT into SVG or PNG.
"""

from .dot_text import dot
from .mermaid_text import mermaid

__all__ = ["dot", "mermaid"]

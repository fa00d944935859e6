"""Diagrams: a compiled table drawn as text, for Mermaid and for Graphviz.

What is drawn is the table, not the class: every arrow stands for paths through
the decision trees that python-statemachine gave, so a picture cannot show what
the machine does not do. Text only; turning DOT into SVG or PNG takes a program,
and is an adapter's business.
"""

from .dot_text import dot
from .mermaid_text import mermaid

__all__ = ["dot", "mermaid"]

"""``relink table``: print a machine as a Markdown table."""

import argparse

from relink.adapters.signs import visible
from relink.engine.markdown import markdown

from .machine import add_machine, table_of


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    # A chart's own words may hold what a terminal obeys.
    print("\n".join(map(visible, markdown(table_of(arguments)).split("\n"))), end="")
    return 0

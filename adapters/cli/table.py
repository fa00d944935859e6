"""``relink table``: a machine as Markdown."""

import argparse

from relink.engine.markdown import markdown

from .machine import add_machine, table_of


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    print(markdown(table_of(arguments)), end="")
    return 0

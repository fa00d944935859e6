"""``relink table``: print a machine as a Markdown table."""

import argparse

from relink.engine.markdown import markdown

from .machine import add_machine, table_of


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    print(markdown(table_of(arguments)), end="")
    return 0

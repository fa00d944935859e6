"""``relink diagram``: draw a machine, as a picture or as text that renders to one."""

import argparse
import sys

from relink.adapters.graphviz import GraphvizError, render
from relink.engine import Table
from relink.engine.diagram import dot, mermaid
from relink.engine.suggest import did_you_mean

from . import UsageError
from .machine import add_machine, table_of
from .output_file import add_output, write_file


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_machine(parser)
    parser.add_argument(
        "--format",
        choices=("mermaid", "dot", "svg", "png"),
        default="mermaid",
        help="output format (default: mermaid)",
    )
    parser.add_argument("--state", help="highlight this state")
    add_output(parser)


def _is_compound(table: Table, state: str) -> bool:
    waiting = list(table.chart.states)
    for found in waiting:
        waiting += found.states
    return any(found.id == state and found.states for found in waiting)


def run(arguments: argparse.Namespace) -> int:
    """Draw the machine from its compiled table."""
    table, state = table_of(arguments), arguments.state
    if state is not None and state not in table.states:
        if _is_compound(table, state):
            raise UsageError(
                f"{state!r} of {arguments.machine} is a compound state. Name a state inside it."
            )
        meant = did_you_mean(state, table.states)
        raise UsageError(
            f"{arguments.machine} has no state {state!r}. Its states are "
            f"{', '.join(table.states)}.{meant and f' D{meant[1:]}'}"
        )
    if arguments.format == "mermaid":
        drawn = mermaid(table, state).encode()
    elif arguments.format == "dot":
        drawn = dot(table, state).encode()
    else:
        try:
            drawn = render(dot(table, state), arguments.format)
        except GraphvizError as error:
            raise UsageError(str(error)) from error
    if arguments.output:
        write_file(arguments.output, drawn)
    elif arguments.format == "png" and sys.stdout.isatty():
        raise UsageError("a PNG cannot be shown in a terminal. Name a file with --output.")
    else:
        sys.stdout.buffer.write(drawn)
    return 0

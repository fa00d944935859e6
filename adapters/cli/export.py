"""``relink export``: write a machine in the format of another tool."""

import argparse
import sys

from relink.engine.export import scxml, xstate_json

from .machine import add_machine, table_of
from .output_file import add_output, write_file

FORMATS = {"xstate": xstate_json, "scxml": scxml}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_machine(parser)
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        help="JSON for XState 5, or SCXML (default: scxml if the name of --output ends in .scxml, "
        "else xstate)",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Export the machine from its compiled table."""
    is_scxml = str(arguments.output or "").endswith(".scxml")
    kind = arguments.format or ("scxml" if is_scxml else "xstate")
    exported = FORMATS[kind](table_of(arguments)).encode()
    if arguments.output:
        write_file(arguments.output, exported)
    else:
        # Both formats are UTF-8, whatever the encoding of the terminal.
        sys.stdout.buffer.write(exported)
    return 0

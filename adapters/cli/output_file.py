"""``--output FILE``: what a subcommand makes, written to a file."""

import argparse
from pathlib import Path

from . import UsageError


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names the file."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write to this file (default: standard output)",
    )


def write_file(file: Path, content: bytes) -> None:
    """Write the file.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        file.write_bytes(content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"the file {file} cannot be written: {reason}") from None

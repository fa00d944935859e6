"""``--output FILE``: what a subcommand makes, written to a file."""

import argparse
import errno
import os
from pathlib import Path

from . import UsageError
from .arguments import path


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names the file."""
    parser.add_argument(
        "-o",
        "--output",
        type=path,
        metavar="FILE",
        help="write to this file (default: standard output)",
    )


def refuse_unwritable(file: Path) -> None:
    """Refuse a file that cannot be written, before a long search for what goes into it.

    Raises:
        UsageError: it cannot be written.
    """
    wrong = None
    if file.is_dir():
        wrong = errno.EISDIR
    elif not file.parent.is_dir():
        wrong = errno.ENOENT
    elif not os.access(file if file.exists() else file.parent, os.W_OK):
        wrong = errno.EACCES
    if wrong is not None:
        raise UsageError(f"the file {file} cannot be written: {os.strerror(wrong)}")


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

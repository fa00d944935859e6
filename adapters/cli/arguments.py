"""The forms of arguments. What argparse accepts, every command can use."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from .failures import UsageError

_WHOLE = re.compile("-?[0-9]{1,19}")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A whole number in a range, as a ``type`` of argparse."""

    def read(text: str) -> int:
        if _WHOLE.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"it must be a whole number from {least:,} to {most:,}")

    return read


port = whole_number(0, 65_535)
seed = whole_number(-(2**63), 2**63 - 1)


def address(text: str) -> str:
    """A name or an address to listen at. An empty one would be every address of the machine."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it must be a name or an address, such as 127.0.0.1")
    return text


def path(text: str) -> Path:
    """A file or a folder. An empty name would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("it must be the name of a file or a folder")
    return Path(text)


def log_level(text: str) -> str:
    """The name of a log level, in upper or lower case."""
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    if text.upper() not in levels:
        raise argparse.ArgumentTypeError(f"it must be one of {', '.join(levels)}")
    return text.upper()


def writable_folder(folder: Path) -> Path:
    """Make a folder if it is missing.

    Raises:
        UsageError: it cannot be made, or files cannot be made in it.
    """
    probe = folder / ".relink-writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"files cannot be written to the folder {folder}: {reason}") from None
    return folder

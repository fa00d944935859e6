"""The file of a counterexample: ``relink fuzz`` writes it, and ``--replay`` reads it.

A file can be of another release, edited, or something else. What is not exactly what this release
writes is refused with the place that differs: a history that is half understood would be another
one, and hold.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from . import UsageError
from .output_file import write_file

if TYPE_CHECKING:
    from relink.engine.fuzz import Counterexample

FORMAT = 1
"""The version of the file's form. Whatever changes its parts counts it up."""


class Written(BaseModel):
    """What is in the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: int
    target: str
    """The machine, the system, or the test that was fuzzed."""
    violated: str
    history: list[str]
    """The history in readable lines, for those who open the file."""
    recording: dict[str, Any]


def write(file: Path, target: str, found: "Counterexample") -> bool:
    """Write a counterexample.

    Returns:
        Whether it could be written as JSON.

    Raises:
        UsageError: the file cannot be written.
    """
    if found.recording is None:
        return False
    written = Written(
        format=FORMAT,
        target=target,
        violated=found.violated,
        history=list(found.history),
        recording=dict(found.recording),
    )
    text = json.dumps(written.model_dump(), indent=2, ensure_ascii=False)
    write_file(file, f"{text}\n".encode())
    return True


def read(file: Path) -> Written:
    """Read a counterexample.

    Raises:
        UsageError: the file cannot be read, or is none of this release.
    """
    try:
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise UsageError(f"the file {file} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise UsageError(f"the file {file} is not JSON: it is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"the file {file} is not JSON: {error}") from None
    number = data.get("format") if isinstance(data, dict) else None
    if type(number) is int and number != FORMAT:
        raise UsageError(
            f"the file {file} has the format {number}, and this release reads the format {FORMAT}. "
            "Play it with the release that wrote it, or search again."
        )
    try:
        return Written.model_validate(data)
    except ValidationError as error:
        from relink.engine.fuzz.recording import difference

        raise UsageError(
            f"the file {file} is no counterexample: {difference(error)}. Give one as relink fuzz "
            "wrote it, or search again."
        ) from None

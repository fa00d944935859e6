"""Renders DOT as a picture, with the program ``graphviz-pure``.

The program comes as a wheel (the extra ``diagrams``) and needs no Graphviz on the system. It reads
the text from standard input, so no part of the text reaches a command line.
"""

import os
import shutil
import subprocess
import sys
from typing import Literal

PROGRAM = "graphviz-pure"
TIMEOUT = 30.0
"""Seconds after which rendering is stopped. The largest machine takes a fraction of a second."""


class GraphvizError(Exception):
    """The picture could not be made."""


class GraphvizMissingError(GraphvizError):
    """The program is not installed."""


def render(dot: str, format: Literal["svg", "png"]) -> bytes:
    """Render a graph.

    Args:
        dot: the graph, in the DOT language.
        format: SVG (UTF-8) or PNG.

    Raises:
        GraphvizMissingError: the program is not installed; the message says how to.
        GraphvizError: it cannot be run, refused the text, or did not finish in time.
    """
    try:
        done = subprocess.run(
            [_program(), f"-T{format}"], input=dot.encode(), capture_output=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise GraphvizError(f"{PROGRAM} made no {format} within {TIMEOUT:g} s") from None
    except OSError as error:
        raise GraphvizError(f"{PROGRAM} cannot be run: {error}") from error
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise GraphvizError(f"{PROGRAM} made no {format}: {message or f'exit {done.returncode}'}")
    return done.stdout


def _program() -> str:
    """The program's path: beside this Python, whose environment may be inactive, or on PATH."""
    beside = os.path.dirname(sys.executable)
    if found := shutil.which(PROGRAM, path=beside) or shutil.which(PROGRAM):
        return found
    raise GraphvizMissingError(
        f"{PROGRAM} is neither beside {sys.executable} nor on PATH. Install it: "
        "pip install 'relink-engine[diagrams]'"
    )

"""``relink diagram``: draw a machine, as a picture or as text that renders to one."""

import argparse
import sys

from relink.engine import Table
from relink.engine.diagram import Overlay, dot, mermaid, svg
from relink.engine.diagram.pictures import LEVELS, THEMES, Level
from relink.engine.diagram.shapes import Theme
from relink.engine.markdown import markdown
from relink.engine.suggest import did_you_mean

from . import UsageError
from .machine import add_machine, table_of
from .output_file import add_output, write_file

FORMATS = ("mermaid", "svg", "png", "dot", "markdown")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_machine(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="output format (default: what the name of --output ends in, else mermaid)",
    )
    parser.add_argument(
        "--level",
        choices=LEVELS,
        help="how much an SVG or PNG shows: the story, all moves, or every event in every state "
        "(default: story)",
    )
    parser.add_argument(
        "--state",
        help="an SVG or PNG shows this state and all moves to it and from it; with --level, and in "
        "the other formats, it is highlighted",
    )
    parser.add_argument(
        "--theme",
        choices=THEMES,
        default="auto",
        help="colours of an SVG or PNG (default: as the reader's system asks for; a PNG is light)",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw the machine from its compiled table."""
    table, state = table_of(arguments), arguments.state
    if state is not None:
        _check_state(arguments.machine, table, state)
    kind = arguments.format or _kind_of(arguments.output)
    if kind not in ("svg", "png") and arguments.level:
        raise UsageError(
            f"--level is for svg and png; {kind} has one level. Add --format svg, or drop --level."
        )
    if kind == "png" and not arguments.output and sys.stdout.isatty():
        raise UsageError("a PNG cannot be shown in a terminal. Name a file with --output.")
    drawn = _drawn(table, kind, arguments)
    if arguments.output:
        write_file(arguments.output, drawn)
    else:
        sys.stdout.buffer.write(drawn)
    return 0


def _drawn(table: Table, kind: str, arguments: argparse.Namespace) -> bytes:
    state = arguments.state
    match kind:
        case "mermaid":
            return mermaid(table, state).encode()
        case "dot":
            return dot(table, state).encode()
        case "markdown":
            return markdown(table).encode()
        case "svg":
            return _picture(table, arguments, arguments.theme).encode()
    from relink.adapters.png import png

    return png(_picture(table, arguments, "dark" if arguments.theme == "dark" else "light"))


def _picture(table: Table, arguments: argparse.Namespace, theme: Theme) -> str:
    if arguments.state is not None and arguments.level is None:
        return svg(table, focus=arguments.state, theme=theme)
    level: Level = arguments.level or "story"
    return svg(table, level, overlay=Overlay(here=arguments.state), theme=theme)


def _kind_of(output: object) -> str:
    """The format that the name of a file asks for."""
    ending = str(output or "").rpartition(".")[2]
    return {"md": "markdown", "mmd": "mermaid"}.get(
        ending, ending if ending in FORMATS else "mermaid"
    )


def _check_state(machine: str, table: Table, state: str) -> None:
    if state in table.states:
        return
    if _is_compound(table, state):
        raise UsageError(f"{state!r} of {machine} is a compound state. Name a state inside it.")
    meant = did_you_mean(state, table.states)
    raise UsageError(
        f"{machine} has no state {state!r}. Its states are "
        f"{', '.join(table.states)}.{meant and f' D{meant[1:]}'}"
    )


def _is_compound(table: Table, state: str) -> bool:
    waiting = list(table.chart.states)
    for found in waiting:
        waiting += found.states
    return any(found.id == state and found.states for found in waiting)

"""``relink diagram``: draw a machine or a system, as a picture or as text that renders to one."""

import argparse
import sys

from relink.adapters.signs import visible
from relink.engine import System, Table
from relink.engine.diagram import Overlay, dot, mermaid, svg, system_mermaid, system_svg
from relink.engine.diagram.lanes import SYSTEM_LEVELS
from relink.engine.diagram.pictures import LEVELS, THEMES
from relink.engine.diagram.shapes import Theme
from relink.engine.markdown import markdown
from relink.engine.suggest import did_you_mean

from . import UsageError
from .machine import add_machine, object_at, table_of
from .output_file import add_output, write_file

FORMATS = ("mermaid", "svg", "png", "dot", "markdown")
SYSTEM_FORMATS = ("mermaid", "svg", "png")
PICTURES = ("svg", "png")
ENDINGS = {
    **{kind: kind for kind in FORMATS},
    "mmd": "mermaid",
    "gv": "dot",
    "md": "markdown",
}
"""The format that the end of a file's name asks for."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_machine(parser, is_optional=True)
    parser.add_argument(
        "--system",
        action="store_true",
        help="all machines together: which sends what to which; with a system of your own: "
        "my.module:system",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="output format (default: what the name of --output ends in, else mermaid)",
    )
    parser.add_argument(
        "--level",
        choices=LEVELS,
        help="how much an SVG or PNG shows: the story, all moves, or every event in every state "
        "(default: story); of a system who sends to whom (story), or every message (everything)",
    )
    parser.add_argument(
        "--state",
        help="an SVG or PNG shows this state and all moves to it and from it; with --level, and in "
        "the other formats, it is highlighted",
    )
    parser.add_argument(
        "--theme",
        choices=THEMES,
        help="colours of an SVG or PNG (default: as the reader's system asks for; a PNG is light)",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw the machine from its compiled table, or the system from what it declares."""
    kind = _kind(arguments)
    _refuse_idle(arguments, kind)
    if kind == "png" and not arguments.output and sys.stdout.isatty():
        raise UsageError("a PNG cannot be shown in a terminal. Name a file with --output.")
    drawn = _of_system(kind, arguments) if arguments.system else _of_machine(kind, arguments)
    if kind not in PICTURES:
        # A chart's own words may hold what a terminal obeys.
        drawn = "\n".join(map(visible, drawn.split("\n")))
    content = _png(drawn) if kind == "png" else drawn.encode()
    if arguments.output:
        write_file(arguments.output, content)
    else:
        sys.stdout.buffer.write(content)
    return 0


def _kind(arguments: argparse.Namespace) -> str:
    """The format: what is asked for, or what the name of the file ends in."""
    ending = arguments.output.suffix[1:].lower() if arguments.output else ""
    named = ENDINGS.get(ending)
    asked: str | None = arguments.format
    if asked and named and asked != named:
        raise UsageError(
            f"the file {arguments.output} has the name of another format than {asked}. "
            "Drop --format, or name the file otherwise."
        )
    if not asked and ending and not named:
        raise UsageError(
            f"the name {arguments.output.name} ends in no format of relink's. End it in .svg, "
            ".png, .mmd, .dot or .md, or add --format."
        )
    return asked or named or "mermaid"


def _refuse_idle(arguments: argparse.Namespace, kind: str) -> None:
    """Refuse arguments that would change nothing."""
    if kind not in PICTURES and arguments.level:
        raise UsageError(
            f"--level is for svg and png; {kind} has one level. Add --format svg, or drop --level."
        )
    if kind not in PICTURES and arguments.theme:
        raise UsageError(
            f"--theme is for svg and png; {kind} has no colours for light and dark pages. Add "
            "--format svg, or drop --theme."
        )
    if arguments.state is not None and (kind == "markdown" or arguments.level == "everything"):
        raise UsageError(
            "--state marks nothing in a table of all states. Drop it, or ask for another format "
            "or level."
        )
    if not arguments.system:
        if arguments.machine is None:
            raise UsageError("name a machine, or give --system for all of them together.")
        return
    if kind not in SYSTEM_FORMATS:
        raise UsageError(
            f"{kind} does not show a system. Ask for {', '.join(SYSTEM_FORMATS[:-1])} or "
            f"{SYSTEM_FORMATS[-1]}."
        )
    if arguments.state is not None:
        raise UsageError("--state is for one machine. Drop it, or drop --system.")
    if arguments.level and arguments.level not in SYSTEM_LEVELS:
        raise UsageError(
            f"a system has no level {arguments.level}. Its levels are {', '.join(SYSTEM_LEVELS)}."
        )


def _theme(kind: str, arguments: argparse.Namespace) -> Theme:
    """The colours; those of a PNG cannot follow the reader's system."""
    asked: Theme = arguments.theme or "auto"
    return "light" if kind == "png" and asked == "auto" else asked


def _of_machine(kind: str, arguments: argparse.Namespace) -> str:
    table, state, level = table_of(arguments), arguments.state, arguments.level
    if state is not None:
        _check_state(arguments.machine, table, state)
    match kind:
        case "mermaid":
            return mermaid(table, state)
        case "dot":
            return dot(table, state)
        case "markdown":
            return markdown(table)
    theme = _theme(kind, arguments)
    if state is not None and level is None:
        return svg(table, focus=state, theme=theme)
    return svg(table, level or "story", overlay=Overlay(here=state), theme=theme)


def _of_system(kind: str, arguments: argparse.Namespace) -> str:
    if arguments.machine is None:
        from relink.machines import relink_system

        system, title = relink_system(), "relink: what the machines tell each other"
    elif ":" not in arguments.machine:
        raise UsageError("name one machine, or give --system for all of relink's; not both.")
    else:
        system, title = object_at(arguments.machine), ""
        if not isinstance(system, System):
            raise UsageError(
                f"{arguments.machine} is not a system. Name an instance of relink.engine.System, "
                "or drop --system."
            )
    if kind == "mermaid":
        return system_mermaid(system, title)
    return system_svg(
        system, arguments.level or "story", title=title, theme=_theme(kind, arguments)
    )


def _png(picture: str) -> bytes:
    from relink.adapters.png import png

    return png(picture)


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

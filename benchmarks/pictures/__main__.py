"""Pictures of the account chart by several libraries, measured by one script in one browser.

``python -m benchmarks.pictures --write`` measures them and writes the table of docs/diagrams.md. It
needs Chromium, npm, and what CI does not have: ``pip install pydot graphviz-pure``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relink.engine import Table
from relink.engine.condition import text
from relink.engine.diagram import dot, mermaid, svg
from relink.engine.diagram.moves import moves_of
from relink.machines import CHARTS
from tests.simulator.browser import Browser, installed

from .page import write_table

ROOT = Path(__file__).parents[2]
MERMAID = ROOT / ".venv" / "mermaid" / "package" / "dist" / "mermaid.min.js"
MEASURE = Path(__file__).with_name("measure.js").read_text()
HEAD = "| Picture of the account | Smallest text | Arrows | Crossings | Lines of text crossed |"

FONT = "text, foreignObject * { font-family: 'DejaVu Sans' !important }"
"""What a Linux machine shows. Graphviz and Mermaid measure with other fonts, or with this one."""


def graphviz(text: str) -> str:
    """A graph as SVG."""
    done = subprocess.run(
        ["graphviz-pure", "-Tsvg"], input=text.encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


def by_transitions(table: Table) -> str:
    """The Mermaid text that transitions makes of a chart's moves."""
    from transitions.extensions import GraphMachine

    moves = [
        {
            "trigger": event,
            "source": state,
            "dest": target,
            "conditions": [text(condition)] if text(condition) else [],
        }
        for state in table.states
        for (event, target), condition in moves_of(table, state).items()
    ]
    guards = {each["conditions"][0]: lambda *_: True for each in moves if each["conditions"]}
    model = type("Model", (), guards)()
    machine = GraphMachine(
        model,
        states=list(table.states),
        transitions=moves,
        initial=table.initial,
        graph_engine="mermaid",
        show_conditions=True,
        auto_transitions=False,
    )
    drawn: str = machine.get_combined_graph().source
    return drawn


def pictures() -> Iterator[tuple[str, str, str]]:
    """What each picture is, how it is drawn, and its text."""
    from statemachine.contrib.diagram import DotGraphMachine, MermaidGraphMachine

    chart = CHARTS["account"]
    table = chart.table()
    yield "relink, story", "svg", svg(table, theme="light")
    yield "relink, all moves", "svg", svg(table, "moves", theme="light")
    yield "relink's story in Mermaid", "mermaid", mermaid(table)
    yield "relink's DOT in Graphviz, all moves", "svg", graphviz(dot(table))
    yield "transitions in Mermaid, all moves", "mermaid", by_transitions(table)
    named = DotGraphMachine(chart)().to_string()
    yield "python-statemachine in Graphviz, all transitions", "svg", graphviz(named)
    yield "python-statemachine in Mermaid, all transitions", "mermaid", MermaidGraphMachine(chart)()


def measured(browser: Browser, kind: str, text: str) -> dict[str, Any]:
    """The measures of a picture."""
    if kind == "mermaid":
        draw = f"mermaid.render('drawn', {json.dumps(text)}).then((made) => made.svg)"
        text = browser.run(draw)
    text = text[text.index("<svg") :]
    browser.run(
        f"document.body.innerHTML = {json.dumps(f'<style>{FONT}</style><div>{text}</div>')}, "
        "(() => { const root = document.querySelector('svg'), box = root.viewBox.baseVal;"
        "root.style.cssText = `width:${box.width}px;max-width:none;height:${box.height}px`; })()"
    )
    found: dict[str, Any] = browser.run(MEASURE)
    return found


def rows() -> Iterator[str]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(f'<meta charset="utf-8"><body><script src="{MERMAID.as_uri()}"></script>')
        program = installed()
        assert program is not None, "Chromium is not installed"
        browser = Browser(program, Path(folder) / "profile")
        browser.open(file.as_uri())
        browser.run(
            "new Promise((resolve) => (function look() { window.mermaid "
            "? resolve(mermaid.initialize({startOnLoad: false, maxTextSize: 1e6, maxEdges: 5000}))"
            ": setTimeout(look, 50) })())"
        )
        for name, kind, drawn in pictures():
            try:
                found = measured(browser, kind, drawn)
            except AssertionError as error:
                print(f"{name}: {str(error)[:300]}", file=sys.stderr)
                yield f"| {name} | cannot be drawn | | | |"
                continue
            print(name, found, file=sys.stderr)
            yield (
                f"| {name} | {found['smallest']:.1f} px | {found['arrows']} "
                f"| {found['crossings']} | {found['crossed']} of {found['lines']} |"
            )
        browser.close()


def main() -> None:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it into docs/diagrams.md")
    write = parser.parse_args().write
    write_table(HEAD, 5, list(rows()), to_page=write)


if __name__ == "__main__":
    main()

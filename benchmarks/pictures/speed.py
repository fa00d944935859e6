"""How long it takes to draw large charts, in every format: within a second each.

Times are those of the processor, so that other programs of the machine do not count.

``python -m benchmarks.pictures.speed`` prints the table and fails if a picture takes longer;
``--write`` writes the table into docs/diagrams.md. The charts are compiled before.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from random import Random
from statistics import median

from relink.adapters.png import png
from relink.engine import Table
from relink.engine.diagram import dot, mermaid, svg
from relink.engine.markdown import markdown
from tests.engine.large_charts import LARGE, Move, charted

from .page import write_table

LIMIT = 1.0
"""Within how long each picture has to be drawn (seconds)."""
ROUNDS = 3
STATES, EVENTS, GUARDS = 60, 40, 12

FORMATS: dict[str, Callable[[Table], object]] = {
    "story": svg,
    "all moves": lambda table: svg(table, "moves"),
    "everything": lambda table: svg(table, "everything"),
    "focus": lambda table: svg(table, focus=table.initial),
    "PNG": lambda table: png(svg(table, theme="light")),
    "Mermaid": mermaid,
    "DOT": dot,
    "Markdown": markdown,
}


def dense() -> Table:
    """Every event in every state leads to another state."""
    names = [f"state_{number}" for number in range(STATES)]
    return charted(
        names,
        [
            (state, f"event{event}", names[(index + event + 1) % STATES], None)
            for index, state in enumerate(names)
            for event in range(EVENTS)
        ],
    )


def conditional() -> Table:
    """Every event may lead to three states, under conditions of up to three of twelve guards."""
    drawn = Random(1)
    names = [f"state_{number}" for number in range(STATES)]
    moves: list[Move] = []
    for index, state in enumerate(names):
        others = [*names[:index], *names[index + 1 :]]
        for event in range(EVENTS):
            for _ in range(drawn.randint(0, 3)):
                guards = drawn.sample(range(GUARDS), drawn.randint(1, 3))
                condition = " and ".join(
                    f"{'not ' * (drawn.random() < 0.3)}guard_{guard}" for guard in guards
                )
                moves.append((state, f"event{event}", drawn.choice(others), condition))
        moves.append((state, "went_on", names[(index + 1) % STATES], None))
    return charted(names, moves)


CHARTS: dict[str, Callable[[], Table]] = {
    f"{STATES} states, {EVENTS} events, each moves": dense,
    f"{STATES} states, {EVENTS} events, with conditions": conditional,
    "one event with 16 guards": LARGE["guards"],
}


def seconds(draw: Callable[[Table], object], table: Table) -> float:
    """How long it takes to draw a table: the median of some rounds."""

    def once() -> float:
        began = time.process_time()
        draw(table)
        return time.process_time() - began

    return median(once() for _ in range(ROUNDS))


def rows() -> Iterator[tuple[str, list[float]]]:
    """Each chart, and how long each format takes."""
    for name, made in CHARTS.items():
        table = made()
        yield name, [seconds(draw, table) for draw in FORMATS.values()]


def main() -> int:
    """Print the table, or write it into the page.

    Returns:
        1 if a picture takes longer than :data:`LIMIT`.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it into docs/diagrams.md")
    write = parser.parse_args().write
    head = f"| Drawn within | {' | '.join(FORMATS)} |"
    found = dict(rows())
    lines = [
        f"| {name} | {' | '.join(f'{each:.2f} s' for each in took)} |"
        for name, took in found.items()
    ]
    write_table(head, len(FORMATS) + 1, lines, to_page=write)
    slow = [
        f"{name}, {kind}: {took:.2f} s"
        for name, times in found.items()
        for kind, took in zip(FORMATS, times, strict=True)
        if took > LIMIT
    ]
    print("\n".join(f"slower than {LIMIT:g} s: {each}" for each in slow), file=sys.stderr, end="")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())

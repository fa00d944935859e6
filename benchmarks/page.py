"""``docs/performance.md`` and its picture, made from the kept results."""

from pathlib import Path

from .goals import judged
from .picture import drawn
from .results import Results
from .table import markdown

ROOT = Path(__file__).resolve().parent.parent
PAGE_FILE = "docs/performance.md"
PICTURES = {"docs/performance.svg": "light", "docs/performance-dark.svg": "dark"}
"""The files of the picture, each for pages of one kind."""

READING = {
    "decide": "One event decided on the account chart with its effects, facts merged. All sides "
    "come to the same states, facts and commands on the whole walk, or nothing is "
    "measured. Guards and effects are the same functions, so their cost is in every "
    "side's time and draws the ratios towards 1; only XState gets their answers and "
    "results for nothing. *Live* machines keep their state from event to event; "
    "*rebuilt* is what a service does that keeps its states in a database. The hand-"
    "written function is `benchmarks/peers/by_hand.py`. CPU time; for XState elapsed time where "
    "that is less, since V8 has threads of its own.",
    "step": "All that one report of an account sets off: routing, several machines, their messages "
    "and commands. *A webhook to a step* begins with bytes and a signature. CPU time.",
    "cold": "A new process up to its first decision, and up to its first step from a webhook.",
    "compile": "The account's chart, and charts that were made up for it.",
    "explore": "Breadth first from the account's first snapshot; each snapshot that is found is "
    "looked up among those that are known.",
    "simulate": "A simulated Stripe with faults, the machines and the gateway, in one thread.",
    "memory": "What the operating system gives a process for a snapshot.",
    "ingest": "Webhooks over HTTP, answered when their commit is on the disk: SQLite with "
    "`synchronous = FULL`, PostgreSQL with its defaults. Both peers store the event and decide "
    "nothing. The *CPU* rows count what server and database use together for one webhook; they "
    "hardly depend on what else the machine does.",
    "growth": "The same with few and with many stored accounts; each line is compared with the "
    "first.",
    "storm": "Commands that `relink work` processes carry out per second, once all of them run. "
    "The gateway only records them: Stripe's own speed and limits are not in it.",
    "against": "This release beside an earlier one, both given the same webhooks.",
}
"""What each row measures."""

PAGE = """# Performance

How fast relink is, beside what else would do the same. `python -m benchmarks --write` measures it
and writes this page; it needs the extra `bench`, and Node for one of the sides.

<picture>
  <source media="(prefers-color-scheme: dark)" srcset="performance-dark.svg">
  <img alt="How many times as fast as the others relink is" src="performance.svg">
</picture>

## Goals

{goals}

## How to read it

- **relink is** says how many times as fast as the line's side relink is: 4 × means that the other
  side takes four times as long, or does a quarter in the same time. Below 1 ×, relink is slower.
- All sides of a row take turns in one run, round by round. The ratio is the median of the rounds'
  own ratios, so a slow moment of the machine, which is slow for all sides, hardly changes it. Times
  are the machine's: compare them only with others of the same run.
- **Spread** goes from the fastest to the slowest round. Where it is wide, the machine did something
  else as well.
- `webhooks/s` and the like: more is better. `µs`, `s` and `bytes`: less is better.

{reading}

One row alone: `python -m benchmarks decide step`. Sizes up to a million accounts:
`python -m benchmarks growth --large`. An earlier release beside this one:
`python -m benchmarks --against ../first`; `benchmarks/against.py` says how to set it up.

## Results

{table}

{environment}

## How it is guarded

`tests/benchmarks/test_counts.py` counts the instructions of a decision, of a step, and of all that
is read and written around a step, which are the same in every run, and fails when they grow by more
than a tenth. A change that needs more says so: `python -m benchmarks.counts --because "…"` writes
the counts and the reason into `benchmarks/counts.json`.
"""


def page() -> str:
    """The page."""
    results = Results.read()
    environment = "\n".join(f"- {name}: {value}" for name, value in results.environment.items())
    reading = [f"| {row} | {what} |" for row, what in READING.items()]
    return PAGE.format(
        reading="\n".join(["| Row | What is measured |", "| --- | --- |", *reading]),
        goals=judged(results.lines),
        table=markdown(results.lines),
        environment=f"The last run took {results.seconds / 60:.0f} minutes.\n\n{environment}",
    )


def picture(theme: str) -> str:
    """The picture, for a light or a dark page."""
    return drawn(Results.read().lines, theme)


def write() -> None:
    """Write the page and its pictures."""
    (ROOT / PAGE_FILE).write_text(page())
    for file, theme in PICTURES.items():
        (ROOT / file).write_text(picture(theme))

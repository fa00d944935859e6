"""The goals, each beside its figure, and why one was missed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import cold, decide, simulate
from .ingest import PLAIN, TUNED
from .measure import OURS, Line
from .table import number

Figures = Mapping[tuple[str, str], Line]
"""The table's lines by row and side."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal."""

    name: str
    """A key of :data:`REASONS`."""
    text: str
    wanted: float
    figure: Callable[[Figures], float]
    """Raises KeyError where it was not measured."""
    unit: str = "×"
    at_most: bool = False
    """Whether less is better."""

    def is_met(self, figure: float) -> bool:
        """Whether a figure is good enough."""
        return figure <= self.wanted if self.at_most else figure >= self.wanted


def _ratio(row: str, side: str) -> Callable[[Figures], float]:
    def figure(figures: Figures) -> float:
        ratio = figures[row, side].ratio
        assert ratio is not None
        return ratio

    return figure


def _against(row: str) -> Callable[[Figures], float]:
    return _ratio(f"against, {row}", "the other release")


def _above_imports(figures: Figures) -> float:
    return figures["cold", OURS].median - figures["cold", cold.IMPORTS].median


def _by_hand(figures: Figures) -> float:
    return 1 / _ratio("decide", decide.BY_HAND)(figures)


def _growth(database: str) -> Callable[[Figures], float]:
    """How much slower it is with the most accounts than with the fewest."""

    def figure(figures: Figures) -> float:
        lines = [line for (row, _), line in figures.items() if row == f"growth on {database}"]
        if not lines:
            raise KeyError(database)
        return lines[-1].ratio or 1.0

    return figure


GOALS: tuple[Goal, ...] = (
    Goal(
        "rebuilt",
        "A decision, beside python-statemachine rebuilt for each event",
        1_000,
        _ratio("decide", decide.REBUILT),
    ),
    Goal(
        "live",
        "A decision, beside python-statemachine's live `send`",
        40,
        _ratio("decide", decide.LIVE),
    ),
    Goal("transitions", "A decision, beside transitions", 4, _ratio("decide", decide.TRANSITIONS)),
    Goal("xstate", "A decision, beside XState 5 on V8", 1, _ratio("decide", decide.XSTATE)),
    Goal(
        "by hand",
        "A decision takes, of a hand-written function's time",
        1.5,
        _by_hand,
        at_most=True,
    ),
    Goal("step", "A whole step, beside the first release", 3, _against("a step")),
    Goal(
        "cold",
        "A cold start, above the imports of pydantic and python-statemachine",
        0.1,
        _above_imports,
        unit="s",
        at_most=True,
    ),
    *(
        Goal(
            f"{peer} on {database}",
            f"Webhooks a second on {database}, beside the {peer} peer",
            wanted,
            _ratio(f"ingest on {database}", side),
        )
        for database in ("SQLite", "PostgreSQL")
        for peer, side, wanted in (("plain", PLAIN, 1.0), ("tuned", TUNED, 0.85))
    ),
    *(
        Goal(
            f"growth on {database}",
            f"Webhooks a second on {database}: how much slower with the most accounts",
            1.1,
            _growth(database),
            at_most=True,
        )
        for database in ("SQLite", "PostgreSQL")
    ),
    *(
        Goal(
            f"ingest on {database}",
            f"Webhooks a second on {database}, beside the first release",
            1.5,
            _against(f"ingest on {database}"),
        )
        for database in ("SQLite", "PostgreSQL")
    ),
    Goal(
        "simulate",
        "Events that one core decides in simulation",
        30_000,
        lambda figures: figures["simulate", simulate.DECISIONS].median,
        unit="/s",
    ),
)

HEAD = ("Goal", "Wanted", "Figure", "", "Why, and what was tried")

_EFFECTS = (
    "Guards and effects are the same functions on all sides, and take most of the time. The "
    "hand-written function has little else to do, and does not reach this either. Tried: no look "
    "at attributes of classes, records made by one call, named tuples, one copy of the facts."
)
_STORES_ONE_ROW = (
    "The peer stores one row and decides nothing. relink locks and reads about seven machines, "
    "decides five or six times, and writes snapshots, journal, inbox and outbox in one "
    "transaction. Tried: transactions that are shared by webhooks that wait together, fewer round "
    "trips, events that are not read back; uvloop (a seventh less CPU time); facts and "
    "their changes written by the types of their fields (in half the time). A garbage collector "
    "that leaves alone what is loaded moved no row, and was taken out again. What is left is "
    "spread evenly: deciding a third, HTTP a third, SQL a fifth. A parser in C was a seventh "
    "faster, and took the body of a request with Upgrade for the next request; a way past the "
    "framework's layers would save 3 %."
)
_GROWS = (
    "Larger indexes are deeper, and are found in caches less often. The runs spread wider than "
    "this difference; the rows of CPU time tell more."
)
_DECIDES_MORE = (
    "A webhook leads to about twice as many decisions as in the first release, which had no reads, "
    "reviews and outages of their own. Tried: shared transactions, less work for each decision, "
    "uvloop, less work for each row."
)

REASONS: Mapping[str, str] = {
    "rebuilt": _EFFECTS,
    "live": _EFFECTS,
    "transitions": _EFFECTS,
    "xstate": "V8 compiles the machine, and gets the results of guards and effects for nothing.",
    "by hand": "The table explains each decision, and checks what guards and effects return.",
    "step": "A step decides about twice as often as in the first release, which had no reads, "
    "reviews and outages of their own. Tried: messages that are made without validation (no "
    "faster), one copy of the facts in a review, answers that are worked out once, a flat queue, "
    "commands that are told apart at the end only (no faster). Of 66 messages in the account's "
    "life 5 can be left out, for 4 % fewer instructions and more rules. What is left is spread "
    "evenly.",
    "cold": "What is left is the making of 115 classes by pydantic, which takes half of it, and of "
    "the chart's transitions by python-statemachine. Tried: tables that are stored and not "
    "compiled, validators that are built when they are needed, charts that are imported alone, no "
    "look for names and private attributes in relink's own classes.",
    "plain on SQLite": _STORES_ONE_ROW,
    "tuned on SQLite": _STORES_ONE_ROW,
    "plain on PostgreSQL": _STORES_ONE_ROW,
    "tuned on PostgreSQL": _STORES_ONE_ROW,
    "growth on SQLite": _GROWS,
    "growth on PostgreSQL": _GROWS,
    "ingest on SQLite": _DECIDES_MORE,
    "ingest on PostgreSQL": _DECIDES_MORE,
    "simulate": "Simulator, signatures and gateway run in the same thread, and take half of it; "
    "the steps alone would not reach it either.",
}
"""Why a goal is missed, and what was tried, by its name; shown only where it is missed."""


def judged(lines: Sequence[Line]) -> str:
    """The goals as a table for a page."""
    figures = {(line.row, line.side): line for line in lines}
    made = [f"| {' | '.join(HEAD)} |", "| --- | ---: | ---: | --- | --- |"]
    for goal in GOALS:
        bound = "at most" if goal.at_most else "at least"
        wanted = f"{bound} {_with_unit(goal.wanted, goal.unit)}"
        try:
            figure = goal.figure(figures)
        except KeyError:
            made.append(f"| {goal.text} | {wanted} | not measured | | |")
            continue
        met = goal.is_met(figure)
        reason = "" if met else REASONS.get(goal.name, "")
        verdict = "met" if met else "**missed**"
        made.append(
            f"| {goal.text} | {wanted} | {_with_unit(figure, goal.unit)} | {verdict} | {reason} |"
        )
    return "\n".join(made)


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)}{'' if unit.startswith('/') else ' '}{unit}"

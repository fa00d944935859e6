"""The end of the demo: how all accounts ended, whether relink kept its properties, what to type."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from relink.adapters.terminal import MUTED, STRONG, STYLES, Screen, next_steps, pad, shares, to_open
from relink.machines.words.thoughts import Depth
from relink.machines.words.times import counted
from relink.machines.words.tone import Tone

from .narrate import tally
from .play import Played

SHOWN = "Ben"
"""Whose story is worth reading in full."""

ORDER = list(Tone)


def summary(played: Played, screen: Screen, command: str, depth: Depth) -> Iterator[Text]:
    """The summary, in lines.

    Args:
        played: what came of the demo.
        screen: where it goes.
        command: what runs relink here.
        depth: how much was told.
    """
    counts = played.counts
    webhooks = sum(count for name, count in counts.items() if name.startswith("webhooks "))
    took = f"{counted(len(played.stories), 'customer')} in {played.seconds:.1f} s"
    said = [
        counted(counts["decisions"], "decision"),
        f"{counted(webhooks, 'webhook')}, {counts['webhooks duplicate']} of them twice",
        counted(counts["reads at Stripe"], "read"),
        f"{counted(counts['messages to customers'], 'message')} to customers",
    ]
    yield Text()
    yield Text().append(took, style=STRONG)
    yield from (Text(line, style=MUTED) for line in _listed(said, screen.width))
    yield from _outcomes(played, screen)
    yield Text()
    yield from _checked(played, screen)
    yield Text()
    database = f"sqlite:///{played.database}"
    account = played.stories[SHOWN].chapters[0].account.facts.id
    steps = [
        (f"{SHOWN}'s story", [command, "explain", account, "--database", database]),
        ("Be the customer", [command, "serve", "--demo"]),
    ]
    if depth < Depth.EVERYTHING:
        steps.insert(0, ("Everything, and why", [command, "demo", "--all"]))
    if depth < Depth.DECISIONS:
        steps.insert(0, ("Every decision", [command, "demo", "--depth", "decisions"]))
    yield from next_steps(screen, steps)
    yield from to_open(screen, "The account chart as a picture", played.picture)


def _listed(parts: Sequence[str], width: int) -> Iterator[str]:
    """Parts with commas, indented; a line ends between two of them."""
    line = " "
    for number, part in enumerate(parts):
        piece = f" {part}{',' * (number < len(parts) - 1)}"
        if line.strip() and len(line) + len(piece) > width:
            yield line
            line = " "
        line += piece
    yield line


def _outcomes(played: Played, screen: Screen) -> Iterator[Text]:
    """A bar of how all accounts ended, and the same in words."""
    ends = sorted(
        tally(list(played.stories.values())).items(), key=lambda each: ORDER.index(each[0][0])
    )
    by_tone = {
        tone: sum(count for _, count in same)
        for tone, same in groupby(ends, key=lambda each: each[0][0])
    }
    yield Text("  ").append_text(shares(screen, by_tone, screen.width - 4))
    legend = Text()
    for (tone, state), count in ends:
        legend.append(screen.sign(f"{tone.glyph} "), style=STYLES[tone])
        legend.append(screen.sign(f"{count} {state}   "))
    yield from (pad(line, 2) for line in screen.wrap(legend, screen.width - 2))


def _checked(played: Played, screen: Screen) -> Iterator[Text]:
    checks = played.checks
    checked = f"{checks.steps} steps checked against {checks.properties} properties"
    if not checks.violations:
        yield from screen.wrapped(f"{checked}: none was violated.", 2)
        return
    yield from screen.wrapped(
        f"{checked}: {counted(len(checks.violations), 'violation')}", 2, "red"
    )
    for violation in checks.violations:
        yield from screen.wrapped(violation, 4, "red")

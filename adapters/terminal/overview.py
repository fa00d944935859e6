"""An installation at a glance: accounts by state, and how far the commands are."""

from collections.abc import Iterator, Mapping

from rich.text import Text

from relink.machines.words.states import STATES, state_words
from relink.machines.words.times import counted

from .bars import bar
from .screen import STRONG, STYLES, Screen

LEAST_BAR = 8
"""The least width of a bar (columns); where there is less room, there is none."""

SHARE = len("  100.0 %")

_ORDER = list(STATES["account"])


def accounts_by_state(screen: Screen, counts: Mapping[str, int]) -> Iterator[Text]:
    """Accounts by state: how many, and which share of all.

    Args:
        screen: where it goes.
        counts: the number of accounts in each state.
    """
    total = sum(counts.values())
    yield Text(counted(total, "account"), style=STRONG)
    named = {state: state_words("account", state) for state in sorted(counts, key=_place)}
    name = max((len(words.name) for words in named.values()), default=0) + 2
    number = max((len(f"{count:,}") for count in counts.values()), default=0)
    has_share = screen.width >= 2 + name + 2 + number + SHARE
    width = screen.width - 2 - name - 2 - number - 2 - SHARE
    for state, words in named.items():
        count = counts[state]
        row = Text("  ").append(
            screen.sign(f"{words.tone.glyph} {words.name}").ljust(name), style=STYLES[words.tone]
        )
        row.append(f"  {count:>{number},}")
        if width >= LEAST_BAR:
            drawn = bar(screen, count / total, width, words.tone)
            row.append("  ").append_text(drawn).append(" " * (width - drawn.cell_len))
        if has_share:
            row.append(f"  {100 * count / total:>5.1f} %")
        yield row


def _place(state: str) -> tuple[int, str]:
    return (_ORDER.index(state) if state in _ORDER else len(_ORDER)), state

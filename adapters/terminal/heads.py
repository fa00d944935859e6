"""The head of an account's story: what it is, what holds of it now, and what to do next."""

from collections.abc import Iterator

from rich.text import Text

from relink.adapters.story import Chapter
from relink.machines.words.outcome import Outcome

from .screen import MUTED, STRONG, STYLES, Screen, pad


def chapter_head(screen: Screen, chapter: Chapter) -> Iterator[Text]:
    """What an account is, and what holds of it now.

    Args:
        screen: where it goes.
        chapter: the account.
    """
    head = Text().append(screen.sign(chapter.title), style=STRONG)
    head.append(f"  {chapter.account.facts.id}", style=MUTED)
    yield from screen.wrap(head, screen.width)
    found = chapter.outcome
    state = Text().append(
        screen.sign(f"{found.tone.glyph} {found.state}"), style=STYLES[found.tone]
    )
    yield from outcome_rows(screen, found, state.append(", "), 2, 4)


def outcome_rows(
    screen: Screen, found: Outcome, first: Text, indent: int, below: int
) -> Iterator[Text]:
    """Whether an account may be charged now, and what the service should do.

    Args:
        screen: where it goes.
        found: what holds of the account.
        first: what stands in front of it.
        indent: of the first line (columns).
        below: of what to do (columns).
    """
    first.append(screen.sign(found.verdict), style="green" if found.may_charge else "default")
    yield from (pad(line, indent) for line in screen.wrap(first, screen.width - indent))
    for todo in found.todo:
        yield from screen.wrapped(f"next: {todo}", below, STRONG)

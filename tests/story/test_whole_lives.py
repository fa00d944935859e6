"""Whole lives, with faults: whatever happens to accounts can be told in words, on any screen."""

import io
import re

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from rich.cells import cell_len

from relink.adapters.story import Line, lines_of, tell
from relink.adapters.terminal import Screen, chapter_head, rows, utc_clock
from relink.machines.words.thoughts import Depth

from ..profile import examples
from ..simulation.test_settles import RelinkAndStripe

WIDTH = 60
LEFT_OVER = re.compile(r"[{}]|\bNone\b|\b[a-z]+_[a-z_]+\b")
"""Signs of a value that got into a sentence without words."""

IDS = re.compile(r"\b(fca|fcauth|fcsess|pm|ba|cus|acct|evt)_\S*")


class Told(RelinkAndStripe):
    """At the end of each life, the stories of all of its accounts are told."""

    def teardown(self) -> None:
        if not hasattr(self, "life"):
            return
        accounts = sorted(self.sim.world.accounts)
        story = tell(self.life.store, accounts, "Jo")
        screen = Screen(io.StringIO(), WIDTH, colour=False)
        for chapter in story.chapters:
            for shown in chapter_head(screen, chapter):
                assert cell_len(shown.plain) <= WIDTH
        for depth in Depth:
            lines = lines_of(story, depth)
            for line in lines:
                check(line)
            for shown in rows(lines, screen, utc_clock, depth):
                assert cell_len(shown.plain) <= WIDTH, shown.plain
        self.life.close()


def check(line: Line) -> None:
    """A line stands alone: a sentence in words, about something."""
    for text in (line.text, line.note):
        assert not LEFT_OVER.search(IDS.sub("", text)), line
        assert not text.endswith("."), line
    assert line.text
    assert line.origin in ("webhook", "read", "service", "Stripe", "timer", "relink")


def test_every_life_can_be_told() -> None:
    run_state_machine_as_test(
        Told,
        settings=settings(
            max_examples=examples(40),
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""The story of accounts: the journals of all their machines, merged into one, in words.

:mod:`.machines` finds the machines that belong to an account, :mod:`.merge` puts their decisions
into one order, :mod:`.lines` makes lines of them, and :mod:`.diagram` draws them. The words are the
machines' own (:mod:`relink.machines.words`).
"""

from .accounts import accounts_of
from .as_json import as_json
from .diagram import sequence_diagram
from .lines import Detail, Line, change_line, lines_of
from .story import Chapter, Story, tell

__all__ = [
    "Chapter",
    "Detail",
    "Line",
    "Story",
    "accounts_of",
    "as_json",
    "change_line",
    "lines_of",
    "sequence_diagram",
    "tell",
]

"""An account's journal, as the shop's page shows it."""

from collections.abc import Iterable
from typing import Any

from relink.adapters.explain import command_name, explain_entry
from relink.adapters.store import JournalEntry


def timeline(entries: Iterable[JournalEntry]) -> list[dict[str, Any]]:
    """The decisions in sentences, newest first."""
    return [_shown(entry) for entry in entries][::-1]


def _shown(entry: JournalEntry) -> dict[str, Any]:
    decision = explain_entry(entry)
    return {
        "version": entry.version,
        "at": entry.at,
        "path": decision.path,
        "moved": decision.before != decision.after,
        "anomaly": decision.anomaly,
        "meaning": decision.meaning,
        "grounds": decision.grounds,
        "commands": [command_name(command) for command in entry.commands],
    }

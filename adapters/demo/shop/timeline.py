"""An account's journal, as the page shows it."""

from collections.abc import Iterable
from typing import Any

from relink.adapters.explain import of_entry, tell
from relink.adapters.store import JournalEntry


def timeline(entries: Iterable[JournalEntry]) -> list[dict[str, Any]]:
    """What was decided, told in sentences, the newest first."""
    return [_moment(entry) for entry in entries][::-1]


def _moment(entry: JournalEntry) -> dict[str, Any]:
    first, *because = tell(of_entry(entry))
    # "account fca_…: active → relinking: A relink session is open"
    _, path, meaning = first.split(": ", 2)
    return {
        "version": entry.version,
        "at": entry.at,
        "path": path,
        "moved": entry.version == 1 or entry.from_state != entry.to_state,
        "anomaly": entry.anomaly,
        "meaning": meaning,
        "because": [line.strip() for line in because],
        "asks": [command.rpartition("_")[0].replace("_", " ") for command in entry.commands],
    }

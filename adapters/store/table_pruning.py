"""Deleting the oldest entries of a journal in your own tables, within a transaction."""

import json
from collections import defaultdict

from relink.engine import Address, System

from . import journal as journal_rows
from .codec import Codec
from .errors import ConcurrentChangeError
from .rebuild import Written, rebuild
from .tables import Row, Tables


def prune_journal(
    tables: Tables, before: float, limit: int, system: System, codec: Codec
) -> tuple[int, list[Row]]:
    """Delete the oldest entries; the first that is not older ends them.

    Args:
        tables: within a transaction.
        before: Unix seconds.
        limit: the largest number of entries.
        system: rebuilds the machines.
        codec: reads the events.

    Returns:
        The number of deleted entries, and the checkpoints that have to be kept in their place.

    Raises:
        UnreadableRecordError: this release does not know an entry.
        ConcurrentChangeError: another transaction deleted some of them.
    """
    entries: defaultdict[Address, list[Row]] = defaultdict(list)
    for row in tables.select("journal", {}, ["seq"], limit):
        if row["at"] >= before:
            break
        entries[Address(row["machine"], row["key"])].append(row)
    checkpoints = []
    for address, rows in entries.items():
        checkpoints.append(_checkpoint(tables, address, rows, system, codec))
        old = {**address._asdict(), "version__lte": rows[-1]["version"]}
        if tables.delete("journal", old) != len(rows):
            raise ConcurrentChangeError("another transaction deleted journal entries first")
    return sum(map(len, entries.values())), checkpoints


def _checkpoint(
    tables: Tables, address: Address, rows: list[Row], system: System, codec: Codec
) -> Row:
    """The machine as it was after these entries."""
    found = tables.select("checkpoints", address._asdict(), limit=1)
    since = written_in(found[0]) if found else None
    entries = (journal_rows.from_row(journal_rows.parsed(row), codec) for row in rows)
    # As its last entry wrote it: the entries that stay may be of the same older chart.
    written = rebuild(system, address, entries, since).written
    return {
        **address._asdict(),
        "state": written.state,
        "version": written.version,
        "facts": json.dumps(written.facts),
    }


def written_in(checkpoint: Row) -> Written:
    """The machine that a row of ``checkpoints`` holds."""
    return Written(checkpoint["state"], json.loads(checkpoint["facts"]), checkpoint["version"])

"""What survives a crash: a database in memory, or a real SQLite file.

Both are used through relink's own stores. The one in memory is fast; it cannot be killed within a
transaction, since it has none. The file can: SQLite is interrupted after a number of its
instructions, which the seed says.
"""

import json
import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from sqlalchemy import event

from relink.adapters.store import MemoryStore, SqlStore, Store, migrate
from relink.adapters.store.codec import domain_codec
from relink.adapters.store.rebuild import Written, rebuild
from relink.engine import Address, Facts, Snapshot, System
from relink.engine.facts_json import facts_text

PAGE = 500
"""Machines that are read at a time."""


class Database(Protocol):
    """Holds what is committed, while processes come and go."""

    @property
    def has_transactions(self) -> bool:
        """Whether a transaction can be interrupted."""
        ...

    def open(self, system: System) -> Store:
        """A store for a process that begins."""
        ...

    def killed(self) -> None:
        """The process that used it was killed."""
        ...

    def interrupt_after(self, instructions: int | None) -> None:
        """Have the next transaction fail after so many instructions; None: not any more."""
        ...

    def rebuild(self, system: System) -> int:
        """Forget all machines, and make them again from their journals alone.

        Returns:
            How many there are.
        """
        ...

    def text(self) -> str:
        """Everything that is stored, as text, to search it for secrets."""
        ...

    def close(self) -> None:
        """Remove it."""
        ...


class MemoryDatabase:
    """A :class:`~relink.adapters.store.MemoryStore` that outlives the process.

    Args:
        system: the machines.
    """

    has_transactions = False

    def __init__(self, system: System) -> None:
        self._store = MemoryStore(system)
        self._rebuilt: dict[Address, Snapshot[Facts]] = {}
        """The machines as the last upgrade made them, from which the next one goes on."""

    def open(self, system: System) -> Store:
        """The same store each time: it cannot change its release."""
        return self._store

    def killed(self) -> None:
        """Nothing to do: a process changes it at once, or not at all."""

    def interrupt_after(self, instructions: int | None) -> None:
        """Nothing to do: it has no transactions."""

    def rebuild(self, system: System) -> int:
        """Forget all machines, and make them again from their journals.

        What the journals said at the last upgrade was followed then, so each upgrade goes on from
        there. At the end of the world every journal is followed from its beginning.
        """
        store = self._store
        for address in store.machines:
            begun = self._rebuilt.get(address)
            if begun is None:
                history = store.history(address)
                assert history is not None, "a machine has a history"
                entries, since = history.entries, history.checkpoint
            else:
                entries = store.journal(address, after=begun.version)
                since = Written.of(begun)
            if entries:
                self._rebuilt[address] = rebuild(system, address, entries, since).snapshot
        self._store.machines.clear()
        self._store.machines.update(self._rebuilt)
        return len(self._rebuilt)

    def text(self) -> str:
        """Everything that is stored, as text."""
        codec, store = domain_codec(), self._store
        parts = [facts_text(snapshot.facts) for snapshot in store.machines.values()]
        parts += [codec.text(each.command) for each in store.due_commands(float("inf"), 10**9)]
        for address in store.machines:
            parts += [codec.text(entry.event) for entry in store.journal(address)]
        parts += [letter.error or "" for letter in store.dead_letters(10**9)]
        return "\n".join(parts)

    def close(self) -> None:
        """Nothing to do."""


class SqliteDatabase:
    """A file, with the store, the writer and the transactions of production."""

    has_transactions = True

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="relink-world-")
        self._path = Path(self._folder.name) / "relink.db"
        self._path.write_bytes(_empty())
        self._store: SqlStore | None = None
        self._connections: list[sqlite3.Connection] = []

    def open(self, system: System) -> Store:
        """A store with connections of its own."""
        self._store = SqlStore(f"sqlite:///{self._path}", system)
        event.listen(self._store.engine, "connect", self._connected)
        event.listen(self._store.engine, "close", self._closed)
        return self._store

    def _connected(self, connection: Any, _record: object) -> None:
        self._connections.append(connection)

    def _closed(self, connection: Any, _record: object) -> None:
        self._connections.remove(connection)

    def killed(self) -> None:
        """Drop the connections as they are. What was not committed is gone."""
        assert self._store is not None, "a process that is killed has a store"
        self._store.engine.dispose()

    def interrupt_after(self, instructions: int | None) -> None:
        """Have the next transaction fail after so many instructions; None: not any more."""
        answers = [1]  # 1 interrupts; once, so that the rollback is not interrupted too
        for connection in self._connections:
            connection.set_progress_handler(
                (lambda: answers.pop() if answers else 0) if instructions else None,
                instructions or 1,
            )

    def rebuild(self, system: System) -> int:
        """Forget the state and the facts of all machines, and make them again from the journals.

        On whose behalf a machine is, and what accounts are searched by, stays: no journal has it.
        """
        store = SqlStore(f"sqlite:///{self._path}", system)
        found = _rebuilt(store, system)
        store.close()
        with sqlite3.connect(self._path) as connection:
            connection.execute("UPDATE snapshots SET state = '', facts = '{}'")
            connection.executemany(
                "UPDATE snapshots SET state = ?, facts = ? WHERE machine = ? AND key = ?",
                [
                    (each.snapshot.state, facts_text(each.snapshot.facts), *address)
                    for address, each in found
                ],
            )
        connection.close()
        return len(found)

    def text(self) -> str:
        """Everything that is stored, as text."""
        connection = sqlite3.connect(self._path)
        try:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = [name for (name,) in tables]
            rows = [row for name in names for row in connection.execute(f"SELECT * FROM {name}")]
        finally:
            connection.close()
        return json.dumps(rows, default=str)

    def close(self) -> None:
        """Remove the file."""
        if self._store is not None:
            self._store.engine.dispose()
        self._folder.cleanup()


def _rebuilt(store: Store, system: System) -> list[tuple[Address, Any]]:
    found: list[tuple[Address, Any]] = []
    last: Address | None = None
    while page := store.histories(last, PAGE):
        for each in page:
            found.append(
                (each.address, rebuild(system, each.address, each.entries, each.checkpoint))
            )
        last = page[-1].address
    return found


@cache
def _empty() -> bytes:
    """A migrated database. Copying it is faster than migrating one for each world."""
    with TemporaryDirectory(prefix="relink-world-") as folder:
        path = Path(folder) / "relink.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()

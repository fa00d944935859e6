"""The store in tables of your own, through the database library that your service already uses.

Nothing is locked. What was decided on is compared by its version when it is replaced, and keys are
unique: a message in the inbox, a machine, a command. Where another writer was first, the
transaction is rolled back, and the message is decided again on what that writer stored.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from relink.engine import Address, Event, Step
from relink.machines.commands import Wake

from . import outbox as outbox_rows
from .errors import ConcurrentChangeError, RemovedCommandError, UnreadableRecordError
from .outbox import PRIVATE_FIELD, DueCommand, Party
from .table_pruning import prune_journal
from .table_queries import IS_DUE, TableQueries
from .tables import KEYS, Row, TableName, Where
from .unit_of_work import Applied, Completion, InboxMessage, Rows, Stored, UnitOfWork

ATTEMPTS = 10
"""Times that a transaction is tried. Each earlier attempt lost to another writer."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class TableStore(TableQueries):
    """Machines in your own tables; a :class:`~relink.adapters.store.Store`.

    Within a transaction of yours, what it writes is part of that transaction.

    Args:
        tables: your tables.
        system: the machines whose snapshots it holds.
        codec: their events and commands; by default relink's own.
    """

    def close(self) -> None:
        """Nothing to do: the connections are yours."""

    # ── messages and answers ─────────────────────────────────────────────────

    def apply(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Decide what a message says and store everything that follows, in one transaction."""
        return self._write(UnitOfWork(self._system, self._codec, message, events))

    async def apply_async(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Do the same as :meth:`apply` in a thread."""
        return await asyncio.to_thread(self.apply, message, events)

    def answer(
        self,
        due: DueCommand,
        events: Sequence[Event],
        at: float,
        *,
        failed: bool = False,
        error: str | None = None,
    ) -> Applied:
        """Apply the answer to a command, and complete the command, in one transaction."""
        completion = Completion.of(due, at, failed, error)
        message = InboxMessage.answer_to(due, at)
        return self._write(UnitOfWork(self._system, self._codec, message, events, completion))

    def _write(self, unit: UnitOfWork) -> Applied:
        return self._changing(lambda: self._carry_out(unit))

    def _changing(self, work: Callable[[], T]) -> T:
        """Do something in one transaction, and again where another writer was first.

        Raises:
            ConcurrentChangeError: another writer was first each time.
            StoreUnavailableError: the database can't be used.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._translated(), self._tables.transaction():
                    return work()
            except ConcurrentChangeError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _carry_out(self, unit: UnitOfWork) -> Applied:
        end = unit.completion
        row = self._due_row(end.command_id, end.generation) if end else None
        if end and row is None:
            return Applied("duplicate")
        applied = Applied("applied")
        if unit.enters_inbox and self._one("inbox", {"id": unit.message.id}):
            applied = Applied("duplicate")
        elif unit.enters_inbox:
            applied = Applied("applied", self._decide(unit))
        if end and row:
            self._complete(end, row)
        return applied

    def _decide(self, unit: UnitOfWork) -> tuple[Step, ...]:
        likely = self._likely(unit)
        versions: dict[Address, int] = {}

        def read(address: Address) -> Stored | None:
            is_known = address in likely
            row = likely[address] if is_known else self._one("snapshots", address._asdict())
            if row is None:
                return None
            versions[address] = row["version"]
            return Stored(*(row[field] for field in Stored._fields))

        steps, rows = unit.decide_rows(read)
        self._tables.insert("inbox", [unit.inbox_row])
        self._replace(rows.changed, versions)
        self._add("snapshots", rows.new)
        self._add("journal", rows.journal)
        for account in rows.accounts:
            self._put("accounts", account)
        self._ask(rows)
        return steps

    def _likely(self, unit: UnitOfWork) -> dict[Address, Row | None]:
        """The machines that a message probably changes, read by their names in a few selects."""
        found: dict[Address, Row | None] = dict.fromkeys(unit.likely_addresses)
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for address in sorted(found):
            keys[address.machine].append(address.key)
        for machine, some in keys.items():
            for row in self._tables.select("snapshots", {"machine": machine, "key__in": some}):
                found[Address(machine, row["key"])] = row
        return found

    def _replace(self, rows: Sequence[Row], versions: dict[Address, int]) -> None:
        for row in rows:
            address = Address(row["machine"], row["key"])
            here = {**address._asdict(), "version": versions[address]}
            kept = ("connected_account",) if row["connected_account"] is None else ()
            values = {name: value for name, value in row.items() if name not in kept}
            self._update_one("snapshots", here, values)

    def _ask(self, rows: Rows) -> None:
        """Add commands to the outbox. Those that are there stay, except a read that waits (K10)."""
        ids = [row["id"] for row in rows.outbox]
        found = self._tables.select("outbox", {"id__in": ids}) if ids else []
        known = {row["id"] for row in found}
        self._add("outbox", [row for row in rows.outbox if row["id"] not in known])
        for row in rows.delayed:
            waits = {"id": row["id"], "status": "due", "attempts": 0, "due_at__lt": row["due_at"]}
            values = {"fields": row["fields"], "due_at": row["due_at"]}
            if row["connected_account"] is not None:
                values["connected_account"] = row["connected_account"]
            self._tables.update("outbox", waits, values)

    def _complete(self, end: Completion, row: Row) -> None:
        fields = json.loads(row["fields"])
        if end.status == "done" and fields.pop(PRIVATE_FIELD, None) is not None:
            row = {**row, "fields": json.dumps(fields)}
        values = {
            "status": end.status,
            "finished_at": end.at,
            "error": end.error,
            "stuck_on": None,
            "attempts": row["attempts"] + 1,
            "fields": row["fields"],
        }
        self._update_one("outbox", _still_due(row), values)

    # ── commands ─────────────────────────────────────────────────────────────

    def postpone(
        self,
        due: DueCommand,
        due_at: float,
        error: str | None = None,
        *,
        pause: float = 0.0,
        stuck_on: str | None = None,
    ) -> None:
        """Count a failed attempt, and make the command due later, if it is still due."""

        def work() -> None:
            row = self._due_row(due.id, due.generation)
            if row is None:
                return
            values = {
                "attempts": row["attempts"] + 1,
                # It may wait for longer already: the machines asked for the read again (K10).
                "due_at": max(due_at, row["due_at"]),
                "retried_for": row["retried_for"] + pause,
                "error": error,
                "stuck_on": stuck_on,
            }
            self._update_one("outbox", _still_due(row), values)

        self._changing(work)

    def put_off(self, due: DueCommand, due_at: float) -> None:
        """Make a command due later that was not tried."""
        waits = {**_due(due.id, due.generation), "due_at__lt": due_at}
        self._changing(lambda: self._tables.update("outbox", waits, {"due_at": due_at}))

    def retry(self, command_id: str, at: float) -> bool:
        """Make a dead letter due again, in a new generation, as if it had not been retried."""

        def work() -> bool:
            failed = {"id": command_id, "status": "failed"}
            row = self._one("outbox", failed)
            if row is None:
                return False
            values = {
                "status": "due",
                "due_at": at,
                "retried_for": 0.0,
                "finished_at": None,
                "generation": row["generation"] + 1,
            }
            self._update_one("outbox", {**failed, "generation": row["generation"]}, values)
            return True

        return self._changing(work)

    def defer_again(self, command_id: str) -> None:
        """Nothing to do: there are no jobs."""

    def defer_due(self, now: float, limit: int = 1000) -> int:
        """Nothing to do: there are no jobs."""
        return 0

    def due_command(self, command_id: str) -> DueCommand | None:
        """A command, if it waits to be carried out."""
        found = self._due({"id": command_id})
        return found[0] if found else None

    def due_commands(self, now: float, limit: int, party: Party | None = None) -> list[DueCommand]:
        """Commands that are due, the longest due first, then by their ids."""
        of_party = {} if party is None else {"party": party.value}
        return self._due({"due_at__lte": now, **of_party}, limit)

    def timers(self, limit: int = 100) -> list[DueCommand]:
        """Timers that have not fired, the next one first."""
        return self._due({"command__in": [Wake.name, *Wake.former_names]}, limit)

    def _due(self, where: Where, limit: int | None = None) -> list[DueCommand]:
        found = []
        for row in self._select("outbox", {**IS_DUE, **where}, ["due_at", "id"], limit):
            parsed = {**row, "fields": json.loads(row["fields"])}
            try:
                found.append(outbox_rows.from_row(parsed, self._codec))
            except RemovedCommandError as error:
                self._set_aside(row, "done", str(error))
            except UnreadableRecordError as error:
                # A dead letter: a release that can read it may retry it.
                self._set_aside(row, "failed", str(error))
        return found

    def _set_aside(self, row: Row, status: str, error: str) -> None:
        """End a command that can't be performed, so that it does not hold up the others."""
        log.warning("command %s is %s without an attempt: %s", row["id"], status, error)
        end = {"status": status, "finished_at": row["due_at"], "error": error, "stuck_on": None}
        waits = {"id": row["id"], "status": "due"}
        self._changing(lambda: self._tables.update("outbox", waits, end))

    def _due_row(self, command_id: str, generation: int) -> Row | None:
        return self._one("outbox", _due(command_id, generation))

    # ── sweeps and retention ─────────────────────────────────────────────────

    def set_cursor(self, name: str, value: dict[str, Any]) -> None:
        """Store how far a sweep has got."""
        row = {"name": name, "value": json.dumps(value)}
        self._changing(lambda: self._put("cursors", row))

    def delete_before(self, before: float, limit: int) -> dict[str, int]:
        """Delete what is older and no longer needed; returns the number of rows by table."""
        old = {"received_at__lt": before}
        done = {"status": "done", "finished_at__lt": before}
        return {
            "inbox": self._changing(lambda: self._delete("inbox", old, "received_at", limit)),
            "outbox": self._changing(lambda: self._delete("outbox", done, "finished_at", limit)),
            "journal": self._changing(lambda: self._delete_journal(before, limit)),
        }

    def _delete(self, table: TableName, where: Where, order: str, limit: int) -> int:
        ids = [row["id"] for row in self._tables.select(table, where, [order], limit)]
        return self._tables.delete(table, {"id__in": ids}) if ids else 0

    def _delete_journal(self, before: float, limit: int) -> int:
        deleted, checkpoints = prune_journal(self._tables, before, limit, self._system, self._codec)
        for row in checkpoints:
            self._put("checkpoints", row)
        return deleted

    # ── rows ─────────────────────────────────────────────────────────────────

    def _add(self, table: TableName, rows: Sequence[Row]) -> None:
        if rows:
            self._tables.insert(table, rows)

    def _put(self, table: TableName, row: Row) -> None:
        """Replace the row with the same key, or add it."""
        here = {name: row[name] for name in KEYS[table]}
        if not self._tables.update(table, here, row):
            self._tables.insert(table, [row])

    def _update_one(self, table: TableName, where: Where, values: Row) -> None:
        if not self._tables.update(table, where, values):
            raise ConcurrentChangeError(f"another writer changed a row of {table} first")


def _due(command_id: str, generation: int) -> Where:
    return {"id": command_id, "status": "due", "generation": generation}


def _still_due(row: Row) -> Where:
    """Conditions that hold unless the row of a due command changed since it was read."""
    unchanged = {name: row[name] for name in ("attempts", "due_at")}
    return {**_due(row["id"], row["generation"]), **unchanged}

"""What can be asked of tables of your own, without changing a machine."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Never, cast

from relink.engine import Address, Facts, Snapshot, System
from relink.machines.account.facts import AccountFacts

from . import journal as journal_rows
from .codec import Codec, domain_codec
from .errors import ConcurrentChangeError, UnreadableRecordError
from .journal import JournalEntry
from .limits import require_address
from .outbox import DeadLetter, Overdue, StuckCommand
from .protocol import History
from .readable import PAGE, Records, Unreadable, unreadable_records
from .table_errors import of_your_database
from .table_pruning import written_in
from .tables import Row, TableName, Tables, Where
from .unit_of_work import Machine, read_snapshot

IS_DUE = {"status": "due"}
IS_FAILED = {"status": "failed"}
IS_FAILING = {"status": "due", "error__isnull": False}
IS_STUCK = {"stuck_on__isnull": False}

_PAGE = 500
"""Machines that are read at a time."""

log = logging.getLogger(__name__)


class TableQueries:
    """Reads tables of yours.

    Args:
        tables: your tables.
        system: the machines whose snapshots they hold.
        codec: their events and commands; by default relink's own.
    """

    def __init__(self, tables: Tables, system: System, codec: Codec | None = None) -> None:
        self._tables = tables
        self._system = system
        self._codec = codec or domain_codec()

    @property
    def system(self) -> System:
        """The machines whose snapshots it holds."""
        return self._system

    def check(self) -> None:
        """Check that the database answers.

        Raises:
            StoreUnavailableError: it does not.
        """
        self._select("snapshots", {}, limit=1)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise the errors of the tables as the store's, without values or passwords."""
        try:
            yield
        except self._tables.conflicts as error:
            raise ConcurrentChangeError("another writer was first") from error
        except self._tables.failures as error:
            raise of_your_database(error) from error

    def _select(
        self, table: TableName, where: Where, order: Sequence[str] = (), limit: int | None = None
    ) -> Sequence[Row]:
        with self._translated():
            return self._tables.select(table, where, order, limit)

    def _one(self, table: TableName, where: Where) -> Row | None:
        found = self._select(table, where, limit=1)
        return found[0] if found else None

    def _count(self, table: TableName, by: str, where: Where) -> dict[Any, int]:
        with self._translated():
            return self._tables.count(table, by, where)

    # ── machines ─────────────────────────────────────────────────────────────

    def snapshot(self, address: Address, *more: Never) -> Snapshot[Facts] | None:
        """A machine as it is now, or None when there is none."""
        require_address(address, more)
        row = self._one("snapshots", address._asdict())
        return None if row is None else read_snapshot(self._system, address, row)

    def connected_account(self, address: Address) -> str | None:
        """The connected account on whose behalf the last message about a machine came, if any."""
        row = self._one("snapshots", address._asdict())
        return row["connected_account"] if row else None

    def accounts(
        self,
        *,
        state: str | None = None,
        holder: str | None = None,
        authorization: str | None = None,
        institution: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Snapshot[AccountFacts]]:
        """Accounts in the order of their ids: all, or those that match every given filter."""
        # The rows of accounts that did not change since an upgrade have former states.
        stored = None if state is None else self._system.tables["account"].stored_as(state)
        wanted = {
            "state__in": stored and list(stored),
            "holder": holder,
            "authorization": authorization,
            "institution": institution,
        }
        where = {name: value for name, value in wanted.items() if value is not None}
        found = self._accounts(where, after or "", limit, state)
        return cast("list[Snapshot[AccountFacts]]", [machine.snapshot for _, machine in found])

    def _accounts(
        self, where: Where, after: str, limit: int, state: str | None = None
    ) -> list[tuple[str, Machine]]:
        def page(after: str, size: int) -> list[str]:
            rows = self._select("accounts", {**where, "id__gt": after}, ["id"], size)
            return [row["id"] for row in rows]

        return self._readable("account", page, after, limit, state)

    def count_by_state(self) -> dict[str, int]:
        """The number of accounts in each state that has any."""
        former = self._system.tables["account"].former_states
        found: Counter[str] = Counter()
        for state, number in self._count("accounts", "state", {}).items():
            now = former.get(state, state)
            found.update({now: number} if isinstance(now, str) else self._count_now(state))
        return dict(found)

    def _count_now(self, stored: str) -> Counter[str]:
        """The states today of accounts that were stored in one that their facts have to split."""
        found: Counter[str] = Counter()
        after = ""
        while page := self._accounts({"state": stored}, after, _PAGE):
            found.update(machine.snapshot.state for _, machine in page)
            after = page[-1][0]
        return found

    def journal(
        self, address: Address, *, after: int = 0, limit: int | None = None
    ) -> list[JournalEntry]:
        """The decisions of a machine, in order, as far as they are kept."""
        where = {**address._asdict(), "version__gt": after}
        rows = self._select("journal", where, ["version"], limit)
        return [journal_rows.from_row(journal_rows.parsed(row), self._codec) for row in rows]

    def count_machines(self, name: str | None = None) -> int:
        """The number of machines: all, or those of one name."""
        where = {} if name is None else {"machine": name}
        return sum(self._count("snapshots", "machine", where).values())

    def machines_named(
        self, name: str, *, after: str = "", limit: int = 100
    ) -> list[tuple[str, Machine]]:
        """Machines of one name with their keys, in the order of the keys."""

        def page(after: str, size: int) -> list[str]:
            where = {"machine": name, "key__gt": after}
            return [row["key"] for row in self._select("snapshots", where, ["key"], size)]

        return self._readable(name, page, after, limit)

    def _readable(
        self,
        name: str,
        page: Callable[[str, int], list[str]],
        after: str,
        limit: int,
        state: str | None = None,
    ) -> list[tuple[str, Machine]]:
        """A full page of machines of one name, in one state if it is given.

        One that can't be read is left out, and logged.
        """
        found: list[tuple[str, Machine]] = []
        while missing := limit - len(found):
            keys = page(after, missing)
            rows = self._select("snapshots", {"machine": name, "key__in": keys}) if keys else []
            by_key = {row["key"]: row for row in rows}
            for key in filter(by_key.__contains__, keys):
                try:
                    snapshot = read_snapshot(self._system, Address(name, key), by_key[key])
                except UnreadableRecordError as error:
                    log.error("a machine is left out: %s", error)
                    continue
                if state in (None, snapshot.state):
                    found.append((key, Machine(snapshot, by_key[key]["connected_account"])))
            if len(keys) < missing:
                break
            after = keys[-1]
        return found

    def histories(self, after: Address | None, limit: int) -> list[History]:
        """Machines with their journals, in the order of their addresses.

        Each is read in an order in which writers that come between can't make it differ.
        """
        first = after or Address("", "")
        rest = {"machine": first.machine, "key__gt": first.key}
        rows = list(self._select("snapshots", rest, ["key"], limit))
        if len(rows) < limit:
            others = {"machine__gt": first.machine}
            rows += self._select("snapshots", others, ["machine", "key"], limit - len(rows))
        return [self._history(Address(row["machine"], row["key"])) for row in rows]

    def history(self, address: Address) -> History | None:
        """One machine with its journal, or None when there is none."""
        return None if self.snapshot(address) is None else self._history(address)

    def _history(self, address: Address) -> History:
        while True:
            snapshot = self.snapshot(address)
            assert snapshot is not None, "machines are never deleted"
            entries = self.journal(address)
            row = self._one("checkpoints", address._asdict())
            checkpoint = None if row is None else written_in(row)
            since = checkpoint.version if checkpoint else 0
            if since <= snapshot.version:
                kept = [each for each in entries if since < each.version <= snapshot.version]
                return History(address, snapshot, checkpoint, kept)

    def unreadable(
        self, progress: Callable[[int], None] = lambda done: None
    ) -> Iterator[Unreadable]:
        """What this release can't read, of all that is stored; see :mod:`.readable`.

        Args:
            progress: called now and then with the number of records read so far.
        """

        def page(records: Records, last: tuple[Any, ...]) -> Sequence[Row]:
            only = {"status__in": list(records.statuses)} if records.statuses else {}
            if not last:
                return self._select(records.table, only, records.keys, PAGE)
            rows: list[Row] = []
            # Rows with all keys but the last in common come first, then those with one fewer.
            for shared in reversed(range(len(last))):
                here = dict(zip(records.keys[:shared], last, strict=False))
                where = {**only, **here, f"{records.keys[shared]}__gt": last[shared]}
                if missing := PAGE - len(rows):
                    rows += self._select(records.table, where, records.keys[shared:], missing)
            return rows

        return unreadable_records(page, self._system, self._codec, progress)

    # ── commands and sweeps; due commands are in TableStore ──────────────────

    def next_due_at(self) -> float | None:
        """When the next command is due (Unix seconds); None when none waits."""
        found = self._select("outbox", IS_DUE, ["due_at"], 1)
        return found[0]["due_at"] if found else None

    def overdue(self, now: float) -> Overdue:
        """The commands that should be done by now."""
        is_waiting = {**IS_DUE, "due_at__lte": now, "error__isnull": True}
        oldest = self._select("outbox", is_waiting, ["due_at"], 1)
        first = self._select("outbox", IS_FAILING, ["created_at"], 1)
        since = [row["due_at"] for row in oldest] + [row["created_at"] for row in first]
        failing = self._count("outbox", "command", {**IS_FAILING, "stuck_on__isnull": True})
        number = sum(self._count("outbox", "status", is_waiting).values())
        return Overdue(number, failing, min(since, default=None))

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Commands that failed for good, the latest first."""
        columns = ("id", "command", "attempts", "finished_at", "error")
        rows = self._select("outbox", IS_FAILED, ["-finished_at", "id"], limit)
        return [DeadLetter(*(row[column] for column in columns)) for row in rows]

    def count_dead_letters(self) -> int:
        """The number of commands that failed for good."""
        return sum(self._count("outbox", "status", IS_FAILED).values())

    def stuck_commands(self, limit: int = 100) -> list[StuckCommand]:
        """Due commands that an operator has to look at, by what they are stuck on, then by id."""
        rows = self._select("outbox", IS_STUCK, ["stuck_on", "id"], limit)
        return [StuckCommand(*(row[column] for column in StuckCommand._fields)) for row in rows]

    def count_stuck(self) -> dict[str, int]:
        """The number of due commands that an operator has to look at, by what they are stuck on."""
        return self._count("outbox", "stuck_on", IS_STUCK)

    def cursor(self, name: str) -> dict[str, Any] | None:
        """How far a sweep has got; None before its first step."""
        row = self._one("cursors", {"name": name})
        return None if row is None else json.loads(row["value"])

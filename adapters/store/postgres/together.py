"""Units of work that share one transaction: read together, decided one after the other, written
together.

Each statement has the rows of all of them, so none may have two rows with one key: what a later
unit makes of a row takes the place of the earlier version. All rows are in the order of their keys,
as those of a unit alone are, so writers never wait for each other in a circle.
"""

from collections.abc import Callable

from relink.engine import Address

from ..unit_of_work import Applied, Row, Rows, Stored, UnitOfWork

Read = Callable[[Address], Stored | None]


class Together:
    """What some units of work change together.

    Args:
        entered: the ids of their messages that were not in the inbox before.
        read: gives a machine as the database holds it, or None.
    """

    def __init__(self, entered: set[str], read: Read) -> None:
        self._entered = entered
        self._stored = read
        self._machines: dict[Address, Row] = {}
        self._new: set[Address] = set()
        self._accounts: dict[str, Row] = {}
        self._journal: list[Row] = []
        self._outbox: dict[str, Row] = {}
        self._delayed: dict[str, Row] = {}

    def add(self, unit: UnitOfWork) -> Applied:
        """Decide a unit; those that are added later see what it led to.

        Raises:
            EngineError: the system could not decide. Nothing of any unit may be written then.
        """
        if unit.message.id not in self._entered:
            return Applied("duplicate")
        self._entered.remove(unit.message.id)
        steps, rows = unit.decide_rows(self._read)
        self._keep(rows)
        return Applied("applied", steps)

    def rows(self) -> Rows:
        """The rows to write."""
        machines = sorted(self._machines.items())
        return Rows(
            new=[row for address, row in machines if address in self._new],
            changed=[row for address, row in machines if address not in self._new],
            accounts=_in_order(self._accounts),
            journal=self._journal,
            outbox=_in_order(self._outbox),
            delayed=_in_order(self._delayed),
        )

    def _read(self, address: Address) -> Stored | None:
        row = self._machines.get(address)
        if row is None:
            return self._stored(address)
        return Stored(*(row[field] for field in Stored._fields))

    def _keep(self, rows: Rows) -> None:
        self._new.update(map(_address, rows.new))
        for row in (*rows.new, *rows.changed):
            before = self._machines.get(_address(row))
            if before and row["connected_account"] is None:
                row["connected_account"] = before["connected_account"]
            self._machines[_address(row)] = row
        self._accounts.update((row["id"], row) for row in rows.accounts)
        self._journal.extend(rows.journal)
        for row in rows.outbox:
            self._outbox.setdefault(row["id"], row)
        for row in rows.delayed:
            known = self._delayed.setdefault(row["id"], row)
            if row["due_at"] > known["due_at"]:
                self._delayed[row["id"]] = row


def _address(row: Row) -> Address:
    return Address(row["machine"], row["key"])


def _in_order(rows: dict[str, Row]) -> list[Row]:
    return [rows[id] for id in sorted(rows)]

"""The store without a database: for simulations and tests that have to be fast.

It keeps its word only as long as the process lives, and it keeps no journal.
"""

import heapq
from collections import ChainMap
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Literal

from relink.engine import Address, Event, Facts, Snapshot, System

from .outbox import PATIENCE, DueCommand, due_time, is_for_outbox
from .unit_of_work import Applied, InboxMessage


class MemoryStore:
    """What :class:`~relink.adapters.store.Store` does, in dictionaries.

    Args:
        system: the machines whose snapshots it holds.
    """

    def __init__(self, system: System) -> None:
        self.machines: dict[Address, Snapshot[Facts]] = {}
        """Every machine as it is now."""
        self.status: dict[str, Literal["due", "done", "failed"]] = {}
        """How far each command is, by its id."""
        self._system = system
        self._arrived: set[str] = set()
        self._connected: dict[Address, str] = {}
        self._due: list[tuple[float, int, DueCommand]] = []
        self._order = count()

    def apply(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Decide what arrived and keep all that follows, once; see ``Store.apply``."""
        if message.id in self._arrived:
            return Applied("duplicate")
        decided: ChainMap[Address, Snapshot[Facts]] = ChainMap({}, self.machines)
        steps = []
        for trigger in events:
            step = self._system.step(trigger, decided.get)
            decided.update(step.snapshots)
            steps.append(step)
        # Nothing is kept of an arrival that could not be decided.
        self.machines.update(decided.maps[0])
        self._arrived.add(message.id)
        on_behalf_of = message.on_behalf_of(
            self._connected.get(address) for address in sorted(decided.maps[0])
        )
        for step in steps:
            if on_behalf_of:
                self._connected.update(dict.fromkeys(step.snapshots, on_behalf_of))
            for command in step.commands:
                if is_for_outbox(command) and (known := command.id) not in self.status:
                    self.status[known] = "due"
                    at = message.received_at
                    due_at = due_time(command, at)
                    self._wait(
                        DueCommand(
                            command,
                            known,
                            message.id,
                            on_behalf_of,
                            attempts=0,
                            due_at=due_at,
                            created_at=at,
                            give_up_at=due_at + PATIENCE,
                        )
                    )
        return Applied("applied", tuple(steps))

    def snapshot(self, address: Address) -> Snapshot[Facts] | None:
        """A machine as it is now, or None when there is none."""
        return self.machines.get(address)

    def connected_account(self, address: Address) -> str | None:
        """The connected account in whose name a machine was last heard of, or None."""
        return self._connected.get(address)

    @property
    def next_due_at(self) -> float | None:
        """When the next command is due (Unix seconds); None when none is waited for."""
        return self._due[0][0] if self._due else None

    def due_commands(self, now: float, limit: int) -> list[DueCommand]:
        """Commands to carry out, longest due first. Each is to be answered or postponed."""
        found: list[DueCommand] = []
        while self._due and self._due[0][0] <= now and len(found) < limit:
            found.append(heapq.heappop(self._due)[2])
        return found

    def answer(
        self,
        due: DueCommand,
        events: Sequence[Event],
        at: float,
        *,
        failed: bool = False,
        error: str | None = None,
    ) -> Applied:
        """Apply what came of a command, and close it; see ``Store.answer``."""
        if self.status[due.id] != "due":
            return Applied("duplicate")
        name = due.command.name
        message = InboxMessage(due.answer_id, name, int(at), at, due.connected_account)
        applied = self.apply(message, events)
        self.status[due.id] = "failed" if failed else "done"
        return applied

    def postpone(self, due: DueCommand, due_at: float, error: str | None = None) -> None:
        """Note an attempt that is to be repeated then (Unix seconds)."""
        self._wait(replace(due, attempts=due.attempts + 1, due_at=due_at))

    def _wait(self, due: DueCommand) -> None:
        heapq.heappush(self._due, (due.due_at, next(self._order), due))

"""The ports of a process in the world: its store, and its way to Stripe.

Each call that leaves the process goes through here. That is where it waits in production, so it is
where others go on meanwhile, where it can fail, and where the process can be killed: just before a
call and just after it, when the other side has done its part and the process does not know.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from relink.adapters.gateway.in_process import InProcessTransport
from relink.adapters.gateway.transport import Call, Reply
from relink.adapters.store import (
    Applied,
    DueCommand,
    InboxMessage,
    Store,
    StoreError,
    StoreUnavailableError,
)
from relink.engine import Event, Step

from .faults import Fault
from .surroundings import Surroundings

T = TypeVar("T")

MOST_INSTRUCTIONS = 60
"""SQLite's instructions in one statement after which a transaction is interrupted, at most. Most
statements of relink have fewer, so the one that is interrupted may be any."""


class WorldStore:
    """A store whose transactions can fail, and be cut off.

    Reads are handed on: they change nothing, so a crash there is one before the next change.

    Args:
        store: does the work.
        world: around it.
    """

    def __init__(self, store: Store, world: Surroundings) -> None:
        self._store = store
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def apply(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """See :meth:`relink.adapters.store.Store.apply`."""
        self._before()
        applied = self._within(lambda: self._store.apply(message, events))
        steps = self._world.record.applied(message, True, applied)
        self._tell(steps)
        self._after(asks=any(step.commands for step in steps))
        return applied

    def answer(
        self,
        due: DueCommand,
        events: Sequence[Event],
        at: float,
        *,
        failed: bool = False,
        error: str | None = None,
    ) -> Applied:
        """See :meth:`relink.adapters.store.Store.answer`."""
        self._before()
        applied = self._within(
            lambda: self._store.answer(due, events, at, failed=failed, error=error)
        )
        message = InboxMessage.answer_to(due, at)
        record = self._world.record
        steps = record.applied(message, bool(events), applied)
        record.ended_with(due.id, applied)
        self._world.story.say(f"store: {due.id} {'failed' if failed else 'is done'}")
        self._tell(steps)
        self._after()
        return applied

    def postpone(self, due: DueCommand, due_at: float, *details: Any, **more: Any) -> None:
        """See :meth:`relink.adapters.store.Store.postpone`."""
        self._before()
        self._within(lambda: self._store.postpone(due, due_at, *details, **more))
        self._after()

    def put_off(self, due: DueCommand, due_at: float) -> None:
        """See :meth:`relink.adapters.store.Store.put_off`."""
        self._before()
        self._within(lambda: self._store.put_off(due, due_at))
        self._after()

    def retry(self, command_id: str, at: float) -> bool:
        """See :meth:`relink.adapters.store.Store.retry`."""
        self._before()
        is_due = self._within(lambda: self._store.retry(command_id, at))
        if is_due:
            self._world.record.retried(command_id)
        self._after()
        return is_due

    def set_cursor(self, name: str, value: dict[str, Any]) -> None:
        """See :meth:`relink.adapters.store.Store.set_cursor`."""
        self._before()
        self._within(lambda: self._store.set_cursor(name, value))
        self._after(asks=False)

    def _before(self) -> None:
        world = self._world
        world.may_be_killed(Fault.KILLED_BEFORE_COMMIT)
        world.let_others_go_on()
        if world.chance.strikes(Fault.STORE_DOWN):
            world.story.say("store: refuses a transaction")
            raise StoreUnavailableError("the simulated database is down")

    def _within(self, change: Callable[[], T]) -> T:
        """Carry a transaction out, or interrupt it."""
        world, database = self._world, self._world.database
        if not database.has_transactions:
            return change()
        fault = next(
            (
                fault
                for fault in (Fault.KILLED_IN_TRANSACTION, Fault.STORE_INTERRUPTED)
                if world.chance.strikes(fault)
            ),
            None,
        )
        if fault is None:
            return change()
        database.interrupt_after(1 + world.chance.below(MOST_INSTRUCTIONS))
        try:
            done = change()
            world.chance.missed(fault)  # it was over before it was interrupted
            return done
        except StoreError:
            world.story.say(f"store: {fault.sentence}")
            if fault is Fault.KILLED_IN_TRANSACTION:
                world.kill()
            raise StoreUnavailableError("the simulated database was interrupted") from None
        finally:
            database.interrupt_after(None)

    def _after(self, *, asks: bool = True) -> None:
        """A transaction was committed.

        Args:
            asks: whether it may have made a command due.
        """
        world = self._world
        world.is_dirty = world.is_dirty or asks
        world.may_be_killed(Fault.KILLED_AFTER_COMMIT)
        if world.chance.strikes(Fault.STORE_ANSWER_LOST):
            world.story.say("store: committed, and its answer is lost")
            raise StoreUnavailableError("the simulated database's answer was lost")
        world.let_others_go_on()

    def _tell(self, steps: list[Step]) -> None:
        story = self._world.story
        for step in steps:
            for address, decision in step.deliveries:
                if decision.outcome == "moved":
                    story.say(
                        f"relink: {address.machine} {address.key}: "
                        f"{decision.before.state} -> {decision.state}"
                    )
            for command in step.commands:
                story.say(f"relink: asks for {command.id}")


class WorldTransport:
    """The way to the simulated Stripe.

    Args:
        world: around it.
    """

    def __init__(self, world: Surroundings) -> None:
        self._world = world
        self._inner = InProcessTransport(world.sim)

    def send(self, call: Call) -> Reply:
        """See :meth:`relink.adapters.gateway.Transport.send`."""
        world = self._world
        world.may_be_killed(Fault.KILLED_BEFORE_REQUEST)
        world.let_others_go_on()
        fault = world.chance.of_request()
        if fault is not None:
            world.sim.inject(fault.value)
        what = f"stripe: {call.method} {call.path}"
        try:
            reply = self._inner.send(call)
        except Exception as error:
            world.story.say(f"{what}: {fault or type(error).__name__}")
            raise
        world.story.say(f"{what}: {reply.status}{f' ({fault})' if fault else ''}")
        world.may_be_killed(Fault.KILLED_AFTER_REQUEST)
        world.let_others_go_on()
        return reply

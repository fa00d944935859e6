"""Performing commands: an attempt, and its answer stored.

The outbox's row is the truth about a command. An attempt ends in one change of the store: the
answer is applied and the row closed, in one transaction, or the row gets a new due time. A crash
before that leaves the command due, and repeating it is safe: Stripe knows it by its id, and so
does the inbox. When to perform what is for a scheduler to say (:mod:`.loop`, :mod:`.worker`).
"""

import logging
import time
from collections.abc import Callable

from relink.adapters.gateway import Gateway, WatchCommand
from relink.adapters.logs import correlated
from relink.adapters.store import Applied, DueCommand, MemoryStore, Store, StoreUnavailableError
from relink.engine import Step
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

from .attempt import Notify, Outcome, after_failure, attempt, unforeseen

Watch = Callable[[Step], None]
"""Is shown every step that was stored."""

BATCH = 100
"""Commands taken from the outbox at a time."""

log = logging.getLogger(__name__)


class Performer:
    """Carries out commands of the outbox.

    It can be used from several threads, if the gateway and the others can.

    Args:
        store: where the commands are.
        gateway: carries out those for Stripe.
        notify: takes those for the embedding service.
        clock: the time (Unix seconds).
        policy: the service's choices.
        watch: is shown every step.
        watch_command: is shown every attempt.
    """

    def __init__(
        self,
        store: Store | MemoryStore,
        gateway: Gateway,
        notify: Notify,
        clock: Callable[[], float] = time.time,
        policy: RelinkPolicy | None = None,
        watch: Watch = lambda step: None,
        watch_command: WatchCommand = lambda command, result, age: None,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._notify = notify
        self._clock = clock
        self._policy = policy or DEFAULT_POLICY
        self._watch = watch
        self._watch_command = watch_command

    def perform(self, due: DueCommand) -> None:
        """Make one attempt at a command and store what follows.

        Raises:
            StoreUnavailableError: nothing could be stored; the command is as due as before.
        """
        with correlated(command_id=due.id):
            outcome = attempt(due, self._gateway, self._notify, self._clock, self._policy)
            try:
                applied = self._keep(due, outcome)
            except StoreUnavailableError:
                raise
            except Exception as error:
                log.exception("what came of %s could not be decided", due.id)
                outcome = self._undecided(due, error)
                applied = self._keep(due, outcome)
            self._watch_command(due.command, outcome.result, outcome.at - due.created_at)
            for step in applied.steps:
                self._watch(step)

    def work_off(self) -> int:
        """Carry out the commands that are due, and what follows from them, until none is.

        In this thread: for simulations, demonstrations and tests.

        Returns:
            how many attempts were made.
        """
        attempts = 0
        while found := self._store.due_commands(self._clock(), BATCH):
            for due in found:
                self.perform(due)
            attempts += len(found)
        return attempts

    def _keep(self, due: DueCommand, outcome: Outcome) -> Applied:
        if outcome.gave_up:
            log.warning("%s failed for good: %s", due.id, outcome.error)
        if outcome.retry_at is None:
            return self._store.answer(
                due, outcome.events, outcome.at, failed=outcome.gave_up, error=outcome.error
            )
        log.info("attempt %d at %s failed: %s", due.attempts + 1, due.id, outcome.error)
        self._store.postpone(due, outcome.retry_at, outcome.error)
        return Applied("applied")

    def _undecided(self, due: DueCommand, error: Exception) -> Outcome:
        """Try again; when patience ends, without telling the machines, since it is they that
        can't be told."""
        outcome = after_failure(due, self._clock(), unforeseen(error), self._policy)
        return Outcome(outcome.at, (), outcome.retry_at, outcome.gave_up, outcome.error)

"""Performing commands: make an attempt, and store its answer.

The outbox row is the source of truth for a command. An attempt ends with one change of the store:
either the answer is applied and the command completed, in one transaction, or the row gets a new
due time. A crash before that leaves the command due. Repeating it is safe: Stripe and the inbox
both recognise it by its id. A scheduler decides when to perform a command (:mod:`.loop`,
:mod:`.worker`).
"""

import logging
import time
from collections.abc import Callable

from relink.adapters.gateway import Gateway, WatchCommand
from relink.adapters.logs import correlated
from relink.adapters.store import Applied, DueCommand, Party, Store, StoreUnavailableError
from relink.engine import Step
from relink.machines.commands import Read
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

from .attempt import Notify, Outcome, after_unexpected, attempt
from .streaks import Streaks

Watch = Callable[[Step], None]
"""Called with every step that was stored."""

MANY = 5
"""The number of an attempt from which on its failure is a warning."""

log = logging.getLogger(__name__)


class Performer:
    """Carries out commands of the outbox.

    It can be used from several threads, if the gateway and the callables can.

    Args:
        store: holds the commands.
        gateway: carries out commands for Stripe.
        notify: delivers notifications to the embedding service.
        clock: the time (Unix seconds).
        policy: the service's choices.
        watch: called with every step.
        watch_command: called after every attempt.
        streaks: counts failures in a row, and warns about them.
    """

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        notify: Notify,
        clock: Callable[[], float] = time.time,
        policy: RelinkPolicy | None = None,
        watch: Watch = lambda step: None,
        watch_command: WatchCommand = lambda command, result, age: None,
        streaks: Streaks | None = None,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._notify = notify
        self._clock = clock
        self._policy = policy or DEFAULT_POLICY
        self._watch = watch
        self._watch_command = watch_command
        self.streaks = streaks or Streaks()

    def perform(self, due: DueCommand) -> None:
        """Make one attempt at a command and store what follows.

        Raises:
            StoreUnavailableError: nothing could be stored; the command is still due.
        """
        with correlated(command_id=due.id):
            outcome = attempt(due, self._gateway, self._notify, self._clock, self._policy)
            try:
                applied = self._store_outcome(due, outcome)
            except StoreUnavailableError:
                raise
            except Exception as error:
                log.exception("the answer to %s could not be decided", due.id)
                outcome = after_unexpected(due, self._clock(), error)
                applied = self._store_outcome(due, outcome)
            self._note(due, outcome)
            self._watch_command(due.command, outcome.result, outcome.at - due.created_at)
            for step in applied.steps:
                self._watch(step)

    def work_off(self) -> int:
        """Perform due commands, and those that follow from them, until none is due.

        In this thread: for simulations, demonstrations and tests.

        Returns:
            The number of attempts.
        """
        attempts = 0
        # One by one: an attempt may make the machines put off another command (K10).
        while found := self._store.due_commands(self._clock(), 1):
            self.perform(found[0])
            attempts += 1
        return attempts

    def _note(self, due: DueCommand, outcome: Outcome) -> None:
        """Note whether the party answered. A refusal is an answer."""
        party = Party.of(due.command)
        if outcome.retry_at is None:
            self.streaks.succeeded(party)
        elif not outcome.is_held_back:
            self.streaks.failed(party, outcome.error)

    def _store_outcome(self, due: DueCommand, outcome: Outcome) -> Applied:
        if outcome.gave_up:
            log.warning("%s failed for good: %s", due.id, outcome.error)
        if outcome.retry_at is None:
            # A read that Stripe refuses is no dead letter: the machines know what follows, and
            # operators can do nothing about it.
            is_dead = outcome.gave_up and not isinstance(due.command, Read)
            return self._store.answer(
                due, outcome.events, outcome.at, failed=is_dead, error=outcome.error
            )
        if outcome.is_held_back:
            log.debug("%s waits for the rate limit", due.id)
            self._store.put_off(due, outcome.retry_at)
            return Applied("applied")
        number, stuck_on = due.attempts + 1, outcome.stuck_on
        if stuck_on is None:
            level = logging.INFO if number < MANY else logging.WARNING
            log.log(level, "attempt %d at %s failed: %s", number, due.id, outcome.error)
        else:
            log.error(
                "attempt %d at %s failed, and needs an operator (%s): %s",
                *(number, due.id, stuck_on, outcome.error),
            )
        pause = outcome.retry_at - outcome.at
        self._store.postpone(due, outcome.retry_at, outcome.error, pause=pause, stuck_on=stuck_on)
        return Applied("applied")

"""The world: Stripe, banks, customers, the embedding service, and relink's process among them.

One loop does everything that happens, one thing after the other, on one virtual clock. Of things
that can happen at the same moment, the seed picks which is first.
"""

from collections.abc import Callable
from functools import partial

from relink.adapters.runner.loop import POLL, THREADS
from relink.adapters.simulator import Faults, Simulator
from relink.adapters.store import (
    ConcurrentChangeError,
    DueCommand,
    Party,
    StoreUnavailableError,
)
from relink.engine import System
from relink.machines import RelinkPolicy, relink_system

from .chance import Chance
from .databases import Database, MemoryDatabase, SqliteDatabase
from .embedding import DAY, EmbeddingService
from .faults import Fault
from .network import Network
from .next_release import next_system
from .plan import Plan
from .product import SECRET, Product
from .record import Record, WorldError
from .scheduler import Crash, Scheduler, Task
from .story import Story

NEVER = float("inf")

MOST_WEBHOOKS = 8
"""Webhooks that a process handles at once."""

MOST_DUE = sum(THREADS.values())
"""How many commands the threads of the loop can carry out at once."""

SHARE_OF_SWITCHES = 0.1
"""How often another task goes on where one could."""

MOST_SKEW = 240.0
"""How far the machine's clock may be from Stripe's (seconds): a signature is valid for five
minutes."""

CALLER_TIMEOUT = 8.0
"""How long a request waits for an answer that does not come (seconds)."""


class World:
    """One world. :func:`~relink.adapters.world.run_world` makes it and lets its history happen.

    Args:
        plan: what it is made from.
        product: the class of the process's parts.
        is_told: whether the story is kept.
    """

    def __init__(self, plan: Plan, product: type[Product], is_told: bool) -> None:
        self.chance = Chance(plan.seed, plan.faults)
        self.sim = Simulator(plan.seed, Faults(caller_timeout=CALLER_TIMEOUT))
        self.sim.add_endpoint(SECRET)
        self.story = Story(lambda: self.sim.now, is_told)
        self.network = Network(self.sim, self.chance, SECRET)
        self.embedding = EmbeddingService(self)
        self.record = Record()
        self.scheduler = Scheduler()
        self.webhooks = 0
        """How many webhooks reached the process."""
        self.violation: WorldError | None = None

        self._system: System = relink_system()
        self.database: Database = (
            SqliteDatabase() if plan.is_on_disk else MemoryDatabase(self._system)
        )
        self._product_type = product
        self.product: Product | None = None
        """The process that runs; None while none does."""
        self.policy = RelinkPolicy(attempts=1 + self.chance.below(3))
        self.sweep_period = self.chance.pick((1, 3, 7)) * DAY
        self._boot_at = self.sim.now
        self._skew = 0.0
        self._ids = 0

        self.is_dirty = True
        """Whether commands may have become due."""
        self._look_at = NEVER
        self._found: list[tuple[Party, DueCommand]] = []
        self._busy: dict[Party, set[str]] = {party: set() for party in Party}
        self._handling = 0
        self._is_stopping = False
        self._until = self.sim.now
        self._next_runs: dict[int, float] = {}
        self._running: set[int] = set()

    # ── what the product's parts are given ───────────────────────────────────

    def clock(self) -> float:
        """The time of day on relink's machine (Unix seconds)."""
        return self.sim.now + self._skew

    def timer(self) -> float:
        """A clock that is never set back (seconds)."""
        return self.sim.now

    def sleep(self, seconds: float) -> None:
        """Let others go on for so long."""
        self.may_be_killed(Fault.KILLED_WHILE_WAITING)
        if self.scheduler.current is None:
            self.sim.advance_to(self.sim.now + seconds)
        else:
            self.scheduler.pause(self.sim.now + seconds)

    def new_id(self) -> str:
        """The next id."""
        self._ids += 1
        return f"{self._ids}"

    # ── points at which a task waits ─────────────────────────────────────────

    def may_be_killed(self, fault: Fault) -> None:
        """Kill the process here, if the seed says so.

        Raises:
            Crash: it is killed.
        """
        if self.scheduler.current is None:
            return
        self.scheduler.refuse_if_killed()
        if self.chance.strikes(fault):
            self.story.say(f"process: {fault.sentence}")
            self.kill()

    def kill(self) -> None:
        """Kill the process; within a task.

        Raises:
            Crash: always.
        """
        raise Crash

    def let_others_go_on(self) -> None:
        """Let another task go on here, if the seed says so."""
        if self.scheduler.current is not None and self.chance.happens(SHARE_OF_SWITCHES):
            self.scheduler.pause()

    # ── the process ──────────────────────────────────────────────────────────

    def start(
        self,
        name: str,
        work: Callable[[], object],
        on_end: Callable[[BaseException | None], None] = lambda error: None,
    ) -> None:
        """Start a task of the process.

        Args:
            name: what it does.
            work: does it.
            on_end: called with what ended it, if anything did.
        """

        def ended(error: BaseException | None) -> None:
            on_end(error)
            if isinstance(error, Crash):
                self._die()
            elif isinstance(error, WorldError):
                self.fail(error)
            elif error is not None:
                self.fail(WorldError("no_unexpected_error", f"{name}: {error!r}"))

        self.scheduler.add(Task(name, work, ended))

    def stop(self) -> None:
        """Stop the process after what it has begun, as for a deployment."""
        self._is_stopping = True
        self.live(self.sim.now + DAY)
        self._is_stopping = False
        if self.violation is None:
            assert not self.scheduler.tasks, "a task ends within a day"
            self._die()

    def upgrade(self) -> str:
        """Deploy another release onto what is stored; the process is stopped.

        On disk it has a renamed state. In memory, all machines are made again from their journals.
        """
        if self.database.has_transactions and self._system is relink_system():
            self._system = next_system()
            return "deploys the next release, in which a state has another name"
        count = self.database.rebuild(self._system)
        return f"deploys a release that makes {count} machines again from their journals"

    def _boot(self) -> None:
        skew = self.chance.uniform(-MOST_SKEW, MOST_SKEW)
        self._skew = skew if self.chance.strikes(Fault.CLOCK_SKEW) else 0.0
        self.story.say(f"process: starts, its clock is {self._skew:+.1f} s from Stripe's")
        store = self.database.open(self._system)
        self.record.audit(store, journals=False)
        self.product = self._product_type(self, store)
        self._next_runs = {
            index: self.timer() + self.chance.uniform(0, 60)
            for index in range(len(self.product.periodic_tasks))
        }
        self.is_dirty = True

    def _die(self) -> None:
        """The process is gone, with all that it held in memory."""
        if self.product is None:
            return
        self.product = None
        self._boot_at = self.sim.now + self.chance.uniform(1, 120)
        self.scheduler.kill_all()
        self._found.clear()
        self._handling = 0
        self._running.clear()
        for busy in self._busy.values():
            busy.clear()
        self.database.killed()

    def fail(self, error: WorldError) -> None:
        """Something is wrong. The first thing that is ends the world."""
        if self.violation is None:
            self.violation = error
            self.story.say(f"VIOLATION: {error}")

    # ── time ─────────────────────────────────────────────────────────────────

    def live(self, until: float) -> None:
        """Let everything happen until a time (Unix seconds), or until something is wrong."""
        self._until = until
        self.scheduler.run(self._happen)

    def _happen(self) -> bool:
        """Let the next thing happen; whether there may be more."""
        if self.violation is not None:
            return False
        happenings = self._happenings()
        if happenings:
            chosen = happenings[0] if len(happenings) == 1 else self.chance.pick(happenings)
            chosen()
        elif self.sim.now >= self._until or (self._is_stopping and not self.scheduler.tasks):
            return False
        else:
            self._pass_to(min(self._until, self._next_at()))
        return True

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is under way."""
        return (
            self.product is not None
            and not self.scheduler.tasks
            and self.network.next_at == NEVER
            and self.sim.next_webhook_at is None
        )

    def _pass_to(self, moment: float) -> None:
        """Let time pass, up to the next webhook that is sent."""
        delivery = next(self.sim.due_webhooks(max(moment, self.sim.now)), None)
        if delivery is not None:
            self.network.accept(delivery)

    def _next_at(self) -> float:
        if self._is_stopping:
            return self.scheduler.next_at
        times = [self.network.next_at, self.embedding.next_at, self.scheduler.next_at]
        if self.product is None:
            times.append(self._boot_at)
        else:
            times.append(self._look_at)
            times += [at for task, at in self._next_runs.items() if task not in self._running]
        return min(times)

    def _happenings(self) -> list[Callable[[], object]]:
        """What can happen right now."""
        now = self.sim.now
        if self.sim.next_webhook_at is not None:
            for delivery in self.sim.due_webhooks():
                self.network.accept(delivery)
        found: list[Callable[[], object]] = []
        if self._is_stopping:
            return [partial(self.scheduler.go_on, task) for task in self.scheduler.ready(now)]
        if self.product is None:
            if now >= self._boot_at:
                return [self._boot]
        else:
            found += [partial(self.scheduler.go_on, task) for task in self.scheduler.ready(now)]
            found += [partial(self._perform, *each) for each in self._due()]
            found += [
                partial(self._run, index)
                for index, at in self._next_runs.items()
                if at <= now and index not in self._running
            ]
        if self.network.next_at <= now and self._handling < MOST_WEBHOOKS:
            found.append(self._deliver)
        if self.embedding.next_at <= now:
            found.append(self.embedding.act)
        return found

    # ── what the process is given to do ──────────────────────────────────────

    def _deliver(self) -> None:
        webhook, signature = self.network.take()
        product = self.product
        if product is None:
            self.network.failed(webhook)  # the connection is refused
            return
        self.webhooks += 1
        self._handling += 1
        name = f"webhook {webhook.event} {webhook.type}"

        def handle() -> None:
            try:
                outcome = product.handle_webhook(webhook.payload, signature)
            except (StoreUnavailableError, ConcurrentChangeError) as error:
                self.story.say(f"{name}: 503, {type(error).__name__}")
                self.network.failed(webhook)
                return
            self.story.say(f"{name}: {outcome}")
            if outcome != "ignored" and webhook.event not in self.record.told:
                raise WorldError("answered_after_commit", f"{name} is answered and not applied")

        def ended(error: BaseException | None) -> None:
            self._handling = max(0, self._handling - 1)
            if isinstance(error, Crash):
                self.network.failed(webhook)  # the connection is closed

        self.start(name, handle, ended)

    def _due(self) -> list[tuple[Party, DueCommand]]:
        """The commands that a free thread of the loop would take now."""
        assert self.product is not None, "a process looks for its commands"
        if not self.is_dirty and self.sim.now < self._look_at:
            return self._found
        self.is_dirty = False
        store, clock = self.product.store, self.clock()
        self._found = []
        # One query finds all that is due, unless there is more than all threads can do.
        due = store.due_commands(clock, MOST_DUE)
        for party, threads in THREADS.items():
            busy = self._busy[party]
            free = threads - len(busy)
            if free > 0:
                if len(due) < MOST_DUE:
                    of_party = [each for each in due if Party.of(each.command) is party]
                else:
                    of_party = store.due_commands(clock, len(busy) + free, party)
                found = [each for each in of_party if each.id not in busy][:free]
                self._found += [(party, each) for each in found]
        next_due = clock if due else store.next_due_at()
        if next_due is None:
            self._look_at = NEVER
        else:
            self._look_at = max(next_due - self._skew, self.sim.now + POLL)
        return self._found

    def _perform(self, party: Party, due: DueCommand) -> None:
        product = self.product
        assert product is not None, "a process performs its commands"
        self._found = [each for each in self._found if each[1].id != due.id]
        busy = self._busy[party]
        busy.add(due.id)

        def perform() -> None:
            try:
                product.perform(due)
            except StoreUnavailableError as error:
                self.story.say(f"process: {due.id} waits for the database: {error}")

        def ended(error: BaseException | None) -> None:
            busy.discard(due.id)
            self.is_dirty = True  # a thread is free

        self.start(f"perform {due.id}", perform, ended)

    def _run(self, index: int) -> None:
        product = self.product
        assert product is not None, "a process runs its periodic tasks"
        task = product.periodic_tasks[index]
        self._next_runs[index] = self.timer() + task.every
        self._running.add(index)

        def run() -> None:
            try:
                task.run()
            except StoreUnavailableError as error:
                self.story.say(f"process: {task.name} waits for the database: {error}")

        self.start(f"run {task.name}", run, lambda error: self._running.discard(index))

"""A service in memory: what the adapters do around the machines, without the adapters.

It takes outside events, holds snapshots, journal, outbox and timers, and performs commands by
asking the bank. After every step it checks all properties, and that the step is pure. A test can
check that the journal replays to the snapshots.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from relink.engine import Address, Command, Event, Facts, Snapshot, Step
from relink.machines import RelinkPolicy, relink_system
from relink.machines.commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    RequestBillingName,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
    Wake,
)
from relink.machines.events import (
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    DomainEvent,
    ExternalAccountMade,
    PaymentMethodMade,
    RelinkRequested,
    RelinkSessionCreated,
    TimerFired,
)
from relink.machines.properties import violations

from .bank import Bank

READS = (
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
    RetrievePaymentMethod,
)
ANSWERED = (*READS, CreatePaymentMethod, AttachExternalAccount, RequestBillingName)
"""The commands whose answers are events."""


class World:
    """Everything that a service holds."""

    def __init__(
        self, bank: Bank, policy: RelinkPolicy | None = None, *, nameless: bool = False
    ) -> None:
        self.bank = bank
        self.nameless = nameless
        """Whether customers have no name at Stripe, so that the service is asked for it."""
        self.policy = policy or RelinkPolicy()
        self.system = relink_system()
        self.machines: dict[Address, Snapshot[Facts]] = {}
        self.journal: dict[Address, list[Event]] = defaultdict(list)
        self.steps: list[Step] = []
        self.commands: dict[str, Command] = {}
        """All commands so far, by id: a command that comes again is not carried out again."""
        self.outbox: list[Command] = []
        self.timers: list[Wake] = []
        self.prompts: list[NotifyCustomer] = []
        self.watch: Callable[[Step], None] | None = None

    # ── events ───────────────────────────────────────────────────────────────

    @property
    def at(self) -> float:
        """Our clock: no two events have the same time."""
        return self.bank.now + len(self.steps) * 1e-6

    def happen(self, event: DomainEvent) -> Step:
        """Let an event happen now, and check everything that must hold."""
        event = event.model_copy(update={"at": self.at, "policy": self.policy})
        before = dict(self.machines)
        step = self.system.step(event, before.get)
        assert self.system.step(event, before.get) == step, "a step is pure"
        self.machines.update(step.snapshots)
        self.steps.append(step)
        wrong = violations(before, step, self.machines)
        assert not wrong, "\n".join([*wrong, *self.explain()])
        for delivery in step.deliveries:
            self.journal[delivery.address].append(delivery.decision.trigger)
        for command in step.commands:
            if command.id not in self.commands:
                self._take(command)
            elif isinstance(command, READS):
                # A later version of a read that has not begun (K10).
                self.outbox = [command if c.id == command.id else c for c in self.outbox]
        if self.watch:
            self.watch(step)
        return step

    def deliver(self, reports: Iterable[DomainEvent]) -> None:
        """Deliver webhooks, one after the other."""
        for report in reports:
            self.happen(report)

    def _take(self, command: Command) -> None:
        self.commands[command.id] = command
        if isinstance(command, Wake):
            self.timers.append(command)
        elif isinstance(command, NotifyCustomer):
            self.prompts.append(command)
        elif isinstance(command, ANSWERED):
            self.outbox.append(command)

    # ── commands ─────────────────────────────────────────────────────────────

    def perform(self, command: Command, *, fails: bool = False) -> None:
        """Carry a command out, and let its answer happen.

        Args:
            command: One that has an answer.
            fails: Whether it fails for good.
        """
        self.happen(self._answer(command, fails))

    def _answer(self, command: Command, fails: bool) -> DomainEvent:
        answer = {"causation_id": command.id, "at": self.at}
        match command:
            case RequestBillingName(account=account):
                return BillingNameGiven(**answer, account=account, billing_name="Jenny Rosen")
            case CreatePaymentMethod(account=account, billing_name=None) if self.nameless:
                return BillingNameAbsent(**answer, account=account)
            case CreatePaymentMethod(account=account) if not fails:
                return PaymentMethodMade(**answer, account=account, payment_method=f"pm_{account}")
            case AttachExternalAccount(account=account) if not fails:
                return ExternalAccountMade(
                    **answer, account=account, external_account=f"ba_{account}"
                )
        is_read = isinstance(command, (*READS, RetrieveAccountForCaller, RetrieveSessionForCaller))
        if is_read and not fails:
            answer_event = self.bank.read(command)
            if isinstance(answer_event, CommandFailed):
                return answer_event
            return answer_event.model_copy(update={"begun_at": self.at})
        return CommandFailed(
            **answer, command=command.name, subject=command.subject, error="refused"
        )

    def perform_all(self) -> None:
        """Carry out all commands, and those that their answers ask for."""
        for _ in range(1_000):
            if not self.outbox:
                return
            self.perform(self.outbox.pop(0))
        raise AssertionError(
            "\n".join(["the machines never stop asking for more", *self.explain()[-60:]])
        )

    def fire(self, timer: Wake) -> None:
        """Let a timer fire. If it is not due yet, time passes until it is."""
        self.timers.remove(timer)
        self.bank.now = max(self.bank.now, timer.due)
        self.happen(
            TimerFired(
                causation_id=timer.id,
                at=self.at,
                machine=timer.machine,
                key=timer.key,
                event=timer.event,
            )
        )

    def request(self, request: RelinkRequested) -> CreateRelinkSession | None:
        """Ask for a relink session as a caller does. Returns what to create, if anything.

        If the machines want the account read before they refuse, it is read within the request.
        """
        step = self.happen(request)
        reads = [c for c in step.commands if isinstance(c, RetrieveAccountForCaller)]
        if reads:
            for read in reads:
                self.perform(read)
            step = self.happen(request.model_copy(update={"has_read": True}))
        created = [c for c in step.commands if isinstance(c, CreateRelinkSession)]
        return created[0] if created else None

    def open(self, asked: CreateRelinkSession) -> str:
        """Create the session at Stripe, and report that it is open. Returns its id."""
        session = self.bank.create_session(asked)
        self.happen(
            RelinkSessionCreated(causation_id=asked.id, at=self.at, session=session, request=asked)
        )
        return session

    # ── what came of it ──────────────────────────────────────────────────────

    def state(self, machine: str, key: str) -> str | None:
        """The state of a machine; None if it does not exist."""
        snapshot = self.machines.get(Address(machine, key))
        return snapshot.state if snapshot else None

    def facts(self, machine: str, key: str) -> Facts:
        """What a machine remembers."""
        return self.machines[Address(machine, key)].facts

    def replays(self) -> None:
        """Check that the journal of every machine rebuilds its snapshot."""
        for address, events in self.journal.items():
            assert self.system.replay(address, events) == self.machines[address]

    def explain(self) -> list[str]:
        """Everything that happened and was decided, in readable lines."""
        lines = []
        for step in self.steps:
            shown = step.trigger.model_dump(exclude={"policy", "at"}, exclude_defaults=True)
            lines.append(f"{step.trigger.name} {shown}")
            lines += [
                f"    {d.address.machine}:{d.address.key} {d.decision}" for d in step.deliveries
            ]
            lines += [f"    → {c.name} {getattr(c, 'reason', '')}" for c in step.commands]
        return lines

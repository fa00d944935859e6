"""The service around the machines, at its worst: commands in any order, late, twice, or failing.

It holds what adapters hold (snapshots, outbox, timers), performs commands, lets time pass, and
hands a :class:`Record` of every step to a judge.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from relink.engine import Address, Command, Event, Facts, Snapshot, Step
from relink.machines import RelinkPolicy
from relink.machines.commands import (
    AttachExternalAccount,
    Build,
    CallerCommand,
    CreatePaymentMethod,
    CreateRelinkSession,
    Read,
    RequestBillingName,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
    Wake,
)
from relink.machines.events import (
    BillingNameAbsent,
    CommandFailed,
    DomainEvent,
    ExternalAccountMade,
    PaymentMethodMade,
    RelinkRequested,
    RelinkSessionCreated,
    SessionReported,
    TimerFired,
)

from .network import AnyRead, answer, arrival, begin
from .truth import Stripe, Webhook


class Answer(Protocol):
    """What the machines answer to *may I charge this account, and what next?*"""

    chargeable: bool
    reasons: tuple[str, ...]
    next: tuple[Any, ...]


class Machines(Protocol):
    """The system under test."""

    def step(self, trigger: Event, load: Callable[[Address], Snapshot[Facts] | None]) -> Step: ...


Assess = Callable[..., Answer]
"""From an account's snapshot, and a payment method's id by keyword, to the answer."""


@dataclass(frozen=True)
class Record:
    """One step, as a judge sees it."""

    trigger: DomainEvent
    commands: tuple[Command, ...]
    """Those that are new."""
    states: Mapping[Address, str]
    """The state of every machine, after the step."""
    answers: Mapping[str, Answer]
    """By account."""
    by_payment_method: Mapping[tuple[str, str], bool]
    """Chargeable, by account and payment method."""
    facts: Mapping[str, Facts]
    """By account."""
    waiting: Mapping[str, Read]
    """The reads that are not answered, by id."""
    begun: frozenset[str]
    """The ids of those that are under way."""
    is_punctual: bool
    """Whether every timer that is due has fired."""


OPEN_SESSIONS = ("open", "pending")
"""The states of sessions that are not over."""

Judge = Callable[[Record], None]


class NothingHappened(DomainEvent):
    """Only time has passed. It is for the judge; the machines never see it."""


class EndlessError(Exception):
    """The machines never stop asking for reads (K10)."""


@dataclass
class Service:
    """Everything that a service holds."""

    stripe: Stripe
    policy: RelinkPolicy
    machines: Machines
    assess: Assess
    judge: Judge
    skew: int = 0
    endpoint: tuple[str, ...] = ("full",)
    is_nameless: bool = False
    """Whether customers have no name at Stripe, so that the service is asked for it."""
    snapshots: dict[Address, Snapshot[Facts]] = field(default_factory=dict)
    states: dict[Address, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    by_payment_method: dict[tuple[str, str], bool] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """The ids of all commands so far: one that comes again is not carried out again."""
    waiting: dict[str, Read] = field(default_factory=dict)
    under_way: dict[str, dict[str, Any]] = field(default_factory=dict)
    builds: list[Build] = field(default_factory=list)
    names: list[RequestBillingName] = field(default_factory=list)
    timers: list[Wake] = field(default_factory=list)
    pile: list[tuple[Webhook, str, int]] = field(default_factory=list)
    """Webhooks that are on their way, each with its shape and how far its time lies ahead."""
    asked: list[CreateRelinkSession] = field(default_factory=list)
    """Sessions that are decided and not created yet."""
    built: set[str] = field(default_factory=set)
    """What was built at relink's request."""
    steps: int = 0
    looked_at: int = 0
    """When the judge was last shown that nothing happened."""
    last: tuple[Command, ...] = ()

    # ── events ───────────────────────────────────────────────────────────────

    @property
    def at(self) -> float:
        """Our clock: no two events have the same time."""
        return self.stripe.now + self.steps * 1e-5

    def head(self, causation_id: str) -> dict[str, Any]:
        return {"causation_id": causation_id, "at": self.at, "policy": self.policy}

    def take(self, event: DomainEvent) -> tuple[Command, ...]:
        """Let an event happen. Returns the commands that are new."""
        self.steps += 1
        step = self.machines.step(event, self.snapshots.get)
        self.snapshots.update(step.snapshots)
        for address, snapshot in step.snapshots.items():
            self.states[address] = snapshot.state
            if address.machine == "account":
                self._ask(address.key, snapshot)
        new = tuple(command for command in step.commands if self._keep(command))
        self.last = new
        self._show(event, new)
        return new

    def _show(self, event: DomainEvent, commands: tuple[Command, ...]) -> None:
        self.judge(
            Record(
                trigger=event,
                commands=commands,
                states=self.states,
                answers=self.answers,
                by_payment_method=self.by_payment_method,
                facts=self.facts,
                waiting=self.waiting,
                begun=frozenset(self.under_way),
                is_punctual=not any(timer.due < self.stripe.now for timer in self.timers),
            )
        )

    def _ask(self, account: str, snapshot: Snapshot[Facts]) -> None:
        self.facts[account] = snapshot.facts
        self.answers[account] = self.assess(snapshot)
        made = {**self.stripe.payment_methods, **self.stripe.external_accounts}
        for name, it in made.items():
            if it.account == account:
                told = self.assess(snapshot, payment_method=name)
                self.by_payment_method[account, name] = told.chargeable

    def _keep(self, command: Command) -> bool:
        """Put a command where it belongs. Returns whether it is new, or a new version."""
        if isinstance(command, Read):
            if command.id in self.under_way or (
                command.id in self.seen and command.id not in self.waiting
            ):
                return False
            self.seen.add(command.id)
            self.waiting[command.id] = command
            return True
        if isinstance(command, CallerCommand):
            return True  # never in the outbox: each time it is decided it is carried out
        if command.id in self.seen:
            return False
        self.seen.add(command.id)
        match command:
            case Wake():
                self.timers.append(command)
            case Build():
                self.builds.append(command)
            case RequestBillingName():
                self.names.append(command)
        return True

    # ── webhooks ─────────────────────────────────────────────────────────────

    def post(self, fates: tuple[str, ...], shapes: tuple[str, ...]) -> None:
        """Send the webhooks of what has just happened, each to its fate.

        Args:
            fates: ``now``, ``later``, ``twice``, ``lost``, or ``future``, one for each in turn.
            shapes: What is left out, one for each in turn.
        """
        for n, webhook in enumerate(self.stripe.collect()):
            fate, shape = fates[n % len(fates)], shapes[n % len(shapes)]
            if shape not in self.endpoint:
                shape = self.endpoint[0]
            if fate == "future":
                self.arrive((webhook, shape, 3_600 if n % 2 else 10**12))
            elif fate == "later":
                self.pile.append((webhook, shape, 0))
            elif fate != "lost":
                self.arrive((webhook, shape, 0))
                if fate == "twice":
                    self.pile.append((webhook, shape, 0))

    def arrive(self, item: tuple[Webhook, str, int]) -> None:
        webhook, shape, ahead = item
        self.take(arrival(webhook, shape, ahead, self.at, self.policy))

    def arrive_all(self) -> None:
        """Everything that is on its way arrives."""
        while self.pile:
            self.arrive(self.pile.pop(0))

    # ── reads and builds ─────────────────────────────────────────────────────

    def begin(self, read: Read) -> None:
        """Send a read; the answer is the truth of now, and arrives later."""
        self.advance(max(0, read.after - self.stripe.now))
        if read.id in self.waiting and read.id not in self.under_way:
            self.under_way[read.id] = begin(self.stripe, read, self.at, self.skew)

    def finish(self, read: str, *, fails: bool = False) -> None:
        """The answer of a read that was sent arrives."""
        begun = self.under_way.pop(read)
        del self.waiting[read]
        self.take(answer(begun, self.at, self.policy, fails))

    def known_made(self, prefix: str) -> list[str]:
        """The payment methods, or external accounts, that the machines know, by their prefix."""
        made = [*self.stripe.payment_methods, *self.stripe.external_accounts]
        known = {key for machine, key in self.states if machine == "payment_method"}
        return [name for name in made if name.startswith(prefix) and name in known]

    def not_begun(self) -> list[Read]:
        return [read for name, read in self.waiting.items() if name not in self.under_way]

    def read_all(self, limit: int = 200) -> None:
        """Carry out all reads, and those that their answers ask for.

        Raises:
            EndlessError: it does not end.
        """
        for _ in range(limit):
            if self.under_way:
                self.finish(next(iter(self.under_way)))
            elif self.waiting:
                read = min(self.waiting.values(), key=lambda read: read.after)
                self.begin(read)
            else:
                return
        raise EndlessError

    def for_caller(self, command: AnyRead) -> DomainEvent | None:
        """A read within a caller's request: it is answered at once, or not at all."""
        begun = begin(self.stripe, command, self.at, self.skew)
        if begun["body"] is None:
            return None
        event = answer(begun, self.at, self.policy, False)
        self.take(event)
        return event

    def build(self, command: Build, *, fails: bool) -> None:
        """Make what follows from a new account; Stripe refuses to build on a broken link."""
        self.builds.remove(command)
        account = self.stripe.accounts[command.account]
        head = self.head(command.id)
        if fails or account.status != "active":
            error = "no_bank_account_token" if fails else "financial_connections_account_inactive"
            self.take(
                CommandFailed(command=command.name, subject=command.account, error=error, **head)
            )
        elif isinstance(command, AttachExternalAccount):
            made = self.stripe.make(command.account, external=True)
            self.built.add(made)
            self.take(ExternalAccountMade(account=command.account, external_account=made, **head))
        elif (
            isinstance(command, CreatePaymentMethod)
            and self.is_nameless
            and not command.billing_name
        ):
            self.take(BillingNameAbsent(account=command.account, **head))
        else:
            made = self.stripe.make(command.account, external=False)
            self.built.add(made)
            self.take(PaymentMethodMade(account=command.account, payment_method=made, **head))

    # ── sessions ─────────────────────────────────────────────────────────────

    def request(self, account: str, **asked: Any) -> CreateRelinkSession | str | None:
        """Ask for a relink as a caller does.

        Returns:
            What to create; or the open session, again; or None when it is refused.
        """
        request = RelinkRequested(account=account, **asked, **self.head(f"req_{self.steps}"))
        commands = self.take(request)
        reads = [c for c in commands if isinstance(c, RetrieveAccountForCaller)]
        if reads:
            self.for_caller(reads[0])
            again = {"has_read": True, "at": self.at}
            commands = self.take(request.model_copy(update=again))
        for command in commands:
            if isinstance(command, CreateRelinkSession):
                return command
            if isinstance(command, RetrieveSessionForCaller):
                event = self.for_caller(command)
                if isinstance(event, SessionReported) and event.status == "pending":
                    return command.session
                commands = self.take(request.model_copy(update={"has_read": True, "at": self.at}))
                return next((c for c in commands if isinstance(c, CreateRelinkSession)), None)
        return None

    def open(self, asked: CreateRelinkSession, shy: int) -> str:
        """Create the session at Stripe, and say that it is open. Returns its id."""
        session = self.stripe.create_session(asked, shy)
        self.take(RelinkSessionCreated(session=session, request=asked, **self.head(asked.id)))
        return session

    # ── time ─────────────────────────────────────────────────────────────────

    def fire(self, timer: Wake) -> None:
        self.timers.remove(timer)
        self.take(
            TimerFired(
                machine=timer.machine, key=timer.key, event=timer.event, **self.head(timer.id)
            )
        )

    def advance(self, seconds: int, *, is_asleep: bool = False) -> None:
        """Let time pass; timers fire, and what was announced happens, each at its time.

        Args:
            seconds: How long.
            is_asleep: Whether our workers rest meanwhile, so that timers fire at the end.
        """
        until = self.stripe.now + seconds
        while True:
            dues = [due for due, _, _ in self.stripe.due]
            if not is_asleep:
                dues += [timer.due for timer in self.timers]
            due = min(dues, default=until + 1)
            if due > until:
                break
            self._pass_to(due, fires=not is_asleep)
        self._pass_to(until, fires=True)

    def _pass_to(self, when: int, *, fires: bool) -> None:
        self.stripe.pass_to(when)
        self.post(("now",), ("full",))
        while fires and self.timers:
            timer = min(self.timers, key=lambda timer: timer.due)
            if timer.due > self.stripe.now:
                break
            self.fire(timer)
        if fires and self.stripe.now > self.looked_at:
            self.looked_at = self.stripe.now
            self._show(NothingHappened(**self.head("")), ())

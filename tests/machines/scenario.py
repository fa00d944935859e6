"""A small world for the example tests: a service, its customers and Stripe, without any I/O.

A test is a sequence of verbs (``webhook``, ``open_session``, ``result``, …), and then looks at what
the machines decided. Each verb is one outside event, ten seconds after the one before, so that no
report is ambiguous (K4) unless the test makes it so. ``stripe`` holds what a read would find. After
each event all properties are checked.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from relink.engine import Address, Command, Decision, Snapshot, Step
from relink.machines import Assessment, RelinkPolicy, assess, relink_system
from relink.machines.commands import (
    CallerCommand,
    CreateRelinkSession,
    NotifyCustomer,
    Read,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
    Wake,
)
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    CommandFailed,
    DomainEvent,
    ExternalAccountReported,
    PaymentMethodReported,
    RelinkRequested,
    RelinkSessionCreated,
    SessionAccount,
    SessionReported,
    TimerFired,
)
from relink.machines.properties import violations
from relink.machines.report import ExternalAccountReport, PaymentMethodReport, StatusReport

from .reports import active, number, relinkable

C = TypeVar("C", bound=Command)


class Scenario:
    """A service with its policy, and all that it knows."""

    def __init__(self, policy: RelinkPolicy | None = None) -> None:
        self.policy = policy or RelinkPolicy()
        self.now = 1_000_000
        self.world: dict[Address, Snapshot[Any]] = {}
        self.stripe = {f"fcauth_{n}": StatusReport(status="active") for n in (1, 2)}
        """What a read of an account or authorization finds."""
        self.built: dict[str, PaymentMethodReport | ExternalAccountReport] = {}
        """What a read of a payment method or external account finds."""
        self.results: dict[str, dict[str, Any]] = {}
        """What a read of a session finds; a session that is not listed is pending."""
        self.step: Step
        """What the last event led to."""
        self.all_commands: list[Command] = []
        self.to_do: list[Command] = []
        """Reads and timers that are not carried out yet."""
        self._events = 0

    # ── what happens ─────────────────────────────────────────────────────────

    def happens(self, kind: type[DomainEvent], /, **fields: Any) -> Step:
        """Any outside event, ten seconds after the last."""
        self.now += 10
        self._events += 1
        sent = {
            "causation_id": f"evt_{self._events}",
            "at": self.now,
            "policy": self.policy,
            **fields,
        }
        self.step = relink_system().checked.step(kind(**sent), self.world.get)
        before = dict(self.world)
        self.world.update(self.step.snapshots)
        wrong = violations(before, self.step, self.world)
        assert not wrong, wrong
        for command in self.step.commands:
            self._take(command)
        return self.step

    def _take(self, command: Command) -> None:
        """Each command once; a later version of a read that has not begun takes its place (K10)."""
        if isinstance(command, Read) and any(c.id == command.id for c in self.all_commands):
            self.all_commands = [command if c.id == command.id else c for c in self.all_commands]
            self.to_do = [command if c.id == command.id else c for c in self.to_do]
        elif command not in self.all_commands:
            self.all_commands.append(command)
            if isinstance(command, Read | Wake):
                self.to_do.append(command)

    def link(self, account: str, **details: Any) -> None:
        """An account works from the beginning, and everything that this asks for is read."""
        self.webhook(account, active(**details))
        self.perform_reads()

    def webhook(
        self,
        account: str,
        report: StatusReport | None,
        created: int | None = None,
        *,
        complete: bool = False,
    ) -> Step:
        """A webhook about an account, newer than all before unless ``created`` says otherwise.

        Without a report it is a thin one.
        """
        if created is None and report is not None:
            self.stripe[account] = report
        as_of = self.now + 10 if created is None else created
        return self.happens(
            AccountReported,
            account=account,
            as_of=as_of,
            read=False,
            complete=complete,
            report=report,
        )

    def authorization_webhook(
        self,
        authorization: str,
        report: StatusReport | None,
        created: int | None = None,
        *,
        complete: bool = False,
    ) -> Step:
        """A webhook about an authorization; without a report it is a thin one."""
        if created is None and report is not None:
            self.stripe[authorization] = report
        return self.happens(
            AuthorizationReported,
            authorization=authorization,
            as_of=self.now + 10 if created is None else created,
            read=False,
            complete=complete,
            report=report,
        )

    def checks(
        self,
        payment_method: str,
        blocked: str | None = None,
        *,
        gone: bool = False,
        account: str | None = "fca_1",
        created: int | None = None,
    ) -> Step:
        """A webhook about a payment method: whether it is blocked or gone."""
        report = PaymentMethodReport(blocked=blocked, gone=gone)
        if created is None:
            self.built[payment_method] = report
        return self.happens(
            PaymentMethodReported,
            payment_method=payment_method,
            account=account,
            as_of=self.now + 10 if created is None else created,
            read=False,
            report=report,
        )

    def checks_external(
        self,
        external_account: str,
        status: str | None = None,
        *,
        gone: bool = False,
        account: str | None = "fca_1",
    ) -> Step:
        """A webhook about an external account of a connected account."""
        report = ExternalAccountReport(status=status, gone=gone)
        self.built[external_account] = report
        return self.happens(
            ExternalAccountReported,
            external_account=external_account,
            account=account,
            as_of=self.now + 10,
            read=False,
            report=report,
        )

    def read(self, subject: str, date: int | None = None, begun_at: float | None = None) -> Step:
        """Stripe answers a read of an account or authorization with what ``stripe`` holds.

        The read begins when it is answered, unless ``begun_at`` says otherwise.
        """
        is_account = subject.startswith("fca_")
        kind = AccountReported if is_account else AuthorizationReported
        name = {"account" if is_account else "authorization": subject}
        return self._answer(subject, kind, date, begun_at, report=self.stripe[subject], **name)

    def _answer(
        self,
        subject: str,
        kind: type[DomainEvent],
        date: int | None = None,
        begun_at: float | None = None,
        **fields: Any,
    ) -> Step:
        """The answer to a read: to the one of this object that is to be done, if there is one."""
        asked = [c for c in self.due_reads if c.subject == subject and c.after <= self.now + 10]
        self.to_do = [c for c in self.to_do if c not in asked]
        if asked:
            fields["causation_id"] = asked[-1].id
        return self.happens(
            kind,
            as_of=self.now + 10 if date is None else date,
            read=True,
            begun_at=self.now + 10 if begun_at is None else begun_at,
            **fields,
        )

    def refuses(self, read: Read, error: str = "resource_missing") -> Step:
        """Stripe refuses a read for good."""
        self.to_do = [c for c in self.to_do if c.id != read.id]
        return self.happens(CommandFailed, command=read.name, subject=read.subject, error=error)

    def ask(self, account: str, **wanted: Any) -> Command | None:
        """The service asks for a relink session. Returns what it gets; None for a refusal."""
        commands = self.happens(RelinkRequested, account=account, **wanted).commands
        return next((c for c in commands if isinstance(c, CallerCommand)), None)

    def request_relink(self, account: str, **wanted: Any) -> Command | None:
        """The same within one request, which carries out the read before a refusal (R9)."""
        answer = self.ask(account, **wanted)
        if isinstance(answer, RetrieveAccountForCaller):
            self.read(account)
            answer = self.ask(account, has_read=True, **wanted)
        return answer

    def open_session(self, account: str, **wanted: Any) -> str:
        """The service asks for a relink session, and Stripe creates it. Returns its id."""
        request = self.request_relink(account, **wanted)
        assert isinstance(request, CreateRelinkSession), f"the relink is refused: {request}"
        return self.create(request)

    def create(self, request: CreateRelinkSession) -> str:
        """Stripe creates this session. Returns its id: ``fcsess_1``, ``fcsess_2``, …"""
        session = f"fcsess_{1 + sum(address.machine == 'session' for address in self.world)}"
        self.happens(RelinkSessionCreated, session=session, request=request)
        return session

    def finish(
        self,
        session: str,
        accounts: Mapping[str, StatusReport] | None = None,
        *,
        status: str | None = None,
        failure_reason: str | None = None,
        relinked: str | None = None,
    ) -> None:
        """The session ends at Stripe, and no report of it has arrived yet.

        It succeeds unless ``status`` or ``failure_reason`` says otherwise.
        """
        listed = None
        if accounts is not None:
            self.stripe |= accounts
            listed = [
                SessionAccount(account=name, report=report) for name, report in accounts.items()
            ]
        self.results[session] = {
            "status": status or ("failed" if failure_reason else "succeeded"),
            "failure_reason": failure_reason,
            "relinked_account": relinked,
            "accounts": listed,
        }

    def result(
        self,
        session: str,
        *finish: Any,
        webhook: bool = False,
        created: int | None = None,
        **how: Any,
    ) -> Step:
        """The session ends as in ``finish``, and a read or a webhook reports it.

        Without an end, the session is reported as it is. With ``created`` it is a late webhook.
        """
        if finish or how:
            self.finish(session, *finish, **how)
        found = self.results.get(session, {"status": "pending"})
        if created is None and not webhook:
            return self._answer(session, SessionReported, session=session, **found)
        as_of = self.now + 10 if created is None else created
        return self.happens(SessionReported, session=session, as_of=as_of, read=False, **found)

    @property
    def due_reads(self) -> list[Read]:
        """The reads that are not carried out yet."""
        return [command for command in self.to_do if isinstance(command, Read)]

    def perform_reads(self) -> None:
        """Carry out the reads that the decisions ask for, and those that the answers ask for."""
        for _ in range(100):
            reads = self.due_reads
            if not reads:
                return
            self.perform(reads[0])
        raise AssertionError("the answers to reads never stop asking for more reads")

    def perform(self, read: Read) -> None:
        """Carry out one read, not before its time."""
        self.now = max(self.now, read.after)
        match read:
            case RetrieveSession(session=session):
                self.result(session)
            case RetrievePaymentMethod(payment_method=key):
                report = self.built.get(key, PaymentMethodReport())
                fields = {"payment_method": key, "account": "fca_1", "report": report}
                self._answer(key, PaymentMethodReported, **fields)
            case RetrieveExternalAccount(external_account=key):
                report = self.built.get(key, ExternalAccountReport(status="new"))
                fields = {"external_account": key, "account": None, "report": report}
                self._answer(key, ExternalAccountReported, **fields)
            case _:
                self.read(read.subject)

    def wait(self, seconds: int) -> None:
        """Time passes, and timers that come due fire."""
        end = self.now + seconds
        while due := [c for c in self.to_do if isinstance(c, Wake) and c.due <= end]:
            timer = min(due, key=lambda wake: wake.due)
            self.to_do.remove(timer)
            self.now = max(self.now, timer.due - 10)
            fields = {"machine": timer.machine, "key": timer.key, "event": timer.event}
            self.happens(TimerFired, **fields)
        self.now = max(self.now, end)

    # ── what came of it ──────────────────────────────────────────────────────

    def account(self, key: str) -> Snapshot[Any]:
        return self.world[Address("account", key)]

    def as_of(self, account: str) -> int:
        """The time of the latest report of an account."""
        found: int = self.account(account).facts.as_of
        return found

    def authorization(self, key: str) -> Snapshot[Any]:
        return self.world[Address("authorization", key)]

    def session(self, key: str) -> Snapshot[Any]:
        return self.world[Address("session", key)]

    def number(self, account: str) -> Snapshot[Any]:
        return self.world[Address("account_number", account)]

    def payment_method(self, key: str) -> Snapshot[Any]:
        return self.world[Address("payment_method", key)]

    def build(self, account: str) -> Snapshot[Any]:
        return self.world[Address("build", account)]

    def read_of(self, key: str) -> Snapshot[Any]:
        return self.world[Address("read", key)]

    def outage(self, key: str) -> Snapshot[Any]:
        return self.world[Address("outage", key)]

    def outages_begun(self, key: str) -> int:
        """How many outages an authorization has had."""
        found = self.world.get(Address("outage", key))
        return found.facts.count if found else 0

    def assess(self, account: str, payment_method: str | None = None) -> Assessment:
        """Whether the account may be charged, and what is next."""
        return assess(self.account(account), payment_method)

    def next(self, account: str) -> list[tuple[str, str]]:
        """The next actions, with their reasons."""
        return [(action.action, action.reason) for action in self.assess(account).next]

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands of the last event."""
        return self.step.commands

    def asked_for(self, kind: type[C]) -> list[C]:
        """All commands of this kind so far, each once."""
        return [command for command in self.all_commands if isinstance(command, kind)]

    @property
    def messages(self) -> list[NotifyCustomer]:
        """The messages to customers so far."""
        return self.asked_for(NotifyCustomer)

    @property
    def read_reasons(self) -> list[str]:
        """The reasons of all reads of accounts so far."""
        return [read.reason for read in self.asked_for(RetrieveAccount)]

    def decided(self, machine: str, key: str) -> Decision:
        """The first decision of this machine on the last event."""
        address = Address(machine, key)
        return next(d.decision for d in self.step.deliveries if d.address == address)


def knowing(report: StatusReport) -> Scenario:
    """A service that knows one account by this report."""
    s = Scenario()
    s.webhook("fca_1", report)
    if report.status == "active":
        s.perform(s.due_reads[0])  # of the authorization
    return s


def expired(policy: RelinkPolicy | None = None, **details: Any) -> Scenario:
    """An account that worked, and now needs a relink."""
    s = Scenario(policy)
    s.link("fca_1", **details)
    s.webhook("fca_1", relinkable(**details))
    return s


def lapsed() -> Scenario:
    """An active account whose tokenized number has expired."""
    s = Scenario()
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    return s


def replaced() -> Scenario:
    """An account that the customer replaced by a new one, ``fca_2``."""
    s = expired()
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    return s

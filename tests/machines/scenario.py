"""A small stage for the example tests: a service, its customers and Stripe, without any I/O.

A test tells a story in verbs (``webhook``, ``open_session``, ``result``, …) and looks at what the
machines made of it. Each verb is one outside event, ten seconds after the one before, so that
nothing is in doubt (K4) unless the test says so. What a read would find stands in ``stripe``.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from relink.engine import Address, Command, Decision, Snapshot, Step
from relink.machines import Assessment, RelinkPolicy, assess, relink_system
from relink.machines.commands import (
    CreateRelinkSession,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveSession,
    Wake,
)
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    DomainEvent,
    RelinkRequested,
    RelinkSessionCreated,
    SessionAccount,
    SessionReported,
    TimerFired,
)
from relink.machines.report import AccountNumber, Holder, StatusReport

C = TypeVar("C", bound=Command)

DAY = 24 * 60 * 60
CUSTOMER = Holder(field="customer", id="cus_1")
CONNECTED = Holder(field="account", id="acct_1")

USUAL: Mapping[str, Any] = {
    "authorization": "fcauth_1",
    "holder": CUSTOMER,
    "permissions": ("payment_method",),
    "subcategory": "checking",
    "payment_method_types": ("us_bank_account",),
    "numbers": (),
    "deactivates_on": None,
}
"""What Stripe tells of an account beside its status, where a test says nothing else."""


def report(status: str | None, without: tuple[str, ...] = (), **details: Any) -> StatusReport:
    """Stripe's word about an account. Fields named in ``without`` are absent from it."""
    told = {"status": status, **USUAL, **details}
    return StatusReport(**{field: value for field, value in told.items() if field not in without})


def active(**details: Any) -> StatusReport:
    return report("active", **details)


def relinkable(**details: Any) -> StatusReport:
    return report("inactive", **{"action": "relink_required", "cause": "access_expired", **details})


def unrepairable(**details: Any) -> StatusReport:
    return report("inactive", **{"action": "none", "cause": "account_closed", **details})


def inactive(**details: Any) -> StatusReport:
    """Inactive, and the payload does not say whether it can be repaired (K5)."""
    return report("inactive", **details)


def disconnected(**details: Any) -> StatusReport:
    return report("disconnected", **details)


def number(status: str, expires_on: int | None = None, ach: bool = True) -> AccountNumber:
    """A tokenized account number, as an account lists it."""
    return AccountNumber(
        identifier_type="tokenized_account_number",
        status=status,
        expires_on=expires_on,
        networks=("ach",) if ach else (),
    )


class Scenario:
    """The stage. ``policy`` is the service's."""

    def __init__(self, policy: RelinkPolicy | None = None) -> None:
        self.policy = policy or RelinkPolicy()
        self.now = 1_000_000
        self.world: dict[Address, Snapshot[Any]] = {}
        self.stripe = {f"fcauth_{n}": StatusReport(status="active") for n in (1, 2)}
        """What a read of an account or authorization finds."""
        self.results: dict[str, dict[str, Any]] = {}
        """What a read of a session finds; while it is not here, the session is pending."""
        self.step: Step
        """What the last event led to."""
        self.all_commands: list[Command] = []
        self.to_do: list[Command] = []
        """Reads and timers that nobody has carried out yet."""
        self._events = 0

    # ── what happens ─────────────────────────────────────────────────────────

    def happens(self, kind: type[DomainEvent], **fields: Any) -> Step:
        """Any outside event, ten seconds after the last."""
        self.now += 10
        self._events += 1
        told = {
            "causation_id": f"evt_{self._events}",
            "at": self.now,
            "policy": self.policy,
            **fields,
        }
        self.step = relink_system().step(kind(**told), self.world.get)
        self.world.update(self.step.snapshots)
        new = [command for command in self.step.commands if command not in self.all_commands]
        self.all_commands += new
        self.to_do += [command for command in new if _is_left_to_do(command)]
        return self.step

    def webhook(self, account: str, said: StatusReport | None, created: int | None = None) -> Step:
        """A webhook about an account; None is a thin one. Without ``created`` it is news."""
        if created is None and said is not None:
            self.stripe[account] = said
        as_of = self.now + 10 if created is None else created
        return self.happens(AccountReported, account=account, as_of=as_of, read=False, report=said)

    def authorization_webhook(self, authorization: str, said: StatusReport | None) -> Step:
        """A webhook about an authorization; None is a thin one."""
        if said is not None:
            self.stripe[authorization] = said
        return self.happens(
            AuthorizationReported,
            authorization=authorization,
            as_of=self.now + 10,
            read=False,
            report=said,
        )

    def read(self, subject: str, date: int | None = None) -> Step:
        """Stripe answers a read of an account or authorization, with what stands in ``stripe``."""
        is_account = subject.startswith("fca_")
        kind = AccountReported if is_account else AuthorizationReported
        name = {"account" if is_account else "authorization": subject}
        as_of = self.now + 10 if date is None else date
        return self.happens(kind, as_of=as_of, read=True, report=self.stripe[subject], **name)

    def ask(self, account: str, **wanted: Any) -> Command | None:
        """The service asks for a relink session: what it gets, None for a refusal."""
        commands = self.happens(RelinkRequested, account=account, **wanted).commands
        return commands[0] if commands else None

    def request_relink(self, account: str, **wanted: Any) -> Command | None:
        """The same, as the service's request does it: one read, if one is asked for (R9)."""
        answer = self.ask(account, **wanted)
        if isinstance(answer, RetrieveAccountForCaller):
            self.read(account)
            answer = self.ask(account, has_read=True, **wanted)
        return answer

    def open_session(self, account: str, **wanted: Any) -> str:
        """The service asks for a relink session, and Stripe makes it. Returns its id."""
        request = self.request_relink(account, **wanted)
        assert isinstance(request, CreateRelinkSession), f"no session to be had: {request}"
        return self.create(request)

    def create(self, request: CreateRelinkSession) -> str:
        """Stripe makes this session. Returns its id: ``fcsess_1``, ``fcsess_2``, …"""
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
        """The customer comes to an end at Stripe, and nobody has told us yet.

        It succeeded where neither ``status`` nor ``failure_reason`` says otherwise.
        """
        listed = None
        if accounts is not None:
            self.stripe |= accounts
            listed = [SessionAccount(account=name, report=said) for name, said in accounts.items()]
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
        """The customer comes to an end, see ``finish``, and a read or a webhook tells of it.

        Without an end it tells once more of what there was; with ``created`` it is a late webhook.
        """
        if finish or how:
            self.finish(session, *finish, **how)
        found = self.results.get(session, {"status": "pending"})
        as_of = self.now + 10 if created is None else created
        read = created is None and not webhook
        return self.happens(SessionReported, session=session, as_of=as_of, read=read, **found)

    def perform_reads(self) -> None:
        """Carry out the reads that the decisions ask for, and those that the answers ask for."""
        for _ in range(100):
            reads = [command for command in self.to_do if not isinstance(command, Wake)]
            if not reads:
                return
            self._perform(reads[0])
        raise AssertionError("the answers to reads ask for ever more reads")

    def _perform(self, read: Command) -> None:
        self.to_do.remove(read)
        match read:
            case RetrieveSession(session=session):
                self.result(session)
            case (
                RetrieveAccount(account=subject, after=after)
                | RetrieveAuthorization(authorization=subject, after=after)
            ):
                self.now = max(self.now, after)
                self.read(subject)

    def wait(self, seconds: int) -> None:
        """Time passes, and timers go off on the way."""
        end = self.now + seconds
        while due := [c for c in self.to_do if isinstance(c, Wake) and c.due <= end]:
            timer = min(due, key=lambda wake: wake.due)
            self.to_do.remove(timer)
            self.now = max(self.now, timer.due - 10)
            fields = {"machine": timer.machine, "key": timer.key, "event": timer.event}
            self.happens(TimerFired, **fields)
        self.now = max(self.now, end)

    # ── what became of it ────────────────────────────────────────────────────

    def account(self, key: str) -> Snapshot[Any]:
        return self.world[Address("account", key)]

    def authorization(self, key: str) -> Snapshot[Any]:
        return self.world[Address("authorization", key)]

    def session(self, key: str) -> Snapshot[Any]:
        return self.world[Address("session", key)]

    def number(self, account: str) -> Snapshot[Any]:
        return self.world[Address("account_number", account)]

    def payment_method(self, account: str) -> Snapshot[Any]:
        return self.world[Address("payment_method", account)]

    def outage(self, key: str) -> Snapshot[Any]:
        return self.world[Address("outage", key)]

    def assess(self, account: str) -> Assessment:
        """May it be charged, and what next?"""
        return assess(self.account(account))

    def next(self, account: str) -> list[tuple[str, str]]:
        """What is to be done next: actions with their reasons."""
        return [(action.action, action.reason) for action in self.assess(account).next]

    @property
    def commands(self) -> tuple[Command, ...]:
        """What the last event asks of the world."""
        return self.step.commands

    def asked_for(self, kind: type[C]) -> list[C]:
        """All commands of this kind so far, each once."""
        return [command for command in self.all_commands if isinstance(command, kind)]

    @property
    def questions(self) -> list[str]:
        """What accounts are read for, so far."""
        return [read.reason for read in self.asked_for(RetrieveAccount)]

    def decided(self, machine: str, key: str) -> Decision:
        """The first decision of this machine on the last event."""
        address = Address(machine, key)
        return next(d.decision for d in self.step.deliveries if d.address == address)


def knowing(said: StatusReport) -> Scenario:
    """An account of which this is known."""
    s = Scenario()
    s.webhook("fca_1", said)
    return s


def expired(policy: RelinkPolicy | None = None, **details: Any) -> Scenario:
    """An account that worked, and now needs a relink."""
    s = Scenario(policy)
    s.webhook("fca_1", active(**details))
    s.webhook("fca_1", relinkable(**details))
    return s


def lapsed() -> Scenario:
    """An account that is active, while its tokenized number is not."""
    s = Scenario()
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    return s


def replaced() -> Scenario:
    """An account in whose stead the customer linked a new one, ``fca_2``."""
    s = expired()
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    return s


def _is_left_to_do(command: Command) -> bool:
    """Timers and reads, except the reads that the caller of a request makes itself."""
    match command:
        case RetrieveAccount() | RetrieveAuthorization() | RetrieveSession() | Wake():
            return True
    return False

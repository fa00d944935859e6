"""The driver of a story: it holds what the core decides, and does what the core asks for.

Webhooks and answers pass through the reducers of the Stripe adapter, as the bytes and objects that
Stripe sends, so that what Stripe leaves out is really left out.
"""

import hmac
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Literal

from relink.adapters.stripe import (
    Accepted,
    Origin,
    StripeWebhooks,
    reduce_account,
    reduce_authorization,
    reduce_external_account,
    reduce_payment_method,
    reduce_session,
)
from relink.engine import Address, Command, Snapshot, Step
from relink.machines import RelinkPolicy, relink_system
from relink.machines import commands as c
from relink.machines import events as e
from relink.machines.vocabulary import ObjectKind

from .at_stripe import DAY, AtStripe, Json, Shape, T, day, number

Webhook = Shape | Literal["lost", "late"]

SECRET = "whsec_story"
FC = "financial_connections"
LATEST = 253_402_300_799
"""The end of the year 9999 (Unix seconds)."""


class Driver:
    """A service, its customers and Stripe.

    Args:
        policy: the service's choices.
        pause: seconds after each verb.
        shape: of the webhook endpoint.
    """

    def __init__(
        self, policy: RelinkPolicy | None = None, *, pause: float = 60, shape: Shape = "preview"
    ) -> None:
        self.policy = policy or RelinkPolicy()
        self.pause = pause
        self.shape = shape
        self.now: float = T
        self.stripe = AtStripe()
        self.machines: dict[Address, Snapshot[Any]] = {}
        self.held = False
        """Whether reads and builds are held back."""
        self.read_takes: float = 0
        """Seconds from the beginning of a read to its answer."""
        self.created_ahead = self.date_ahead = 0
        """Seconds by which Stripe's times are ahead of ours: ``created`` and ``Date``."""
        self.refusing: str | None = None
        """The code with which Stripe refuses to build anything, for good."""
        self.nameless = False
        """Whether customers have no name at Stripe."""
        self.sent: list[str] = []
        """What was sent to the service, such as ``day 2: reminder 1 fca_1, fca_2``."""
        self.anomalies: list[str] = []
        self.built: list[str] = []
        self.mandates: list[str] = []
        self.reads: list[str] = []
        """The ids of the objects that were read, one for each read."""
        self.refusal: str | None = None
        """Why the last relink was refused."""
        self._webhooks = StripeWebhooks([SECRET], livemode=False, policy=self.policy)
        self._due: dict[str, tuple[float, int, Command | e.DomainEvent]] = {}
        self._issued: dict[str, Command] = {}
        self._late: list[bytes] = []
        self._sessions: dict[str, c.CreateRelinkSession] = {}
        self._count = count(1)

    # ── time ─────────────────────────────────────────────────────────────────

    @property
    def today(self) -> int:
        """The day of the story."""
        return int((self.now - T) // DAY)

    def on_day(self, number: float) -> None:
        """Time passes until then."""
        assert day(number) >= self.now, f"day {number} is over"
        self._pass_until(day(number))

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self._pass_until(self.now + seconds)

    def _pass_until(self, end: float) -> None:
        while soon := [
            (due, order, name)
            for name, (due, order, what) in self._due.items()
            if due <= end and not (self.held and isinstance(what, c.Read | c.Build))
        ]:
            due, _, name = min(soon)
            self.now = max(self.now, due)
            what = self._due.pop(name)[2]
            if isinstance(what, e.DomainEvent):
                self._happens(what.model_copy(update={"at": self.now}))
            else:
                self._perform(what)
        self.now = max(self.now, end)

    # ── inside: webhooks ─────────────────────────────────────────────────────

    def arrive_late(self, order: Sequence[int] = ()) -> None:
        """The late webhooks arrive, in the order of their numbers from 0, or as they were sent."""
        bodies, self._late = self._late, []
        for at in order or range(len(bodies)):
            self._receive(bodies[at])
            self.wait(self.pause)

    def _change(self, name: str, **fields: Any) -> None:
        self.stripe.objects[name].update(fields)

    def _work(self, account: str, authorization: str | None, asked: c.CreateRelinkSession) -> None:
        """A relink repairs an account and its authorization."""
        self.stripe.move(account, authorization)
        if authorization:
            self._change(authorization, status="active", status_details={})
        if self.stripe.objects[account]["account_numbers"]:
            self._change(account, account_numbers=[number("transactable")])
        permissions = list(asked.permissions)
        self._change(account, status="active", status_details={}, permissions=permissions)

    def _report(self, event: str, name: str, webhook: Webhook | None, pause: bool = True) -> None:
        self._send(f"{FC}.{event}", name, webhook, pause)

    def _send(self, event: str, name: str, webhook: Webhook | None, pause: bool = True) -> None:
        how = webhook or self.shape
        self._note(f"{event} of {name} ({how})")
        if how != "lost":
            shape = self.shape if how == "late" else how
            created = min(int(self.now) + self.created_ahead, LATEST)
            body = self.stripe.event(event, name, created, shape)
            if how == "late":
                self._late.append(body)
            else:
                self._receive(body)
        if pause:
            self.wait(self.pause)

    def _receive(self, body: bytes) -> None:
        sent = int(self.now)
        signed = hmac.new(SECRET.encode(), f"{sent}.".encode() + body, "sha256").hexdigest()
        received = self._webhooks.receive(body, f"t={sent},v1={signed}", self.now)
        if not isinstance(received, Accepted):
            self._note(f"{received.id} is ignored: {received.reason}")
            return
        for event in received.events:
            self._happens(event)

    # ── inside: the core ─────────────────────────────────────────────────────

    def _event(self, kind: type[e.DomainEvent], /, **fields: Any) -> e.DomainEvent:
        name = f"request_{next(self._count)}"
        return kind(causation_id=name, at=self.now, policy=self.policy, **fields)

    def _tell(self, kind: type[e.DomainEvent], /, **fields: Any) -> None:
        self._happens(self._event(kind, **fields))
        self.wait(self.pause)

    def _happens(self, event: e.DomainEvent) -> Step:
        shown = event.model_dump(exclude={"policy", "at"}, exclude_unset=True)
        self._note(f"  {event.name} {shown}")
        step = relink_system().checked.step(event, self.machines.get)
        self.machines.update(step.snapshots)
        for delivery in step.deliveries:
            self._note(f"    {delivery.address.machine}:{delivery.address.key} {delivery.decision}")
        for command in step.commands:
            self._take(command)
        return step

    def _take(self, command: Command) -> None:
        """Keep a command to be done. One with the id of an earlier one is the same one."""
        if isinstance(command, c.CallerCommand):
            return
        due = command.due if isinstance(command, c.Wake) else self.now
        known = self._issued.setdefault(command.id, command)
        match command:
            case c.Read() if command.id in self._due:
                # It has not begun and is asked for again: the later time counts.
                due, order, _ = self._due[command.id]
                self._due[command.id] = (max(due, command.after), order, command)
            case c.Read() if known is command:
                self._due[command.id] = (max(due, command.after), next(self._count), command)
            case c.Wake() if known is not command:
                assert isinstance(known, c.Wake)
                assert (known.due, known.event.name) == (due, command.event.name), command.id
            case c.Notification() if known is not command:
                assert known == command, f"two commands have the id {command.id}"
            case c.Notification():
                self._sent(command)
            case c.Timer() | c.Build() if known is command:
                self._due[command.id] = (due, next(self._count), command)

    def _sent(self, sent: c.Notification) -> None:
        match sent:
            case c.NotifyCustomer(accounts=accounts, reminder=reminder):
                kind = f"reminder {reminder}" if reminder else "prompt"
                line = f"day {self.today}: {kind} {', '.join(accounts)}"
            case c.RequestNewPaymentMethod(account=account, reason=reason):
                line = f"day {self.today}: request {account} ({reason})"
            case c.PaymentMethodGone(payment_method=gone):
                line = f"day {self.today}: gone {gone}"
            case c.PaymentMethodBuilt(payment_method=built):
                self.built.append(built)
                self._note(f"    → built {built}")
                return
            case c.CollectMandate(payment_method=unauthorized):
                self.mandates.append(unauthorized)
                self._note(f"    → collect a mandate for {unauthorized}")
                return
            case c.RequestBillingName(account=account):
                line = f"day {self.today}: name {account}"
            case c.ReportAnomaly(about=about, anomaly=anomaly):
                self.anomalies.append(f"{about}: {anomaly.value}")
                self._note(f"    → {self.anomalies[-1]}")
                return
            case _:
                raise AssertionError(f"{sent.name} is not known to the story")
        self._note(f"    → {line}")
        self.sent.append(line)

    def _note(self, line: str) -> None:
        """Pytest shows the lines of a test that fails."""
        print(f"day {(self.now - T) / DAY:.5f}: {line}")

    # ── inside: commands ─────────────────────────────────────────────────────

    def _perform(self, command: Command) -> None:
        match command:
            case c.Wake(machine=machine, key=key, event=event):
                fired = {"machine": machine, "key": key, "event": event}
                self._happens(self._event(e.TimerFired, **fired))
            case c.Read() if self.read_takes:
                answer = self._answer(command)
                order = next(self._count)
                self._due[f"answer {order}"] = (self.now + self.read_takes, order, answer)
            case c.Read() | c.Build():
                self._happens(self._answer(command))

    def _answer(self, command: c.StripeCommand) -> e.DomainEvent:
        """Stripe's answer."""
        answer: dict[str, Any] = {
            "causation_id": command.id,
            "at": self.now,
            "policy": self.policy,
        }
        match command:
            case c.Build(account=account) if self.refusing:
                failed = {"command": command.name, "subject": account, "error": self.refusing}
                return e.CommandFailed(**answer, **failed)
            case c.CreatePaymentMethod(account=account, billing_name=None) if self.nameless:
                return e.BillingNameAbsent(**answer, account=account)
            case c.CreatePaymentMethod(account=account):
                made = account.replace("fca_", "pm_")
                self.stripe.add_payment_method(made, account, relink_command=command.id)
                return e.PaymentMethodMade(**answer, account=account, payment_method=made)
            case c.AttachExternalAccount(account=account):
                made = account.replace("fca_", "ba_")
                self.stripe.add_external_account(made, account)
                return e.ExternalAccountMade(**answer, account=account, external_account=made)
        assert isinstance(command, c.Read | c.RetrieveAccountForCaller | c.RetrieveSessionForCaller)
        name = command.subject
        self.reads.append(name)
        if name not in self.stripe.objects:
            error = "resource_missing"
            return e.CommandFailed(**answer, command=command.name, subject=name, error=error)
        origin = Origin(
            **answer, as_of=int(self.now) + self.date_ahead, read=True, begun_at=self.now
        )
        report = _reducer(name)(self.stripe.show(name), origin)
        assert report is not None, f"the answer to {command.id} says nothing"
        return report

    def _created(self, create: c.CreateRelinkSession) -> str:
        """Stripe creates a session: the same one again for the same idempotency key."""
        ids = [request.id for request in self._sessions.values()]
        again = create.id in ids
        session = f"fcsess_{1 + (ids.index(create.id) if again else len(ids))}"
        if not again:
            self._sessions[session] = create
            self.stripe.add_session(session, create.account)
        self._happens(self._event(e.RelinkSessionCreated, session=session, request=create))
        return session


def kind_of(name: str) -> ObjectKind:
    match name.partition("_")[0]:
        case "fca":
            return "account"
        case "fcauth":
            return "authorization"
        case "fcsess":
            return "session"
        case "pm":
            return "payment_method"
    return "external_account"


def machine_of(name: str) -> str:
    kind = kind_of(name)
    return "payment_method" if kind == "external_account" else kind


def _reducer(name: str) -> Callable[[Json, Origin], e.DomainEvent | None]:
    match kind_of(name):
        case "account":
            return reduce_account
        case "authorization":
            return reduce_authorization
        case "session":
            return reduce_session
        case "payment_method":
            return reduce_payment_method
        case "external_account":
            return reduce_external_account

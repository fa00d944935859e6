"""Events that are made once: the same event is the same object, so that a step is taken once."""

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

from relink.engine import Event
from relink.machines.commands import RetrieveAccountForCaller, Wake
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    CommandFailed,
    DomainEvent,
    ExternalAccountReported,
    MandateReported,
    PaymentMethodReported,
    RelinkRequested,
    SessionAccount,
    SessionReported,
    TimerFired,
)
from relink.machines.policy import DAY, RelinkPolicy
from relink.machines.report import ExternalAccountReport

from .around import Answer, CallerRead, ReadDue, Timer, Webhook
from .truth import account_report, authorization_report, method_report

E = TypeVar("E", bound=DomainEvent)

_COMMON = frozenset(DomainEvent.model_fields)


class Events:
    """Makes the events of one model.

    Args:
        policy: The service's choices, which every event carries.
    """

    def __init__(self, policy: RelinkPolicy) -> None:
        self._policy = policy
        self._made: dict[Hashable, DomainEvent] = {}
        self._woken: dict[Hashable, Event] = {}
        self._again: dict[tuple[str, str], RelinkRequested] = {}

    def head(self, causation_id: str, now: int) -> dict[str, Any]:
        """The fields that all events have."""
        return {"causation_id": causation_id, "at": float(now)}

    def kept(self, kind: type[E], /, **fields: Any) -> E:
        """The event of these fields, made at the first time."""
        key = (kind, *fields.items())
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = kind.model_validate({**fields, "policy": self._policy})
        assert isinstance(found, kind)
        return found

    def request(self, account: str, what: str, asked: Mapping[str, Any], now: int) -> DomainEvent:
        """The service asks for a relink.

        Args:
            account: Of which account.
            what: Which request it is, for its id.
            asked: What it says.
            now: When.
        """
        head = self.head(f"req_{now}_{what.replace(' ', '_')}", now)
        event = self.kept(RelinkRequested, account=account, **asked, **head)
        again = (account, event.causation_id)
        if again not in self._again:
            self._again[again] = event.model_copy(update={"has_read": True})
        return event

    def webhook(
        self, webhook: Webhook, now: int, *, is_thin: bool = False, is_ahead: bool = False
    ) -> DomainEvent:
        """A webhook that arrives.

        Args:
            webhook: Which.
            now: When it arrives.
            is_thin: Whether it leaves out fields, or says only that something changed.
            is_ahead: Whether it is dated a year ahead.
        """
        key = (webhook, now, is_thin, is_ahead)
        found = self._made.get(key)
        if found is None:
            head = self.head(f"evt_{webhook.kind}_{webhook.subject}_{webhook.created}", now)
            as_of = webhook.created + (365 * DAY if is_ahead else 0)
            head |= {"as_of": as_of, "read": False, "policy": self._policy}
            found = _reported(webhook.kind, webhook.subject, webhook.body, head, is_thin=is_thin)
            self._made[key] = found
        return found

    def answer(self, answer: Answer, now: int) -> DomainEvent:
        """The answer to a read; one about what Stripe does not have fails for good."""
        key = (answer, now)
        found = self._made.get(key)
        if found is None:
            read = answer.read
            if answer.body is None:
                return self.refused(read, now, "resource_missing")
            found = self._read(read.kind, read.subject, read.id, answer, now)
            self._made[key] = found
        return found

    def caller_read(self, read: CallerRead, body: Any, now: int) -> DomainEvent:
        """The answer to a read within a caller's request."""
        key = (read.kind, read.id, body, now)
        found = self._made.get(key)
        if found is None:
            due = ReadDue("", read.kind, read.subject, 0, 0)
            answer = Answer(due, body, now)
            found = self._made[key] = self._read(read.kind, read.subject, read.id, answer, now)
        return found

    def refused(self, read: ReadDue, now: int, error: str = "refused") -> DomainEvent:
        """A read that failed for good."""
        head = self.head(read.id, now)
        return self.kept(
            CommandFailed, command=read.name, subject=read.subject, error=error, **head
        )

    def asked_again(self, command: RetrieveAccountForCaller) -> RelinkRequested | None:
        """The request for which an account is read, as it goes on; None where none is."""
        return self._again.get((command.account, command.dedup_key))

    def timer(self, wake: Wake) -> Timer:
        """A timer as it is kept: by what it brings back, not by when it was set."""
        fields = wake.event.__dict__
        payload = tuple((name, fields[name]) for name in fields if name not in _COMMON)
        timer = Timer(wake.due, wake.machine, wake.key, wake.event.name, payload)
        self._woken.setdefault((timer.event, payload), wake.event)
        return timer

    def fired(self, timer: Timer, now: int) -> DomainEvent:
        """A timer that fires."""
        event = self._woken[timer.event, timer.payload]
        key = (timer, now)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = TimerFired(
                causation_id=f"wake_{timer.machine}_{timer.key}_{timer.due}",
                at=float(now),
                policy=self._policy,
                machine=timer.machine,
                key=timer.key,
                event=event,
            )
        return found

    def _read(self, kind: str, subject: str, id: str, answer: Answer, now: int) -> DomainEvent:
        head = {
            **self.head(id, now),
            "policy": self._policy,
            "as_of": answer.begun_at,
            "read": True,
            "begun_at": float(answer.begun_at),
        }
        return _reported(kind, subject, answer.body, head, is_thin=False)


def _reported(
    kind: str, subject: str, body: Any, head: dict[str, Any], *, is_thin: bool
) -> DomainEvent:
    is_complete = {"complete": not is_thin}
    match kind:
        case "account":
            report = account_report(body, is_thin=is_thin)
            return AccountReported(account=subject, report=report, **is_complete, **head)
        case "authorization":
            said = None if is_thin else authorization_report(body)
            return AuthorizationReported(authorization=subject, report=said, **is_complete, **head)
        case "session":
            return _session(subject, body, {**head, **is_complete}, is_thin=is_thin)
        case "mandate":
            status = "active" if body.has_mandate else "inactive"
            return MandateReported(payment_method=subject, status=status, **head)
        case _ if body.is_external:
            told = (
                None
                if is_thin
                else ExternalAccountReport(status=body.blocked or "new", gone=body.is_gone)
            )
            return ExternalAccountReported(
                external_account=subject, account=body.account, report=told, **head
            )
        case _:
            return PaymentMethodReported(
                payment_method=subject,
                account=None if is_thin else body.account,
                report=None if is_thin else method_report(body),
                **head,
            )


def _session(subject: str, body: Any, head: dict[str, Any], *, is_thin: bool) -> SessionReported:
    session, account = body
    if is_thin:
        # Its status, and neither result nor accounts.
        return SessionReported(session=subject, status=session.status, **head)
    accounts: tuple[SessionAccount, ...] = ()
    if session.linked is not None:
        accounts = (SessionAccount(account=session.linked, report=account_report(account)),)
    is_repair = session.linked is not None and session.request.mode == "specific"
    return SessionReported(
        session=subject,
        status=session.status,
        failure_reason=session.failure,
        relinked_account=session.linked if is_repair else None,
        accounts=accounts,
        **head,
    )

"""A small bank: what is true at Stripe for a handful of accounts, and the webhooks about it.

Time is a whole number of seconds and moves only when a test moves it, so several things can
happen within one second. Every change sends a webhook, as at Stripe, with two exceptions: of an
authorization only an announced deactivation does, and a sibling of a relinked account can come
back without one. Reads answer with what is true at the moment.

The bank makes no choices of its own: tests pass them in.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from relink.engine import Command
from relink.machines.commands import (
    CreateRelinkSession,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    CommandFailed,
    DomainEvent,
    PaymentMethodReported,
    SessionAccount,
    SessionReported,
)
from relink.machines.report import AccountNumber, Holder, PaymentMethodReport, StatusReport

DAY = 24 * 60 * 60

REAL = AccountNumber(status="transactable", networks=("ach",))
"""The number of an account at a bank that issues no tokens."""


def tokenized(status: str, expires_on: int | None = None) -> AccountNumber:
    """A tokenized number, which stands for the real one."""
    return AccountNumber(
        identifier_type="tokenized_account_number",
        status=status,
        expires_on=expires_on,
        networks=("ach",),
    )


Shape = Literal["full", "ga", "sparse", "thin"]
"""What a webhook leaves out: nothing; what the GA version has no fields for; most of what can be
missing; or everything but the id."""

SPARSE = {"status", "deactivates_on", "institution_name"}
"""What is left of a sparse webhook."""
NOT_IN_GA = {"authorization", "action", "cause"}
NO_RESULT = ["status", "failure_reason", "relinked_account"]


def shaped(event: DomainEvent, shape: Shape) -> DomainEvent:
    """The webhook as an endpoint with this shape receives it."""
    match event, shape:
        case _, "full":
            return event
        case ((AccountReported() | AuthorizationReported()), "thin"):
            return event.model_copy(update={"report": None})
        case (
            (
                AccountReported(report=StatusReport() as report)
                | AuthorizationReported(report=StatusReport() as report)
            ),
            _,
        ):
            return event.model_copy(update={"report": _shaped_report(report, shape)})
        case SessionReported(accounts=accounts), "ga" | "sparse":
            # The GA version has no ``status`` and no ``relink_result``.
            left = {field: None for field in NO_RESULT if shape == "ga"}
            inside = tuple(
                listed.model_copy(update={"report": _shaped_report(listed.report, shape)})
                for listed in accounts or ()
            )
            return event.model_copy(update={**left, "accounts": inside})
        case SessionReported(), "thin":
            left = dict.fromkeys([*NO_RESULT, "accounts"])
            return event.model_copy(update=left)
    return event


def _shaped_report(report: StatusReport, shape: Shape) -> StatusReport:
    included = report.model_dump(exclude_unset=True)
    left = {
        k: v
        for k, v in included.items()
        if k not in NOT_IN_GA and (shape != "sparse" or k in SPARSE)
    }
    return StatusReport.model_validate(left)


@dataclass
class Link:
    """An account as it is at Stripe."""

    authorization: str | None
    holder: Holder | None
    status: str = "active"
    action: str | None = None
    cause: str | None = None
    deactivates_on: int | None = None
    deactivation_action: str | None = None
    permissions: tuple[str, ...] = ("payment_method",)
    subcategory: str = "checking"
    payment_method_types: tuple[str, ...] = ("us_bank_account",)
    numbers: tuple[AccountNumber, ...] = (REAL,)

    def report(self) -> StatusReport:
        """The account object, without the parts of ``status_details`` that do not apply."""
        details = {"action": self.action, "cause": self.cause}
        return StatusReport(
            status=self.status,
            deactivates_on=self.deactivates_on,
            deactivation_action=self.deactivation_action,
            authorization=self.authorization,
            holder=self.holder,
            permissions=self.permissions,
            subcategory=self.subcategory,
            payment_method_types=self.payment_method_types,
            numbers=self.numbers,
            **(details if self.status == "inactive" else {}),
        )


@dataclass
class Credentials:
    """An authorization as it is at Stripe."""

    status: str = "active"
    action: str | None = None
    deactivates_on: int | None = None

    def report(self) -> StatusReport:
        """The authorization object."""
        action = {"action": self.action} if self.status == "inactive" else {}
        announced = "relink_required" if self.deactivates_on else None
        return StatusReport(
            status=self.status,
            deactivates_on=self.deactivates_on,
            deactivation_action=announced,
            **action,
        )


@dataclass
class RelinkSession:
    """A relink session as it is at Stripe: it stays pending until the customer finishes."""

    request: CreateRelinkSession
    status: str = "pending"
    failure_reason: str | None = None
    relinked: str | None = None
    linked: tuple[str, ...] = ()


@dataclass
class Bank:
    """What is true at Stripe, and the webhooks that were sent and not collected yet."""

    now: int = 1_000
    accounts: dict[str, Link] = field(default_factory=dict)
    authorizations: dict[str, Credentials] = field(default_factory=dict)
    sessions: dict[str, RelinkSession] = field(default_factory=dict)
    sent: list[DomainEvent] = field(default_factory=list)
    blocked: dict[str, str | None] = field(default_factory=dict)
    skew: int = 0
    """How far the ``Date`` of reads is from the ``created`` of events (seconds; K4: up to 2)."""
    _events: int = 0
    _created: dict[str, str] = field(default_factory=dict)

    def collect(self) -> list[DomainEvent]:
        """The webhooks since the last time."""
        sent, self.sent = self.sent, []
        return sent

    def members(self, authorization: str) -> list[str]:
        """Its accounts."""
        return [a for a, link in self.accounts.items() if link.authorization == authorization]

    # ── what happens at the bank ─────────────────────────────────────────────

    def link(
        self,
        account: str,
        authorization: str | None,
        holder: Holder | None,
        *,
        subcategory: str = "checking",
        numbers: tuple[AccountNumber, ...] = (REAL,),
    ) -> None:
        """The customer links an account for the first time."""
        if authorization:
            self.authorizations.setdefault(authorization, Credentials())
        self.accounts[account] = Link(
            authorization, holder, subcategory=subcategory, numbers=numbers
        )
        self._announce(account)

    def stop(self, account: str, action: str, cause: str) -> None:
        """It becomes inactive, or inactive for another cause."""
        self._change(
            account,
            status="inactive",
            action=action,
            cause=cause,
            deactivates_on=None,
            deactivation_action=None,
        )

    def stop_all(self, authorization: str, action: str, cause: str) -> None:
        """Consent expires or is revoked: every active account stops, and so do the credentials."""
        self.authorizations[authorization] = Credentials("inactive", action)
        for account in self.members(authorization):
            if self.accounts[account].status == "active":
                self.stop(account, action, cause)

    def work(self, account: str) -> None:
        """It works again without a relink, and so do its credentials."""
        authorization = self.accounts[account].authorization
        if authorization and self.authorizations[authorization].status == "inactive":
            self.authorizations[authorization] = Credentials()
        self._change(account, **_WORKS)

    def disconnect(self, account: str) -> None:
        """It is disconnected for good."""
        self._change(account, status="disconnected", action=None, cause=None)

    def announce(self, account: str, day: int | None, action: str) -> None:
        """Stripe announces the day on which it stops working; None withdraws the announcement."""
        self._change(account, deactivates_on=day, deactivation_action=action if day else None)

    def announce_all(self, authorization: str, day: int | None) -> None:
        """The same for its credentials."""
        self.authorizations[authorization].deactivates_on = day
        report = self.authorizations[authorization].report()
        self.sent.append(
            AuthorizationReported(
                **self._sent_now(), authorization=authorization, read=False, report=report
            )
        )

    def renumber(self, account: str, *numbers: AccountNumber) -> None:
        """Its numbers change."""
        self._change(account, numbers=numbers)

    def merge(self, old: str, new: str, status: str) -> None:
        """The accounts of one authorization come under another, which works (K8)."""
        if self.authorizations.get(new, Credentials("inactive")).status == "inactive":
            self.authorizations[new] = Credentials()
        action = "relink_required" if status == "inactive" else None
        self.authorizations[old] = Credentials(status, action)
        for account in self.members(old):
            self._change(account, authorization=new)

    def block(self, account: str, reason: str | None) -> None:
        """What was built on it is blocked, or unblocked."""
        self.blocked[account] = reason
        self.sent.append(
            PaymentMethodReported(
                **self._sent_now(),
                account=account,
                payment_method=f"pm_{account}",
                read=False,
                report=PaymentMethodReport(blocked=reason),
            )
        )

    # ── what the customer does in a session ──────────────────────────────────

    def fail(self, session: str, reason: str) -> None:
        """The customer cannot sign in or find the account, or something else goes wrong."""
        self._end(session, "failed", failure_reason=reason)

    def cancel(self, session: str) -> None:
        """The customer closes it."""
        self._end(session, "cancelled")

    def succeed(
        self,
        session: str,
        account: str,
        *,
        holder: Holder | None,
        authorization: str | None = None,
        silent: Iterable[str] = (),
        subcategory: str = "checking",
    ) -> None:
        """The customer links an account: the expected one, or another in a session for any.

        Args:
            session: Which session.
            account: The account; it is created if the bank has no such account.
            holder: Who holds it from now on.
            authorization: Under which it comes back; by default the session's.
            silent: Its siblings that come back without a webhook. Other siblings stay as they are.
            subcategory: For an account that is created.
        """
        request = self.sessions[session].request
        authorization = authorization or request.authorization
        self.authorizations[authorization] = Credentials()
        if account in self.accounts:
            link = self.accounts[account]
            numbers = tuple(tokenized("transactable") if n != REAL else n for n in link.numbers)
            linked = {"permissions": request.permissions, "holder": holder, "numbers": numbers}
            self._change(account, **_WORKS, **linked, authorization=authorization)
        else:
            self.accounts[account] = Link(
                authorization, holder, subcategory=subcategory, permissions=request.permissions
            )
            self._announce(account)
        for sibling in silent:
            for name, value in _WORKS.items():
                setattr(self.accounts[sibling], name, value)
        relinked = account if request.mode == "specific" else None
        self._end(session, "succeeded", linked=(account,), relinked=relinked)

    # ── requests ─────────────────────────────────────────────────────────────

    def create_session(self, asked: CreateRelinkSession) -> str:
        """A new session; the same one again for the same idempotency key."""
        if asked.id not in self._created:
            self._created[asked.id] = f"fcsess_{len(self._created) + 1}"
            self.sessions[self._created[asked.id]] = RelinkSession(asked)
        return self._created[asked.id]

    def read(self, command: Command) -> DomainEvent:
        """Answer a read. If it is not due yet, time passes until it is."""
        match command:
            case RetrieveAccount(account=account) | RetrieveAccountForCaller(account=account):
                self.now = max(self.now, getattr(command, "after", 0))
                if link := self.accounts.get(account):
                    return AccountReported(
                        **self._answered_now(command),
                        account=account,
                        read=True,
                        report=link.report(),
                    )
                return self._not_found(command, account)
            case RetrieveAuthorization(authorization=authorization):
                self.now = max(self.now, command.after)
                if credentials := self.authorizations.get(authorization):
                    report = credentials.report()
                    return AuthorizationReported(
                        **self._answered_now(command),
                        authorization=authorization,
                        read=True,
                        report=report,
                    )
                return self._not_found(command, authorization)
            case RetrievePaymentMethod(payment_method=payment_method):
                account = payment_method.removeprefix("pm_")
                return PaymentMethodReported(
                    **self._answered_now(command),
                    account=account,
                    payment_method=payment_method,
                    read=True,
                    report=PaymentMethodReport(blocked=self.blocked.get(account)),
                )
            case RetrieveSession(session=session) | RetrieveSessionForCaller(session=session):
                return self._report(session, self._answered_now(command), read=True)
        raise TypeError(f"not a read: {command.name}")

    # ── inside ───────────────────────────────────────────────────────────────

    def _change(self, account: str, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.accounts[account], name, value)
        self._announce(account)

    def _announce(self, account: str) -> None:
        report = self.accounts[account].report()
        self.sent.append(
            AccountReported(**self._sent_now(), account=account, read=False, report=report)
        )

    def _end(
        self,
        session: str,
        status: str,
        *,
        failure_reason: str | None = None,
        linked: tuple[str, ...] = (),
        relinked: str | None = None,
    ) -> None:
        ended = self.sessions[session]
        assert ended.status == "pending", "a session ends once"
        ended.status, ended.failure_reason = status, failure_reason
        ended.linked, ended.relinked = linked, relinked
        self.sent.append(self._report(session, self._sent_now(), read=False))

    def _report(self, session: str, fields: dict[str, object], read: bool) -> SessionReported:
        at_stripe = self.sessions[session]
        return SessionReported(
            **fields,
            session=session,
            read=read,
            status=at_stripe.status,
            failure_reason=at_stripe.failure_reason,
            relinked_account=at_stripe.relinked,
            accounts=tuple(
                SessionAccount(account=a, report=self.accounts[a].report())
                for a in at_stripe.linked
            ),
        )

    def _sent_now(self) -> dict[str, object]:
        self._events += 1
        return {"causation_id": f"evt_{self._events}", "at": float(self.now), "as_of": self.now}

    def _answered_now(self, command: Command) -> dict[str, object]:
        return {"causation_id": command.id, "at": float(self.now), "as_of": self.now + self.skew}

    def _not_found(self, command: Command, subject: str) -> CommandFailed:
        return CommandFailed(
            causation_id=command.id,
            at=float(self.now),
            command=command.name,
            subject=subject,
            error="resource_missing",
        )


_WORKS: dict[str, object] = {
    "status": "active",
    "action": None,
    "cause": None,
    "deactivates_on": None,
    "deactivation_action": None,
}
"""An account that works, without an announced deactivation."""

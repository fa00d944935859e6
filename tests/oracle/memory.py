"""The list of everything that relink was told, and questions about it that need several objects."""

from dataclasses import dataclass, field
from typing import Any

from relink.machines import RelinkPolicy
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import (
    AccountReplaced,
    AccountReported,
    AccountResumed,
    AccountRetired,
    AuthorizationReported,
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    DomainEvent,
    ExternalAccountMade,
    ExternalAccountReported,
    PaymentMethodMade,
    PaymentMethodReported,
    RelinkSessionCreated,
    SessionReported,
)
from relink.machines.report import ExternalAccountReport, PaymentMethodReport

from .mandates import Mandates
from .said import UNKNOWN, History, Said, account_said, any_of, fields_of, time_of

PAYABLE = ("new", "validated", "verified")
"""The statuses of an external account that can be paid out to (C3)."""


@dataclass(frozen=True, slots=True)
class SessionSaid:
    """One statement about a session."""

    at: float
    as_of: float
    read: bool
    status: str | None
    failure_reason: str | None
    relinked: str | None
    linked: tuple[str, ...] | None


@dataclass
class Session:
    """A relink session of ours, and all that was said about it."""

    id: str
    request: CreateRelinkSession
    created_at: float
    order: int
    """Its place among all sessions, by creation."""
    stint: Any = None
    """The outage of the account in which it was asked for."""
    log_from: int = 0
    """How long the log of its account was when it was created."""
    said: list[SessionSaid] = field(default_factory=list)
    read_failed: bool = False
    is_opened_in_doubt: bool = False
    """Whether nobody could tell the status of its account when it was created (K4)."""

    @property
    def account(self) -> str:
        return self.request.account

    def results(self) -> list[SessionSaid]:
        """The statements that tell what was linked."""
        return [s for s in self.said if s.status == "succeeded" and (s.linked or s.relinked)]

    def hints(self) -> list[SessionSaid]:
        """Those that may tell it: a GA version lists accounts, and has no status."""
        return [s for s in self.said if s.status is None and s.linked]

    def linked(self) -> set[str]:
        """Every account that any statement lists."""
        found = {name for s in self.said for name in s.linked or ()}
        return found | {s.relinked for s in self.said if s.relinked}

    def returned(self) -> str | None:
        """The account that it returned."""
        for s in self.results():
            return s.linked[0] if s.linked else s.relinked
        return None

    def outcome(self) -> str | None:
        """How it ended, as far as anybody said: ``relinked``, ``other``, ``failed: …``, …"""
        returned = self.returned()
        if returned:
            return "relinked" if returned == self.account else "other"
        for s in self.said:
            if s.status == "failed":
                return f"failed: {s.failure_reason}"
            if s.status == "cancelled":
                return "cancelled"
        return None

    def is_vague(self) -> bool:
        """Whether something was said that may, or may not, count as its end."""
        return bool(self.hints()) or any(
            s.status not in (None, "pending", "failed", "cancelled") for s in self.said
        )


@dataclass(frozen=True, slots=True)
class Replacement:
    """Something that says that another account is used instead (S6)."""

    as_of: float
    is_sure: bool
    session: Session | None
    by: str
    """The account that is used instead."""
    is_read: bool
    """Whether its time is that of a read, or of our own clock (K4)."""


@dataclass
class Memory:
    """Everything that was told, in order."""

    n: int = 0
    accounts: dict[str, History] = field(default_factory=dict)
    authorizations: dict[str, History] = field(default_factory=dict)
    made: dict[str, History] = field(default_factory=dict)
    """Payment methods and external accounts."""
    made_for: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    said_replaced: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    """What the service said: (when, by which account)."""
    retired: set[str] = field(default_factory=set)
    mentioned_at: dict[str, float] = field(default_factory=dict)
    """When an account's id first came up anywhere."""
    failed: dict[tuple[str, str], float] = field(default_factory=dict)
    """Reads that failed for good, by command and subject."""
    build_failures: dict[str, int] = field(default_factory=dict)
    read_now: set[str] = field(default_factory=set)
    """The accounts of which a read is due."""
    mandates: Mandates = field(default_factory=Mandates)
    nameless: set[str] = field(default_factory=set)
    """The accounts whose payment method waits for a billing name (N1)."""

    def account(self, name: str) -> History:
        return self.accounts.setdefault(name, History())

    def learn(self, event: DomainEvent) -> set[str]:
        """Write down what an event says. Returns the accounts that it can matter for."""
        self.n += 1
        concerned = self.mandates.learn(event, self.made_for)
        return concerned | self._learn(event)

    def _learn(self, event: DomainEvent) -> set[str]:
        match event:
            case AccountReported(account=name):
                self.mentioned_at.setdefault(name, event.at)
                self._account(name, account_said(self.n, event))
                return {name} | {s.account for s in self.sessions.values() if name in s.linked()}
            case AuthorizationReported(authorization=name):
                said = account_said(self.n, event)
                if said:
                    self.authorizations.setdefault(name, History()).said.append(said)
                return set(self.accounts)
            case SessionReported(session=name):
                return self._session(name, event)
            case PaymentMethodReported(payment_method=name, account=account):
                return self._made(name, account, event)
            case ExternalAccountReported(external_account=name, account=account):
                return self._made(name, account, event)
            case PaymentMethodMade(account=account, payment_method=name):
                return self._is_made(name, account)
            case ExternalAccountMade(account=account, external_account=name):
                return self._is_made(name, account)
            case BillingNameAbsent(account=name):
                self.nameless.add(name)
                return {name}
            case BillingNameGiven(account=name):
                self.nameless.discard(name)
                return {name}
            case RelinkSessionCreated(session=name, request=request):
                if name not in self.sessions:
                    order = len(self.sessions)
                    self.sessions[name] = Session(name, request, event.at, order)
                return {request.account}
            case AccountRetired(account=name):
                self.retired.add(name)
                return {name}
            case AccountResumed(account=name):
                self.retired.discard(name)
                return {name}
            case AccountReplaced(account=name, by=by):
                self.said_replaced.setdefault(name, []).append((event.at, by))
                return {name}
            case CommandFailed(command=command, subject=subject):
                self.failed[command, subject] = event.at
                if subject in self.made and event.error == "resource_missing":
                    # N4: what is deleted is not found any more.
                    said = Said(self.n, event.at, event.at, True, event.at, {"gone": True})
                    self.made[subject].said.append(said)
                    return {self.made_for[subject]} if subject in self.made_for else set()
                if subject in self.sessions:
                    self.sessions[subject].read_failed = True
                if command in ("create_payment_method", "attach_external_account"):
                    self.nameless.discard(subject)
                    self.build_failures[subject] = self.build_failures.get(subject, 0) + 1
                return {subject} if subject in self.accounts else set(self.accounts)
        return set()

    def _account(self, name: str, said: Said | None) -> None:
        history = self.account(name)
        if said:
            history.said.append(said)
            if history.first_at is None:
                history.first_at = said.at

    def _session(self, name: str, event: SessionReported) -> set[str]:
        """Account objects inside a session are reports of their own; in a read, reads (K2)."""
        as_of = time_of(event)
        if as_of is None or name not in self.sessions:
            # R6: a session that we did not create is not known to us. Whether its accounts count
            # as reports is left open; histories have no such sessions.
            return set()
        session = self.sessions[name]
        linked = None if event.accounts is None else tuple(a.account for a in event.accounts)
        session.said.append(
            SessionSaid(
                event.at,
                as_of,
                event.read,
                event.status,
                event.failure_reason,
                event.relinked_account,
                linked,
            )
        )
        for each in event.accounts or ():
            self.mentioned_at.setdefault(each.account, event.at)
            fields = fields_of(each.report, complete=event.complete or event.read)
            said = Said(self.n, event.at, as_of, event.read, event.begun_at, fields)
            self._account(each.account, said)
        return set(self.accounts)

    def _made(
        self, name: str, account: str | None, event: PaymentMethodReported | ExternalAccountReported
    ) -> set[str]:
        if account:
            self.made_for.setdefault(name, account)
            self.mentioned_at.setdefault(account, event.at)
        as_of = time_of(event)
        if as_of is None or event.report is None:
            return set()
        fields: dict[str, Any] = {"gone": event.report.gone}
        match event.report:
            case PaymentMethodReport(blocked=reason):
                fields["blocked"] = reason
            case ExternalAccountReport(status=str(status)):
                # K12: an unknown status is not a healthy one.
                fields["blocked"] = None if status in PAYABLE else status
        history = self.made.setdefault(name, History())
        history.said.append(Said(self.n, event.at, as_of, event.read, event.begun_at, fields))
        return {self.made_for[name]} if name in self.made_for else set()

    def _is_made(self, name: str, account: str) -> set[str]:
        self.nameless.discard(account)
        self.made.setdefault(name, History())
        self.made_for[name] = account
        return {account}

    def made_of(self, account: str) -> dict[str, History]:
        """The payment methods, or external accounts, of an account."""
        return {
            name: history
            for name, history in self.made.items()
            if self.made_for.get(name) == account
        }

    def sessions_of(self, account: str) -> list[Session]:
        return [s for s in self.sessions.values() if s.account == account]

    def last_session(self, account: str) -> Session | None:
        """The one that superseded all others.

        Two that were decided side by side, before either was created, leave open which of them
        supersedes the other: then there is none.
        """
        sessions = self.sessions_of(account)
        attempts = [session.request.attempt for session in sessions]
        if not sessions or attempts[-1] in attempts[:-1] or attempts[-1] < max(attempts):
            return None
        return sessions[-1]

    # ── whose a returned account is ──────────────────────────────────────────

    def is_new(self, account: str, session: Session) -> bool | None:
        """K7: whether we held it before the session was created; None where that is left open."""
        mentioned = self.mentioned_at.get(account)
        first = self.accounts[account].first_at if account in self.accounts else None
        if mentioned is None or mentioned >= session.created_at:
            return True
        if first is not None and first < session.created_at:
            return False
        return None  # only an id came up: no rule says whether that is holding it

    def is_ours(self, account: str, session: Session) -> bool | None:
        """R6: whether its holder is the session's."""
        holders = self.account(account).values("holder")
        if holders == {UNKNOWN}:
            return None
        sent = session.request.holder
        allowed = {sent} if sent else {None} | self.account(session.account).values("holder")
        is_ours = any_of(holders, lambda holder: holder in allowed)
        # Whether it becomes ours that was another holder's when it was returned, is left open.
        was_others = any(
            s.fields["holder"] not in allowed for s in self.account(account).about("holder")
        )
        return None if is_ours and was_others else is_ours

    def is_judged(self, session: Session) -> bool:
        """Whether enough is known of the account that a session returned (K7, R6)."""
        returned = session.returned()
        if returned is None or returned == session.account:
            return True
        return (
            self.is_new(returned, session) is not None
            and self.is_ours(returned, session) is not None
            and UNKNOWN not in self.account(returned).statuses()
            and returned not in self.read_now
        )

    def is_open(self, session: Session, now: float, policy: RelinkPolicy) -> bool | None:
        """Whether a session is open; None where no rule says it to the second (R2, R3)."""
        if session.outcome() is not None:
            # R6: what it returned may have to be read before the session counts as over.
            return False if self.is_judged(session) else None
        if session.is_vague() or now >= session.created_at + policy.session_open_for - 2:
            return None
        return True

    def replacements(self, account: str) -> list[Replacement]:
        """Everything that says that another account is used instead (S6)."""
        found = [
            # No rule says what a stand-in that we have never heard of does.
            Replacement(at, self.account(by).first_at is not None, None, by, is_read=True)
            for at, by in self.said_replaced.get(account, ())
        ]
        for session in self.sessions_of(account):
            if session.request.mode != "any_eligible":
                continue
            results, hints = session.results(), session.hints()
            told = results or hints
            if not told:
                continue
            returned = told[0].linked[0] if told[0].linked else told[0].relinked
            if returned is None or returned == account:
                continue
            new = self.is_new(returned, session)
            if new is False:
                continue  # R3: another known account; ours stays as its latest report says
            sure = bool(results) and not hints and new is True
            # R6, R3: another holder's, or one that is disconnected by now; left open for ours.
            sure = sure and self.is_ours(returned, session) is True
            sure = sure and self.is_judged(session)
            sure = sure and "disconnected" not in self.account(returned).statuses()
            for each, is_sure in ((told, sure), (hints and results, False)):
                if each:
                    first = min(each, key=lambda s: s.as_of)
                    found.append(Replacement(first.as_of, is_sure, session, returned, first.read))
        return found

"""What is true at Stripe, at the banks and for their customers, and the webhooks about it.

Time is a whole number of seconds and moves only when a history moves it. Every change sends a
webhook, as at Stripe, with two exceptions: of an authorization only announcements do, and some
siblings of a relinked account come back without one. This module makes no choices of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from relink.machines.commands import CreateRelinkSession
from relink.machines.report import AccountNumber, Holder

DAY = 24 * 60 * 60
START = 1_700_000_000

Body = dict[str, Any]
"""An object of Stripe's, reduced to what decisions need."""

TAN_BLOCK = "tokenized_account_number_deactivated"


class Webhook(NamedTuple):
    """What Stripe sends when something changes."""

    id: str
    kind: str
    subject: str
    created: int
    body: Body


def tokenized(status: str, expires_on: int | None = None, *networks: str) -> AccountNumber:
    return AccountNumber(
        identifier_type="tokenized_account_number",
        status=status,
        expires_on=expires_on,
        networks=networks or ("ach",),
    )


REAL = AccountNumber(status="transactable", networks=("ach",))


@dataclass
class Account:
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
    numbers: tuple[AccountNumber, ...] | None = (REAL,)

    def body(self) -> Body:
        """The object, without the parts of ``status_details`` that do not belong to its status."""
        body = dict(self.__dict__)
        if self.status != "inactive":
            del body["action"], body["cause"]
        if self.status != "active":
            del body["deactivates_on"], body["deactivation_action"]
        return body

    def works(self) -> None:
        self.status, self.action, self.cause = "active", None, None
        self.deactivates_on, self.deactivation_action = None, None


@dataclass
class Authorization:
    """An authorization as it is at Stripe."""

    status: str = "active"
    action: str | None = None
    deactivates_on: int | None = None
    deactivation_action: str | None = None
    is_gone: bool = False
    """Whether reading it gives 404."""

    def body(self) -> Body:
        if self.status == "inactive":
            return {"status": self.status, "action": self.action}
        if self.status == "active":
            return {
                "status": self.status,
                "deactivates_on": self.deactivates_on,
                "deactivation_action": self.deactivation_action,
            }
        return {"status": self.status}


@dataclass
class Session:
    """A relink session as it is at Stripe: it stays pending until the customer finishes."""

    request: CreateRelinkSession
    status: str = "pending"
    failure_reason: str | None = None
    relinked: str | None = None
    linked: tuple[str, ...] = ()
    shy: int = 0
    """How many reads of a succeeded session leave its accounts out."""


@dataclass
class Made:
    """A payment method, or an external account of a connected account."""

    account: str
    blocked: str | None = None
    status: str = "new"
    is_gone: bool = False
    mandate: str = "active"


@dataclass
class Stripe:
    """Everything that is true, and the webhooks that were not collected yet."""

    now: int = START
    accounts: dict[str, Account] = field(default_factory=dict)
    authorizations: dict[str, Authorization] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    payment_methods: dict[str, Made] = field(default_factory=dict)
    external_accounts: dict[str, Made] = field(default_factory=dict)
    due: list[tuple[int, str, str]] = field(default_factory=list)
    """What happens by itself: (when, what, subject)."""
    sent: list[Webhook] = field(default_factory=list)
    _events: int = 0
    _sessions: dict[str, str] = field(default_factory=dict)

    def collect(self) -> list[Webhook]:
        """The webhooks since the last time."""
        sent, self.sent = self.sent, []
        return sent

    def members(self, authorization: str) -> list[str]:
        return [name for name, a in self.accounts.items() if a.authorization == authorization]

    # ── objects as Stripe shows them ─────────────────────────────────────────

    def body(self, kind: str, subject: str) -> Body | None:
        """An object of now; None where Stripe has none."""
        match kind:
            case "account":
                account = self.accounts.get(subject)
                return account.body() if account else None
            case "authorization":
                authorization = self.authorizations.get(subject)
                if authorization is None or authorization.is_gone:
                    return None
                return authorization.body()
            case "session":
                return self._session_body(subject)
            case "payment_method":
                made = self.payment_methods.get(subject)
                if made is None:
                    return None
                return {"account": made.account, "blocked": made.blocked, "gone": made.is_gone}
            case "external_account":
                made = self.external_accounts.get(subject)
                if made is None:
                    return None
                return {"account": made.account, "status": made.status, "gone": made.is_gone}
            case "mandate":
                return {"status": self.payment_methods[subject].mandate}
        raise ValueError(kind)

    def _session_body(self, subject: str) -> Body:
        session = self.sessions[subject]
        return {
            "status": session.status,
            "failure_reason": session.failure_reason,
            "relinked": session.relinked,
            "accounts": [(name, self.accounts[name].body()) for name in session.linked],
        }

    def send(self, kind: str, subject: str) -> None:
        """Send a webhook that carries the object of now."""
        body = self.body(kind, subject)
        if body is None:
            return
        self._events += 1
        self.sent.append(Webhook(f"evt_{self._events}", kind, subject, self.now, body))

    # ── at the bank ──────────────────────────────────────────────────────────

    def link(
        self,
        name: str,
        authorization: str | None,
        holder: Holder | None,
        numbers: tuple[AccountNumber, ...] | None = (REAL,),
        **other: Any,
    ) -> None:
        """The customer links an account for the first time."""
        if authorization:
            self.authorizations.setdefault(authorization, Authorization())
        self.accounts[name] = Account(authorization, holder, numbers=numbers, **other)
        self.send("account", name)

    def stop(self, name: str, action: str | None, cause: str) -> None:
        """It becomes inactive, or inactive for another cause."""
        account = self.accounts[name]
        if account.status == "disconnected":
            return
        account.works()
        account.status, account.action, account.cause = "inactive", action, cause
        self.send("account", name)

    def stop_all(self, authorization: str, action: str, cause: str) -> None:
        """Consent expires or is revoked: every active account stops, and so do the credentials."""
        self.authorizations[authorization] = Authorization("inactive", action)
        for name in self.members(authorization):
            if self.accounts[name].status == "active":
                self.stop(name, action, cause)

    def work(self, name: str) -> None:
        """It works again without a relink, and so do its credentials."""
        account = self.accounts[name]
        if account.status == "disconnected":
            return
        if account.authorization:
            authorization = self.authorizations[account.authorization]
            if authorization.status == "inactive":
                authorization.status, authorization.action = "active", None
        account.works()
        self.send("account", name)

    def disconnect(self, name: str) -> None:
        """It is disconnected for good."""
        account = self.accounts[name]
        if account.status != "disconnected":
            account.works()
            account.status = "disconnected"
            self.send("account", name)

    def announce(self, name: str, day: int | None, action: str | None, keeps: bool) -> None:
        """Stripe announces that it stops working; neither day nor action withdraws it.

        Args:
            name: Which account.
            day: When; None for an announcement without a day.
            action: What would prevent it.
            keeps: Whether it does stop on its day.
        """
        account = self.accounts[name]
        if account.status != "active":
            return
        account.deactivates_on, account.deactivation_action = day, action
        if day is not None and keeps:
            self.due.append((day, "account", name))
        self.send("account", name)

    def announce_all(
        self, authorization: str, day: int | None, action: str | None, keeps: bool
    ) -> None:
        """The same for its credentials."""
        credentials = self.authorizations[authorization]
        if credentials.status != "active" or credentials.is_gone:
            return
        credentials.deactivates_on, credentials.deactivation_action = day, action
        if day is not None and keeps:
            self.due.append((day, "authorization", authorization))
        self.send("authorization", authorization)

    def pass_to(self, when: int) -> None:
        """Let time pass, and what was announced for it happen."""
        self.now = max(self.now, when)
        for item in sorted(self.due):
            day, kind, subject = item
            if day > self.now:
                break
            self.due.remove(item)
            if kind == "account":
                account = self.accounts[subject]
                if account.status == "active" and account.deactivates_on == day:
                    self.stop(subject, "relink_required", "access_expired")
            else:
                credentials = self.authorizations[subject]
                if credentials.status == "active" and credentials.deactivates_on == day:
                    self.stop_all(subject, "relink_required", "access_expired")

    def change(self, name: str, **changes: Any) -> None:
        """Some of its fields change."""
        account = self.accounts[name]
        if account.status == "disconnected":
            return
        for each, value in changes.items():
            setattr(account, each, value)
        self.send("account", name)

    def merge(self, old: str, new: str, becomes: str) -> None:
        """The accounts of one authorization come under another, which works (K8)."""
        self.authorizations[new] = Authorization()
        if becomes == "gone":
            self.authorizations[old].is_gone = True
        elif becomes == "inactive":
            self.authorizations[old] = Authorization("inactive", "relink_required")
        for name in self.members(old):
            self.change(name, authorization=new)

    # ── what was built ───────────────────────────────────────────────────────

    def make(self, account: str, *, external: bool) -> str:
        """A payment method, or an external account, is made from an account."""
        made = self.external_accounts if external else self.payment_methods
        name = f"{'ba' if external else 'pm'}_{account[4:]}_{len(made) + 1}"
        made[name] = Made(account)
        return name

    def block(self, name: str, reason: str | None) -> None:
        """It is blocked, or the block is lifted."""
        made = self.payment_methods[name]
        if made.is_gone:
            return
        made.blocked = reason
        account = self.accounts[made.account]
        if reason == TAN_BLOCK and account.status != "disconnected":
            account.numbers = (tokenized("deactivated"),)
            self.send("account", made.account)
        self.send("payment_method", name)

    def lose(self, name: str) -> None:
        """It is detached, or deleted."""
        kind = "external_account" if name.startswith("ba_") else "payment_method"
        made = (self.external_accounts if kind == "external_account" else self.payment_methods)[
            name
        ]
        if not made.is_gone:
            made.is_gone = True
            self.send(kind, name)

    def sort_out(self, name: str, status: str) -> None:
        """The status of an external account changes."""
        if not self.external_accounts[name].is_gone:
            self.external_accounts[name].status = status
            self.send("external_account", name)

    def withdraw_mandate(self, name: str) -> None:
        self.payment_methods[name].mandate = "inactive"
        self.send("mandate", name)

    # ── what customers do in sessions ────────────────────────────────────────

    def create_session(self, asked: CreateRelinkSession, shy: int) -> str:
        """A new session; the same one again for the same idempotency key."""
        if asked.id not in self._sessions:
            self._sessions[asked.id] = f"fcsess_{len(self._sessions) + 1}"
            self.sessions[self._sessions[asked.id]] = Session(asked, shy=shy)
        return self._sessions[asked.id]

    def fail(self, name: str, how: str) -> None:
        """It ends without an account: cancelled, expired, or failed for a reason."""
        session = self.sessions[name]
        if session.status != "pending":
            return
        if how in ("cancelled", "expired"):
            session.status = how
        else:
            session.status, session.failure_reason = "failed", how
        self.send("session", name)

    def succeed(
        self,
        name: str,
        account: str,
        *,
        authorization: str,
        holder: Holder | None,
        silent: Iterable[str] = (),
        **other: Any,
    ) -> None:
        """The customer links an account: the expected one, or another in a session for any.

        Args:
            name: Which session.
            account: The account; it is created if Stripe has no such account.
            authorization: Under which it comes back.
            holder: Whose it is from now on.
            silent: Siblings that come back without a webhook.
            other: Fields of an account that is created.
        """
        session = self.sessions[name]
        if session.status != "pending":
            return
        self.authorizations[authorization] = Authorization()
        permissions = session.request.permissions
        if account in self.accounts:
            link = self.accounts[account]
            link.works()
            link.authorization, link.holder, link.permissions = authorization, holder, permissions
            if link.numbers and any(number != REAL for number in link.numbers):
                link.numbers = (tokenized("transactable"),)
            self.send("account", account)
            for made, it in self.payment_methods.items():
                if it.account == account and it.blocked == TAN_BLOCK and not it.is_gone:
                    it.blocked = None
                    self.send("payment_method", made)
        else:
            self.link(account, authorization, holder, permissions=permissions, **other)
        for sibling in silent:
            self.accounts[sibling].works()
        session.status, session.linked = "succeeded", (account,)
        if session.request.mode == "specific":
            session.relinked = account
        self.send("session", name)

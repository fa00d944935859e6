"""What the rules say follows from what is known of an account: a plain model for tests.

It shares no code with the machines. Its parts restate S3, R4, R6, C3, C4, K5, K7, K9, N1 to N3 and
P1 to P3, and count time from :data:`~.decided.AT`.
"""

from collections.abc import Iterator
from typing import Any

from relink.engine import Command
from relink.machines.account.facts import (
    AccountFacts,
    AccountOutage,
    AwaitedRead,
    KnownPaymentMethod,
    OwnershipCheck,
    ReportedNeeds,
)
from relink.machines.commands import CollectMandate, RequestNewPaymentMethod, Wake
from relink.machines.messages import (
    BuildRequested,
    MembersReviewDue,
    NeedsChanged,
    NeedsMoved,
    OwnershipChecked,
    ReadAwaited,
    ReviewDue,
)

from .decided import AT
from .modelled import POLICY, SENT, Expected, read, send

NOW = AT + 0.5
DUE = ReviewDue(**SENT)
LEAD = POLICY.announcement_lead

# ── needs, and what follows from them (S3, R4, C4, K5, K9, P1 to P3, N3) ─────


def reasons(facts: AccountFacts) -> list[tuple[str, int | None]]:
    """What a relink would mend or prevent, and by which day (S3, P3)."""
    if facts.reported_status != "active":
        is_down = facts.reported_status in ("relinkable", "unrepairable", "inactive")
        return [("inactive", None)] if is_down and facts.repairable else []
    found: list[tuple[str, int | None]] = []
    if facts.number == "lapsed":
        found.append(("number_lapsed", None))
    announced = list(announced_days(facts))
    if announced:
        known = [day for day in announced if day is not None]
        earliest = min(known) if known == announced else None
        found.append(("announced_deactivation", earliest))
    if facts.number == "expiring":
        found.append(("number_expiring", facts.number_expires_on))
    return found


def announced_days(facts: AccountFacts) -> Iterator[int | None]:
    """The days that are announced, and lie ahead; None for one that is not known (P3)."""
    day, action = facts.deactivates_on, facts.deactivation_action
    is_announced = action == "relink_required" or (day is not None and action != "none")
    if is_announced and (day is None or day > facts.as_of):
        yield day
    day = facts.login_deactivates_on
    if facts.login_announced and (day is None or day > max(facts.as_of, facts.login_as_of)):
        yield day


def lacks_authorization(facts: AccountFacts) -> bool:
    return facts.authorization is None and facts.included_at.get("authorization", facts.as_of) < 0


def is_suspended(facts: AccountFacts) -> bool:
    """Its needs hang on something that no complete object has told yet (K5)."""
    if facts.reported_status == "inactive":
        return True
    return lacks_authorization(facts) and bool(reasons(facts))


class Review:
    """What holds for one account, as its parts need it."""

    def __init__(self, facts: AccountFacts, state: str) -> None:
        self.facts = facts
        self.is_settled = facts.retired or state in ("relinked", "new_account_linked")
        known = [] if self.is_settled else reasons(facts)
        self.needs = tuple(why for why, day in known if day is None or day - NOW <= LEAD)
        days = [day for why, day in known if day is not None and why in self.needs]
        self.relink_by = min(days, default=None)
        ahead = [day - LEAD for _, day in known if day is not None and day - NOW > LEAD]
        self.next_need = min(ahead, default=None)
        self.is_suspended = is_suspended(facts) and not self.is_settled
        since = facts.read_due_since
        self.is_held = since is not None and NOW - since < 600
        self.outage = facts.outage

    def expected(self, state: str) -> Expected:
        expected = Expected(state)
        for part in (self.begins_or_ends, self.needs_told, self.read_told):
            part(expected)
        for part in (self.requests, self.mandates, self.plans):
            part(expected)
        return expected

    @property
    def mailed_since(self) -> float | None:
        """Since when a session is open by which Stripe writes to the customer (P2)."""
        opened = self.facts.request if self.facts.session else None
        return self.facts.opened_at if opened and opened.delivery == "email" else None

    def begins_or_ends(self, expected: Expected) -> None:
        """R4, K5: an outage is as long as the need; suspension begins and ends none."""
        facts = self.facts
        if self.is_suspended or bool(facts.outage) == bool(self.needs):
            return
        self.outage = None
        if self.needs:
            mailed = self.mailed_since
            if mailed is not None and NOW - mailed >= POLICY.session_open_for:
                mailed = None
            number = facts.outages + 1
            self.outage = AccountOutage(number=number, since=NOW, mailed_at=mailed)
            expected.changes["outages"] = number
            if facts.authorization:
                told = send("authorization", facts.authorization, MembersReviewDue, account="fca_1")
                expected.commands.append(told)
        expected.changes["outage"] = self.outage

    def needed(self) -> ReportedNeeds | None:
        """What its outage has to know of it (P1, P2, K5, R9)."""
        facts, outage = self.facts, self.outage
        where = facts.authorization or "fca_1"
        if outage is None:
            return None
        said: dict[str, Any] = {
            "outage": where,
            "number": outage.number,
            "holder": facts.holder.id if facts.holder else where,
            "mailed_at": outage.mailed_at,
            "stripe_writes_since": self.mailed_since,
            "read_due_since": facts.read_due_since,
        }
        if self.is_suspended:
            last = facts.last_reported
            return last.after({**said, "standing": "suspended"}) if last else None
        if facts.authorization is None:
            return None
        return ReportedNeeds(
            needs=self.needs,  # type: ignore[arg-type]
            standing="given_up" if outage.given_up else "needed",
            cause=facts.cause if "inactive" in self.needs else None,
            relink_by=self.relink_by,
            **said,
        )

    def needs_told(self, expected: Expected) -> None:
        last, needed = self.facts.last_reported, self.needed()
        if needed == last:
            return
        expected.changes["last_reported"] = needed
        if needed is None:
            assert last is not None
            over = send("outage", last.outage, NeedsChanged, subject="fca_1", needs=())
            expected.commands.append(over)
            return
        said = {name: value for name, value in needed.__dict__.items() if name != "outage"}
        if last is None or last.outage == needed.outage:
            told = send("outage", needed.outage, NeedsChanged, subject="fca_1", **said)
        else:
            now = NeedsChanged(subject="fca_1", **said, **SENT)
            where = {"to": needed.outage, "successor": now}
            told = send("outage", last.outage, NeedsMoved, subject="fca_1", **where)
        expected.commands.append(told)

    def read_told(self, expected: Expected) -> None:
        """K9: a read of an account holds up what its holder is asked."""
        facts, last = self.facts, self.facts.last_awaited
        holder = facts.holder.id if facts.holder else facts.authorization or "fca_1"
        due = None
        if facts.read_due_since is not None and (facts.authorization or lacks_authorization(facts)):
            due = AwaitedRead(holder=holder, authorization=facts.authorization)
        if due == last:
            return
        expected.changes["last_awaited"] = due
        if last and (due is None or due.holder != last.holder):
            over = {"account": "fca_1", "authorization": last.authorization, "since": None}
            expected.commands.append(send("holder", last.holder, ReadAwaited, **over))
        if due:
            said = {"account": "fca_1", "authorization": due.authorization}
            told = send("holder", holder, ReadAwaited, since=facts.read_due_since, **said)
            expected.commands.append(told)

    def causes(self) -> dict[str, str]:
        """What no relink mends, the worst first (C4)."""
        facts = self.facts
        methods = list(facts.payment_methods.values())
        found = {}
        if facts.reported_status == "disconnected":
            found["disconnected"] = "disconnected"
        if facts.reported_status == "unrepairable":
            found["unrepairable"] = facts.cause or "unrepairable"
        if self.outage and facts.authorization is None and not lacks_authorization(facts):
            found["no_authorization"] = "no_authorization"
        if self.outage and self.outage.given_up:
            found["attempts_used_up"] = "attempts_used_up"
        if facts.build == "refused" and not any(pays(method) for method in methods):
            found["refused"] = facts.build_reason or "refused"
        if methods and not any(pays(method) or method.lost_number for method in methods):
            found["no_payment_method"] = min(method.reason or "gone" for method in methods)
        return found

    def requests(self, expected: Expected) -> None:
        if self.is_suspended:
            return
        causes, facts = self.causes(), self.facts
        known = facts.requested_for & set(causes)
        new = [cause for cause in causes if cause not in known]
        if self.is_settled or self.is_held or not new:
            expected.changes["requested_for"] = known
            return
        number, why = facts.requests + 1, causes[new[0]]
        asked = RequestNewPaymentMethod(account="fca_1", reason=why, dedup_key=f"{new[0]}:{number}")
        expected.commands.append(asked)
        expected.changes |= {"requested_for": frozenset(causes), "requests": number}

    def mandates(self, expected: Expected) -> None:
        """N3: each mandate that is missing is asked for once, if nothing else prevents a debit."""
        facts, methods = self.facts, self.facts.payment_methods
        is_fit = is_fit_to_pay(facts)
        if not any(pays(method) for method in methods.values()):
            is_fit = is_fit and all(method.lost_number for method in methods.values())
        has_number = facts.number in (None, "transactable", "expiring")
        due = {key for key, method in methods.items() if method.mandate_due}
        missing = [
            key
            for key in methods
            if key in due and (methods[key].state.can_pay or (pays(methods[key]) and has_number))
        ]
        if self.is_settled or not is_fit:
            missing = []
        new = [key for key in missing if key not in facts.mandates_requested]
        for number, key in enumerate(new, 1 + facts.mandate_requests):
            why = methods[key].mandate_due
            assert why is not None
            asked = CollectMandate(
                account="fca_1", payment_method=key, reason=why, dedup_key=f"{key}:{number}"
            )
            expected.commands.append(asked)
        expected.changes["mandates_requested"] = frozenset({*missing}) | (
            facts.mandates_requested & due
        )
        expected.changes["mandate_requests"] = facts.mandate_requests + len(new)

    def plans(self, expected: Expected) -> None:
        """P3, K9: it looks again at the next need, and when a read holds up nothing any more."""
        facts, times = self.facts, [self.next_need]
        is_new = not facts.requested_for >= set(self.causes())
        if facts.read_due_since is not None and self.is_held and is_new and not self.is_settled:
            times.append(int(facts.read_due_since) + 601)
        when = min((time for time in times if time is not None), default=None)
        if when != facts.planned_for:
            expected.changes["planned_for"] = when
            if when is not None:
                wake = Wake(machine="account", key="fca_1", due=when, event=DUE)
                expected.commands.append(wake)


def pays(method: KnownPaymentMethod) -> bool:
    """Nothing but the account's number speaks against charging it (C3)."""
    is_well = method.state in ("ready", "mandate_needed")
    return is_well or (method.lost_number and not method.is_external)


# ── sessions that returned it, and what is built on it (K7, R6, N1) ──────────


def ownership(facts: AccountFacts, check: OwnershipCheck) -> str:
    if facts.reported_status == "disconnected":
        return "disconnected"
    is_known = facts.first_seen_at is not None and facts.first_seen_at < check.opened_at
    if facts.holder is not None:
        if check.holder is not None and facts.holder != check.holder:
            return "other_holder"
        if check.holder is None and not is_known and facts.holder != check.old_holder:
            return "other_holder"
    return "known" if is_known else "new"


def is_included(facts: AccountFacts, field: str) -> bool:
    return facts.included_at.get(field, facts.as_of) >= 0


def obstacle(facts: AccountFacts) -> str | None:
    """Why nothing can be built on it (N1, N2)."""
    if facts.reported_status != "active":
        return "not_active"
    if facts.subcategory not in ("checking", "savings"):
        return "not_checking_or_savings"
    if "payment_method" not in (facts.permissions or ()):
        return "no_payment_method_permission"
    if facts.holder is None:
        return "no_customer"
    return None if supports_debits(facts) else "us_bank_account_not_supported"


def supports_debits(facts: AccountFacts) -> bool:
    """A connected account is paid out to, which needs nothing of it (N2)."""
    is_paid_out_to = facts.holder is not None and facts.holder.field == "account"
    return is_paid_out_to or "us_bank_account" in (facts.payment_method_types or ())


def is_fit_to_pay(facts: AccountFacts) -> bool:
    """It works, and is of a kind that can pay or be paid (C1)."""
    return obstacle(facts) in (None, "no_customer") and supports_debits(facts)


def answered(facts: AccountFacts, has_read: bool) -> tuple[dict[str, Any], list[Command]]:
    """What the sessions that wait are told, and what is built."""
    told: list[Command] = []
    changes: dict[str, Any] = {}
    build_for = facts.build_for
    if has_read or is_included(facts, "holder"):
        for check in facts.pending_checks:
            whose = ownership(facts, check)
            said = {"account": "fca_1", "as_of": check.as_of, "read": check.read}
            told.append(send("session", check.session, OwnershipChecked, ownership=whose, **said))
            build_for = check.session if whose == "new" else build_for
        changes["pending_checks"] = ()
    needed = ("subcategory", "permissions", "payment_method_types", "holder")
    is_clear = facts.reported_status not in (None, "inactive")
    is_clear = is_clear and all(is_included(facts, field) for field in needed)
    if build_for and (has_read or is_clear):
        asked = {"session": build_for, "holder": facts.holder, "obstacle": obstacle(facts)}
        told.append(send("build", "fca_1", BuildRequested, **asked))
        build_for = None
    if build_for and build_for != facts.build_for:
        told.append(read("fca_1", "account", "new_account"))
    return {**changes, "build_for": build_for}, told

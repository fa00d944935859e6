"""The account number: can a payment reach the account?

Some banks issue tokenized numbers, which can expire or be revoked while the account itself
stays active; payments then fail until a relink brings a new one. One machine stands for all
the numbers that Stripe lists of an account.

States
    ``transactable``  One of them can pay; or none is listed, and Stripe needs none. Machines
                      begin here: an account without numbers is the usual case.
    ``pending``       One is coming: Stripe says so, or a relink has just brought one.
    ``expiring``      One pays, and every one that does is known to stop.
    ``lapsed``        None pays: expired, deactivated, or blocked on a payment method (C3).
    ``refreshing``    It is any of these three, and a relink session is open.

The account learns of every change: trouble with its number is a reason to relink it (S3).

Rules kept here: K2 to K4, K12, P3, C3.
"""

from statemachine import State

from relink.engine import Assign, Command, Send, stays

from . import anomalies, stories
from .asking import read
from .compiled.account_number import TABLE
from .events import DomainEvent
from .freshness import (
    READ_WINDOW,
    ReportChart,
    ReportFacts,
    ambiguous,
    ambiguous_until,
    by_read,
    stale,
    window,
)
from .messages import (
    NumberBlocked,
    NumberChanged,
    NumberUnblocked,
    ReadWanted,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
)
from .reasons import Anomaly, ReadReason
from .reported import (
    NumbersReported,
    Reported,
    ReportedExpiring,
    ReportedLapsed,
    ReportedPending,
    ReportedTransactable,
)
from .vocabulary import NUMBER_STATUSES, NumberStatus

Effects = list[Command | Assign]

TROUBLE = "reported_pending reported_expiring reported_lapsed"
REPORTS = f"reported_transactable {TROUBLE}"


class AccountNumberFacts(ReportFacts):
    """The numbers' memory."""

    reported_status: NumberStatus | None = None
    """What the latest report said; None before the first one."""
    expires_on: int | None = None
    """When it stops paying: the latest day among those that pay, by the latest list of numbers;
    a block and its end leave it as it is (P3; Unix seconds)."""
    listed_as_of: int = -1
    """The time of that list, or of a relink, which is the end of all earlier ones."""
    by_block: bool = False
    """The latest report was a block: only numbers that are listed are newer knowledge (C3)."""
    by_result: bool = False
    """The latest report was that the account was relinked, which says little about the number."""
    session_is_open: bool = False
    """A relink session of the account is open, which may bring a new one."""


class AccountNumberChart(ReportChart):
    """The numbers of one account, by the account's id."""

    facts_type = AccountNumberFacts
    table_text = TABLE
    story = stories.ACCOUNT_NUMBER
    alphabet = (
        ReportedTransactable,
        ReportedPending,
        ReportedExpiring,
        ReportedLapsed,
        NumberBlocked,
        NumberUnblocked,
        RefreshStarted,
        RefreshEnded,
        RefreshSucceeded,
    )
    sends = {
        "account": (NumberChanged,),
        "read": (ReadWanted,),
    }

    transactable = State(initial=True)
    pending = State()
    expiring = State()
    lapsed = State()
    refreshing = State()

    every = (transactable, pending, expiring, lapsed, refreshing)

    # ── reports that do not count, or not yet (K3, K4) ───────────────────────
    # Older than a block or its end, and newer than every list: what it lists counts (K3, P3).
    stays(lapsed, event=REPORTS, cond="is_stale and is_latest_list", on="note_day")
    stays(
        refreshing, event=REPORTS, cond="is_stale and is_latest_list and is_lapsed", on="note_day"
    )
    expiring.from_(
        transactable,
        expiring,
        event="reported_expiring",
        cond="is_stale and is_latest_list",
        on=["learn_late", "tell"],
    )
    transactable.from_(
        expiring,
        event="reported_transactable",
        cond="is_stale and is_latest_list",
        on=["learn_late", "tell"],
    )
    stays(*every, event=REPORTS, cond="is_stale")
    stays(*every, event=REPORTS, cond="is_ambiguous", on="settle_contradiction")

    # ── reports ──────────────────────────────────────────────────────────────
    stays(*every, event="reported_transactable", cond="lists_nothing_after_block")
    stays(transactable, event="reported_transactable", on="learn")
    transactable.from_(
        pending, expiring, lapsed, refreshing, event="reported_transactable", on=["learn", "tell"]
    )
    # While a session is open, trouble is what the session should fix:
    stays(refreshing, event=TROUBLE, on=["learn", "tell"])
    refreshing.from_(transactable, event=TROUBLE, cond="session_is_open", on=["learn", "tell"])
    stays(pending, event="reported_pending", on="learn")
    pending.from_(transactable, expiring, lapsed, event="reported_pending", on=["learn", "tell"])
    stays(expiring, event="reported_expiring", cond="has_the_same_day", on="learn")
    stays(expiring, event="reported_expiring", on=["learn", "tell"])
    expiring.from_(transactable, pending, lapsed, event="reported_expiring", on=["learn", "tell"])
    stays(lapsed, event="reported_lapsed", on="learn")
    lapsed.from_(transactable, pending, expiring, event="reported_lapsed", on=["learn", "tell"])

    # ── a payment method or external account says that it was deactivated (C3)
    stays(*every, event="number_blocked", cond="block_is_ambiguous", on="settle_contradiction")
    stays(*every, event="number_blocked", cond="is_outdated")
    stays(lapsed, event="number_blocked", on="learn_blocked")
    stays(refreshing, event="number_blocked", on=["learn_blocked", "tell_lapsed"])
    refreshing.from_(
        transactable,
        event="number_blocked",
        cond="session_is_open",
        on=["learn_blocked", "tell_lapsed"],
    )
    lapsed.from_(
        transactable, pending, expiring, event="number_blocked", on=["learn_blocked", "tell_lapsed"]
    )

    # ── such a block is lifted (C3)
    stays(*every, event="number_unblocked", cond="is_outdated")
    transactable.from_(pending, event="number_unblocked", cond="awaits_new", on="learn_unblocked")
    stays(transactable, event="number_unblocked", on="learn_unblocked_again")
    stays(pending, expiring, event="number_unblocked")
    stays(
        refreshing,
        event="number_unblocked",
        cond="is_lapsed and has_a_day",
        on="learn_unblocked_until",
    )
    transactable.from_(refreshing, event="number_unblocked", cond="is_lapsed", on="learn_unblocked")
    stays(refreshing, event="number_unblocked")
    expiring.from_(lapsed, event="number_unblocked", cond="has_a_day", on="learn_unblocked_until")
    transactable.from_(lapsed, event="number_unblocked", on="learn_unblocked")

    # ── a relink session that brings a new one ───────────────────────────────
    stays(transactable, refreshing, event="refresh_started", on="note_open")
    refreshing.from_(pending, expiring, lapsed, event="refresh_started", on="note_open")
    stays(transactable, pending, expiring, lapsed, event="refresh_ended", on="note_over")
    expiring.from_(refreshing, event="refresh_ended", cond="is_reported_expiring", on="note_over")
    pending.from_(refreshing, event="refresh_ended", cond="is_reported_pending", on="note_over")
    lapsed.from_(refreshing, event="refresh_ended", on="note_over")
    # A newer report about the numbers is known than the session's result:
    stays(
        expiring,
        lapsed,
        event="refresh_succeeded",
        cond="was_told_since",
        on=["note_over", "tell_again"],
    )
    expiring.from_(
        refreshing,
        event="refresh_succeeded",
        cond="was_told_since and is_reported_expiring",
        on=["note_over", "tell_again"],
    )
    lapsed.from_(
        refreshing,
        event="refresh_succeeded",
        cond="was_told_since and not is_reported_pending",
        on=["note_over", "tell_again"],
    )
    # Until a report on the new number, one that paid is trusted, and one that lapsed is not:
    stays(transactable, event="refresh_succeeded", on="note_over")
    stays(pending, event="refresh_succeeded", on=["note_over", "tell_again"])
    transactable.from_(expiring, event="refresh_succeeded", on="trust_new")
    transactable.from_(
        refreshing, event="refresh_succeeded", cond="is_reported_expiring", on="trust_new"
    )
    pending.from_(lapsed, refreshing, event="refresh_succeeded", on="await_new")

    # ── guards ───────────────────────────────────────────────────────────────

    def is_stale(self, facts: ReportFacts, trigger: Reported) -> bool:
        """The report is older than the latest one."""
        return stale(facts, trigger) and not brings_new_number(facts, trigger)

    def is_ambiguous(self, facts: ReportFacts, trigger: Reported) -> bool:
        """The report contradicts the latest one too closely in time to tell which came last."""
        return ambiguous(facts, trigger) and not brings_new_number(facts, trigger)

    def is_outdated(
        self, facts: AccountNumberFacts, trigger: NumberBlocked | NumberUnblocked
    ) -> bool:
        """There is a newer report about the numbers."""
        return trigger.as_of < facts.as_of

    def lists_nothing_after_block(
        self, facts: AccountNumberFacts, trigger: NumbersReported
    ) -> bool:
        """Stripe lists no number, which says nothing about one that is blocked (C3)."""
        return facts.by_block and not trigger.report.numbers

    def is_latest_list(self, facts: AccountNumberFacts, trigger: NumbersReported) -> bool:
        """It lists numbers, and is newer than every such list, and every relink, so far."""
        return bool(trigger.report.numbers) and trigger.as_of > facts.listed_as_of

    def is_lapsed(
        self, facts: AccountNumberFacts, trigger: NumbersReported | NumberUnblocked
    ) -> bool:
        """The latest report says that no number pays."""
        return facts.reported_status is NumberStatus.LAPSED

    def has_a_day(self, facts: AccountNumberFacts, trigger: NumberUnblocked) -> bool:
        """The number that pays again is known to stop (P3)."""
        return facts.expires_on is not None

    def awaits_new(self, facts: AccountNumberFacts, trigger: NumberUnblocked) -> bool:
        """A relink brought a new number, which is not reported yet."""
        return facts.by_result

    def has_the_same_day(self, facts: AccountNumberFacts, trigger: NumbersReported) -> bool:
        """The number stops paying on the day that is known."""
        return expiry(trigger) == facts.expires_on

    def was_told_since(self, facts: AccountNumberFacts, trigger: RefreshSucceeded) -> bool:
        """There is a newer report about the numbers, or a read at the same time."""
        return trigger.as_of < facts.as_of or (facts.by_read and trigger.as_of == facts.as_of)

    def block_is_ambiguous(self, facts: AccountNumberFacts, trigger: NumberBlocked) -> bool:
        """A report of usable numbers is too close in time to tell which came last (K4)."""
        close = abs(trigger.as_of - facts.as_of) <= window(facts.by_read)
        return close and facts.reported_status not in (None, NumberStatus.LAPSED)

    def session_is_open(
        self, facts: AccountNumberFacts, trigger: NumbersReported | NumberBlocked
    ) -> bool:
        """A relink session of the account is open."""
        return facts.session_is_open

    def is_reported_expiring(
        self, facts: AccountNumberFacts, trigger: RefreshEnded | RefreshSucceeded
    ) -> bool:
        """The latest report says that the number works until a known day."""
        return facts.reported_status is NumberStatus.EXPIRING

    def is_reported_pending(
        self, facts: AccountNumberFacts, trigger: RefreshEnded | RefreshSucceeded
    ) -> bool:
        """The latest report says that a new number is pending."""
        return facts.reported_status is NumberStatus.PENDING

    # ── effects ──────────────────────────────────────────────────────────────

    def learn(self, facts: AccountNumberFacts, trigger: NumbersReported) -> Effects:
        """Take the report in; an unknown status of a number cannot pay, and is reported (K12)."""
        unknown = {n.status for n in trigger.report.numbers or ()} - set(NUMBER_STATUSES)
        return [
            _latest(
                trigger.reported_status,
                max(facts.as_of, trigger.as_of),
                by_read=by_read(facts, trigger.as_of, trigger.read),
                expires_on=expiry(trigger),
            ),
            Assign(listed_as_of=max(facts.listed_as_of, trigger.as_of)),
            *(
                anomalies.report(facts.id, Anomaly.UNKNOWN_STATUS, status, trigger)
                for status in sorted(unknown)
            ),
        ]

    def learn_late(self, facts: AccountNumberFacts, trigger: NumbersReported) -> Assign:
        """The number pays again, until the day that is listed (C3, P3)."""
        return Assign(
            reported_status=trigger.reported_status,
            expires_on=expiry(trigger),
            listed_as_of=trigger.as_of,
        )

    def note_day(self, facts: AccountNumberFacts, trigger: NumbersReported) -> Assign:
        """The day counts once the block is lifted (C3, P3)."""
        return Assign(expires_on=expiry(trigger), listed_as_of=trigger.as_of)

    def learn_blocked(self, facts: AccountNumberFacts, trigger: NumberBlocked) -> Assign:
        """The number has lapsed, whatever was listed before."""
        return _latest(
            NumberStatus.LAPSED, trigger.as_of, by_block=True, expires_on=facts.expires_on
        )

    def learn_unblocked(self, facts: AccountNumberFacts, trigger: NumberUnblocked) -> Effects:
        """The number pays again, whatever was listed before (C3)."""
        return [
            _latest(NumberStatus.TRANSACTABLE, trigger.as_of),
            _tell_account(facts, trigger, NumberStatus.TRANSACTABLE, None),
        ]

    def learn_unblocked_until(self, facts: AccountNumberFacts, trigger: NumberUnblocked) -> Effects:
        """The number pays again, until the day that was listed (C3, P3)."""
        return [
            _latest(NumberStatus.EXPIRING, trigger.as_of, expires_on=facts.expires_on),
            _tell_account(facts, trigger, NumberStatus.EXPIRING, facts.expires_on),
        ]

    def learn_unblocked_again(self, facts: AccountNumberFacts, trigger: NumberUnblocked) -> Assign:
        """It pays already; no older report of it counts from now on (K3, C3)."""
        return _latest(NumberStatus.TRANSACTABLE, trigger.as_of)

    def settle_contradiction(
        self, facts: AccountNumberFacts, trigger: NumbersReported | NumberBlocked
    ) -> Command:
        """Read the account as soon as the answer cannot be ambiguous itself (K4)."""
        until = ambiguous_until(facts, trigger.as_of)
        return read(facts.id, "account", ReadReason.CONTRADICTION, trigger, after=until)

    def tell(self, facts: AccountNumberFacts, trigger: NumbersReported) -> Command:
        """Tell the account: it may be a reason to relink, or the end of one."""
        return _tell_account(facts, trigger, trigger.reported_status, expiry(trigger))

    def tell_lapsed(self, facts: AccountNumberFacts, trigger: NumberBlocked) -> Command:
        """Tell the account that no payment gets through."""
        return _tell_account(facts, trigger, NumberStatus.LAPSED, None)

    def note_open(self, facts: AccountNumberFacts, trigger: RefreshStarted) -> Assign:
        """A relink session of the account is open."""
        return Assign(session_is_open=True)

    def note_over(
        self, facts: AccountNumberFacts, trigger: RefreshEnded | RefreshSucceeded
    ) -> Assign:
        """The relink session is over, and says nothing about the number."""
        return Assign(session_is_open=False)

    def tell_again(self, facts: AccountNumberFacts, trigger: RefreshSucceeded) -> Command:
        """Tell the relinked account that its number is as before."""
        status = facts.reported_status or NumberStatus.TRANSACTABLE
        day = facts.expires_on if status is NumberStatus.EXPIRING else None
        return _tell_account(facts, trigger, status, day)

    def trust_new(self, facts: AccountNumberFacts, trigger: RefreshSucceeded) -> Effects:
        """The old number still paid: no relink is needed any more."""
        return _relinked(facts, trigger, NumberStatus.TRANSACTABLE)

    def await_new(self, facts: AccountNumberFacts, trigger: RefreshSucceeded) -> Effects:
        """The old number did not pay; the report of the new one is still to come."""
        return _relinked(facts, trigger, NumberStatus.PENDING)


def brings_new_number(facts: ReportFacts, trigger: Reported) -> bool:
    """Whether a read shows the number that the relink has just brought (K3).

    The result of a session is no report about numbers, so nothing contradicts this one.
    """
    assert isinstance(facts, AccountNumberFacts)
    status = trigger.reported_status
    pays = isinstance(status, NumberStatus) and status.can_pay
    is_close = trigger.as_of >= facts.as_of - READ_WINDOW
    return facts.by_result and trigger.read and pays and is_close


def expiry(trigger: NumbersReported) -> int | None:
    """When they stop paying, of expiring ones: the latest day among those that pay (P3)."""
    if trigger.reported_status is not NumberStatus.EXPIRING:
        return None
    paying = [n.expires_on for n in trigger.report.numbers or () if n.can_pay]
    return max((day for day in paying if day is not None), default=None)


def _relinked(
    facts: AccountNumberFacts, trigger: RefreshSucceeded, status: NumberStatus
) -> Effects:
    """Reports about the number before the relink say nothing about the new one."""
    return [
        _latest(status, max(facts.as_of, trigger.as_of), by_result=True),
        Assign(session_is_open=False, listed_as_of=max(facts.as_of, trigger.as_of)),
        _tell_account(facts, trigger, status, None),
    ]


def _latest(
    status: NumberStatus,
    as_of: int,
    *,
    by_read: bool = False,
    by_block: bool = False,
    by_result: bool = False,
    expires_on: int | None = None,
) -> Assign:
    """The latest knowledge of the numbers replaces all of what was known before."""
    return Assign(
        reported_status=status,
        as_of=as_of,
        by_read=by_read,
        by_block=by_block,
        by_result=by_result,
        expires_on=expires_on,
    )


def _tell_account(
    facts: AccountNumberFacts, trigger: DomainEvent, status: NumberStatus, expires_on: int | None
) -> Command:
    event = trigger.follow(NumberChanged, status=status, expires_on=expires_on)
    return Send(machine="account", key=facts.id, event=event)

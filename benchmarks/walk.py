"""The walk: what one account goes through in the row of decisions.

It works, and Stripe confirms that from time to time; its consent expires; one relink fails and the
next succeeds; it works again. Some reports arrive late. The walk ends in the state in which it
began, so it can be repeated on a live machine.
"""

from dataclasses import dataclass
from typing import Any

from relink.engine import Decision, Event
from relink.machines.account import AccountChart
from relink.machines.account.facts import AccountFacts
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import RelinkRequested
from relink.machines.messages import SessionOpened, SessionRelinked, SessionUnsuccessful
from relink.machines.report import Holder, StatusReport
from relink.machines.reported import Reported, ReportedActive, ReportedRelinkable


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from one event: the same on every side."""

    state: str
    facts: Any
    commands: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One step of the walk."""

    state: str
    facts: AccountFacts
    event: Event
    decision: Decision
    """What the table says."""

    @property
    def outcome(self) -> Outcome:
        """What every side has to say."""
        return Outcome(self.decision.state, self.decision.facts, self.decision.commands)


COMMON = {
    "authorization": "fcauth_1",
    "holder": Holder(field="customer", id="cus_1"),
    "permissions": ("payment_method",),
    "subcategory": "checking",
    "payment_method_types": ("us_bank_account",),
    "institution_name": "StripeBank",
    "last4": "6789",
}
WORKS = StatusReport(
    status="active",
    action=None,
    cause=None,
    deactivates_on=None,
    deactivation_action=None,
    **COMMON,
)
EXPIRED = StatusReport(
    status="inactive", action="relink_required", cause="access_expired", **COMMON
)


def reported(kind: type[Reported], as_of: int, report: StatusReport) -> Reported:
    """A report by webhook, as of the given time."""
    return kind(causation_id=f"evt_{as_of}", at=as_of, as_of=as_of, read=False, report=report)


def opened(session: str, attempt: int) -> SessionOpened:
    """A session for the account was opened."""
    request = CreateRelinkSession(
        account="fca_1",
        attempt=attempt,
        authorization="fcauth_1",
        mode="specific",
        reason="inactive",
        holder=Holder(field="customer", id="cus_1"),
        permissions=("payment_method",),
        subcategories=("checking", "savings"),
        delivery="modal",
        return_url=None,
    )
    return SessionOpened(causation_id=session, at=40, session=session, request=request)


def weeks(first: int, times: int) -> tuple[tuple[str, Event], ...]:
    """While it works, Stripe refreshes the account's data each day, and sends the account along."""
    return tuple(
        ("active", reported(ReportedActive, first + day, WORKS)) for day in range(7 * times)
    )


WALK: tuple[tuple[str, Event], ...] = (
    *weeks(20, times=1),
    # Consent expires; a late webhook comes after that, and a read confirms.
    ("active", reported(ReportedRelinkable, 30, EXPIRED)),
    ("inactive_relinkable", reported(ReportedActive, 21, WORKS)),
    ("inactive_relinkable", reported(ReportedRelinkable, 35, EXPIRED)),
    # The customer picks the wrong account; account and authorization are read.
    ("inactive_relinkable", RelinkRequested(causation_id="r1", at=40, account="fca_1")),
    ("inactive_relinkable", opened("fcsess_1", 1)),
    (
        "relinking",
        SessionUnsuccessful(
            causation_id="evt_50",
            at=50,
            session="fcsess_1",
            outcome="failed",
            failure_reason="no_account",
            as_of=50,
        ),
    ),
    ("inactive_relinkable", reported(ReportedRelinkable, 52, EXPIRED)),
    # The next time it is the right one: its webhook, its session's result, and a read.
    ("inactive_relinkable", RelinkRequested(causation_id="r2", at=55, account="fca_1")),
    ("inactive_relinkable", opened("fcsess_2", 2)),
    ("relinking", reported(ReportedActive, 60, WORKS)),
    ("active", reported(ReportedActive, 61, WORKS)),
    (
        "active",
        SessionRelinked(
            causation_id="evt_61",
            at=61,
            session="fcsess_2",
            account="fca_1",
            as_of=61,
            read=False,
            attempt=2,
        ),
    ),
    ("active", reported(ReportedActive, 63, WORKS)),
    *weeks(70, times=2),
    ("active", reported(ReportedRelinkable, 31, EXPIRED)),
)


def walk() -> list[Question]:
    """The questions, with the facts before each."""
    table = AccountChart.table()
    first = table.start(AccountFacts(id="fca_1")).snapshot
    snapshot = table.decide(first, reported(ReportedActive, 10, WORKS)).snapshot
    questions: list[Question] = []
    for state, event in WALK:
        assert snapshot.state == state, f"the walk is in {snapshot.state}, not {state}"
        decision = table.decide(snapshot, event)
        questions.append(Question(state, snapshot.facts, event, decision))
        snapshot = decision.snapshot
    assert snapshot.state == WALK[0][0], "the walk ends elsewhere than it began"
    return questions

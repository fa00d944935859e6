"""K2, K9 and K10: times that lie ahead, one report as one change, and reads that coalesce."""

from typing import Any

import pytest

from relink.engine import Address
from relink.machines import RelinkPolicy
from relink.machines.commands import (
    Read,
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAuthorization,
)
from relink.machines.events import PaymentMethodReported, ReadRequested, SessionReported
from relink.machines.report import Holder, PaymentMethodReport, StatusReport

from .reports import (
    CUSTOMER,
    DAY,
    active,
    disconnected,
    inactive,
    number,
    relinkable,
    unrepairable,
)
from .scenario import Scenario, expired, knowing

YEAR_9999 = 253_370_764_800
LAPSED = (number("expired"),)
FRESH = (number("transactable"),)


def anomalies(s: Scenario) -> list[tuple[str, str]]:
    return [(c.about, c.anomaly) for c in s.asked_for(ReportAnomaly)]


# ── K2: times that lie ahead of our clock ────────────────────────────────────


def test_K2_a_webhook_of_the_future_changes_nothing_and_asks_for_a_read() -> None:
    s = knowing(active())
    s.webhook("fca_1", disconnected(), created=YEAR_9999)
    assert s.account("fca_1").state == "active"
    assert s.read_reasons == ["future_time"]
    assert anomalies(s) == [("fca_1", "future_time")]
    s.perform_reads()
    s.webhook("fca_1", relinkable())
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize(("ahead", "state"), [(300, "inactive_relinkable"), (301, "active")])
def test_K2_five_minutes_ahead_are_believed_and_more_are_not(ahead: int, state: str) -> None:
    s = knowing(active())
    s.webhook("fca_1", relinkable(), created=s.now + 10 + ahead)
    assert s.account("fca_1").state == state


def test_K2_a_read_of_the_future_counts_from_when_it_was_begun() -> None:
    s = knowing(active())
    s.stripe["fca_1"] = relinkable()
    begun = s.now + 5
    s.read("fca_1", date=s.now + 3600, begun_at=begun)
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.as_of("fca_1") == begun
    assert anomalies(s) == [("fca_1", "future_time")]
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"


def test_K2_a_number_takes_later_reports_after_a_webhook_of_the_future() -> None:
    s = knowing(active(numbers=FRESH))
    s.webhook("fca_1", active(numbers=FRESH), created=YEAR_9999)
    s.webhook("fca_1", active(numbers=LAPSED))
    assert s.number("fca_1").state == "lapsed"


def test_K2_a_webhook_of_the_future_about_an_authorization_asks_for_a_read() -> None:
    s = Scenario()
    s.link("fca_1")
    s.authorization_webhook("fcauth_1", StatusReport(status="disconnected"), created=YEAR_9999)
    assert s.authorization("fcauth_1").state == "active"
    assert s.asked_for(RetrieveAuthorization)[-1].reason == "future_time"
    assert anomalies(s) == [("fcauth_1", "future_time")]


def test_K2_a_webhook_of_the_future_about_a_payment_method_asks_for_a_read() -> None:
    s = knowing(active())
    s.checks("pm_1", "bank_account_closed", created=YEAR_9999)
    assert s.assess("fca_1").chargeable
    s.built["pm_1"] = PaymentMethodReport(blocked="bank_account_frozen")
    s.perform_reads()
    assert s.assess("fca_1").reasons == ("bank_account_frozen",)
    assert anomalies(s) == [("pm_1", "future_time")]


def test_K2_a_webhook_of_the_future_about_a_session_asks_for_a_read() -> None:
    s = expired()
    session = s.open_session("fca_1")
    fields = {"session": session, "as_of": YEAR_9999, "read": False, "status": "cancelled"}
    s.happens(SessionReported, **fields)
    assert s.session(session).state == "open"
    s.finish(session, {"fca_1": active()}, relinked="fca_1")
    s.perform_reads()
    assert s.session(session).facts.outcome == "relinked"


def test_K2_a_read_of_the_future_about_a_payment_method_counts_from_when_it_was_begun() -> None:
    s = knowing(active())
    s.happens(
        PaymentMethodReported,
        payment_method="pm_1",
        account="fca_1",
        as_of=YEAR_9999,
        read=True,
        begun_at=s.now + 5,
        report=PaymentMethodReport(blocked="bank_account_closed"),
    )
    assert not s.assess("fca_1").chargeable
    s.checks("pm_1")
    assert s.assess("fca_1").chargeable


# ── K9: one report is one change ─────────────────────────────────────────────


def test_K9_a_result_that_is_the_first_to_say_that_the_number_lapsed_makes_one_prompt() -> None:
    s = Scenario(RelinkPolicy(prompt_gap=0, reminders=()))
    s.link("fca_1", numbers=FRESH)
    session = s.open_session("fca_1", permissions=("balances",))
    s.result(session, {"fca_1": active(numbers=LAPSED)}, relinked="fca_1")
    s.perform_reads()
    s.wait(60 * DAY)
    assert [message.reasons for message in s.messages] == [("number_lapsed",)]


def test_K9_a_webhook_that_still_shows_the_old_number_before_the_read_prompts_nobody() -> None:
    s = Scenario(RelinkPolicy(prompt_gap=0, reminders=()))
    s.link("fca_1", numbers=FRESH)
    s.webhook("fca_1", relinkable(numbers=LAPSED))
    s.perform_reads()
    prompts = s.messages
    session = s.open_session("fca_1")
    s.webhook("fca_1", active(without=("numbers",)))
    s.result(session, {"fca_1": active(numbers=LAPSED)}, relinked="fca_1", webhook=True)
    s.stripe["fca_1"] = active(numbers=FRESH)
    s.perform_reads()
    s.wait(60 * DAY)
    assert s.messages == prompts


def test_K9_one_report_with_several_needs_makes_one_prompt() -> None:
    s = Scenario(RelinkPolicy(prompt_gap=0, reminders=()))
    s.link("fca_1", numbers=FRESH)
    s.webhook("fca_1", active(numbers=LAPSED, deactivates_on=s.now + 2 * DAY))
    s.wait(60 * DAY)
    assert len(s.messages) == 1


def test_K9_a_report_that_ends_one_need_and_begins_another_makes_no_second_prompt() -> None:
    s = Scenario(RelinkPolicy(prompt_gap=0, reminders=()))
    s.link("fca_1", numbers=LAPSED)
    s.webhook("fca_1", relinkable(numbers=FRESH))
    s.perform_reads()
    assert len(s.messages) == 1


# ── K9: prompts wait for due reads ───────────────────────────────────────────


def awaiting(other: StatusReport | None = None, key: str = "fca_2") -> Scenario:
    """``fca_1`` works, and a read of ``key`` is due."""
    s = Scenario(RelinkPolicy(reminders=()))
    s.link("fca_1")
    if other:
        s.webhook(key, other)
        s.perform_reads()
    s.webhook(key, None)
    s.stripe.setdefault(key, active())
    return s


def test_K9_nobody_is_prompted_while_a_read_of_the_account_is_due() -> None:
    s = awaiting(key="fca_1")
    s.webhook("fca_1", relinkable())
    assert s.messages == []
    s.perform_reads()
    assert [message.accounts for message in s.messages] == [("fca_1",)]


def test_K9_nobody_is_prompted_if_the_due_read_shows_that_the_need_is_over() -> None:
    s = awaiting(key="fca_1")
    s.webhook("fca_1", relinkable())
    s.stripe["fca_1"] = active()
    s.perform_reads()
    s.wait(60 * DAY)
    assert s.messages == []


OTHER = Holder(field="customer", id="cus_2")


@pytest.mark.parametrize(
    ("other", "waits"),
    [
        (active(), True),
        (active(without=("authorization",)), True),
        (active(authorization="fcauth_2"), False),
        (active(holder=OTHER, authorization="fcauth_2"), False),
    ],
    ids=["same authorization", "unknown authorization", "other authorization", "other holder"],
)
def test_K9_a_prompt_waits_for_reads_of_accounts_whose_needs_it_may_have_to_name(
    other: StatusReport, waits: bool
) -> None:
    s = awaiting(other)
    s.webhook("fca_1", relinkable())
    assert (s.messages == []) is waits
    s.stripe["fca_2"] = relinkable() if waits else s.stripe["fca_2"]
    s.perform_reads()
    assert [m.accounts for m in s.messages] == [("fca_1", "fca_2") if waits else ("fca_1",)]


def test_K9_after_ten_minutes_what_is_known_decides() -> None:
    s = awaiting(key="fca_1")
    s.webhook("fca_1", relinkable())
    s.wait(500)
    assert s.messages == []
    s.wait(200)
    assert [message.accounts for message in s.messages] == [("fca_1",)]


def test_K9_asking_for_the_authorization_again_begins_no_other_ten_minutes() -> None:
    s = awaiting(key="fca_1")
    s.webhook("fca_1", relinkable())
    s.wait(400)
    s.happens(ReadRequested, kind="authorization", id="fcauth_1")
    s.wait(200)
    assert [message.accounts for message in s.messages] == [("fca_1",)]


def test_K9_ten_minutes_count_from_the_first_question_where_the_holder_is_known_later() -> None:
    s = awaiting()
    s.wait(400)
    s.webhook("fca_2", active())
    s.read("fcauth_1")
    s.webhook("fca_1", relinkable())
    assert s.messages == []
    s.wait(200)
    assert [message.accounts for message in s.messages] == [("fca_1",)]


def test_K9_a_read_that_fails_for_good_leaves_the_decision_to_what_is_known() -> None:
    s = awaiting(key="fca_1")
    s.webhook("fca_1", relinkable())
    [read] = s.asked_for(RetrieveAccount)
    s.refuses(read)
    assert [message.accounts for message in s.messages] == [("fca_1",)]


@pytest.mark.parametrize("how", ["fails", "takes long"])
def test_K9_a_read_that_brings_no_answer_decides_nothing_where_needs_are_suspended(
    how: str,
) -> None:
    s = knowing(active())
    s.webhook("fca_1", inactive())
    if how == "fails":
        s.refuses(s.asked_for(RetrieveAccount)[0])
    s.wait(30 * DAY)
    assert s.messages == []
    assert s.asked_for(RequestNewPaymentMethod) == []


def test_K9_nobody_is_asked_for_another_payment_method_while_a_read_is_due() -> None:
    s = awaiting(key="fca_1")
    s.webhook("fca_1", unrepairable())
    assert s.asked_for(RequestNewPaymentMethod) == []
    s.perform_reads()
    assert len(s.asked_for(RequestNewPaymentMethod)) == 1


def test_K9_a_request_is_made_after_ten_minutes_without_an_answer() -> None:
    s = awaiting(key="fca_1")
    s.webhook("fca_1", unrepairable())
    s.wait(500)
    assert s.asked_for(RequestNewPaymentMethod) == []
    s.wait(200)
    assert len(s.asked_for(RequestNewPaymentMethod)) == 1


@pytest.mark.parametrize("holder", [None, CUSTOMER, OTHER], ids=["unknown", "same", "other"])
def test_K9_no_message_names_an_account_while_a_read_of_it_is_due_whoever_holds_it(
    holder: Holder | None,
) -> None:
    """The other account of the authorization belongs to ``cus_1``."""
    s = Scenario(RelinkPolicy(reminders=()))
    details: dict[str, Any] = {"holder": holder} if holder else {"without": ("holder",)}
    s.webhook("fca_1", active(**details))
    s.webhook("fca_2", active())
    s.perform_reads()
    s.webhook("fca_1", None)
    s.webhook("fca_1", relinkable(**details))
    s.webhook("fca_2", relinkable())
    assert s.messages == []
    s.perform_reads()
    assert [message.accounts for message in s.messages] == [("fca_1", "fca_2")]


# ── K10: reads coalesce ──────────────────────────────────────────────────────


def test_K10_only_what_answers_a_read_is_told_to_it() -> None:
    s = knowing(active())
    read = Address("read", "fca_1")
    s.read("fca_1")
    assert read not in s.step.snapshots
    s.webhook("fca_1", disconnected(), created=YEAR_9999)
    assert s.read_of("fca_1").state == "due"
    s.webhook("fca_1", active())
    assert read not in s.step.snapshots
    s.perform_reads()
    assert s.read_of("fca_1").state == "idle"


@pytest.mark.parametrize(("early", "state"), [(0, "active"), (1, "inactive_relinkable")])
def test_K10_a_read_that_began_late_enough_settles_whatever_time_stripe_gives_it(
    early: int, state: str
) -> None:
    s = knowing(active())
    s.wait(100)
    time = s.now
    s.webhook("fca_1", relinkable(), created=time)
    s.webhook("fca_1", active(), created=time)
    assert s.account("fca_1").state == "inactive_relinkable"
    begun_at = s.read_of("fca_1").facts.not_before - early
    s.stripe["fca_1"] = active()
    s.read("fca_1", date=time, begun_at=begun_at)
    assert s.account("fca_1").state == state


@pytest.mark.parametrize(
    ("date", "begun", "is_ambiguous"), [(2, 2, False), (2, 1, True), (1, 2, True)]
)
def test_K10_a_read_that_began_two_seconds_after_all_that_is_known_settles_a_contradiction(
    date: int, begun: int, is_ambiguous: bool
) -> None:
    s = knowing(active())
    time = s.as_of("fca_1")
    s.stripe["fca_1"] = relinkable()
    s.read("fca_1", date=time + date, begun_at=time + begun)
    assert ("contradiction" in s.read_reasons) is is_ambiguous
    assert s.account("fca_1").state == ("active" if is_ambiguous else "inactive_relinkable")


def test_K10_such_a_read_settles_nothing_that_a_session_has_told_since() -> None:
    s = expired()
    session = s.open_session("fca_1")
    begun = s.now
    s.result(session, relinked="fca_1", created=begun + 1)
    s.read("fca_1", date=begun + 2, begun_at=begun)
    assert s.account("fca_1").state == "relinked"
    s.perform_reads()
    assert s.account("fca_1").state == "inactive_relinkable"


def reads(s: Scenario) -> list[tuple[int, int]]:
    """The reads of ``fca_1``: their numbers, and when they may begin."""
    return [(read.number, read.after) for read in s.asked_for(RetrieveAccount)]


def test_K10_asking_again_while_a_read_is_due_asks_for_nothing_more() -> None:
    s = knowing(active())
    for _ in range(30):
        s.webhook("fca_1", None)
    assert len(s.asked_for(RetrieveAccount)) == 1
    s.perform_reads()
    assert len(s.asked_for(RetrieveAccount)) == 1
    assert s.read_of("fca_1").state == "idle"


def test_K10_what_was_asked_after_a_read_had_begun_is_read_again() -> None:
    s = knowing(active())
    s.webhook("fca_1", None)
    begun = s.now + 1
    s.webhook("fca_1", None)
    s.read("fca_1", begun_at=begun)
    assert s.read_of("fca_1").state == "due"
    assert [number for number, _ in reads(s)] == [1, 2]
    s.perform_reads()
    assert s.read_of("fca_1").state == "idle"


def test_K10_an_answer_to_a_read_for_a_caller_leaves_the_read_that_is_due() -> None:
    s = knowing(active())
    s.webhook("fca_1", None)
    s.to_do = []
    s.read("fca_1")
    assert s.read_of("fca_1").state == "due"


def test_K10_each_new_question_after_an_answer_is_another_read() -> None:
    s = knowing(active())
    for _ in range(3):
        s.webhook("fca_1", None)
        s.perform_reads()
    assert [read.id for read in s.asked_for(RetrieveAccount)] == [
        "retrieve_account_fca_1_1",
        "retrieve_account_fca_1_2",
        "retrieve_account_fca_1_3",
    ]


def test_K10_a_read_that_settles_a_contradiction_begins_two_seconds_after_the_newest_report() -> (
    None
):
    s = knowing(active())
    first = s.as_of("fca_1")
    s.webhook("fca_1", relinkable(), created=first)
    [(_, after)] = reads(s)
    assert after >= first + 2


def test_K10_a_read_that_is_due_waits_for_a_contradiction_that_came_later() -> None:
    """It is the same read, issued again with the later time."""
    s = knowing(active())
    s.webhook("fca_1", None)
    assert reads(s) == [(1, 0)]
    s.now += 100
    s.webhook("fca_1", active())
    latest = s.as_of("fca_1")
    s.webhook("fca_1", relinkable(), created=latest)
    [(number, after)] = reads(s)
    assert number == 1
    assert 0 < after <= s.read_of("fca_1").facts.since + 60


def test_K10_coalescing_delays_no_read_by_more_than_a_minute() -> None:
    s = knowing(active())
    s.webhook("fca_1", None)
    since = s.now
    for ahead in range(20, 300, 20):
        s.webhook("fca_1", active(last4=f"{ahead:04}"), created=s.now + 10 + ahead)
        s.webhook("fca_1", relinkable(), created=s.as_of("fca_1"))
    [(_, after)] = reads(s)
    assert after <= since + 60


@pytest.mark.parametrize(("later", "is_settled"), [(0.5, False), (1.0, True)])
def test_K10_a_read_that_waited_for_a_minute_settles_nothing_of_the_second_in_which_it_began(
    later: float, is_settled: bool
) -> None:
    """A webhook's time is a whole second, so it may be from after the beginning."""
    s = knowing(active())
    s.webhook("fca_1", None)
    for ahead in range(20, 300, 20):
        s.webhook("fca_1", active(last4=f"{ahead:04}"), created=s.now + 10 + ahead)
        s.webhook("fca_1", relinkable(), created=s.as_of("fca_1"))
    time = s.as_of("fca_1")
    s.stripe["fca_1"] = relinkable()
    s.now = time + 1
    s.read("fca_1", date=s.now, begun_at=time + later)
    assert (s.account("fca_1").state == "inactive_relinkable") is is_settled
    assert (s.read_of("fca_1").state == "idle") is is_settled
    s.perform_reads()
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize("truth", [active(), relinkable(), disconnected()])
def test_K10_the_answer_to_a_read_that_settles_a_contradiction_decides(truth: StatusReport) -> None:
    s = knowing(active())
    s.webhook("fca_1", relinkable(), created=s.as_of("fca_1"))
    s.stripe["fca_1"] = truth
    [read] = s.due_reads[-1:]
    s.perform(read)
    expected = {"active": "active", "inactive": "inactive_relinkable"}
    assert s.account("fca_1").state == expected.get(truth.status or "", "disconnected")
    assert s.read_of("fca_1").state == "idle"


def test_K10_thirty_closed_accounts_of_one_authorization_cost_tens_of_reads() -> None:
    s = Scenario()
    accounts = [f"fca_{count}" for count in range(1, 31)]
    for account in accounts:
        s.link(account)
    before = len(s.asked_for(Read))
    for account in accounts:
        s.webhook(account, unrepairable())
        s.perform_reads()
    assert len(s.asked_for(Read)) - before <= 70


def test_K10_reads_of_different_objects_do_not_coalesce() -> None:
    s = Scenario()
    for account in ("fca_1", "fca_2"):
        s.link(account)
        s.webhook(account, None)
    assert {read.account for read in s.asked_for(RetrieveAccount)} == {"fca_1", "fca_2"}

"""K2, K10, K11: Stripe's times, how often Stripe is asked, and what is lost on the way."""

import pytest

from .story import Shape, Story, number

FAR_AHEAD = 10**12
"""Seconds: later than the end of the year 9999."""

# ── times ahead of ours ──────────────────────────────────────────────────────


@pytest.mark.parametrize("ahead", [3600, 86_400 * 365, FAR_AHEAD])
def test_K2_an_account_takes_later_reports_after_a_webhook_that_is_dated_ahead(ahead: int) -> None:
    s = Story()
    s.link("fca_1")
    s.created_ahead = ahead
    s.report("fca_1")
    s.created_ahead = 0
    s.deactivate("fca_1")
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.messages == ["day 0: prompt fca_1"]
    assert s.anomalies == ["fca_1: future_time"]


def test_K2_a_webhook_that_is_dated_ahead_changes_nothing_and_asks_for_a_read() -> None:
    s = Story()
    s.link("fca_1")
    s.held = True
    s.created_ahead = FAR_AHEAD
    s.deactivate("fca_1")
    assert s.state("fca_1") == "active"
    s.release()
    assert s.state("fca_1") == "inactive_relinkable"


@pytest.mark.parametrize("ahead", [3600, FAR_AHEAD])
def test_K2_an_account_takes_later_reports_after_a_read_that_is_dated_ahead(ahead: int) -> None:
    s = Story()
    s.link("fca_1")
    s.date_ahead = ahead
    s.refresh("fca_1")
    s.date_ahead = 0
    assert s.anomalies == ["fca_1: future_time"]
    s.deactivate("fca_1")
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.messages == ["day 0: prompt fca_1"]


def test_K2_a_read_that_is_dated_ahead_still_tells_what_is_true() -> None:
    s = Story()
    s.link("fca_1")
    s.date_ahead = 3600
    s.deactivate("fca_1", webhook="lost")
    s.refresh("fca_1")
    assert s.state("fca_1") == "inactive_relinkable"


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_K2_a_later_announcement_counts_after_a_webhook_that_is_dated_ahead(name: str) -> None:
    s = Story()
    s.link("fca_1")
    s.created_ahead = FAR_AHEAD
    s.announce(name, on=30)
    s.created_ahead = 0
    s.announce(name, on=5)
    assert s.messages == ["day 0: prompt fca_1"]


def test_K2_a_later_block_counts_after_a_webhook_that_is_dated_ahead() -> None:
    s = Story()
    s.link("fca_1")
    s.created_ahead = FAR_AHEAD
    s.use("pm_1", of="fca_1")
    s.created_ahead = 0
    s.block("pm_1", "bank_account_closed")
    assert not s.charge("fca_1", "pm_1")


def test_K2_an_account_takes_later_reports_after_a_result_that_is_dated_ahead() -> None:
    s = Story()
    s.link("fca_1")
    s.deactivate("fca_1")
    session = s.open_session("fca_1")
    s.created_ahead = FAR_AHEAD
    s.relink(session)
    s.created_ahead = 0
    assert (s.state(session), s.state("fca_1")) == ("succeeded", "active")
    s.on_day(2)
    s.deactivate("fca_1")
    assert s.state("fca_1") == "inactive_relinkable"


def test_K2_five_minutes_ahead_are_no_anomaly() -> None:
    s = Story()
    s.link("fca_1")
    s.created_ahead = 290
    s.deactivate("fca_1")
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.anomalies == []


def test_K2_an_authorization_takes_later_reports_after_a_read_that_is_dated_ahead() -> None:
    s = Story()
    s.link("fca_1")
    s.date_ahead = FAR_AHEAD
    s.refresh("fcauth_1")
    s.date_ahead = 0
    s.announce("fcauth_1", on=5)
    assert s.messages == ["day 0: prompt fca_1"]


# ── what is lost ─────────────────────────────────────────────────────────────


def test_K11_the_sweep_learns_of_a_lost_announcement_of_an_authorization() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fcauth_1", on=20, webhook="lost")
    s.sweep()
    s.on_day(14)
    assert s.messages == ["day 13: prompt fca_1"]


def test_K11_the_sweep_learns_that_an_announcement_of_an_authorization_was_taken_back() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fcauth_1", on=20)
    s.withdraw("fcauth_1", webhook="lost")
    s.on_day(1)
    s.sweep()
    s.on_day(40)
    assert s.sent == []


@pytest.mark.parametrize("lost", ["deactivated", "reactivated", "number", "announced"])
def test_K11_the_sweep_learns_what_happened_to_an_account(lost: str) -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    match lost:
        case "deactivated":
            s.deactivate("fca_1", webhook="lost")
        case "reactivated":
            s.deactivate("fca_1")
            s.reactivate("fca_1", webhook="lost")
        case "number":
            s.renumber("fca_1", number("expired"), webhook="lost")
        case "announced":
            s.announce("fca_1", on=5, webhook="lost")
    s.sweep()
    s.on_day(1)
    assert s.messages == ["day 0: prompt fca_1"]
    assert s.next("fca_1") == ([] if lost == "reactivated" else ["relink"])


def test_K11_the_sweep_learns_the_result_of_a_session() -> None:
    s = Story()
    s.link("fca_1")
    s.deactivate("fca_1")
    session = s.open_session("fca_1")
    s.relink(session, webhook="lost")
    s.sweep()
    assert (s.state(session), s.state("fca_1")) == ("succeeded", "active")


# ── how many reads ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("shape", ["preview", "ga", "thin"])
@pytest.mark.parametrize("pause", [0, 1, 60])
def test_K10_thirty_closed_accounts_of_one_authorization_cost_tens_of_reads(
    shape: Shape, pause: float
) -> None:
    s = Story(shape=shape, pause=pause)
    accounts = [f"fca_{n}" for n in range(1, 31)]
    s.link(*accounts)
    s.wait(3600)
    s.reads.clear()
    s.close(*accounts)
    s.wait(3600)
    assert len(s.reads) <= 65
    assert len(s.requests) == 30


def test_K10_thirty_closed_accounts_cost_some_sixty_reads_when_the_reads_wait() -> None:
    s = Story(shape="ga")
    accounts = [f"fca_{n}" for n in range(1, 31)]
    s.link(*accounts)
    s.wait(3600)
    s.reads.clear()
    s.held = True
    s.close(*accounts)
    s.release()
    assert sorted(set(s.reads)) == sorted([*accounts, "fcauth_1"])
    assert len(s.reads) <= 65


def test_K10_a_read_that_is_due_is_not_asked_for_again() -> None:
    s = Story()
    s.link("fca_1")
    s.reads.clear()
    s.held = True
    for _ in range(5):
        s.refresh("fca_1")
    s.release()
    assert s.reads == ["fca_1"]


def test_K10_a_read_that_began_before_it_was_asked_for_again_is_repeated() -> None:
    s = Story()
    s.link("fca_1")
    s.reads.clear()
    s.read_takes = 200
    s.refresh("fca_1")
    s.deactivate("fca_1", webhook="lost")
    s.refresh("fca_1")
    s.wait(3600)
    assert s.reads.count("fca_1") >= 2
    assert s.state("fca_1") == "inactive_relinkable"


def test_K10_contradictions_delay_the_read_by_no_more_than_a_minute() -> None:
    s = Story(pause=0)
    s.link("fca_1")
    s.wait(60)
    s.reads.clear()
    for _ in range(100):
        s.deactivate("fca_1")
        s.reactivate("fca_1")
        s.wait(1)
    assert s.reads != []
    s.wait(120)
    assert s.state("fca_1") == "active"


def test_K4_a_contradiction_is_settled_by_one_read_two_seconds_later() -> None:
    s = Story(pause=0)
    s.link("fca_1")
    s.deactivate("fca_1")
    s.reactivate("fca_1")
    s.wait(1)
    assert "fca_1" not in s.reads
    s.wait(3600)
    assert s.reads.count("fca_1") == 1
    assert s.state("fca_1") == "active"

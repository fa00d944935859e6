"""R1 to R6: how relink sessions end, and what their results may change."""

import pytest

from .starts import down
from .story import DAY, Story, Webhook


def built(s: Story) -> list[str]:
    """What relink made at Stripe."""
    return [name for name in s.stripe.objects if name.startswith(("pm_", "ba_"))]


# ── R1 ───────────────────────────────────────────────────────────────────────


def test_R1_the_same_request_gives_the_same_session_and_another_supersedes_it() -> None:
    s = down()
    first = s.open_session("fca_1")
    assert s.ask("fca_1") == first
    second = s.open_session("fca_1", mode="any_eligible")
    assert second != first
    assert s.state(first) == "superseded"


def test_R1_a_session_that_the_read_shows_to_be_over_is_not_handed_out() -> None:
    s = down()
    first = s.open_session("fca_1")
    s.cancel(first, webhook="lost")
    assert s.ask("fca_1") not in (first, None)


def test_R1_a_session_that_succeeded_unnoticed_is_not_handed_out() -> None:
    s = down()
    first = s.open_session("fca_1")
    s.relink(first, webhook="lost")
    assert s.ask("fca_1") is None
    assert s.state("fca_1") == "active"


# ── R2 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["expired", None, "pending"])
@pytest.mark.parametrize("webhook", ["preview", "thin", "lost"])
def test_R2_a_session_without_a_known_end_is_abandoned_after_its_deadline(
    status: str | None, webhook: Webhook
) -> None:
    s = down()
    first = s.open_session("fca_1")
    s.end(first, status, webhook=webhook)
    assert s.state("fca_1") == "relinking"
    s.on_day(1.5)
    assert s.state(first) == "abandoned"
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.ask("fca_1") not in (first, None)


def test_K12_an_unknown_session_status_is_reported_once() -> None:
    s = down()
    s.end(s.open_session("fca_1"), "expired")
    s.on_day(3)
    assert s.anomalies == ["fcsess_1: unknown_status"]


@pytest.mark.parametrize("fate", ["superseded", "abandoned"])
def test_R2_a_late_success_applies(fate: str) -> None:
    s = down()
    first = s.open_session("fca_1")
    if fate == "superseded":
        s.open_session("fca_1", mode="any_eligible")
    else:
        s.on_day(1.5)
    assert s.state(first) == fate
    s.relink(first)
    assert s.state(first) == "succeeded"
    assert s.state("fca_1") == "active"


def test_R2_a_session_that_succeeded_unnoticed_is_not_abandoned() -> None:
    s = down()
    first = s.open_session("fca_1")
    s.relink(first, webhook="lost")
    s.on_day(1.5)
    assert s.state(first) == "succeeded"
    assert s.state("fca_1") == "active"


def test_R2_a_session_that_stripe_does_not_find_is_abandoned_after_its_deadline() -> None:
    s = down()
    first = s.open_session("fca_1")
    s.vanish(first)
    s.on_day(1.5)
    assert s.state(first) == "abandoned"


# ── R3 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("webhook", ["preview", "ga", "thin"])
def test_R3_a_succeeded_session_without_its_accounts_is_read_until_they_are_there(
    webhook: Webhook,
) -> None:
    s = down()
    session = s.open_session("fca_1", mode="any_eligible")
    s.end(session, "succeeded", accounts=None, webhook=webhook)
    assert s.state(session) == "open"
    assert s.next("fca_1") == ["wait"]
    s.link("fca_2", authorization="fcauth_2", webhook="lost")
    s.end(session, "succeeded", accounts=["fca_2"], webhook="lost")
    s.on_day(1.5)
    assert s.state(session) == "succeeded"
    assert s.facts("fca_1").replaced_by == "fca_2"


def test_R3_a_succeeded_session_that_never_shows_its_accounts_counts_as_no_attempt() -> None:
    s = down()
    first = s.open_session("fca_1", mode="any_eligible")
    s.end(first, "succeeded", accounts=None)
    s.on_day(1.5)
    assert s.state(first) == "abandoned"
    assert s.facts(first).failure_reason is None
    assert s.mode("fca_1") == "specific"
    assert s.reads.count(first) < 20
    for _ in range(2):
        s.fail(s.open_session("fca_1"))
    assert s.next("fca_1") == ["relink"]
    assert s.requests == []


def test_R3_a_specific_session_without_its_accounts_is_told_by_its_result() -> None:
    s = down()
    session = s.open_session("fca_1")
    s.reactivate("fca_1", webhook="lost")
    s.end(session, "succeeded", accounts=None, relinked="fca_1")
    assert s.state(session) == "succeeded"
    assert s.state("fca_1") == "active"


def test_R3_a_succeeded_session_with_an_empty_list_is_no_account() -> None:
    s = down()
    session = s.open_session("fca_1", mode="any_eligible")
    s.end(session, "succeeded", accounts=[])
    assert s.state(session) == "failed"
    assert s.facts(session).failure_reason == "no_account"


def test_R3_another_known_account_is_updated_and_ours_stays_as_it_is() -> None:
    s = down()
    s.link("fca_2")
    s.deactivate("fca_2")
    s.pick(s.open_session("fca_1", mode="any_eligible"), "fca_2")
    assert (s.state("fca_1"), s.state("fca_2")) == ("inactive_relinkable", "active")
    assert built(s) == []


# ── R6 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("session_holder", [None, "cus_1"])
def test_R6_nothing_is_built_on_an_account_of_another_holder(session_holder: str | None) -> None:
    s = down(session_holder)
    session = s.open_session("fca_1", mode="any_eligible")
    s.link_instead(session, "fca_2", "fcauth_2", holder="cus_other")
    s.on_day(3)
    assert built(s) == []
    assert s.state("fca_1") != "new_account_linked"


def test_R6_a_session_without_a_holder_builds_for_the_holder_of_the_old_account() -> None:
    s = down(holder=None)
    session = s.open_session("fca_1", mode="any_eligible")
    s.stripe.objects["fca_1"]["account_holder"] = {"type": "customer", "customer": "cus_1"}
    s.report("fca_1")
    s.link_instead(session, "fca_2", "fcauth_2", holder="cus_1")
    assert s.state("fca_1") == "new_account_linked"
    assert built(s) == ["pm_2"]


def test_R6_a_returned_account_that_is_disconnected_by_now_ends_the_session_as_failed() -> None:
    s = down()
    session = s.open_session("fca_1", mode="any_eligible")
    s.link("fca_2", authorization="fcauth_2", webhook="lost")
    s.disconnect("fca_2", webhook="lost")
    s.end(session, "succeeded", accounts=["fca_2"])
    assert s.state(session) == "failed"
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.next("fca_1") == ["relink"]
    assert built(s) == []


@pytest.mark.parametrize("known", [True, False])
def test_R6_a_returned_account_that_was_reported_disconnected_ends_the_session_as_failed(
    known: bool,
) -> None:
    s = down()
    if known:
        s.link("fca_2", authorization="fcauth_2")
    session = s.open_session("fca_1", mode="any_eligible")
    if not known:
        s.link("fca_2", authorization="fcauth_2")
    s.end(session, "succeeded", accounts=["fca_2"], webhook="late")
    s.disconnect("fca_2")
    s.arrive_late()
    s.on_day(0.5)
    assert s.state(session) == "failed"
    assert s.state("fca_1") == "inactive_relinkable"


def test_R6_an_account_returned_by_two_sessions_answers_both() -> None:
    s = down()
    s.link("fca_3", authorization="fcauth_3")
    s.deactivate("fca_3")
    first = s.open_session("fca_1", mode="any_eligible")
    second = s.open_session("fca_3", mode="any_eligible")
    s.held = True
    s.link_instead(first, "fca_2", "fcauth_2", webhook="ga")
    s.end(second, "succeeded", accounts=["fca_2"], webhook="ga")
    s.release()
    s.wait(DAY / 2)
    assert s.state(first) == s.state(second) == "succeeded"
    assert s.facts("fca_1").replaced_by == s.facts("fca_3").replaced_by == "fca_2"
    assert built(s) == ["pm_2"]


def test_R6_the_result_of_a_session_of_somebody_else_is_not_known() -> None:
    s = down()
    s.stripe.add_session("fcsess_other", "fca_1")
    s.end("fcsess_other", "cancelled")
    assert s.state("fca_1") == "inactive_relinkable"

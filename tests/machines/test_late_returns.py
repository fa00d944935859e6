"""K1: webhooks tell of accounts alone, in any order; their authorization is known by reads.

A bank login with two accounts ends and works again, and so does each account. The webhooks of that
wait for any time, and reads are carried out at any time. At the end everything has arrived.
"""

from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.machines.commands import RetrieveAuthorization
from relink.machines.report import StatusReport

from ..profile import examples
from .reports import active, relinkable, unrepairable
from .scenario import Scenario, knowing

LOGIN = "fcauth_1"
ACCOUNTS = ("fca_1", "fca_2")
STOPPED = StatusReport(status="inactive", action="relink_required")

Act = Literal["ends", "stops", "works"]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["ends", "stops", "works"]),
        st.sampled_from(ACCOUNTS),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
"""What happens, to which account, whether its webhooks come late, and whether reads follow."""


def changed_by(s: Scenario, act: Act, account: str) -> list[str]:
    """The accounts about which Stripe sends a webhook."""
    before = dict(s.stripe)
    match act:
        case "ends":
            if s.stripe[LOGIN].status == "active":
                s.stripe[LOGIN] = STOPPED
                s.stripe |= dict.fromkeys(ACCOUNTS, relinkable())
        case "stops":
            s.stripe[account] = relinkable()
        case "works":
            s.stripe |= {account: active(), LOGIN: active()}
    return [each for each in ACCOUNTS if s.stripe[each] != before[each]]


@settings(max_examples=examples(200))
@given(acts=ACTS, data=st.data())
def test_K1_an_authorization_that_works_counts_as_active_whatever_comes_late(
    acts: list[tuple[Act, str, bool, bool]], data: Any
) -> None:
    s = Scenario()
    for account in ACCOUNTS:
        s.link(account)
        s.stripe[account] = active()
    late: list[tuple[str, StatusReport, int]] = []
    for act, account, is_late, are_read in acts:
        s.now += 60
        told = [(each, s.stripe[each], s.now) for each in changed_by(s, act, account)]
        if is_late:
            late += told
            continue
        for each in told:
            s.webhook(*each)
        if are_read:
            s.perform_reads()
    for each in data.draw(st.permutations(late)):
        s.webhook(*each)
    s.perform_reads()
    for account in ACCOUNTS:
        assert s.account(account).facts.reported_status.works == (
            s.stripe[account].status == "active"
        )
    if s.stripe[LOGIN].status == "active":
        assert s.authorization(LOGIN).state == "active"


def test_K1_an_authorization_is_read_when_a_late_report_shows_that_an_account_had_come_back() -> (
    None
):
    s = knowing(active())
    s.stripe[LOGIN] = STOPPED
    s.webhook("fca_1", relinkable())
    s.perform_reads()
    assert s.authorization(LOGIN).state == "inactive_relinkable"
    came_back = s.now + 60
    s.stripe[LOGIN] = active()
    s.wait(120)
    s.webhook("fca_1", relinkable())
    assert not s.due_reads
    s.webhook("fca_1", active(), created=came_back)
    assert [type(read) for read in s.due_reads] == [RetrieveAuthorization]
    s.perform_reads()
    assert s.authorization(LOGIN).state == "active"
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize("is_alone", [True, False])
def test_K1_a_late_report_that_an_account_had_stopped_reads_what_another_one_has_stopped(
    is_alone: bool,
) -> None:
    """An authorization whose accounts all work has nothing to be asked for."""
    s = Scenario()
    for account in ACCOUNTS:
        s.link(account)
    if not is_alone:
        s.stripe[LOGIN] = STOPPED
        s.webhook("fca_2", relinkable())
        s.perform_reads()
    stopped = s.now + 60
    s.stripe[LOGIN] = active()
    s.wait(120)
    s.webhook("fca_1", active())
    s.webhook("fca_1", relinkable(), created=stopped)
    assert [type(read) for read in s.due_reads] == ([] if is_alone else [RetrieveAuthorization])
    s.perform_reads()
    assert s.authorization(LOGIN).state == "active"


def test_K1_an_authorization_is_read_when_a_late_report_shows_that_it_had_ended_too() -> None:
    """An account is closed. That its bank login ended meanwhile comes late."""
    s = knowing(active())
    s.webhook("fca_1", unrepairable(cause="closed"))
    s.perform_reads()
    s.stripe[LOGIN] = STOPPED
    ended = s.now + 60
    s.wait(120)
    s.authorization_webhook(LOGIN, None)
    s.perform_reads()
    assert s.authorization(LOGIN).state == "inactive_relinkable"
    s.stripe[LOGIN] = active()
    s.webhook("fca_1", unrepairable(cause="closed"))
    s.webhook("fca_1", relinkable(cause="access_expired"), created=ended)
    s.perform_reads()
    assert s.authorization(LOGIN).state == "active"

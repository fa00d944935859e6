"""What becomes of an account on each event in each state: the S rules as a table.

The model below restates the rules. The chart of accounts has to decide the same, for every
combination of what the rules look at, also where no history of the other tests leads.
"""

from itertools import product
from typing import Any

import pytest

from relink.machines.messages import (
    SessionRelinked,
)
from relink.machines.vocabulary import AccountState, ReportedStatus

from .decided import (
    KINDS,
    KNOWN_AT,
    SENT,
    WITH_SESSION,
    YES_OR_NO,
    account,
    decide,
    report,
    request,
    sends,
)

# ── reports (S1 to S4, S6, S7) ───────────────────────────────────────────────

AUTHORIZATIONS: dict[str, dict[str, Any]] = {
    "known": {},
    "known to be none": {"authorization": None},
    "never told": {"authorization": None, "included_at": {"authorization": -1}},
}


def after_report(state: str, kind: str, session: str, authorization: str) -> str:
    """The rules, for a report that counts."""
    if state == "disconnected" or kind == "disconnected":
        return "disconnected"
    if state == "new_account_linked":
        return state
    is_down_already = state.startswith("inactive") or state == "relinking"
    match kind:
        case "active" if session == "opened while active" and state != "relinked":
            return "active" if state == "active" else "relinking"
        case "active":
            return "active"
        case "relinkable" if authorization == "never told":
            return state if is_down_already else "inactive_unrepairable"
        case "relinkable":
            return "inactive_relinkable" if session == "none" else "relinking"
        case "inactive":
            return state if is_down_already else "inactive_unrepairable"
    return "inactive_unrepairable"


SESSIONS_IN = {
    "relinking": ("opened while down", "opened while active"),
    "inactive_relinkable": ("none",),
    "disconnected": ("none",),
}
"""Whether a session can be open in a state; in any other state, it can or cannot be."""


@pytest.mark.parametrize("state", AccountState)
@pytest.mark.parametrize("kind", KINDS)
def test_S1_S4_S6_S7_a_report_that_counts_leads_where_the_rules_say(state: str, kind: str) -> None:
    for session, key in product(SESSIONS_IN.get(state, WITH_SESSION), AUTHORIZATIONS):
        known = account(state, **WITH_SESSION[session], **AUTHORIZATIONS[key])
        decision = decide(known, report(kind))
        case = (state, kind, session, key)
        assert decision.state == after_report(*case), case
        if state == "disconnected":
            continue
        assert decision.facts.reported_status == kind, case
        assert decision.facts.as_of == KNOWN_AT + 10, case
        if kind != known.facts.reported_status and kind != "disconnected":
            assert ("account", "review_due") in sends(decision), case


@pytest.mark.parametrize("state", [each for each in AccountState if each != "disconnected"])
@pytest.mark.parametrize("kind", KINDS)
def test_K3_K4_a_report_that_is_old_or_too_close_leaves_the_state(state: str, kind: str) -> None:
    for by_read, read, later in product(YES_OR_NO, YES_OR_NO, (-9, -3, -2, -1, 0, 1, 2)):
        known = account(state, by_read=by_read)
        status = known.facts.reported_status
        if kind == status or "inactive" in (kind, status):
            continue
        decision = decide(known, report(kind, later, read=read))
        case = (state, kind, by_read, read, later)
        is_close = abs(later) <= (2 if by_read or read else 0)
        if later < 0 or is_close:
            assert decision.state == state, case
            assert decision.facts.reported_status is status, case
        asks = ("read", "read_wanted") in sends(decision)
        assert asks == is_close, case
        if is_close:
            [wanted] = [c.event for c in decision.commands if getattr(c, "machine", "") == "read"]
            assert wanted.after == KNOWN_AT + max(later, 0) + 3, case  # type: ignore[attr-defined]
            assert wanted.reason == "contradiction", case  # type: ignore[attr-defined]


# ── reports and a repair (S5) ────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["active", "relinked"])
@pytest.mark.parametrize("kind", ["relinkable", "unrepairable", "inactive"])
def test_S5_an_inactivity_counts_after_the_repair_and_not_before(state: str, kind: str) -> None:
    repaired = KNOWN_AT + 100
    for by_read, read, later in product(YES_OR_NO, YES_OR_NO, (-9, -3, -2, -1, 0, 1, 2, 3, 9)):
        known = account(
            state,
            reported_status=ReportedStatus.DISCONNECTED if state == "relinked" else "active",
            repaired_as_of=repaired,
            repaired_by_read=by_read,
        )
        facts = known.facts.after({"reported_status": ReportedStatus.ACTIVE})
        decision = decide(known._replace(facts=facts), report(kind, 100 + later, read=read))
        case = (state, kind, by_read, read, later)
        if abs(later) <= (2 if by_read or read else 0):
            assert decision.state == state, case
            assert ("read", "read_wanted") in sends(decision), case
        elif later < 0:
            assert decision.state == "relinked", case
        else:
            expected = "inactive_relinkable" if kind == "relinkable" else "inactive_unrepairable"
            assert decision.state == expected, case


@pytest.mark.parametrize("later", [-1, 0, 1])
def test_S5_a_repair_that_an_active_report_has_confirmed_is_no_longer_in_doubt(later: int) -> None:
    known = account("active", repaired_as_of=KNOWN_AT - later, repaired_by_read=True)
    decision = decide(known, report("relinkable", 1))
    was_confirmed = later > 0
    assert decision.state == ("inactive_relinkable" if was_confirmed else "active")


def test_S5_a_result_undoes_no_inactivity_that_is_known_to_be_newer() -> None:
    cases = product(YES_OR_NO, YES_OR_NO, (-9, -3, -2, -1, 0, 1, 2, 3), YES_OR_NO, YES_OR_NO)
    for by_read, read, later, own, repairable in cases:
        known = account(
            "relinking",
            by_read=by_read,
            repairable=repairable,
            session="fcsess_1" if own else "fcsess_2",
            request=request(),
        )
        # How much later than the result the inactivity was reported.
        trigger = SessionRelinked(
            session="fcsess_1",
            attempt=1,
            account="fca_1",
            as_of=KNOWN_AT - later,
            read=read,
            **SENT,
        )
        decision = decide(known, trigger)
        case = (by_read, read, later, own, repairable)
        stopped = later > (2 if read or by_read else 0) or (by_read and later >= 0)
        down = "inactive_relinkable" if repairable else "inactive_unrepairable"
        expected = "relinked" if not stopped else down if own else "relinking"
        assert decision.state == expected, case
        is_over = own or not stopped
        if own:
            assert decision.facts.session is None, case
        assert (decision.facts.repaired_as_of == trigger.as_of) == (not stopped), case
        assert (("account", "review_due") in sends(decision)) == is_over, case

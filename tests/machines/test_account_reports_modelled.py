"""S1 to S7, K3 to K5, K8: what an account does with each report, whenever it comes: a plain model.

Times are counted from the latest report. Each test varies some of what the rules look at, meets
each bound exactly, and compares the whole decision.
"""

from itertools import product
from typing import Any

import pytest

from relink.engine import Snapshot
from relink.machines import relink_system
from relink.machines.account.facts import AccountFacts, KnownPaymentMethod, OwnershipCheck
from relink.machines.account.timeline import Told
from relink.machines.report import Holder, StatusReport
from relink.machines.reported import LinkReported
from relink.machines.vocabulary import (
    AccountState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

from .decided import AT, KINDS, KNOWN_AT, WITH_SESSION, YES_OR_NO, account
from .modelled import SENT, compare
from .report_model import STOPPED, of_report

STATES = tuple(AccountState)
READ_OR_NOT = ((False, False), (True, False), (True, True))
"""A webhook, the answer to a read, and one that began long enough after all that is known."""

# ── when it counts ───────────────────────────────────────────────────────────

STATUSES = {
    "active": ("active", "relinkable"),
    "inactive_relinkable": STOPPED,
    "inactive_unrepairable": (None, *STOPPED),
    "relinking": ("active", *STOPPED),
    "relinked": ("active", "relinkable", "inactive"),
    "new_account_linked": ("active", *STOPPED),
    "disconnected": ("disconnected",),
}
"""What the latest report of an account may have said that is in this state."""


def known(state: str, status: str | None, **facts: Any) -> Snapshot[AccountFacts]:
    said = ReportedStatus(status) if status else None
    repairable = {"relinkable": True, "unrepairable": False, "disconnected": False}
    usual = {"reported_status": said, "repairable": repairable.get(status or "")}
    usual |= {"as_of": KNOWN_AT if status else -1, "first_seen_at": 7.0 if status else None}
    return account(state, **{**usual, **facts})


def report(kind: str, later: int = 10, **said: Any) -> LinkReported:
    is_read, decides = said.pop("how", (False, False))
    content = StatusReport(**said)
    when = {"as_of": KNOWN_AT + later, "read": is_read, "decides": decides}
    return KINDS[kind](report=content, **when, **SENT)


def check(now: Snapshot[AccountFacts], event: LinkReported) -> None:
    compare("account", now, event, of_report(now, event))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_K3_K4_a_report_counts_if_nothing_newer_or_as_new_contradicts_it(
    state: str, kind: str
) -> None:
    events = [
        report(kind, later, how=how, last4="1234", cause="new")
        for later, how in product((-3, -2, -1, 0, 1, 2, 3), READ_OR_NOT)
    ]
    for status, by_read in product(STATUSES[state], YES_OR_NO):
        for event in events:
            check(known(state, status, by_read=by_read), event)


@pytest.mark.parametrize("state", ["active", "relinked"])
@pytest.mark.parametrize("kind", KINDS)
def test_S5_a_report_counts_if_it_is_newer_than_the_repair(state: str, kind: str) -> None:
    events = [
        report(kind, later, how=how)
        for later, how in product((-3, -2, -1, 0, 1, 2, 3), READ_OR_NOT)
    ]
    for status, by_read, as_of in product(("active", "relinkable"), YES_OR_NO, (-9, -1, 0, 1)):
        facts = {"repaired_as_of": KNOWN_AT, "repaired_by_read": by_read, "as_of": KNOWN_AT + as_of}
        for event in events:
            check(known(state, status, **facts), event)


# ── where it leads, and who is told ──────────────────────────────────────────

AUTHORIZATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"authorization": None},
    {"authorization": None, "included_at": {"authorization": -1}},
)
SAID: tuple[dict[str, Any], ...] = (
    {},
    {"authorization": None},
    {"authorization": "fcauth_1"},
    {"authorization": "fcauth_2", "action": "none"},
    {"action": "new", "cause": "other"},
    {"action": None},
)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_S1_S7_K8_a_report_that_counts_moves_it_and_its_authorization_learns_of_it(
    state: str, kind: str
) -> None:
    login = {"login_announced": True, "login_deactivates_on": AT, "login_as_of": 9, "action": "new"}
    status = STATUSES[state][-1]
    for session, key in product(WITH_SESSION.values(), AUTHORIZATIONS):
        for said, how in product(SAID, READ_OR_NOT[:2]):
            check(known(state, status, **session, **key, **login), report(kind, how=how, **said))


TIMELINES: tuple[tuple[tuple[int, bool, str | None], ...], ...] = (
    (),
    ((-50, True, None), (0, False, "a")),
    ((-50, False, "a"), (-30, True, None), (0, False, None)),
    ((-50, False, "a"), (-30, False, None), (0, True, None)),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("timeline", TIMELINES)
def test_K1_its_authorization_learns_of_what_a_late_report_shows(
    kind: str, timeline: tuple[tuple[int, bool, str | None], ...]
) -> None:
    before = tuple(Told(KNOWN_AT + at, works, cause) for at, works, cause in timeline)
    states = {"active": "active", "inactive_unrepairable": "unrepairable"}
    states["relinking"] = "inactive"
    for (state, status), later in product(states.items(), (-60, -50, -40, -20, 10)):
        for known_cause, cause, how in product((None, "a"), (None, "a", "b"), READ_OR_NOT[:2]):
            facts = {"timeline": before, "cause": known_cause, "included_at": {"action": -1}}
            now = known(state, status, **facts, repairable=None)
            check(now, report(kind, later, how=how, cause=cause))


def test_the_first_report_of_an_account_makes_it_known() -> None:
    new = relink_system().tables["account"].start(AccountFacts(id="fca_1")).snapshot
    assert new.state == "inactive_unrepairable"
    for kind, how in product(KINDS, READ_OR_NOT):
        for said in ({}, {"authorization": "fcauth_2"}, {"action": "new"}):
            check(new, report(kind, -KNOWN_AT, how=how, **said))


# ── its details, each by its own latest source (K3 to K5) ────────────────────

VALUES: dict[str, tuple[Any, Any]] = {
    "action": ("none", "new"),
    "cause": ("a", "b"),
    "deactivates_on": (AT + 5, KNOWN_AT + 1),
    "authorization": ("fcauth_1", "fcauth_2"),
    "holder": (Holder(field="customer", id="cus_1"), Holder(field="account", id="acct_1")),
    "last4": ("1234", "5678"),
}
PAIRS = (
    ("active", "active"),
    ("active", "relinkable"),
    ("relinkable", "relinkable"),
    ("relinkable", "inactive"),
    ("inactive", "unrepairable"),
)


SOURCES = (
    *product((None, -1), YES_OR_NO),
    (KNOWN_AT - 4, False),
    (KNOWN_AT - 3, False),
)
"""When it was told last, if not by the latest report; and whether that left out anything else."""


@pytest.mark.parametrize("field", VALUES)
@pytest.mark.parametrize("pair", PAIRS)
def test_K3_K4_K5_each_detail_is_as_its_latest_report_says(
    field: str, pair: tuple[str, str]
) -> None:
    (status, kind), (old, new) = pair, VALUES[field]
    login = {"login_announced": True, "login_deactivates_on": AT, "login_as_of": 9}
    login = login if field == "authorization" else {}
    state = {"active": "active", "relinkable": "inactive_relinkable"}.get(status, "relinking")
    events = [
        report(kind, later, how=how, **{field: value})
        for later, how, value in product(
            (-4, -2, -1, 0, 1, 2, 3), READ_OR_NOT[:2], (None, old, new)
        )
    ]
    events.append(report(kind, -1, how=(True, True), **{field: new}))
    for told, other in SOURCES:
        included = {"institution_name": 5} if other else {}
        included |= {} if told is None else {field: told}
        for event in events:
            check(known(state, status, **{field: old}, **login, included_at=included), event)


# ── a report that repeats what is known ──────────────────────────────────────

NEW_METHOD = KnownPaymentMethod(
    state=PaymentMethodState.MANDATE_NEEDED, reason="new_account", mandate_due="new_account"
)
FIT = {
    "subcategory": "checking",
    "permissions": ("payment_method",),
    "payment_method_types": ("us_bank_account",),
    "holder": VALUES["holder"][0],
}
WAITS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a session": {
        "pending_checks": (
            OwnershipCheck(
                session="fcsess_2",
                holder=None,
                old_holder=None,
                opened_at=5.0,
                as_of=6,
                read=True,
            ),
        )
    },
    "a build": {"build_for": "fcsess_3"},
    "its replacement": {"replaced_by": "fca_2"},
    "its number": {"number": NumberStatus.LAPSED},
    "a day": {"deactivates_on": KNOWN_AT + 5},
    "a day of its authorization": {"login_announced": True, "login_deactivates_on": AT},
    "a mandate": {"payment_methods": {"pm_1": NEW_METHOD}},
    "a mandate that was asked for": {
        "payment_methods": {"pm_1": NEW_METHOD},
        "mandates_requested": frozenset({"pm_1"}),
    },
}


@pytest.mark.parametrize("waits", WAITS)
@pytest.mark.parametrize("status", ["active", "relinkable"])
def test_a_report_that_repeats_what_is_known_is_followed_up_where_something_waits(
    waits: str, status: str
) -> None:
    unfit = {**FIT, "subcategory": "credit_card"}
    state = "active" if status == "active" else "inactive_relinkable"
    for before, how, kind in product((FIT, unfit), READ_OR_NOT, ("active", "relinkable")):
        for said in ({}, {"last4": "1234"}, {"subcategory": "checking"}, {"cause": "b"}):
            check(known(state, status, **before, **WAITS[waits]), report(kind, how=how, **said))
        announced = {"deactivation_action": (None, "relink_required")}
        for field, (_, new) in {**VALUES, **announced}.items():
            check(known(state, status, **{**before, **WAITS[waits]}), report(kind, **{field: new}))


# ── it is gone (S7) ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [each for each in STATES if each != "disconnected"])
def test_S7_R6_a_session_that_waits_for_one_that_goes_is_answered(state: str) -> None:
    for how, told_at in product(READ_OR_NOT, (-1, 0)):
        facts = {**WAITS["a session"], "included_at": {"holder": told_at}}
        check(known(state, STATUSES[state][-1], **facts), report("disconnected", how=how))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("timeline", TIMELINES)
def test_S6_S7_a_late_report_may_show_that_it_had_come_back_before_it_went(
    kind: str, timeline: tuple[tuple[int, bool, str | None], ...]
) -> None:
    before = tuple(Told(KNOWN_AT + at, works, cause) for at, works, cause in timeline)
    for replaced, repaired, returned in product((None, "fca_2"), (-31, -30), YES_OR_NO):
        for later, how in product((-60, -45, -20, -1, 0, 1), READ_OR_NOT):
            facts = {
                "timeline": before,
                "replaced_by": replaced,
                "replaced_as_of": KNOWN_AT - 30,
                "repaired_as_of": KNOWN_AT + repaired,
                "has_returned": returned,
            }
            check(known("disconnected", "disconnected", **facts), report(kind, later, how=how))

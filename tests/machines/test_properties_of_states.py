"""Which steps break the properties of states, and which only nearly do.

Each test tries every combination of a few values, and lists those that break the rule. All others
keep it.
"""

from itertools import product
from typing import Any

import pytest

from relink.machines.account import AccountFacts
from relink.machines.account_number import AccountNumberFacts
from relink.machines.authorization import AuthorizationFacts
from relink.machines.events import AccountResumed, AccountRetired
from relink.machines.messages import (
    NewAccountLinkedInstead,
    NumberChanged,
    SessionRelinked,
)
from relink.machines.report import StatusReport
from relink.machines.reported import (
    LinkReported,
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnrepairable,
)
from relink.machines.vocabulary import (
    AccountState,
    NumberStatus,
    ReportedStatus,
)

from .decided import request
from .made_step import AT, MadeStep, broken

KNOWN_AT = AT - 1_000
STATES = list(AccountState)
STATUSES = [None, *ReportedStatus]
YES_OR_NO = (False, True)


def account(**facts: Any) -> AccountFacts:
    known = {"reported_status": ReportedStatus.ACTIVE, "as_of": KNOWN_AT}
    return AccountFacts(id="fca_1").after(known | facts)


def of_account(facts: AccountFacts, state: str = "active") -> MadeStep:
    return MadeStep().after("account", state, facts)


DOWN = {"relinkable", "inactive"}

AGREE: dict[str, tuple[type[Any], list[Any], dict[str, set[str | None]]]] = {
    "account": (
        AccountFacts,
        STATUSES,
        {
            "active": {"active"},
            "inactive_relinkable": DOWN,
            "inactive_unrepairable": {None, "unrepairable", *DOWN},
            "relinking": {"active", *DOWN},
            "relinked": set(STATUSES),
            "new_account_linked": set(STATUSES),
            "disconnected": {"disconnected"},
        },
    ),
    "authorization": (
        AuthorizationFacts,
        STATUSES,
        {
            "active": {None, "active"},
            "inactive_relinkable": DOWN,
            "inactive_unrepairable": {"unrepairable", "inactive"},
            "relinking": set(STATUSES),
            "relinked": set(STATUSES),
            "disconnected": {"disconnected"},
        },
    ),
    "account_number": (
        AccountNumberFacts,
        [None, *NumberStatus],
        {
            "transactable": {None, "transactable"},
            "pending": {"pending"},
            "expiring": {"expiring"},
            "lapsed": {"lapsed"},
            "refreshing": {"pending", "expiring", "lapsed"},
        },
    ),
}
"""What the latest report can say in each state (S1, S2)."""


@pytest.mark.parametrize("machine", AGREE)
def test_S1_S2_a_state_says_what_the_latest_report_says(machine: str) -> None:
    kind, statuses, agree = AGREE[machine]
    found = broken(
        "state_agrees_with_report",
        lambda state, status: MadeStep().after(
            machine, state, kind(id="x_1").after({"reported_status": status})
        ),
        agree,
        statuses,
    )
    every = product(agree, statuses)
    assert found == {(state, status) for state, status in every if status not in agree[state]}


def test_S2_a_relinkable_account_with_an_authorization_is_not_unrepairable() -> None:
    found = broken(
        "repairable_account_is_relinkable",
        lambda state, status, key: of_account(
            account(reported_status=status, authorization=key), state
        ),
        STATES,
        STATUSES,
        [None, "fcauth_1"],
    )
    assert found == {("inactive_unrepairable", "relinkable", "fcauth_1")}


KINDS = {
    "active": ReportedActive,
    "relinkable": ReportedRelinkable,
    "unrepairable": ReportedUnrepairable,
    "inactive": ReportedInactive,
    "disconnected": ReportedDisconnected,
}


def report(kind: type[LinkReported], later: int = 10, **fields: Any) -> LinkReported:
    said = {"read": False, "report": StatusReport(), **fields}
    return kind(causation_id="evt_1", at=AT, as_of=KNOWN_AT + later, **said)


def test_S2_status_and_action_decide_what_a_report_is_taken_for() -> None:
    left_out = "left out"

    def make(status: str, action: str | None, taken_for: str) -> MadeStep:
        said = {} if action == left_out else {"action": action}
        trigger = report(KINDS[taken_for], report=StatusReport(status=status, **said))
        return MadeStep().decision("account", trigger, ("active", account()))

    actions = [left_out, None, "none", "relink_required", "unheard_of"]
    statuses = ["active", "inactive", "disconnected", "unheard_of"]
    found = broken("report_is_sorted_by_what_it_says", make, statuses, actions, KINDS)
    right = {
        (status, action, status) for status in ("active", "disconnected") for action in actions
    }
    right |= {("inactive", action, "unrepairable") for action in (None, "none", "unheard_of")}
    right |= {("inactive", left_out, "inactive"), ("inactive", "relink_required", "relinkable")}
    assert found == set(product(statuses, actions, KINDS)) - right


def test_S3_S4_an_account_is_relinking_while_its_session_is_open() -> None:
    found = broken(
        "account_is_relinking_while_its_session_is_open",
        lambda state, session, asked, while_active: of_account(
            account(
                session=session,
                request=request() if asked else None,
                opened_while_active=while_active,
            ),
            state,
        ),
        STATES,
        [None, "fcsess_1"],
        YES_OR_NO,
        YES_OR_NO,
    )
    every = product((None, "fcsess_1"), YES_OR_NO, YES_OR_NO)
    assert found == (
        {("relinking", *each) for each in every if each[:2] != ("fcsess_1", True)}
        | {("inactive_relinkable", "fcsess_1", *each) for each in product(YES_OR_NO, YES_OR_NO)}
        | {("active", "fcsess_1", asked, True) for asked in YES_OR_NO}
    )


def test_S3_an_authorization_or_a_number_waits_for_a_session_only_while_one_is_open() -> None:
    states = ["active", "inactive_relinkable", "relinking", "relinked", "disconnected"]
    found = broken(
        "authorization_is_relinking_while_a_session_is_open",
        lambda state, sessions: MadeStep().after(
            "authorization", state, AuthorizationFacts(id="fcauth_1").after({"sessions": sessions})
        ),
        states,
        [frozenset(), frozenset({"fcsess_1"})],
    )
    assert found == {("relinking", frozenset())}

    found = broken(
        "number_is_refreshing_while_a_session_is_open",
        lambda number, state, session: (
            MadeStep()
            .after("account_number", number, AccountNumberFacts(id="fca_1"))
            .after("account", state, account(session=session))
        ),
        ["transactable", "pending", "expiring", "lapsed", "refreshing"],
        [None, "active", "relinking", "disconnected"],
        [None, "fcsess_1"],
    )
    assert found == {
        (number, state, None if number == "refreshing" else "fcsess_1")
        for number in ("pending", "expiring", "lapsed", "refreshing")
        for state in ("active", "relinking")
    }


def test_S6_a_replaced_account_names_its_replacement_and_goes_on_to() -> None:
    def make(had: str, state: str, has: str | None) -> MadeStep:
        step = MadeStep()
        if had != "absent":
            step.before("account", "active", account(replaced_by=had or None))
        return step.after("account", state, account(replaced_by=has))

    hads, names = ["absent", "", "fca_2"], [None, "fca_2", "fca_3"]
    found = broken("replaced_account_names_its_replacement", make, hads, STATES, names)
    assert found == {
        (had, state, None)
        for had in hads
        for state in STATES
        if had == "fca_2" or state == "new_account_linked"
    }


def test_S6_a_session_that_is_no_later_undoes_no_replacement() -> None:
    def make(kind: str, attempt: int, was: str, now: str) -> MadeStep:
        sent = {"causation_id": "evt_1", "at": AT, "session": "fcsess_1", "as_of": AT}
        trigger: Any = SessionRelinked(attempt=attempt, account="fca_1", read=True, **sent)
        if kind == "replaced":
            trigger = NewAccountLinkedInstead(attempt=attempt, new="fca_2", **sent)
        facts = account(replaced_attempt=2)
        return MadeStep().decision("account", trigger, (was, facts), (now, facts))

    states = ["new_account_linked", "relinked", "active"]
    found = broken(
        "earlier_session_undoes_no_replacement",
        make,
        ["relinked", "replaced"],
        [1, 2, 3],
        states,
        states,
    )
    assert found == {
        ("relinked", attempt, "new_account_linked", now) for attempt in (1, 2) for now in states[1:]
    }


def test_S7_a_disconnected_account_stays_so_and_learns_only_what_it_may() -> None:
    sent = {"causation_id": "evt_1", "at": AT}
    instead = {"session": None, "attempt": None, "new": "fca_2", "as_of": AT}
    told = {
        "retired": AccountRetired(account="fca_1", **sent),
        "resumed": AccountResumed(account="fca_1", **sent),
        "replaced": NewAccountLinkedInstead(**instead, **sent),
        "earlier": report(ReportedActive, -1),
        "same second": report(ReportedActive, 0),
        "later": report(ReportedActive, 1),
        "number": NumberChanged(status=NumberStatus.LAPSED, expires_on=None, **sent),
    }

    def make(was: str, now: str, changes: bool, by: str) -> MadeStep:
        facts = account(subcategory="savings") if changes else account()
        return MadeStep().decision("account", told[by], (was, account()), (now, facts))

    states = ["active", "disconnected"]
    found = broken("disconnected_is_final", make, states, states, YES_OR_NO, told)
    assert found == {
        ("disconnected", now, changes, by)
        for now in states
        for changes in YES_OR_NO
        for by in told
        if now == "active" or (changes and by in ("same second", "later", "number"))
    }


def test_S7_only_an_unambiguous_report_of_it_disconnects() -> None:
    def make(was: str, now: str, kind: str, later: int, read: bool) -> MadeStep:
        trigger = report(KINDS[kind], later, read=read)
        return MadeStep().decision("account", trigger, (was, account()), (now, account()))

    states, kinds, seconds = (
        ["active", "disconnected"],
        ["disconnected", "relinkable"],
        range(-3, 4),
    )
    found = broken("disconnected_is_certain", make, states, states, kinds, seconds, YES_OR_NO)
    assert found == {
        ("active", "disconnected", kind, later, read)
        for kind in kinds
        for later in seconds
        for read in YES_OR_NO
        if kind == "relinkable" or abs(later) <= (2 if read else 0)
    }

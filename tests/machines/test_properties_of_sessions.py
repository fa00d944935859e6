"""Which steps break the properties of sessions, and of requests for them, and which only nearly do.

Each test tries every combination of a few values, and lists those that break the rule. All others
keep it.
"""

from typing import Any

from relink.engine import Facts, Send
from relink.machines import RelinkPolicy
from relink.machines.account import AccountFacts
from relink.machines.commands import (
    CreateRelinkSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import ReadRequested, RelinkRequested
from relink.machines.messages import ReviewDue
from relink.machines.session import SessionFacts
from relink.machines.vocabulary import (
    AccountState,
    ReportedStatus,
)

from .made_step import AT, MadeStep, broken
from .reports import CONNECTED, CUSTOMER

STATES = list(AccountState)
ABSENT = "absent"
YES_OR_NO = (False, True)
PERMISSIONS = [None, (), ("balances",), ("payment_method", "balances"), ("ownership",)]


def account(**facts: Any) -> AccountFacts:
    return AccountFacts(id="fca_1").after({"reported_status": ReportedStatus.ACTIVE, **facts})


def request(**fields: Any) -> CreateRelinkSession:
    usual = {"account": "fca_1", "attempt": 1, "authorization": "fcauth_1", "mode": "specific"}
    usual |= {"reason": "inactive", "holder": CUSTOMER, "permissions": ("payment_method",)}
    usual |= {"subcategories": ("checking",), "delivery": "modal", "return_url": None}
    return CreateRelinkSession(**{**usual, **fields})


# ── sessions ─────────────────────────────────────────────────────────────────

SESSION_STATES = ["open", "succeeded", "failed", "cancelled", "abandoned", "superseded"]


def session(key: str = "fcsess_1", **facts: Any) -> SessionFacts:
    return SessionFacts(id=key).after({"request": request(), **facts})


def test_R1_an_account_lets_go_of_a_session_only_when_it_is_over() -> None:
    def make(had: str | None, has: str | None, state: str | None) -> MadeStep:
        step = MadeStep().after("session", state, session())
        if had != ABSENT:
            step.before("account", "relinking", account(session=had))
        return step.after("account", "active", account(session=has))

    found = broken(
        "account_keeps_its_open_session",
        make,
        [ABSENT, None, "fcsess_1", "fcsess_2"],
        [None, "fcsess_1", "fcsess_2"],
        [None, *SESSION_STATES],
    )
    assert found == {("fcsess_1", None, "open"), ("fcsess_1", "fcsess_2", "open")}


def test_R1_an_open_session_is_the_one_that_its_account_names() -> None:
    def make(state: str, is_ours: bool, account_state: str | None, names: str | None) -> MadeStep:
        facts = session(request=request() if is_ours else None)
        step = MadeStep().after("session", state, facts)
        return step.after("account", account_state, account(session=names))

    found = broken(
        "open_session_is_its_accounts",
        make,
        SESSION_STATES,
        YES_OR_NO,
        [None, "active", "relinking", "disconnected"],
        [None, "fcsess_1", "fcsess_2"],
    )
    assert found == {
        ("open", True, state, names)
        for state in ("active", "relinking")
        for names in (None, "fcsess_2")
    }


def test_R1_a_session_that_is_returned_to_a_caller_is_open() -> None:
    def make(state: str | None) -> MadeStep:
        again = {"session": "fcsess_1", "reason": "asked_again", "dedup_key": "req_1"}
        step = MadeStep().after("session", state, session(), decides=False)
        return step.asks(RetrieveSessionForCaller(**again))

    found = broken("returned_session_is_open", make, [None, *SESSION_STATES])
    assert found == {(state,) for state in [None, *SESSION_STATES] if state != "open"}


def decided_on_session(machine: str, was: str, now: str, facts: Facts, *commands: Any) -> MadeStep:
    trigger = ReviewDue(causation_id="evt_1", at=AT)
    return MadeStep().decision(machine, trigger, (was, facts), (now, facts), *commands)


def test_R2_an_open_session_is_abandoned_after_its_deadline_only() -> None:
    def make(machine: str, was: str, now: str, overdue: bool) -> MadeStep:
        return decided_on_session(machine, was, now, session(overdue=overdue))

    found = broken(
        "session_is_abandoned_only_after_its_deadline",
        make,
        ["session", "build"],
        SESSION_STATES,
        SESSION_STATES,
        YES_OR_NO,
    )
    assert found == {("session", "open", "abandoned", False)}


def wanted(*keys: str, machine: str = "read") -> list[Send]:
    event = ReviewDue(causation_id="evt_1", at=AT)
    return [Send(machine=machine, key=key, event=event) for key in keys]


def test_R5_a_session_that_ends_has_its_account_and_its_authorization_read() -> None:
    def make(machine: str, now: str, is_ours: bool, read: tuple[str, ...]) -> MadeStep:
        facts = session(request=request() if is_ours else None)
        asked = wanted(*(key for key in read if key != "told"))
        if "told" in read:
            asked += wanted("fca_1", "fcauth_1", machine="account")
        return decided_on_session(machine, "open", now, facts, *asked)

    both, none = ("fca_1", "fcauth_1"), ("told",)
    reads = [both, both[:1], both[1:], none, ()]
    name = "end_of_a_session_is_followed_by_reads"
    found = broken(name, make, ["session", "build"], SESSION_STATES, YES_OR_NO, reads)
    ends = set(SESSION_STATES) - {"open", "superseded"}
    assert found == {("session", now, True, read) for now in ends for read in reads[1:]}


def test_R6_only_a_session_of_ours_ends() -> None:
    def make(was: str, now: str, is_ours: bool) -> MadeStep:
        facts = session(request=request() if is_ours else None)
        return decided_on_session("session", was, now, facts)

    found = broken("only_a_session_of_ours_ends", make, SESSION_STATES, SESSION_STATES, YES_OR_NO)
    assert found == {
        (was, now, False)
        for was in SESSION_STATES
        for now in SESSION_STATES
        if now != was and now not in ("open", "superseded")
    }


# ── requests for sessions ────────────────────────────────────────────────────


def asked_for(facts: AccountFacts, state: str | None = "active", **fields: Any) -> MadeStep:
    trigger = RelinkRequested(causation_id="req_1", at=AT, account="fca_1")
    return MadeStep(trigger).after("account", state, facts).asks(request(**fields))


def test_R7_every_session_asks_for_payment_method() -> None:
    choices = [each for each in PERMISSIONS if each is not None]
    found = broken(
        "session_asks_for_payment_method",
        lambda asked: asked_for(account(), permissions=asked),
        choices,
    )
    assert found == {(each,) for each in choices if "payment_method" not in each}


def test_R7_the_request_decides_on_permissions_then_the_open_session_then_the_account() -> None:
    def make(
        source: str, chosen: tuple[str, ...], asked: tuple[str, ...], open_session: str | None
    ) -> MadeStep:
        by_request = chosen if source == "request" else None
        by_session = chosen if source == "session" else ("ownership",)
        by_account = chosen if source in ("account", "read") else None
        policy = RelinkPolicy(permissions=chosen if source == "policy" else ("ownership",))
        if source == "request":
            by_account = ("ownership",)
        common = {"causation_id": "req_1", "at": AT, "policy": policy}
        trigger: Any = RelinkRequested(account="fca_1", permissions=by_request, **common)
        if source == "read":
            trigger = ReadRequested(kind="account", id="fca_1", **common)
        remembered = {
            "session": open_session,
            "request": request(permissions=by_session) if open_session else None,
            "permissions": by_account,
        }
        step = MadeStep(trigger).after("account", "active", account(**remembered))
        return step.asks(request(permissions=asked))

    sets = [("balances",), ("balances", "payment_method"), ("transactions", "balances"), ()]
    for source in ("request", "session", "account", "read", "policy"):
        sessions = ["fcsess_1"] if source == "session" else [None]
        chosen = [each for each in sets if each or source not in ("policy", "request")]
        name = "session_keeps_permissions"
        found = broken(name, lambda *v, s=source: make(s, *v), chosen, sets, sessions)
        assert found == {
            (wish, asked, each)
            for wish in chosen
            for asked in sets
            for each in sessions
            if {*wish, "payment_method"} != {*asked, "payment_method"}
        }, source


def test_R7_what_a_session_that_is_over_asked_for_counts_no_more() -> None:
    def make(open_session: str | None, asked: str) -> MadeStep:
        earlier = request(permissions=("balances",))
        facts = account(session=open_session, request=earlier, permissions=("ownership",))
        return asked_for(facts, permissions=(asked,))

    found = broken("session_keeps_permissions", make, [None, "fcsess_1"], ["balances", "ownership"])
    assert found == {(None, "balances"), ("fcsess_1", "ownership")}


def test_R8_R9_a_session_is_for_the_accounts_holder_and_authorization() -> None:
    holders = [None, CUSTOMER, CONNECTED]
    found = broken(
        "session_is_for_the_accounts_holder",
        lambda state, own, asked: asked_for(account(holder=own), state, holder=asked),
        [None, "active"],
        holders,
        holders,
    )
    assert found == {("active", a, b) for a in holders for b in holders if a != b}

    keys = ["", "fcauth_1", "fcauth_2"]
    found = broken(
        "session_relinks_the_accounts_authorization",
        lambda own, asked: asked_for(account(authorization=own), authorization=asked),
        [None, *keys],
        keys,
    )
    same = {("fcauth_1", "fcauth_1"), ("fcauth_2", "fcauth_2")}
    assert found == {(own, asked) for own in [None, *keys] for asked in keys} - same


def test_R9_a_session_is_for_an_account_that_a_relink_mends_and_for_a_reason() -> None:
    found = broken(
        "session_is_for_an_account_that_can_be_relinked",
        lambda state: asked_for(account(), state),
        [None, *STATES],
    )
    possible = {"active", "inactive_relinkable", "relinking"}
    assert found == {(state,) for state in STATES if state not in possible}

    reasons = ["inactive", "number_lapsed", "new_permissions"]
    found = broken(
        "session_for_an_active_account_has_a_reason",
        lambda state, reason: asked_for(account(), state, reason=reason),
        STATES,
        reasons,
    )
    assert found == {("active", "inactive")}

"""Which steps break the properties of prompts, and which only nearly do.

Each test tries every combination of a few values, and lists those that break the rule. All others
keep it.
"""

from typing import Any

import pytest

from relink.machines.account import AccountFacts
from relink.machines.account.facts import AccountOutage, ReportedNeeds
from relink.machines.commands import (
    NotifyCustomer,
    RequestNewPaymentMethod,
)
from relink.machines.messages_due import Need
from relink.machines.outage import OutageFacts
from relink.machines.vocabulary import (
    AccountState,
    ReportedStatus,
)

from .made_step import AT, POLICY, MadeStep, broken

STATES = list(AccountState)
ABSENT = "absent"
YES_OR_NO = (False, True)


def account(**facts: Any) -> AccountFacts:
    return AccountFacts(id="fca_1").after({"reported_status": ReportedStatus.ACTIVE, **facts})


def needs(*what: str) -> ReportedNeeds | None:
    """What an account told its outage that it needs."""
    nothing = dict.fromkeys(("cause", "relink_by", "mailed_at", "stripe_writes_since"))
    told = {"outage": "fcauth_1", "number": 1, "standing": "needed", "holder": "cus_1"}
    return ReportedNeeds(needs=what, read_due_since=None, **told, **nothing) if what else None


def need(**fields: Any) -> Need:
    """What an outage remembers of an account."""
    nothing = ("cause", "relink_by", "mailed_at", "stripe_writes_since", "read_due_since")
    usual = dict.fromkeys((*nothing, "prompted_at")) | {"number": 1, "reminded": 0}
    usual |= {"needs": ("inactive",), "standing": "needed", "holder": "cus_1"}
    return Need(**{**usual, **fields})


def message(outage: str = "fcauth_1", **fields: Any) -> NotifyCustomer:
    usual = {"outage_number": 2, "number": 1, "since": 0.0, "accounts": ("fca_1",)}
    return NotifyCustomer(outage=outage, reasons=("inactive",), **{**usual, **fields})


def another_way() -> RequestNewPaymentMethod:
    return RequestNewPaymentMethod(account="fca_1", reason="closed", dedup_key="closed:1")


def outage(**facts: Any) -> OutageFacts:
    return OutageFacts(id="fcauth_1").after({"count": 2, **facts})


def test_P2_a_message_names_what_is_active_or_may_be_repaired() -> None:
    def make(status: Any) -> MadeStep:
        state = None if status == ABSENT else "active"
        facts = account(reported_status=None if status == ABSENT else status)
        return MadeStep().after("account", state, facts).asks(message())

    found = broken(
        "prompt_names_accounts_that_a_relink_repairs", make, [ABSENT, None, *ReportedStatus]
    )
    assert found == {(ABSENT,), (None,), ("unrepairable",), ("disconnected",)}


def test_P2_a_message_names_what_needs_a_relink_and_is_not_settled() -> None:
    def make(state: str | None, needing: bool) -> MadeStep:
        facts = account(last_reported=needs(*["inactive"] * needing))
        return MadeStep().after("account", state, facts).asks(message())

    found = broken("prompt_names_accounts_that_need_a_relink", make, [None, *STATES], YES_OR_NO)
    settled = {("relinked", True), ("new_account_linked", True)}
    assert found == {(state, False) for state in STATES} | settled


def test_R4_a_message_names_nobody_whose_attempts_are_used_up() -> None:
    def make(state: str | None, in_outage: bool, given_up: bool) -> MadeStep:
        own = AccountOutage(number=1, since=0.0, given_up=given_up) if in_outage else None
        return MadeStep().after("account", state, account(outage=own)).asks(message())

    found = broken(
        "prompt_names_no_account_whose_attempts_are_used_up",
        make,
        [None, "inactive_relinkable"],
        YES_OR_NO,
        YES_OR_NO,
    )
    assert found == {("inactive_relinkable", True, True)}


def test_P1_a_step_prompts_an_outage_once_and_may_remind_and_prompt_others() -> None:
    def make(outages: tuple[str, str], reminders: tuple[int, int]) -> MadeStep:
        said = zip(outages, reminders, strict=True)
        return MadeStep().asks(*(message(key, reminder=number) for key, number in said))

    found = broken(
        "step_prompts_an_outage_once",
        make,
        [("fcauth_1", "fcauth_1"), ("fcauth_1", "fcauth_2")],
        [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)],
    )
    assert found == {(("fcauth_1", "fcauth_1"), (0, 0))}


def test_P1_a_message_is_of_the_outage_that_runs() -> None:
    def make(state: str | None, count: int) -> MadeStep:
        return MadeStep().after("outage", state, outage(count=count)).asks(message())

    states = ["none", "waiting", "prompted", "quiet"]
    found = broken("message_belongs_to_a_running_outage", make, [None, *states], [1, 2, 3])
    keeps = {(state, 2) for state in states if state != "none"}
    assert found == {(state, count) for state in [None, *states] for count in (1, 2, 3)} - keeps


def test_P1_a_prompt_names_nobody_who_was_named_in_this_outage_of_the_account() -> None:
    def make(
        was: str, reminder: int, number: int, prompted_at: float | None, mailed_at: float | None
    ) -> MadeStep:
        own = AccountOutage(number=2, since=0.0, mailed_at=mailed_at)
        known = {"known": {"fca_1": need(number=number, prompted_at=prompted_at)}, "new": {}}
        state = None if was == ABSENT else "prompted"
        return (
            MadeStep()
            .before("outage", state, outage(needing=known.get(was, {})))
            .after("account", "inactive_relinkable", account(outage=own, outages=2))
            .asks(message(reminder=reminder))
        )

    found = broken(
        "account_is_named_in_one_prompt",
        make,
        ["known", "new", ABSENT],
        [0, 1],
        [1, 2, 3],
        [None, 0.0, 5.0],
        [None, 0.0],
    )
    named = {("known", 0, 2, at, mailed) for at in (0.0, 5.0) for mailed in (None, 0.0)}
    by_stripe = {
        (was, 0, number, at, 0.0)
        for was in ("known", "new")
        for number in (1, 2, 3)
        for at in (None, 0.0, 5.0)
    }
    assert found == named | by_stripe


def test_P1_a_prompt_may_name_an_account_that_is_not_known_or_in_no_outage() -> None:
    def make(state: str | None, in_outage: bool) -> MadeStep:
        own = AccountOutage(number=2, since=0.0, mailed_at=1.0) if in_outage else None
        return (
            MadeStep()
            .before("outage", "prompted", outage(needing={"fca_1": need(number=1)}))
            .after("account", state, account(outage=own, outages=2))
            .asks(message())
        )

    found = broken("account_is_named_in_one_prompt", make, [None, "active"], YES_OR_NO)
    assert found == {("active", True)}


def test_P1_two_prompts_are_a_gap_apart_or_a_day_has_come() -> None:
    def make(reminder: int, elapsed: int | None, day: int | None) -> MadeStep:
        last = None if elapsed is None else float(AT - elapsed)
        return (
            MadeStep()
            .before("outage", "waiting", outage(last_prompt_at=last))
            .after("outage", "waiting", outage(needing={"fca_1": need(relink_by=day)}))
            .asks(message(reminder=reminder))
        )

    gap = POLICY.prompt_gap
    found = broken(
        "prompts_keep_their_distance",
        make,
        [0, 1],
        [None, 0, gap - 1, gap, gap + 1],
        [None, AT - 1, AT, AT + 1],
    )
    assert found == {(0, elapsed, day) for elapsed in (0, gap - 1) for day in (None, AT + 1)}


def test_P1_of_several_accounts_one_day_that_has_come_is_enough() -> None:
    def make(was: bool, now: bool, named: tuple[str, ...]) -> MadeStep:
        needing = {"fca_1": need(), "fca_2": need(relink_by=AT)}
        return (
            MadeStep()
            .before("outage", "waiting" if was else None, outage(last_prompt_at=float(AT)))
            .after("outage", "waiting" if now else None, outage(needing=needing))
            .asks(message(accounts=named))
        )

    named = [("fca_1",), ("fca_2",), ("fca_1", "fca_2"), ("fca_3",), ("fca_2", "fca_3")]
    found = broken("prompts_keep_their_distance", make, YES_OR_NO, YES_OR_NO, named)
    without_day = {(True, True, each) for each in named if "fca_2" not in each}
    assert found == without_day | {(True, False, each) for each in named}


@pytest.mark.parametrize("asks", ["prompted", "asked"])
def test_K9_a_read_holds_up_for_ten_minutes_to_the_second(asks: str) -> None:
    def make(state: str | None, since: float | None) -> MadeStep:
        said = message() if asks == "prompted" else another_way()
        return MadeStep().after("account", state, account(read_due_since=since)).asks(said)

    found = broken(
        f"nobody_is_{asks}_while_a_read_is_due",
        make,
        [None, "active", "disconnected"],
        [None, 0.0, AT - 601, AT - 600, AT - 599.5, AT - 599, AT],
    )
    states = {"active", "disconnected"} if asks == "prompted" else {"active"}
    assert found == {(state, since) for state in states for since in (AT - 599.5, AT - 599, AT)}


def test_P3_a_message_about_a_day_is_sent_within_the_lead_and_not_before() -> None:
    lead = POLICY.announcement_lead
    found = broken(
        "nobody_is_prompted_too_early",
        lambda day: MadeStep().asks(message(relink_by=day)),
        [None, AT - 1, AT, AT + lead - 1, AT + lead, AT + lead + 1],
    )
    assert found == {(AT + lead + 1,)}

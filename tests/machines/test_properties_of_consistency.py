"""Which steps break the properties of machines that mirror each other, and which only nearly do.

Each test tries every combination of a few values, and lists those that break the rule. All others
keep it.
"""

from itertools import product
from typing import Any

import pytest

from relink.machines.account import AccountFacts
from relink.machines.account.facts import AccountOutage, KnownPaymentMethod, ReportedNeeds
from relink.machines.account_number import AccountNumberFacts
from relink.machines.messages_due import Need
from relink.machines.outage import OutageFacts
from relink.machines.payment_method import PaymentMethodFacts
from relink.machines.vocabulary import (
    AccountState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

from .made_step import AT, POLICY, MadeStep, broken, wrong

KNOWN_AT = AT - 1_000
STATES = list(AccountState)
YES_OR_NO = (False, True)


def account(**facts: Any) -> AccountFacts:
    known = {"reported_status": ReportedStatus.ACTIVE, "as_of": KNOWN_AT}
    return AccountFacts(id="fca_1").after(known | facts)


def of_account(facts: AccountFacts, state: str = "active") -> MadeStep:
    return MadeStep().after("account", state, facts)


def test_C1_an_account_knows_the_status_of_its_number() -> None:
    def make(state: str, known: Any, number: str, status: Any) -> MadeStep:
        facts = AccountNumberFacts(id="fca_1").after({"reported_status": status})
        step = MadeStep().after("account_number", number or None, facts)
        return step.after("account", state, account(number=known))

    statuses = [None, *NumberStatus]
    states = ["active", "disconnected"]
    name = "account_knows_its_number"
    found = broken(name, make, states, statuses, ["", "pending"], statuses)
    assert found == {
        ("active", known, number, status)
        for known in statuses
        for number in ("", "pending")
        for status in statuses
        if (known or "transactable") != ((number and status) or "transactable")
    }


def test_C1_an_account_knows_the_states_of_its_payment_methods() -> None:
    def make(state: str | None, known: Any, now: Any, as_of: int, names: str | None) -> MadeStep:
        facts = PaymentMethodFacts(id="pm_1").after({"account": names, "as_of": as_of})
        methods = {} if known is None else {"pm_1": KnownPaymentMethod(state=known)}
        step = MadeStep().after("payment_method", now, facts)
        return step.after("account", state, account(payment_methods=methods))

    ready, blocked = PaymentMethodState.READY, PaymentMethodState.BLOCKED
    found = broken(
        "account_knows_its_payment_methods",
        make,
        [None, "active", "disconnected"],
        [None, ready, blocked],
        [ready, blocked],
        [-1, 0, AT],
        [None, "fca_1"],
    )
    assert found == {
        ("active", known, now, as_of, "fca_1")
        for known in (None, ready, blocked)
        for now in (ready, blocked)
        for as_of in (-1, 0, AT)
        if (known is None and as_of >= 0) or (known is not None and known != now)
    }


def told_needs(*what: str) -> ReportedNeeds | None:
    nothing = dict.fromkeys(("cause", "relink_by", "mailed_at", "stripe_writes_since"))
    told = {"outage": "fcauth_1", "number": 1, "standing": "needed", "holder": "cus_1"}
    return ReportedNeeds(needs=what, read_due_since=None, **told, **nothing) if what else None


def needing(*what: str) -> dict[str, Need]:
    if not what:
        return {}
    nothing = ("cause", "relink_by", "mailed_at", "stripe_writes_since", "read_due_since")
    known = dict.fromkeys((*nothing, "prompted_at")) | {"number": 1, "reminded": 0}
    return {"fca_1": Need(needs=what, standing="needed", holder="cus_1", **known)}


def test_P1_an_outage_remembers_what_its_account_told() -> None:
    def make(key: str | None, outage: str, told: tuple[str, ...], known: tuple[str, ...]) -> Any:
        facts = OutageFacts(id=outage or "fcauth_1").after({"needing": needing(*known)})
        step = MadeStep().after("outage", "waiting" if outage else None, facts)
        own = account(authorization=key, last_reported=told_needs(*told))
        return step.after("account", "active", own)

    needs = [(), ("inactive",), ("number_lapsed",)]
    keys, outages = [None, "fcauth_1"], ["", "fca_1", "fcauth_1"]
    found = broken("outage_knows_what_its_account_needs", make, keys, outages, needs, needs)
    assert found == {
        (key, outage, told, known)
        for key, outage, told, known in product(keys, outages, needs, needs)
        if told != (known if outage == (key or "fca_1") else ())
    }


def test_K8_an_account_that_moved_left_its_outage() -> None:
    def make(was: str, now: str | None, outage: str | None, left: bool) -> MadeStep:
        facts = OutageFacts(id=outage or "fcauth_1")
        facts = facts.after({"needing": {} if left else needing("inactive")})
        step = MadeStep().after("outage", "waiting" if outage else None, facts)
        if was != "absent":
            step.before("account", "active", account(authorization=was or None))
        return step.after("account", "active", account(authorization=now))

    keys = ["fcauth_1", "fcauth_2", "fca_1"]
    found = broken(
        "account_that_moved_left_its_outage",
        make,
        ["absent", "", *keys[:2]],
        [None, *keys[:2]],
        [None, *keys],
        YES_OR_NO,
    )
    assert found == {
        (was, now, was or "fca_1", False)
        for was in ("", *keys[:2])
        for now in (None, *keys[:2])
        if (was or None) != now
    }


LEAD = POLICY.announcement_lead

NEEDS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "nothing": ({}, ()),
    "down": ({"reported_status": ReportedStatus.RELINKABLE, "repairable": True}, ("inactive",)),
    "down for good": ({"reported_status": ReportedStatus.RELINKABLE, "repairable": False}, ()),
    "unrepairable": ({"reported_status": ReportedStatus.UNREPAIRABLE, "repairable": True}, ()),
    "down, number lapsed": (
        {"reported_status": ReportedStatus.RELINKABLE, "number": NumberStatus.LAPSED},
        (),
    ),
    "number lapsed": ({"number": NumberStatus.LAPSED}, ("number_lapsed",)),
    "number pending": ({"number": NumberStatus.PENDING}, ()),
    **{
        f"number expires {d} s after the lead": (
            {"number": NumberStatus.EXPIRING, "number_expires_on": AT + LEAD + d},
            ("number_expiring",) if d <= 0 else (),
        )
        for d in (-1, 0, 1)
    },
    "number expires some day": ({"number": NumberStatus.EXPIRING}, ("number_expiring",)),
    **{
        f"stops {d} s after the lead": (
            {"deactivates_on": AT + LEAD + d},
            ("announced_deactivation",) if d <= 0 else (),
        )
        for d in (-1, 0, 1)
    },
    "stops, and nothing helps": ({"deactivates_on": AT, "deactivation_action": "none"}, ()),
    "stops some day": (
        {"deactivation_action": "relink_required"},
        ("announced_deactivation",),
    ),
    "stops some day, for another action": ({"deactivation_action": "wait"}, ()),
    **{
        f"was to stop {d} s after the latest report": (
            {"deactivates_on": KNOWN_AT + d},
            ("announced_deactivation",) if d > 0 else (),
        )
        for d in (-1, 0, 1)
    },
    "login stops some day": ({"login_announced": True}, ("announced_deactivation",)),
    "login stops on a day": (
        {"login_announced": True, "login_deactivates_on": AT},
        ("announced_deactivation",),
    ),
    "login has a day": ({"login_deactivates_on": AT}, ()),
    **{
        f"login was to stop {d} s after its latest report": (
            {"login_announced": True, "login_deactivates_on": AT + d, "login_as_of": AT},
            ("announced_deactivation",) if d > 0 else (),
        )
        for d in (-1, 0, 1)
    },
    "login was to stop before the account's report": (
        {"login_announced": True, "login_deactivates_on": KNOWN_AT},
        (),
    ),
    "stops later, login too late": (
        {
            "deactivates_on": AT + LEAD + 1,
            "login_announced": True,
            "login_deactivates_on": AT + LEAD + 2,
        },
        (),
    ),
    "stops late, login soon": (
        {
            "deactivates_on": AT + LEAD + 1,
            "login_announced": True,
            "login_deactivates_on": AT + LEAD,
        },
        ("announced_deactivation",),
    ),
    "stops late, login some day": (
        {"deactivates_on": AT + LEAD + 1, "login_announced": True},
        ("announced_deactivation",),
    ),
    "everything at once": (
        {"number": NumberStatus.LAPSED, "deactivates_on": AT},
        ("number_lapsed", "announced_deactivation"),
    ),
    "announced, and the number expires": (
        {"number": NumberStatus.EXPIRING, "deactivates_on": AT},
        ("announced_deactivation", "number_expiring"),
    ),
}
"""What an account remembers, and what it needs by the rules S3 and P3."""


@pytest.mark.parametrize("what", NEEDS)
@pytest.mark.parametrize("authorization", ["fcauth_1", None])
def test_S3_P3_an_account_reports_what_it_needs_and_is_in_an_outage_then(
    what: str, authorization: str | None
) -> None:
    facts, needs = NEEDS[what]

    def make(state: str, retired: bool, told: tuple[str, ...], in_outage: bool) -> MadeStep:
        outage = AccountOutage(number=1, since=0.0) if in_outage else None
        changes = {"outage": outage, "last_reported": told_needs(*told), "retired": retired}
        return of_account(account(authorization=authorization, **facts, **changes), state)

    tells = sorted({(), ("inactive",), needs, needs[:1], needs[::-1]})
    found = broken("account_reports_what_it_needs", make, STATES, YES_OR_NO, tells, YES_OR_NO)
    asked = {"active", "inactive_relinkable", "relinking"}
    assert found == {
        (state, retired, told, in_outage)
        for state, retired, told, in_outage in product(STATES, YES_OR_NO, tells, YES_OR_NO)
        for needed in [needs if state in asked and not retired else ()]
        if told != (needed if authorization else ()) or in_outage != bool(needed)
    }


@pytest.mark.parametrize("open_question", ["inactive", "no authorization"])
def test_K5_what_an_account_needs_is_open_while_a_read_is_to_tell(open_question: str) -> None:
    facts = account(
        reported_status=ReportedStatus.INACTIVE, repairable=True, authorization="fcauth_1"
    )
    if open_question == "no authorization":
        facts = account(number=NumberStatus.LAPSED, included_at={"authorization": -1})
    name = "account_reports_what_it_needs"
    assert wrong(name, of_account(facts).taken()) == []
    told = facts.after({"authorization": None, "included_at": {"authorization": 0}})
    told = told.after({"reported_status": ReportedStatus.ACTIVE, "number": NumberStatus.LAPSED})
    assert wrong(name, of_account(told).taken())

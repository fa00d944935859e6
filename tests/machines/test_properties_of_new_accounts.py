"""Which steps break the properties of new accounts, and which only nearly do.

Each test tries every combination of a few values, and lists those that break the rule. All others
keep it.
"""

from typing import Any

from relink.machines.account import AccountFacts
from relink.machines.account.facts import KnownPaymentMethod
from relink.machines.build import BuildFacts
from relink.machines.commands import (
    AttachExternalAccount,
    CollectMandate,
    CreatePaymentMethod,
    CreateRelinkSession,
    PaymentMethodBuilt,
)
from relink.machines.session import SessionFacts
from relink.machines.vocabulary import (
    BuildState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

from .made_step import MadeStep, broken
from .reports import CONNECTED, CUSTOMER

YES_OR_NO = (False, True)
PERMISSIONS = [None, (), ("balances",), ("payment_method", "balances"), ("ownership",)]


def account(**facts: Any) -> AccountFacts:
    return AccountFacts(id="fca_1").after({"reported_status": ReportedStatus.ACTIVE, **facts})


def request(**fields: Any) -> CreateRelinkSession:
    usual = {"account": "fca_1", "attempt": 1, "authorization": "fcauth_1", "mode": "specific"}
    usual |= {"reason": "inactive", "holder": CUSTOMER, "permissions": ("payment_method",)}
    usual |= {"subcategories": ("checking",), "delivery": "modal", "return_url": None}
    return CreateRelinkSession(**{**usual, **fields})


def session(**facts: Any) -> SessionFacts:
    return SessionFacts(id="fcsess_1").after({"request": request(), **facts})


def build(kind: type[Any] = CreatePaymentMethod, **fields: Any) -> Any:
    return kind(**{"account": "fca_1", "session": "fcsess_1", "holder": CUSTOMER, **fields})


BUILDS = [CreatePaymentMethod, AttachExternalAccount]


def test_R6_nothing_is_built_for_another_holder_than_the_sessions() -> None:
    def make(kind: type[Any], state: str | None, is_ours: bool, holder: Any) -> MadeStep:
        facts = session(request=request(holder=holder) if is_ours else None)
        return MadeStep().after("session", state, facts).asks(build(kind))

    found = broken(
        "nothing_is_built_for_another_holder",
        make,
        BUILDS,
        [None, "succeeded"],
        YES_OR_NO,
        [None, CUSTOMER, CONNECTED],
    )
    keeps = {(kind, "succeeded", True, who) for kind in BUILDS for who in (None, CUSTOMER)}
    assert not found & keeps
    assert len(found) == 2 * 2 * 2 * 3 - len(keeps)


def test_N1_a_build_is_on_an_active_bank_account_that_permits_and_supports_it() -> None:
    subcategories = [None, "checking", "savings", "credit_card"]
    found = broken(
        "built_only_on_an_active_bank_account",
        lambda kind, state, status, sub: (
            MadeStep()
            .after("account", state, account(reported_status=status, subcategory=sub))
            .asks(build(kind))
        ),
        BUILDS,
        [None, "active"],
        [None, *ReportedStatus],
        subcategories,
    )
    well = {(k, "active", "active", s) for k in BUILDS for s in ("checking", "savings")}
    assert not found & well
    assert len(found) == 2 * 2 * 6 * 4 - len(well)

    found = broken(
        "built_only_with_permission",
        lambda kind, own: (
            MadeStep().after("account", "active", account(permissions=own)).asks(build(kind))
        ),
        BUILDS,
        PERMISSIONS,
    )
    denied = [each for each in PERMISSIONS if "payment_method" not in (each or ())]
    assert found == {(kind, each) for kind in BUILDS for each in denied}

    types = [None, (), ("link",), ("link", "us_bank_account")]
    found = broken(
        "payment_method_only_where_it_is_supported",
        lambda kind, own: (
            MadeStep()
            .after("account", "active", account(payment_method_types=own))
            .asks(build(kind))
        ),
        BUILDS,
        types,
    )
    assert found == {(CreatePaymentMethod, each) for each in types[:3]}


def test_N2_a_build_is_for_the_accounts_holder_and_of_the_kind_that_it_takes() -> None:
    holders = [None, CUSTOMER, CONNECTED]
    found = broken(
        "built_for_the_accounts_holder",
        lambda own, asked: (
            MadeStep().after("account", "active", account(holder=own)).asks(build(holder=asked))
        ),
        holders,
        holders[1:],
    )
    assert found == {(own, asked) for own in holders for asked in holders[1:] if own != asked}

    found = broken(
        "connected_account_gets_an_external_account",
        lambda kind, holder: MadeStep().asks(build(kind, holder=holder)),
        BUILDS,
        holders[1:],
    )
    assert found == {(CreatePaymentMethod, CONNECTED), (AttachExternalAccount, CUSTOMER)}


def test_K7_one_thing_is_built_on_an_account_ever() -> None:
    def make(count: int, state: str | None, made: str | None) -> MadeStep:
        facts = BuildFacts(id="fca_1").after({"made": made})
        commands = [build(session=f"fcsess_{number}") for number in range(count)]
        return MadeStep().before("build", state, facts).asks(*commands, build(account="fca_2"))

    states = [None, *BuildState]
    found = broken("built_once", make, [0, 1, 2], states, [None, "pm_1"])
    first = {None, "none", "name_needed"}
    assert found == {
        (count, state, made)
        for count in (1, 2)
        for state in states
        for made in (None, "pm_1")
        if count == 2 or state not in first or (state is not None and made)
    }


def test_N3_what_was_built_is_told_when_it_is_built_and_not_again() -> None:
    def make(was: str | None, now: str, told: str | None) -> MadeStep:
        facts = BuildFacts(id="fca_1").after({"made": "pm_1"})
        step = MadeStep().before("build", was, facts).after("build", now, facts)
        said = {"account": "fca_1", "session": None, "payment_method": told}
        return step.asks(*([PaymentMethodBuilt(**said)] if told else []))

    name, earlier = "what_was_built_is_told", [None, "creating", "built"]
    found = broken(name, make, earlier, ["creating", "built"], [None, "pm_1", "pm_2"])
    made = {(was, "built", "pm_1") for was in (None, "creating")}
    quiet = {(was, "creating", None) for was in earlier} | {("built", "built", None)}
    assert not found & (made | quiet)
    assert len(found) == 3 * 2 * 3 - len(made | quiet)


def test_N3_a_mandate_is_asked_for_where_one_is_missing_on_an_account_that_works() -> None:
    def make(
        known: bool, state: Any, lost: bool, number: Any, retired: bool, status: Any
    ) -> MadeStep:
        method = KnownPaymentMethod(state=state, lost_number=lost)
        facts = account(
            payment_methods={"pm_1": method} if known else {},
            number=number,
            retired=retired,
            reported_status=status,
        )
        asked = {"account": "fca_1", "payment_method": "pm_1", "dedup_key": "pm_1:1"}
        command = CollectMandate(reason="new_account", **asked)
        return MadeStep().after("account", "active", facts).asks(command)

    domains: list[list[Any]] = [
        [False, True],
        list(PaymentMethodState),
        [False, True],
        [None, NumberStatus.LAPSED, NumberStatus.PENDING],
        [False, True],
        [None, ReportedStatus.ACTIVE, ReportedStatus.RELINKABLE],
    ]
    found = broken("mandate_only_where_it_is_missing", make, *domains)
    keeps = {
        (True, state, lost, number, False, "active")
        for state in PaymentMethodState
        for lost in YES_OR_NO
        for number in (None, "lapsed", "pending")
        if state == "mandate_needed" or (lost and number != "lapsed")
    }
    assert not found & keeps
    assert len(found) == 2 * 4 * 2 * 3 * 2 * 3 - len(keeps)

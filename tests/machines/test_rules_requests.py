"""R7 to R9: which session the service gets, or why the relink is refused."""

from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import (
    CreateRelinkSession,
    RetrieveAccountForCaller,
)
from relink.machines.report import Holder, StatusReport

from .reports import (
    CONNECTED,
    CUSTOMER,
    active,
    disconnected,
    number,
    relinkable,
    unrepairable,
)
from .scenario import Scenario, expired

MODES = [None, "specific", "any_eligible"]


# ── R7 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("own", "wanted", "permissions"),
    [
        (("balances",), None, ("balances", "payment_method")),
        (("payment_method", "transactions"), None, ("payment_method", "transactions")),
        ((), None, ("payment_method",)),
        (("balances",), ("ownership",), ("ownership", "payment_method")),
        (("balances",), (), ("payment_method",)),
    ],
    ids=["its own", "no more", "none", "explicit", "explicitly none"],
)
def test_R7_a_relink_asks_for_the_accounts_permissions_or_those_requested(
    own: tuple[str, ...], wanted: tuple[str, ...] | None, permissions: tuple[str, ...]
) -> None:
    s = expired(permissions=own)
    request = s.request_relink("fca_1", permissions=wanted)
    assert request.permissions == permissions


def test_R7_unknown_permissions_are_replaced_by_the_policys() -> None:
    s = expired(RelinkPolicy(permissions=("balances",)), without=("permissions",))
    assert s.request_relink("fca_1").permissions == ("balances", "payment_method")


# ── R8 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "holder", [CUSTOMER, Holder(field="customer_account", id="acct_c"), CONNECTED, None]
)
def test_R8_the_holder_is_sent_as_the_account_has_it(holder: Holder | None) -> None:
    s = expired(holder=holder)
    assert s.request_relink("fca_1").holder == holder


# ── R9 ───────────────────────────────────────────────────────────────────────


def refusal(s: Scenario, mode: str | None, **wanted: Any) -> str:
    """Why a relink is refused."""
    s.to_do.clear()
    assert s.request_relink("fca_1", mode=mode, **wanted) is None
    decision = s.decided("account", "fca_1")
    assert decision.outcome == "ignored"
    return decision.reason.code


def reads_before_refusing(s: Scenario) -> int:
    return len(s.asked_for(RetrieveAccountForCaller))


@pytest.mark.parametrize("mode", MODES)
def test_R9_an_account_without_an_authorization_is_refused_after_one_read(mode: str | None) -> None:
    s = Scenario()
    s.stripe["fca_1"] = relinkable(authorization=None)
    s.read("fca_1")
    assert refusal(s, mode) == "no_authorization"
    assert reads_before_refusing(s) == 1


@pytest.mark.parametrize("mode", MODES)
def test_R9_an_unrepairable_account_is_refused_after_one_read(mode: str | None) -> None:
    s = Scenario()
    s.webhook("fca_1", unrepairable())
    assert refusal(s, mode) == "unrepairable"
    assert reads_before_refusing(s) == 1


@pytest.mark.parametrize("mode", MODES)
def test_R9_a_disconnected_account_is_refused(mode: str | None) -> None:
    s = expired()
    s.webhook("fca_1", disconnected())
    assert refusal(s, mode) == "account_disconnected"
    assert reads_before_refusing(s) == 0


@pytest.mark.parametrize("mode", MODES)
def test_R9_a_replaced_account_is_refused(mode: str | None) -> None:
    s = expired()
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert refusal(s, mode) == "replaced"
    assert reads_before_refusing(s) == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("claimed", [None, "inactive"])
def test_R9_an_active_account_without_a_reason_is_refused(
    mode: str | None, claimed: str | None
) -> None:
    s = Scenario()
    s.webhook("fca_1", active())
    assert refusal(s, mode, reason=claimed) == "no_reason_to_relink"
    assert reads_before_refusing(s) == 0


def test_R9_permissions_that_the_account_has_are_no_reason() -> None:
    s = Scenario()
    s.webhook("fca_1", active(permissions=("payment_method", "balances")))
    assert refusal(s, None, permissions=("balances",)) == "no_reason_to_relink"


def test_R9_an_account_that_was_just_relinked_is_refused() -> None:
    s = expired()
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert refusal(s, None) == "just_relinked"


@pytest.mark.parametrize("known", [unrepairable(), relinkable(authorization=None)])
def test_R9_the_read_before_refusing_may_show_that_there_is_something_to_relink(
    known: StatusReport | None,
) -> None:
    s = Scenario()
    s.stripe["fca_1"] = known
    s.read("fca_1")
    s.stripe["fca_1"] = relinkable()
    assert isinstance(s.request_relink("fca_1"), CreateRelinkSession)
    assert reads_before_refusing(s) == 1


def test_R9_an_active_account_is_read_for_its_authorization_before_it_is_refused() -> None:
    s = Scenario()
    s.webhook("fca_1", active(authorization=None, numbers=(number("expired"),)))
    s.stripe["fca_1"] = active(numbers=(number("expired"),))
    assert isinstance(s.request_relink("fca_1"), CreateRelinkSession)
    assert reads_before_refusing(s) == 1


def test_R9_a_request_does_not_make_an_unknown_account_known() -> None:
    s = Scenario()
    assert s.ask("fca_9") is None
    assert s.world == {}

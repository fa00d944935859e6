"""Listing accounts: page by page, each account as a read of it would report it."""

import json

import pytest

from relink.adapters.gateway import (
    AccountLister,
    AccountListing,
    DryRunGateway,
    Fault,
    MalformedAnswerError,
    OperatorError,
    RateLimitedError,
)
from relink.adapters.gateway.listing import ACCOUNTS, PAGE_SIZE, list_accounts
from relink.adapters.gateway.transport import Body, Call, Reply
from relink.machines.commands import RetrieveAccount
from relink.machines.events import AccountReported
from relink.machines.policy import RelinkPolicy
from relink.machines.reasons import ReadReason
from relink.machines.report import Holder

from ..rig import SimulatedStripe

DATE = "Thu, 09 Oct 2025 08:53:20 GMT"
AS_OF = 1_760_000_000


def listed(stripe: SimulatedStripe, **listing: object) -> list[AccountReported]:
    """All pages."""
    gateway = stripe.gateway
    assert isinstance(gateway, AccountLister)
    found: list[AccountReported] = []
    after = None
    while True:
        wanted = AccountListing(**{"causation_id": "import", "after": after, **listing})  # type: ignore[arg-type]
        page = gateway.list_accounts(wanted, stripe.sim.now)
        found += page.reports
        after = page.after
        if after is None:
            return found


def test_all_accounts_are_listed_page_by_page_newest_first(reached: SimulatedStripe):
    owner = reached.sim.add_connected_account()
    linked = [
        reached.sim.link_account(reached.sim.add_customer(), owner=owner).id
        for _ in range(PAGE_SIZE + 3)
    ]
    before = len(reached.requests("GET", ACCOUNTS))
    found = listed(reached, connected_account=owner)
    assert [report.account for report in found] == linked[::-1]
    asked = reached.requests("GET", ACCOUNTS)[before:]
    assert [(entry.status, entry.account) for entry in asked] == [(200, owner)] * 2


def test_an_account_is_reported_as_by_a_read_of_it(reached: SimulatedStripe):
    customer = reached.sim.add_customer()
    account = reached.sim.link_account(customer)
    assert account.authorization
    reached.sim.bank.expire_consent(account.authorization.id)
    policy = RelinkPolicy(attempts=7)
    (report,) = listed(reached, holder=Holder(field="customer", id=customer), policy=policy)
    read = RetrieveAccount(account=account.id, reason=ReadReason.LOOK, number=1)
    (alone,) = reached.gateway.perform(read, reached.sim.now).events
    assert isinstance(alone, AccountReported)
    assert report.report == alone.report
    assert report.read
    assert report.begun_at == reached.sim.now
    assert report.as_of == alone.as_of
    assert report.policy == policy
    assert report.causation_id == f"import:{account.id}"


@pytest.mark.parametrize("field", ["customer", "account"])
def test_only_the_accounts_of_a_holder_are_listed(reached: SimulatedStripe, field: str):
    sim = reached.sim
    mine, other = sim.add_customer(), sim.add_customer()
    if field == "account":
        mine = sim.add_connected_account()
    theirs = sim.link_account(mine)
    sim.link_account(other)
    found = listed(reached, holder=Holder.model_validate({"field": field, "id": mine}))
    assert [report.account for report in found] == [theirs.id]


def test_a_holder_without_accounts_has_one_empty_page(reached: SimulatedStripe):
    assert listed(reached, holder=Holder(field="customer", id=reached.sim.add_customer())) == []


def test_a_gateway_that_only_records_cannot_list():
    assert not isinstance(DryRunGateway(), AccountLister)


class Answers:
    """A transport that gives one answer."""

    def __init__(self, status: int, body: object, **headers: str) -> None:
        self._reply = Reply(status, {"date": DATE} | headers, Body(json.dumps(body).encode()))

    def send(self, call: Call) -> Reply:
        return self._reply


ACCOUNT = {"id": "fca_1", "object": "financial_connections.account", "status": "active"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"data": [3]},
        {"data": [{"object": "financial_connections.account"}]},
        {"data": [ACCOUNT | {"object": "customer"}]},
    ],
)
def test_a_malformed_page_is_an_error_that_may_pass(body: object):
    with pytest.raises(MalformedAnswerError):
        list_accounts(Answers(200, body), AccountListing("import"), AS_OF)


def test_a_page_without_a_time_is_an_error_that_may_pass():
    with pytest.raises(MalformedAnswerError, match="Date"):
        list_accounts(Answers(200, {"data": [ACCOUNT]}, date=""), AccountListing("import"), AS_OF)


def test_an_empty_page_is_the_last_one_whatever_it_says():
    page = list_accounts(Answers(200, {"data": [], "has_more": True}), AccountListing("i"), AS_OF)
    assert page == ((), None)


def test_a_rate_limit_names_its_wait():
    limited = Answers(429, {"error": {"type": "rate_limit"}}, **{"retry-after": "7"})
    with pytest.raises(RateLimitedError) as asked:
        list_accounts(limited, AccountListing("import"), AS_OF)
    assert asked.value.wait == 7


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        (401, {"type": "invalid_request_error"}, Fault.API_KEY),
        (403, {"type": "invalid_request_error"}, Fault.PERMISSION),
        (400, {"type": "invalid_request_error", "code": "resource_missing"}, Fault.MISSING),
    ],
)
def test_a_refused_list_is_for_an_operator_to_mend(
    status: int, error: dict[str, str], fault: Fault
):
    with pytest.raises(OperatorError) as refused:
        list_accounts(Answers(status, {"error": error}), AccountListing("import"), AS_OF)
    assert refused.value.code is fault


def test_an_account_with_an_unreadable_field_is_only_looked_at():
    damaged = {"data": [ACCOUNT | {"status_details": 3}, ACCOUNT | {"id": "fca_2"}]}
    page = list_accounts(Answers(200, damaged), AccountListing("import"), AS_OF)
    look, report = page.reports
    assert (look.account, look.report, look.read) == ("fca_1", None, False)
    assert report.report is not None
    assert report.read

"""Each fault has its documented effect, at its rate, and no other effect."""

from collections import Counter
from contextlib import suppress
from dataclasses import fields

import pytest
import stripe

from relink.adapters.simulator import (
    ApiFault,
    Faults,
    Request,
    SetupFault,
    SimulatedTimeout,
    Simulator,
)

from .sdk import KEY, client

LIST = Request("GET", "/v1/customers", headers={"authorization": f"Bearer {KEY}"})


@pytest.mark.parametrize(
    ("fault", "header"), [("rate_limited", None), ("rate_limited_with_wait", "retry-after")]
)
def test_a_rate_limit_has_a_retry_after_if_that_fault_is_chosen(sim, fault, header):
    sim.inject(fault)
    with pytest.raises(stripe.RateLimitError) as limited:
        client(sim).v1.customers.list()
    assert ("retry-after" in limited.value.headers) == bool(header)
    if header:
        assert 1 <= int(limited.value.headers[header]) <= 10


@pytest.mark.parametrize(("fault", "made"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_timeout_takes_as_long_as_the_caller_waits(sim, fault, made):
    began = sim.now
    sim.inject(fault)
    with pytest.raises(stripe.APIConnectionError):
        client(sim).v1.customers.create(params={"name": "Ada"})
    assert sim.now == began + sim.faults.caller_timeout
    assert sim.ledger.count("customer.created") == made
    assert sim.ledger.requests()[0].status is None


def test_a_slow_answer_arrives_before_the_caller_gives_up(sim):
    sim.inject("slow")
    began = sim.now
    assert sim.handle(LIST).status == 200
    assert 0 < sim.now - began < sim.faults.caller_timeout


def test_a_truncated_answer_cannot_be_parsed(sim):
    sim.inject("truncated")
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        client(sim).v1.customers.create(params={"name": "Ada"})
    assert sim.ledger.count("customer.created") == 1


def test_an_injected_fault_hits_matching_requests_the_given_number_of_times(sim):
    sim.inject("error_before", method="POST", path="/v1/customers", times=2)
    assert sim.handle(LIST).status == 200
    post = Request("POST", "/v1/customers", headers=LIST.headers)
    assert [sim.handle(post).status for _ in range(3)] == [500, 500, 200]
    assert [asked.fault for asked in sim.ledger.requests("POST")] == ["error_before"] * 2 + [None]


def test_request_faults_occur_at_their_rates():
    rates = {fault.value: 0.02 * place for place, fault in enumerate(ApiFault, 1)}
    sim = Simulator(seed=5, faults=Faults(**rates))
    asked = 4000
    for _ in range(asked):
        with suppress(SimulatedTimeout):
            sim.handle(LIST)
    found = Counter(request.fault for request in sim.ledger.requests())
    for name, rate in rates.items():
        assert found[name] == pytest.approx(asked * rate, rel=0.4), name
    assert found[None] == pytest.approx(asked * (1 - sum(rates.values())), rel=0.2)


def test_webhook_faults_occur_at_their_rates():
    sim = Simulator(seed=5, faults=Faults(duplicate=0.1, lose=0.2, delay=0.05, reorder=0.3))
    sim.add_endpoint()
    account = sim.link_account()
    sent = 3000
    for _ in range(sent):
        sim.bank.refresh_data(account.id)
    sent += 1
    began = sim.now
    came = list(sim.due_webhooks(began + 30 * 86400))
    assert len(sim.webhooks.lost) == pytest.approx(0.2 * sent, rel=0.15)
    copies = Counter(delivery.event for delivery in came)
    assert len(copies) + len(sim.webhooks.lost) == sent
    assert sum(n == 2 for n in copies.values()) == pytest.approx(0.8 * 0.1 * sent, rel=0.25)
    late = [delivery for delivery in came if delivery.at >= began + 3600]
    assert len(late) == pytest.approx(0.05 * len(came), rel=0.3)
    overtaken = sum(0 < delivery.at - began <= 60 for delivery in came)
    assert overtaken == pytest.approx(0.3 * len(came), rel=0.2)


def test_by_default_no_fault_occurs(sim):
    account = sim.link_account()
    for _ in range(200):
        sim.bank.refresh_data(account.id)
        assert sim.handle(LIST).status == 200
    came = [delivery.event for delivery in sim.due_webhooks()]
    snapshots = [e.id for e in sim.webhooks.events.values() if not e.type.endswith("_succeeded")]
    assert came == snapshots


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"lose": 1.5}, "lose must be a probability, got 1.5"),
        ({"slow": -0.1}, "slow must be a probability, got -0.1"),
        ({"slow": 0.6, "truncated": 0.6}, "exceed 1"),
        ({"caller_timeout": 0}, "caller_timeout must be positive, got 0"),
    ],
)
def test_invalid_rates_are_refused(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        Faults(**wrong)


@pytest.mark.parametrize(("fault", "status"), [("proxy_forbids", 403), ("proxy_needs_login", 407)])
def test_a_proxy_answers_with_a_page(sim, fault, status):
    sim.inject(fault)
    answer = sim.handle(LIST)
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html")
    assert answer.body.startswith(b"<html>")
    assert not {"request-id", "stripe-version"} & answer.headers.keys()
    assert sim.ledger.requests()[0].fault == fault
    assert sim.handle(LIST).status == 200


def test_a_version_that_is_not_open_is_refused_without_a_code(sim):
    sim.inject("version_not_open")
    with pytest.raises(stripe.InvalidRequestError, match="do not have permission") as refused:
        client(sim).v1.customers.list()
    assert (refused.value.http_status, refused.value.code) == (400, None)
    assert "2026-09-30.preview" in refused.value.user_message


def test_a_fault_without_a_number_lasts_until_it_is_cleared(sim):
    sim.inject(SetupFault.PROXY_FORBIDS, path="/v1/customers", times=None)
    assert [sim.handle(LIST).status for _ in range(5)] == [403] * 5
    sim.inject("slow", times=3)
    sim.clear_faults()
    assert sim.handle(LIST).status == 200
    assert sim.ledger.requests()[-1].fault is None


def test_faults_of_the_installation_never_occur_by_rate():
    assert not {fault.value for fault in SetupFault} & {f.name for f in fields(Faults)}


def test_unknown_faults_are_refused(sim):
    with pytest.raises(ValueError, match="lightning"):
        sim.inject("lightning")
    with pytest.raises(ValueError, match="times must be at least 1"):
        sim.inject("slow", times=0)


def test_faults_do_not_change_the_ids_of_the_world():
    def ids(faults):
        sim = Simulator(seed=9, faults=faults)
        account = sim.link_account(sim.add_customer())
        sim.bank.expire_consent(account.authorization.id)
        return account.id, account.authorization.id, list(sim.webhooks.events)

    assert ids(Faults()) == ids(Faults.everywhere(0.125))

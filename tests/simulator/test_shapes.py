"""Keys left out and values that are not documented, in answers and in webhooks."""

import json

import pytest

from relink.adapters.simulator import GENERAL, Simulator

from .conftest import received
from .sdk import client

ACCOUNT = "financial_connections.account"
SESSION = "financial_connections.session"


def read(sim, account):
    return client(sim).v1.financial_connections.accounts.retrieve(account.id).to_dict()


def test_keys_are_left_out_of_one_object_or_of_all_of_a_kind(sim, account, jenny):
    other = sim.link_account(jenny)
    sim.shapes.leave_out(account.id, "authorization")
    sim.shapes.leave_out(ACCOUNT, "last4")
    assert not {"authorization", "last4"} & read(sim, account).keys()
    assert read(sim, other)["authorization"] == other.authorization.id
    assert "last4" not in read(sim, other)
    sim.shapes.reset()
    assert {"authorization", "last4"} <= read(sim, account).keys()


def test_a_key_within_a_hash_is_left_out(sim, account):
    sim.shapes.leave_out(ACCOUNT, "status_details.inactive.action")
    sim.bank.expire_consent(account.authorization.id)
    inactive = {"cause": "access_expired"}
    assert read(sim, account)["status_details"] == {"inactive": inactive}
    assert received(sim)[0].data.object.status_details.inactive.to_dict() == inactive


def test_a_rule_can_apply_to_answers_or_to_webhooks_only(sim, account):
    sim.shapes.leave_out(ACCOUNT, "authorization", where="webhooks")
    sim.bank.refresh_data(account.id)
    assert "authorization" not in received(sim)[0].data.object.to_dict()
    assert "authorization" in read(sim, account)
    sim.shapes.reset()
    sim.shapes.leave_out(ACCOUNT, "authorization", where="answers")
    sim.bank.refresh_data(account.id)
    assert "authorization" in received(sim)[0].data.object.to_dict()
    assert "authorization" not in read(sim, account)


def test_a_rule_ends_after_the_given_number_of_objects(sim, account, open_session, sdk):
    part = open_session(account, specific=False)
    part.choose_new()
    sim.shapes.leave_out(SESSION, "accounts", where="answers", times=1)
    first, second = (sdk.sessions.retrieve(part.session.id).to_dict() for _ in range(2))
    assert first["status"] == second["status"] == "succeeded"
    assert "accounts" not in first
    assert second["accounts"]["data"]


def test_the_accounts_of_a_session_are_altered_too(sim, account, open_session, sdk):
    part = open_session(account)
    part.choose_expected()
    sim.shapes.leave_out(ACCOUNT, "authorization")
    (linked,) = sdk.sessions.retrieve(part.session.id).accounts.data
    assert "authorization" not in linked.to_dict()


def test_values_that_are_not_documented_are_put_in(sim, account, open_session, sdk):
    part = open_session(account)
    sim.shapes.put(account.id, "status", "paused")
    sim.shapes.put(SESSION, "status", "expired")
    sim.shapes.put(SESSION, "relink_result.failure_reason", "bored")
    assert read(sim, account)["status"] == "paused"
    session = sdk.sessions.retrieve(part.session.id)
    assert session.status == "expired"
    assert "relink_result" not in session.to_dict(), "there is nothing to put it into"
    part.bank_error()
    assert sdk.sessions.retrieve(part.session.id).relink_result.failure_reason == "bored"
    assert account.status == "active"


def test_general_versions_are_altered_after_their_fields_are_removed():
    sim = Simulator()
    sim.add_endpoint(version=GENERAL)
    sim.shapes.leave_out(ACCOUNT, "status")
    account = sim.link_account()
    (delivery,) = sim.due_webhooks()
    assert not {"status", "authorization"} & json.loads(delivery.payload)["data"]["object"].keys()
    asks = client(sim, GENERAL).v1.financial_connections.accounts
    assert "status" not in asks.retrieve(account.id).to_dict()


def test_rules_about_other_objects_and_outer_keys_that_are_missing_alter_nothing(sim, account):
    before = read(sim, account)
    sim.shapes.leave_out(SESSION, "status")
    sim.shapes.put("fca_other", "status", "paused")
    sim.shapes.put(account.id, "status_details.inactive.action", "odd")
    sim.shapes.leave_out(account.id, "last4.digits")
    assert read(sim, account) == before


@pytest.mark.parametrize(
    ("options", "rule"),
    [({"where": "mails"}, "where must be one of answers, webhooks"), ({"times": 0}, "at least 1")],
)
def test_invalid_rules_are_refused(sim, options, rule):
    with pytest.raises(ValueError, match=rule):
        sim.shapes.leave_out(ACCOUNT, "status", **options)
    with pytest.raises(ValueError, match=rule):
        sim.shapes.put(ACCOUNT, "status", "odd", **options)

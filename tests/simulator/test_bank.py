"""Bank events, and the events that Stripe sends about them."""

import pytest

from relink.adapters.simulator import (
    INACTIVE_ACCOUNTS,
    TOKENIZED_NUMBERS,
    NotPossibleError,
    Number,
    Simulator,
)

from .conftest import payment_method, received, types

DAY = 86400


@pytest.mark.parametrize(
    ("event_name", "cause"),
    [
        ("expire_consent", "access_expired"),
        ("change_password", "institution_requirement"),
        ("revoke_access", "access_denied"),
    ],
)
def test_a_broken_authorization_deactivates_all_its_accounts(sim, account, event_name, cause):
    sibling = sim.link_account(authorization=account.authorization.id)
    received(sim)
    getattr(sim.bank, event_name)(account.authorization.id)
    received_events = received(sim)
    assert [(e.type.rpartition(".")[2], e.data.object.id) for e in received_events] == [
        ("deactivated", account.id),
        ("deactivated", sibling.id),
    ]
    details = received_events[0].data.object.status_details.inactive
    assert (details.action, details.cause) == ("relink_required", cause)
    assert account.authorization.status == "inactive"


def test_a_closed_account_does_not_change_its_authorization(sim, account):
    sim.bank.close_account(account.id)
    (event,) = received(sim)
    details = event.data.object.status_details.inactive
    assert (details.action, details.cause) == ("none", "account_closed")
    assert account.authorization.status == "active"


def test_a_reopened_account_is_active_if_its_authorization_is(sim, account):
    sim.bank.close_account(account.id)
    sim.bank.reopen_account(account.id)
    assert types(sim) == ["account.deactivated", "account.reactivated"]
    sim.bank.close_account(account.id)
    sim.bank.expire_consent(account.authorization.id)
    sim.bank.reopen_account(account.id)
    assert account.relinkable
    assert types(sim) == ["account.deactivated", "account.deactivated"]


def test_a_restored_account_is_active_without_a_relink(sim, account):
    sim.bank.suspend_account(account.id)
    assert (account.inactive.action, account.inactive.cause) == ("none", "account_unavailable")
    sim.bank.restore_account(account.id)
    assert types(sim) == ["account.deactivated", "account.reactivated"]


def test_an_announced_deactivation_has_an_event_thirty_days_before_and_follows(sim, account):
    on = int(sim.now) + 40 * DAY
    sim.bank.announce_deactivation(account.authorization.id, on)
    assert types(sim) == [
        "authorization.expected_deactivation_date_updated",
        "account.expected_deactivation_date_updated",
    ]
    received_events = received(sim, until=on - 1)
    assert [e.type.partition(".")[2] for e in received_events] == [
        "authorization.upcoming_deactivation",
        "account.upcoming_deactivation",
    ]
    assert {e.created for e in received_events} == {on - 30 * DAY}
    assert received_events[1].data.object.status_details.active.expected_deactivation_date == on
    assert [e.type.partition(".")[2] for e in received(sim, until=on)] == ["account.deactivated"]
    assert account.authorization.status == "inactive"


def test_a_moved_or_withdrawn_announcement_has_no_effect(sim, account):
    first, second = (int(sim.now) + days * DAY for days in (10, 20))
    sim.bank.announce_deactivation(account.id, first)
    sim.bank.announce_deactivation(account.id, second)
    sim.advance_to(first + 1)
    assert account.status == "active"
    sim.bank.withdraw_announcement(account.id)
    sim.advance_to(second + 1)
    assert account.status == "active"
    assert types(sim)[-1] == "account.expected_deactivation_date_updated"


def test_a_tokenized_number_expires_on_its_day(sim, jenny):
    account = sim.link_account(jenny, institution=TOKENIZED_NUMBERS)
    received(sim)
    on = int(sim.now) + 45 * DAY
    sim.bank.expire_number_on(account.id, on)
    received_events = received(sim, until=on)
    assert [(e.type.partition(".")[2], e.created) for e in received_events] == [
        ("account.account_numbers_updated", on - 45 * DAY),
        ("account.upcoming_account_number_expiry", on - 30 * DAY),
        ("account.account_numbers_updated", on),
    ]
    (number,) = received_events[-1].data.object.account_numbers
    assert (number.identifier_type, number.status) == ("tokenized_account_number", "expired")
    assert account.status == "active"


def test_a_revoked_number_blocks_payment_methods_until_a_new_one_is_issued(sim, sdk, jenny):
    account = sim.link_account(jenny, institution=TOKENIZED_NUMBERS)
    method = sdk.payment_methods.create(params=payment_method(account))
    received(sim)
    sim.bank.revoke_number(account.id)
    numbers, blocked = received(sim)
    assert numbers.type == "financial_connections.account.account_numbers_updated"
    assert blocked.data.object.id == method.id
    reason = blocked.data.object.us_bank_account.status_details.blocked.reason
    assert reason == "tokenized_account_number_deactivated"
    sim.bank.refresh_number(account.id)
    _, freed = received(sim)
    assert "blocked" not in (freed.data.object.us_bank_account.status_details or {})


def test_a_new_number_does_not_lift_other_blocks(sim, sdk, jenny):
    account = sim.link_account(jenny, institution=TOKENIZED_NUMBERS)
    method = sdk.payment_methods.create(params=payment_method(account)).id
    sim.bank.block_payment_method(method, "bank_account_closed")
    sim.bank.revoke_number(account.id)
    sim.bank.refresh_number(account.id)
    read = sdk.payment_methods.retrieve(method).us_bank_account.status_details.blocked
    assert (read.reason, read.network_code) == ("bank_account_closed", "R02")


def test_merged_accounts_take_the_state_of_the_remaining_authorization(sim, account, jenny):
    other = sim.link_account(jenny)
    old, new = account.authorization, other.authorization
    sim.bank.expire_consent(old.id)
    received(sim)
    sim.bank.merge(old.id, into=new.id)
    assert (old.status, old.accounts) == ("disconnected", [])
    assert new.accounts == [other, account]
    (event,) = received(sim)
    assert event.type == "financial_connections.account.reactivated"
    assert event.data.object.authorization == new.id


def test_a_merge_of_active_authorizations_sends_no_event(sim, account, jenny):
    other = sim.link_account(jenny)
    received(sim)
    sim.bank.merge(account.authorization.id, into=other.authorization.id)
    assert types(sim) == []
    assert account.authorization is other.authorization


def test_disconnecting_the_last_account_disconnects_the_authorization(sim, account):
    sibling = sim.link_account(authorization=account.authorization.id)
    login = account.authorization
    sim.bank.disconnect(account.id)
    assert login.status == "active"
    sim.bank.disconnect(sibling.id)
    assert login.status == "disconnected"
    with pytest.raises(NotPossibleError, match="is disconnected"):
        sim.bank.expire_consent(login.id)


def test_an_announcement_without_a_day_has_no_key_for_it_and_no_end(sim, sdk, account):
    sim.bank.announce_deactivation(account.authorization.id)
    assert types(sim) == [
        "authorization.expected_deactivation_date_updated",
        "account.expected_deactivation_date_updated",
    ]
    details = sdk.accounts.retrieve(account.id).status_details.active.to_dict()
    assert details == {"action": "relink_required", "cause": "access_expired"}
    assert received(sim, until=sim.now + 400 * DAY) == []
    assert account.status == "active"
    sim.bank.withdraw_announcement(account.authorization.id)
    assert "active" not in sdk.accounts.retrieve(account.id).to_dict().get("status_details", {})


def test_an_account_that_loses_its_authorization_has_no_key_for_it(sim, sdk, account):
    login = account.authorization.id
    assert sdk.accounts.retrieve(account.id).authorization == login
    sim.bank.forget_authorization(account.id)
    assert "authorization" not in sdk.accounts.retrieve(account.id).to_dict()
    assert types(sim) == []
    sim.bank.refresh_data(account.id)
    assert "authorization" not in received(sim)[0].data.object.to_dict()


def test_several_numbers_expire_each_on_its_day(sim, sdk, account):
    method = sdk.payment_methods.create(params=payment_method(account)).id
    first, second = (int(sim.now) + days * DAY for days in (2, 28))
    numbers = (
        Number(True, "expired", int(sim.now) - 100 * DAY),
        Number(True, expires_on=first),
        Number(True, expires_on=second),
    )
    sim.bank.change_numbers(account.id, numbers)
    shown = sdk.accounts.retrieve(account.id).account_numbers
    assert [(n.status, n.expected_expiry_date) for n in shown] == [
        ("expired", numbers[0].expires_on),
        ("transactable", first),
        ("transactable", second),
    ]
    received(sim, until=first)
    assert [n.status for n in account.numbers] == ["expired", "expired", "transactable"]
    assert sim.world.payment_methods[method].blocked is None
    assert types(sim) == []
    sim.advance_to(second)
    assert types(sim) == ["account.account_numbers_updated", "payment_method.automatically_updated"]
    assert sim.world.payment_methods[method].blocked == "tokenized_account_number_deactivated"


def test_a_credit_account_supports_no_payment_method(sim, jenny):
    card = sim.link_account(jenny, subcategory="credit_card")
    with pytest.raises(NotPossibleError, match="cannot pay"):
        sim.bank.change_payment_support(card.id, ("us_bank_account",))


def test_the_institution_for_inactive_accounts_deactivates_them_at_once(sim, jenny):
    account = sim.link_account(jenny, institution=INACTIVE_ACCOUNTS)
    assert types(sim) == ["account.created", "account.deactivated"]
    assert account.relinkable


@pytest.mark.parametrize(
    ("event_name", "arguments"),
    [
        ("reopen_account", ["{account}"]),
        ("restore_account", ["{account}"]),
        ("withdraw_announcement", ["{account}"]),
        ("revoke_number", ["{account}"]),
        ("refresh_number", ["{account}"]),
        ("unblock_payment_method", ["pm_none"]),
        ("detach_payment_method", ["pm_none"]),
        ("revoke_mandate", ["mandate_none"]),
        ("change_external_account", ["ba_none", "errored"]),
        ("delete_external_account", ["ba_none"]),
        ("change_session_status", ["fcsess_none", "expired"]),
        ("close_account", ["fca_none"]),
        ("expire_consent", ["fcauth_none"]),
        ("announce_deactivation", ["{account}", 1]),
        ("merge", ["{login}", "{login}"]),
    ],
)
def test_an_impossible_bank_event_is_refused_and_changes_nothing(
    sim, account, event_name, arguments
):
    ids = {"account": account.id, "login": account.authorization.id}
    given = [a.format(**ids) if isinstance(a, str) else a for a in arguments]
    entries = len(sim.ledger)
    with pytest.raises(NotPossibleError):
        getattr(sim.bank, event_name)(*given)
    assert len(sim.ledger) == entries


def test_refreshed_data_and_changed_payment_support_send_events(sim: Simulator, account):
    sim.bank.refresh_data(account.id)
    sim.bank.change_payment_support(account.id, ("link",))
    received_events = received(sim)
    assert [e.type.rpartition(".")[2] for e in received_events] == [
        "refreshed_balance",
        "supported_payment_method_types_updated",
    ]
    assert received_events[1].data.object.supported_payment_method_types == ["link"]

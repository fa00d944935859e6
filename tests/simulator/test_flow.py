"""The customer in a relink session, and the result of the session."""

import pytest

from relink.adapters.simulator import (
    INACTIVE_ACCOUNTS,
    TOKENIZED_NUMBERS,
    Holder,
    NotPossibleError,
)

from .conftest import received, types


@pytest.fixture
def broken(sim, account):
    """An account whose consent expired, and a sibling with the same authorization."""
    sim.link_account(authorization=account.authorization.id)
    sim.bank.expire_consent(account.authorization.id)
    received(sim)
    return account


def read(sdk, part):
    return sdk.sessions.retrieve(part.session.id)


def test_choosing_the_expected_account_reactivates_it_and_its_siblings(
    sim, sdk, broken, open_session
):
    part = open_session(broken)
    part.choose_expected()
    assert types(sim) == ["account.reactivated", "account.reactivated", "session.updated"]
    session = read(sdk, part)
    assert session.status == "succeeded"
    assert session.relink_result.account == broken.id
    assert session.relink_result.authorization == broken.authorization.id
    assert session.relink_result.failure_reason is None
    assert [a.id for a in session.accounts.data] == [broken.id]
    assert broken.authorization.status == "active"


def test_siblings_are_reactivated_by_choice_and_closed_ones_never(sim, broken, open_session):
    _, sibling = broken.authorization.accounts
    open_session(broken).choose_expected(siblings=False)
    assert (broken.status, sibling.status) == ("active", "inactive")
    sim.bank.close_account(sibling.id)
    sim.bank.expire_consent(broken.authorization.id)
    open_session(broken).choose_expected()
    assert (broken.status, sibling.inactive.action) == ("active", "none")


def test_a_session_for_any_account_does_not_name_the_relinked_one(sdk, broken, open_session):
    part = open_session(broken, specific=False)
    part.choose_expected(broken.id)
    session = read(sdk, part)
    assert session.status == "succeeded"
    assert session.relink_result.account is None
    assert [a.id for a in session.accounts.data] == [broken.id]


def test_permissions_of_the_session_replace_those_of_the_account(broken, open_session):
    open_session(broken, permissions=["payment_method", "balances"]).choose_expected()
    assert broken.permissions == ("payment_method", "balances")


def test_a_session_for_any_account_can_link_a_new_one(sim, sdk, broken, open_session):
    part = open_session(broken, specific=False)
    new = part.choose_new("savings")
    assert types(sim) == ["account.created", "session.updated"]
    session = read(sdk, part)
    assert session.accounts.data[0].id == new.id
    assert session.relink_result.account is None
    assert (new.subcategory, new.authorization) == ("savings", broken.authorization)
    assert broken.status == "inactive"


@pytest.mark.parametrize("choice", ["choose_new", "choose_known"])
def test_a_session_for_a_specific_account_fails_with_another_one(
    sim, sdk, broken, open_session, choice
):
    _, sibling = broken.authorization.accounts
    part = open_session(broken)
    getattr(part, choice)(*([sibling.id] if choice == "choose_known" else []))
    session = read(sdk, part)
    assert (session.status, session.relink_result.failure_reason) == ("failed", "no_account")
    assert session.accounts.data == []
    assert types(sim) == ["session.updated"]
    assert broken.status == sibling.status == "inactive"


def test_a_known_account_of_another_authorization_moves(sim, sdk, broken, open_session, jenny):
    other = sim.link_account(jenny)
    left = other.authorization
    received(sim)
    part = open_session(broken, specific=False)
    part.choose_known(other.id)
    assert other.authorization is broken.authorization
    assert left.status == "disconnected"
    assert read(sdk, part).accounts.data[0].id == other.id


def test_an_account_can_be_relinked_under_a_new_authorization(sim, broken, open_session):
    old, sibling = broken.authorization, broken.authorization.accounts[1]
    open_session(broken).choose_expected(siblings=False, new_authorization=True)
    assert broken.authorization is not old
    assert broken.authorization.status == "active"
    assert sibling.authorization is old
    assert old.status == "inactive"


def test_a_session_for_a_merged_authorization_relinks_under_the_remaining_one(
    sim, account, open_session, jenny
):
    other = sim.link_account(jenny)
    sim.bank.expire_consent(account.authorization.id)
    sim.bank.expire_consent(other.authorization.id)
    part = open_session(account)
    sim.bank.merge(account.authorization.id, into=other.authorization.id)
    part.choose_expected()
    assert account.authorization is other.authorization
    assert other.status == "active"


@pytest.mark.parametrize(
    ("choice", "status", "reason"),
    [
        ("fail_to_sign_in", "failed", "no_authorization"),
        ("sign_in_without_account", "failed", "no_account"),
        ("bank_error", "failed", "other"),
        ("cancel", "cancelled", None),
    ],
)
def test_a_flow_without_an_account_ends_with_its_failure_reason(
    sim, sdk, broken, open_session, choice, status, reason
):
    part = open_session(broken)
    getattr(part, choice)()
    session = read(sdk, part)
    assert (session.status, session.relink_result.failure_reason) == (status, reason)
    assert session.relink_result.account is session.relink_result.authorization is None
    assert types(sim) == ["session.updated"]
    assert broken.authorization.status == "inactive"


def test_signing_in_can_repair_the_authorization_and_the_other_accounts(sim, broken, open_session):
    _, sibling = broken.authorization.accounts
    open_session(broken).sign_in_without_account(repairs_authorization=True)
    assert broken.authorization.status == sibling.status == "active"
    assert broken.status == "inactive"


def test_an_abandoned_session_stays_pending_and_can_be_completed(sim, sdk, broken, open_session):
    part = open_session(broken)
    part.walk_away()
    assert types(sim) == []
    assert read(sdk, part).status == "pending"
    sim.advance(7 * 86400)
    part.choose_expected()
    assert read(sdk, part).status == "succeeded"


def test_a_failed_flow_can_be_repeated_and_a_successful_one_cannot(broken, open_session):
    part = open_session(broken)
    part.fail_to_sign_in()
    part.choose_expected()
    assert part.session.failure_reason is None
    with pytest.raises(NotPossibleError, match="has already succeeded"):
        part.cancel()


def test_a_relink_issues_a_new_tokenized_number(sim, jenny, open_session):
    account = sim.link_account(jenny, institution=TOKENIZED_NUMBERS)
    sim.bank.revoke_number(account.id)
    received(sim)
    open_session(account).choose_expected()
    assert types(sim) == ["account.account_numbers_updated", "session.updated"]
    assert [number.status for number in account.numbers] == ["transactable"]


def test_a_relink_cancels_an_announced_deactivation(sim, account, open_session):
    sim.bank.announce_deactivation(account.authorization.id, int(sim.now) + 86400)
    received(sim)
    open_session(account).choose_expected()
    assert types(sim) == [
        "authorization.expected_deactivation_date_updated",
        "account.expected_deactivation_date_updated",
        "session.updated",
    ]
    sim.advance(2 * 86400)
    assert account.status == "active"


def test_only_open_and_eligible_accounts_are_shown(sim, account, open_session, jenny):
    savings = sim.link_account(jenny, subcategory="savings")
    sim.link_account(jenny, subcategory="credit_card")
    sim.link_account(jenny, institution="Another Bank")
    sim.link_account(sim.add_customer("Ada"))
    closed = sim.link_account(jenny)
    sim.bank.close_account(closed.id)
    part = open_session(account)
    assert part.known_accounts() == [account, savings]
    with pytest.raises(NotPossibleError, match="is not shown by the bank"):
        part.choose_known(closed.id)
    linked = {a.last4 for a in sim.world.accounts.values()}
    assert not linked & {offer.last4 for offer in part.offers()}


def test_a_chosen_offer_is_the_account_that_is_linked(account, open_session):
    part = open_session(account, specific=False)
    first, second = part.offers()
    assert part.choose_new().last4 == first.last4
    again = open_session(account, specific=False).offers()
    assert first not in again
    assert second in again


def test_a_customer_can_link_an_account_of_another_holder(sim, account, open_session):
    ada = Holder("customer", sim.add_customer("Ada Lovelace"))
    new = open_session(account, specific=False).choose_new(holder=ada)
    assert new.holder == ada


def test_a_first_link_can_use_any_institution(sim, sdk, jenny):
    holder = {"type": "customer", "customer": jenny}
    params = {"account_holder": holder, "permissions": ["payment_method"]}
    part = sim.customer(sdk.sessions.create(params=params).id)
    account = part.choose_new(institution=INACTIVE_ACCOUNTS)
    assert account.institution.name == INACTIVE_ACCOUNTS
    assert types(sim) == ["account.created", "account.deactivated", "session.updated"]


@pytest.fixture
def first_link(sim, sdk, jenny):
    """Opens a session outside of a relink, and returns the customer in it."""

    def make(**more):
        holder = {"type": "customer", "customer": jenny}
        params = {"account_holder": holder, "permissions": ["payment_method"], **more}
        return sim.customer(sdk.sessions.create(params=params).id)

    return make


def test_outside_of_a_relink_a_linked_account_is_linked_once_more(sim, sdk, broken, first_link):
    part = first_link()
    linked = {a.last4 for a in broken.authorization.accounts}
    assert {offer.last4 for offer in part.offers() if offer.linked} == linked
    again = part.choose_again(broken.id)
    assert types(sim) == ["account.created", "session.updated"]
    assert again.id != broken.id
    assert (again.last4, again.fingerprint) == (broken.last4, broken.fingerprint)
    assert again.authorization is not broken.authorization
    assert (again.status, broken.status) == ("active", "inactive")
    session = sdk.sessions.retrieve(part.session.id)
    assert [a.id for a in session.accounts.data] == [again.id]
    assert not {"relink_options", "relink_result"} & session.to_dict().keys()


def test_a_relink_does_not_link_a_linked_account_once_more(sim, broken, open_session):
    part = open_session(broken, specific=False)
    with pytest.raises(NotPossibleError, match="use choose_known"):
        part.choose_again(broken.id)
    with pytest.raises(NotPossibleError, match="shows no new"):
        part.choose_new(last4=broken.last4)


def test_an_account_is_linked_without_a_session_by_its_last_four_digits(sim, broken, jenny):
    again = sim.link_account(jenny, last4=broken.last4)
    assert again.fingerprint == broken.fingerprint
    assert again.id != broken.id


def test_a_session_can_require_accounts_that_can_pay(sim, first_link, jenny):
    sim.link_account(jenny, subcategory="credit_card")
    part = first_link(filters={"require_payment_method_support": "all"})
    assert {offer.subcategory for offer in part.offers()} <= {"checking", "savings"}
    assert "credit_card" in {offer.subcategory for offer in first_link().offers()}


def test_an_expired_session_cannot_be_completed(sim, sdk, broken, open_session):
    part = open_session(broken)
    sim.bank.change_session_status(part.session.id, "expired")
    assert types(sim) == ["session.updated"]
    session = sdk.sessions.retrieve(part.session.id)
    assert session.status == "expired"
    assert "relink_result" not in session.to_dict()
    for choice in (part.choose_expected, part.cancel, part.walk_away):
        with pytest.raises(NotPossibleError, match="has already expired"):
            choice()
    assert broken.status == "inactive"


def test_a_session_in_an_unknown_status_can_still_succeed(sim, sdk, broken, open_session):
    part = open_session(broken)
    sim.bank.change_session_status(part.session.id, "under_review")
    assert sdk.sessions.retrieve(part.session.id).status == "under_review"
    part.choose_expected()
    assert sdk.sessions.retrieve(part.session.id).status == "succeeded"
    with pytest.raises(NotPossibleError, match="has already succeeded"):
        sim.bank.change_session_status(part.session.id, "expired")


def test_filters_always_have_two_of_their_keys(sdk, first_link, sim):
    shown = []
    for filters in ({}, {"require_payment_method_support": "none"}, {"country": "US"}):
        part = first_link(**({"filters": filters} if filters else {}))
        shown.append(sdk.sessions.retrieve(part.session.id).to_dict().get("filters"))
    assert shown[0] is None
    assert shown[1] == {
        "account_subcategories": None,
        "country": None,
        "require_payment_method_support": "none",
    }
    assert shown[2] == {"account_subcategories": None, "country": "US"}


def test_an_account_that_the_bank_does_not_show_cannot_be_chosen(sim, broken, open_session):
    part = open_session(broken)
    sim.bank.close_account(broken.id)
    with pytest.raises(NotPossibleError, match="is not shown by the bank"):
        part.choose_expected()
    with pytest.raises(NotPossibleError, match="there is no session"):
        sim.customer("fcsess_none")


def test_the_expected_account_must_be_named_if_there_are_several(broken, open_session):
    with pytest.raises(NotPossibleError, match="pass one"):
        open_session(broken, specific=False).choose_expected()

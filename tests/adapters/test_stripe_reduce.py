"""The fields of Stripe's objects that relink keeps, and which of them count as absent."""

import pytest
from stripe import financial_connections

from relink.adapters.stripe import (
    Origin,
    UnreadableObject,
    account_report,
    authorization_report,
    reduce_account,
    reduce_authorization,
    reduce_session,
)
from relink.machines.report import AccountNumber, Holder, StatusReport

READ = Origin(causation_id="retrieve_1", at=8.5, as_of=7, read=True, begun_at=6.5)

WHOLE = StatusReport(
    status="inactive",
    action="relink_required",
    cause="access_expired",
    authorization="fcauth_1",
    holder=Holder(field="customer", id="cus_1"),
    permissions=("payment_method", "balances"),
    category="cash",
    subcategory="checking",
    payment_method_types=("us_bank_account",),
    numbers=(
        AccountNumber(
            identifier_type="tokenized_account_number",
            status="transactable",
            expires_on=1_770_000_000,
            networks=("ach",),
        ),
    ),
    institution_name="StripeBank",
    last4="6789",
)

TOLD_BY = {
    "status": {"status"},
    "status_details": {"action", "cause"},
    "authorization": {"authorization"},
    "account_holder": {"holder"},
    "permissions": {"permissions"},
    "category": {"category"},
    "subcategory": {"subcategory"},
    "supported_payment_method_types": {"payment_method_types"},
    "account_numbers": {"numbers"},
    "institution_name": {"institution_name"},
    "last4": {"last4"},
}
"""Each field of Stripe's, with the fields of the report that come from it, for an account that is
down. What ``status_details`` says about one that works is tested apart."""

TOLD = set().union(*TOLD_BY.values())
WORKING = {"deactivates_on", "deactivation_action"}

MAY_BE_NULL = {"authorization", "account_holder", "permissions", "account_numbers", "last4"}


def test_an_account_is_reduced_to_the_fields_of_the_allow_list(account):
    report = account_report(account)
    assert report == WHOLE
    assert report.model_fields_set == TOLD == set(StatusReport.model_fields) - WORKING


def test_an_sdk_object_and_its_json_are_reduced_alike(account, session):
    typed = financial_connections.Account.construct_from(account, "sk_test_1")
    assert account_report(typed) == WHOLE
    typed = financial_connections.Session.construct_from(session, "sk_test_1")
    assert reduce_session(typed, READ) == reduce_session(session, READ)
    assert reduce_session(typed, READ).accounts[0].report == WHOLE


@pytest.mark.parametrize("key", TOLD_BY)
def test_a_missing_field_is_absent_and_does_not_affect_the_others(account, key):
    del account[key]
    report = account_report(account)
    assert report.model_fields_set == TOLD - TOLD_BY[key]


@pytest.mark.parametrize("key", TOLD_BY)
@pytest.mark.parametrize("wrong", [5, True, "", [5], [None], "x" * 300, "\ud800", "\0"])
def test_a_field_of_another_type_counts_as_missing(account, key, wrong):
    account[key] = wrong
    report = account_report(account)
    assert report.model_fields_set == TOLD - TOLD_BY[key]


@pytest.mark.parametrize("key", sorted(set(TOLD_BY) - {"status_details"}))
def test_a_reference_without_an_id_counts_as_missing(account, key):
    account[key] = {"id": 5, "status": "active"}
    assert account_report(account).model_fields_set == TOLD - TOLD_BY[key]


@pytest.mark.parametrize("key", sorted(set(TOLD_BY) - {"status_details"}))
def test_null_counts_as_none_only_in_nullable_fields(account, key):
    account[key] = None
    report = account_report(account)
    (field,) = TOLD_BY[key]
    assert report.includes(field) == (key in MAY_BE_NULL)
    assert getattr(report, field) is None


@pytest.mark.parametrize(
    ("details", "said"),
    [
        # What is left out is absent. That it means "none" in a complete object is for the machines.
        (None, {}),
        ({}, {}),
        ({"active": None, "inactive": None}, {}),
        ({"active": {}}, {}),
        (
            {"active": {"action": "relink_required", "expected_deactivation_date": 9}},
            {"deactivates_on": 9, "deactivation_action": "relink_required"},
        ),
        ({"active": {"action": "relink_required"}}, {"deactivation_action": "relink_required"}),
        (
            {"active": {"action": "none", "expected_deactivation_date": None}},
            {"deactivates_on": None, "deactivation_action": "none"},
        ),
        ({"active": {"expected_deactivation_date": "soon"}}, {}),
        ({"active": 5}, {}),
        (
            {"inactive": {"action": "invented", "cause": "new_cause"}},
            {"action": "invented", "cause": "new_cause"},
        ),
        (
            {"inactive": {"action": None, "cause": 5}, "active": {"action": "new"}},
            {"deactivation_action": "new"},
        ),
    ],
)
def test_k5_a_report_holds_only_the_parts_of_status_details_that_are_there(details, said):
    for report in (account_report, authorization_report):
        assert report({"status_details": details}).model_dump(exclude_unset=True) == said


def test_unknown_enum_values_are_kept(account):
    account |= {
        "status": "dormant",
        "permissions": ["payment_method", "horoscope"],
        "category": "crypto",
        "supported_payment_method_types": ["pigeon"],
        "account_numbers": [{"identifier_type": "iban", "status": "frozen"}],
        "invented": {"later": True},
    }
    report = account_report(account)
    assert (report.status, report.category, report.permissions[1]) == (
        "dormant",
        "crypto",
        "horoscope",
    )
    assert report.payment_method_types == ("pigeon",)
    assert report.numbers == (AccountNumber(identifier_type="iban", status="frozen"),)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"type": "customer", "customer": "cus_1"}, ("customer", "cus_1")),
        ({"type": "customer", "customer": {"id": "cus_1", "name": "Jenny"}}, ("customer", "cus_1")),
        (
            {"type": "customer", "customer": None, "customer_account": "acct_c"},
            ("customer_account", "acct_c"),
        ),
        ({"type": "account", "account": {"id": "acct_1"}}, ("account", "acct_1")),
        ({"customer": "cus_1", "customer_account": "acct_c"}, ("customer", "cus_1")),
        ({"type": "customer"}, None),
        ({"type": "customer", "customer": "not an id"}, None),
    ],
)
def test_the_holder_is_the_first_named_field(raw, found):
    report = account_report({"account_holder": raw})
    assert report.includes("holder") == (found is not None)
    assert (report.holder and (report.holder.field, report.holder.id)) == found


def test_an_expanded_authorization_is_its_id(account):
    account["authorization"] = {"id": "fcauth_7", "status": "active"}
    assert account_report(account).authorization == "fcauth_7"


def test_account_numbers_are_unreadable_if_one_of_them_is():
    fine = {"status": "transactable", "supported_networks": ["ach"], "expected_expiry_date": None}
    (number,) = account_report({"account_numbers": [fine]}).numbers
    assert number == AccountNumber(status="transactable", networks=("ach",))
    assert number.can_pay
    for broken in (5, {}, {"status": None}):
        # Without the unreadable one the report would differ: none of them pays, or all do.
        assert not account_report({"account_numbers": [fine, broken]}).includes("numbers")
    for networks in (None, "ach", [5]):
        (number,) = account_report(
            {"account_numbers": [{**fine, "supported_networks": networks}]}
        ).numbers
        # It does not say its networks, and is not refused for it.
        assert number.can_pay
    assert account_report({"account_numbers": []}).numbers == ()


def test_a_last4_with_other_than_four_digits_counts_as_missing():
    for digits in ("56789", "000123456789", "789", 6789, "67 89", "\u0661\u0662\u0663\u0664"):
        assert not account_report({"last4": digits}).includes("last4")


def test_a_report_from_a_read_has_the_time_of_the_answer(account):
    report = reduce_account(account, READ)
    assert (report.read, report.as_of, report.at) == (True, 7, 8.5)
    assert (report.begun_at, report.causation_id) == (6.5, "retrieve_1")


def test_an_authorization_report_has_no_account_fields(account):
    account |= {"id": "fcauth_1", "object": "financial_connections.authorization"}
    report = reduce_authorization(account, READ)
    assert (report.authorization, report.read, report.report.status) == (
        "fcauth_1",
        True,
        "inactive",
    )
    shared = {"status", "institution_name", "holder", *TOLD_BY["status_details"]}
    assert report.report.model_fields_set == shared


def test_a_session_is_reduced_to_its_result_and_its_accounts(session):
    report = reduce_session(session, READ)
    assert (report.session, report.status, report.read) == ("fcsess_1", "succeeded", True)
    assert (report.relinked_account, report.failure_reason) == ("fca_1", None)
    ((account),) = report.accounts
    assert (account.account, account.report) == ("fca_1", WHOLE)
    session["relink_result"] = {"account": None, "failure_reason": "no_account"}
    session["accounts"]["data"] = ["fca_8", {"id": "fca_9"}]
    report = reduce_session(session, READ)
    assert (report.relinked_account, report.failure_reason) == (None, "no_account")
    assert [(a.account, a.report.model_fields_set) for a in report.accounts] == [
        ("fca_8", set()),
        ("fca_9", set()),
    ]


@pytest.mark.parametrize("accounts", ["absent", None, [], {"data": None}, {"data": [{"id": None}]}])
def test_unreadable_accounts_of_a_session_are_not_an_empty_list(session, accounts):
    session["accounts"] = accounts
    if accounts == "absent":
        del session["accounts"]
    assert reduce_session(session, READ).accounts is None
    session["accounts"] = {"data": []}
    assert reduce_session(session, READ).accounts == ()


@pytest.mark.parametrize("key", ["status", "relink_result", "accounts"])
@pytest.mark.parametrize("wrong", [5, [], "", None])
def test_a_session_with_damaged_fields_keeps_its_id(session, key, wrong):
    session[key] = wrong
    assert reduce_session(session, READ).session == "fcsess_1"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": None}, "no valid id"),
        ({"id": {"id": "fca_1"}}, "no valid id"),
        ({"object": "x"}, "is not a"),
    ],
)
def test_an_object_without_a_valid_kind_or_id_is_an_error(account, change, complaint):
    with pytest.raises(UnreadableObject, match=complaint):
        reduce_account({**account, **change}, READ)

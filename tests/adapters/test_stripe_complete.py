"""K5: which objects are complete, so that an absent field means "none"."""

import pytest

from relink.adapters.stripe import (
    Accepted,
    Origin,
    reduce_account,
    reduce_authorization,
    reduce_session,
)
from relink.adapters.stripe.versions import is_complete
from relink.machines.events import AccountReported

DEACTIVATED = "financial_connections.account.deactivated"
WORKING = {"deactivates_on", "deactivation_action"}
READ = Origin(causation_id="retrieve_1", at=8.5, as_of=7, read=True, begun_at=6.5)
COMPLETE = Origin(causation_id="evt_1", at=8.5, as_of=7, read=False, complete=True)
INCOMPLETE = Origin(causation_id="evt_1", at=8.5, as_of=7, read=False)

REDUCED_AS = {
    "account": (reduce_account, "fca_1"),
    "authorization": (reduce_authorization, "fcauth_1"),
}


def bare(kind, **more):
    return {"id": REDUCED_AS[kind][1], "object": f"financial_connections.{kind}", **more}


@pytest.mark.parametrize("kind", REDUCED_AS)
@pytest.mark.parametrize("told", [{}, {"status_details": {}}, {"status_details": None}])
def test_k5_a_complete_object_says_none_by_absence_and_another_says_nothing(kind, told):
    reduce, _ = REDUCED_AS[kind]
    working = bare(kind, status="active", **told)
    for origin, expected in [(READ, True), (COMPLETE, True), (INCOMPLETE, False)]:
        event = reduce(working, origin)
        assert event.complete is expected
        assert event.report.model_fields_set == {"status"}
        completed = event.report.completed()
        assert completed.includes("authorization")
        assert (completed.deactivates_on, completed.deactivation_action) == (None, None)
        assert completed.model_fields_set == {"status", "authorization", *WORKING}


@pytest.mark.parametrize("kind", REDUCED_AS)
@pytest.mark.parametrize(
    "unreadable",
    [
        {"status_details": 5},
        {"status_details": []},
        {"status_details": {"inactive": 5}},
        {"status_details": {"inactive": {"action": 5}}},
        {"status_details": {"inactive": {"cause": ""}}},
        {"status_details": {"active": "soon"}},
        {"status_details": {"active": {"expected_deactivation_date": "soon"}}},
        {"status_details": {"active": {"action": ["relink_required"]}}},
        {"authorization": 5},
        {"authorization": {"id": None}},
        {"authorization": ""},
    ],
)
def test_k5_an_unreadable_field_is_not_none_so_its_object_is_not_complete(kind, unreadable):
    reduce, _ = REDUCED_AS[kind]
    for origin in (READ, COMPLETE):
        assert not reduce(bare(kind, status="active", **unreadable), origin).complete


def test_k5_a_session_is_complete_if_each_of_its_accounts_is(session):
    for origin, expected in [(READ, True), (COMPLETE, True), (INCOMPLETE, False)]:
        assert reduce_session(session, origin).complete is expected
    session["accounts"]["data"][0]["authorization"] = 5
    assert not reduce_session(session, READ).complete
    for accounts, complete in [
        ({"data": ["fca_1"]}, False),
        ({"data": 5}, False),
        ({"data": []}, True),
        ({}, True),
        (None, True),
    ]:
        assert reduce_session({**session, "accounts": accounts}, READ).complete is complete


@pytest.mark.parametrize(
    ("version", "complete"),
    [
        ("2026-06-24.preview", True),
        ("2026-09-30.preview", True),
        ("2027-01-27.preview", True),
        ("2026-09-30.preview; some_beta=v1", True),
        # It lacks status_details.active.
        ("2026-05-27.preview", False),
        ("2026-01-28.preview", False),
        ("2025-12-15.preview", False),
        ("2026-10-28.endive", False),
        ("2026-09-30.private", False),
        ("2020-08-27", False),
        ("2026-09-30.previews", False),
        ("preview", False),
        ("", False),
        (None, False),
        (5, False),
    ],
)
def test_k5_a_version_is_complete_from_the_preview_that_has_all_fields(version, complete):
    assert is_complete(version) is complete


@pytest.mark.parametrize(
    ("version", "complete"),
    [
        ("2026-09-30.preview", True),
        ("2026-06-24.preview", True),
        ("2026-01-28.preview", False),
        ("2026-10-28.endive", False),
        (None, False),
        ("absent", False),
    ],
)
@pytest.mark.parametrize("kind", ["account", "authorization", "session"])
def test_k5_a_webhook_is_complete_by_its_version(deliver, event, kind, version, complete):
    which = {
        "account": DEACTIVATED,
        "authorization": "financial_connections.authorization.upcoming_deactivation",
        "session": "financial_connections.session.updated",
    }[kind]
    sent = event(which, {"id": "fc_1", "status": "active"}, api_version=version)
    if version == "absent":
        del sent["api_version"]
    received = deliver(sent)
    assert isinstance(received, Accepted)
    (report,) = received.events
    assert report.complete is complete  # type: ignore[attr-defined]


def test_k5_a_thin_notification_has_no_object_that_could_be_complete(deliver, thin):
    sent = thin(f"v1.{DEACTIVATED}", "fca_1", api_version="2026-09-30.preview")
    received = deliver(sent)
    assert isinstance(received, Accepted)
    (look,) = received.events
    assert isinstance(look, AccountReported)
    assert (look.report, look.complete, look.read) == (None, False, False)

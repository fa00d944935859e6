"""The webhooks that an endpoint accepts, ignores and refuses."""

import hmac
import json
import logging
import traceback

import pytest

from relink.adapters.stripe import (
    Accepted,
    Ignored,
    IgnoreReason,
    StripeWebhooks,
    WebhookRefused,
)
from relink.adapters.stripe.body import LONGEST_BODY
from relink.adapters.stripe.handlers import HANDLERS
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    SessionReported,
)
from relink.machines.policy import RelinkPolicy

DEACTIVATED = "financial_connections.account.deactivated"


def sign(body, secret, timestamp):
    """Sign as Stripe documents it, since older releases of the SDK can only verify."""
    signature = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), "sha256").hexdigest()
    return f"t={timestamp},v1={signature}"


# ── the signature ────────────────────────────────────────────────────────────


@pytest.fixture
def body(event, account):
    return json.dumps(event(DEACTIVATED, account))


def receive(body, header, now, secrets=("whsec_for_tests",), **options):
    return StripeWebhooks(secrets, livemode=False, **options).receive(body.encode(), header, now)


def test_a_signature_by_any_of_the_secrets_is_accepted(body, now):
    for signed_with in ("whsec_old", "whsec_new"):
        header = sign(body, signed_with, timestamp=now)
        assert isinstance(receive(body, header, now, ["whsec_old", "whsec_new"]), Accepted)


def test_a_header_can_hold_signatures_by_both_secrets(body, now):
    old, new = (sign(body, f"whsec_{name}", timestamp=now) for name in ("old", "new"))
    both = f"{old},{new.partition(',')[2]},v0=of-no-use"
    for secret in ("whsec_old", "whsec_new"):
        assert isinstance(receive(body, both, now, [secret]), Accepted)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "no signature"),
        ("", "no signature"),
        ("nonsense", "malformed signature"),
        ("t=,v1=00", "malformed signature"),
        ("t=-5,v1=00", "malformed signature"),
        (f"t={'9' * 5000},v1=00", "malformed signature"),
        ("t=1760000000,v1=\N{LATIN SMALL LETTER E WITH ACUTE}", "malformed signature"),
        ("t=1760000000", "wrong signature"),
        ("t=1760000000,t,v1=00", "wrong signature"),
        ("t=1760000000,v1=00", "wrong signature"),
    ],
)
def test_a_missing_malformed_or_wrong_signature_is_refused(body, now, header, reason):
    with pytest.raises(WebhookRefused) as refused:
        receive(body, header, now)
    assert refused.value.reason == str(refused.value) == reason


def test_a_signature_is_valid_for_one_secret_one_body_and_one_scheme(body, now):
    right = sign(body, "whsec_for_tests", timestamp=now)
    assert isinstance(receive(body, right, now), Accepted)
    for header, signed in [
        (sign(body, "whsec_other", timestamp=now), body),
        (right, body + " "),
        (right.replace("v1=", "v0="), body),
        (right.replace(str(now), str(now + 1)), body),
    ]:
        with pytest.raises(WebhookRefused, match=r"^wrong signature$"):
            receive(signed, header, now)


def test_the_age_of_a_signature_depends_on_the_given_time_only(body, now):
    header = sign(body, "whsec_for_tests", timestamp=now)
    assert isinstance(receive(body, header, now + 300.0), Accepted)
    assert isinstance(receive(body, header, now + 60, tolerance=60), Accepted)
    for late, tolerance in [(300.5, 300), (60.5, 60)]:
        with pytest.raises(WebhookRefused, match=r"^old signature$"):
            receive(body, header, now + late, tolerance=tolerance)


@pytest.mark.parametrize("disguise", ["t={fresh},", "t={fresh},t=5,", "t= 5,t={fresh},"])
def test_an_old_signature_cannot_be_replayed_under_a_second_timestamp(body, now, disguise):
    _, _, signatures = sign(body, "whsec_for_tests", timestamp=5).partition(",")
    for header in (f"{disguise}{signatures}", f"t=5,{disguise}{signatures}"):
        with pytest.raises(WebhookRefused, match=r"^(wrong|malformed) signature$"):
            receive(body, header.format(fresh=now), now)


@pytest.mark.parametrize(
    ("secrets", "tolerance", "complaint"),
    [
        ("whsec_one", 300, "got a string"),
        ([], 300, "at least one"),
        (["whsec_one", " "], 300, "no empty ones"),
        (["whsec_one"], 0, "tolerance must be positive, got 0"),
    ],
)
def test_an_endpoint_with_invalid_arguments_is_refused(secrets, tolerance, complaint):
    with pytest.raises(ValueError, match=complaint):
        StripeWebhooks(secrets, livemode=False, tolerance=tolerance)


# ── the body ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"not json",
        b'{"id": "evt_1", "type": "x", "created": 1, "livemode": false, "data": {"obj',
        b"[]",
        b"3",
        b"null",
        b'"evt_1"',
        b'{"id": 3}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"id": "evt_1", "created": NaN}',
        b'{"id": "evt_1", "created": -Infinity}',
        b'{"id": "evt_1", "id": "evt_2"}',
        b'{"id": "evt_1", "created": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_body_that_is_not_an_event_is_refused(deliver, broken):
    with pytest.raises(WebhookRefused):
        deliver(broken)


def test_a_body_that_is_not_utf8_or_too_large_is_refused(deliver, body):
    with pytest.raises(WebhookRefused, match="not UTF-8"):
        deliver(body.encode().replace(b"StripeBank", b"Stripe\xff"))
    assert isinstance(deliver(body + " " * (LONGEST_BODY - len(body))), Accepted)
    with pytest.raises(WebhookRefused, match="larger than"):
        deliver(body + " " * (LONGEST_BODY - len(body) + 1))


def test_a_body_with_a_repeated_key_at_any_depth_is_refused(deliver, body):
    twice = body.replace('"status": "inactive"', '"status": "inactive", "status": "active"')
    assert twice != body
    with pytest.raises(WebhookRefused):
        deliver(twice)


@pytest.mark.parametrize("key", ["id", "type", "created", "data", "livemode"])
@pytest.mark.parametrize("wrong", ["absent", None, [], {}, "", 3.5, {"object": 5}])
def test_an_event_without_a_required_field_is_refused(deliver, event, account, key, wrong):
    broken = event(DEACTIVATED, account, **{key: wrong})
    if wrong == "absent":
        del broken[key]
    with pytest.raises(WebhookRefused):
        deliver(broken)


@pytest.mark.parametrize("created", [-1, True, 10**12, 10**30, "2025-10-09T08:53:15Z"])
def test_an_event_with_an_invalid_time_is_refused(deliver, event, account, created):
    with pytest.raises(WebhookRefused, match="creation time"):
        deliver(event(DEACTIVATED, account, created=created))


@pytest.mark.parametrize("kind", sorted(HANDLERS))
@pytest.mark.parametrize("wrong", [{"id": None}, {"id": 5}, {"id": ""}, {"id": "a b"}, {}])
def test_an_event_whose_object_has_no_valid_kind_or_id_is_refused(deliver, event, kind, wrong):
    with pytest.raises(WebhookRefused, match="has no valid id"):
        deliver(event(kind, wrong))
    with pytest.raises(WebhookRefused, match="is not a"):
        deliver(event(kind, {"id": "cus_1", "object": "customer"}))


# ── what is for us ───────────────────────────────────────────────────────────


def test_an_accepted_event_has_its_report_and_connected_account(deliver, event, account, now):
    received = deliver(event(DEACTIVATED, account, account="acct_9"), at=now + 2.5)
    assert isinstance(received, Accepted)
    assert (received.id, received.type) == ("evt_1", DEACTIVATED)
    assert (received.created, received.connected_account) == (now - 5, "acct_9")
    (report,) = received.events
    assert isinstance(report, AccountReported)
    assert (report.account, report.causation_id, report.read) == ("fca_1", "evt_1", False)
    assert (report.as_of, report.at) == (now - 5, now + 2.5)
    assert report.report is not None
    assert (report.report.status, report.report.action) == ("inactive", "relink_required")


@pytest.mark.parametrize("wrong", [5, "", "not an id", ["acct_1"]])
def test_an_event_with_an_invalid_connected_account_is_refused(
    deliver, event, thin, account, wrong
):
    # Taken for one of our own, it would be acted on in the wrong account's name.
    for sent in (
        event(DEACTIVATED, account, account=wrong),
        thin(f"v1.{DEACTIVATED}", "fca_1", context=wrong),
    ):
        with pytest.raises(WebhookRefused, match="no valid connected account"):
            deliver(sent)


def test_the_events_of_a_webhook_carry_the_policy(event, account, now):
    policy = RelinkPolicy(attempts=7)
    body = json.dumps(event(DEACTIVATED, account))
    received = receive(body, sign(body, "whsec_for_tests", timestamp=now), now, policy=policy)
    assert isinstance(received, Accepted)
    assert received.events[0].policy == policy


@pytest.mark.parametrize("livemode", [True, False])
def test_events_of_the_other_mode_are_ignored(event, account, now, livemode):
    endpoint = StripeWebhooks(["whsec_for_tests"], livemode=livemode)
    for sent in (True, False):
        body = json.dumps(event(DEACTIVATED, account, livemode=sent))
        header = sign(body, "whsec_for_tests", timestamp=now)
        received = endpoint.receive(body.encode(), header, now)
        expected = Accepted if sent is livemode else Ignored
        assert isinstance(received, expected)


@pytest.mark.parametrize(
    "kind", ["invoice.paid", "financial_connections.account.invented", "balance.available"]
)
def test_event_types_that_are_not_handled_are_ignored(deliver, event, thin, kind):
    for sent in (
        event(kind, {}),
        thin(f"v1.{kind}", "in_1"),
        thin("v2.core.account[x].updated", ""),
    ):
        received = deliver(sent)
        assert isinstance(received, Ignored)
        assert received.reason is IgnoreReason.UNKNOWN_TYPE


@pytest.mark.parametrize("kind", sorted(k for k in HANDLERS if k.startswith("financial_")))
def test_every_handled_type_reports_its_object_and_thin_ones_cause_a_read(
    deliver, event, thin, now, kind
):
    which = kind.split(".")[1]
    received = deliver(event(kind, {"id": "fc_1", "object": f"financial_connections.{which}"}))
    look = deliver(thin(f"v1.{kind}", "fc_1", context="org_1/acct_2"))
    assert isinstance(received, Accepted)
    assert isinstance(look, Accepted)
    assert (look.connected_account, look.created) == ("acct_2", now - 5)
    (report,), (asked,) = received.events, look.events
    expected = {
        "account": AccountReported,
        "authorization": AuthorizationReported,
        "session": SessionReported,
    }[which]
    assert type(report) is type(asked) is expected
    assert getattr(report, which) == getattr(asked, which) == "fc_1"
    if which != "session":
        assert report.report is not None
        # A missing status is not derived from the event type.
        assert not report.report.includes("status")
        assert asked.report is None
    else:
        assert asked.status is None


@pytest.mark.parametrize("related", [None, {}, {"id": 5}, [], "fca_1"])
def test_a_thin_notification_without_an_object_is_refused(deliver, thin, related):
    with pytest.raises(WebhookRefused):
        deliver(thin(f"v1.{DEACTIVATED}", "", related_object=related))


@pytest.mark.parametrize("created", [None, "yesterday", "2025-10-09T08:53:15", "0001-01-01T00:00Z"])
def test_a_thin_notification_needs_a_time_with_a_zone(deliver, thin, created):
    with pytest.raises(WebhookRefused, match="creation time"):
        deliver(thin(f"v1.{DEACTIVATED}", "fca_1", created=created))


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"account": "acct_1"}, "acct_1"),
        ({"context": "acct_2"}, "acct_2"),
        ({"context": "org_1/acct_2"}, "acct_2"),
        ({"account": "acct_1", "context": "acct_1"}, "acct_1"),
        ({"account": "acct_1", "context": None}, "acct_1"),
        ({"account": None, "context": None}, None),
        ({}, None),
    ],
)
def test_k6_the_context_of_an_event_means_what_its_account_means(
    deliver, event, thin, account, named, expected
):
    for sent in (event(DEACTIVATED, account, **named), thin(f"v1.{DEACTIVATED}", "fca_1", **named)):
        received = deliver(sent)
        assert isinstance(received, Accepted)
        assert received.connected_account == expected


@pytest.mark.parametrize("what", ["balance", "ownership", "transactions", "risk_intelligence"])
@pytest.mark.parametrize("how", ["failed", "succeeded"])
def test_k6_a_thin_notification_of_a_refresh_asks_for_a_read_of_the_account(
    deliver, thin, what, how
):
    received = deliver(thin(f"v1.financial_connections.account.{what}_refresh_{how}", "fca_1"))
    assert isinstance(received, Accepted)
    (look,) = received.events
    assert isinstance(look, AccountReported)
    assert (look.account, look.report) == ("fca_1", None)


# ── secrets ──────────────────────────────────────────────────────────────────


def test_no_secret_of_a_session_is_kept(deliver, event, session, client_secret, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="stripe")
    received = deliver(event("financial_connections.session.updated", session))
    assert isinstance(received, Accepted)
    assert received.events[0].model_dump()["relinked_account"] == "fca_1"
    kept = repr(received) + received.events[0].model_dump_json() + caplog.text
    for private in (client_secret, "NobodyMayKeepThis", "hosted.example", "Jenny", "4321098"):
        assert private not in kept


def test_no_refusal_shows_the_contents_of_the_payload(
    deliver, event, session, client_secret, secret, caplog
):
    caplog.set_level(logging.DEBUG)
    body = json.dumps(event("financial_connections.session.updated", session))
    refusals = [
        body[:-20],
        body.replace('"fcsess_1"', "5"),
        body.encode() + b"\xff",
        body.replace('"evt_1"', f'"{client_secret} "'),
        body.replace('"livemode": false, "type"', f'"livemode": "{client_secret}", "type"'),
    ]
    for broken in refusals:
        with pytest.raises(WebhookRefused) as refused:
            deliver(broken)
        error = refused.value
        shown = "".join(traceback.format_exception(error)) + repr(error) + caplog.text
        assert client_secret not in shown
        assert secret not in shown
    with pytest.raises(WebhookRefused) as refused:
        StripeWebhooks([secret], livemode=False).receive(body.encode(), "t=5,v1=5", 5.0)
    assert client_secret not in "".join(traceback.format_exception(refused.value))
    assert secret not in repr(StripeWebhooks([secret], livemode=False))

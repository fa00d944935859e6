"""The HTTP contract, from end to end."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import get_args

import pytest

from relink.adapters.http.answers import AccountState
from relink.adapters.simulator import CustomerPart
from relink.adapters.store.codec import domain_codec
from relink.machines import CHARTS
from relink.machines.commands import NotifyCustomer, Wake
from relink.machines.reasons import NO_REASON_TO_RELINK, UNREPAIRABLE

from .served import EVENT, SHOP, Served


def test_an_account_with_expired_consent_is_relinked_over_http(at: Served):
    account = at.broken()
    assert [type(command) for command in at.notified] == [NotifyCustomer]
    answer = at.get(f"/accounts/{account}").json()
    assert (answer["state"], answer["chargeable"]) == ("inactive_relinkable", False)
    assert answer["next"] == [{"action": "relink", "mode": "specific", "reason": "inactive"}]
    opened = at.post(f"/accounts/{account}/relink-sessions")
    assert opened.status_code == 201
    assert opened.headers["cache-control"] == "no-store"
    session = opened.json()["session"]
    secret = at.sim.world.sessions[session].client_secret
    assert opened.json() == {"session": session, "mode": "specific", "client_secret": secret}
    at.sim.customer(session).choose_expected()
    result = at.post(f"/relink-sessions/{session}/result").json()
    assert (result["outcome"], result["account"]) == ("relinked", account)
    at.settle()
    answer = at.get(f"/accounts/{account}").json()
    assert (answer["state"], answer["chargeable"], answer["next"]) == ("active", True, [])


def test_a_webhook_is_answered_with_applied_duplicate_or_ignored(at: Served):
    at.sim.link_account(at.sim.add_customer("Jo"))
    (delivery,) = at.deliveries()
    assert at.deliver(delivery).json() == {"outcome": "applied"}
    assert at.deliver(delivery).json() == {"outcome": "duplicate"}
    assert at.post_signed({**EVENT, "type": "charge.succeeded"}).json() == {"outcome": "ignored"}
    assert at.post_signed({**EVENT, "livemode": True}).json() == {"outcome": "ignored"}


def test_a_new_session_is_a_201_and_the_open_one_a_200(at: Served):
    account = at.broken()
    first = at.post(f"/accounts/{account}/relink-sessions", {"mode": "specific"})
    again = at.post(f"/accounts/{account}/relink-sessions", {"mode": "specific"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert again.headers["cache-control"] == "no-store"


def test_a_hosted_session_is_answered_with_its_url(at: Served):
    account = at.broken()
    wishes = {"delivery": "url", "return_url": f"{SHOP}/bank"}
    opened = at.post(f"/accounts/{account}/relink-sessions", wishes)
    session = at.sim.world.sessions[opened.json()["session"]]
    assert opened.json()["url"] == session.hosted_url
    assert session.return_url == wishes["return_url"]
    assert opened.headers["cache-control"] == "no-store"


def test_a_refused_relink_is_a_409_with_state_code_sentence_and_next_actions(at: Served):
    account = at.linked()
    at.sim.bank.close_account(account)
    at.settle()
    refused = at.post(f"/accounts/{account}/relink-sessions")
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["state"] == "inactive_unrepairable"
    assert problem["reason"] == UNREPAIRABLE.code == "unrepairable"
    assert problem["detail"] == UNREPAIRABLE.sentence
    assert [action["action"] for action in problem["next"]] == ["request_new_payment_method"]


@pytest.mark.parametrize(
    ("customer_does", "outcome", "reason"),
    [
        (lambda customer: customer.choose_new(), "new_account_linked", None),
        (lambda customer: customer.sign_in_without_account(), "failed", "no_account"),
        (lambda customer: customer.cancel(), "cancelled", None),
        (lambda customer: customer.walk_away(), "pending", None),
    ],
)
def test_a_session_result_is_answered_with_outcome_reason_and_next_actions(
    at: Served, customer_does: Callable[[CustomerPart], object], outcome: str, reason: str | None
):
    account = at.broken()
    session = at.session_for(account, mode="any_eligible")
    customer_does(at.sim.customer(session))
    result = at.post(f"/relink-sessions/{session}/result").json()
    assert (result["outcome"], result["failure_reason"]) == (outcome, reason)
    assert result["next"] == at.get(f"/accounts/{result['account']}").json()["next"]


def test_a_billing_name_with_the_result_is_stripped_and_used_for_the_payment_method(at: Served):
    account = at.broken(name=None)
    session = at.session_for(account, mode="any_eligible")
    at.sim.customer(session).choose_new()
    at.settle()
    path = f"/relink-sessions/{session}/result"
    assert [action["action"] for action in at.post(path).json()["next"]] == ["provide_name"]
    at.post(path, {"billing_name": " Jo March "})
    at.settle()
    (made,) = at.sim.world.payment_methods.values()
    assert made.billing["name"] == "Jo March"


def test_accounts_are_listed_in_pages_and_by_filter(at: Served):
    active, broken = at.linked("Amy"), at.broken("Beth")
    everyone = sorted((active, broken))
    page = at.get("/accounts", params={"limit": 1}).json()
    assert ([each["id"] for each in page["accounts"]], page["next_after"]) == (
        everyone[:1],
        everyone[0],
    )
    page = at.get("/accounts", params={"after": page["next_after"]}).json()
    assert ([each["id"] for each in page["accounts"]], page["next_after"]) == (everyone[1:], None)

    def found(**filters: str) -> list[str]:
        return [each["id"] for each in at.get("/accounts", params=filters).json()["accounts"]]

    holder = at.sim.world.accounts[active].holder
    assert holder
    assert found(state="active") == [active]
    assert found(holder=holder.id) == [active]
    assert found(authorization=at.login_of(broken)) == [broken]
    assert found(institution="StripeBank") == everyone
    assert found(institution="Elsewhere") == []


def test_an_authorization_lists_its_accounts(at: Served):
    account = at.broken()
    login = at.login_of(account)
    answer = at.get(f"/authorizations/{login}").json()
    assert (answer["id"], answer["accounts"]) == (login, [account])
    assert answer["state"] == "inactive_relinkable"


def test_a_history_is_paged_by_version_oldest_first(at: Served):
    account = at.broken()
    path = f"/accounts/{account}/history"
    whole = at.get(path).json()
    versions = [entry["version"] for entry in whole["entries"]]
    assert versions == list(range(1, len(versions) + 1))
    assert whole["next_after"] is None
    page = at.get(path, params={"after": 1, "limit": 1}).json()
    assert page == {"entries": whole["entries"][1:2], "next_after": 2}
    moved = [e for e in whole["entries"] if e["to_state"] == "inactive_relinkable"]
    assert moved[0]["changes"]["reported_status"] == {"before": "active", "after": "relinkable"}
    assert moved[0]["trigger"]["name"] == "reported_relinkable"
    assert moved[0]["causation_id"].startswith("evt_")
    assert (moved[0]["reason"], moved[0]["detail"]) == (None, None)


def test_a_history_has_the_code_and_the_sentence_for_an_ignored_trigger(at: Served):
    account = at.linked()
    assert at.post(f"/accounts/{account}/relink-sessions").status_code == 409
    last = at.get(f"/accounts/{account}/history").json()["entries"][-1]
    assert (last["trigger"]["name"], last["outcome"]) == ("relink_requested", "ignored")
    assert last["reason"] == NO_REASON_TO_RELINK.code
    assert last["detail"] == NO_REASON_TO_RELINK.sentence


def test_what_if_returns_the_decisions_and_stores_nothing(at: Served):
    account = at.broken()
    before = at.get(f"/accounts/{account}").json()
    path = f"/accounts/{account}/what-if"
    answer = at.post(path, {"event": "relink_requested", "fields": {"mode": "specific"}}).json()
    assert [command["name"] for command in answer["commands"]] == ["create_relink_session"]
    gone = {"status": "disconnected"}
    fields = {"report": gone, "read": False, "as_of": int(at.sim.now) + 60}
    answer = at.post(path, {"event": "account_reported", "fields": fields}).json()
    first = answer["decisions"][0]
    assert (first["machine"], first["key"]) == ("account", account)
    assert first["decision"]["after"]["state"] == "disconnected"
    assert at.get(f"/accounts/{account}").json() == before


def test_what_if_shows_code_and_sentence_for_an_ignored_event(at: Served):
    path = f"/accounts/{at.linked()}/what-if"
    request = {"event": "relink_requested", "fields": {"has_read": True}}
    decision = at.post(path, request).json()["decisions"][0]["decision"]
    assert (decision["outcome"], decision["trigger"]["name"]) == ("ignored", "relink_requested")
    assert decision["reason"] == NO_REASON_TO_RELINK.code
    assert decision["detail"] == NO_REASON_TO_RELINK.sentence


def test_what_if_decides_a_timer(at: Served):
    account = at.broken()
    at.session_for(account)
    (session,) = at.sim.world.sessions
    timer = {
        "machine": "session",
        "key": session,
        "event": {"name": "session_deadline", "fields": {}},
    }
    answer = at.post(f"/accounts/{account}/what-if", {"event": "timer_fired", "fields": timer})
    assert [command["name"] for command in answer.json()["commands"]] == ["retrieve_session"]


def test_what_if_says_which_event_a_timer_brings_back(at: Served):
    account = at.linked()
    broken = {"status": "inactive", "action": "relink_required", "cause": "access_expired"}
    fields = {"report": broken, "read": False, "as_of": int(at.sim.now) + 60}
    request = {"event": "account_reported", "fields": fields}
    commands = at.post(f"/accounts/{account}/what-if", request).json()["commands"]
    timers = [command["data"] for command in commands if command["name"] == "wake"]
    assert timers
    for timer in timers:
        event = domain_codec().event(timer["event"]["name"], timer["event"]["fields"])
        wake = Wake(**{**timer, "event": event})
        assert wake.id in {command["id"] for command in commands}


@pytest.mark.parametrize("name", CHARTS)
def test_a_machine_is_drawn_as_svg_and_as_mermaid(at: Served, name: str):
    picture = at.get(f"/machines/{name}.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert b"</svg>" in picture.content
    # The content security policy allows its style sheet, and forbids all else.
    [style] = re.findall(rb"<style>(.*?)</style>", picture.content, re.S)
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert picture.headers.get_list("content-security-policy") == [
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    ]
    for refused in (b"style=", b"<script", b"<image", b"<foreignObject", b"url("):
        assert refused not in picture.content
    diagram = at.get(f"/machines/{name}.mmd")
    assert diagram.headers["content-type"] == "text/plain; charset=utf-8"
    assert "stateDiagram-v2" in diagram.text


def test_healthz_is_503_while_the_database_is_unavailable(at: Served):
    assert at.get("/healthz", token="").json() == {"status": "ok"}
    with at.without_database():
        unavailable = at.get("/healthz", token="")
        assert unavailable.status_code == 503
        assert unavailable.headers["retry-after"]
    assert at.get("/healthz", token="").status_code == 200


def test_healthz_is_503_with_an_older_schema(at: Served):
    with at.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE relink_version SET version_num = 'first'")
    assert at.get("/healthz", token="").status_code == 503


def test_the_documented_account_states_are_those_of_the_machine():
    assert set(get_args(AccountState)) == set(CHARTS["account"].table().states)

"""What only the service knows, said over HTTP; and accounts that are read because it asks (P4)."""

import pytest

from relink.engine import Address
from relink.machines.commands import NotifyCustomer, RequestNewPaymentMethod

from .served import Json, Served

ACCOUNTS = "/v1/financial_connections/accounts"
SAID = ("retire", "resume", "replaced-by", "mandate")


def body_for(said: str, at: Served) -> Json | None:
    """A valid body of one of the requests."""
    return {"account": at.linked("Other")} if said == "replaced-by" else None


def unreported(at: Served) -> str:
    """An account that was linked before relink was there: its webhook never comes."""
    account = at.sim.link_account(at.sim.add_customer("Jo")).id
    at.deliveries()
    return account


# ── refresh ──────────────────────────────────────────────────────────────────


def test_P4_a_refresh_reads_the_account_at_stripe_now(at: Served):
    account = at.linked()
    at.sim.bank.expire_consent(at.login_of(account))  # its webhook has not arrived
    at.sim.advance(60)
    assert at.get(f"/accounts/{account}").json()["state"] == "active"
    refreshed = at.post(f"/accounts/{account}/refresh")
    assert refreshed.status_code == 200
    assert refreshed.json()["state"] == "inactive_relinkable"
    assert refreshed.json() == at.get(f"/accounts/{account}").json()


def test_P4_a_refresh_makes_an_unknown_account_known_and_it_can_be_relinked_at_once(at: Served):
    account = unreported(at)
    at.sim.bank.expire_consent(at.login_of(account))
    at.deliveries()
    assert at.get(f"/accounts/{account}").status_code == 404
    assert at.post(f"/accounts/{account}/refresh", {}).json()["state"] == "inactive_relinkable"
    assert at.post(f"/accounts/{account}/relink-sessions").status_code == 201


def test_P4_an_account_that_stripe_does_not_have_is_a_404_and_stays_unknown(at: Served):
    answer = at.post("/accounts/fca_nowhere/refresh")
    assert answer.status_code == 404
    assert "Stripe has no account" in answer.json()["detail"]
    assert at.get("/accounts/fca_nowhere").status_code == 404
    kinds = ("account", "account_number", "read", "authorization")
    assert [at.store.snapshot(Address(kind, "fca_nowhere")) for kind in kinds] == [None] * 4


@pytest.mark.parametrize("fault", ["proxy_forbids", "version_not_open"])
def test_F1_a_refresh_that_an_operator_has_to_make_possible_is_a_503_and_counted_as_stuck(
    at: Served, caplog: pytest.LogCaptureFixture, fault: str
):
    account = at.linked()
    at.sim.inject(fault, method="GET", path=ACCOUNTS, times=1)
    answer = at.post(f"/accounts/{account}/refresh")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert "Check" in caplog.text
    counted = 'relink_commands_total{command="retrieve_account_for_caller",result="stuck"} 1.0'
    assert counted in at.get("/metrics").text


def test_P4_a_refresh_is_retried_for_up_to_ten_seconds(at: Served):
    account = at.linked()
    at.sim.inject("error_before", method="GET", path=ACCOUNTS, times=2)
    assert at.post(f"/accounts/{account}/refresh").status_code == 200
    at.sim.inject("error_before", method="GET", path=ACCOUNTS, times=100)
    began = at.sim.now
    answer = at.post(f"/accounts/{account}/refresh")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert at.sim.now - began <= 10


# ── retire and resume ────────────────────────────────────────────────────────


def test_P4_nobody_is_prompted_for_a_retired_account_until_it_is_resumed(at: Served):
    account = at.linked()
    retired = at.post(f"/accounts/{account}/retire")
    assert retired.status_code == 200
    assert retired.json()["retired"] is True
    at.sim.bank.expire_consent(at.login_of(account))
    at.settle()
    assert at.notified == []
    resumed = at.post(f"/accounts/{account}/resume")
    assert resumed.json()["retired"] is False
    at.settle()
    assert [type(command) for command in at.notified] == [NotifyCustomer]


def test_P4_a_retired_account_that_is_disconnected_asks_for_nothing(at: Served):
    account = at.linked()
    at.post(f"/accounts/{account}/retire")
    at.sim.bank.disconnect(account)
    at.settle()
    assert at.notified == []


# ── linked elsewhere ─────────────────────────────────────────────────────────


def test_P4_an_account_that_was_linked_elsewhere_gets_no_more_messages(at: Served):
    account = at.broken()
    new = at.linked("Jo again")
    sent = len(at.notified)
    replaced = at.post(f"/accounts/{account}/replaced-by", {"account": new})
    assert replaced.status_code == 200
    assert replaced.json()["state"] == "new_account_linked"
    assert replaced.json()["replaced_by"] == new
    at.sim.advance(30 * 24 * 3600)
    at.settle()
    assert [c for c in at.notified[sent:] if isinstance(c, NotifyCustomer)] == []
    refused = at.post(f"/accounts/{account}/relink-sessions")
    assert (refused.status_code, refused.json()["reason"]) == (409, "replaced")


def test_P4_the_account_that_stands_in_is_read_if_it_is_unknown(at: Served):
    account = at.broken()
    new = unreported(at)
    answer = at.post(f"/accounts/{account}/replaced-by", {"account": new})
    assert answer.json()["replaced_by"] == new
    assert at.get(f"/accounts/{new}").status_code == 200
    missing = at.post(f"/accounts/{account}/replaced-by", {"account": "fca_nowhere"})
    assert missing.status_code == 404
    assert at.get(f"/accounts/{account}").json()["replaced_by"] == new


def test_P4_an_account_cannot_replace_itself(at: Served):
    account = at.linked()
    answer = at.post(f"/accounts/{account}/replaced-by", {"account": account})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error == {
        "where": "body.account",
        "rule": "must be another account than that of the path",
    }
    with pytest.raises(ValueError, match="cannot replace itself"):
        at.service.replaced_by(account, account)


# ── a mandate ────────────────────────────────────────────────────────────────


def with_a_new_account(at: Served) -> tuple[str, str]:
    """A new account and the payment method that relink made of it, which needs a mandate."""
    session = at.session_for(at.broken(), mode="any_eligible")
    new = at.sim.customer(session).choose_new()
    assert new
    at.settle()
    (made,) = at.sim.world.payment_methods.values()
    return new.id, made.id


def next_of(answer: Json) -> list[str]:
    return [action["action"] for action in answer["next"]]


@pytest.mark.parametrize("names_it", [False, True])
def test_P4_a_collected_mandate_is_not_asked_for_any_more(at: Served, names_it: bool):
    account, made = with_a_new_account(at)
    assert next_of(at.get(f"/accounts/{account}").json()) == ["collect_mandate"]
    body = {"payment_method": made} if names_it else None
    answer = at.post(f"/accounts/{account}/mandate", body)
    assert answer.status_code == 200
    assert next_of(answer.json()) == []


def test_C1_one_payment_method_is_asked_about(at: Served):
    account, made = with_a_new_account(at)
    at.post(f"/accounts/{account}/mandate")
    asked = f"/accounts/{account}?payment_method={made}"
    assert at.get(asked).json()["chargeable"] is True
    at.sim.bank.block_payment_method(made, "bank_account_closed")
    at.settle()
    blocked = at.get(asked).json()
    assert (blocked["chargeable"], blocked["reasons"]) == (False, ["bank_account_closed"])


@pytest.mark.parametrize("query", ["payment_method=fca_1", "payment_method=", "paymentmethod=pm_1"])
def test_a_wrong_question_about_an_account_is_a_422(at: Served, query: str):
    answer = at.get(f"/accounts/{at.linked()}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == f"query.{query.partition('=')[0]}"


# ── all of them ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("said", SAID)
def test_P4_saying_it_twice_changes_nothing(at: Served, said: str):
    account, body = at.broken(), body_for(said, at)
    first = at.post(f"/accounts/{account}/{said}", body)
    at.settle()
    sent = list(at.notified)
    again = at.post(f"/accounts/{account}/{said}", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["state"] == first.json()["state"]
    at.settle()
    assert at.notified == sent


@pytest.mark.parametrize("said", SAID)
def test_P4_an_unknown_account_is_a_404_and_stripe_is_not_asked(at: Served, said: str):
    body = {"account": "fca_2"} if said == "replaced-by" else None
    assert at.post(f"/accounts/fca_unknown/{said}", body).status_code == 404
    assert at.sim.ledger.requests() == []


@pytest.mark.parametrize(
    ("said", "body", "where"),
    [
        ("refresh", {"account": "fca_2"}, "body.account"),
        ("retire", {"reason": "x"}, "body.reason"),
        ("resume", [], "body"),
        ("replaced-by", None, "body"),
        ("replaced-by", {}, "body.account"),
        ("replaced-by", {"account": None}, "body.account"),
        ("replaced-by", {"account": "acct_1"}, "body.account"),
        ("replaced-by", {"account": "fca_2", "by": "fca_3"}, "body.by"),
        ("mandate", {"payment_method": "fca_1"}, "body.payment_method"),
        ("mandate", {"payment_method": 7}, "body.payment_method"),
        ("mandate", {"mandate": "mandate_1"}, "body.mandate"),
    ],
)
def test_P4_a_wrong_body_is_a_422_that_names_the_field(
    at: Served, said: str, body: object, where: str
):
    answer = at.post(f"/accounts/{at.linked()}/{said}", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == where


def test_P4_another_way_to_pay_is_not_asked_for_on_account_of_a_retired_account(at: Served):
    account = at.linked()
    at.post(f"/accounts/{account}/retire")
    at.sim.bank.close_account(account)
    at.settle()
    assert [c for c in at.notified if isinstance(c, RequestNewPaymentMethod)] == []

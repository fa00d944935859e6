"""The simulator over HTTP: the real SDK over a real socket, webhooks posted, the control API."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import stripe

from relink.adapters.simulator import Faults, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.simulator.simulator import LATEST

from ..conftest import relink_params
from .asking import Receiver, asking, control, refusal

DAY = 86400


# ── the API ──────────────────────────────────────────────────────────────────


def test_the_real_sdk_relinks_over_http(server, sdk, account):
    sessions = sdk.v1.financial_connections.sessions
    made = sessions.create(params=relink_params(account))
    with server.lock:
        server.simulator.customer(made.id).choose_expected()
    read = sessions.retrieve(made.id)
    assert (read.status, read.relink_result.account) == ("succeeded", account.id)
    assert read.last_response.headers["date"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sessions.create(params={"permissions": ["all"]})
    assert refused.value.param == "permissions[0]"


@pytest.mark.parametrize(("fault", "made"), [("timeout_before", 0), ("timeout_after", 1)])
@pytest.mark.parametrize("timeout", [0.1, 10])
def test_a_lost_answer_closes_the_connection_whichever_side_gives_up(
    server, sdk, fault, made, timeout
):
    count = server.simulator.ledger.count
    before = count("customer.created")
    server.simulator.inject(fault)
    for impatient in asking(server, timeout):
        with pytest.raises(stripe.APIConnectionError):
            impatient.v1.customers.create(params={"name": "Ada"})
    assert count("customer.created") == before + made
    assert sdk.v1.customers.list().data is not None


def test_a_truncated_answer_over_http_cannot_be_parsed(server, sdk):
    server.simulator.inject("truncated")
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        sdk.v1.customers.list()


def test_a_key_is_in_use_until_its_slow_answer_is_sent():
    """On a ticking clock, a slow answer takes real time and does not block other requests."""
    with SimulatorServer(Simulator(start=None, faults=Faults(caller_timeout=0.6))) as ticking:
        ticking.simulator.inject("slow")

        def create() -> int:
            for sdk in asking(ticking):
                try:
                    sdk.v1.customers.create(params={}, options={"idempotency_key": "a"})
                except stripe.APIError as error:
                    return error.http_status or 0
            return 200

        with ThreadPoolExecutor(4) as pool:
            answers = sorted(pool.map(lambda _: create(), range(4)))
        assert answers[0] == 200
        assert answers[-1] == 409
        assert ticking.simulator.ledger.count("customer.created") == 1


# ── webhooks ─────────────────────────────────────────────────────────────────


def test_an_endpoint_can_call_the_api_before_it_answers_a_webhook(server, sdk, receiver, account):
    server.settle()
    receiver.got.clear()
    seen = []
    accounts = sdk.v1.financial_connections.accounts
    receiver.meanwhile = lambda event: seen.append(accounts.retrieve(event.data.object.id).status)
    with server.lock:
        server.simulator.bank.expire_consent(account.authorization.id)
    server.settle()
    assert receiver.types() == ["deactivated"]
    assert seen == ["inactive"]


def test_a_webhook_that_is_not_accepted_is_retried(server, receiver, account):
    server.settle()
    receiver.got.clear()
    receiver.status = 500
    with server.lock:
        server.simulator.bank.close_account(account.id)
    server.settle()
    assert receiver.types() == ["deactivated"]
    receiver.status = 200
    control(server, "POST", "clock", {"seconds": 3600})
    server.settle()
    control(server, "POST", "clock", {"seconds": 10 * DAY})
    server.settle()
    assert len(receiver.got) == 2
    assert receiver.got[0].id == receiver.got[1].id


def test_a_webhook_to_an_unreachable_endpoint_is_retried(server, account):
    gone = Receiver()
    gone.close()
    with server.lock:
        server.simulator.add_endpoint("whsec_http", url=gone.url)
        server.simulator.bank.close_account(account.id)
    server.settle()
    assert server.simulator.webhooks.to_post.next_due > server.simulator.now
    with server.lock:
        server.simulator.webhooks.endpoints.clear()
    control(server, "POST", "clock", {"seconds": 10 * DAY})
    server.settle()


# ── the control API ──────────────────────────────────────────────────────────


def test_an_account_is_broken_and_relinked_over_http_only(server, sdk, receiver):
    post = lambda path, **body: control(server, "POST", path, body)  # noqa: E731
    customer = post("customers", name="Ada")["id"]
    account = post("accounts", holder=customer, permissions=["payment_method", "balances"])
    sibling = post("accounts", authorization=account["authorization"], subcategory="savings")
    post("bank/expire_consent", authorization=account["authorization"])
    session = sdk.v1.financial_connections.sessions.create(
        params={
            "account_holder": {"type": "customer", "customer": customer},
            "permissions": ["payment_method"],
            "relink_options": {"authorization": account["authorization"]},
        }
    )
    flow = control(server, "GET", f"flows/{session.id}")
    assert [known["id"] for known in flow["known"]] == [account["id"], sibling["id"]]
    assert flow["holder"] == "Ada"
    ended = post(f"flows/{session.id}/choose_known", account=sibling["id"])
    assert ended["status"] == "succeeded"
    server.settle()
    assert receiver.types()[-2:] == ["reactivated", "updated"]
    state = control(server, "GET", "state")
    assert state["sessions"][0]["id"] == session.id
    entries = control(server, "GET", "ledger?since=0")
    kinds = [entry.get("kind", entry.get("path")) for entry in entries["entries"]]
    assert "financial_connections.session.updated" in kinds
    assert "/v1/financial_connections/sessions" in kinds
    assert control(server, "GET", f"ledger?since={entries['next']}")["entries"] == []


def test_endpoints_and_connected_accounts_are_added_by_http(server, receiver, account):
    acct = control(server, "POST", "connected_accounts", {"name": "Rocket Rides"})["id"]
    linked = control(server, "POST", "accounts", {"holder": acct, "tokenized": True})
    assert linked["number"] == "transactable"
    with server.lock:
        server.simulator.webhooks.endpoints.clear()
    wanted = {"url": receiver.url, "secrets": ["whsec_http"]}
    assert control(server, "POST", "endpoints", wanted)["secrets"] == ["whsec_http"]
    server.settle()
    receiver.got.clear()
    control(server, "POST", "bank/revoke_number", {"account": linked["id"]})
    server.settle()
    assert receiver.types() == ["account_numbers_updated"]


def test_faults_are_set_and_injected_by_http(server, sdk):
    set_to = control(server, "PUT", "faults", {"rate_limited": 1, "caller_timeout": 0.3})
    assert (set_to["rate_limited"], set_to["lose"]) == (1, 0)
    with pytest.raises(stripe.RateLimitError):
        sdk.v1.customers.list()
    control(server, "PUT", "faults", {"caller_timeout": 0.3})
    control(server, "POST", "faults", {"fault": "error_before", "method": "GET"})
    with pytest.raises(stripe.APIError):
        sdk.v1.customers.list()
    assert sdk.v1.customers.list().data is not None


def test_invalid_control_requests_get_the_reason(server, account):
    login = {"authorization": account.authorization.id}
    assert refusal(server, "POST", "bank/reopen_account", {"account": account.id}) == (
        409,
        f"{account.id} is not closed",
    )
    assert refusal(server, "GET", "flows/fcsess_none")[0] == 409
    code, text = refusal(server, "POST", "bank/rob", login)
    assert (code, "got 'rob'" in text) == (400, True)
    assert refusal(server, "POST", "bank/expire_consent", {})[0] == 400
    assert refusal(server, "POST", "bank/expire_consent", {"authorization": 3})[0] == 400
    assert refusal(server, "POST", "customers", ["Ada"])[0] == 400
    assert refusal(server, "POST", "flows/x/steal", {})[0] == 400
    assert refusal(server, "PUT", "faults", {"lose": 2})[0] == 400
    assert refusal(server, "POST", "faults", {"fault": "lightning"})[0] == 400
    assert refusal(server, "POST", "keys/steal", {})[0] == 400
    assert refusal(server, "POST", "keys/restrict", {"permissions": ["rob"]})[0] == 400
    assert refusal(server, "POST", "shapes/bend", {})[0] == 400
    for seconds in ("soon", -1, 1e400, 1e12):
        assert refusal(server, "POST", "clock", {"seconds": seconds})[0] == 400
    assert control(server, "GET", "state")["now"] < 10**10
    form = "application/x-www-form-urlencoded"
    assert refusal(server, "POST", "bank/expire_consent", login, kind=form)[0] == 415


# ── pages ────────────────────────────────────────────────────────────────────


def page(server: SimulatorServer, path: str) -> tuple[str, str]:
    with urlopen(f"{server.url}{path}", timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def test_pages_and_their_assets_are_served(server):
    for path, kind in [
        ("/", "text/html"),
        ("/stripebank", "text/html"),
        ("/stripebank/fcsess_any", "text/html"),
        ("/stripebank/static/bank.js", "text/javascript"),
        ("/stripebank/static/stripebank.css", "text/css"),
    ]:
        assert page(server, path)[0].startswith(kind)


def test_a_hosted_session_opens_by_its_url_without_showing_its_secret(server, sdk, account):
    hosted = {"ui_mode": "hosted", "hosted": {"delivery_method": "url"}}
    params = {**relink_params(account), **hosted, "return_url": "https://example.com/done"}
    session = sdk.v1.financial_connections.sessions.create(params=params)
    assert session.url.startswith(f"{server.url}/stripebank/fcsess_hosted_")
    assert page(server, session.url.removeprefix(server.url))[0].startswith("text/html")
    name = session.url.rpartition("/")[2]
    flow = control(server, "GET", f"flows/{name}")
    assert (flow["id"], flow["return_url"]) == (session.id, "https://example.com/done")
    shown = [flow, control(server, "GET", "state"), control(server, "GET", "ledger")]
    assert session.client_secret not in json.dumps(shown)
    assert name not in json.dumps(shown)


def test_a_stopped_server_refuses_connections():
    with SimulatorServer(Simulator()) as running:
        assert page(running, "/healthz")[1] == "ok"
    with pytest.raises(OSError, match="refused"):
        page(running, "/healthz")


def sent_to_clock(server: SimulatorServer, body: str) -> int:
    """The status of a request that Python's own JSON would not write."""
    headers = {"Content-Type": "application/json"}
    request = Request(f"{server.url}/_simulator/clock", body.encode(), headers, method="POST")
    with pytest.raises(HTTPError) as refused, urlopen(request, timeout=10):
        pass
    with refused.value as answer:
        assert json.load(answer).keys() == {"error"}
        return answer.code


@pytest.mark.parametrize(
    "seconds",
    [
        "1e400",
        "-1e400",
        "NaN",
        "-1",
        "1" + "0" * 400,
        "1" + "0" * 5000,
        '"1e400"',
        "null",
        "[" * 5000,
    ],
    ids=lambda text: text[:6],
)
def test_the_clock_refuses_what_is_no_time_and_stays_usable(server, seconds):
    before = control(server, "GET", "state")["now"]
    assert sent_to_clock(server, f'{{"seconds": {seconds}}}') == 400
    assert control(server, "POST", "clock", {"seconds": 1})["now"] == before + 1


def test_the_clock_stops_before_dates_can_no_longer_be_written():
    with SimulatorServer(Simulator(start=LATEST - 10)) as late:
        assert sent_to_clock(late, '{"seconds": 11}') == 400
        assert control(late, "POST", "clock", {"seconds": 10})["now"] == LATEST
        for asked in asking(late):
            made = asked.v1.customers.create(params={"name": "Ada"})
            assert made.last_response.headers["date"].endswith("3000 00:00:00 GMT")

"""Invalid requests: without a token, hostile, or mistaken."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from relink.adapters.http.guard import guarded_router
from relink.adapters.return_url import ReturnUrls
from relink.adapters.stripe.body import LONGEST_BODY

from .served import EVENT, SHOP, TOKEN, Served

# ── the token ────────────────────────────────────────────────────────────────


def routes(of: list[BaseRoute]) -> Iterator[APIRoute]:
    """All routes of an application, including those of its routers."""
    for route in of:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes(route.original_router.routes)  # type: ignore[attr-defined]


def test_every_route_but_webhook_and_health_checks_the_token_first(at: Served):
    found = set()
    for route in routes(at.app.routes):
        for method in route.methods:
            found.add(f"{method} {route.path}")
            if route.path in ("/webhooks/stripe", "/healthz", "/livez"):
                continue
            for wrong in ("", "wrong", f"{TOKEN}x", TOKEN[:-1], "tökén".encode().decode("latin-1")):
                answer = at.ask(method, route.path, token=wrong, content=b"{")
                assert answer.status_code == 401, f"{method} {route.path}"
                assert answer.headers["www-authenticate"].startswith("Bearer")
    assert {"GET /metrics", "GET /openapi.json", "GET /accounts", "POST /webhooks/stripe"} <= found


@pytest.mark.parametrize("given", [f"Basic {TOKEN}", f"Token {TOKEN}", TOKEN, "Bearer"])
def test_a_token_with_another_scheme_is_a_401(at: Served, given: str):
    headers = {"authorization": given}
    assert at.get("/accounts", token="", headers=headers).status_code == 401
    headers = {"authorization": f"bearer  {TOKEN}"}
    assert at.get("/accounts", token="", headers=headers).status_code == 200


def test_an_application_without_a_token_is_open(serve):
    demo = serve(token=None)
    assert demo.get("/accounts").status_code == 200
    assert demo.get("/openapi.json").status_code == 200
    assert "securitySchemes" not in demo.app.openapi()["components"]


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token_is_refused_at_startup(token: str):
    with pytest.raises(ValueError, match="token is empty"):
        guarded_router(token)


# ── webhooks ─────────────────────────────────────────────────────────────────

DEEP = b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
HOSTILE = {
    "huge": json.dumps({**EVENT, "more": "x" * LONGEST_BODY}).encode(),
    "deep": DEEP,
    "not UTF-8": json.dumps(EVENT).encode().replace(b"evt_1", b"evt_\xff"),
    "NaN": json.dumps({**EVENT, "created": float("nan")}).encode(),
    "a repeated key": json.dumps(EVENT).encode()[:-1] + b',"id":"evt_2"}',
    "no object": b"[]",
    "no JSON": b"id=evt_1",
    "nothing": b"",
    "no id": json.dumps({**EVENT, "id": None}).encode(),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_malformed_webhook_is_a_400_even_when_it_is_signed(at: Served, kind: str):
    answer = at.post_signed(HOSTILE[kind])
    assert answer.status_code == 400, kind
    assert answer.json()["type"] == "urn:relink:problem:webhook-refused"
    assert at.store.count_by_state() == {}


def test_a_webhook_with_a_wrong_signature_is_a_400_even_with_the_token(at: Served):
    at.sim.link_account(at.sim.add_customer("Jo"))
    (delivery,) = at.deliveries()
    for signature in ("", "t=1,v1=00", delivery.signature.replace("v1=", "v1=0"), "é"):
        headers = {"stripe-signature": signature.encode("latin-1")}
        answer = at.ask("POST", "/webhooks/stripe", content=delivery.payload, headers=headers)
        assert answer.status_code == 400
    assert at.store.count_by_state() == {}
    assert at.deliver(delivery).json() == {"outcome": "applied"}


def test_an_endless_body_is_refused_at_the_size_limit(at: Served):
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 65536

    headers = {"stripe-signature": "t=1,v1=0"}
    answer = at.ask_unchecked("POST", "/webhooks/stripe", content=endless(), headers=headers)
    assert answer.status_code == 400
    assert sent <= LONGEST_BODY // 65536 + 2
    sent = 0
    headers = {"content-type": "application/json"}
    path = "/accounts/fca_1/relink-sessions"
    answer = at.ask_unchecked("POST", path, content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= 3


# ── other bodies ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{}{}",
        b'{"mode":NaN}',
        b'{"mode":"specific","mode":"any_eligible"}',
        b'{"mode":"\xff"}',
        b'{"mode":"\\ud800"}',
        b'{"mode":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b"[]",
        b'"specific"',
        b'{"mode":"specific","delivery":null}',
        b'{"mode":1e400}',
        b'{"mode":' + b"9" * 5000 + b"}",
        b'{"permissions":["payment_method","payment_method","payment_method","payment_method",'
        b'"payment_method"]}',
    ],
)
def test_an_invalid_relink_request_is_a_422_without_a_session(at: Served, body: bytes):
    headers = {"content-type": "application/json"}
    account = at.broken()
    answer = at.ask("POST", f"/accounts/{account}/relink-sessions", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert at.sim.world.sessions == {}


@pytest.mark.parametrize(
    "name", ["", "   ", "Jo\x00", "Jo\nMarch", "\ud800", "x" * 256, 7, ["Jo"], {}]
)
def test_an_invalid_billing_name_is_a_422(at: Served, name: object):
    body = json.dumps({"billing_name": name}).encode()
    answer = at.ask(
        "POST",
        "/relink-sessions/fcsess_1/result",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 422


PASTED_SECRET = "sk_live_SomebodyPastedThisHere"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("relink-sessions", {"mode": PASTED_SECRET}),
        ("relink-sessions", {"mode": {PASTED_SECRET: 1}}),
        ("relink-sessions", {"return_url": f"https://{PASTED_SECRET}.example"}),
        ("relink-sessions", {PASTED_SECRET + "!": 1}),
        ("relink-sessions", PASTED_SECRET),
        ("relink-sessions", {"delivery": "url", "reason": PASTED_SECRET}),
        ("what-if", {"event": PASTED_SECRET}),
        ("what-if", {"event": "relink_requested", "fields": {"mode": PASTED_SECRET}}),
        ("what-if", {"event": "relink_requested", "fields": {"account": PASTED_SECRET}}),
        ("what-if", {"event": "timer_fired", "fields": {"event": PASTED_SECRET}}),
        (
            "what-if",
            {
                "event": "timer_fired",
                "fields": {
                    "machine": PASTED_SECRET,
                    "key": "k",
                    "event": {"name": "session_deadline", "fields": {}},
                },
            },
        ),
        (
            "what-if",
            {
                "event": "timer_fired",
                "fields": {"event": {"name": PASTED_SECRET, "fields": {}}},
            },
        ),
        (
            "what-if",
            {
                "event": "timer_fired",
                "fields": {
                    "machine": "account",
                    "key": "k",
                    "event": {"name": "session_deadline", "fields": {}},
                },
            },
        ),
    ],
)
def test_a_422_names_the_field_and_the_rule_and_never_the_value(
    at: Served, path: str, body: object
):
    account = at.broken()
    answer = at.post(f"/accounts/{account}/{path}", body)
    assert answer.status_code == 422, answer.text
    assert PASTED_SECRET not in answer.text
    for error in answer.json()["errors"]:
        assert error["where"].startswith("body")
        assert error["rule"]


@pytest.mark.parametrize("id", ["fca_%00", "fca_1%2F..%2F..", "fca_é", "fca_", "fca_1%0A"])
def test_an_id_of_another_form_is_refused_without_a_request_to_stripe(at: Served, id: str):
    answer = at.ask_unchecked("GET", f"/accounts/{id}")
    assert answer.status_code in (404, 422)
    assert at.sim.ledger.requests() == []


@pytest.mark.parametrize(
    "query",
    [
        "stat=active",
        "state=broken",
        "limit=101",
        "limit=x",
        "after=1",
        "holder=",
        "institution=%00",
    ],
)
def test_an_invalid_filter_is_a_422_that_names_it(at: Served, query: str):
    answer = at.get(f"/accounts?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == f"query.{query.partition('=')[0]}"


# ── return URLs ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://shop.example/bank", "https"),
        ("https://shop.example.evil.example/", "RELINK_RETURN_ORIGINS"),
        ("https://evil.example/https://shop.example", "RELINK_RETURN_ORIGINS"),
        ("https://shop.example:8443/", "RELINK_RETURN_ORIGINS"),
        ("https://shop.example:0/", "RELINK_RETURN_ORIGINS"),
        ("https://shop.example@evil.example/", "user name"),
        ("https://shop.example:x@shop.example/", "user name"),
        ("https://shop.example:port/", "https URL"),
        ("https:\\\\shop.example", "https URL"),
        ("https://shop.example\\@evil.example", "https URL"),
        ("https://shop.example\t.evil.example", "https URL"),
        ("https:shop.example", "https URL"),
        ("//shop.example", "https URL"),
        ("javascript:alert(1)//https://shop.example", "https URL"),
        ("https://shöp.example", "https URL"),
        ("https://shop.example/" + "x" * 2048, "https URL"),
        ("", "https URL"),
    ],
)
def test_a_return_url_outside_the_allowed_origins_is_a_422(at: Served, url: str, rule: str):
    account = at.broken()
    answer = at.post(f"/accounts/{account}/relink-sessions", {"return_url": url})
    assert answer.status_code == 422, url
    (error,) = answer.json()["errors"]
    assert error["where"] == "body.return_url"
    assert rule in error["rule"]
    assert at.sim.world.sessions == {}


@pytest.mark.parametrize("url", ["https://SHOP.example:443/bank?x=1#y", f"{SHOP}", f"{SHOP}/"])
def test_an_allowed_origin_may_be_written_differently(url: str):
    assert ReturnUrls([SHOP]).check(url) == url


@pytest.mark.parametrize("origin", ["http://shop.example", "shop.example", "*", f"{SHOP}/bank"])
def test_an_invalid_allowed_origin_is_refused(origin: str):
    with pytest.raises(ValueError, match="must be like https:"):
        ReturnUrls([origin])


def test_a_hosted_session_without_a_return_url_is_a_422(at: Served):
    answer = at.post(f"/accounts/{at.broken()}/relink-sessions", {"delivery": "email"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["rule"] == "deliveries email and url need a return_url"


# ── unknown paths ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("token", [TOKEN, ""])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/accounts/", 404),
        ("DELETE", "/accounts", 405),
        ("GET", "/webhooks/stripe", 405),
    ],
)
def test_an_unknown_path_or_method_is_answered_with_problem_details(
    at: Served, token: str, method: str, path: str, status: int
):
    answer = at.ask(method, path, token=token)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert ("allow" in answer.headers) == (status == 405)


def answers(at: Served) -> Iterator[httpx.Response]:
    yield at.get("/healthz", token="")
    yield at.get("/accounts")
    yield at.get("/accounts", token="")
    yield at.get("/nowhere")
    yield at.get("/machines/account.svg")
    yield at.post_webhook(b"")
    at.service.accounts = None  # type: ignore[assignment, method-assign]
    broken = at.ask_unchecked("GET", "/accounts")
    assert broken.status_code == 500
    yield broken


def test_every_response_has_the_security_headers_and_a_request_id(at: Served):
    for answer in answers(at):
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        # A picture allows its own style sheet, by its digest.
        policy = re.sub(r" style-src 'sha256-[\w+/=]+';", "", policy)
        assert policy == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert len(answer.headers["x-request-id"]) == 32


def test_an_unexpected_error_is_a_500_without_details(at: Served):
    at.service.accounts = None  # type: ignore[assignment, method-assign]
    answer = at.ask_unchecked("GET", "/accounts")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "NoneType" not in answer.text

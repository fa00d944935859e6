"""OpenAPI is right: each operation answers with each documented status, and with no other.

:class:`~.served.Served` checks the shape of every response.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import jsonschema_rs
import pytest
from httpx import Response

from relink.adapters.gateway import PermanentError

from .served import EVENT, Json, Served

Case = Callable[[Served], Response]

HUGE = b" " * (64 * 1024 + 1)
JSON = {"content-type": "application/json"}
ACCOUNTS = "/v1/financial_connections/accounts"
SESSIONS = "/v1/financial_connections/sessions"


def relink(at: Served, account: str) -> Response:
    return at.post(f"/accounts/{account}/relink-sessions")


def relink_twice(at: Served) -> Response:
    account = at.broken()
    relink(at, account)
    return relink(at, account)


def relink_unrepairable(at: Served) -> Response:
    account = at.linked()
    at.sim.bank.close_account(account)
    at.settle()
    return relink(at, account)


def relink_refused_by_stripe(at: Served) -> Response:
    account = at.broken()
    at.linked("Other")  # The key reaches Stripe's account, so what is missing does not exist (F1).
    at.sim.world.authorizations.pop(at.login_of(account))
    return relink(at, account)


def relink_while_stripe_is_down(at: Served) -> Response:
    account = at.broken()
    at.sim.inject("error_before", path=SESSIONS, times=100)
    return relink(at, account)


def result(at: Served, **request: object) -> Response:
    return at.post(f"/relink-sessions/{at.session_for(at.broken())}/result", **request)


def result_of_a_lost_session(at: Served) -> Response:
    session = at.session_for(at.broken())
    at.sim.world.sessions.pop(session)
    return at.post(f"/relink-sessions/{session}/result")


def result_while_stripe_is_down(at: Served) -> Response:
    session = at.session_for(at.broken())
    at.sim.inject("error_before", path=SESSIONS, times=100)
    return at.post(f"/relink-sessions/{session}/result")


def refresh(account: str) -> Case:
    return lambda at: at.post(f"/accounts/{account}/refresh")


def replaced(at: Served, by: str) -> Response:
    return at.post(f"/accounts/{at.linked()}/replaced-by", {"account": by})


def replaced_by_unknown(ask_stripe: Callable[[Served], AbstractContextManager[None]]) -> Case:
    """An account that is replaced by one that relink has to read first."""

    def ask(at: Served) -> Response:
        account = at.linked()
        with ask_stripe(at):
            return at.post(f"/accounts/{account}/replaced-by", {"account": "fca_unknown"})

    return ask


@contextmanager
def refusing(at: Served) -> Iterator[None]:
    """Stripe refuses every command for good."""

    def refuse(*_: object) -> None:
        raise PermanentError("GET account returned 400", "req_1", "invalid_request_error")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at.gateway, "perform", refuse)
        yield


@contextmanager
def failing(at: Served) -> Iterator[None]:
    """Stripe fails."""
    at.sim.inject("error_before", path=ACCOUNTS, times=100)
    yield


def refreshed(ask_stripe: Callable[[Served], AbstractContextManager[None]]) -> Case:
    def ask(at: Served) -> Response:
        account = at.linked()
        with ask_stripe(at):
            return refresh(account)(at)

    return ask


def without_database(ask: Case) -> Case:
    """The same request while the database is unavailable."""

    def asked(at: Served) -> Response:
        with at.without_database():
            return ask(at)

    return asked


def without_token(method: str, path: str) -> Case:
    return lambda at: at.ask(method, path, token="")


def huge(path: str) -> Case:
    return lambda at: at.ask("POST", path, content=HUGE, headers=JSON)


WEBHOOK = "POST /webhooks/stripe"
RELINK = "POST /accounts/{id}/relink-sessions"
RESULT = "POST /relink-sessions/{id}/result"
WHAT_IF = "POST /accounts/{id}/what-if"
REFRESH = "POST /accounts/{id}/refresh"
RETIRE = "POST /accounts/{id}/retire"
RESUME = "POST /accounts/{id}/resume"
REPLACED = "POST /accounts/{id}/replaced-by"
MANDATE = "POST /accounts/{id}/mandate"
LIST = "GET /accounts"
ACCOUNT = "GET /accounts/{id}"
HISTORY = "GET /accounts/{id}/history"
LOGIN = "GET /authorizations/{id}"
SVG = "GET /machines/{name}.svg"
MERMAID = "GET /machines/{name}.mmd"

CASES: dict[tuple[str, int], Case] = {
    (WEBHOOK, 200): lambda at: at.post_signed({**EVENT, "type": "charge.succeeded"}),
    (WEBHOOK, 400): lambda at: at.post_webhook(b"{}"),
    (WEBHOOK, 503): lambda at: without_database(lambda at: at.deliver(at.deliveries()[0]))(
        with_a_webhook_due(at)
    ),
    (RELINK, 200): relink_twice,
    (RELINK, 201): lambda at: relink(at, at.broken()),
    (RELINK, 401): without_token("POST", "/accounts/fca_1/relink-sessions"),
    (RELINK, 404): lambda at: relink(at, "fca_unknown"),
    (RELINK, 409): relink_unrepairable,
    (RELINK, 413): huge("/accounts/fca_1/relink-sessions"),
    (RELINK, 422): lambda at: at.post("/accounts/fca_1/relink-sessions", {"mode": "both"}),
    (RELINK, 502): relink_refused_by_stripe,
    (RELINK, 503): relink_while_stripe_is_down,
    (RESULT, 200): result,
    (RESULT, 401): without_token("POST", "/relink-sessions/fcsess_1/result"),
    (RESULT, 404): lambda at: at.post("/relink-sessions/fcsess_unknown/result"),
    (RESULT, 413): huge("/relink-sessions/fcsess_1/result"),
    (RESULT, 422): lambda at: at.post("/relink-sessions/fcsess_1/result", {"billing_name": ""}),
    (RESULT, 502): result_of_a_lost_session,
    (RESULT, 503): result_while_stripe_is_down,
    (WHAT_IF, 200): lambda at: at.post(
        f"/accounts/{at.broken()}/what-if", {"event": "relink_requested"}
    ),
    (WHAT_IF, 401): without_token("POST", "/accounts/fca_1/what-if"),
    (WHAT_IF, 404): lambda at: at.post("/accounts/fca_1/what-if", {"event": "relink_requested"}),
    (WHAT_IF, 413): huge("/accounts/fca_1/what-if"),
    (WHAT_IF, 422): lambda at: at.post("/accounts/fca_1/what-if", {"event": "no_such_event"}),
    (WHAT_IF, 503): without_database(
        lambda at: at.post("/accounts/fca_1/what-if", {"event": "relink_requested"})
    ),
    (REFRESH, 200): lambda at: refresh(at.linked())(at),
    (REFRESH, 401): without_token("POST", "/accounts/fca_1/refresh"),
    (REFRESH, 404): refresh("fca_unknown"),
    (REFRESH, 413): huge("/accounts/fca_1/refresh"),
    (REFRESH, 422): refresh("acct_1"),
    (REFRESH, 502): refreshed(refusing),
    (REFRESH, 503): refreshed(failing),
    (RETIRE, 200): lambda at: at.post(f"/accounts/{at.linked()}/retire"),
    (RETIRE, 401): without_token("POST", "/accounts/fca_1/retire"),
    (RETIRE, 404): lambda at: at.post("/accounts/fca_unknown/retire"),
    (RETIRE, 413): huge("/accounts/fca_1/retire"),
    (RETIRE, 422): lambda at: at.post("/accounts/fca_1/retire", {"reason": "moved"}),
    (RETIRE, 503): without_database(lambda at: at.post("/accounts/fca_1/retire")),
    (RESUME, 200): lambda at: at.post(f"/accounts/{at.linked()}/resume", {}),
    (RESUME, 401): without_token("POST", "/accounts/fca_1/resume"),
    (RESUME, 404): lambda at: at.post("/accounts/fca_unknown/resume"),
    (RESUME, 413): huge("/accounts/fca_1/resume"),
    (RESUME, 422): lambda at: at.post("/accounts/fca_1/resume", []),
    (RESUME, 503): without_database(lambda at: at.post("/accounts/fca_1/resume")),
    (REPLACED, 200): lambda at: replaced(at, at.linked("Other")),
    (REPLACED, 401): without_token("POST", "/accounts/fca_1/replaced-by"),
    (REPLACED, 404): lambda at: replaced(at, "fca_unknown"),
    (REPLACED, 413): huge("/accounts/fca_1/replaced-by"),
    (REPLACED, 422): lambda at: at.post("/accounts/fca_1/replaced-by", {"account": "fca_1"}),
    (REPLACED, 502): replaced_by_unknown(refusing),
    (REPLACED, 503): replaced_by_unknown(failing),
    (MANDATE, 200): lambda at: at.post(f"/accounts/{at.linked()}/mandate"),
    (MANDATE, 401): without_token("POST", "/accounts/fca_1/mandate"),
    (MANDATE, 404): lambda at: at.post("/accounts/fca_unknown/mandate"),
    (MANDATE, 413): huge("/accounts/fca_1/mandate"),
    (MANDATE, 422): lambda at: at.post("/accounts/fca_1/mandate", {"payment_method": "x"}),
    (MANDATE, 503): without_database(lambda at: at.post("/accounts/fca_1/mandate")),
    (LIST, 200): lambda at: at.get("/accounts"),
    (LIST, 401): without_token("GET", "/accounts"),
    (LIST, 422): lambda at: at.get("/accounts?limit=0"),
    (LIST, 503): without_database(lambda at: at.get("/accounts")),
    (ACCOUNT, 200): lambda at: at.get(f"/accounts/{at.linked()}"),
    (ACCOUNT, 401): without_token("GET", "/accounts/fca_1"),
    (ACCOUNT, 404): lambda at: at.get("/accounts/fca_unknown"),
    (ACCOUNT, 422): lambda at: at.get("/accounts/acct_1"),
    (ACCOUNT, 503): without_database(lambda at: at.get("/accounts/fca_1")),
    (HISTORY, 200): lambda at: at.get(f"/accounts/{at.linked()}/history"),
    (HISTORY, 401): without_token("GET", "/accounts/fca_1/history"),
    (HISTORY, 404): lambda at: at.get("/accounts/fca_unknown/history"),
    (HISTORY, 422): lambda at: at.get("/accounts/fca_1/history?after=-1"),
    (HISTORY, 503): without_database(lambda at: at.get("/accounts/fca_1/history")),
    (LOGIN, 200): lambda at: at.get(f"/authorizations/{at.login_of(at.linked())}"),
    (LOGIN, 401): without_token("GET", "/authorizations/fcauth_1"),
    (LOGIN, 404): lambda at: at.get("/authorizations/fcauth_unknown"),
    (LOGIN, 422): lambda at: at.get("/authorizations/fca_1"),
    (LOGIN, 503): without_database(lambda at: at.get("/authorizations/fcauth_1")),
    (SVG, 200): lambda at: at.get("/machines/session.svg"),
    (SVG, 401): without_token("GET", "/machines/session.svg"),
    (SVG, 404): lambda at: at.get("/machines/unknown.svg"),
    (MERMAID, 200): lambda at: at.get("/machines/session.mmd"),
    (MERMAID, 401): without_token("GET", "/machines/session.mmd"),
    (MERMAID, 404): lambda at: at.get("/machines/unknown.mmd"),
    ("GET /healthz", 200): lambda at: at.get("/healthz", token=""),
    ("GET /healthz", 503): without_database(lambda at: at.get("/healthz", token="")),
    ("GET /livez", 200): without_database(lambda at: at.get("/livez", token="")),
    ("GET /metrics", 200): lambda at: at.get("/metrics"),
    ("GET /metrics", 401): without_token("GET", "/metrics"),
}


def with_a_webhook_due(at: Served) -> Served:
    """The simulator has a webhook to send."""
    at.sim.link_account(at.sim.add_customer("Jo"))
    return at


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.parametrize(("operation", "status"), CASES)
def test_a_request_is_answered_with_the_documented_status(at: Served, operation: str, status: int):
    answer = CASES[operation, status](at)
    assert answer.status_code == status, answer.text
    assert at.operation_of(answer.request.method, answer.request.url.path) == operation
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("retry-after" in answer.headers) == (status == 503)


def test_every_documented_status_of_every_operation_is_tested(at: Served):
    documented = {
        (name, int(status))
        for name, operation in operations(at.app.openapi())
        for status in operation["responses"]
    }
    assert documented == set(CASES)


def test_every_request_and_response_has_an_example_that_fits_its_schema(at: Served):
    document = at.app.openapi()
    for name, operation in operations(document):
        contents = [response.get("content", {}) for response in operation["responses"].values()]
        if "requestBody" in operation:
            contents.append(operation["requestBody"]["content"])
        for content in contents:
            for media_type, described in content.items():
                schema = described.get("schema", {})
                examples = list(examples_of(described, schema, document))
                assert examples, f"{name} {media_type} has no example"
                whole = {**schema, "components": document["components"]}
                for example in examples:
                    jsonschema_rs.validate(whole, example)


def examples_of(described: Json, schema: Json, document: Json) -> Iterator[object]:
    if "example" in described:
        yield described["example"]
    yield from (example["value"] for example in described.get("examples", {}).values())
    if "$ref" in schema:
        component = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        yield from component.get("examples", ())


def test_openapi_says_which_operations_need_the_token(at: Served):
    document = at.app.openapi()
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for name, operation in operations(document):
        is_open = name in (WEBHOOK, "GET /healthz", "GET /livez")
        assert operation.get("security", []) == ([] if is_open else [{"token": []}]), name
        assert ("401" in operation["responses"]) is not is_open, name


def test_every_operation_has_a_description_and_a_tag(at: Served):
    for name, operation in operations(at.app.openapi()):
        assert operation["description"].endswith("."), name
        assert operation["tags"], name

"""Secrets reach their caller alone; logs and metrics do without them."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from relink.adapters.http import Metrics, StoreStatus, relink_router
from relink.adapters.http import metrics as metrics_module
from relink.adapters.logs import OURS, correlated, log_json
from relink.adapters.store import StoreUnavailableError
from relink.machines.commands import RetrieveAccount
from relink.machines.reasons import ReadReason

from .served import SECRET, TOKEN, Served


@contextmanager
def logging_json(level: str = "INFO") -> Iterator[io.StringIO]:
    """Collects all logs as JSON lines."""
    names = ("", *OURS, "uvicorn.access")
    before = [
        (logger, logger.handlers, logger.level, logger.propagate)
        for logger in map(logging.getLogger, names)
    ]
    lines = io.StringIO()
    log_json(level, lines)
    try:
        yield lines
    finally:
        for logger, handlers, had_level, propagated in before:
            logger.handlers, logger.propagate = handlers, propagated
            logger.setLevel(had_level)


def entries(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def sample(at: Served, name: str, **labels: str) -> float | None:
    """The value of one sample at ``/metrics``."""
    for family in text_string_to_metric_families(at.get("/metrics").text):
        for found in family.samples:
            if found.name == name and found.labels == labels:
                return found.value
    return None


# ── secrets ──────────────────────────────────────────────────────────────────


def test_a_secret_is_in_its_own_response_and_nowhere_else(at: Served):
    account = at.broken(name="Jo Whose Name Is Private")
    with logging_json("DEBUG") as lines:
        opened = at.post(f"/accounts/{account}/relink-sessions")
        hosted = {"delivery": "url", "return_url": "https://shop.example/bank"}
        with_url = at.post(f"/accounts/{account}/relink-sessions", hosted)
        sessions = at.sim.world.sessions.values()
        secrets = [session.client_secret for session in sessions]
        secrets += [session.hosted_url for session in sessions if session.hosted_url]
        assert len(secrets) == 3
        at.sim.customer(with_url.json()["session"]).choose_expected()
        at.settle()
        for answer in (opened, with_url):
            assert answer.headers["cache-control"] == "no-store"
        elsewhere = [
            at.post(f"/relink-sessions/{with_url.json()['session']}/result").text,
            at.get(f"/accounts/{account}").text,
            at.get(f"/accounts/{account}/history").text,
            at.get("/metrics").text,
            at.post(f"/accounts/{account}/what-if", {"event": "relink_requested"}).text,
        ]
        at.sim.inject("error_before", times=100)
        elsewhere.append(at.post(f"/accounts/{account}/relink-sessions").text)
    at.store.close()
    elsewhere += [lines.getvalue()]
    elsewhere += [file.read_bytes().decode("latin-1") for file in at.folder.iterdir()]
    assert len(lines.getvalue()) > 1000
    for secret in [*secrets, TOKEN, SECRET, "Jo Whose Name"]:
        assert not [text for text in elsewhere if secret in text]


def test_the_token_is_in_no_repr(at: Served):
    for thing in (at.app, at.app.routes, vars(at.app.router), relink_router(at.service, token="t")):
        assert TOKEN not in repr(thing)


# ── logs ─────────────────────────────────────────────────────────────────────


def test_every_log_line_of_a_request_has_its_id(at: Served):
    account = at.broken()
    at.sim.inject("error_before", path="/v1/financial_connections/sessions")
    with logging_json() as lines:
        answer = at.post(f"/accounts/{account}/relink-sessions")
    repeated, request = entries(lines)
    assert str(repeated["event"]).startswith("create_relink_session ")
    assert str(repeated["command_id"]).startswith("create_relink_session_")
    assert (repeated["level"], repeated["attempt"]) == ("warning", 1)
    assert repeated["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    assert request["method"] == "POST"
    assert request["route"] == "/accounts/{id}/relink-sessions"
    assert (request["level"], request["status"]) == ("info", 201)
    assert str(request["timestamp"]).endswith("Z")


def test_webhooks_are_logged_with_event_id_or_the_reason_for_refusal(at: Served):
    at.sim.link_account(at.sim.add_customer("Jo"))
    (delivery,) = at.deliveries()
    with logging_json() as lines:
        answer = at.deliver(delivery)
        at.post_webhook(delivery.payload)
    applied, refused, request = entries(lines)
    assert (applied["event"], applied["event_id"]) == ("webhook applied", delivery.event)
    assert applied["event_type"] == delivery.type
    assert applied["request_id"] == answer.headers["x-request-id"]
    assert refused["event"] == "answered with 400: no signature"
    assert (request["route"], request["status"]) == ("/webhooks/stripe", 400)


def test_requests_are_logged_by_route_without_their_values(at: Served):
    with logging_json() as lines:
        at.get("/accounts?holder=cus_private", headers={"x-private": "private"})
        at.get("/accounts/fca_private")
        at.get("/nowhere/private")
        at.post("/accounts/fca_private/what-if", {"event": "private"})
    assert [line["route"] for line in entries(lines)] == [
        "/accounts",
        "/accounts/{id}",
        "(none)",
        "/accounts/{id}/what-if",
    ]
    assert "private" not in lines.getvalue()


def test_an_unavailable_database_is_logged_as_a_warning(at: Served):
    with logging_json() as lines, at.without_database():
        at.get("/accounts")
        at.get("/healthz")
    listing, _, health, _ = entries(lines)
    assert str(listing["event"]).startswith("answered with 503: ")
    assert listing["level"] == health["level"] == "warning"


def test_polled_routes_are_not_logged_at_info(at: Served):
    with logging_json() as lines:
        at.get("/healthz")
        at.get("/metrics")
    assert entries(lines) == []


def test_an_unexpected_error_is_logged_with_its_traceback_and_request_id(at: Served):
    at.service.accounts = None  # type: ignore[assignment, method-assign]
    with logging_json() as lines:
        answer = at.ask_unchecked("GET", "/accounts")
    broke, answered = entries(lines)
    assert "TypeError: 'NoneType' object is not callable" in str(broke["exception"])
    assert broke["request_id"] == answered["request_id"] == answer.headers["x-request-id"]
    assert answered["status"] == 500


def test_log_lines_have_ids_within_correlated_and_other_loggers_only_warn():
    with logging_json() as lines:
        log = logging.getLogger("relink.test")
        with correlated(request_id="r"), correlated(command_id="c"):
            log.info("within", extra={"attempt": 2})
        log.info("after")
        logging.getLogger("procrastinate.worker").info("a job")
        lost = {"action": "lost"}
        logging.getLogger("procrastinate.worker").warning("a connection", extra=lost)
        logging.getLogger("uvicorn.error").info("started", extra={"color_message": "\x1b[1m"})
        logging.getLogger("httpx").info("GET https://notify.example/?secret=1")
        logging.getLogger("uvicorn.access").info("GET /?secret=1")
        logging.getLogger("sqlalchemy.pool").warning("from elsewhere")
    within, after, queue, started, elsewhere = entries(lines)
    assert (within["request_id"], within["command_id"], within["attempt"]) == ("r", "c", 2)
    assert "request_id" not in after
    assert (queue["event"], queue["action"], queue["logger"]) == (
        "a connection",
        "lost",
        "procrastinate.worker",
    )
    assert started["event"] == "started"
    assert "color_message" not in started
    assert elsewhere["level"] == "warning"


@pytest.mark.parametrize(
    "secret",
    [
        "fcsess_client_secret_8hjK",
        "whsec_8hjK",
        "sk_live_8hjK",
        "sk_test_8hjK",
        "rk_live_8hjK",
        "sk_org_live_8hjK",
    ],
)
@pytest.mark.parametrize("around", ["{}", "key={}&x=1", "'{}'", "line\n{}\nline", "%20{}"])
def test_what_looks_like_a_stripe_secret_is_removed_from_every_log_line(secret: str, around: str):
    with logging_json() as lines:
        log = logging.getLogger("relink.test")
        text = around.format(secret)
        log.info(text)
        log.info("with %s", text, extra={"more": {"deep": [text]}})
        try:
            raise ValueError(text)
        except ValueError:
            log.exception("broke")
    assert len(entries(lines)) == 3
    assert "8hjK" not in lines.getvalue()


def test_an_unknown_log_level_is_refused():
    with pytest.raises(ValueError, match="LOUD"), logging_json("LOUD"):
        pass


# ── metrics ──────────────────────────────────────────────────────────────────


def test_webhooks_are_counted_by_outcome(at: Served):
    at.sim.link_account(at.sim.add_customer("Jo"))
    (delivery,) = at.deliveries()
    with at.without_database():
        assert at.deliver(delivery).status_code == 503
    at.deliver(delivery)
    at.deliver(delivery)
    at.post_webhook(b"{}")
    counted = {
        outcome: sample(at, "relink_webhooks_total", outcome=outcome)
        for outcome in ("applied", "duplicate", "ignored", "refused", "unavailable")
    }
    assert counted == {
        "applied": 1,
        "duplicate": 1,
        "ignored": None,
        "refused": 1,
        "unavailable": 1,
    }


def test_decisions_are_counted_by_machine_and_transition(at: Served):
    account = at.broken()
    at.post(f"/accounts/{account}/relink-sessions")
    moved = "active --reported_relinkable--> inactive_relinkable"
    assert sample(at, "relink_decisions_total", machine="account", transition=moved) == 1
    at.linked()
    at.post(f"/accounts/{account}/relink-sessions", {"mode": "specific"})
    ignored = sample(at, "relink_decisions_total", machine="session", transition="ignored")
    assert ignored == 1


def test_commands_within_a_request_are_counted_by_result(at: Served):
    account = at.broken()
    at.sim.inject("error_before", path="/v1/financial_connections/sessions")
    assert at.post(f"/accounts/{account}/relink-sessions").status_code == 201
    at.sim.inject("error_before", path="/v1/financial_connections/sessions", times=100)
    assert at.post(f"/accounts/{account}/relink-sessions").status_code == 503

    def counted(command: str, result: str) -> float | None:
        return sample(at, "relink_commands_total", command=command, result=result)

    assert counted("create_relink_session", "postponed") == 1
    assert counted("create_relink_session", "done") == 1
    assert counted("retrieve_session_for_caller", "failed") == 1
    assert (counted("retrieve_session_for_caller", "postponed") or 0) > 1


def test_finished_commands_are_counted_with_their_age():
    metrics = Metrics()
    command = RetrieveAccount(account="fca_1", reason=ReadReason.LOOK, number=1)
    metrics.watch_command(command, "postponed", 1.0)
    metrics.watch_command(command, "done", 20.0)
    page = metrics.page().decode()
    assert 'relink_commands_total{command="retrieve_account",result="postponed"} 1.0' in page
    assert 'relink_command_age_seconds_bucket{le="15.0"} 0.0' in page
    assert 'relink_command_age_seconds_bucket{le="60.0"} 1.0' in page


def test_store_gauges_are_cached_and_left_out_while_the_database_is_unavailable(at: Served):
    at.broken()
    assert sample(at, "relink_accounts", state="inactive_relinkable") == 1
    assert sample(at, "relink_dead_letters") == 0
    assert sample(at, "relink_oldest_due_seconds") == 0
    at.broken()
    assert sample(at, "relink_accounts", state="inactive_relinkable") == 1
    at.elapsed += 15
    assert sample(at, "relink_accounts", state="inactive_relinkable") == 2
    at.elapsed += 15
    with at.without_database():
        assert sample(at, "relink_accounts", state="inactive_relinkable") is None
        assert at.get("/metrics").status_code == 200


def test_each_application_has_its_own_metrics():
    def unavailable() -> StoreStatus:
        raise StoreUnavailableError("no database")

    one, other = Metrics(), Metrics(unavailable)
    one.count_webhook("applied")
    assert b'outcome="applied"' in one.page()
    assert b'outcome="applied"' not in other.page()
    assert b"relink_accounts" not in other.page()


def test_a_client_of_the_own_port_that_sends_nothing_is_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics_module, "CLIENT_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stop = Metrics().serve("127.0.0.1", port)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as idle:
            idle.sendall(b"GET /met")
            assert idle.recv(1) == b""
    finally:
        stop()


def test_metrics_can_be_served_on_their_own_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    metrics = Metrics()
    metrics.count_webhook("applied")
    stop = metrics.serve("127.0.0.1", port)
    try:
        assert 'outcome="applied"' in httpx.get(f"http://127.0.0.1:{port}/metrics").text
    finally:
        stop()

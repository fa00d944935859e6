"""Requests that are refused before their route sees them."""

import json
from typing import Any

import pytest

from relink.adapters.http.body import DEEPEST

from .served import Served

# ── the query ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "query",
    ["limit=1&limit=2", "limit=1&limit=1", "state=active&state=inactive_relinkable", "x=1&x=2"],
)
def test_a_repeated_parameter_is_a_422_that_names_it(at: Served, query: str):
    answer = at.get(f"/accounts?{query}")
    assert answer.status_code == 422
    name = query.partition("=")[0]
    assert answer.json()["errors"] == [{"where": f"query.{name}", "rule": "must be given once"}]
    assert at.get(f"/accounts/fca_1/history?after=0&{query}&after=1").status_code == 422


# ── depth ────────────────────────────────────────────────────────────────────


def timers(count: int) -> dict[str, Any]:
    """Timers, each of which brings back the next."""
    event: dict[str, Any] = {"name": "outage_timer_fired", "fields": {}}
    for _ in range(count):
        event = {
            "name": "timer_fired",
            "fields": {"machine": "account", "key": "fca_1", "event": event},
        }
    return {"event": "timer_fired", "fields": event["fields"]}


@pytest.mark.parametrize("count", [1, 2, 5, DEEPEST // 2, 100, 300])
def test_nested_timers_are_a_422(at: Served, count: int):
    account = at.linked()
    answer = at.post(f"/accounts/{account}/what-if", timers(count))
    assert answer.status_code == 422


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_body_that_is_nested_too_deep_is_a_422_on_every_route(at: Served, opening: str):
    closing = "]" if opening == "[" else "}"
    for depth in (DEEPEST + 1, 1000, 10_000):
        content = opening * depth + "1" + closing * depth
        for path in ("what-if", "relink-sessions", "mandate", "replaced-by"):
            answer = at.ask(
                "POST",
                f"/accounts/fca_1/{path}",
                content=content,
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == 422, (path, depth)


def test_what_nested_within_the_limit_is_judged_by_its_route(at: Served):
    value: Any = 1
    for _ in range(DEEPEST - 2):
        value = [value]
    body = {"event": "relink_requested", "fields": {"mode": value}}
    answer = at.post("/accounts/fca_1/what-if", body)
    assert answer.status_code == 422
    assert "nested" not in json.dumps(answer.json())


# ── the origin, where no token protects ──────────────────────────────────────

CHANGES = ("mandate", "retire", "resume", "refresh", "relink-sessions")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://relink.evil.example"])
@pytest.mark.parametrize("path", CHANGES)
def test_without_a_token_a_page_of_another_origin_changes_nothing(serve, path: str, origin: str):
    demo: Served = serve(token=None)
    account = demo.broken()
    before = demo.get(f"/accounts/{account}/history").json()
    headers = {"origin": origin}
    # As a page can send it without asking first: a form, with no content type of JSON.
    answer = demo.ask_unchecked("POST", f"/accounts/{account}/{path}", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:relink:problem:forbidden"
    assert demo.get(f"/accounts/{account}/history").json() == before


def test_without_a_token_the_own_page_and_other_clients_may(serve):
    demo: Served = serve(token=None)
    account = demo.linked()
    own = {"origin": "http://relink"}
    assert demo.post(f"/accounts/{account}/mandate", headers=own).status_code == 200
    assert demo.post(f"/accounts/{account}/retire").status_code == 200


def test_with_a_token_the_origin_does_not_matter(at: Served):
    account = at.linked()
    headers = {"origin": "https://shop.example"}
    assert at.post(f"/accounts/{account}/retire", headers=headers).status_code == 200

"""Requests generated from the OpenAPI document: no 5xx, and every response as documented."""

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import APIOperation

from relink.adapters.http.what_if import DOMAIN_EVENTS
from relink.adapters.store.codec import domain_codec
from relink.engine.fuzz import payloads
from relink.machines.events import DomainEvent, TimerFired

from ..profile import examples
from .served import TOKEN, Served

load_all_checks()
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "missing_required_header",
        "unsupported_method",
    ]
)
AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}

TIMES = st.integers(1_700_000_000, 1_900_000_000)
VALUES = {"at": TIMES.map(float), "as_of": TIMES, "attempt": st.integers(0, 100)}
"""Larger numbers are valid JSON, but parsers disagree on them."""

quickly = settings(max_examples=examples(15), derandomize=True, database=None, deadline=None)


@pytest.mark.parametrize("mode", GenerationMode)
def test_generated_requests_are_answered_as_documented(at: Served, mode: GenerationMode):
    account = at.broken()
    known = {
        "/accounts/{id}": account,
        "/authorizations/{id}": at.login_of(account),
        "/relink-sessions/{id}": at.session_for(account),
    }
    schema = schemathesis.openapi.from_asgi("/openapi.json", at.app, headers=AUTHORIZED)
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and operation.label in ("GET /healthz", "GET /livez"):
            continue  # They have no parameters that could be invalid.
        ids = [name for path, name in known.items() if operation.path.startswith(path)]
        check(operation, mode, ids[0] if ids else None)


def check(operation: APIOperation, mode: GenerationMode, known: str | None) -> None:
    @quickly
    @given(operation.as_strategy(generation_mode=mode))
    def one(case: Case) -> None:
        if known and mode is GenerationMode.POSITIVE:
            case.path_parameters["id"] = known
        case.call_and_validate(checks=CHECKED, headers=AUTHORIZED)

    one()


@pytest.mark.parametrize("kind", [k for k in DOMAIN_EVENTS.values() if k is not TimerFired])
def test_every_generated_domain_event_has_a_what_if_answer(at: Served, kind: type[DomainEvent]):
    account = at.broken()

    @quickly
    @given(payloads(kind, VALUES))
    def one(event: DomainEvent) -> None:
        fields = domain_codec().fields(event)
        if "account" in kind.model_fields:
            fields["account"] = account
        answer = at.post(f"/accounts/{account}/what-if", {"event": kind.name, "fields": fields})
        assert answer.status_code == 200, answer.text

    one()

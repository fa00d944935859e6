"""F1: what is final is what Stripe says about the object. The rest is the operator's to mend."""

import json
from dataclasses import replace
from typing import Any

import pytest

from relink.adapters.gateway import (
    ApiKey,
    Attempt,
    Deadline,
    Fault,
    GatewayError,
    GatewaySettings,
    OperatorError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.builtin import stripe as made_by_settings
from relink.adapters.gateway.failures import FINAL_CODES, OBJECT_PARAMETERS
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.reach import ACCOUNTS, OBJECTS, Reach
from relink.adapters.gateway.retrying import RetryingGateway
from relink.adapters.gateway.transport import Call, Reply
from relink.adapters.simulator import Simulator
from relink.machines.commands import AnyStripeCommand
from relink.machines.events import PaymentMethodMade

from ..rig import API_KEY, SimulatedStripe
from .conftest import Scripted
from .scene import Scene
from .stand_in import CLIENT_SECRET, COMMANDS, NOW, PAGE, RELINK, Server, error, reply

BUILD = COMMANDS["create_payment_method"]
READ = COMMANDS["retrieve_account"]
READ_METHOD = COMMANDS["retrieve_payment_method"]
FOUND = reply(200, {"id": "fca_2", "object": "financial_connections.account"})
OTHERS = COMMANDS["retrieve_account"].model_copy(update={"account": "fca_2"})
MISSING = error(404, "resource_missing", "invalid_request_error")


class Always:
    """A transport with the same answer for every request, until it is mended."""

    def __init__(self, answer: Reply) -> None:
        self.answer = answer

    def send(self, call: Call) -> Reply:
        return self.answer


def failed(command: AnyStripeCommand, answer: Reply) -> GatewayError:
    with pytest.raises(GatewayError) as raised:
        StripeGateway(Always(answer)).perform(command, NOW)
    return raised.value


def refusal(status: int = 400, **parts: Any) -> Reply:
    return reply(status, {"error": {"type": "invalid_request_error", "message": "m", **parts}})


# ── who has to mend it ───────────────────────────────────────────────────────

OPERATORS: list[tuple[Reply, Fault]] = [
    (error(401), Fault.API_KEY),
    (refusal(401, code="api_key_expired"), Fault.API_KEY),
    (refusal(400, code="platform_api_key_expired"), Fault.API_KEY),
    (refusal(403, code="secret_key_required"), Fault.API_KEY),
    (error(403), Fault.PERMISSION),
    (refusal(403, code="account_invalid"), Fault.PERMISSION),
    (refusal(403, code="account_closed"), Fault.PERMISSION),
    (reply(403, PAGE), Fault.NOT_STRIPE),
    (reply(407, PAGE), Fault.NOT_STRIPE),
    (refusal(407), Fault.NOT_STRIPE),
    (reply(404, PAGE), Fault.NOT_STRIPE),
    (reply(400, b""), Fault.NOT_STRIPE),
    (reply(402, {"error": "payment_required"}), Fault.NOT_STRIPE),
    (reply(404, {"error": {"code": "resource_missing"}}), Fault.NOT_STRIPE),
    (reply(400, {"error": {"type": {"a": 1}, "code": "account_closed"}}), Fault.NOT_STRIPE),
    (reply(451, PAGE), Fault.NOT_STRIPE),
    (reply(302, PAGE), Fault.NOT_STRIPE),
    # The version is not open to the account, or the route does not exist in it.
    (refusal(400), Fault.REQUEST),
    (refusal(404), Fault.REQUEST),
    (refusal(400, code="parameter_unknown", param="relink_options"), Fault.REQUEST),
    (refusal(400, code="parameter_unknown", param="customer"), Fault.REQUEST),
    (refusal(400, code="parameter_missing", param="external_account"), Fault.REQUEST),
    (refusal(400, code="parameter_invalid_empty", param="billing_details[name]"), Fault.REQUEST),
    (refusal(400, param="billing_details[name]"), Fault.REQUEST),
    (refusal(400, code="payment_evaluation_on_api_version_not_supported"), Fault.REQUEST),
    # A code that is not known says nothing about the customer.
    (refusal(400, code="invented_later"), Fault.REQUEST),
    (refusal(402, code="invented_later", param="customer"), Fault.REQUEST),
    (refusal(422), Fault.REQUEST),
    (refusal(404, code="resource_missing", message="a similar object exists in"), Fault.OTHER_MODE),
]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("answer", "fault"), OPERATORS)
def test_f1_what_an_operator_has_to_mend_is_transient_and_says_what(
    name: str, answer: Reply, fault: Fault
) -> None:
    found = failed(COMMANDS[name], answer)
    assert isinstance(found, OperatorError)
    assert isinstance(found, TransientError)
    assert found.code is fault
    assert str(found).endswith(f": {fault.cure} (request req_1)")


@pytest.mark.parametrize("code", sorted(FINAL_CODES))
@pytest.mark.parametrize("status", [400, 402, 404])
def test_f1_a_code_about_the_object_is_final(code: str, status: int) -> None:
    found = failed(READ, refusal(status, code=code))
    assert isinstance(found, PermanentError)
    assert found.code == code


@pytest.mark.parametrize("param", sorted(OBJECT_PARAMETERS))
def test_f1_an_error_without_a_code_is_final_if_it_names_the_object(param: str) -> None:
    found = failed(READ, refusal(400, param=param))
    assert isinstance(found, PermanentError)
    assert found.code == "refused"


@pytest.mark.parametrize("code", ["lock_timeout", "token_in_use"])
def test_f1_what_passes_by_itself_is_no_fault_of_an_operator(code: str) -> None:
    assert type(failed(READ, refusal(400, code=code))) is TransientError
    assert type(failed(READ, error(500))) is TransientError
    assert type(failed(READ, reply(502, PAGE))) is TransientError
    assert type(failed(READ, error(429))) is RateLimitedError


def test_f1_a_success_that_is_not_from_stripe_is_the_operators_to_mend() -> None:
    found = failed(READ, Reply(200, {"content-type": "text/html"}, reply(200, PAGE).body))
    assert isinstance(found, OperatorError)
    assert found.code is Fault.NOT_STRIPE


def test_f1_an_operators_error_shows_no_message_of_stripe() -> None:
    message = f"Invalid: {CLIENT_SECRET}"
    found = failed(READ, refusal(400, message=message))
    assert CLIENT_SECRET not in f"{found!s} {found!r} {found.args!r}"


def test_every_fault_has_a_cure() -> None:
    assert all(fault.cure for fault in Fault)
    assert len({fault.cure for fault in Fault}) == len(Fault)


# ── a missing object ─────────────────────────────────────────────────────────


def missing(gateway: StripeGateway, command: AnyStripeCommand, at: float, **attempt: Any) -> str:
    """How a command fails on a missing object: ``final``, or the fault."""
    with pytest.raises(GatewayError) as raised:
        gateway.perform(command, at, Attempt(**attempt))
    if isinstance(raised.value, PermanentError):
        assert raised.value.code == "resource_missing"
        assert "Stripe has no such object, in this account and mode (" in str(raised.value)
        return "final"
    assert isinstance(raised.value, OperatorError)
    return raised.value.code


def test_f1_a_missing_object_is_final_once_the_key_has_reached_another_one(
    scripted: Scripted,
) -> None:
    gateway, _ = scripted(MISSING, FOUND, MISSING)
    assert missing(gateway, READ, NOW, asked_at=NOW) == "missing"
    gateway.perform(OTHERS, NOW + 5)
    assert missing(gateway, READ, NOW + 10, asked_at=NOW) == "final"


def test_f1_what_was_reached_before_the_command_proves_nothing(scripted: Scripted) -> None:
    gateway, _ = scripted(FOUND, FOUND, MISSING, MISSING, FOUND, MISSING)
    gateway.perform(OTHERS, NOW - 1)
    gateway.perform(OTHERS, NOW)
    assert missing(gateway, READ, NOW, asked_at=NOW) == "missing"
    assert missing(gateway, READ, NOW + 60, asked_at=NOW) == "missing"
    gateway.perform(OTHERS, NOW + 61)
    assert missing(gateway, READ, NOW + 62, asked_at=NOW) == "final"


def test_f1_an_object_of_another_stripe_account_proves_nothing(scripted: Scripted) -> None:
    gateway, _ = scripted(FOUND, MISSING, FOUND, MISSING, MISSING)
    gateway.perform(OTHERS, NOW + 1, Attempt(connected_account="acct_1"))
    assert missing(gateway, READ, NOW + 2, asked_at=NOW) == "missing"
    gateway.perform(OTHERS, NOW + 3)
    assert missing(gateway, READ, NOW + 4, asked_at=NOW) == "final"
    other = {"connected_account": "acct_2", "asked_at": NOW}
    assert missing(gateway, READ, NOW + 5, **other) == "missing"


def test_f1_the_object_itself_proves_nothing(scripted: Scripted) -> None:
    gateway, _ = scripted(FOUND, MISSING)
    gateway.perform(OTHERS, NOW + 1)
    assert missing(gateway, OTHERS, NOW + 2, asked_at=NOW) == "missing"


def test_f1_the_other_objects_of_a_request_prove_the_key_if_stripe_names_the_missing_one(
    scripted: Scripted,
) -> None:
    loose = reply(200, {"id": "pm_1", "customer": None})
    for param, expected in [("customer", "final"), (None, "missing"), ("id", "missing")]:
        no_customer = refusal(400, code="resource_missing", param=param)
        gateway, _ = scripted(loose, no_customer, loose)
        assert missing(gateway, BUILD, NOW + 1, asked_at=NOW) == expected
    # Creating the payment method names no customer, and the customer was reached.
    unnamed = BUILD.model_copy(update={"billing_name": None})
    customer = reply(200, {"id": "cus_1", "name": "Jenny"})
    no_account = refusal(400, code="resource_missing")
    empty = reply(200, {"object": "list", "data": []})
    gateway, _ = scripted(customer, no_account, empty, empty)
    assert missing(gateway, unnamed, NOW + 1, asked_at=NOW) == "final"


def test_f1_an_object_that_the_attempt_has_just_seen_is_not_missing(scripted: Scripted) -> None:
    loose = reply(200, {"id": "pm_1", "customer": None})
    customer = reply(200, {"id": "cus_1", "name": "Jenny"})
    unnamed = BUILD.model_copy(update={"billing_name": None})
    no_method = refusal(404, code="resource_missing", param="id")
    no_customer = refusal(400, code="resource_missing", param="customer")
    for command, replies in [
        (BUILD, [loose, no_method, loose]),
        (unnamed, [customer, loose, no_customer, loose]),
    ]:
        gateway, _ = scripted(FOUND, *replies)
        gateway.perform(OTHERS, NOW + 1)
        assert missing(gateway, command, NOW + 2, asked_at=NOW) == "missing"
    # The same where the creation is found, and not made: the key has expired.
    of_command = {"id": "pm_1", "customer": None, "metadata": {"relink_command": BUILD.id}}
    listed = reply(200, {"object": "list", "data": [of_command]})
    gateway, _ = scripted(FOUND, listed, loose, no_method, loose)
    gateway.perform(OTHERS, NOW)
    assert missing(gateway, BUILD, NOW, asked_at=NOW - 2 * 24 * 3600) == "missing"


def test_f1_the_memory_of_a_key_is_that_of_its_settings_and_ends_with_the_process(
    server: Server,
) -> None:
    settings = GatewaySettings(ApiKey(API_KEY), server.url)
    for_requests = made_by_settings(replace(settings, read_timeout=1.0))
    for_commands = made_by_settings(replace(settings, read_timeout=2.0))
    restarted = made_by_settings(GatewaySettings(ApiKey(API_KEY), server.url))
    server.answer(200, {"id": "fca_2"})
    for_requests.perform(OTHERS, NOW + 1)
    for gateway, expected in [(for_commands, "final"), (restarted, "missing")]:
        assert isinstance(gateway, StripeGateway)
        server.answer(404, {"error": {"type": "x", "code": "resource_missing"}})
        assert missing(gateway, READ, NOW + 2, asked_at=NOW) == expected


@pytest.mark.parametrize(
    "hint",
    [
        "a similar object exists in test mode, but a live mode key was used to make this request.",
        "a similar object exists in live mode, but a test mode key was used to make this request.",
    ],
)
def test_f1_an_object_of_the_other_mode_is_never_final(scripted: Scripted, hint: str) -> None:
    other_mode = refusal(404, code="resource_missing", message=f"No such account: 'fca_1'; {hint}")
    gateway, _ = scripted(FOUND, other_mode)
    gateway.perform(OTHERS, NOW + 1)
    assert missing(gateway, READ, NOW + 2, asked_at=NOW) == "other_mode"


@pytest.mark.parametrize(
    "name",
    ["create_relink_session", "retrieve_account_for_caller", "retrieve_session_for_caller"],
)
def test_f1_a_caller_is_told_what_stripe_says(scripted: Scripted, name: str) -> None:
    """The command changes nothing when it fails, and is not tried again later."""
    gateway, _ = scripted(MISSING)
    assert missing(gateway, COMMANDS[name], NOW, asked_at=NOW) == "final"


def test_n4_a_missing_payment_method_is_gone_only_if_it_is_final(scripted: Scripted) -> None:
    gateway, _ = scripted(MISSING, FOUND, MISSING)
    assert missing(gateway, READ_METHOD, NOW, asked_at=NOW) == "missing"
    gateway.perform(OTHERS, NOW + 1)
    (report,) = gateway.perform(READ_METHOD, NOW + 2, Attempt(asked_at=NOW)).events
    assert report.report.gone  # type: ignore[attr-defined]


def test_the_memory_keeps_the_latest_objects_of_the_latest_accounts() -> None:
    reach = Reach()
    for number in range(ACCOUNTS + 1):
        reach.note(f"acct_{number}", "fca_1", NOW)
    assert not reach.includes_another("acct_0", (), NOW - 1)
    assert reach.includes_another("acct_1", (), NOW - 1)
    assert not reach.includes_another("acct_1", (), NOW)
    for number in range(OBJECTS + 1):
        reach.note(None, f"fca_{number}", NOW)
    latest = {f"fca_{number}" for number in range(1, OBJECTS + 1)}
    assert reach.includes_another(None, latest - {"fca_1"}, NOW - 1)
    assert not reach.includes_another(None, latest, NOW - 1)
    # An older time of a slower attempt does not replace a newer one.
    reach.note(None, "fca_8", NOW - 9)
    assert reach.includes_another(None, latest - {"fca_8"}, NOW - 1)


# ── mended, it is made (case 31) ─────────────────────────────────────────────


class Faulty:
    """In front of a simulator: some requests get another answer until the fault is mended."""

    def __init__(self, stripe: SimulatedStripe, method: str, path: str, answer: Reply) -> None:
        self.behind = stripe.gateway._transport
        self.method, self.path, self.answer = method, path, answer
        self.mended = False

    def send(self, call: Call) -> Reply:
        is_hit = call.method == self.method and call.path.startswith(self.path)
        return self.answer if is_hit and not self.mended else self.behind.send(call)


@pytest.mark.parametrize("path", ["/v1/payment_methods", "/v1/payment_methods/pm"])
@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (refusal(403), Fault.PERMISSION),
        (refusal(400, message="Invalid Stripe API version: 2026-09-30.preview"), Fault.REQUEST),
        (
            refusal(404, code="resource_missing", message="a similar object exists in live mode"),
            Fault.OTHER_MODE,
        ),
        (reply(403, PAGE), Fault.NOT_STRIPE),
        (reply(407, PAGE), Fault.NOT_STRIPE),
    ],
)
def test_f1_a_build_that_meets_an_operators_fault_is_made_when_it_is_mended(
    path: str, answer: Reply, fault: Fault
) -> None:
    customer = Scene.of_customer(SimulatedStripe())
    command = customer.build()
    faulty = Faulty(customer.stripe, "POST", path, answer)
    gateway = StripeGateway(faulty)
    now = customer.simulator.now
    for number in (1, 2, 3):
        # Other commands reach their objects meanwhile.
        gateway.perform(customer.read_account(), now)
        with pytest.raises(OperatorError) as raised:
            gateway.perform(command, now + number, Attempt(number=number, asked_at=now))
        assert raised.value.code is fault
    faulty.mended = True
    (made,) = gateway.perform(command, now + 4, Attempt(number=4, asked_at=now)).events
    assert isinstance(made, PaymentMethodMade)
    assert customer.count("payment_method.created") == 1


def test_f1_a_key_of_another_stripe_account_ends_no_build() -> None:
    """All that it asks for is missing there, so it reaches nothing of ours."""
    customer = Scene.of_customer(SimulatedStripe())
    command = customer.build()
    now = customer.simulator.now
    elsewhere = SimulatorGateway(Simulator())
    for number, asked in enumerate((command, customer.read_account(), command), 1):
        assert missing(elsewhere, asked, now, number=number, asked_at=now) == "missing"
    (made,) = customer.stripe.gateway.perform(command, now, Attempt(number=4, asked_at=now)).events
    assert isinstance(made, PaymentMethodMade)


def test_f1_a_refusal_that_stripe_replays_does_not_outlive_its_cause(scripted: Scripted) -> None:
    stored = error(403, idempotent_replayed="true")
    empty = reply(200, {"object": "list", "data": []})
    attached = reply(200, {"id": "pm_1", "customer": "cus_1"})
    gateway, script = scripted(stored, empty, empty, attached)
    (made,) = gateway.perform(BUILD, NOW, Attempt(number=2, asked_at=NOW)).events
    assert isinstance(made, PaymentMethodMade)
    assert [key for key in script.keys if key] == ["create", "create:1"]


# ── within a request ─────────────────────────────────────────────────────────


def test_f1_a_caller_does_not_wait_for_an_operator() -> None:
    now = [NOW]
    watched: list[str] = []
    always = Always(error(403))
    gateway = RetryingGateway(
        StripeGateway(always),
        clock=lambda: now[0],
        timer=lambda: now[0],
        sleep=lambda seconds: now.append(seconds),
        watch=lambda command, result, age: watched.append(result),
    )
    with pytest.raises(OperatorError), Deadline(10, lambda: now[0]):
        gateway.perform(RELINK, Attempt())
    assert (now, watched) == ([NOW], ["stuck"])


def test_a_body_of_stripe_is_recognised_by_its_type() -> None:
    """The form that Stripe documents, as bytes."""
    body = json.dumps({"error": {"type": "invalid_request_error", "code": "account_closed"}})
    assert isinstance(failed(READ, reply(400, body.encode())), PermanentError)

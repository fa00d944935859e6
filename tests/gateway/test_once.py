"""A POST takes effect once: its idempotency keys, and the lookup before another key is used."""

from typing import Any

import pytest

from relink.adapters.gateway import (
    Attempt,
    MalformedAnswerError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.api import KEY_LIFETIME, MAX_KEYS
from relink.adapters.gateway.live import CLOCK_SKEW
from relink.adapters.gateway.transport import Reply
from relink.machines.events import ExternalAccountMade, PaymentMethodMade, RelinkSessionCreated

from .conftest import Scripted
from .stand_in import AS_OF, COMMANDS, NOW, RELINK, SESSION, Script, error, reply

BUILD = COMMANDS["create_payment_method"]
PAYOUT = COMMANDS["attach_external_account"]
OURS = {"relink_command": BUILD.id}
LOOSE: dict[str, Any] = {"id": "pm_1", "metadata": OURS, "customer": None, "created": AS_OF}
ATTACHED = LOOSE | {"customer": "cus_1"}
OTHERS = {"id": "pm_0", "metadata": {}, "customer": "cus_1", "created": AS_OF - 1}
BANK = {"id": "ba_1", "object": "bank_account", "metadata": {"relink_command": PAYOUT.id}}
SPENT = error(500, idempotent_replayed="true")
LATE = Attempt(number=9, asked_at=NOW - KEY_LIFETIME - 1)

CREATE = "POST /v1/payment_methods"
ATTACH = "POST /v1/payment_methods/pm_1/attach"
LIST = "GET /v1/payment_methods"
SEE = "GET /v1/payment_methods/pm_1"
READ_SESSION = "GET /v1/financial_connections/sessions/fcsess_1"
ADD = "POST /v1/accounts/acct_1/external_accounts"
LIST_BANKS = "GET /v1/accounts/acct_1/external_accounts"


def page(*items: dict[str, Any], more: bool = False) -> Reply:
    return reply(200, {"object": "list", "data": list(items), "has_more": more})


def made(answer: Any) -> Any:
    (event,) = answer.events
    return event


# ── each step has a key ──────────────────────────────────────────────────────


def test_each_post_has_the_key_of_its_step(scripted: Scripted) -> None:
    gateway, script = scripted(reply(200, LOOSE), reply(200, ATTACHED))
    assert made(gateway.perform(BUILD, NOW)) == PaymentMethodMade(
        causation_id=BUILD.id, at=NOW, account="fca_1", payment_method="pm_1"
    )
    assert script.asked == [CREATE, ATTACH]
    assert [call.idempotency_key for call in script.calls] == [
        f"{BUILD.id}:create",
        f"{BUILD.id}:attach",
    ]


def test_a_retry_uses_the_same_idempotency_keys(scripted: Scripted) -> None:
    gateway, script = scripted(reply(200, LOOSE), None, reply(200, LOOSE), reply(200, ATTACHED))
    with pytest.raises(TransientError):
        gateway.perform(BUILD, NOW)
    gateway.perform(BUILD, NOW + 3, Attempt(number=2, asked_at=NOW))
    assert script.keys == ["create", "attach", "create", "attach"]


def test_reads_have_no_idempotency_key(scripted: Scripted) -> None:
    gateway, script = scripted(reply(200, {"id": "fca_1", "status": "active"}))
    gateway.perform(COMMANDS["retrieve_account"], NOW)
    assert script.keys == [None]


# ── a failure that is stored ─────────────────────────────────────────────────


@pytest.mark.parametrize(
    "first", [error(500), error(503), error(409, "idempotency_key_in_use"), error(429), None]
)
def test_a_key_whose_request_may_still_run_is_not_replaced(
    scripted: Scripted, first: Reply | None
) -> None:
    gateway, script = scripted(first)
    with pytest.raises(TransientError):
        gateway.perform(BUILD, NOW)
    assert script.asked == [CREATE]


@pytest.mark.parametrize(
    "spent", [SPENT, error(400, kind="idempotency_error")], ids=["replayed", "other parameters"]
)
@pytest.mark.parametrize(
    ("looks", "asked", "keys"),
    [
        ([page(OTHERS, ATTACHED)], [LIST], []),
        ([page(OTHERS), page(LOOSE), reply(200, ATTACHED)], [LIST, LIST, ATTACH], ["attach"]),
        (
            [page(), page(OTHERS), reply(200, LOOSE), reply(200, ATTACHED)],
            [LIST, LIST, CREATE, ATTACH],
            ["create:1", "attach"],
        ),
    ],
    ids=["found attached", "found loose", "not found"],
)
def test_after_a_spent_key_the_effect_is_looked_up_before_the_next_key(
    scripted: Scripted, spent: Reply, looks: list[Reply], asked: list[str], keys: list[str]
) -> None:
    gateway, script = scripted(spent, *looks)
    assert made(gateway.perform(BUILD, NOW)).payment_method == "pm_1"
    assert script.asked == [CREATE, *asked]
    assert [key for key in script.keys if key] == ["create", *keys]


def test_several_spent_keys_are_replaced_in_one_attempt(scripted: Scripted) -> None:
    gateway, script = scripted(*(SPENT, page(), page()), *(SPENT, page(), page()), error(500))
    with pytest.raises(TransientError):
        gateway.perform(BUILD, NOW)
    assert [key for key in script.keys if key] == ["create", "create:1", "create:2"]


def test_an_attempt_ends_after_the_maximum_of_spent_keys(scripted: Scripted) -> None:
    gateway, _ = scripted(*[SPENT] * MAX_KEYS)
    with pytest.raises(TransientError, match="all 100 idempotency keys are spent"):
        gateway.perform(RELINK, NOW)


def test_a_session_with_a_spent_key_is_created_again_without_a_lookup(scripted: Scripted) -> None:
    gateway, script = scripted(SPENT, reply(200, SESSION))
    assert made(gateway.perform(RELINK, NOW)) == RelinkSessionCreated(
        causation_id=RELINK.id, at=NOW, session="fcsess_1", request=RELINK
    )
    assert script.keys == ["create", "create:1"]


@pytest.mark.parametrize(
    ("seen", "then"), [(ATTACHED, []), (LOOSE, [reply(200, ATTACHED)])], ids=["done", "not done"]
)
def test_the_effect_of_an_attachment_is_looked_up_on_the_payment_method(
    scripted: Scripted, seen: dict[str, Any], then: list[Reply]
) -> None:
    gateway, script = scripted(reply(200, LOOSE), SPENT, reply(200, seen), *then)
    assert made(gateway.perform(BUILD, NOW)).payment_method == "pm_1"
    assert script.asked == [CREATE, ATTACH, SEE, *[ATTACH for _ in then]]


# ── a refusal may come from an effect of ours ────────────────────────────────


def test_a_refusal_is_final_if_the_effect_is_not_found(scripted: Scripted) -> None:
    gateway, _ = scripted(error(400, "account_closed"), page(), page())
    with pytest.raises(PermanentError) as raised:
        gateway.perform(BUILD, NOW)
    assert raised.value.code == "account_closed"


def test_a_replayed_refusal_is_final_in_the_first_generation(scripted: Scripted) -> None:
    refused = error(400, "account_closed", idempotent_replayed="true")
    gateway, script = scripted(refused, page(), page())
    with pytest.raises(PermanentError):
        gateway.perform(BUILD, NOW)
    assert [key for key in script.keys if key] == ["create"]


def test_a_stored_refusal_is_repeated_under_a_new_key_when_an_operator_retries(
    scripted: Scripted,
) -> None:
    stored = error(400, "account_closed", idempotent_replayed="true")
    unmade = stored, page(), page()
    gateway, script = scripted(*unmade, *unmade, reply(200, LOOSE), reply(200, ATTACHED))
    again = Attempt(number=3, generation=2, asked_at=NOW)
    assert made(gateway.perform(BUILD, NOW, again)).payment_method == "pm_1"
    keys = [key for key in script.keys if key]
    assert keys == ["create", "create:1", "create:2", "attach"]


def test_a_used_token_is_a_success_if_the_external_account_of_the_command_exists(
    scripted: Scripted,
) -> None:
    gateway, script = scripted(reply(200, SESSION), error(400, "token_already_used"), page(BANK))
    assert made(gateway.perform(PAYOUT, NOW)) == ExternalAccountMade(
        causation_id=PAYOUT.id, at=NOW, account="fca_1", external_account="ba_1"
    )
    assert script.asked == [READ_SESSION, ADD, LIST_BANKS]


@pytest.mark.parametrize("token", [None, 5, {"id": None}, "absent"])
def test_a_session_without_a_token_is_a_success_only_if_the_external_account_exists(
    scripted: Scripted, token: object
) -> None:
    bare = {**SESSION, "bank_account_token": token}
    if token == "absent":
        del bare["bank_account_token"]
    gateway, _ = scripted(reply(200, bare), page(BANK), reply(200, bare), page())
    assert made(gateway.perform(PAYOUT, NOW)).external_account == "ba_1"
    with pytest.raises(PermanentError) as raised:
        gateway.perform(PAYOUT, NOW)
    assert raised.value.code == "no_bank_account_token"


# ── keys do not live for ever ────────────────────────────────────────────────


def test_a_command_older_than_the_keys_looks_up_its_effect_first(scripted: Scripted) -> None:
    gateway, script = scripted(page(ATTACHED))
    assert made(gateway.perform(BUILD, NOW, LATE)).payment_method == "pm_1"
    assert script.asked == [LIST]

    gateway, script = scripted(reply(200, SESSION), page(BANK))
    assert made(gateway.perform(PAYOUT, NOW, LATE)).external_account == "ba_1"
    assert script.asked == [READ_SESSION, LIST_BANKS]


def test_a_command_older_than_the_keys_is_carried_out_if_it_has_no_effect_yet(
    scripted: Scripted,
) -> None:
    gateway, script = scripted(
        *(page(), page(), reply(200, LOOSE)), *(reply(200, LOOSE), reply(200, ATTACHED))
    )
    assert made(gateway.perform(BUILD, NOW, LATE)).payment_method == "pm_1"
    assert script.asked == [LIST, LIST, CREATE, SEE, ATTACH]


def test_a_command_younger_than_the_keys_looks_nothing_up(scripted: Scripted) -> None:
    gateway, script = scripted(reply(200, LOOSE), reply(200, ATTACHED))
    gateway.perform(BUILD, NOW, Attempt(number=9, asked_at=NOW - KEY_LIFETIME))
    assert script.asked == [CREATE, ATTACH]


# ── lists ────────────────────────────────────────────────────────────────────


def test_lists_are_searched_page_by_page(scripted: Scripted) -> None:
    gateway, script = scripted(SPENT, page(OTHERS, more=True), page(ATTACHED, more=True))
    assert made(gateway.perform(BUILD, NOW)).payment_method == "pm_1"
    queries = [call.form for call in script.calls[1:]]
    kind = "customer=cus_1&type=us_bank_account"
    assert queries == [f"{kind}&limit=100", f"{kind}&starting_after=pm_0&limit=100"]


def test_payment_methods_older_than_the_command_are_not_searched(scripted: Scripted) -> None:
    old = OTHERS | {"created": AS_OF - CLOCK_SKEW - 1}
    gateway, script = scripted(*(SPENT, page(), page(OTHERS, old, more=True)), reply(200, ATTACHED))
    gateway.perform(BUILD, NOW)
    assert script.asked == [CREATE, LIST, LIST, CREATE]


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": [5]}, {"data": {}}])
def test_an_answer_that_is_not_a_list_is_malformed(scripted: Scripted, body: object) -> None:
    gateway, _ = scripted(SPENT, reply(200, body))
    with pytest.raises(MalformedAnswerError, match="req_1"):
        gateway.perform(BUILD, NOW)


def test_an_answer_that_is_not_a_bank_account_is_malformed(scripted: Scripted) -> None:
    gateway, _ = scripted(reply(200, SESSION), reply(200, BANK | {"object": "card"}))
    with pytest.raises(MalformedAnswerError, match="not a bank_account with a valid id"):
        gateway.perform(PAYOUT, NOW)


def test_a_rate_limit_during_a_lookup_names_its_wait(scripted: Scripted) -> None:
    gateway, _ = scripted(SPENT, error(429, retry_after="4"))
    with pytest.raises(RateLimitedError) as raised:
        gateway.perform(BUILD, NOW)
    assert raised.value.wait == 4


def test_an_answer_about_another_payment_method_is_malformed(scripted: Scripted) -> None:
    gateway, _ = scripted(reply(200, LOOSE), reply(200, {"id": "pm_2"}))
    with pytest.raises(MalformedAnswerError, match="pm_1 was requested, but pm_2 was returned"):
        gateway.perform(BUILD, NOW)


def test_a_scripted_gateway_fails_on_a_request_that_is_not_scripted(scripted: Scripted) -> None:
    """A gateway that asks for more than is scripted fails: the scripts above are complete."""
    gateway, script = scripted()
    assert isinstance(script, Script)
    with pytest.raises(IndexError):
        gateway.perform(RELINK, NOW)

"""The service, with a simulated Stripe in the same process and a real database."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from relink.adapters.gateway import (
    Answer,
    Attempt,
    DryRunGateway,
    Gateway,
    GatewayError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.service import (
    RETRY_FOR,
    RelinkRefusedError,
    Service,
    UnknownAccountError,
    UnknownAuthorizationError,
    UnknownSessionError,
)
from relink.adapters.simulator import TOKENIZED_NUMBERS, CustomerPart, Faults
from relink.adapters.store import MemoryStore
from relink.adapters.stripe import WebhookRefused
from relink.engine import Address, Command
from relink.machines import relink_system
from relink.machines.commands import (
    CreateRelinkSession,
    NotifyCustomer,
    RequestBillingName,
    RequestNewPaymentMethod,
)
from relink.machines.events import BillingNameGiven, RelinkRequested
from relink.machines.reasons import NO_REASON_TO_RELINK, UNREPAIRABLE

from .embedding import Embedding

SESSIONS = "/v1/financial_connections/sessions"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Embedding]:
    embedding = Embedding(tmp_path)
    yield embedding
    embedding.store.close()


def test_an_account_with_expired_consent_is_relinked_and_active_again(at: Embedding):
    account = at.broken_account()
    assert [type(command) for command in at.notified] == [NotifyCustomer]
    session = at.service.request_relink(account)
    at.sim.customer(session.id).choose_expected()
    assert at.service.session_result(session.id).outcome == "relinked"
    at.settle()
    snapshot, answer = at.service.account(account)
    assert (snapshot.state, answer.chargeable, answer.next) == ("active", True, ())


def test_a_second_request_returns_the_open_session_with_its_secret(at: Embedding):
    account = at.broken_account()
    first = at.service.request_relink(account)
    again = at.service.request_relink(account)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.id == again.id
    assert first.secret
    assert again.secret
    assert first.secret.reveal() == again.secret.reveal()
    other = at.service.request_relink(account, mode="any_eligible")
    assert other.is_new
    assert other.id != first.id


def test_a_request_after_a_lost_answer_returns_the_session_that_stripe_made(at: Embedding):
    account = at.broken_account()
    at.sim.inject("timeout_after", method="POST", path=SESSIONS)
    with pytest.raises(TransientError):
        at.service.request_relink(account)
    assert at.service.account(account)[0].state == "inactive_relinkable"
    at.sim.advance(60)  # until then Stripe holds the idempotency key
    session = at.service.request_relink(account)
    assert len(at.sim.world.sessions) == 1
    assert session.id in at.sim.world.sessions


def test_an_unrepairable_account_is_refused_with_a_code_and_a_next_action(at: Embedding):
    linked = at.sim.link_account(at.sim.add_customer("Jo"))
    at.settle()
    at.sim.bank.close_account(linked.id)
    at.settle()
    read = len(at.requests_to(f"/v1/financial_connections/accounts/{linked.id}"))
    with pytest.raises(RelinkRefusedError) as caught:
        at.service.request_relink(linked.id)
    refused = caught.value
    assert (refused.account, refused.state) == (linked.id, "inactive_unrepairable")
    assert refused.reason == UNREPAIRABLE.code
    assert refused.sentence == UNREPAIRABLE.sentence
    assert refused.sentence in str(refused)
    assert [n.action for n in refused.assessment.next] == ["request_new_payment_method"]
    # It is read once before it is refused (R9).
    assert len(at.requests_to(f"/v1/financial_connections/accounts/{linked.id}")) == read + 1


def test_an_account_that_became_repairable_at_stripe_is_not_refused(at: Embedding):
    linked = at.sim.link_account(at.sim.add_customer("Jo"))
    at.settle()
    at.sim.bank.close_account(linked.id)
    at.settle()
    at.sim.bank.reopen_account(linked.id, needs_relink=True)  # its webhook has not arrived
    at.sim.advance(5)
    assert at.service.request_relink(linked.id).is_new


def test_an_unknown_account_or_session_is_an_error_without_a_request_to_stripe(at: Embedding):
    with pytest.raises(UnknownAccountError, match="fca_unknown"):
        at.service.request_relink("fca_unknown")
    with pytest.raises(UnknownSessionError, match="fcsess_unknown"):
        at.service.session_result("fcsess_unknown")
    assert at.requests_to("/") == []


def test_an_invalid_wish_is_refused_by_its_name(at: Embedding):
    account = at.broken_account()
    with pytest.raises(ValueError, match="mode"):
        at.service.request_relink(account, mode="whatever")


def test_a_repeated_webhook_is_a_duplicate_and_a_forged_one_is_refused(at: Embedding):
    at.sim.link_account(at.sim.add_customer("Jo"))
    (delivery,) = at.sim.due_webhooks(at.sim.now + 60)
    assert at.service.handle_webhook(delivery.payload, delivery.signature) == "applied"
    assert at.service.handle_webhook(delivery.payload, delivery.signature) == "duplicate"
    with pytest.raises(WebhookRefused):
        at.service.handle_webhook(delivery.payload + b" ", delivery.signature)


def test_a_webhook_is_noted_together_with_its_work(at: Embedding, tmp_path: Path):
    at.sim.link_account(at.sim.add_customer("Jo"))
    (delivery,) = at.sim.due_webhooks(at.sim.now + 60)
    at.service.handle_webhook(delivery.payload, delivery.signature)
    with closing(sqlite3.connect(tmp_path / "relink.db")) as database:
        noted = database.execute("SELECT id FROM inbox").fetchall()
    assert noted == [(json.loads(delivery.payload)["id"],)]


@pytest.mark.parametrize("fault", ["rate_limited", "error_before", "timeout_after", "truncated"])
def test_a_command_that_fails_temporarily_is_retried_until_it_succeeds(at: Embedding, fault: str):
    linked = at.sim.link_account(at.sim.add_customer("Jo"))
    at.sim.inject(fault, method="GET", times=3)
    at.settle()
    assert len(at.requests_to("/v1/financial_connections/authorizations")) == 4
    assert at.service.account(linked.id)[0].state == "active"
    assert at.store.due_commands(at.sim.now, 10) == []


def test_a_new_account_gets_one_payment_method_once_the_billing_name_is_given(at: Embedding):
    account = at.broken_account(holder=at.sim.add_customer(name=None))
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    new = at.sim.customer(session.id).choose_new()
    assert new
    at.settle()
    assert at.sim.world.payment_methods == {}
    assert [c.account for c in at.notified if isinstance(c, RequestBillingName)] == [new.id]
    assert [n.action for n in at.service.account(new.id)[1].next] == ["provide_name"]
    named = BillingNameGiven(
        causation_id="name 1", at=at.sim.now, account=new.id, billing_name="Jo March"
    )
    at.service.tell(named)
    at.service.tell(named)
    at.settle()
    (made,) = at.sim.world.payment_methods.values()
    assert made.billing["name"] == "Jo March"
    assert [n.action for n in at.service.account(new.id)[1].next] == ["collect_mandate"]


def test_requests_for_a_connected_account_are_made_on_its_behalf(at: Embedding):
    connected = at.sim.add_connected_account()
    account = at.broken_account(holder=connected, owner=connected)
    session = at.service.request_relink(account)
    assert session.id in at.sim.world.sessions
    assert at.sim.world.sessions[session.id].owner == connected


@pytest.mark.parametrize("is_theirs", [False, True])
def test_a_payout_account_is_read_on_behalf_of_whoever_linked_it(at: Embedding, is_theirs: bool):
    """Webhooks about an external account name its holder, whoever linked the account."""
    driver = at.sim.add_connected_account()
    owner = driver if is_theirs else None
    account = at.broken_account(holder=driver, institution=TOKENIZED_NUMBERS, owner=owner)
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    new = at.sim.customer(session.id).choose_new()
    assert new
    at.settle()
    assert len(new.external_accounts) == 1
    at.sim.bank.revoke_number(new.id)
    at.settle()
    at.sim.ledger.entries.clear()
    # Both reports are of the same second, so their order is ambiguous, and the account is read.
    at.sim.bank.refresh_number(new.id)
    at.sim.bank.revoke_number(new.id)
    mended, *_, blocked = at.sim.due_webhooks(at.sim.now + 60)
    assert blocked.type == "account.external_account.updated"
    for delivery in (mended, blocked):
        at.service.handle_webhook(delivery.payload, delivery.signature)
    at.settle()
    asked = at.requests_to("/v1/financial_connections/accounts")
    assert {(entry.status, entry.account) for entry in asked} == {(200, owner)}
    assert at.store.dead_letters() == []


def test_a_payment_method_that_stripe_refuses_leads_to_a_request_for_another(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    new = at.sim.customer(session.id).choose_new()
    assert new
    customer = next(iter(at.sim.world.customers.values()))
    customer.deleted = True
    at.settle()
    build = at.store.snapshot(Address("build", new.id))
    assert build
    assert build.state == "refused"
    assert any(isinstance(c, RequestNewPaymentMethod) and c.account == new.id for c in at.notified)


def test_an_account_is_unchanged_after_stripe_refuses_its_session(at: Embedding):
    account = at.broken_account()
    at.sim.world.accounts[account].holder = None
    login = at.sim.world.accounts[account].authorization
    assert login
    at.sim.world.authorizations.pop(login.id)
    with pytest.raises(PermanentError):
        at.service.request_relink(account)
    assert at.service.account(account)[0].state == "inactive_relinkable"


def test_a_client_secret_is_in_no_repr_log_or_database_file(
    at: Embedding, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    account = at.broken_account()
    session = at.service.request_relink(account)
    assert session.secret
    secret = session.secret.reveal()
    at.sim.customer(session.id).choose_expected()
    at.settle()
    at.store.close()
    assert secret not in repr(session)
    assert secret not in caplog.text
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name


# ── requests are retried for a while ─────────────────────────────────────────


@pytest.mark.parametrize(
    "fault", ["rate_limited", "rate_limited_with_wait", "error_before", "timeout_before"]
)
def test_a_request_is_retried_with_one_idempotency_key_until_stripe_answers(
    at: Embedding, fault: str
):
    account = at.broken_account()
    at.sim.faults = Faults(caller_timeout=2)
    at.sim.inject(fault, method="POST", path=SESSIONS, times=2)
    session = at.service.request_relink(account)
    assert session.is_new
    asked = at.requests_to(SESSIONS)
    assert len(asked) == 3
    # A stored 500 uses up its key. The next key is derived from the same command.
    assert len({(request.idempotency_key or "").partition(":")[0] for request in asked}) == 1


@pytest.mark.parametrize("fault", ["error_before", "rate_limited"])
def test_a_request_fails_within_ten_seconds_and_leaves_the_account_unchanged(
    at: Embedding, fault: str
):
    account = at.broken_account()
    before, began = at.service.account(account), at.sim.now
    at.sim.inject(fault, path=SESSIONS, times=100)
    with pytest.raises(TransientError):
        at.service.request_relink(account)
    assert at.sim.now - began <= RETRY_FOR
    assert len(at.requests_to(SESSIONS)) > 2
    after = at.service.account(account)
    assert (after.snapshot.state, after.snapshot.facts) == (
        before.snapshot.state,
        before.snapshot.facts,
    )


class RateLimitedForLong:
    """A gateway that asks to wait for longer than a caller does."""

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        raise RateLimitedError("too many", wait=RETRY_FOR + 1)


def test_a_request_fails_at_once_when_stripe_asks_for_too_long_a_wait(at: Embedding):
    account, began = at.broken_account(), at.sim.now
    with pytest.raises(RateLimitedError):
        at.service_with(RateLimitedForLong()).request_relink(account)
    assert at.sim.now == began


class Interrupted:
    """A gateway that calls a function before its first command of a kind."""

    def __init__(self, gateway: Gateway, kind: type[Command], meanwhile: Callable[[], object]):
        self._gateway, self._kind = gateway, kind
        self._meanwhile: Callable[[], object] | None = meanwhile

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        if isinstance(command, self._kind) and self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return self._gateway.perform(command, at, attempt)


def test_two_concurrent_requests_return_one_session(at: Embedding):
    account = at.broken_account()
    other = []
    gateway = Interrupted(
        at.gateway, CreateRelinkSession, lambda: other.append(at.service.request_relink(account))
    )
    mine = at.service_with(gateway).request_relink(account)
    assert (mine.id, mine.is_new, other[0].is_new) == (other[0].id, False, True)
    assert mine.secret == other[0].secret
    assert list(at.sim.world.sessions) == [mine.id]


def test_a_request_opens_a_new_session_when_the_open_one_has_been_cancelled(at: Embedding):
    account = at.broken_account()
    first = at.service.request_relink(account)
    at.sim.customer(first.id).cancel()  # its webhook has not arrived
    second = at.service.request_relink(account)
    assert second.is_new
    assert second.id != first.id


def test_a_request_is_refused_when_the_open_session_has_repaired_the_account(at: Embedding):
    account = at.broken_account()
    at.sim.customer(at.service.request_relink(account).id).choose_expected()
    with pytest.raises(RelinkRefusedError) as refused:
        at.service.request_relink(account)
    assert (refused.value.state, refused.value.reason) == ("active", NO_REASON_TO_RELINK.code)


def test_a_dry_run_gateway_opens_no_session(at: Embedding):
    account = at.broken_account()
    with pytest.raises(GatewayError, match="no relink session was created"):
        at.service_with(DryRunGateway()).request_relink(account)


# ── results ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "customer_does", "outcome", "reason"),
    [
        ("specific", lambda customer: customer.choose_expected(), "relinked", None),
        ("any_eligible", lambda customer: customer.choose_new(), "new_account_linked", None),
        ("specific", lambda customer: customer.sign_in_without_account(), "failed", "no_account"),
        ("specific", lambda customer: customer.bank_error(), "failed", "other"),
        ("specific", lambda customer: customer.cancel(), "cancelled", None),
        ("specific", lambda customer: customer.walk_away(), "pending", None),
    ],
)
def test_a_session_result_has_its_outcome_reason_and_next_actions(
    at: Embedding,
    mode: str,
    customer_does: Callable[[CustomerPart], object],
    outcome: str,
    reason: str | None,
):
    account = at.broken_account()
    session = at.service.request_relink(account, mode=mode)
    at.sim.advance(60)
    customer_does(at.sim.customer(session.id))
    result = at.service.session_result(session.id)
    assert (result.outcome, result.failure_reason) == (outcome, reason)
    assert result.next == at.service.account(result.account).assessment.next
    assert (result.account == account) == (outcome != "new_account_linked")


def test_a_session_result_names_the_known_account_that_was_picked(at: Embedding):
    account = at.broken_account()
    linked = at.sim.world.accounts[account]
    assert linked.authorization
    assert linked.holder
    other = at.sim.link_account(linked.holder.id, authorization=linked.authorization.id)
    at.settle()
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    at.sim.customer(session.id).choose_known(other.id)
    result = at.service.session_result(session.id)
    assert (result.outcome, result.account) == ("known_account_linked", other.id)


def test_a_superseded_session_is_pending_and_can_still_succeed(at: Embedding):
    account = at.broken_account()
    first = at.service.request_relink(account)
    at.service.request_relink(account, mode="any_eligible")
    assert at.service.session_result(first.id).outcome == "pending"
    at.sim.customer(first.id).choose_expected()
    assert at.service.session_result(first.id).outcome == "relinked"


def test_the_result_of_an_abandoned_session_is_pending(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account)
    at.sim.advance(2 * 24 * 60 * 60)
    at.settle()
    assert at.service.account(account).snapshot.state == "inactive_relinkable"
    assert at.service.session_result(session.id).outcome == "pending"


def test_a_session_that_returns_another_holders_account_has_failed(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    new = at.sim.customer(session.id).choose_new()
    assert new
    new.holder = at.sim.link_account(at.sim.add_customer("Somebody else")).holder
    result = at.service.session_result(session.id)
    assert (result.outcome, result.failure_reason) == ("failed", "other_holder")
    assert result.account == account


def test_a_billing_name_is_used_once_it_is_asked_for_and_given_with_the_result(at: Embedding):
    account = at.broken_account(holder=at.sim.add_customer(name=None))
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    assert at.sim.customer(session.id).choose_new()
    at.settle()
    result = at.service.session_result(session.id)
    assert [action.action for action in result.next] == ["provide_name"]
    result = at.service.session_result(session.id, billing_name="Jo March")
    assert [action.action for action in result.next] == ["wait"]
    at.settle()
    (made,) = at.sim.world.payment_methods.values()
    assert made.billing["name"] == "Jo March"


def test_reading_a_session_result_is_retried_until_stripe_answers(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account)
    at.sim.customer(session.id).choose_expected()
    at.sim.inject("error_before", method="GET", path=SESSIONS, times=2)
    assert at.service.session_result(session.id).outcome == "relinked"


# ── queries ──────────────────────────────────────────────────────────────────


def test_accounts_are_found_by_filter_and_authorizations_by_id(at: Embedding):
    account = at.broken_account()
    facts = at.service.account(account).snapshot.facts
    login = facts.authorization
    assert login
    snapshot, accounts = at.service.authorization(login)
    assert (snapshot.facts.id, accounts) == (login, (account,))
    (found,) = at.service.accounts(state="inactive_relinkable")
    assert found == at.service.account(account)
    assert at.service.accounts(state="active") == []
    assert at.service.accounts(after=account) == []
    with pytest.raises(UnknownAuthorizationError, match="fcauth_unknown"):
        at.service.authorization("fcauth_unknown")


def test_a_history_is_read_in_pages_by_version(at: Embedding):
    account = at.broken_account()
    whole = at.service.history(account)
    assert [entry.version for entry in whole] == list(range(1, len(whole) + 1))
    assert at.service.history(account, after=1, limit=1) == whole[1:2]
    with pytest.raises(UnknownAccountError):
        at.service.history("fca_unknown")


def test_what_if_returns_a_step_and_stores_nothing(at: Embedding):
    account = at.broken_account()
    before = at.service.account(account), at.service.history(account)
    asked = RelinkRequested(causation_id="what-if", at=at.sim.now, account=account)
    step = at.service.what_if(account, asked)
    assert [command.name for command in step.commands] == ["create_relink_session"]
    assert before == (at.service.account(account), at.service.history(account))
    assert at.requests_to(SESSIONS) == []


def test_a_service_on_a_memory_store_answers_the_same_queries(at: Embedding):
    service = Service(MemoryStore(relink_system()), DryRunGateway())
    assert service.accounts() == []
    with pytest.raises(UnknownAccountError):
        service.history("fca_unknown")

"""The service, with a simulated Stripe in the same process."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.runner import Performer
from relink.adapters.service import (
    RETRY_FOR,
    RelinkRefusedError,
    Service,
    UnknownAccountError,
    UnknownAuthorizationError,
    UnknownSessionError,
)
from relink.adapters.simulator import TOKENIZED_NUMBERS, Asked, CustomerPart, Faults, Simulator
from relink.adapters.store import MemoryStore, SqlStore, migrate
from relink.adapters.stripe import StripeWebhooks, WebhookRefused
from relink.engine import Command
from relink.machines import relink_system
from relink.machines.commands import (
    CreateRelinkSession,
    NotifyCustomer,
    RequestBillingName,
    RequestNewPaymentMethod,
)
from relink.machines.events import BillingNameGiven, RelinkRequested

SECRET = "whsec_test"
SESSIONS = "/v1/financial_connections/sessions"


class Embedding:
    """A service, the simulator behind it, and what the embedding code was told."""

    def __init__(self, folder: Path) -> None:
        self.sim = Simulator(seed=7)
        self.sim.add_endpoint(SECRET)
        self.told: list[Command] = []
        url = f"sqlite:///{folder / 'relink.db'}"
        migrate(url)
        self.store = SqlStore(url, relink_system())
        self.gateway = SimulatorGateway(self.sim)
        self.service = self.served_by(self.gateway)
        self.performer = Performer(
            self.store,
            self.gateway,
            notify=lambda command, id: self.told.append(command),
            clock=lambda: self.sim.now,
        )

    def served_by(self, gateway: Gateway) -> Service:
        """A service with another gateway."""
        return Service(
            self.store,
            gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: self.sim.now,
            sleep=self.sim.advance,
        )

    def settle(self, seconds: float = 120) -> None:
        """Deliver what Stripe sends for a while, and do what is due."""
        until = self.sim.now + seconds
        while self.sim.now < until:
            for delivery in self.sim.due_webhooks(self.sim.now + 1):
                self.service.handle_webhook(delivery.payload, delivery.signature)
                self.performer.work_off()
            self.performer.work_off()

    def broken_account(self, holder: str | None = None, **how: Any) -> str:
        """An account whose consent expired, linked in this way."""
        linked = self.sim.link_account(holder or self.sim.add_customer("Jo"), **how)
        assert linked.authorization
        self.settle()
        self.sim.bank.expire_consent(linked.authorization.id)
        self.settle()
        return linked.id

    def asked(self, path: str) -> list[Asked]:
        """The requests that Stripe got, to paths that begin so."""
        entries = [entry for entry in self.sim.ledger.entries if isinstance(entry, Asked)]
        return [entry for entry in entries if entry.path.startswith(path)]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Embedding]:
    embedding = Embedding(tmp_path)
    yield embedding
    embedding.store.close()


def test_from_an_expired_consent_to_a_repaired_account(at: Embedding):
    account = at.broken_account()
    assert [type(command) for command in at.told] == [NotifyCustomer]
    session = at.service.request_relink(account)
    at.sim.customer(session.id).choose_expected()
    assert at.service.session_result(session.id).outcome == "relinked"
    at.settle()
    snapshot, answer = at.service.account(account)
    assert (snapshot.state, answer.chargeable, answer.next) == ("active", True, ())


def test_asking_again_gives_the_same_session_and_its_secret(at: Embedding):
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


def test_a_request_that_broke_off_reaches_the_same_session(at: Embedding):
    account = at.broken_account()
    at.sim.inject("timeout_after", method="POST", path=SESSIONS)
    with pytest.raises(TransientError):
        at.service.request_relink(account)
    assert at.service.account(account)[0].state == "inactive_relinkable"
    at.sim.advance(60)  # until then Stripe holds the key
    session = at.service.request_relink(account)
    assert len(at.sim.world.sessions) == 1
    assert session.id in at.sim.world.sessions


def test_what_can_not_be_relinked_is_refused_with_what_to_do_instead(at: Embedding):
    linked = at.sim.link_account(at.sim.add_customer("Jo"))
    at.settle()
    at.sim.bank.close_account(linked.id)
    at.settle()
    read = len(at.asked(f"/v1/financial_connections/accounts/{linked.id}"))
    with pytest.raises(RelinkRefusedError, match="nobody can repair it now") as refused:
        at.service.request_relink(linked.id)
    assert refused.value.state == "inactive_unrepairable"
    assert [n.action for n in refused.value.assessment.next] == ["request_new_payment_method"]
    # It was read once before it was refused (R9).
    assert len(at.asked(f"/v1/financial_connections/accounts/{linked.id}")) == read + 1


def test_a_refusal_gives_way_to_what_stripe_knows_better(at: Embedding):
    linked = at.sim.link_account(at.sim.add_customer("Jo"))
    at.settle()
    at.sim.bank.close_account(linked.id)
    at.settle()
    at.sim.bank.reopen_account(linked.id, needs_relink=True)  # its webhook is still on its way
    at.sim.advance(5)
    assert at.service.request_relink(linked.id).is_new


def test_what_nobody_knows_is_an_error_and_stripe_is_not_asked(at: Embedding):
    with pytest.raises(UnknownAccountError, match="fca_unheard"):
        at.service.request_relink("fca_unheard")
    with pytest.raises(UnknownSessionError, match="fcsess_unheard"):
        at.service.session_result("fcsess_unheard")
    assert at.asked("/") == []


def test_wishes_that_make_no_sense_are_refused_by_name(at: Embedding):
    account = at.broken_account()
    with pytest.raises(ValueError, match="mode"):
        at.service.request_relink(account, mode="whatever")


def test_the_same_webhook_is_applied_once_and_a_forged_one_never(at: Embedding):
    at.sim.link_account(at.sim.add_customer("Jo"))
    (delivery,) = at.sim.due_webhooks(at.sim.now + 60)
    assert at.service.handle_webhook(delivery.payload, delivery.signature) == "applied"
    assert at.service.handle_webhook(delivery.payload, delivery.signature) == "duplicate"
    with pytest.raises(WebhookRefused):
        at.service.handle_webhook(delivery.payload + b" ", delivery.signature)


@pytest.mark.parametrize("fault", ["rate_limited", "error_before", "timeout_after", "truncated"])
def test_commands_that_fail_for_now_are_done_later(at: Embedding, fault: str):
    linked = at.sim.link_account(at.sim.add_customer("Jo"))
    at.sim.inject(fault, method="GET", times=3)
    at.settle()
    assert len(at.asked("/v1/financial_connections/authorizations")) == 4
    assert at.service.account(linked.id)[0].state == "active"
    assert at.store.due_commands(at.sim.now, 10) == []


def test_a_new_account_becomes_one_payment_method_once_the_name_is_known(at: Embedding):
    account = at.broken_account(holder=at.sim.add_customer(name=None))
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    new = at.sim.customer(session.id).choose_new()
    assert new
    at.settle()
    assert at.sim.world.payment_methods == {}
    assert [c.account for c in at.told if isinstance(c, RequestBillingName)] == [new.id]
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


def test_connected_accounts_are_called_in_their_name(at: Embedding):
    connected = at.sim.add_connected_account()
    account = at.broken_account(holder=connected, owner=connected)
    session = at.service.request_relink(account)
    assert session.id in at.sim.world.sessions
    assert at.sim.world.sessions[session.id].owner == connected


@pytest.mark.parametrize("is_theirs", [False, True])
def test_a_payout_account_is_called_for_in_the_name_that_linked_it(at: Embedding, is_theirs: bool):
    """Of an external account, Stripe tells in its holder's name, whoever linked the account."""
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
    # Within one second nobody knows what came first: when the two disagree, it is read.
    at.sim.bank.refresh_number(new.id)
    at.sim.bank.revoke_number(new.id)
    mended, *_, blocked = at.sim.due_webhooks(at.sim.now + 60)
    assert blocked.type == "account.external_account.updated"
    for delivery in (mended, blocked):
        at.service.handle_webhook(delivery.payload, delivery.signature)
    at.settle()
    asked = at.asked("/v1/financial_connections/accounts")
    assert {(entry.status, entry.account) for entry in asked} == {(200, owner)}
    assert at.store.dead_letters() == []


def test_what_stripe_refuses_for_good_comes_back_as_a_decision(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    new = at.sim.customer(session.id).choose_new()
    assert new
    customer = next(iter(at.sim.world.customers.values()))
    customer.deleted = True
    at.settle()
    assert at.service.account(new.id)[0].facts.payment_method == "refused"
    assert any(isinstance(c, RequestNewPaymentMethod) and c.account == new.id for c in at.told)


def test_a_request_that_stripe_refuses_leaves_the_account_as_it_was(at: Embedding):
    account = at.broken_account()
    at.sim.world.accounts[account].holder = None
    login = at.sim.world.accounts[account].authorization
    assert login
    at.sim.world.authorizations.pop(login.id)
    with pytest.raises(PermanentError):
        at.service.request_relink(account)
    assert at.service.account(account)[0].state == "inactive_relinkable"


def test_the_secret_reaches_its_caller_and_nothing_else(
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


# ── requests are repeated for a while ────────────────────────────────────────


@pytest.mark.parametrize(
    "fault", ["rate_limited", "rate_limited_with_wait", "error_before", "timeout_before"]
)
def test_a_request_goes_on_until_stripe_answers(at: Embedding, fault: str):
    account = at.broken_account()
    at.sim.faults = Faults(patience=2)
    at.sim.inject(fault, method="POST", path=SESSIONS, times=2)
    session = at.service.request_relink(account)
    assert session.is_new
    asked = at.asked(SESSIONS)
    assert len(asked) == 3
    # A stored 500 spends its key; the next one follows from the same command.
    assert len({(request.idempotency_key or "").partition(":")[0] for request in asked}) == 1


@pytest.mark.parametrize("fault", ["error_before", "rate_limited"])
def test_a_request_gives_up_in_time_and_leaves_the_account_as_it_was(at: Embedding, fault: str):
    account = at.broken_account()
    before, began = at.service.account(account), at.sim.now
    at.sim.inject(fault, path=SESSIONS, times=100)
    with pytest.raises(TransientError):
        at.service.request_relink(account)
    assert at.sim.now - began <= RETRY_FOR
    assert len(at.asked(SESSIONS)) > 2
    after = at.service.account(account)
    assert (after.snapshot.state, after.snapshot.facts) == (
        before.snapshot.state,
        before.snapshot.facts,
    )


class Impatient:
    """A gateway that says to come back later than anyone would wait."""

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        raise RateLimitedError("too many", wait=RETRY_FOR + 1)


def test_nobody_waits_for_longer_than_it_can_help(at: Embedding):
    account, began = at.broken_account(), at.sim.now
    with pytest.raises(RateLimitedError):
        at.served_by(Impatient()).request_relink(account)
    assert at.sim.now == began


class Overtaken:
    """A gateway during whose first call something else happens."""

    def __init__(self, gateway: Gateway, kind: type[Command], meanwhile: Callable[[], object]):
        self._gateway, self._kind = gateway, kind
        self._meanwhile: Callable[[], object] | None = meanwhile

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        if isinstance(command, self._kind) and self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return self._gateway.perform(command, at, attempt)


def test_two_requests_at_once_give_one_session(at: Embedding):
    account = at.broken_account()
    other = []
    gateway = Overtaken(
        at.gateway, CreateRelinkSession, lambda: other.append(at.service.request_relink(account))
    )
    mine = at.served_by(gateway).request_relink(account)
    assert (mine.id, mine.is_new, other[0].is_new) == (other[0].id, False, True)
    assert mine.secret == other[0].secret
    assert list(at.sim.world.sessions) == [mine.id]


def test_a_session_that_is_over_gives_way_to_a_new_one(at: Embedding):
    account = at.broken_account()
    first = at.service.request_relink(account)
    at.sim.customer(first.id).cancel()  # its webhook is still on its way
    second = at.service.request_relink(account)
    assert second.is_new
    assert second.id != first.id


def test_a_session_that_is_over_since_it_repaired_the_account_is_refused(at: Embedding):
    account = at.broken_account()
    at.sim.customer(at.service.request_relink(account).id).choose_expected()
    with pytest.raises(RelinkRefusedError, match="it is active"):
        at.service.request_relink(account)


def test_a_gateway_that_only_records_gives_no_session(at: Embedding):
    account = at.broken_account()
    with pytest.raises(GatewayError, match="no relink session was created"):
        at.served_by(DryRunGateway()).request_relink(account)


# ── results ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "does", "outcome", "reason"),
    [
        ("specific", lambda customer: customer.choose_expected(), "relinked", None),
        ("any_eligible", lambda customer: customer.choose_new(), "new_account_linked", None),
        ("specific", lambda customer: customer.sign_in_without_account(), "failed", "no_account"),
        ("specific", lambda customer: customer.bank_error(), "failed", "other"),
        ("specific", lambda customer: customer.cancel(), "cancelled", None),
        ("specific", lambda customer: customer.walk_away(), "pending", None),
    ],
)
def test_each_result_is_told_with_what_follows(
    at: Embedding,
    mode: str,
    does: Callable[[CustomerPart], object],
    outcome: str,
    reason: str | None,
):
    account = at.broken_account()
    session = at.service.request_relink(account, mode=mode)
    at.sim.advance(60)
    does(at.sim.customer(session.id))
    result = at.service.session_result(session.id)
    assert (result.outcome, result.failure_reason) == (outcome, reason)
    assert result.next == at.service.account(result.account).assessment.next
    assert (result.account == account) == (outcome != "new_account_linked")


def test_another_known_account_is_told(at: Embedding):
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


def test_what_was_given_up_can_still_be_finished(at: Embedding):
    account = at.broken_account()
    first = at.service.request_relink(account)
    at.service.request_relink(account, mode="any_eligible")
    assert at.service.session_result(first.id).outcome == "pending"
    at.sim.customer(first.id).choose_expected()
    assert at.service.session_result(first.id).outcome == "relinked"


def test_an_abandoned_session_is_pending(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account)
    at.sim.advance(2 * 24 * 60 * 60)
    at.settle()
    assert at.service.account(account).snapshot.state == "inactive_relinkable"
    assert at.service.session_result(session.id).outcome == "pending"


def test_an_account_of_somebody_else_is_a_failure(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    new = at.sim.customer(session.id).choose_new()
    assert new
    new.holder = at.sim.link_account(at.sim.add_customer("Somebody else")).holder
    result = at.service.session_result(session.id)
    assert (result.outcome, result.failure_reason) == ("failed", "other_holder")
    assert result.account == account


def test_the_billing_name_can_come_with_the_result(at: Embedding):
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


def test_a_result_is_as_stubborn_as_a_request(at: Embedding):
    account = at.broken_account()
    session = at.service.request_relink(account)
    at.sim.customer(session.id).choose_expected()
    at.sim.inject("error_before", method="GET", path=SESSIONS, times=2)
    assert at.service.session_result(session.id).outcome == "relinked"


# ── what is asked ────────────────────────────────────────────────────────────


def test_accounts_and_authorizations_are_found(at: Embedding):
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
    with pytest.raises(UnknownAuthorizationError, match="fcauth_unheard"):
        at.service.authorization("fcauth_unheard")


def test_a_history_is_read_in_pages(at: Embedding):
    account = at.broken_account()
    whole = at.service.history(account)
    assert [entry.version for entry in whole] == list(range(1, len(whole) + 1))
    assert at.service.history(account, after=1, limit=1) == whole[1:2]
    with pytest.raises(UnknownAccountError):
        at.service.history("fca_unheard")


def test_what_if_stores_nothing(at: Embedding):
    account = at.broken_account()
    before = at.service.account(account), at.service.history(account)
    asked = RelinkRequested(causation_id="what-if", at=at.sim.now, account=account)
    step = at.service.what_if(account, asked)
    assert [command.name for command in step.commands] == ["create_relink_session"]
    assert before == (at.service.account(account), at.service.history(account))
    assert at.asked(SESSIONS) == []


def test_without_a_database_there_is_no_history():
    service = Service(MemoryStore(relink_system()), DryRunGateway())
    with pytest.raises(TypeError, match="MemoryStore"):
        service.accounts()

"""The service, with a simulated Stripe in the same process."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from relink.adapters.gateway import PermanentError, TransientError
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.service import (
    RelinkRefusedError,
    Service,
    UnknownAccountError,
    UnknownSessionError,
)
from relink.adapters.simulator import Asked, Simulator
from relink.adapters.store import Store
from relink.adapters.stripe import StripeWebhooks, WebhookRefused
from relink.engine import Command
from relink.machines import relink_system
from relink.machines.commands import NotifyCustomer, RequestBillingName, RequestNewPaymentMethod
from relink.machines.events import BillingNameGiven

SECRET = "whsec_test"


class Embedding:
    """A service, the simulator behind it, and what the embedding code was told."""

    def __init__(self, folder: Path) -> None:
        self.sim = Simulator(seed=7)
        self.sim.add_endpoint(SECRET)
        self.told: list[Command] = []
        self.store = Store(f"sqlite:///{folder / 'relink.db'}", relink_system())
        self.store.create_tables()
        self.service = Service(
            self.store,
            SimulatorGateway(self.sim),
            webhooks=StripeWebhooks([SECRET], livemode=False),
            notify=self.told.append,
            clock=lambda: self.sim.now,
        )

    def settle(self, seconds: float = 120) -> None:
        """Deliver what Stripe sends for a while, and do what is due."""
        until = self.sim.now + seconds
        while self.sim.now < until:
            for delivery in self.sim.due_webhooks(self.sim.now + 1):
                self.service.handle_webhook(delivery.payload, delivery.signature)
                self.service.work_off()
            self.service.work_off()

    def broken_account(self, holder: str | None = None, owner: str | None = None) -> str:
        """An account whose consent expired."""
        linked = self.sim.link_account(holder or self.sim.add_customer("Jo"), owner=owner)
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
    at.sim.inject("timeout_after", method="POST", path="/v1/financial_connections/sessions")
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
    named = BillingNameGiven(cause="name 1", at=at.sim.now, account=new.id, billing_name="Jo March")
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

"""What the sweep learns of a simulated Stripe whose webhooks are lost (K11)."""

from collections.abc import Iterator
from contextlib import contextmanager

from relink.adapters.runner import reconcile
from relink.adapters.simulator import Faults
from relink.adapters.store import InboxMessage
from relink.engine import Address
from relink.machines.events import AccountReported

from .embedding import Embedding

PERIOD = 1000.0


def one_sweep(at: Embedding) -> None:
    """A whole sweep, tick by tick."""
    for _ in range(12):
        at.sim.advance(PERIOD / 10)
        reconcile(at.store, at.sim.now, PERIOD)
        at.settle(30)


@contextmanager
def lost_webhooks(at: Embedding) -> Iterator[None]:
    """What happens at Stripe here is learned from no webhook."""
    at.settle()
    at.sim.advance(PERIOD)
    at.sim.faults = Faults(lose=1.0)
    yield
    at.settle()
    at.sim.faults = Faults()


def test_K11_the_sweep_makes_up_for_a_lost_webhook(at: Embedding):
    account = at.linked()
    login = at.sim.world.accounts[account].authorization
    assert login
    with lost_webhooks(at):
        at.sim.bank.expire_consent(login.id)
    assert at.state(account) == "active"
    one_sweep(at)
    assert at.state(account) == "inactive_relinkable"


def test_K11_the_sweep_learns_of_an_authorizations_announcement_and_of_its_end(at: Embedding):
    """Case 29."""
    account = at.linked()
    login = at.sim.world.accounts[account].authorization
    assert login

    def day() -> int | None:
        found = at.store.snapshot(Address("authorization", login.id))
        assert found is not None
        return getattr(found.facts, "deactivates_on", None)

    ends = int(at.sim.now) + 90 * 24 * 3600
    with lost_webhooks(at):
        at.sim.bank.announce_deactivation(login.id, ends)
    assert day() is None
    one_sweep(at)
    assert day() == ends
    with lost_webhooks(at):
        at.sim.bank.withdraw_announcement(login.id)
    assert day() == ends
    one_sweep(at)
    assert day() is None


def test_K11_the_sweep_finds_a_block(at: Embedding):
    """Case 26."""
    new = at.linked_instead()
    at.settle()
    assert at.built(new) == "mandate_needed"
    made = next(iter(at.sim.world.payment_methods))
    with lost_webhooks(at):
        at.sim.bank.block_payment_method(made, "bank_account_closed")
    assert at.built(new) == "mandate_needed"
    one_sweep(at)
    assert at.built(new) == "blocked"


def test_K11_the_sweep_finds_the_result_of_an_open_session(at: Embedding):
    account = at.linked()
    at.settle()
    login = at.sim.world.accounts[account].authorization
    assert login
    at.sim.bank.expire_consent(login.id)
    at.settle()
    session = at.service.request_relink(account).id
    with lost_webhooks(at):
        at.sim.customer(session).choose_expected()
    assert at.state(session, "session") == "open"
    one_sweep(at)
    assert at.state(session, "session") == "succeeded"
    assert at.state(account) == "active"


def test_K11_a_read_that_stripe_refuses_is_no_dead_letter(at: Embedding):
    """Somebody asked for a read of an id that does not exist."""
    at.linked()
    at.settle()
    look = AccountReported(
        causation_id="evt_look",
        at=at.sim.now,
        as_of=int(at.sim.now),
        read=False,
        account="fca_unknown",
        report=None,
    )
    at.store.apply(InboxMessage("evt_look", "test", int(at.sim.now), at.sim.now), (look,))
    for _ in range(3):
        at.settle(24 * 3600)
        one_sweep(at)
    assert len(at.asked(path="/v1/financial_connections/accounts/fca_unknown")) > 2
    assert at.store.dead_letters() == []
    assert at.store.stuck_commands() == []

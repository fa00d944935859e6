"""The scenarios: what happens to each customer, as calls on the simulated world.

A scenario only makes things happen. :mod:`relink.adapters.demo.narrate` tells what relink decided.
"""

from collections.abc import Callable
from dataclasses import dataclass

from relink.adapters.simulator import TOKENIZED_NUMBERS, CustomerPart

from .world import DAY, DemoWorld, Linked


@dataclass(frozen=True, slots=True)
class Scenario:
    """One customer, and what happens to them."""

    name: str
    title: str
    play: Callable[[DemoWorld, str], None]
    """Called with the world, and the customer's id at Stripe."""


def opened(world: DemoWorld, account: Linked) -> CustomerPart:
    """The customer's part of a new relink session, in a scenario in which relink opens one."""
    part = world.relink(account)
    assert part is not None, "relink opens a session here"
    return part


def consent_expires(world: DemoWorld, customer: str) -> None:
    """Consent expires, and the customer relinks the expected account."""
    account = world.link(customer)
    world.narrate("the consent expires at the bank")
    world.bank.expire_consent(account.authorization)
    session = opened(world, account)
    world.narrate("the customer signs in and picks the same account")
    session.choose_expected()


def wrong_account_twice(world: DemoWorld, customer: str) -> None:
    """A session for this account fails; one for any eligible account links a new one."""
    account = world.link(customer)
    world.narrate("the bank changes its sign-in")
    world.bank.change_password(account.authorization)
    session = opened(world, account)
    world.narrate("the customer signs in and picks an account that is not the expected one")
    session.choose_new()
    session = opened(world, account)
    world.narrate("the customer picks the other account again, and this session accepts it")
    session.choose_new()


def never_signs_in(world: DemoWorld, customer: str) -> None:
    """All attempts fail, and relink asks for a new payment method."""
    account = world.link(customer)
    world.narrate("the consent expires at the bank")
    world.bank.expire_consent(account.authorization)
    for what in ("forgets the password", "forgets it again", "types a wrong one"):
        session = opened(world, account)
        world.narrate(f"the customer {what}")
        session.fail_to_sign_in()


def account_closed(world: DemoWorld, customer: str) -> None:
    """Nothing can be repaired: relink sends no prompt and refuses a session."""
    account = world.link(customer)
    world.narrate("the customer closes the account")
    world.bank.close_account(account.id)
    world.relink(account)


def access_revoked(world: DemoWorld, customer: str) -> None:
    """The customer is asked once, and gets no reminders."""
    account = world.link(customer)
    world.narrate("the customer revokes access in the bank's portal")
    world.bank.revoke_access(account.authorization)
    world.pass_time(10 * DAY, "no reminder goes out, because the customer revoked access")


def five_accounts(world: DemoWorld, customer: str) -> None:
    """One outage, one prompt, one session; a read brings back the other accounts."""
    first = world.link(customer)
    for _ in range(4):
        world.link(customer, beside=first)
    world.narrate("the consent for all five accounts expires")
    world.bank.expire_consent(first.authorization)
    session = opened(world, first)
    world.narrate("the customer relinks one of them, and Stripe brings back all five")
    session.choose_expected()


def number_lapses(world: DemoWorld, customer: str) -> None:
    """The account stays active, but payments would fail."""
    account = world.link(customer, institution=TOKENIZED_NUMBERS)
    world.narrate("the bank revokes the tokenized number, and the account stays active")
    world.bank.revoke_number(account.id)
    session = opened(world, account)
    world.narrate("the customer relinks, which brings a new number")
    session.choose_expected()


def announced(world: DemoWorld, customer: str) -> None:
    """The prompt goes out ahead of time, and there is no outage."""
    account = world.link(customer)
    world.narrate("Stripe announces that the link will stop working in 30 days")
    world.bank.announce_deactivation(account.id, int(world.now + 30 * DAY))
    world.pass_time(24 * DAY, "the prompt goes out seven days before the link stops working")
    session = opened(world, account)
    world.narrate("the customer relinks in time")
    session.choose_expected()


def webhooks_in_disorder(world: DemoWorld, customer: str) -> None:
    """Whatever the order of the webhooks, the account ends in its true state."""
    account = world.link(customer)
    world.narrate("the link goes down and comes back twice; webhooks arrive late and repeated")
    with world.disorder():
        for _ in range(2):
            world.bank.suspend_account(account.id)
            world.wait(20)
            world.bank.restore_account(account.id)
            world.wait(20)


SCENARIOS = (
    Scenario("Ada", "her consent expires, and she relinks the account", consent_expires),
    Scenario(
        "Ben",
        "he picks the wrong account twice, and the second time it counts",
        wrong_account_twice,
    ),
    Scenario("Cleo", "she cannot sign in, three times", never_signs_in),
    Scenario("Dan", "he closes his account", account_closed),
    Scenario("Eve", "she revokes access", access_revoked),
    Scenario(
        "Finn", "he has five accounts at one bank, and relinks them all at once", five_accounts
    ),
    Scenario("Gus", "his tokenized account number lapses", number_lapses),
    Scenario("Hana", "Stripe announces the end of her link, and she relinks in time", announced),
    Scenario("Ivo", "his webhooks arrive late, repeated and out of order", webhooks_in_disorder),
)

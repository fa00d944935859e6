"""The cast: what happens to each customer, as calls on the simulated world and the service.

A situation only makes things happen. What is decided, and why, the stage tells by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from relink.adapters.simulator import TOKENIZED_NUMBERS

from .world import DAY, Stage


@dataclass(frozen=True, slots=True)
class Situation:
    """One customer's story."""

    name: str
    title: str
    play: Callable[[Stage, str], None]
    """Given the stage, and the customer at Stripe."""


def expired(stage: Stage, customer: str) -> None:
    """Consent runs out, and the customer relinks the account that was asked for."""
    account = stage.link(customer)
    stage.reported_status("consent expires at the bank")
    stage.bank.expire_consent(account.login)
    session = stage.relink(account)
    stage.reported_status("the customer signs in and picks the same account")
    session.choose_expected()
    stage.shows(account)


def wrong_account_twice(stage: Stage, customer: str) -> None:
    """A session for this account fails; one for any eligible account links a new one."""
    account = stage.link(customer)
    stage.reported_status("the bank changes how one signs in")
    stage.bank.change_password(account.login)
    session = stage.relink(account)
    stage.reported_status("the customer signs in and picks an account that is not the expected one")
    session.choose_new()
    session = stage.relink(account)
    stage.reported_status("the customer picks that one again, and now may")
    session.choose_new()
    stage.shows(account)
    stage.shows_replacement(account)


def never_signs_in(stage: Stage, customer: str) -> None:
    """Attempts are used up, and another payment method is asked for."""
    account = stage.link(customer)
    stage.reported_status("consent expires at the bank")
    stage.bank.expire_consent(account.login)
    for what in ("forgets the password", "forgets it again", "types the wrong one"):
        session = stage.relink(account)
        stage.reported_status(f"the customer {what}")
        session.fail_to_sign_in()
    stage.shows(account)


def closed(stage: Stage, customer: str) -> None:
    """Nothing to repair: no prompt, and a relink is refused."""
    account = stage.link(customer)
    stage.reported_status("the customer closes the account")
    stage.bank.close_account(account.id)
    stage.relink(account)
    stage.shows(account)


def revoked(stage: Stage, customer: str) -> None:
    """The customer was prompted once, and is left in peace."""
    account = stage.link(customer)
    stage.reported_status("the customer revokes access in the bank's portal")
    stage.bank.revoke_access(account.login)
    stage.passes(10 * DAY, "no reminder is sent: they meant it")
    stage.shows(account)


def five_accounts(stage: Stage, customer: str) -> None:
    """One outage, one prompt, one session; the others come back by being read."""
    first = stage.link(customer)
    others = [stage.link(customer, beside=first) for _ in range(4)]
    stage.reported_status("consent for all five of them expires")
    stage.bank.expire_consent(first.login)
    session = stage.relink(first)
    stage.reported_status("the customer relinks one of them, and Stripe brings back all")
    session.choose_expected()
    for account in (first, *others):
        stage.shows(account)


def lapsed_number(stage: Stage, customer: str) -> None:
    """The account stays active, and payments would fail."""
    account = stage.link(customer, institution=TOKENIZED_NUMBERS)
    stage.reported_status("the bank revokes the tokenized number; the account itself stays active")
    stage.bank.revoke_number(account.id)
    stage.shows(account)
    session = stage.relink(account)
    stage.reported_status("the customer relinks, which brings a new number")
    session.choose_expected()
    stage.shows(account)


def announced(stage: Stage, customer: str) -> None:
    """The prompt comes ahead of time, and there is no outage."""
    account = stage.link(customer)
    stage.reported_status("Stripe announces that the link will stop working in 30 days")
    stage.bank.announce_deactivation(account.id, int(stage.now + 30 * DAY))
    stage.passes(24 * DAY, "the prompt waits until seven days before")
    session = stage.relink(account)
    stage.reported_status("the customer relinks in time, without an outage")
    session.choose_expected()
    stage.shows(account)


def disorder(stage: Stage, customer: str) -> None:
    """Whatever the order, the end is Stripe's truth."""
    account = stage.link(customer)
    stage.reported_status("the link flaps, and Stripe's webhooks come late, twice and out of order")
    with stage.disorder():
        for _ in range(2):
            stage.bank.suspend_account(account.id)
            stage.sim.advance(20)
            stage.bank.restore_account(account.id)
            stage.sim.advance(20)
    stage.shows(account)


CAST = (
    Situation("Ada", "her consent expired, and she relinks the account", expired),
    Situation(
        "Ben", "picks the wrong account twice, and the second time it counts", wrong_account_twice
    ),
    Situation("Cleo", "can't sign in, three times", never_signs_in),
    Situation("Dan", "closed his account", closed),
    Situation("Eve", "revoked access", revoked),
    Situation(
        "Finn", "has five accounts at one bank, and one relink repairs them all", five_accounts
    ),
    Situation("Gus", "has a tokenized account number, and it lapsed", lapsed_number),
    Situation("Hana", "was told ahead of time", announced),
    Situation("Ivo", "whose webhooks come late, twice and out of order", disorder),
)

"""What happens to the world, one move at a time: at banks, to customers, and to the process."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from relink.adapters.simulator import STRIPE_BANK, TOKENIZED_NUMBERS, NotPossibleError

from .embedding import DAY, HOUR, MINUTE
from .faults import Fault

if TYPE_CHECKING:
    from .world import World

Move = Callable[["World"], str | None]
"""Makes a move. Returns what happened, or None where it was not possible."""

GAPS: tuple[tuple[float, float], ...] = (
    (0.0, 8),
    (1.0, 10),
    (2.0, 10),
    (10.0, 12),
    (MINUTE, 12),
    (10 * MINUTE, 8),
    (HOUR, 6),
    (6 * HOUR, 4),
    (DAY, 1),
    (3 * DAY, 0.5),
)
"""The seconds that pass before a move, and how often. Days are rare: little but the sweep happens
on them, and it would take most of a world's time."""

BANKS = (STRIPE_BANK, STRIPE_BANK, TOKENIZED_NUMBERS, "Bank of the North")

AT_AUTHORIZATIONS = ("expire_consent", "change_password", "revoke_access")
AT_ACCOUNTS = (
    "close_account",
    "reopen_account",
    "suspend_account",
    "restore_account",
    "refresh_data",
    "refresh_data",
    "expire_number",
    "revoke_number",
    "refresh_number",
    "forget_authorization",
    "disconnect",
)
BLOCKS = ("tokenized_account_number_deactivated", "bank_account_closed")
EXTERNAL_STATUSES = ("verified", "verification_failed", "errored", "out_of_order")


def link(world: "World") -> str | None:
    """A customer links an account; it may be another one under a login that there is."""
    sim, chance = world.sim, world.chance
    bank, is_beside, is_old = chance.pick(BANKS), chance.happens(0.4), chance.happens(0.4)
    made, which = chance.below(6), chance.below(10**6)
    logins = [login for login in sim.world.authorizations.values() if login.status == "active"]
    if is_beside and logins:
        login = logins[which % len(logins)]
        linked = sim.link_account(authorization=login.id)
    else:
        holders = [*sim.world.customers, *sim.world.connected_accounts]
        if is_old and holders:
            holder = holders[which % len(holders)]
        elif made == 0:
            holder = sim.add_connected_account()
        else:
            holder = sim.add_customer("Jo" if made < 5 else None)
        linked = sim.link_account(holder, institution=bank)
    login_of = linked.authorization
    assert login_of is not None, "a linked account has an authorization"
    return f"links {linked.id} under {login_of.id} at {linked.institution.name}"


def break_authorization(world: "World") -> str | None:
    """The login of a customer stops working."""
    what = world.chance.pick(AT_AUTHORIZATIONS)
    return _at_bank(world, what, world.sim.world.authorizations)


def change_account(world: "World") -> str | None:
    """Something happens to one account at its bank."""
    what = world.chance.pick(AT_ACCOUNTS)
    return _at_bank(world, what, world.sim.world.accounts)


def storm(world: "World") -> str | None:
    """A bank deactivates its whole book at once."""
    sim, chance = world.sim, world.chance
    bank, what = chance.pick(BANKS), chance.pick(AT_AUTHORIZATIONS)
    hit = 0
    for login in list(sim.world.authorizations.values()):
        if login.institution.name == bank and login.status == "active":
            getattr(sim.bank, what)(login.id)
            hit += len(login.accounts)
    return f"{bank} deactivates its whole book: {hit} accounts" if hit else None


def refresh_book(world: "World") -> str | None:
    """Stripe refreshes the data of every account at a bank, as it does each day."""
    sim, bank = world.sim, world.chance.pick(BANKS)
    refreshed = 0
    for account in list(sim.world.accounts.values()):
        if account.institution.name == bank and account.status == "active":
            sim.bank.refresh_data(account.id)
            refreshed += 1
    return f"the data of {refreshed} accounts at {bank} is refreshed" if refreshed else None


def announce(world: "World") -> str | None:
    """A bank announces that it deactivates something, or takes that back."""
    chance = world.chance
    days, action = 1 + chance.below(40), chance.pick(("relink_required", "none"))
    on = int(world.sim.now + days * DAY) if chance.happens(0.8) else None
    things = [*world.sim.world.accounts, *world.sim.world.authorizations]
    if chance.happens(0.25):
        return _at_bank(world, "withdraw_announcement", things)
    return _at_bank(world, "announce_deactivation", things, on=on, action=action)


def merge(world: "World") -> str | None:
    """A bank makes one login of two."""
    logins = list(world.sim.world.authorizations)
    into = world.chance.pick(logins) if logins else None
    return _at_bank(world, "merge", logins, into=into)


def change_payment_method(world: "World") -> str | None:
    """Something happens to what relink built."""
    chance = world.chance
    what = chance.pick(
        ("block_payment_method", "unblock_payment_method", "detach_payment_method", "mandate")
    )
    reason = chance.pick(BLOCKS)
    if what == "mandate":
        return _at_bank(world, "revoke_mandate", world.sim.world.mandates)
    methods = [
        method.id
        for method in world.sim.world.payment_methods.values()
        if method.customer or method.customer_account
    ]
    more = {"reason": reason} if what == "block_payment_method" else {}
    return _at_bank(world, what, methods, **more)


def change_external_account(world: "World") -> str | None:
    """Something happens to the bank account of a connected account."""
    chance = world.chance
    status, is_deleted = chance.pick(EXTERNAL_STATUSES), chance.happens(0.2)
    made = world.sim.world.external_accounts
    if is_deleted:
        return _at_bank(world, "delete_external_account", made)
    return _at_bank(world, "change_external_account", made, status=status)


def ask(world: "World") -> str | None:
    """A customer asks for a session without being prompted."""
    chance = world.chance
    which, mode = chance.below(10**6), chance.pick((None, None, "specific", "any_eligible"))
    delivery = chance.pick(("modal", "modal", "modal", "email", "url"))
    accounts = list(world.sim.world.accounts)
    if not accounts:
        return None
    account = accounts[which % len(accounts)]
    # A hosted page has to know where to send the customer.
    back = None if delivery == "modal" else "https://shop.example/bank"
    world.embedding.ask_for_session(account, 1, mode=mode, delivery=delivery, return_url=back)
    return f"asks for a session for {account}"


def return_late(world: "World") -> str | None:
    """A customer comes back to any session there was."""
    chance = world.chance
    which = chance.below(10**6)
    outcome = chance.pick(("choose_expected", "choose_new", "cancel", "fail_to_sign_in"))
    sessions = list(world.sim.world.sessions)
    if not sessions:
        return None
    session = sessions[which % len(sessions)]
    world.embedding.play(session, outcome)
    return f"comes back to {session}"


def tell(world: "World") -> str | None:
    """The service says what only it knows."""
    chance = world.chance
    which, what = chance.below(10**6), chance.pick(("retire", "resume", "resume", "refresh"))
    accounts = list(world.sim.world.accounts)
    if not accounts:
        return None
    account = accounts[which % len(accounts)]
    world.embedding.call(f"{what} {account}", 1, lambda relink: getattr(relink, what)(account))
    return f"says {what} of {account}"


def retry_dead_letters(world: "World") -> str | None:
    """An operator retries what failed for good."""
    product = world.product
    letters = world.record.ended and product and product.store.dead_letters(5)
    if not product or not letters:
        return None
    store = product.store

    def retry() -> None:
        for letter in letters:
            store.retry(letter.id, world.clock())

    world.start("retry dead letters", retry)
    return f"retries {len(letters)} dead letters"


def break_key(world: "World") -> str | None:
    """An operator breaks the API key, or mends it."""
    chance = world.chance
    how = chance.pick(("revoke", "restrict", "use_other_mode", "reset", "reset"))
    if how == "reset" or not chance.strikes(Fault.KEY_BROKEN):
        world.sim.keys.reset()
        return "mends the API key"
    keys = world.sim.keys
    if how == "restrict":
        keys.restrict(["customer_read"])
    else:
        getattr(keys, how)()
    wait = chance.uniform(MINUTE, 3 * HOUR)
    world.embedding.later(wait, "mend the key", keys.reset)
    return f"breaks the API key ({how})"


def restart(world: "World") -> str | None:
    """The process is deployed again."""
    if world.product is None or not world.chance.strikes(Fault.RESTART):
        return None
    world.stop()
    return "restarts the process"


def upgrade(world: "World") -> str | None:
    """Another release is deployed."""
    if world.product is None or not world.chance.strikes(Fault.UPGRADE):
        return None
    world.stop()
    return world.upgrade()


def wait(world: "World") -> str | None:
    """Nothing happens for a while."""
    return "nothing happens"


MOVES: tuple[tuple[str, int, Move], ...] = (
    ("customer", 4, link),
    ("bank", 8, break_authorization),
    ("bank", 8, change_account),
    ("bank", 2, storm),
    ("stripe", 8, refresh_book),
    ("bank", 3, announce),
    ("bank", 1, merge),
    ("bank", 3, change_payment_method),
    ("bank", 2, change_external_account),
    ("customer", 3, ask),
    ("customer", 2, return_late),
    ("service", 2, tell),
    ("operator", 1, retry_dead_letters),
    ("operator", 1, break_key),
    ("operator", 1, restart),
    ("operator", 1, upgrade),
    ("nobody", 2, wait),
)
"""Whose move it is, how often it comes up, and the move."""


def _at_bank(world: "World", what: str, things: Any, **more: Any) -> str | None:
    which = world.chance.below(10**6)
    listed = list(things)
    if not listed:
        return None
    about = listed[which % len(listed)]
    try:
        getattr(world.sim.bank, what)(about, **more)
    except NotPossibleError:
        return None
    return f"{what} {about}"

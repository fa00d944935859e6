"""What happens to customers while the service is operated."""

from ..kill.installation import Installation


def break_links(at: Installation, count: int) -> None:
    """Have so many new customers whose link needs a relink."""
    with at.stripe.lock:
        for _ in range(count):
            account = at.sim.link_account(at.sim.add_customer())
            assert account.authorization
            at.sim.bank.expire_consent(account.authorization.id)

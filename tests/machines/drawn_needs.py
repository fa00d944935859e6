"""What the accounts of an outage need, drawn so that each time lies on a bound or beside it."""

from random import Random

from relink.machines import RelinkPolicy
from relink.machines.messages_due import Need, Needing

AT = 1_000_000

POLICIES = [
    RelinkPolicy(
        reminders=reminders, prompt_gap=gap, remind_after_denial=after, session_open_for=50
    )
    for reminders in ((), (20,), (20, 70))
    for gap in (0, 100)
    for after in (False, True)
]
NEAR = (-1, -0.5, 0, 1)
"""Seconds from a bound."""


def need(chance: Random) -> Need:
    """An account of which each time lies near a bound."""

    def at(*bounds: int) -> float:
        return AT + chance.choice(bounds) + chance.choice(NEAR)

    named = chance.choice(("no", "no", "by us", "by Stripe", "by both"))
    day = at(0, 20, 50, 100)
    return Need(
        number=1,
        needs=("inactive",),
        standing=chance.choice(("needed", "needed", "needed", "suspended", "given_up")),
        cause=chance.choice((None, "access_expired", "access_denied")),
        relink_by=int(day) if chance.random() < 0.4 else None,
        holder=chance.choice(("cus_1", "cus_2")),
        mailed_at=at(-20, -70, 0) if named in ("by Stripe", "by both") else None,
        stripe_writes_since=at(-650, -600, -5) if chance.random() < 0.15 else None,
        read_due_since=None,
        prompted_at=at(-20, -70, 0) if named in ("by us", "by both") else None,
        reminded=0 if named == "no" else chance.choice((0, 0, 1, 2)),
    )


def drawn(seed: int) -> tuple[Needing, float | None, RelinkPolicy]:
    chance = Random(seed)
    names = chance.sample(["fca_1", "fca_2", "fca_3"], chance.randrange(4))
    last = AT + chance.choice((-100, -10)) + chance.choice(NEAR)
    needing = {name: need(chance) for name in names}
    return needing, chance.choice((None, last)), chance.choice(POLICIES)
